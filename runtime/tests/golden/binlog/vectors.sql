-- @ mysql-9
-- The VECTOR type: four bytes a dimension. The session's clock is set by hand, so that the recorded times do not depend
-- on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE vectors CHARACTER SET utf8mb4;
USE vectors;
CREATE TABLE points (id INT PRIMARY KEY, v VECTOR(3), w VECTOR, big VECTOR(16383), after_them VARCHAR(10));
INSERT INTO points VALUES
    (1, TO_VECTOR('[1, -2.5, 3e38]'), TO_VECTOR('[0.1]'), NULL, 'a'),
    (2, TO_VECTOR('[1.2e-38]'), TO_VECTOR('[-0, 0, 16777217]'), TO_VECTOR('[1, 2]'), 'b'),
    (3, NULL, NULL, NULL, NULL),
    (4, x'0000803F', x'00000080', NULL, 'bytes');
UPDATE points SET v = TO_VECTOR('[4, 5]') WHERE id = 1;
UPDATE points SET id = 5 WHERE id = 2;
DELETE FROM points WHERE id = 3;
