#!/usr/bin/env bash
# Records the binlog of this example anew: runs shop.sql on a real MariaDB and keeps what it logged.
# Usage: ./record.sh   (Debian bookworm; the first run fetches 20 MB of packages into the cache)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../runtime/tests/support/mariadb.sh
. "$here/../../runtime/tests/support/mariadb.sh"

mariadb_fetch
dir=$(mktemp -d)
trap 'mariadb_stop "$dir"; rm -rf "$dir"' EXIT

mariadb_start "$dir" --skip-networking
# The server's own first steps are no part of the shop's history.
echo 'RESET MASTER' | mariadb_sql "$dir"
mariadb_sql "$dir" <"$here/shop.sql"
# Only a stopped server has closed its last log: it ends with a STOP event and without the in-use flag.
mariadb_stop "$dir"

mkdir -p "$here/binlog"
rm -f "$here"/binlog/mbin.*
install -m 644 "$dir"/data/mbin.0* "$here/binlog/"
wc -c "$here"/binlog/mbin.*
