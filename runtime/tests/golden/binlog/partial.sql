-- @ mysql
-- Updates of JSON that log only what changed in the document: event type 39. Where the row image is full, the before
-- image has the whole old document; where it is minimal, the log alone does not tell the new one. The session's clock is
-- set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE partial CHARACTER SET utf8mb4;
USE partial;
SET SESSION binlog_row_value_options = 'PARTIAL_JSON';

CREATE TABLE docs (id INT PRIMARY KEY, v INT, a JSON, t VARCHAR(20), b JSON, n INT);
INSERT INTO docs VALUES
    (1, 1, '{"name": "first", "n": 10, "list": [1, 2, 3, {"x": "y"}], "in": {"deep": {"er": "value"}}, "pad": "0123456789"}', 'one',
        '[1, "two", 3.5, null, {"k": [true]}]', 1),
    (2, 2, '{"name": "second", "a b": 1, "é中": "x", "q\\"uote": 2, "pad": "0123456789"}', 'two', '{"n": 1}', 2),
    (3, 3, NULL, 'three', NULL, NULL),
    (4, 4, CONCAT('{"big": "', REPEAT('0123456789', 200), '", "n": 1, "list": [', REPEAT('"item",', 50), '"end"]}'), 'four', '[]', 4);

-- One difference: put in another value, add a member, take one away.
UPDATE docs SET a = JSON_REPLACE(a, '$.n', 11) WHERE id = 1;
UPDATE docs SET a = JSON_SET(a, '$.name', 'shorter') WHERE id = 4;
UPDATE docs SET a = JSON_SET(a, '$.new', 'n') WHERE id = 4;
UPDATE docs SET a = JSON_REMOVE(a, '$.pad') WHERE id = 1;
UPDATE docs SET a = JSON_SET(a, '$.in.deep.er', 'v', '$.in.z', 1) WHERE id = 1;
-- Elements of arrays: in the middle, at the end and far beyond it, taken away.
UPDATE docs SET a = JSON_SET(a, '$.list[1]', 'two') WHERE id = 1;
UPDATE docs SET a = JSON_SET(a, '$.list[4]', 5), a = JSON_SET(a, '$.list[100]', 'beyond') WHERE id = 1;
UPDATE docs SET a = JSON_REMOVE(a, '$.list[0]', '$.list[2].x') WHERE id = 1;
UPDATE docs SET b = JSON_REPLACE(b, '$[0]', -1, '$[4].k[0]', CAST('false' AS JSON), '$[last]', 'last') WHERE id = 1;
-- Several differences at once, names that have to be quoted, a null, values without a type in JSON, a whole document in another.
UPDATE docs SET a = JSON_SET(a, '$."a b"', 2, '$."é中"', '中', '$."q\\"uote"', NULL, '$.pad', 1.50) WHERE id = 2;
UPDATE docs SET a = JSON_REPLACE(a, '$.name', JSON_OBJECT('d', DATE'2026-03-01')) WHERE id = 2;
UPDATE docs SET a = JSON_SET(JSON_REMOVE(JSON_REPLACE(a, '$.n', 2), '$.list[0]'), '$.list[0]', 'changed') WHERE id = 4;
-- Both columns; one by differences and one whole; none that logs differences; the same value again.
UPDATE docs SET a = JSON_SET(a, '$.pad', 'p'), b = JSON_SET(b, '$.n', 2), t = 'both' WHERE id = 2;
UPDATE docs SET a = JSON_SET(a, '$.pad', 'q'), b = '{"whole": true}' WHERE id = 2;
UPDATE docs SET a = '{"whole": 1, "n": 0}', b = JSON_SET(b, '$.whole', FALSE) WHERE id = 2;
UPDATE docs SET v = v + 1 WHERE id = 2;
UPDATE docs SET a = JSON_SET(a, '$.n', 0), v = 20 WHERE id = 2;
-- From and to NULL; paths that are not there.
UPDATE docs SET a = JSON_SET(a, '$.n', 1), b = '[0]', v = 30 WHERE id = 3;
UPDATE docs SET a = '{"n": 1}', b = NULL WHERE id = 3;
UPDATE docs SET a = JSON_REPLACE(a, '$.nowhere', 1), b = JSON_REMOVE(b, '$.nowhere'), v = 31 WHERE id = 3;
-- Several rows in one event, with and without differences.
UPDATE docs SET a = JSON_SET(a, '$.n', v), n = IFNULL(n, 0) + 1;
UPDATE docs SET b = JSON_SET(b, '$.n', 3, '$[0]', 'n'), a = JSON_REMOVE(a, '$.n');
UPDATE docs SET id = 40, a = JSON_SET(a, '$.big', 'small') WHERE id = 4;
DELETE FROM docs WHERE id = 3;

-- Other row images: the diff without the document that it belongs to.
SET SESSION binlog_row_image = NOBLOB;
UPDATE docs SET a = JSON_SET(a, '$.name', 'nb') WHERE id = 1;
SET SESSION binlog_row_image = MINIMAL;
UPDATE docs SET a = JSON_SET(a, '$.name', 'min', '$.n', 12), v = 100 WHERE id = 1;
UPDATE docs SET b = '{"k": "minimal"}', v = 200 WHERE id = 2;
UPDATE docs SET b = JSON_SET(b, '$.k', 'm') WHERE id = 2;
SET SESSION binlog_row_image = FULL;

-- Many JSON columns: the bits that say which of them are differences take more than a byte.
CREATE TABLE ten (id INT PRIMARY KEY, j1 JSON, j2 JSON, x INT, j3 JSON, j4 JSON, j5 JSON, j6 JSON, j7 JSON, j8 JSON, j9 JSON, j10 JSON);
SET @d = '{"n": 1, "pad": "0123456789"}';
INSERT INTO ten VALUES (1, @d, @d, 1, @d, @d, @d, @d, @d, @d, @d, @d), (2, @d, @d, 1, @d, NULL, @d, @d, @d, @d, @d, @d);
UPDATE ten SET j1 = JSON_SET(j1, '$.n', 2), j4 = JSON_SET(j4, '$.n', 3), j9 = JSON_SET(j9, '$.n', 4), j10 = JSON_SET(j10, '$.n', 5), j5 = '[]';
SET SESSION binlog_row_value_options = '';
UPDATE ten SET j1 = JSON_SET(j1, '$.n', 6);
