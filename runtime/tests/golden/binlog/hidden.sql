-- @ mysql
-- Columns that a plain INSERT does not name: generated, invisible, made for an index or for want of a key. The session's clock
-- is set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE hidden CHARACTER SET utf8mb4;
USE hidden;

CREATE TABLE computed (
    id INT PRIMARY KEY, a INT, s INT AS (a * 2) STORED, v VARCHAR(20) AS (CONCAT('v', a)) VIRTUAL, i INT DEFAULT 7 INVISIBLE, j JSON, jv INT AS (j->'$.n') VIRTUAL
);
INSERT INTO computed (id, a, j) VALUES (1, 1, '{"n": 5}'), (2, NULL, NULL);
UPDATE computed SET a = 5, i = 8 WHERE id = 1;
UPDATE computed SET j = '{"n": 6}' WHERE id = 1;
ALTER TABLE computed ALTER COLUMN i SET VISIBLE, ALTER COLUMN a SET INVISIBLE;
INSERT INTO computed (id, a, i) VALUES (3, 30, 31);

-- An index of an expression has a hidden virtual column of its own, which is not in the log.
CREATE TABLE indexed (id INT PRIMARY KEY, name VARCHAR(20), n INT, tags JSON, INDEX lower_name ((LOWER(name))), INDEX sum ((id + n)),
    INDEX many ((CAST(tags->'$[*]' AS UNSIGNED ARRAY))));
INSERT INTO indexed VALUES (1, 'Näme', 10, '[1, 2, 3]'), (2, NULL, NULL, NULL);
UPDATE indexed SET name = 'OTHER' WHERE id = 1;
UPDATE indexed SET n = 20, tags = '[4]' WHERE id = 1;
ALTER TABLE indexed ADD COLUMN later INT DEFAULT 1;
INSERT INTO indexed VALUES (3, 'Later', 3, '[]', 2);
DELETE FROM indexed WHERE id = 2;

-- A key that the server adds by itself.
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE keyless (a INT, b VARCHAR(10));
SET SESSION sql_generate_invisible_primary_key = OFF;
INSERT INTO keyless VALUES (1, 'x'), (1, 'x');
UPDATE keyless SET b = 'y' LIMIT 1;
DELETE FROM keyless WHERE b = 'x';

SET SESSION binlog_row_image = MINIMAL;
UPDATE computed SET a = 6 WHERE id = 1;
INSERT INTO computed (id) VALUES (4);
DELETE FROM computed WHERE id = 3;
UPDATE indexed SET name = 'Min' WHERE id = 1;
UPDATE keyless SET a = 2;
SET SESSION binlog_row_image = NOBLOB;
UPDATE computed SET a = 7 WHERE id = 1;
UPDATE indexed SET tags = '[5, 6]' WHERE id = 1;
SET SESSION binlog_row_image = FULL;
