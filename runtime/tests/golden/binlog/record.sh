#!/usr/bin/env bash
# Records the binlog fixtures of this folder anew on a real MariaDB 10.11. For each NAME.sql:
#   NAME.000001        the binlog of a fresh server that ran it
#   NAME.select.tsv    what the server's own SELECT says of every table afterwards
# Usage: ./record.sh [NAME..]   (Debian bookworm; the first run fetches 20 MB of packages into the cache)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../support/mariadb.sh
. "$here/../../support/mariadb.sh"

# Makes one line a table: its name, a tab, a SELECT of it. Bytes, bits and geometry come as HEX() under the
# name `COLUMN:hex`; the order is by the first two columns, which hold the key wherever there is one.
# shellcheck disable=SC2016 # the backticks are the server's
select_of_tables='
SET group_concat_max_len = 100000;
SELECT CONCAT(table_schema, ".", table_name),
    CONCAT("SELECT ",
        GROUP_CONCAT(
            IF(data_type REGEXP "binary|blob|bit|geometry|point|linestring|polygon",
                CONCAT("HEX(`", quoted, "`) `", quoted, ":hex`"), CONCAT("`", quoted, "`"))
            ORDER BY ordinal_position SEPARATOR ", "),
        " FROM `", table_schema, "`.`", table_name, "` ORDER BY 1", IF(COUNT(*) > 1, ", 2", ""))
FROM (SELECT *, REPLACE(column_name, "`", "``") quoted FROM information_schema.columns) columns
    JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema NOT IN ("mysql", "sys", "information_schema", "performance_schema") AND table_type <> "VIEW"
GROUP BY table_schema, table_name ORDER BY table_schema, table_name'

select_all() {
    local table select
    mariadb_sql "$1" --batch --raw --skip-column-names -e "$select_of_tables" |
        while IFS=$'\t' read -r table select; do
            echo "# $table"
            mariadb_sql "$1" --batch -e "$select" </dev/null
        done
}

record() {
    local name=$1 dir=$2
    mariadb_start "$dir" --skip-networking --log-bin="$name"
    # The server's own first steps are no part of the fixture.
    echo 'RESET MASTER' | mariadb_sql "$dir"
    mariadb_sql "$dir" <"$here/$name.sql" >"$dir/answers.txt"
    select_all "$dir" >"$dir/select.tsv"
    # Only a stopped server has closed its log: it ends with a STOP event and without the in-use flag.
    mariadb_stop "$dir"
    mv "$dir/select.tsv" "$here/$name.select.tsv"
    install -m 644 "$dir/data/$name.000001" "$here/"
    wc -c "$here/$name.000001"
}

mariadb_fetch
work=$(mktemp -d)
trap 'for dir in "$work"/*; do mariadb_stop "$dir"; done; rm -rf "$work"' EXIT

names=("$@")
if [ $# -eq 0 ]; then
    for file in "$here"/*.sql; do names+=("$(basename "$file" .sql)"); done
fi
for name in "${names[@]}"; do
    [ -f "$here/$name.sql" ] || { echo "record.sh: there is no $name.sql" >&2; exit 1; }
    mkdir "$work/$name"
    record "$name" "$work/$name"
done
