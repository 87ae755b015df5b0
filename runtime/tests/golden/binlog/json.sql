-- @ mysql
-- JSON of MySQL: every type of its binary format, every size of it, and what its SELECT prints for them. The session's
-- clock is set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE json CHARACTER SET utf8mb4;
USE json;

CREATE TABLE texts (id INT PRIMARY KEY, j JSON);
INSERT INTO texts VALUES
    (1, '{}'), (2, '[]'), (3, '""'), (4, 'null'), (5, 'true'), (6, 'false'), (7, '"text"'), (8, NULL),
    (10, '0'), (11, '-1'), (12, '127'), (13, '-32768'), (14, '32767'), (15, '32768'), (16, '65535'), (17, '65536'), (18, '-32769'),
    (19, '2147483647'), (20, '-2147483648'), (21, '2147483648'), (22, '4294967295'), (23, '4294967296'), (24, '-2147483649'),
    (25, '9223372036854775807'), (26, '-9223372036854775808'), (27, '9223372036854775808'), (28, '18446744073709551615'),
    -- Whole numbers beyond 64 bits, and all with a point or an exponent, are doubles.
    (30, '18446744073709551616'), (31, '-9223372036854775809'), (32, '1.0'), (33, '-0.0'), (34, '0.1'), (35, '1e0'), (36, '1e15'),
    (37, '1e16'), (38, '123456789012345.6'), (39, '1e17'), (40, '1e21'), (41, '1e22'), (42, '-1e-4'), (43, '1e-5'), (44, '1e-15'), (45, '1e-16'),
    (46, '1.7976931348623157e308'), (47, '2.2250738585072014e-308'), (48, '5e-324'), (49, '0.30000000000000004'), (50, '1e23'),
    (51, '9007199254740993.0'), (52, '100.0'), (53, '12345678901234567890.5'), (54, '-1e300'),
    -- Escapes and characters.
    (60, '"\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000 \\u001f \\u007f \\u00e9 \\ud83d\\ude00"'), (61, '"é中😀"'), (62, '"\\u2028 \\u2029 <>&\'"'),
    -- Members are sorted by the length of their names in bytes, then by bytes; of two alike the last one stays.
    (70, '{"b": 1, "a": 2, "aa": 3, "": 4, "é": 5, "😀": 6, "B": 7, "ab": 8, "a": 9}'),
    (71, '{"with space": 1, "with \\"quote\\"": 2, "$": 3, "a.b": 4, "tab\\t": 5}'),
    (72, ' [ 1 , [ ] , { } , [ [ [ { "deep" : [ null , true , false ] } ] ] ] ] '),
    (73, '{"small": [0, -1, 32767, 32768, 65535, 65536, 4294967295, 4294967296, 1.5, "s", null, true, {"k": "v"}]}');

-- Lengths of strings take one byte up to 127, then two, then three.
INSERT INTO texts VALUES
    (80, JSON_QUOTE(REPEAT('a', 127))), (81, JSON_QUOTE(REPEAT('b', 128))), (82, JSON_QUOTE(REPEAT('c', 16383))), (83, JSON_QUOTE(REPEAT('d', 16384)));
-- A hundred levels is the most.
INSERT INTO texts VALUES (84, CONCAT(REPEAT('[', 100), REPEAT(']', 100)));
INSERT INTO texts VALUES (85, JSON_OBJECT(REPEAT('k', 300), 1, 'k', 2));
-- From 64 kB on offsets take four bytes and 32-bit numbers stand in line; what is inside may be small again.
INSERT INTO texts VALUES
    (90, JSON_OBJECT('pad', REPEAT('x', 65536), 'i16', -1, 'u16', 65535, 'i32', -70000, 'u32', 4000000000, 'i64', -5000000000, 'd', 1.5e0,
        'n', NULL, 't', TRUE, 'in', JSON_ARRAY(-70000, 1, 'small', JSON_OBJECT()), 'dec', 1.50)),
    (91, JSON_ARRAY(JSON_ARRAY(REPEAT('y', 65536), 70000, 1, NULL), 70000, -1, 'end', JSON_OBJECT('a', 70000)));

-- Values of SQL that JSON has no type for are kept in the server's own format.
CREATE TABLE opaque (id INT PRIMARY KEY, j JSON);
INSERT INTO opaque VALUES
    (1, JSON_ARRAY(1.5, -0.001, 0.0, 12345678901234567890123456789012345.123456789012345678901234567890, -99999999999999999999, 1.10)),
    (2, JSON_ARRAY(DATE'2024-02-29', DATE'1000-01-01', DATE'9999-12-31')),
    (3, JSON_ARRAY(TIME'12:34:56', TIME'-838:59:59', TIME'00:00:00.000001', TIME'-00:00:00.5', CAST('838:59:59' AS TIME(3)))),
    (4, JSON_ARRAY(TIMESTAMP'2026-03-01 12:34:56', TIMESTAMP'2026-03-01 12:34:56.789012', TIMESTAMP'1000-01-01 00:00:00')),
    (5, JSON_ARRAY(FROM_UNIXTIME(1772352000), FROM_UNIXTIME(1772352000.5))),
    (6, JSON_ARRAY(x'00FF', CAST('' AS BINARY), CAST(REPEAT(x'AB', 200) AS BINARY), b'101', _binary 'text')),
    (7, JSON_ARRAY(CAST(1 AS UNSIGNED), CAST(-1 AS SIGNED), 1e0, CAST(0.1 AS FLOAT), TRUE, 1 = 1, 'text', _latin1 x'E9', NULL)),
    (8, JSON_OBJECT('dec', 0.30, 'date', DATE'2026-03-01', 'time', TIME'01:02:03.040506', 'blob', x'DEADBEEF', 'n', JSON_ARRAY(1.0))),
    (9, CAST(3.14 AS JSON)), (10, CAST(DATE'2026-03-01' AS JSON)), (11, CAST(TIME'-01:00:00' AS JSON)), (12, CAST(NOW(6) AS JSON)),
    (13, CAST(x'CAFE' AS JSON)), (14, CAST(18446744073709551615 AS JSON)), (15, CAST(1e0 AS JSON));
CREATE TABLE plain (
    id INT PRIMARY KEY, bits BIT(10), y YEAR, e ENUM('é', 'b'), s SET('x', 'y'), b BLOB, vb VARBINARY(10), b4 BINARY(4), ts TIMESTAMP(3) NULL, d DOUBLE, f FLOAT, g GEOMETRY,
    c VARCHAR(10) CHARACTER SET latin1, d9 DECIMAL(9,3)
);
INSERT INTO plain VALUES (1, 513, 2026, 'é', 'x,y', x'0102', x'03', x'04', '2026-03-01 01:02:03.456', 0.1, 0.1, ST_GeomFromText('POINT(1 2)', 4326), 'é', -1.5);
INSERT INTO opaque SELECT 20, JSON_ARRAY(bits, y, e, s, b, vb, b4, ts, d, f, c, d9) FROM plain;
INSERT INTO opaque SELECT 21, JSON_OBJECT('geo', g) FROM plain;

CREATE TABLE changed (id INT PRIMARY KEY, a JSON, b JSON NOT NULL, n INT);
INSERT INTO changed VALUES (1, '{"a": 1}', '[1]', 1), (2, NULL, 'null', 2);
UPDATE changed SET a = JSON_SET(a, '$.b', 2.50), b = JSON_ARRAY_APPEND(b, '$', CAST('2026-03-01' AS DATE)) WHERE id = 1;
UPDATE changed SET a = '{}', n = NULL WHERE id = 2;
DELETE FROM changed WHERE id = 1;
