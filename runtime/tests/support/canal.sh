# shellcheck shell=bash
# The classes of Canal's own client. Source this file, then:
#
#   canal_fetch [VERSION]     get 1.1.8 (Maven artifacts) into the cache, once
#   canal_java FILE [ARG..]   run a program of one file of Java with them

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

CANAL_RECIPE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/canal")

canal_fetch() {
    local version=${1:-1.1.8}
    [ "$version" = 1.1.8 ] || { server_fail "there is no recipe for Canal $version, only for 1.1.8"; return 1; }
    server_jars canal-1.1.8 '7 MB' canal_unpack
}

canal_unpack() { server_pom "$1" "$CANAL_RECIPE/pom.xml" "$2/lib"; }

canal_java() {
    java "${SERVER_JVM[@]}" -Xmx256m -cp "$(server_cache)/canal-1.1.8/lib/*" "$@"
}
