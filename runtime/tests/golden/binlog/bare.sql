-- A log as a server with default settings writes it: no names of columns, no labels, no keys, on MariaDB no signs and no
-- charsets either. All that must come from bare.schema.sql and from the definitions in the log. The session's clock is set by
-- hand, so that the recorded times do not depend on the day of recording.
-- @ mysql
-- options --binlog-row-metadata=MINIMAL
-- @ mariadb
-- options --binlog-row-metadata=NO_LOG
-- @ all

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
USE bare;
INSERT INTO numbers VALUES
    (1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, -999999999.999, 999999999.999, -1.5, 1e300, 4095, 2026),
    (18446744073709551614, -1, 128, -1, 32768, -1, 8388608, -1, 2147483648, -1, 9223372036854775808, 0.001, 0, 0, 0, 1, 1901);
INSERT INTO texts VALUES (1, 'é', '中', 'é中😀', '😀', 'Привет', x'0102', x'00', x'FF', 'é', 'p,ü', '{"a": [1, "é"]}'), (2, '', '', '', '', '', '', '', '', 'x', '', 'null'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE texts SET l1 = 'ü', e = '中' WHERE id = 1;
INSERT INTO times VALUES (1, '2026-03-01', '-01:02:03.456', '2026-03-01 01:02:03.000001', '2026-03-01 01:02:03', ST_GeomFromText('POINT(1 2)')), (2, NULL, NULL, NULL, NULL, NULL);
INSERT INTO computed (a) VALUES (1), (NULL);
UPDATE computed SET a = 4000000 WHERE a = 1;
INSERT INTO `the ``quoted`` 表` VALUES (4294967295, '表');
INSERT INTO composed VALUES (4294967295, 'é', -1);

-- Definitions change in the middle.
ALTER TABLE texts ADD COLUMN added INT UNSIGNED DEFAULT 4294967295 AFTER id, MODIFY l1 VARCHAR(20) CHARACTER SET utf8mb4;
INSERT INTO texts (id, l1, e) VALUES (4, '😀', 'x');
ALTER TABLE texts DROP COLUMN added, CHANGE u renamed VARCHAR(30) CHARACTER SET utf16, MODIFY e ENUM('é', 'x', '中', 'new');
UPDATE texts SET renamed = 'é' WHERE id = 4;
ALTER TABLE numbers MODIFY iu BIGINT UNSIGNED FIRST, MODIFY su INT UNSIGNED;
INSERT INTO numbers (id, iu, su) VALUES (3, 18446744073709551615, 4294967295);
RENAME TABLE moved TO moved_on;
INSERT INTO moved_on VALUES (4294967295, 'moved');
CREATE TABLE alike LIKE moved_on;
INSERT INTO alike VALUES (4294967294, 'alike');
CREATE TABLE fresh (id INT UNSIGNED PRIMARY KEY, v VARCHAR(10) CHARACTER SET latin1);
INSERT INTO fresh VALUES (4294967293, 'é');
DROP TABLE dropped;
CREATE TABLE dropped (v VARCHAR(10), id TINYINT UNSIGNED PRIMARY KEY);
INSERT INTO dropped VALUES ('again', 255);
CREATE TABLE selected AS SELECT iu, bu FROM numbers WHERE iu IS NOT NULL;
INSERT INTO selected VALUES (4294967295, 18446744073709551615);
CREATE DATABASE second CHARACTER SET latin1;
CREATE TABLE second.moved_on (v VARCHAR(10), id BIGINT UNSIGNED PRIMARY KEY);
INSERT INTO second.moved_on VALUES ('é', 18446744073709551615);
