#!/usr/bin/env bash
# Records the binlog fixtures of this folder anew, each on a fresh server. For each NAME.sql and each server of it:
#   SERVER/NAME.000001        the binlog of the server that ran it (and .000002, if it began another)
#   SERVER/NAME.select.tsv    what the server's own SELECT says of every table afterwards
# MariaDB 10.11's stand in this folder itself.
# Usage: ./record.sh [SERVER[/NAME]..]    (Debian bookworm; the first run fetches the servers into the cache)
#
# The files NAME.sql are for all servers. A line `-- @ SERVER..` in them begins a piece for those servers only, each
# named by its beginning (`mysql`, `mysql-9`), `-- @ all` ends it; what is nothing to a server is not recorded on it.
# A line `-- options OPTION..` goes to the server's command line; HERE in it is this folder. NAME.schema.sql runs first and is not in the log.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../support/mariadb.sh
. "$here/../../support/mariadb.sh"
# shellcheck source=../../support/mysql.sh
. "$here/../../support/mysql.sh"

servers=(mariadb-10.11 mariadb-11.4 mysql-8.0 mysql-9.7)

# The pieces of a file that a server is to run.
pieces() {
    awk -v server="$1" 'BEGIN { on = 1 }
        /^-- @ / { on = 0; for (i = 3; i <= NF; i++) if ($i == "all" || index(server, $i) == 1) on = 1; next }
        on' "$2"
}

fetch() { "${1%-*}_fetch" "${1#*-}"; }
sql() { "${server%-*}_sql" "$@"; }
stop() { server_stop "$1"; }
start() {
    case $server in
        mariadb-*) mariadb_start "$@" ;;
        mysql-*) mysql_start "${server#*-}" "$@" ;;
    esac
}

# Begins the log anew: the server's own first steps are no part of the fixture.
reset() {
    case $server in
        mysql-9*) echo 'RESET BINARY LOGS AND GTIDS' ;;
        *) echo 'RESET MASTER' ;;
    esac | sql "$1"
}

# Makes one line a table: its name, a tab, a SELECT of it. Bytes, bits, vectors and geometry come as HEX() under the
# name `COLUMN:hex`; the order is by the first two columns, which hold the key wherever there is one.
# shellcheck disable=SC2016 # the backticks are the server's
select_of_tables='
SET group_concat_max_len = 100000;
SELECT CONCAT(table_schema, ".", table_name),
    CONCAT("SELECT ",
        GROUP_CONCAT(
            IF(data_type REGEXP "binary|blob|bit|geom|point|linestring|polygon|vector",
                CONCAT("HEX(`", quoted, "`) `", quoted, ":hex`"), CONCAT("`", quoted, "`"))
            ORDER BY ordinal_position SEPARATOR ", "),
        " FROM `", table_schema, "`.`", REPLACE(table_name, "`", "``"), "` ORDER BY 1", IF(COUNT(*) > 1, ", 2", ""))
FROM (SELECT *, REPLACE(column_name, "`", "``") quoted FROM information_schema.columns) columns
    JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema NOT IN ("mysql", "sys", "information_schema", "performance_schema") AND table_type <> "VIEW"
GROUP BY table_schema, table_name ORDER BY table_schema, table_name'

select_all() {
    local table select
    sql "$1" --batch --raw --skip-column-names -e "$select_of_tables" |
        while IFS=$'\t' read -r table select; do
            echo "# $table"
            sql "$1" --batch -e "$select" </dev/null
        done
}

record() {
    local name=$1 dir=$2 target=$3 options=()
    pieces "$server" "$here/$name.sql" >"$dir/pieces.sql"
    grep -q '[^[:space:]]' <(grep -v '^--' "$dir/pieces.sql") || return 0
    read -ra options < <(sed -n 's/^-- options //p' "$dir/pieces.sql"; echo)
    start "$dir" --skip-networking --log-bin="$name" "${options[@]//HERE/$here}"
    if [ -f "$here/$name.schema.sql" ]; then
        pieces "$server" "$here/$name.schema.sql" | sql "$dir"
    fi
    reset "$dir"
    sql "$dir" <"$dir/pieces.sql" >"$dir/answers.txt"
    select_all "$dir" >"$dir/select.tsv"
    # Only a stopped server has closed its log: it ends with a STOP event and without the in-use flag.
    stop "$dir"
    mkdir -p "$target"
    install -m 644 "$dir/select.tsv" "$target/$name.select.tsv"
    install -m 644 "$dir/data/$name".?????? "$target/"
    (cd "$target" && wc -c "$name".??????)
}

work=$(mktemp -d)
trap 'for dir in "$work"/*/*; do server_stop "$dir"; done; rm -rf "$work"' EXIT

[ $# -gt 0 ] || set -- "${servers[@]}"
for wanted in "$@"; do
    server=${wanted%%/*}
    [[ " ${servers[*]} " == *" $server "* ]] || { echo "record.sh: there is no server $server" >&2; exit 1; }
    fetch "$server"
    target="$here/$server"
    [ "$server" != mariadb-10.11 ] || target=$here
    for file in "$here"/*.sql; do
        name=$(basename "$file" .sql)
        [[ $name != *.schema && ($wanted == "$server" || $wanted == "$server/$name") ]] || continue
        echo "== $server/$name"
        mkdir -p "$work/$server/$name"
        record "$name" "$work/$server/$name" "$target"
    done
done
