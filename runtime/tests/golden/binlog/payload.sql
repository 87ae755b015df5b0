-- @ mysql
-- Transactions that are compressed as a whole: event type 40, with the transaction's events inside. The session's clock is
-- set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE payload CHARACTER SET utf8mb4;
USE payload;
CREATE TABLE items (id INT PRIMARY KEY, t VARCHAR(400), n DECIMAL(20,4), j JSON);
CREATE TABLE others (id INT UNSIGNED PRIMARY KEY, b VARBINARY(200));

SET SESSION binlog_transaction_compression = ON;
INSERT INTO items VALUES (1, 'one', 1.5, '{"a": 1}');
BEGIN;
INSERT INTO items VALUES (2, REPEAT('é', 400), -1, NULL), (3, NULL, NULL, '[1, 2, 3]');
UPDATE items SET n = n * 2 WHERE id <= 2;
INSERT INTO others VALUES (4294967295, REPEAT(x'00', 200));
DELETE FROM items WHERE id = 3;
COMMIT;
BEGIN;
INSERT INTO items VALUES (4, 'kept', 4, NULL);
SAVEPOINT s;
INSERT INTO items VALUES (5, 'undone', 5, NULL);
ROLLBACK TO s;
COMMIT;

-- Some thousand rows of many events, and what cannot be made smaller.
SET SESSION cte_max_recursion_depth = 5000;
BEGIN;
INSERT INTO others WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 3000) SELECT seq, REPEAT('x', seq % 50) FROM n;
UPDATE others SET b = CONCAT(b, x'FF') WHERE id BETWEEN 1000 AND 2000;
DELETE FROM others WHERE id > 20 AND id <= 3000;
COMMIT;
INSERT INTO others VALUES (3001, UNHEX(SHA2('random', 512)));
SET SESSION binlog_transaction_compression_level_zstd = 22;
INSERT INTO items VALUES (6, REPEAT('level ', 60), 6, NULL);

-- Statements inside, other images, differences of JSON; definitions are not compressed, two-phase transactions are.
SET SESSION binlog_rows_query_log_events = ON;
UPDATE items SET t = 'with its statement' WHERE id = 6;
SET SESSION binlog_rows_query_log_events = OFF;
SET SESSION binlog_row_image = MINIMAL;
UPDATE items SET n = 7 WHERE id = 6;
SET SESSION binlog_row_image = FULL;
SET SESSION binlog_row_value_options = 'PARTIAL_JSON';
UPDATE items SET j = JSON_SET(j, '$.a', 2) WHERE id = 1;
SET SESSION binlog_row_value_options = '';
CREATE TABLE copied AS SELECT id, t FROM items WHERE id < 3;
ALTER TABLE items ADD COLUMN added VARCHAR(20) DEFAULT 'a default';
XA START 'x';
INSERT INTO items VALUES (8, 'two-phase', 8, NULL, 'a');
XA END 'x';
XA PREPARE 'x';
XA COMMIT 'x';
XA START 'y';
INSERT INTO items VALUES (9, 'one phase', 9, NULL, 'b');
XA END 'y';
XA COMMIT 'y' ONE PHASE;
SET SESSION binlog_transaction_compression = OFF;
INSERT INTO items VALUES (10, 'plain again', 10, NULL, NULL);
