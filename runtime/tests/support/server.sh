# shellcheck shell=bash
# What the recipes beside it share: a server in folders of its own, nothing installed. Source it.
#
#   server_unpack NAME SIZE FUNCTION   once: calls `FUNCTION NEW ROOT`, which fills the folder ROOT and may leave its
#                                      rubbish in NEW; ROOT then becomes the cache's folder NAME
#   server_debs NEW ROOT SUITE PATTERN [PACKAGE..]  download and unpack Debian packages of the system's own suite (`-`)
#                                      or of another one; the first must have a version that PATTERN matches
#   server_maven NEW ARTIFACT          download one Maven artifact into NEW
#   server_pom NEW POM LIB             download all that a Maven project needs to run into the folder LIB
#   server_jars NAME SIZE FUNCTION     server_unpack for programs in Java; "${SERVER_JVM[@]}" are options for all of them
#   server_await DIR COMMAND..         until COMMAND succeeds; if the process dies before, show its last words and fail
#   server_stop DIR                    end the process of DIR/pid, if it is still the one that runs on a file of DIR
#   server_kill DIR                    the same at once (SIGKILL)

server_fail() { echo "$(basename "${BASH_SOURCE[1]}"): $*" >&2; return 1; }

server_cache() { echo "${XDG_CACHE_HOME:-$HOME/.cache}/tidemill"; }

server_unpack() {
    local name=$1 size=$2 fill=$3 cache
    cache=$(server_cache)
    mkdir -p "$cache"
    # The lock keeps two test runs from unpacking at once; the rename makes the unpacking all or nothing.
    (
        flock 9
        [ -d "$cache/$name" ] && exit 0
        local new="$cache/$name.new" log="$cache/$name.log"
        echo "fetching $name ($size, once) into $cache/$name" >&2
        rm -rf "$new"
        mkdir -p "$new/root"
        "$fill" "$new" "$new/root" >"$log" || { server_fail "cannot fetch $name, see $log"; exit 1; }
        mv "$new/root" "$cache/$name"
        rm -rf "$new"
    ) 9>"$cache/$name.lock"
}

server_debs() {
    local new=$1 root=$2 suite=$3 pattern=$4 deb
    shift 4
    mkdir -p "$new"/apt/{lists,cache,sources}/partial "$new/debs"
    # Package lists of our own, so that a machine whose lists are old or absent works, and stays as it is.
    local apt=(-o Dir::State::lists="$new/apt/lists" -o Dir::Cache="$new/apt/cache" -o APT::Sandbox::User=)
    if [ "$suite" != - ]; then
        server_suite "$suite" >"$new/apt/sources/suite.sources" || return
        apt+=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$new/apt/sources")
    fi
    apt-get "${apt[@]}" update 2>&1 || { server_fail "apt-get update failed"; return 1; }
    apt-cache "${apt[@]}" policy "$1" | grep "Candidate: .*$pattern" ||
        { server_fail "the packages of this system have no $1 of version $pattern"; return 1; }
    local packages=("$@")
    if [ "$suite" != - ]; then
        # Another suite's programs need its libraries as well, down to libc. A single unknown name would make apt
        # download nothing, so the names come from apt itself.
        mapfile -t packages < <(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts \
            --no-breaks --no-replaces --no-enhances "$@" |
            grep '^[a-z]' | sort -u | grep -vE '^(lib)?(perl|db5|gdbm|debianutils|openssl-provider|mysql-common)')
    fi
    (cd "$new/debs" && apt-get "${apt[@]}" download "${packages[@]}" 2>&1) ||
        { server_fail "apt-get download failed"; return 1; }
    for deb in "$new"/debs/*.deb; do
        dpkg -x "$deb" "$root" || { server_fail "cannot unpack $deb"; return 1; }
    done
}

# An apt source for another suite of the mirror that the system itself uses.
server_suite() {
    local mirror
    mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
        sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *([a-z]+:[^ ]*\/debian)\/?( .*)?$/\3/p' | head -n 1)
    [ -n "$mirror" ] || { server_fail "found no Debian mirror in the sources of apt"; return 1; }
    printf '%s\n' 'Types: deb' "URIs: $mirror" "Suites: $1" 'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg'
}

server_maven() {
    local new=$1 artifact=$2
    command -v unzip >/dev/null || { server_fail "unzip is missing: apt-get install unzip"; return 1; }
    server_mvn "$new" dependency:copy -Dartifact="$artifact" -DoutputDirectory="$new" ||
        { server_fail "Maven cannot fetch $artifact"; return 1; }
}

server_pom() {
    server_mvn "$1" -f "$2" dependency:copy-dependencies -DoutputDirectory="$3" -DincludeScope=runtime ||
        { server_fail "Maven cannot fetch what $2 names"; return 1; }
}

# What short programs in Java need: to start soon, and little room. A server that has much to do is quicker in the end
# with SERVER_JIT=4, which compiles better, and longer.
# shellcheck disable=SC2034 # the recipes use it
SERVER_JVM=(-XX:+UseSerialGC -XX:TieredStopAtLevel="${SERVER_JIT:-1}")

server_jars() {
    command -v javac >/dev/null ||
        { server_fail "Java is missing: apt-get install --no-install-recommends openjdk-17-jdk-headless"; return 1; }
    server_unpack "$@"
}

server_mvn() {
    local new=$1
    shift
    command -v mvn >/dev/null ||
        { server_fail "Maven is missing: apt-get install --no-install-recommends maven"; return 1; }
    # A repository of its own: half a gigabyte should not stay in the user's.
    mvn -q -B -ntp -Dmaven.repo.local="$new/repository" "$@" 2>&1
}

server_free_port() {
    local port
    for _ in {1..100}; do
        # Below the range from which the kernel takes ports for outgoing connections.
        port=$((20000 + RANDOM % 12000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    server_fail "found no free port"
}

# Makes the folder of a server and prints its path without links.
server_folder() {
    mkdir -p "$1"/{data,tmp}
    local dir
    dir=$(realpath "$1")
    # A socket's path may have 107 bytes at most; the server's own message about it is hard to find.
    [ ${#dir} -le 90 ] || { server_fail "the path $dir is too long for a socket"; return 1; }
    echo "$dir"
}

server_await() {
    local dir=$1
    shift
    for _ in {1..600}; do
        "$@" >/dev/null 2>&1 && return
        kill -0 "$(<"$dir/pid")" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$dir/error.log" "$dir/output.log" >&2 || true
    server_stop "$dir" || true
    server_fail "the server in $dir did not start; its last words are above"
}

# Prints the number of the process of DIR/pid. It may belong to somebody else by now: only a process that runs on our
# configuration counts.
server_pid() {
    [ -f "$1/pid" ] &&
        grep -qsF -e "$1/my.cnf" -e "$1/server.properties" -e "$1/kdc.pid" "/proc/$(<"$1/pid")/cmdline" &&
        echo "$(<"$1/pid")"
}

server_stop() {
    local dir pid
    dir=$(realpath "$1")
    pid=$(server_pid "$dir") || return 0
    rm -f "$dir/pid"
    kill "$pid" 2>/dev/null || return 0
    for _ in {1..600}; do
        # Not kill -0: our own child answers to it as a zombie, too. A zombie's command line is empty.
        grep -q . "/proc/$pid/cmdline" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    server_fail "the server in $dir had to be killed: it did not stop within a minute"
}

server_kill() {
    local dir pid
    dir=$(realpath "$1")
    pid=$(server_pid "$dir") || return 0
    rm -f "$dir/pid"
    kill -KILL "$pid" 2>/dev/null || return 0
    # Which says that it was killed.
    wait "$pid" 2>/dev/null || true
}
