#!/usr/bin/env bash
# Records anew what Debezium makes of `alltypes.sql` on MariaDB 10.11 and MySQL 8.0: the files debezium.* beside this one.
# Usage: ./record.sh [mariadb|mysql]..    Then `git diff` shows times, positions, names of transactions, and what is new.
#
# Canal's server cannot be had in one version as artifacts, so its files are not recorded here.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
# shellcheck source=../../support/debezium.sh
. "$here/../../support/debezium.sh"
# shellcheck source=../../support/mariadb.sh
. "$here/../../support/mariadb.sh"
# shellcheck source=../../support/mysql.sh
. "$here/../../support/mysql.sh"

# The last row of the statements: what comes behind it is not recorded.
LAST='"c_vc":"last"'

STRINGS='decimal.handling.mode=string
binary.handling.mode=base64
time.precision.mode=isostring
bigint.unsigned.handling.mode=precise
skipped.operations=none'

SCHEMAS='converter.schemas.enable=true
skipped.operations=none'

properties() {
    local family=$1 port=$2 settings=$3
    case $family in
        mariadb) echo 'connector.class=io.debezium.connector.mariadb.MariaDbConnector' 'database.ssl.mode=disable' ;;
        mysql) echo 'connector.class=io.debezium.connector.mysql.MySqlConnector' 'database.ssl.mode=disabled' \
            'driver.allowPublicKeyRetrieval=true' ;;
    esac | tr ' ' '\n'
    cat <<END
name=$family
topic.prefix=dbz
database.hostname=127.0.0.1
database.port=$port
database.user=debezium
database.password=secret
database.server.id=5400
snapshot.mode=no_data
provide.transaction.metadata=true
include.query=true
converter.schemas.enable=false
statistics.metrics.enabled=false
offset.storage=org.apache.kafka.connect.storage.MemoryOffsetBackingStore
schema.history.internal=io.debezium.relational.history.MemorySchemaHistory
$settings
END
}

sql() { "$1_sql" "$2"; }

# One run, on a server that has seen nothing yet.
record() {
    local family=$1 settings=$2 file=$3 dir first
    dir=$(mktemp -d)
    # shellcheck disable=SC2064 # of this folder
    trap "server_stop '$dir'; rm -rf '$dir'" EXIT
    case $family in
        mariadb) mariadb_start "$dir" ;;
        mysql) mysql_start 8.0 "$dir" --binlog_format=ROW --binlog_rows_query_log_events=ON ;;
    esac
    sql "$family" "$dir" <<<"create user debezium identified by 'secret'; grant all on *.* to debezium;"
    properties "$family" "$(<"$dir/port")" "$settings" >"$dir/properties"
    coproc recorder { debezium_java "$here/../../support/debezium/Recorder.java" "$dir/properties" "$LAST" 2>"$dir/recorder.log"; }
    # shellcheck disable=SC2154 # which coproc sets
    local from=${recorder[0]} pid=$recorder_PID
    # The position is taken before the first record is made.
    IFS= read -r first <&"$from" || { cat "$dir/recorder.log" >&2; server_fail "Debezium recorded nothing"; return 1; }
    exec {records}<&"$from"
    sql "$family" "$dir" <"$here/alltypes.sql"
    { printf '%s\n' "$first"; cat <&"$records"; } >"$here/$file"
    exec {records}<&-
    wait "$pid" || { cat "$dir/recorder.log" >&2; server_fail "Debezium failed; why stands above"; return 1; }
    server_stop "$dir"
    rm -rf "$dir"
    trap - EXIT
    echo "recorded $file" >&2
}

debezium_fetch
mariadb_fetch 10.11
mysql_fetch 8.0
[ $# -gt 0 ] || set -- mariadb mysql
for family; do
    record "$family" '' "debezium.$family.tsv"
    record "$family" "$STRINGS" "debezium.$family.strings.tsv"
    record "$family" "$SCHEMAS" "debezium.$family.schemas.jsonl"
done
