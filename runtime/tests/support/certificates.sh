#!/usr/bin/env bash
# Makes the certificates that the tests of encryption need, in the folder DIR. Usage: ./certificates.sh DIR
#
#   ca.pem, other-ca.pem       who makes certificates, and somebody else
#   server.key, client.key     keys, and the certificates of them:
#   good.pem                   for localhost and 127.0.0.1
#   elsewhere.pem              for another host
#   expired.pem                for localhost and 127.0.0.1, until 2021
#   old.pem                    of version 1, so for no host
#   client.pem                 of a client
set -euo pipefail

command -v openssl >/dev/null || { echo "openssl is missing: apt-get install openssl" >&2; exit 1; }
cd "$1"

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

authority() {
    key "$1.key"
    openssl req -new -x509 -key "$1.key" -subj "/CN=$1" -days 3650 -out "$1.pem"
}

# Usage: certificate NAME KEY EXTENSIONS [OPTION..]
certificate() {
    local name=$1 key=$2 extensions=$3
    shift 3
    openssl req -new -key "$key" -subj "/CN=$name" -out "$name.csr"
    printf '%s' "$extensions" >"$name.extensions"
    openssl ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key -in "$name.csr" -out "$name.pem" \
        -extfile "$name.extensions" "$@"
}

cat >ca.conf <<END
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
default_days = 3650
unique_subject = no
policy = names
[names]
commonName = supplied
END
: >index.txt

{
    authority ca
    authority other-ca
    key server.key
    key client.key
    certificate good server.key 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    certificate elsewhere server.key 'subjectAltName=DNS:elsewhere.example'
    certificate expired server.key 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -startdate 20200101000000Z -enddate 20210101000000Z
    certificate client client.key 'extendedKeyUsage=clientAuth'
    openssl req -new -key server.key -subj /CN=old -out old.csr
    openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out old.pem
} 2>log || { cat log >&2; exit 1; }
