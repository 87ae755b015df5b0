-- @ mariadb
-- Events and columns that MariaDB compressed: event types 165 to 168, column types 140 and 141. Few decoders know
-- them, so they are kept apart from the other fixtures. The session's clock is set by hand, so that the recorded
-- times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE compressed CHARACTER SET utf8mb4;
USE compressed;

CREATE TABLE columns (
    id INT PRIMARY KEY, v VARCHAR(300) COMPRESSED, vl VARCHAR(300) COMPRESSED CHARACTER SET latin1, vb VARBINARY(200) COMPRESSED,
    t TEXT COMPRESSED, b BLOB COMPRESSED, lt LONGTEXT COMPRESSED, tail INT
);
INSERT INTO columns VALUES
    (1, 'short', 'é', x'00', 'short', x'0102', 'short', 1),
    (2, REPEAT('éa', 120), REPEAT('é', 300), REPEAT(x'00FF', 100), REPEAT('text 😀', 500), REPEAT(x'AB', 3000), REPEAT('long ', 1000), 2),
    (3, '', '', '', '', '', '', 3),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE columns SET t = REPEAT('changed ', 200) WHERE id = 1;

-- From here on events longer than ten bytes are compressed, where that makes them shorter or not.
SET GLOBAL log_bin_compress_min_len = 10;
SET GLOBAL log_bin_compress = ON;
CREATE TABLE events (id INT PRIMARY KEY, t VARCHAR(400), n DECIMAL(20,4));
INSERT INTO events SELECT seq, REPEAT(CHAR(96 + seq), 40 * seq), seq / 8 FROM seq_1_to_10;
UPDATE events SET t = CONCAT(t, '!'), n = -n WHERE id <= 5;
DELETE FROM events WHERE id IN (2, 4);
INSERT INTO events VALUES (100, 'tiny', 1);
ALTER TABLE events ADD COLUMN added VARCHAR(20) DEFAULT 'a longer default' COMMENT 'a statement that is compressed as well';
INSERT INTO columns SELECT id + 10, v, vl, vb, t, b, lt, tail FROM columns;
INSERT INTO events SELECT seq, REPEAT('y', 200), 0, 'many' FROM seq_200_to_299;
SET GLOBAL log_bin_compress = OFF;
INSERT INTO events VALUES (101, 'plain again', 1, NULL);
