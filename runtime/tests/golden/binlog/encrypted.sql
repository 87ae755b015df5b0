-- @ mysql-8
-- options --early-plugin-load=keyring_file.so --keyring-file-data=keyring --binlog-encryption=ON
-- @ mariadb-10.11
-- options --plugin-load-add=file_key_management --file-key-management-filename=HERE/encrypted.keys --encrypt-binlog
-- @ mysql-8 mariadb-10.11
-- A log that nobody but the server can read.
SET timestamp = UNIX_TIMESTAMP('2026-03-01 08:00:00');
CREATE DATABASE encrypted;
CREATE TABLE encrypted.items (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO encrypted.items VALUES (1, 'secret');
