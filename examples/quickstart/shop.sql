-- A small shop over four days of March 2026. record.sh runs this file against a real MariaDB; what the
-- server logs while doing so is the input of this example.
--
-- The session's clock is set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';

SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE customers (
    id      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    name    VARCHAR(80)  NOT NULL,
    email   VARCHAR(120) NOT NULL,
    city    VARCHAR(60)      NULL,
    vip     TINYINT(1)   NOT NULL DEFAULT 0,
    created DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    PRIMARY KEY (id),
    UNIQUE KEY email (email)
);

CREATE TABLE orders (
    id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    cust    BIGINT UNSIGNED NOT NULL,
    total   DECIMAL(10,2)   NOT NULL,
    status  ENUM('new','paid','shipped','cancelled') NOT NULL DEFAULT 'new',
    email   VARCHAR(120)    NOT NULL,
    note    TEXT                NULL,
    placed  DATETIME        NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated TIMESTAMP(3)    NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    PRIMARY KEY (id),
    KEY cust (cust)
);

-- A staging table that no consumer should see: the example excludes shop.tmp_*.
CREATE TABLE tmp_import (
    line INT NOT NULL PRIMARY KEY,
    raw  VARCHAR(200)
);

-- Sunday: the old customer list is imported.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 09:15:00.125');
INSERT INTO tmp_import VALUES
    (1, 'Ada Lindqvist;ada@example.com;Göteborg'),
    (2, 'Bruno Marques;bruno@example.com;Lisboa'),
    (3, '陳美玲;meiling@example.com;台北'),
    (4, 'broken line');

BEGIN;
INSERT INTO customers (name, email, city, vip) VALUES
    ('Ada Lindqvist', 'ada@example.com',     'Göteborg', 1),
    ('Bruno Marques', 'bruno@example.com',   'Lisboa',   0),
    ('陳美玲',        'meiling@example.com', '台北',     0);
DELETE FROM tmp_import;
COMMIT;

SET timestamp = UNIX_TIMESTAMP('2026-03-01 09:40:12.500');
INSERT INTO customers (name, email, city) VALUES ('Siobhán O\'Neill', 'siobhan@example.com', 'Galway');
SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:02:45.031');
INSERT INTO customers (name, email) VALUES ('Miguel "Miki" Peña', 'miki@example.com');

-- The first orders.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 10:30:00.250');
INSERT INTO orders (cust, total, email, note) VALUES
    (1, 129.90, 'ada@example.com',   'Leave it at the door, please'),
    (1,  15.00, 'ada@example.com',   NULL),
    (2,  48.50, 'bruno@example.com', 'Presente 🎁 — sem fatura'),
    (3, 999.99, 'meiling@example.com', '請在下午送達'),
    (2,   0.99, 'bruno@example.com', '');
SET timestamp = UNIX_TIMESTAMP('2026-03-01 11:05:31.007');
INSERT INTO orders (cust, total, email, note)
    VALUES (4, 75.25, 'siobhan@example.com', 'Ring twice:\n"the blue door", 2nd floor\n\tC:\\left');
SET timestamp = UNIX_TIMESTAMP('2026-03-01 11:20:00.900');
UPDATE orders SET status = 'paid' WHERE id IN (1, 3, 4);
SET timestamp = UNIX_TIMESTAMP('2026-03-01 12:00:00');
INSERT INTO orders (cust, total, email) VALUES (5, 310.00, 'miki@example.com');

-- A payment fails after its order was written: nothing of it may arrive anywhere.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 12:10:00');
BEGIN;
INSERT INTO orders (cust, total, email, note) VALUES (5, 5000.00, 'miki@example.com', 'this order never happened');
UPDATE customers SET vip = 1 WHERE id = 5;
ROLLBACK;

SET timestamp = UNIX_TIMESTAMP('2026-03-01 16:45:10.333');
UPDATE orders SET status = 'shipped' WHERE id = 1;
UPDATE orders SET status = 'cancelled', note = 'Sold out 😢' WHERE id = 5;

-- Monday: a new customer and the first order in one transaction.
SET timestamp = UNIX_TIMESTAMP('2026-03-02 07:55:00.480');
BEGIN;
INSERT INTO customers (name, email, city) VALUES ('Ольга Кузнецова', 'olga@example.com', 'Рига');
INSERT INTO orders (cust, total, email, note) VALUES (LAST_INSERT_ID(), 64.00, 'olga@example.com', 'Спасибо! 👍🏽');
COMMIT;

SET timestamp = UNIX_TIMESTAMP('2026-03-02 09:00:00.001');
INSERT INTO orders (cust, total, email, note) VALUES
    (1,  22.00, 'ada@example.com',     NULL),
    (4,  18.75, 'siobhan@example.com', NULL),
    (3, 250.00, 'meiling@example.com', '發票抬頭:美玲工作室'),
    (2,  12.34, 'bruno@example.com',   NULL),
    (5,  99.00, 'miki@example.com',    'It\'s a gift; don\'t say "price"');
SET timestamp = UNIX_TIMESTAMP('2026-03-02 13:37:00.777');
UPDATE orders SET status = 'paid' WHERE status = 'new' AND total < 70;
UPDATE orders SET status = 'shipped' WHERE id IN (3, 4);
SET timestamp = UNIX_TIMESTAMP('2026-03-02 18:20:59.999');
UPDATE customers SET email = 'ada.lindqvist@example.com', city = 'Malmö' WHERE id = 1;
DELETE FROM orders WHERE id = 2;

-- The night's log rotation: the history goes on in a second file.
FLUSH BINARY LOGS;

-- Tuesday.
SET timestamp = UNIX_TIMESTAMP('2026-03-03 08:30:00.640');
INSERT INTO tmp_import VALUES (1, 'Noor Haddad;noor@example.com;Utrecht'), (2, 'Jürgen Groß;juergen@example.com;Köln');
INSERT INTO customers (name, email, city) VALUES
    ('Noor Haddad', 'noor@example.com',    'Utrecht'),
    ('Jürgen Groß', 'juergen@example.com', 'Köln');
TRUNCATE TABLE tmp_import;

SET timestamp = UNIX_TIMESTAMP('2026-03-03 09:10:05.210');
INSERT INTO orders (cust, total, email, note) VALUES
    (7, 410.00, 'noor@example.com',    NULL),
    (8,  33.30, 'juergen@example.com', 'Bitte ohne Plastik ♻️'),
    (7,   7.50, 'noor@example.com',    NULL),
    (6, 120.00, 'olga@example.com',    NULL),
    (1, 260.40, 'ada.lindqvist@example.com', 'Same as last time');

-- A refund touches both tables.
SET timestamp = UNIX_TIMESTAMP('2026-03-03 10:42:18.064');
BEGIN;
UPDATE orders SET status = 'cancelled', note = CONCAT_WS(' / ', note, 'refunded') WHERE id = 4;
UPDATE customers SET vip = 1 WHERE id = 3;
INSERT INTO orders (cust, total, email, note) VALUES (3, -999.99, 'meiling@example.com', 'refund of order 4');
COMMIT;

SET timestamp = UNIX_TIMESTAMP('2026-03-03 15:00:00.500');
INSERT INTO customers (name, email, city) VALUES
    ('Tove Jensen',       'tove@example.com',   'Aarhus'),
    ('Kwame Mensah',      'kwame@example.com',  NULL),
    ('spam account',      'spam@example.com',   'Nowhere');
INSERT INTO orders (cust, total, email) VALUES
    ( 9,  45.00, 'tove@example.com'),
    (10, 199.99, 'kwame@example.com'),
    (11,   0.01, 'spam@example.com');

-- The sales team wants to know where an order came from.
SET timestamp = UNIX_TIMESTAMP('2026-03-03 22:00:00');
ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web' AFTER status;

-- Wednesday.
SET timestamp = UNIX_TIMESTAMP('2026-03-04 07:45:30.150');
INSERT INTO orders (cust, total, channel, email, note) VALUES
    (10, 24.90, 'app',   'kwame@example.com', NULL),
    ( 9, 61.20, 'phone', 'tove@example.com',  'Call before delivery: +45 55 01 02 03'),
    ( 8, 18.00, 'app',   'juergen@example.com', NULL);

SET timestamp = UNIX_TIMESTAMP('2026-03-04 08:00:00.360');
UPDATE orders SET status = 'shipped' WHERE status = 'paid' AND placed < '2026-03-03';
UPDATE orders SET status = 'paid' WHERE id BETWEEN 14 AND 18;

-- The spam account and all it did goes away.
SET timestamp = UNIX_TIMESTAMP('2026-03-04 09:30:00.005');
BEGIN;
DELETE FROM orders WHERE cust = 11;
DELETE FROM customers WHERE id = 11;
COMMIT;

-- The key of a row changes: Tove gets back the number of her old membership card.
SET timestamp = UNIX_TIMESTAMP('2026-03-04 11:11:11.111');
BEGIN;
UPDATE customers SET id = 109, vip = 1 WHERE id = 9;
UPDATE orders SET cust = 109 WHERE cust = 9;
COMMIT;

SET timestamp = UNIX_TIMESTAMP('2026-03-04 17:59:59.990');
UPDATE orders SET note = 'Delivered 🚚💨\nsigned: "J. Groß"', status = 'shipped' WHERE id = 16;
UPDATE customers SET vip = 1, city = 'Riga' WHERE id = 6;
