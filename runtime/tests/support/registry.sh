# shellcheck shell=bash
# A registry of schemas that speaks Confluent's REST API (Apicurio's), in a folder of its own. Source this file, then:
#
#   registry_fetch [VERSION]   get 2.6 (Maven artifacts) into the cache, once
#   registry_start DIR         new registry, all of it in memory, below the empty folder DIR
#   registry_java CLASS [ARG..]  a program with the classes of its serializers: registry/Records.java
#   registry_stop DIR          stop the registry that registry_start started in DIR
#
# It listens on 127.0.0.1; its port stands in DIR/port. The API's base path is /apis/ccompat/v7.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

REGISTRY_RECIPE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/registry")

registry_fetch() {
    local version=${1:-2.6}
    [ "$version" = 2.6 ] || { server_fail "there is no recipe for the registry $version, only for 2.6"; return 1; }
    server_jars registry-2.6 '200 MB' registry_unpack
}

registry_unpack() {
    local new=$1 root=$2 app=io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all
    server_mvn "$new" dependency:copy -Dartifact="$app" -DoutputDirectory="$new" ||
        { server_fail "Maven cannot fetch $app"; return 1; }
    mkdir "$root/app" && tar -xzf "$new"/apicurio-registry-app-*.tar.gz -C "$root/app" &&
        server_pom "$new" "$REGISTRY_RECIPE/pom.xml" "$root/lib"
}

registry_root() { echo "$(server_cache)/registry-2.6"; }

registry_java() { java "${SERVER_JVM[@]}" -Xmx256m -cp "$(registry_root)/lib/*" "$@"; }

registry_start() {
    local dir port jar
    dir=$(server_folder "$1") || return
    port=${REGISTRY_PORT:-$(server_free_port)}
    jar=$(echo "$(registry_root)"/app/*-runner.jar "$(registry_root)"/app/*/*-runner.jar | tr ' ' '\n' | grep -v '\*')
    printf '%s\n' 'quarkus.http.host=127.0.0.1' "quarkus.http.port=$port" 'quarkus.log.level=WARN' \
        >"$dir/server.properties"
    # shellcheck disable=SC2164 # the folder was just made
    (cd "$dir" && exec java "${SERVER_JVM[@]}" -Xmx512m -Djava.io.tmpdir="$dir/tmp" \
        -Dquarkus.config.locations="$dir/server.properties" -jar "$jar") </dev/null >"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    server_await "$dir" registry_answers "$port"
}

registry_answers() {
    local line
    exec 8<>"/dev/tcp/127.0.0.1/$1" || return
    printf 'GET /apis/ccompat/v7/subjects HTTP/1.0\r\n\r\n' >&8
    read -r line <&8
    exec 8>&-
    [[ $line == *' 200 '* ]]
}

registry_stop() { server_stop "$1"; }
