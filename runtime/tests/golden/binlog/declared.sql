-- Types that the log has as fixed bytes and tells nothing of: their tables' definitions do. The server keeps UUIDs of some
-- versions with their parts in another order. The session's clock is set by hand, so that the recorded times do not depend on
-- the day of recording.

-- @ mariadb
SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE declared CHARACTER SET utf8mb4;
USE declared;
CREATE TABLE uuids (id INT PRIMARY KEY, u UUID, k UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', UNIQUE KEY (k, id));
INSERT INTO uuids (id, u) VALUES
    (1, '00000000-0000-0000-0000-000000000000'), (2, '6ccd780c-baba-1026-8567-4cc3505b2a62'), (3, '000003e8-6bb7-21f1-ac00-325096b39f47'),
    (4, 'a3bb189e-8bf9-3888-9912-ace4e6543002'), (5, 'b4a3a11e-1c3c-4a3c-bf0c-6b1c2fd4f1aa'), (6, '74738ff5-5367-5958-9aee-98fffdcd1876'),
    (7, '1ec9414c-232a-6b00-b3c8-9e6bdeced846'), (8, '01890a5d-ac96-774b-bcce-b302099a8057'), (9, '2489e9ad-2ee2-8e00-8ec9-32d5f69181c0'),
    (10, '6ccd780c-baba-1026-c567-4cc3505b2a62'), (11, '6ccd780c-baba-5026-f567-4cc3505b2a00'), (12, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
    (13, '6ccd780c-baba-0026-8567-4cc3505b2a62'), (14, NULL);
UPDATE uuids SET k = u WHERE id = 2;
CREATE TABLE addresses (id INT PRIMARY KEY, i6 INET6, i4 INET4);
INSERT INTO addresses VALUES
    (1, '::', '0.0.0.0'), (2, '::1', '127.0.0.1'), (3, '2001:db8::ff00:42:8329', '10.0.0.0'), (4, '1:0:2:3:4:5:6:7', '255.255.255.255'),
    (5, '1:0:0:2:0:0:0:3', NULL), (6, '1:0:0:2:3:0:0:4', NULL), (7, '::ffff:192.0.2.1', NULL), (8, '::192.0.2.1', NULL), (9, '::ffff:0:1', NULL),
    (10, '1:2:3:4:5:6:7:0', NULL), (11, 'fe80::', NULL), (12, '0:1:2:3:4:5:6:7', NULL), (13, '::1:0', NULL), (14, '::fffe:1:2', NULL), (15, NULL, NULL);
