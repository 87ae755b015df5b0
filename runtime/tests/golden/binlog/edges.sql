-- The extremes of every type, and the shapes of tables and events that decoders get wrong. Every table here can
-- be rebuilt from its row events alone. The session's clock is set by hand, so that the recorded times do not
-- depend on the day of recording; sql_mode is empty, so that zero and incomplete dates are taken.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET sql_mode = '';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00.123456');
CREATE DATABASE edges CHARACTER SET utf8mb4;
USE edges;

-- Numbers ------------------------------------------------------------------------------------------------------

CREATE TABLE integers (
    id INT PRIMARY KEY,
    ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, su SMALLINT UNSIGNED, mi MEDIUMINT, mu MEDIUMINT UNSIGNED,
    i INT, iu INT UNSIGNED, bi BIGINT, bu BIGINT UNSIGNED, z INT(8) ZEROFILL, b BOOL
);
INSERT INTO integers VALUES
    (1, -128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 0, FALSE),
    (2, 127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615,
        4294967295, TRUE),
    (3, -1, 128, -1, 32768, -1, 8388608, -1, 2147483648, -1, 9223372036854775808, 7, 2),
    (4, -5, 1, -300, 1, -70000, 1, -20000000, 1, -5000000000, 1, 1, -1),
    (5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE decimals (
    id INT PRIMARY KEY,
    d1_0 DECIMAL(1,0), d1_1 DECIMAL(1,1), d4_2 DECIMAL(4,2), d9_9 DECIMAL(9,9), d10_0 DECIMAL(10,0), d12_2 DECIMAL(12,2),
-- @ mariadb
    d18_9 DECIMAL(18,9), d19_10 DECIMAL(19,10), d20_6u DECIMAL(20,6) UNSIGNED, d38_38 DECIMAL(38,38), d65_0 DECIMAL(65,0),
-- @ mysql
    d18_9 DECIMAL(18,9), d19_10 DECIMAL(19,10), d20_6u DECIMAL(20,6) UNSIGNED, d30_30 DECIMAL(30,30), d65_0 DECIMAL(65,0),
-- @ all
    d65_30 DECIMAL(65,30)
);
INSERT INTO decimals VALUES
    (1, 9, 0.9, 99.99, 0.999999999, 9999999999, 9999999999.99, 999999999.999999999, 999999999.9999999999,
        99999999999999.999999, 0.99999999999999999999999999999999999999,
        99999999999999999999999999999999999999999999999999999999999999999,
        99999999999999999999999999999999999.999999999999999999999999999999),
    (2, -9, -0.9, -99.99, -0.999999999, -9999999999, -9999999999.99, -999999999.999999999, -999999999.9999999999,
        0, -0.99999999999999999999999999999999999999,
        -99999999999999999999999999999999999999999999999999999999999999999,
        -99999999999999999999999999999999999.999999999999999999999999999999),
    (3, -1, -0.1, -0.01, -0.000000001, -1, -0.01, -0.000000001, -0.0000000001, 0.000001,
        -0.00000000000000000000000000000000000001, -1, -0.000000000000000000000000000001),
    (4, 1, 0.1, 0.01, 0.000000001, 1, 0.01, 0.000000001, 0.0000000001, 1.5,
        0.00000000000000000000000000000000000001, 1, 0.000000000000000000000000000001),
    (5, 0, 0, 10.00, 0, 1000000000, -1000000000.10, 100000000.000000000, -1.0000000000, 10000000000000.100000,
        0.1, 1000000000000000000, -100000000000000000.100000000000000000000000000000),
    (6, -0.0, -0.0, -0.00, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE floats (id INT PRIMARY KEY, f FLOAT, fu FLOAT UNSIGNED, f7_3 FLOAT(7,3), d DOUBLE, d12_4 DOUBLE(12,4));
INSERT INTO floats VALUES
    (1, 3.402823466e38, 3.402823466e38, 9999.999, 1.7976931348623157e308, 99999999.9999),
    (2, -3.402823466e38, 0, -9999.999, -1.7976931348623157e308, -99999999.9999),
    (3, 1.175494351e-38, 1.175494351e-38, 0.001, 2.2250738585072014e-308, 0.0001),
    (4, 1.4e-45, 1.4e-45, 0, 5e-324, 0),
    (5, -0e0, -0e0, -0e0, -0e0, -0e0),
    (6, 0.1, 0.1, 0.1, 0.1, 0.1),
    (7, 16777217, 1e10, 1.5, 9007199254740993, 1e7),
    (8, 1e-5, 123456.7, -0.5, 1e23, -0.5),
    (9, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE bits (
    id INT PRIMARY KEY, b1 BIT(1), b7 BIT(7), b8 BIT(8), b9 BIT(9), b16 BIT(16), b17 BIT(17), b33 BIT(33), b63 BIT(63), b64 BIT(64)
);
INSERT INTO bits VALUES
    (1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (2, 1, 127, 255, 511, 65535, 131071, 8589934591, 9223372036854775807, 18446744073709551615),
    (3, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    (4, b'1', b'1000000', b'10000000', b'100000001', 0x8001, 0x10001, 0x100000001, 0x4000000000000001, 0x8000000000000001),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Times --------------------------------------------------------------------------------------------------------

CREATE TABLE dates (id INT PRIMARY KEY, d DATE, y YEAR);
INSERT INTO dates VALUES
    (1, '0000-00-00', 0), (2, '2026-00-10', 1901), (3, '2026-03-00', 2155), (4, '2026-00-00', 1970), (5, '0001-01-01', 2000),
    (6, '1000-01-01', 2026), (7, '1969-12-31', 1969), (8, '2024-02-29', 2024), (9, '9999-12-31', 2099), (10, NULL, NULL);

CREATE TABLE times (
    id INT PRIMARY KEY, t0 TIME, t1 TIME(1), t2 TIME(2), t3 TIME(3), t4 TIME(4), t5 TIME(5), t6 TIME(6)
);
INSERT INTO times SELECT id, t, t, t, t, t, t, t FROM (
    SELECT 1 id, CAST('838:59:59.999999' AS TIME(6)) t
    UNION SELECT 2, '-838:59:59.999999'
    UNION SELECT 3, '00:00:00'
    UNION SELECT 4, '-00:00:00.000001'
    UNION SELECT 5, '00:00:00.000001'
    UNION SELECT 6, '-25:00:00.500000'
    UNION SELECT 7, '-24:00:00'
    UNION SELECT 8, '-00:00:01'
    UNION SELECT 9, '-100:59:59.010203'
    UNION SELECT 10, '12:34:56.789012'
    UNION SELECT 11, '-12:34:56.789012'
    UNION SELECT 12, '-00:00:00.999999'
    UNION SELECT 13, '-00:59:00.100000'
    UNION SELECT 14, NULL) v;

CREATE TABLE datetimes (
    id INT PRIMARY KEY,
    t0 DATETIME, t1 DATETIME(1), t2 DATETIME(2), t3 DATETIME(3), t4 DATETIME(4), t5 DATETIME(5), t6 DATETIME(6)
);
INSERT INTO datetimes SELECT id, t, t, t, t, t, t, t FROM (
    SELECT 1 id, CAST('0000-00-00 00:00:00' AS DATETIME(6)) t
    UNION SELECT 2, '2026-00-10 00:00:00'
    UNION SELECT 3, '2026-03-00 12:00:00.5'
    UNION SELECT 4, '0001-01-01 00:00:00.000001'
    UNION SELECT 5, '1000-01-01 00:00:00'
    UNION SELECT 6, '1969-12-31 23:59:59.999999'
    UNION SELECT 7, '1970-01-01 00:00:00'
    UNION SELECT 8, '2024-02-29 12:34:56.789012'
    UNION SELECT 9, '9999-12-31 23:59:59.999999'
    UNION SELECT 10, '2026-03-01 00:00:00.010203'
    UNION SELECT 11, NULL) v;

CREATE TABLE timestamps (
    id INT PRIMARY KEY,
    t0 TIMESTAMP NULL, t1 TIMESTAMP(1) NULL, t2 TIMESTAMP(2) NULL, t3 TIMESTAMP(3) NULL, t4 TIMESTAMP(4) NULL,
    t5 TIMESTAMP(5) NULL, t6 TIMESTAMP(6) NULL
);
INSERT INTO timestamps SELECT id, t, t, t, t, t, t, t FROM (
    SELECT 1 id, CAST('0000-00-00 00:00:00' AS DATETIME(6)) t
    UNION SELECT 2, '1970-01-01 00:00:01'
    UNION SELECT 3, '1970-01-01 00:00:01.000001'
    UNION SELECT 4, '2038-01-19 03:14:07.999999'
    UNION SELECT 5, '2026-03-01 12:34:56.789012'
    UNION SELECT 6, '2026-03-01 00:00:00.010203'
    UNION SELECT 7, NULL) v;
-- The zone of the session changes nothing in the rows.
SET time_zone = '+09:30';
INSERT INTO timestamps (id, t0, t6) VALUES (8, '2026-03-01 09:30:00', '2026-03-01 09:30:00.000001');
SET time_zone = '+00:00';

-- @ mariadb
-- Tables of MySQL 5.5 and older keep these formats through every upgrade: types 11, 12 and 7 in the log.
SET GLOBAL mysql56_temporal_format = OFF;
CREATE TABLE old_times (id INT PRIMARY KEY, t TIME, dt DATETIME, ts TIMESTAMP NULL);
SET GLOBAL mysql56_temporal_format = ON;
INSERT INTO old_times VALUES
    (1, '838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07'),
    (2, '-838:59:59', '0000-00-00 00:00:00', '0000-00-00 00:00:00'),
    (3, '-00:00:01', '2026-00-10 01:02:03', '1970-01-01 00:00:01'),
    (4, '12:34:56', '2026-03-01 12:34:56', '2026-03-01 12:34:56'),
    (5, NULL, NULL, NULL);
-- @ all

-- Text and bytes -----------------------------------------------------------------------------------------------

CREATE TABLE charsets (
    id INT PRIMARY KEY,
    ascii_v VARCHAR(20) CHARACTER SET ascii,
    latin1_v VARCHAR(20) CHARACTER SET latin1, latin1_c CHAR(10) CHARACTER SET latin1, latin1_t TEXT CHARACTER SET latin1,
    latin2_v VARCHAR(20) CHARACTER SET latin2,
    cp1250_v VARCHAR(20) CHARACTER SET cp1250, cp1251_v VARCHAR(20) CHARACTER SET cp1251, koi8r_v VARCHAR(20) CHARACTER SET koi8r,
    greek_v VARCHAR(20) CHARACTER SET greek, hebrew_v VARCHAR(20) CHARACTER SET hebrew,
    gbk_v VARCHAR(20) CHARACTER SET gbk, gbk_c CHAR(10) CHARACTER SET gbk, gbk_t TEXT CHARACTER SET gbk,
    gb2312_v VARCHAR(20) CHARACTER SET gb2312, big5_v VARCHAR(20) CHARACTER SET big5,
    sjis_v VARCHAR(20) CHARACTER SET sjis, cp932_v VARCHAR(20) CHARACTER SET cp932, ujis_v VARCHAR(20) CHARACTER SET ujis,
    euckr_v VARCHAR(20) CHARACTER SET euckr,
    utf8mb3_v VARCHAR(20) CHARACTER SET utf8mb3, utf8mb3_c CHAR(10) CHARACTER SET utf8mb3,
    utf8mb4_v VARCHAR(20) CHARACTER SET utf8mb4, utf8mb4_b VARCHAR(20) COLLATE utf8mb4_bin,
-- @ mariadb
    utf8mb4_u VARCHAR(20) COLLATE utf8mb4_uca1400_ai_ci, utf8mb4_c CHAR(10) CHARACTER SET utf8mb4,
-- @ mysql
    utf8mb4_u VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, utf8mb4_c CHAR(10) CHARACTER SET utf8mb4,
-- @ all
    ucs2_v VARCHAR(20) CHARACTER SET ucs2, utf16_v VARCHAR(20) CHARACTER SET utf16, utf16_c CHAR(10) CHARACTER SET utf16,
    utf16_t TEXT CHARACTER SET utf16, utf16le_v VARCHAR(20) CHARACTER SET utf16le, utf32_v VARCHAR(20) CHARACTER SET utf32
);
INSERT INTO charsets VALUES
    (1, 'ascii ~', 'café €ÿ', 'ñandú', 'naïve “q”', 'Łódź', 'Příliš', 'Привет', 'Привет', 'Ωμέγα', 'שלום',
        '中文测试', '汉字', '龙門客棧', '中文', '繁體功許', 'カナ表', '①ソ', '日本語', '한국어',
        'žš中', 'déjà', '😀𝄞é', '😀', 'ß中😀', '👍🏽', 'é中', '😀é', '𝄞', '中😀', 'é😀', 'A中😀'),
    (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', ''),
    (3, 'trail  ', 'trail  ', 'trail  ', 'trail  ', 'trail  ', 'a', 'a', 'a', 'a', 'a', 'a', 'a  ', 'a', 'a', 'a', 'a', 'a', 'a',
        'a', 'a', 'a  ', 'trail  ', 'a', 'a', 'a  ', 'a', 'a', 'a  ', 'a', 'a', 'a');
INSERT INTO charsets (id) VALUES (4);

-- The length of a value takes one byte or two, by the longest value that the column could hold, in bytes.
CREATE TABLE lengths (
    id INT PRIMARY KEY,
    v63 VARCHAR(63), v64 VARCHAR(64), v255l VARCHAR(255) CHARACTER SET latin1, v256l VARCHAR(256) CHARACTER SET latin1, v300 VARCHAR(300),
    v0 VARCHAR(0), c0 CHAR(0), c63 CHAR(63), c64 CHAR(64), c255 CHAR(255), c255l CHAR(255) CHARACTER SET latin1,
    vb255 VARBINARY(255), vb256 VARBINARY(256),
    tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT, tb TINYBLOB, b BLOB, mb MEDIUMBLOB, lb LONGBLOB
);
INSERT INTO lengths VALUES
    (1, REPEAT('é', 63), REPEAT('é', 64), REPEAT('é', 255), REPEAT('é', 256), REPEAT('😀', 300),
        '', '', REPEAT('c', 63), REPEAT('c', 64), REPEAT('😀', 255), REPEAT('é', 255), REPEAT(x'00', 255), REPEAT(x'FF', 256),
        REPEAT('t', 255), REPEAT('tx', 500), REPEAT('mt', 500), REPEAT('lt', 500),
        REPEAT(x'01', 255), REPEAT(x'02', 300), REPEAT(x'03', 300), REPEAT(x'04', 300)),
    (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', ''),
    (3, 'a', 'a', 'a', 'a', 'a', NULL, NULL, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a');
INSERT INTO lengths (id) VALUES (4);
-- @ mariadb-10.11
INSERT INTO lengths (id, t, mt, lb) VALUES (5, REPEAT('x', 65535), REPEAT('y', 65536), REPEAT(x'5A', 66000));
-- @ all

-- Fixed bytes come without their trailing zero bytes.
-- @ mariadb
CREATE TABLE fixed_bytes (
    id INT PRIMARY KEY, b1 BINARY(1), b8 BINARY(8), b255 BINARY(255), vb VARBINARY(8), u UUID, i6 INET6, i4 INET4
);
INSERT INTO fixed_bytes VALUES
    (1, x'00', x'0001020000000000', x'01', x'0001020000', '00000000-0000-0000-0000-000000000000', '::', '0.0.0.0'),
    (2, x'01', x'2020202020202020', REPEAT(x'FF', 255), x'2020', '6ccd780c-baba-1026-9564-5b8c656024db', '2001:db8::ff00:42:8300', '192.168.0.1'),
    (3, '', '', '', '', 'ffffffff-ffff-4fff-bfff-ffffffffff00', 'fe80::', '10.0.0.0'),
    (4, x'20', x'0000000000000020', x'0020', x'00', '6ccd780c-baba-1026-9564-000000000000', '::ffff:1.2.3.0', '255.255.255.255'),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- @ mysql
CREATE TABLE fixed_bytes (id INT PRIMARY KEY, b1 BINARY(1), b8 BINARY(8), b255 BINARY(255), vb VARBINARY(8));
INSERT INTO fixed_bytes VALUES
    (1, x'00', x'0001020000000000', x'01', x'0001020000'),
    (2, x'01', x'2020202020202020', REPEAT(x'FF', 255), x'2020'),
    (3, '', '', '', ''),
    (4, x'20', x'0000000000000020', x'0020', x'00'),
    (5, NULL, NULL, NULL, NULL);
-- @ all

-- Enums, sets --------------------------------------------------------------------------------------------------

CREATE TABLE enums (
    id INT PRIMARY KEY,
    e ENUM('a', 'b,c', 'it''s', '', '"q"', 'trail  ', 'NULL', 'back\\slash'),
    el ENUM('é', 'ü') CHARACTER SET latin1, eg ENUM('中', '文') CHARACTER SET gbk, eu ENUM('😀', 'é') CHARACTER SET utf16,
    s SET('x', 'y z', 'it''s'), s8 SET('1', '2', '3', '4', '5', '6', '7', '8'),
    s9 SET('1', '2', '3', '4', '5', '6', '7', '8', '9') CHARACTER SET latin1,
    s64 SET('s01', 's02', 's03', 's04', 's05', 's06', 's07', 's08', 's09', 's10', 's11', 's12', 's13', 's14', 's15', 's16',
        's17', 's18', 's19', 's20', 's21', 's22', 's23', 's24', 's25', 's26', 's27', 's28', 's29', 's30', 's31', 's32',
        's33', 's34', 's35', 's36', 's37', 's38', 's39', 's40', 's41', 's42', 's43', 's44', 's45', 's46', 's47', 's48',
        's49', 's50', 's51', 's52', 's53', 's54', 's55', 's56', 's57', 's58', 's59', 's60', 's61', 's62', 's63', 's64')
);
INSERT INTO enums VALUES
    (1, 'a', 'é', '中', '😀', 'x', '1', '1', 's01'),
    (2, 'b,c', 'ü', '文', 'é', 'x,it''s', '1,8', '1,9', 's01,s64'),
    (3, 'it''s', 'é', '中', '😀', '', '', '', ''),
    (4, '', 'ü', '文', 'é', 'y z', 255, 511, 18446744073709551615),
    (5, 'not a member', 'no', 'no', 'no', 'not a member', '9', '10', 's64'),
    (6, 'NULL', 1, 1, 1, 7, 128, 256, 's33'),
    (7, 'trail', 1, 1, 1, 1, 1, 1, 's63,s01'),
    (8, '"q"', 1, 1, 1, 1, 1, 1, 1),
    (9, 'back\\slash', 1, 1, 1, 1, 1, 1, 1),
    (10, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- From the 256th member on an enum takes two bytes.
-- @ mariadb
SET @labels = (SELECT GROUP_CONCAT(CONCAT('''label ', seq, '''') ORDER BY seq SEPARATOR ', ') FROM seq_1_to_300);
EXECUTE IMMEDIATE CONCAT('CREATE TABLE enum_300 (id INT PRIMARY KEY, e ENUM(', @labels, '))');
-- @ mysql
SET group_concat_max_len = 100000;
SET @labels = (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 300)
    SELECT GROUP_CONCAT(CONCAT('''label ', seq, '''') ORDER BY seq SEPARATOR ', ') FROM n);
SET @statement = CONCAT('CREATE TABLE enum_300 (id INT PRIMARY KEY, e ENUM(', @labels, '))');
PREPARE statement FROM @statement;
EXECUTE statement;
-- @ all
INSERT INTO enum_300 VALUES (1, 'label 1'), (2, 'label 255'), (3, 'label 256'), (4, 'label 300'), (5, 'none'), (6, NULL);

-- JSON, geometry -----------------------------------------------------------------------------------------------

-- @ mariadb
CREATE TABLE documents (id INT PRIMARY KEY, j JSON, jn JSON NOT NULL);
INSERT INTO documents VALUES
    (1, '{}', '[]'),
    (2, ' { "b" : 1 ,  "a":[1.0, 1e400, -0, "\\u00e9\\ud83d\\ude00", "é😀\\n"], "a": null } ', '"text"'),
    (3, '18446744073709551616', 'true'),
    (4, NULL, 'null');
-- @ all

CREATE TABLE shapes (
    id INT PRIMARY KEY, g GEOMETRY, p POINT, l LINESTRING, po POLYGON, mp MULTIPOINT, ml MULTILINESTRING, mpo MULTIPOLYGON,
    gc GEOMETRYCOLLECTION
);
INSERT INTO shapes VALUES
    (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(3.5 -4.25)'), ST_GeomFromText('LINESTRING(0 0,1 1,2 -2)'),
        ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 1))'), ST_GeomFromText('MULTIPOINT(0 0,1 1)'),
        ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))'),
        ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')),
    (2, ST_GeomFromText('LINESTRING(10 10,20 20)', 4326), ST_GeomFromText('POINT(13.4 52.5)', 4326), NULL, NULL, NULL, NULL, NULL,
        ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Tables -------------------------------------------------------------------------------------------------------

-- 70 columns that may be null: the null bitmap is longer than eight bytes.
-- @ mariadb
SET @columns = (SELECT GROUP_CONCAT(CONCAT('c', seq, IF(seq % 3 = 0, ' VARCHAR(10)', ' INT')) ORDER BY seq SEPARATOR ', ') FROM seq_1_to_70);
EXECUTE IMMEDIATE CONCAT('CREATE TABLE wide (id INT PRIMARY KEY, ', @columns, ')');
-- @ mysql
SET @columns = (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 70)
    SELECT GROUP_CONCAT(CONCAT('c', seq, IF(seq % 3 = 0, ' VARCHAR(10)', ' INT')) ORDER BY seq SEPARATOR ', ') FROM n);
SET @statement = CONCAT('CREATE TABLE wide (id INT PRIMARY KEY, ', @columns, ')');
PREPARE statement FROM @statement;
EXECUTE statement;
-- @ all
INSERT INTO wide (id) VALUES (1);
-- @ mariadb
SET @values = (SELECT GROUP_CONCAT(seq ORDER BY seq SEPARATOR ', ') FROM seq_1_to_70);
EXECUTE IMMEDIATE CONCAT('INSERT INTO wide VALUES (2, ', @values, ')');
-- @ mysql
SET @values = (WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 70)
    SELECT GROUP_CONCAT(seq ORDER BY seq SEPARATOR ', ') FROM n);
SET @statement = CONCAT('INSERT INTO wide VALUES (2, ', @values, ')');
PREPARE statement FROM @statement;
EXECUTE statement;
-- @ all
INSERT INTO wide (id, c1, c8, c64, c70) VALUES (3, 1, 8, 64, 70);
UPDATE wide SET c70 = NULL, c69 = 'last' WHERE id = 2;

-- No key at all, with rows alike.
CREATE TABLE keyless (a INT, b VARCHAR(10));
INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, 'y');
UPDATE keyless SET b = 'z' WHERE a = 1 LIMIT 1;
DELETE FROM keyless WHERE a = 2;

-- Only a unique key without NULLs; only one with; a key of a prefix; a key in another order than the columns.
CREATE TABLE unique_key (a INT NOT NULL, b INT NOT NULL, c INT, UNIQUE KEY (b));
INSERT INTO unique_key VALUES (1, 10, NULL), (1, 11, 5);
UPDATE unique_key SET c = 6 WHERE b = 10;
CREATE TABLE nullable_key (a INT, b INT, UNIQUE KEY (a));
INSERT INTO nullable_key VALUES (NULL, 1), (NULL, 2), (3, 3);
DELETE FROM nullable_key WHERE b = 2;
CREATE TABLE prefix_key (t TEXT NOT NULL, v VARCHAR(40) NOT NULL, n INT, PRIMARY KEY (t(10), v(5)));
INSERT INTO prefix_key VALUES ('a long key, longer than its prefix', 'abcdefgh', 1);
UPDATE prefix_key SET n = 2;
CREATE TABLE turned_key (v INT, a INT NOT NULL, b VARCHAR(10) NOT NULL, PRIMARY KEY (b, a));
INSERT INTO turned_key VALUES (1, 2, 'k'), (2, 2, 'l');
UPDATE turned_key SET b = 'm' WHERE v = 2;

-- @ mariadb
-- Generated and invisible columns are in the rows.
CREATE TABLE generated (
    id INT PRIMARY KEY, a INT, s INT AS (a * 2) STORED, v VARCHAR(20) AS (CONCAT('v', a)) VIRTUAL, i INT INVISIBLE DEFAULT 7
);
INSERT INTO generated (id, a) VALUES (1, 1), (2, NULL);
UPDATE generated SET a = 5, i = 8 WHERE id = 1;
-- @ all

CREATE TABLE `таблица 表` (`ключ` INT PRIMARY KEY, `имя «x»` VARCHAR(30), `列` TEXT, `back``tick` INT);
INSERT INTO `таблица 表` VALUES (1, 'значение', '值', 1);
UPDATE `таблица 表` SET `列` = '新' WHERE `ключ` = 1;
CREATE DATABASE `é.dot`;
CREATE TABLE `é.dot`.`a.b` (id INT PRIMARY KEY, `c.d` INT);
INSERT INTO `é.dot`.`a.b` VALUES (1, 2);

-- Row images other than FULL -----------------------------------------------------------------------------------

CREATE TABLE images (id INT PRIMARY KEY, a INT, b VARCHAR(20), t TEXT, bl BLOB, u TIMESTAMP NULL, n INT);
INSERT INTO images VALUES (1, 1, 'one', 'text', x'01', '2026-03-01 08:00:00', NULL), (2, 2, 'two', 'text', x'02', NULL, 2),
    (3, 3, 'three', 'text', x'03', NULL, 3);
SET SESSION binlog_row_image = MINIMAL;
UPDATE images SET a = 10, n = NULL WHERE id = 1;
UPDATE images SET id = 20, t = 'moved' WHERE id = 2;
INSERT INTO images (id, b) VALUES (4, 'four');
DELETE FROM images WHERE id = 3;
UPDATE keyless SET b = 'min' WHERE a IS NULL;
SET SESSION binlog_row_image = NOBLOB;
UPDATE images SET b = 'noblob' WHERE id = 1;
UPDATE images SET bl = x'FF00' WHERE id = 4;
DELETE FROM images WHERE id = 20;
SET SESSION binlog_row_image = FULL;
UPDATE images SET b = 'full' WHERE id = 1;

-- Row events that carry no column names or signs, as a server with default settings writes them.
SET GLOBAL binlog_row_metadata = MINIMAL;
CREATE TABLE bare (id BIGINT UNSIGNED PRIMARY KEY, a INT UNSIGNED, b VARCHAR(20) CHARACTER SET latin1, e ENUM('x', 'y'), g POINT);
INSERT INTO bare VALUES (18446744073709551615, 4294967295, 'é', 'y', ST_GeomFromText('POINT(1 2)'));
-- @ mariadb
SET GLOBAL binlog_row_metadata = NO_LOG;
INSERT INTO bare VALUES (1, 1, 'no_log', 'x', NULL);
-- @ all
SET GLOBAL binlog_row_metadata = FULL;
