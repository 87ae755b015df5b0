-- What the server makes of every code of the charsets of more than one byte a character, as digests. For each charset and each
-- lead, that is all of a code but its last byte (of the four bytes of gb18030 the last two, of single bytes nothing), the number
-- of codes that are one character, and the CRC32 of these characters in UTF-8 in the order of their codes, with a point for each
-- code that is none. Of bytes that are no text the server converts those at the start that are, hence the length. The session's
-- clock is set by hand, so that the recorded times do not depend on the day of recording.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET sql_mode = '';
SET group_concat_max_len = 1000000;
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE codes CHARACTER SET utf8mb4;
USE codes;
CREATE TABLE digests (charset VARCHAR(10), code_lead INT UNSIGNED, characters INT, crc BIGINT, PRIMARY KEY (charset, code_lead));

INSERT INTO digests
WITH RECURSIVE
    b (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM b WHERE i < 255),
    codes (code_lead, code) AS (
        SELECT 0, UNHEX(HEX(i)) FROM b WHERE i >= 128
        UNION ALL SELECT one.i, UNHEX(HEX(one.i * 256 + two.i)) FROM b one, b two WHERE one.i >= 128 AND two.i >= 64
        UNION ALL SELECT 36608 + two.i, UNHEX(HEX((36608 + two.i) * 256 + three.i)) FROM b two, b three
            WHERE two.i >= 161 AND three.i >= 161),
    texts (charset, code_lead, code, t, len) AS (
        SELECT 'big5', code_lead, code, CONVERT(CONVERT(code USING big5) USING utf8mb4), LENGTH(CONVERT(code USING big5)) FROM codes
        UNION ALL SELECT 'gb2312', code_lead, code, CONVERT(CONVERT(code USING gb2312) USING utf8mb4), LENGTH(CONVERT(code USING gb2312)) FROM codes
        UNION ALL SELECT 'gbk', code_lead, code, CONVERT(CONVERT(code USING gbk) USING utf8mb4), LENGTH(CONVERT(code USING gbk)) FROM codes
        UNION ALL SELECT 'sjis', code_lead, code, CONVERT(CONVERT(code USING sjis) USING utf8mb4), LENGTH(CONVERT(code USING sjis)) FROM codes
        UNION ALL SELECT 'cp932', code_lead, code, CONVERT(CONVERT(code USING cp932) USING utf8mb4), LENGTH(CONVERT(code USING cp932)) FROM codes
        UNION ALL SELECT 'euckr', code_lead, code, CONVERT(CONVERT(code USING euckr) USING utf8mb4), LENGTH(CONVERT(code USING euckr)) FROM codes
        UNION ALL SELECT 'ujis', code_lead, code, CONVERT(CONVERT(code USING ujis) USING utf8mb4), LENGTH(CONVERT(code USING ujis)) FROM codes
        UNION ALL SELECT 'eucjpms', code_lead, code, CONVERT(CONVERT(code USING eucjpms) USING utf8mb4), LENGTH(CONVERT(code USING eucjpms)) FROM codes),
    known (charset, code_lead, code, t) AS (
        SELECT charset, code_lead, code,
            IF(len = LENGTH(code) AND CHAR_LENGTH(t) = 1 AND HEX(t) NOT IN ('3F', 'EFBFBD'), t, NULL) FROM texts)
SELECT charset, code_lead, COUNT(t), CRC32(GROUP_CONCAT(IFNULL(t, '.') ORDER BY code SEPARATOR '')) FROM known
GROUP BY charset, code_lead ORDER BY charset, code_lead;

-- @ mysql
INSERT INTO digests
WITH RECURSIVE
    b (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM b WHERE i < 255),
    codes (code_lead, code) AS (
        SELECT 0, UNHEX(HEX(i)) FROM b WHERE i >= 128
        UNION ALL SELECT one.i, UNHEX(HEX(one.i * 256 + two.i)) FROM b one, b two WHERE one.i >= 128 AND two.i >= 64
        UNION ALL SELECT one.i * 256 + two.i, UNHEX(HEX(((one.i * 256 + two.i) * 256 + three.i) * 256 + four.i))
            FROM b one, b two, b three, b four WHERE one.i IN (129, 130, 131, 132, 144, 227) AND two.i BETWEEN 48 AND 57
                AND three.i BETWEEN 129 AND 254 AND four.i BETWEEN 48 AND 57),
    known (code_lead, code, t) AS (
        SELECT code_lead, code, IF(CHAR_LENGTH(t) = 1 AND HEX(t) <> '3F', t, NULL)
        FROM (SELECT code_lead, code, CONVERT(CONVERT(code USING gb18030) USING utf8mb4) t FROM codes) texts)
SELECT 'gb18030', code_lead, COUNT(t), CRC32(GROUP_CONCAT(IFNULL(t, '.') ORDER BY code SEPARATOR '')) FROM known
GROUP BY code_lead ORDER BY code_lead;
