-- @ mysql-9
-- GTIDs with tags: event type 42. The session's clock is set by hand, so that the recorded times do not depend on the
-- day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE tagged CHARACTER SET utf8mb4;
USE tagged;
CREATE TABLE items (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO items VALUES (1, 'none');
SET gtid_next = 'AUTOMATIC:blue';
INSERT INTO items VALUES (2, 'blue');
BEGIN;
UPDATE items SET v = 'blue too' WHERE id = 1;
DELETE FROM items WHERE id = 2;
COMMIT;
ALTER TABLE items ADD COLUMN n INT;
SET SESSION binlog_transaction_compression = ON;
INSERT INTO items VALUES (3, REPEAT('a', 10), 3);
SET SESSION binlog_transaction_compression = OFF;
SET gtid_next = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:a_tag_of_thirty_two_characters__:1000000000000';
INSERT INTO items VALUES (4, 'other', 4);
SET gtid_next = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:x:7';
INSERT INTO items VALUES (5, 'other', 5);
SET gtid_next = 'AUTOMATIC';
INSERT INTO items VALUES (6, 'none', 6);
-- The next log begins with the GTIDs of this one.
FLUSH BINARY LOGS;
INSERT INTO items VALUES (7, 'second', 7);
