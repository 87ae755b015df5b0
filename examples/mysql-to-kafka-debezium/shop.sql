CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE orders (
    id       INT           NOT NULL PRIMARY KEY,
    customer VARCHAR(40)   NOT NULL,
    total    DECIMAL(10,2) NOT NULL,
    ordered  DATETIME(3)   NOT NULL,
    note     TEXT          NULL
);

CREATE TABLE order_lines (
    order_id INT         NOT NULL,
    line     SMALLINT    NOT NULL,
    article  VARCHAR(40) NOT NULL,
    pieces   INT         NOT NULL,
    PRIMARY KEY (order_id, line)
);

BEGIN;
INSERT INTO orders VALUES (1, 'Ada', 1204.50, '2026-03-01 08:15:00.125', NULL), (2, 'Bruno', 9.90, '2026-03-01 08:16:00', 'gift');
INSERT INTO order_lines VALUES (1, 1, 'loom', 1), (1, 2, 'yarn', 12), (2, 1, 'needle', 3);
COMMIT;

UPDATE orders SET total = 12.40, note = 'gift, wrapped' WHERE id = 2;

BEGIN;
UPDATE order_lines SET line = 5 WHERE order_id = 1 AND line = 2;
DELETE FROM order_lines WHERE order_id = 2;
DELETE FROM orders WHERE id = 2;
COMMIT;

ALTER TABLE orders ADD COLUMN paid TINYINT NOT NULL DEFAULT 0;
INSERT INTO orders VALUES (3, 'Zoë', 88.00, '2026-03-02 10:00:00', 'the last one', 1);
