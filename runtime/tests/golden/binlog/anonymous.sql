-- @ mysql
-- options --gtid-mode=OFF --enforce-gtid-consistency=OFF
-- A log without GTIDs, and what a server with GTIDs would refuse: tables without transactions inside of a transaction. The
-- session's clock is set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE anonymous CHARACTER SET utf8mb4;
USE anonymous;
CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL);
CREATE TABLE log_lines (id INT AUTO_INCREMENT PRIMARY KEY, line VARCHAR(40)) ENGINE = MyISAM;
INSERT INTO accounts VALUES (1, 100), (2, 100), (3, 100);

-- MyISAM rows stay whatever becomes of the transaction: they are logged before it, as a group of their own.
BEGIN;
UPDATE accounts SET balance = balance + 1 WHERE id = 1;
INSERT INTO log_lines (line) VALUES ('in a transaction that commits');
COMMIT;
BEGIN;
UPDATE accounts SET balance = balance + 1000 WHERE id = 1;
INSERT INTO log_lines (line) VALUES ('in a transaction that rolls back');
ROLLBACK;
BEGIN;
INSERT INTO accounts VALUES (4, 4);
SAVEPOINT c;
INSERT INTO log_lines (line) VALUES ('between savepoint and rollback');
INSERT INTO accounts VALUES (92, 92);
ROLLBACK TO c;
COMMIT;
INSERT INTO log_lines (line) VALUES ('one'), ('two');
DELETE FROM log_lines WHERE line = 'one';
-- One statement, one table of each kind.
UPDATE accounts, log_lines SET balance = 7, line = 'both' WHERE accounts.id = 4 AND line = 'two';

-- A statement that fails half way leaves its rows in MyISAM and takes those in InnoDB back.
SET SESSION sql_mode = '';
CREATE TABLE once (id INT PRIMARY KEY) ENGINE = MyISAM;
INSERT INTO once VALUES (5);
INSERT IGNORE INTO once VALUES (4), (5), (6);
CREATE TEMPORARY TABLE scratch (a INT);
BEGIN;
INSERT INTO scratch VALUES (1);
INSERT INTO accounts SELECT 50 + a, 5 FROM scratch;
DROP TEMPORARY TABLE scratch;
COMMIT;
CREATE TABLE copied AS SELECT * FROM accounts;
INSERT INTO copied VALUES (99, 99);
