#!/usr/bin/env bash
# Runs a new server until standard input ends, and leaves nothing of it: a test that is killed stops its server, too.
# Prints the server's folder once it answers.
# Usage: ./serve.sh mariadb|mysql VERSION [OPTION..]    (OPTIONs go to the server)
set -euo pipefail

family=$1 version=$2
shift 2
# shellcheck source=mariadb.sh
. "$(dirname "${BASH_SOURCE[0]}")/$family.sh"
"${family}_fetch" "$version"

# Whatever ends the caller ends our standard input, and then there is still something to do.
trap '' INT HUP
dir=$(mktemp -d)
trap 'server_stop "$dir"; rm -rf "$dir"' EXIT
case $family in
    mariadb) mariadb_start "$dir" "$@" ;;
    mysql) mysql_start "$version" "$dir" "$@" ;;
esac
echo "$dir"
cat >/dev/null
