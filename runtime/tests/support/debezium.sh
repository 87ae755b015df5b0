# shellcheck shell=bash
# Debezium's engine with its connectors for MySQL and MariaDB. Source this file, then:
#
#   debezium_fetch                get 3.6.0.Final (a Maven artifact of 800 MB, of which little is kept) into the cache, once
#   debezium_java FILE [ARG..]    run a program of one file of Java with it

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

debezium_fetch() { server_jars debezium-3.6 '800 MB' debezium_unpack; }

# Of the server, which wants a newer Java, only the engine and what it takes: its single artifacts are not all to be had.
debezium_unpack() {
    local new=$1 root=$2
    server_maven "$new" io.debezium:debezium-server-dist:3.6.0.Final:tar.gz &&
        tar -xzf "$new"/*.tar.gz -C "$root" --strip-components=1 --wildcards \
            'debezium-server/lib/debezium-'{api,config,util,ddl-parser,embedded,openlineage-api}'-3*' \
            'debezium-server/lib/debezium-'{connect-plugins,storage-kafka,connector-binlog,connector-common}'-3*' \
            'debezium-server/lib/debezium-connector-'{mysql,mariadb}'-3*' \
            'debezium-server/lib/'{connect-,jackson-,kafka-clients-,antlr4-runtime-,slf4j-api-,zstd-jni-}'*' \
            'debezium-server/lib/'{mysql-,mariadb-java-client-,maven-artifact-}'*' \
            'debezium-server/lib/opentelemetry-'{api,common,context}'-1.57.0.jar'
}

debezium_java() {
    java "${SERVER_JVM[@]}" -Xmx512m -cp "$(server_cache)/debezium-3.6/lib/*" "$@"
}
