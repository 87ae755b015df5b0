-- Changes logged as statements, not as rows, as sessions with another binlog_format write them: a change of data that no
-- row event tells. Also the statements beside row events. The session's clock is set by hand, so that the recorded
-- times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE statements CHARACTER SET utf8mb4;
USE statements;
CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(40), r DOUBLE);

-- @ mysql
SET SESSION binlog_rows_query_log_events = ON;
-- @ all
INSERT INTO items (v) VALUES ('as a row 😀');
/* The client drops this comment. */ UPDATE items SET v = 'by an update' WHERE id = 1;
BEGIN;
INSERT INTO items (v) VALUES ('first of two');
INSERT INTO items (v) VALUES ('second of two');
COMMIT;
-- @ mysql
SET SESSION binlog_rows_query_log_events = OFF;
-- @ mariadb
SET SESSION binlog_annotate_row_events = OFF;
-- @ all
INSERT INTO items (v) VALUES ('without its statement');

SET SESSION binlog_format = STATEMENT;
INSERT INTO items (v) VALUES ('as a statement');
INSERT INTO items (v, r) VALUES ('with a random number', RAND());
SET @variable = 'é', @number = -5, @nothing = NULL, @real = 1.5, @decimal = CAST(1.50 AS DECIMAL(5,2));
INSERT INTO items (v) VALUES (CONCAT(@variable, @number, IFNULL(@nothing, ''), @real, @decimal));
BEGIN;
UPDATE items SET v = 'in a transaction' WHERE id = 1;
DELETE FROM items WHERE id = 2;
COMMIT;
SET SESSION binlog_format = MIXED;
INSERT INTO items (v) VALUES ('mixed, as a statement');
INSERT INTO items (v) VALUES (UUID());
UPDATE items SET v = 'by row, for its UUID' WHERE CHAR_LENGTH(v) = 36;
BEGIN;
INSERT INTO items (v) VALUES ('a statement and');
INSERT INTO items (v) SELECT CONCAT('a row', LEFT(UUID(), 0));
COMMIT;
SET SESSION binlog_format = ROW;
INSERT INTO items (v) VALUES ('as a row again');
