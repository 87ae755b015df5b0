# MariaDB 10.11 in a folder of its own. Source this file, then:
#
#   mariadb_fetch                 unpack the Debian packages into the cache (once); sets MARIADB_ROOT
#   mariadb_start DIR [OPTION..]  new server below the empty folder DIR, OPTIONs go to mariadbd
#   mariadb_sql DIR [ARG..]       the command line client as root, SQL from standard input
#   mariadb_stop DIR              stop the server that mariadb_start started in DIR
#   mariadb_binlog [ARG..]        mariadb-binlog
#
# Nothing is installed: the packages are unpacked, not configured, so no server of the machine's own
# is touched. The server listens on 127.0.0.1 and on DIR/socket; its port stands in DIR/port.

mariadb_fail() { echo "mariadb.sh: $*" >&2; return 1; }

mariadb_fetch() {
    local cache="${XDG_CACHE_HOME:-$HOME/.cache}/tidemill"
    MARIADB_ROOT="$cache/mariadb-10.11"
    mkdir -p "$cache"
    # The lock keeps two test runs from unpacking at once; the rename makes the unpacking all or nothing.
    (
        flock 9
        [ -d "$MARIADB_ROOT" ] && exit 0
        echo "fetching MariaDB 10.11 (20 MB, once) into $MARIADB_ROOT" >&2
        local new="$MARIADB_ROOT.new" log="$cache/mariadb-fetch.log"
        rm -rf "$new"
        mkdir -p "$new"/apt/{lists,cache}/partial "$new"/{debs,root}
        # Package lists of our own, so that a machine whose lists are old or absent works, and stays as it is.
        local apt=(-o Dir::State::lists="$new/apt/lists" -o Dir::Cache="$new/apt/cache" -o APT::Sandbox::User=)
        apt-get "${apt[@]}" update >"$log" 2>&1 ||
            { mariadb_fail "apt-get update failed, see $log"; exit 1; }
        apt-cache "${apt[@]}" policy mariadb-server-core | grep 'Candidate: .*10\.11\.' >>"$log" ||
            { mariadb_fail "this system's packages have no MariaDB 10.11 (Debian bookworm has)"; exit 1; }
        (cd "$new/debs" && apt-get "${apt[@]}" download \
            mariadb-server-core mariadb-server mariadb-client-core mariadb-client mariadb-common libmariadb3 \
            galera-4 mariadb-plugin-provider-bzip2 libconfig-inifiles-perl \
            libaio1 liburing2 libnuma1 libpcre2-8-0 libncurses6 libtinfo6 libedit2 libbsd0 libmd0 libsystemd0 \
            libssl3 libstdc++6 zlib1g) >>"$log" 2>&1 ||
            { mariadb_fail "apt-get download failed, see $log"; exit 1; }
        local deb
        for deb in "$new"/debs/*.deb; do
            dpkg -x "$deb" "$new/root" || { mariadb_fail "cannot unpack $deb"; exit 1; }
        done
        mv "$new/root" "$MARIADB_ROOT"
        rm -rf "$new"
    ) 9>"$cache/mariadb.lock"
}

# Runs a program of the unpacked packages with their own libraries, and with no configuration from outside.
mariadb_run() {
    local libs
    libs=$(printf '%s:' "$MARIADB_ROOT"/usr/lib/*-linux-gnu "$MARIADB_ROOT"/lib/*-linux-gnu)
    LD_LIBRARY_PATH="${libs%:}" "$@"
}

mariadb_free_port() {
    local port
    for _ in {1..100}; do
        # Below the range from which the kernel takes ports for outgoing connections.
        port=$((20000 + RANDOM % 12000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    mariadb_fail "found no free port"
}

mariadb_start() {
    local dir port
    dir=$(realpath "$1")
    shift
    port=${MARIADB_PORT:-$(mariadb_free_port)}
    # A socket's path may have 107 bytes at most; the server's own message about it is hard to find.
    [ ${#dir} -le 90 ] || { mariadb_fail "the path $dir is too long for a socket"; return 1; }
    mkdir -p "$dir"/{data,tmp}
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
    if [ ! -d "$dir/data/mysql" ]; then
        mariadb_run "$MARIADB_ROOT/usr/bin/mariadb-install-db" --no-defaults --basedir="$MARIADB_ROOT/usr" \
            --datadir="$dir/data" --user="$(id -un)" --auth-root-authentication-method=normal --skip-test-db \
            >"$dir/install.log" 2>&1 || { tail -n 20 "$dir/install.log" >&2
                mariadb_fail "mariadb-install-db failed; its last words are above"; return 1; }
    fi
    mariadb_run exec "$MARIADB_ROOT/usr/sbin/mariadbd" --defaults-file="$dir/my.cnf" "$@" \
        </dev/null >>"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    for _ in {1..600}; do
        mariadb_sql "$dir" -e 'SELECT 1' >/dev/null 2>&1 && return
        kill -0 "$(<"$dir/pid")" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$dir/error.log" "$dir/output.log" >&2 || true
    mariadb_stop "$dir" || true
    mariadb_fail "the server in $dir did not start; its last words are above"
}

mariadb_sql() {
    local dir=$1
    shift
    # utf8mb4 must be said: by its default the client breaks characters of four bytes.
    mariadb_run "$MARIADB_ROOT/usr/bin/mariadb" --no-defaults --user=root --socket="$(realpath "$dir")/socket" \
        --default-character-set=utf8mb4 "$@"
}

mariadb_stop() {
    local dir pid
    dir=$(realpath "$1")
    [ -f "$dir/pid" ] || return 0
    pid=$(<"$dir/pid")
    rm -f "$dir/pid"
    # The number may belong to somebody else by now: only a process that runs on our my.cnf is ended.
    grep -qsF -- "--defaults-file=$dir/my.cnf" "/proc/$pid/cmdline" || return 0
    kill "$pid" 2>/dev/null || return 0
    for _ in {1..600}; do
        # Not kill -0: our own child answers to it as a zombie, too. A zombie's command line is empty.
        grep -q . "/proc/$pid/cmdline" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    mariadb_fail "the server in $dir had to be killed: it did not stop within a minute"
}

mariadb_binlog() {
    mariadb_run "$MARIADB_ROOT/usr/bin/mariadb-binlog" --no-defaults "$@"
}
