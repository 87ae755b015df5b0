#!/usr/bin/env bash
# Runs a new server until standard input ends, and leaves nothing of it: a test that is killed stops its server, too.
# Prints the server's folder once it answers. Then each line of standard input is an order, and what it made is told by
# a line: `kill` ends the server by SIGKILL, `stop` lets it end by itself, `start` starts it again on the same data and
# port; `pause` makes it do nothing until `resume`.
# Usage: ./serve.sh mariadb|mysql|kafka|kafka_kerberos|registry|rocketmq VERSION [OPTION..]   (OPTIONs go to the server)
set -euo pipefail

family=$1 version=$2
shift 2
# shellcheck source=mariadb.sh
. "$(dirname "${BASH_SOURCE[0]}")/$family.sh"
"${family}_fetch" "$version"

begin() {
    case $family in
        mariadb) mariadb_start "$dir" "$@" ;;
        mysql) mysql_start "$version" "$dir" "$@" ;;
        kafka) kafka_start "$dir" "$@" ;;
        kafka_kerberos) kafka_kerberos_start "$dir" ;;
        registry) registry_start "$dir" ;;
        rocketmq) rocketmq_start "$version" "$dir" "$@" ;;
    esac
}

# Whatever ends the caller ends our standard input, and then there is still something to do.
trap '' INT HUP
dir=$(mktemp -d)
end() {
    # A server that is paused hears nothing.
    kill -CONT "$(server_pid "$dir")" 2>/dev/null || true
    "${family}_stop" "$dir"
    rm -rf "$dir"
}
trap end EXIT
begin "$@"
echo "$dir"
export MARIADB_PORT MYSQL_PORT KAFKA_PORT REGISTRY_PORT
MARIADB_PORT=$(<"$dir/port") MYSQL_PORT=$(<"$dir/port") KAFKA_PORT=$(<"$dir/port") REGISTRY_PORT=$(<"$dir/port")
while read -r order; do
    case $order in
        kill) server_kill "$dir" ;;
        stop) server_stop "$dir" ;;
        start) begin "$@" ;;
        pause) kill -STOP "$(<"$dir/pid")" ;;
        resume) kill -CONT "$(<"$dir/pid")" ;;
        *) server_fail "$order is no order" ;;
    esac
    echo "$order"
done
