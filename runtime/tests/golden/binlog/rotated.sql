-- Three logs, one after the other. The session's clock is set by hand, so that the recorded times do not depend on the
-- day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE rotated CHARACTER SET utf8mb4;
USE rotated;
CREATE TABLE items (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO items VALUES (1, 'first');
-- @ mysql
SET gtid_next = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:7';
INSERT INTO items VALUES (7, 'other');
SET gtid_next = 'AUTOMATIC';
-- @ mariadb
SET SESSION gtid_domain_id = 7, SESSION server_id = 42;
INSERT INTO items VALUES (7, 'other');
SET SESSION gtid_domain_id = 0, SESSION server_id = 1;
-- @ all
FLUSH BINARY LOGS;
INSERT INTO items VALUES (2, 'second');
-- Another checksum begins another log.
SET GLOBAL binlog_checksum = NONE;
INSERT INTO items VALUES (3, 'third');
UPDATE items SET v = 'changed' WHERE id = 1;
