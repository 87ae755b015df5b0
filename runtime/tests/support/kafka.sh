# shellcheck shell=bash
# A Kafka broker in a folder of its own. Source this file, then:
#
#   kafka_fetch [VERSION]         get 4.3 (Maven artifacts) into the cache, once
#   kafka_start DIR [SETTING..]   new broker, its own controller, below the empty folder DIR; SETTINGs are lines of
#                                 server.properties and win over those below
#   kafka_java CLASS [ARG..]      a program of Kafka's: org.apache.kafka.tools.consumer.ConsoleConsumer
#   kafka_stop DIR                stop the broker that kafka_start started in DIR
#
# It listens on 127.0.0.1; its port stands in DIR/port. Where KAFKA_CERTIFICATES names a folder that certificates.sh has
# made, it listens on more ports: ssl, mtls (who wants a client's certificate), elsewhere (whose certificate is for another
# host), sasl_plaintext and sasl_ssl (for alice, whose password is alice-secret, by each mechanism). Their numbers stand in
# DIR/port.NAME. Where KAFKA_KERBEROS names the folder of a running KDC (kafka_kerberos.sh), it listens on the port
# kerberos, too, for who comes with a ticket.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

KAFKA_RECIPE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/kafka")

kafka_fetch() {
    local version=${1:-4.3}
    [ "$version" = 4.3 ] || { server_fail "there is no recipe for Kafka $version, only for 4.3"; return 1; }
    server_jars kafka-4.3 '60 MB' kafka_unpack
}

kafka_unpack() {
    local new=$1 root=$2
    server_pom "$new" "$KAFKA_RECIPE/pom.xml" "$root/lib" && kafka_archive "$root" "$new/first"
}

# The classes of a running broker, in a file that the next one maps instead of loading them: it starts in half the time.
kafka_archive() {
    local root=$1 dir=$2
    KAFKA_ROOT=$root KAFKA_ARCHIVE=-XX:ArchiveClassesAtExit=kafka.jsa kafka_start "$dir" && server_stop "$dir"
    [ -e "$root/kafka.jsa" ] || server_fail "the broker left no archive of its classes"
}

kafka_root() { echo "${KAFKA_ROOT:-$(server_cache)/kafka-4.3}"; }

# Becomes a program of Kafka's. The classes' archive is good only for the class path with which it was made, so that is
# relative.
kafka_exec() {
    cd "$(kafka_root)" || return
    # shellcheck disable=SC2086 # options of the virtual machine, several of them
    exec java "${SERVER_JVM[@]}" "${KAFKA_ARCHIVE:--XX:SharedArchiveFile=kafka.jsa}" \
        -Xshare:auto -Dlog4j2.configurationFile="$KAFKA_RECIPE/log4j2.properties" -cp 'lib/*' "$@"
}

kafka_java() { (kafka_exec -Xmx256m "$@"); }

kafka_start() {
    local dir port controller
    dir=$(server_folder "$1") || return
    shift
    port=${KAFKA_PORT:-$(server_free_port)}
    controller=$(server_free_port)
    kafka_settings "$dir" "$port" "$controller" >"$dir/server.properties"
    local users=()
    if [ -n "${KAFKA_CERTIFICATES:-}" ]; then
        kafka_security "$dir" >>"$dir/server.properties"
        users=(--add-scram 'SCRAM-SHA-256=[name=alice,password=alice-secret]'
            --add-scram 'SCRAM-SHA-512=[name=alice,password=alice-secret]')
    fi
    [ -z "${KAFKA_KERBEROS:-}" ] || kafka_tickets "$dir" >>"$dir/server.properties"
    printf '%s\n' "$@" >>"$dir/server.properties"
    if [ ! -e "$dir/data/meta.properties" ]; then
        (KAFKA_ARCHIVE=-Xshare:auto kafka_exec kafka.tools.StorageTool format -t 4L6g3nShT-eMCtK--X86sw \
            -c "$dir/server.properties" "${users[@]}") >"$dir/error.log" 2>&1 ||
            { cat "$dir/error.log" >&2; server_fail "the broker's folder cannot be formatted; why stands above"; return 1; }
    fi
    (kafka_exec -Xms256m -Xmx512m ${KAFKA_KERBEROS:+"-Djava.security.krb5.conf=$KAFKA_KERBEROS/krb5.conf"} \
        kafka.Kafka "$dir/server.properties") </dev/null >"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    server_await "$dir" grep -q 'Kafka Server started' "$dir/output.log"
}

# A broker that was killed is let back in once its old session is over: a short one.
kafka_settings() {
    local dir=$1 port=$2 controller=$3
    cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$dir/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=2097152
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=400
END
}

# Usage: kafka_listeners DIR HOST NAME:PROTOCOL..    What comes last counts, so these listeners are added to those that
# stand there already.
kafka_listeners() {
    local dir=$1 host=$2 name port listeners advertised map
    shift 2
    listeners=$(sed -n 's/^listeners=//p' "$dir/server.properties" | tail -n 1)
    advertised=$(sed -n 's/^advertised.listeners=//p' "$dir/server.properties" | tail -n 1)
    map=$(sed -n 's/^listener.security.protocol.map=//p' "$dir/server.properties" | tail -n 1)
    for name in "$@"; do
        port=$(server_free_port)
        map+=,$name
        name=${name%:*}
        listeners+=,$name://127.0.0.1:$port
        advertised+=,$name://$host:$port
        echo "$port" >"$dir/port.${name,,}"
    done
    printf '%s\n' "listeners=$listeners" "advertised.listeners=$advertised" "listener.security.protocol.map=$map"
}

kafka_security() {
    local dir=$1
    kafka_listeners "$dir" 127.0.0.1 SSL:SSL MTLS:SSL ELSEWHERE:SSL SASL_PLAINTEXT:SASL_PLAINTEXT SASL_SSL:SASL_SSL
    cat "$KAFKA_CERTIFICATES"/{server.key,good.pem} >"$dir/good.pem"
    cat "$KAFKA_CERTIFICATES"/{server.key,elsewhere.pem} >"$dir/elsewhere.pem"
    cat <<END
ssl.keystore.type=PEM
ssl.keystore.location=$dir/good.pem
ssl.truststore.type=PEM
ssl.truststore.location=$KAFKA_CERTIFICATES/ca.pem
listener.name.mtls.ssl.client.auth=required
listener.name.elsewhere.ssl.keystore.type=PEM
listener.name.elsewhere.ssl.keystore.location=$dir/elsewhere.pem
END
    kafka_users sasl_plaintext
    kafka_users sasl_ssl
}

kafka_users() {
    local listener=listener.name.$1 login=org.apache.kafka.common.security
    cat <<END
$listener.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
$listener.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_alice="alice-secret";
$listener.scram-sha-256.sasl.jaas.config=$login.scram.ScramLoginModule required;
$listener.scram-sha-512.sasl.jaas.config=$login.scram.ScramLoginModule required;
$listener.oauthbearer.sasl.jaas.config=$login.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="alice";
END
}

# Kerberos knows hosts by their names.
kafka_tickets() {
    kafka_listeners "$1" localhost KERBEROS:SASL_PLAINTEXT
    cat <<END
listener.name.kerberos.sasl.enabled.mechanisms=GSSAPI
listener.name.kerberos.sasl.kerberos.service.name=kafka
listener.name.kerberos.gssapi.sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true \
storeKey=true keyTab="$KAFKA_KERBEROS/kafka.keytab" principal="kafka/localhost@TEST.LOCAL";
END
}

kafka_stop() { server_stop "$1"; }
