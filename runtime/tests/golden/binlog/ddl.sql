-- Schema changes between and around row changes, and every kind of transaction that MariaDB logs. Every table
-- here can be rebuilt from the log alone, by someone who understands the statements. The session's clock is set by
-- hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE ddl CHARACTER SET latin1;
ALTER DATABASE ddl CHARACTER SET utf8mb4;
USE ddl;

-- Alter in the middle of writes --------------------------------------------------------------------------------

CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(20), price DECIMAL(8,2)) COMMENT 'semicolons; and -- dashes';
INSERT INTO items VALUES (1, 'before', 1.00), (2, 'before', 2.00);
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:05:00');
ALTER TABLE items ADD COLUMN stock INT UNSIGNED NOT NULL DEFAULT 10 AFTER name, ADD COLUMN first CHAR(2) FIRST;
INSERT INTO items VALUES ('f', 3, 'added', 5, 3.00);
UPDATE items SET stock = 9 WHERE id = 1;
ALTER TABLE items DROP COLUMN first;
INSERT INTO items VALUES (4, 'dropped', 4, 4.00);
ALTER TABLE items MODIFY id BIGINT NOT NULL, MODIFY price DECIMAL(12,4), CHANGE name title VARCHAR(200) CHARACTER SET latin1;
INSERT INTO items VALUES (5, 'modifié', 3, 5.0005);
UPDATE items SET price = price + 0.5 WHERE id <= 2;
ALTER TABLE items RENAME COLUMN title TO label, ALTER stock SET DEFAULT 1;
INSERT INTO items (id, label) VALUES (6, 'renamed');
ALTER TABLE items MODIFY label VARCHAR(200) CHARACTER SET utf8mb4 AFTER price, DROP PRIMARY KEY, ADD PRIMARY KEY (id, stock);
INSERT INTO items VALUES (7, 2, 7.0, 'moved 😀');
-- The client strips comments; a statement that is prepared keeps its own.
-- @ mariadb
EXECUTE IMMEDIATE '/* before */ -- and
    ALTER /*!100000 ONLINE */ TABLE `ddl`.`items` # within
    ADD COLUMN IF NOT EXISTS (kind ENUM(''a'', ''b'') DEFAULT ''b'', tag SET(''x'', ''y''));';
-- @ mysql
PREPARE statement FROM '/* before */ -- and
    /*!50000 ALTER */ TABLE `ddl`.`items` # within
    ADD COLUMN (kind ENUM(''a'', ''b'') DEFAULT ''b'', tag SET(''x'', ''y''));';
EXECUTE statement;
-- @ all
INSERT INTO items (id, kind, tag) VALUES (8, 'a', 'x,y');
ALTER TABLE items MODIFY kind ENUM('0', 'a', 'b') DEFAULT '0';
UPDATE items SET kind = 'a' WHERE id < 3;

CREATE INDEX by_label ON items (label(10));
DROP INDEX by_label ON items;
CREATE UNIQUE INDEX by_id ON items (id);
ANALYZE TABLE items;
OPTIMIZE TABLE items;

-- Create, rename, truncate, drop -------------------------------------------------------------------------------

SET timestamp = UNIX_TIMESTAMP('2026-03-01 09:00:00');
CREATE TABLE copy_of_items LIKE items;
INSERT INTO copy_of_items SELECT * FROM items WHERE id < 4;
CREATE TABLE chosen (extra INT DEFAULT 5, PRIMARY KEY (id)) AS SELECT id, label FROM items WHERE id > 5;
-- @ mariadb
CREATE OR REPLACE TABLE replaced (a INT PRIMARY KEY);
-- @ mysql
CREATE TABLE replaced (a INT PRIMARY KEY);
-- @ all
INSERT INTO replaced VALUES (1);
-- @ mariadb
CREATE OR REPLACE TABLE replaced (a VARCHAR(10) PRIMARY KEY, b INT);
-- @ mysql
DROP TABLE replaced;
CREATE TABLE replaced (a VARCHAR(10) PRIMARY KEY, b INT);
-- @ all
INSERT INTO replaced VALUES ('one', 1);
CREATE TABLE IF NOT EXISTS replaced (z INT);
RENAME TABLE copy_of_items TO renamed, replaced TO copy_of_items;
INSERT INTO renamed (id, label) VALUES (50, 'after the rename');
ALTER TABLE renamed RENAME TO renamed_again;
-- Two tables change places.
CREATE TABLE swap_a (a INT PRIMARY KEY);
CREATE TABLE swap_b (b VARCHAR(10) PRIMARY KEY);
INSERT INTO swap_a VALUES (1);
RENAME TABLE swap_a TO swap_tmp, swap_b TO swap_a, swap_tmp TO swap_b;
INSERT INTO swap_a VALUES ('text');
INSERT INTO swap_b VALUES (2);
CREATE TABLE emptied (a INT PRIMARY KEY);
INSERT INTO emptied VALUES (1), (2), (3);
TRUNCATE TABLE emptied;
INSERT INTO emptied VALUES (4);
TRUNCATE emptied;
CREATE TABLE gone (a INT PRIMARY KEY);
INSERT INTO gone VALUES (1);
DROP TABLE gone;
CREATE TABLE gone (a INT PRIMARY KEY, b INT);
INSERT INTO gone VALUES (1, 2);
DROP TABLE IF EXISTS gone, never_there;
CREATE DATABASE other;
CREATE TABLE other.far (a INT PRIMARY KEY);
INSERT INTO other.far VALUES (1);
RENAME TABLE other.far TO ddl.near;
DROP DATABASE other;
CREATE TEMPORARY TABLE scratch (a INT);
INSERT INTO scratch VALUES (1);
INSERT INTO near SELECT a + 1 FROM scratch;
DROP TEMPORARY TABLE scratch;

-- Things that are not tables.
CREATE VIEW vw AS SELECT id FROM items;
DROP VIEW vw;
CREATE USER somebody@localhost IDENTIFIED BY 'secret';
GRANT SELECT ON ddl.* TO somebody@localhost;
DROP USER somebody@localhost;
DELIMITER //
CREATE PROCEDURE fill(n INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO INSERT INTO emptied VALUES (100 + i); SET i = i + 1; END WHILE; END //
CREATE TRIGGER audit AFTER INSERT ON emptied FOR EACH ROW INSERT INTO near VALUES (1000 + NEW.a) //
DELIMITER ;
CALL fill(2);
DROP TRIGGER audit;
DROP PROCEDURE fill;

-- Partitions: dropping one removes rows without row events.
CREATE TABLE parted (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
INSERT INTO parted VALUES (1, 1), (11, 11);
UPDATE parted SET id = 12 WHERE id = 1;
ALTER TABLE parted ADD PARTITION (PARTITION p2 VALUES LESS THAN (30));
INSERT INTO parted VALUES (2, 2), (21, 21);
ALTER TABLE parted DROP PARTITION p0;
ALTER TABLE parted TRUNCATE PARTITION p2;

-- Transactions -------------------------------------------------------------------------------------------------

SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:00:00');
CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL);
CREATE TABLE log_lines (id INT AUTO_INCREMENT PRIMARY KEY, line VARCHAR(40)) ENGINE = MyISAM;
INSERT INTO accounts VALUES (1, 100), (2, 100), (3, 100);

BEGIN;
UPDATE accounts SET balance = balance - 10 WHERE id = 1;
SAVEPOINT a;
UPDATE accounts SET balance = 0 WHERE id = 2;
INSERT INTO accounts VALUES (90, 90);
ROLLBACK TO a;
UPDATE accounts SET balance = balance + 10 WHERE id = 3;
SAVEPOINT b;
RELEASE SAVEPOINT b;
COMMIT;

BEGIN;
INSERT INTO accounts VALUES (91, 91);
ROLLBACK;

-- @ mariadb
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
-- @ mysql
INSERT INTO accounts VALUES (4, 4);
-- @ all

-- One statement that changes two tables, and statements of which one row becomes several.
UPDATE accounts, emptied SET accounts.balance = 5, emptied.a = emptied.a + 50 WHERE accounts.id = 4 AND emptied.a = 100;
INSERT INTO accounts VALUES (4, 1), (5, 5) ON DUPLICATE KEY UPDATE balance = balance + VALUES(balance);
REPLACE INTO accounts VALUES (5, 50), (6, 60);
INSERT IGNORE INTO accounts VALUES (6, 61), (7, 70);

-- Checks switched off show in the flags of the row events.
SET foreign_key_checks = 0, unique_checks = 0;
INSERT INTO accounts VALUES (8, 80);
SET foreign_key_checks = 1, unique_checks = 1;

-- A transaction whose statements have different times, none of them its commit's.
BEGIN;
SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:00:10');
INSERT INTO accounts VALUES (9, 9);
SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:00:20');
UPDATE accounts SET balance = 99 WHERE id = 9;
SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:00:30');
COMMIT;

-- @ mariadb-10.11
-- A big one: 3,000 small rows, in many row events.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 11:00:00');
CREATE TABLE many (id INT UNSIGNED PRIMARY KEY, v SMALLINT, t VARCHAR(12));
BEGIN;
INSERT INTO many SELECT seq, seq MOD 1000, CONCAT('row ', seq) FROM seq_1_to_1000;
INSERT INTO many SELECT seq, -(seq MOD 1000), NULL FROM seq_1001_to_2000;
INSERT INTO many SELECT seq, NULL, CONCAT('row ', seq) FROM seq_2001_to_3000;
UPDATE many SET v = v + 1 WHERE id BETWEEN 500 AND 1499;
DELETE FROM many WHERE id > 2900;
COMMIT;
-- @ all

-- Two-phase transactions: one committed, one rolled back after it was prepared, one committed at once.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 12:00:00');
XA START 'first', 'branch', 3;
INSERT INTO accounts VALUES (20, 20);
UPDATE accounts SET balance = 21 WHERE id = 20;
XA END 'first', 'branch', 3;
XA PREPARE 'first', 'branch', 3;
XA COMMIT 'first', 'branch', 3;
XA START 'second';
INSERT INTO accounts VALUES (93, 93);
XA END 'second';
XA PREPARE 'second';
XA ROLLBACK 'second';
XA START 'third';
INSERT INTO accounts VALUES (22, 22);
XA END 'third';
XA COMMIT 'third' ONE PHASE;

-- @ mariadb
-- A sequence writes rows into a table of its own.
CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 5 CACHE 3;
SELECT NEXTVAL(numbers), NEXTVAL(numbers), NEXTVAL(numbers), NEXTVAL(numbers);
SELECT SETVAL(numbers, 500);
CREATE TABLE numbered (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(numbers), v INT);
INSERT INTO numbered (v) VALUES (1), (2);
ALTER SEQUENCE numbers RESTART WITH 1000;
INSERT INTO numbered (v) VALUES (3);

-- A second domain and another server's number: positions have more than one part.
SET SESSION gtid_domain_id = 7, SESSION server_id = 42;
INSERT INTO accounts VALUES (30, 30);
SET SESSION gtid_domain_id = 0, SESSION server_id = 1;
SET SESSION gtid_seq_no = 10000;
INSERT INTO accounts VALUES (31, 31);
SET SESSION skip_replication = 1;
INSERT INTO accounts VALUES (32, 32);
SET SESSION skip_replication = 0;
-- @ mysql
-- Another server's number, out of order; the second is a transaction without rows.
SET gtid_next = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:7';
INSERT INTO accounts VALUES (30, 30);
SET gtid_next = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee:3';
BEGIN;
COMMIT;
SET gtid_next = 'AUTOMATIC';
-- @ all

SET timestamp = UNIX_TIMESTAMP('2026-03-01 13:00:00');
INSERT INTO accounts VALUES (99, 99);
