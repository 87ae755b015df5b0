# shellcheck shell=bash
# A name server and a broker of RocketMQ in a folder of their own. Source this file, then:
#
#   rocketmq_fetch VERSION                   get 5.5 or 4.9 (Maven artifacts) into the cache, once
#   rocketmq_start VERSION DIR [SETTING..]   new name server and broker below the empty folder DIR; SETTINGs are lines of
#                                            the broker's configuration and win over those below. Where DIR has them
#                                            already: the broker again, on the same data and port
#   rocketmq_java VERSION DIR CLASS [ARG..]  a program with RocketMQ's classes, which finds in DIR how the servers there
#                                            want to be spoken to: org.apache.rocketmq.tools.command.MQAdminStartup
#   rocketmq_witness VERSION DIR             rocketmq/Witness.java, which makes topics and says what is in them
#   rocketmq_stop DIR                        end what rocketmq_start started in DIR, at once
#
# The name server's port stands in DIR/port, the broker's in DIR/port.broker. They listen on 127.0.0.1; 4.9, and in both
# versions the port for other brokers, know only all addresses of the machine. The broker is the process of DIR/pid, the
# name server that of DIR/names/pid.
#
# Where ROCKETMQ_ACL names a topic, the broker asks who comes: `administrator` (secret: `administrator-secret`) may do
# everything, `publisher` (`publisher-secret`) may send to this topic. Where ROCKETMQ_CERTIFICATES names a folder that
# certificates.sh has made, both servers speak TLS alone; with ROCKETMQ_CLIENT=require only to who has a certificate.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

ROCKETMQ_RECIPE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/rocketmq")

rocketmq_fetch() {
    case $1 in
        5.5) server_jars rocketmq-5.5 '100 MB' rocketmq_unpack_5.5 ;;
        4.9) server_jars rocketmq-4.9 '30 MB' rocketmq_unpack_4.9 ;;
        *) server_fail "there is no recipe for RocketMQ $1, only for 5.5 and 4.9" ;;
    esac
}

rocketmq_unpack_5.5() { rocketmq_unpack 5.5 "$@"; }
rocketmq_unpack_4.9() { rocketmq_unpack 4.9 "$@"; }

rocketmq_unpack() {
    local version=$1 new=$2 root=$3
    server_pom "$new" "$ROCKETMQ_RECIPE/pom-$version.xml" "$root/lib" &&
        rocketmq_archive "$version" "$root" "$new/first"
}

# The classes of a running broker, in a file that the next one maps instead of loading them: it starts in half the time,
# and so does the name server.
rocketmq_archive() {
    local version=$1 root=$2 dir=$3
    ROCKETMQ_ROOT=$root ROCKETMQ_ARCHIVE=-XX:ArchiveClassesAtExit=broker.jsa rocketmq_start "$version" "$dir" &&
        server_stop "$dir" && rocketmq_stop "$dir"
    [ -e "$root/broker.jsa" ] || server_fail "the broker left no archive of its classes"
}

rocketmq_root() { echo "${ROCKETMQ_ROOT:-$(server_cache)/rocketmq-$1}"; }

# Usage: rocketmq_exec VERSION DIR FOLDER [OPTION..] CLASS [ARG..]    Becomes a program of RocketMQ's, with the classes
# of another folder, too. The classes' archive is good only for what begins with the class path with which it was made, so
# that is relative. Unless told that there is no TLS, servers make up certificates, for seconds. 4.9 wants what newer Javas
# keep to themselves.
rocketmq_exec() {
    local version=$1 dir=$2 folder=$3 options=(-Dtls.server.mode=disabled)
    shift 3
    cd "$(rocketmq_root "$version")" || return
    if [ -e "$dir/tls.properties" ]; then
        options=(-Dtls.enable=true -Dtls.server.mode=enforcing -Dtls.config.file="$dir/tls.properties")
    fi
    ROCKETMQ_HOME=$dir exec java "${SERVER_JVM[@]}" \
        "${ROCKETMQ_ARCHIVE:--XX:SharedArchiveFile=broker.jsa}" -Xshare:auto \
        --add-exports java.base/jdk.internal.ref=ALL-UNNAMED --add-opens java.base/jdk.internal.ref=ALL-UNNAMED \
        --add-opens java.base/sun.nio.ch=ALL-UNNAMED --add-opens java.base/java.nio=ALL-UNNAMED \
        -Duser.home="$dir" -Drmq.logback.configurationFile="$ROCKETMQ_RECIPE/logback.xml" "${options[@]}" \
        -cp "lib/*${folder:+:$folder}" "$@"
}

rocketmq_java() { (rocketmq_exec "$1" "$2" '' -Xmx256m "${@:3}"); }

rocketmq_witness() {
    local version=$1 dir=$2 name folder user=()
    name=rocketmq-$version-witness-$(cksum <"$ROCKETMQ_RECIPE/Witness.java" | cut -d ' ' -f 1)
    [ ! -e "$dir/conf/tools.yml" ] || user=(administrator administrator-secret)
    folder=$(server_cache)/$name
    server_unpack "$name" 'compiled here' "rocketmq_compile_$version" &&
        (rocketmq_exec "$version" "$dir" "$folder" -Xmx256m -Dlevel=ERROR Witness "127.0.0.1:$(<"$dir/port")" "${user[@]}")
}

rocketmq_compile_5.5() { rocketmq_compile 5.5 "$2"; }
rocketmq_compile_4.9() { rocketmq_compile 4.9 "$2"; }

rocketmq_compile() { javac -nowarn -cp "$(rocketmq_root "$1")/lib/*" -d "$2" "$ROCKETMQ_RECIPE/Witness.java" 2>&1; }

rocketmq_start() {
    local version=$1 dir
    dir=$(server_folder "$2") || return
    shift 2
    [ -e "$dir/server.properties" ] || rocketmq_prepare "$version" "$dir" "$@" || return
    (rocketmq_exec "$version" "$dir" '' -Xms256m -Xmx512m -XX:MaxDirectMemorySize=256m \
        org.apache.rocketmq.broker.BrokerStartup -c "$dir/server.properties") </dev/null >"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    server_await "$dir" rocketmq_is_known "$dir" || return
    if [ ! -e "$dir/users" ] && [ -n "${ROCKETMQ_ACL:-}" ] && [ "$version" = 5.5 ]; then
        rocketmq_publisher "$version" "$dir" >"$dir/users" 2>&1 ||
            { cat "$dir/users" >&2; server_fail "there are no users; why stands above"; return 1; }
    fi
}

# The broker has registered when it says that it runs. A name server that has not heard of its end does not say that it is
# new.
rocketmq_is_known() {
    grep -q 'boot success' "$1/output.log" && grep -q 'new broker registered' "$1/names/output.log"
}

# The name server, and what the broker reads.
rocketmq_prepare() {
    local version=$1 dir=$2 port names
    shift 2
    names=$(server_free_port) && port=$(rocketmq_free_port) || return
    mkdir -p "$dir/conf"
    for of in namesrv broker tools; do
        cp "$ROCKETMQ_RECIPE/logback.xml" "$dir/conf/logback_$of.xml"
    done
    [ -z "${ROCKETMQ_CERTIFICATES:-}" ] || rocketmq_encryption >"$dir/tls.properties"
    rocketmq_settings "$dir" "$port" "$names" >"$dir/server.properties"
    [ -z "${ROCKETMQ_ACL:-}" ] || "rocketmq_users_$version" "$dir" >>"$dir/server.properties"
    printf '%s\n' "$@" >>"$dir/server.properties"
    echo "$names" >"$dir/port"
    echo "$port" >"$dir/port.broker"
    mkdir "$dir/names"
    printf '%s\n' "listenPort=$names" bindAddress=127.0.0.1 >"$dir/names/server.properties"
    (rocketmq_exec "$version" "$dir" '' -Xmx256m \
        org.apache.rocketmq.namesrv.NamesrvStartup -c "$dir/names/server.properties") \
        </dev/null >"$dir/names/output.log" 2>&1 &
    echo $! >"$dir/names/pid"
    server_await "$dir/names" grep -q 'boot success' "$dir/names/output.log"
}

# A broker listens on the port two below, too, and for other brokers on the next one.
rocketmq_free_port() {
    local port
    for _ in {1..100}; do
        port=$(server_free_port) || return
        (: <"/dev/tcp/127.0.0.1/$((port - 2))") 2>/dev/null || (: <"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null ||
            { echo "$port"; return; }
    done
    server_fail "found no three free ports"
}

# Small files, and no topics but those that are made. So long as the interval at the end, 5.5 first spins.
rocketmq_settings() {
    local dir=$1 port=$2 names=$3
    cat <<END
brokerClusterName=DefaultCluster
brokerName=broker-a
brokerId=0
brokerIP1=127.0.0.1
brokerIP2=127.0.0.1
bindAddress=127.0.0.1
namesrvAddr=127.0.0.1:$names
listenPort=$port
haListenPort=$((port + 1))
storePathRootDir=$dir/data
storePathCommitLog=$dir/data/commitlog
mappedFileSizeCommitLog=16777216
mappedFileSizeConsumeQueue=60000
maxIndexNum=10000
maxHashSlotNum=5000
autoCreateTopicEnable=false
autoCreateSubscriptionGroup=true
diskMaxUsedSpaceRatio=95
flushDiskType=ASYNC_FLUSH
brokerRole=ASYNC_MASTER
timerWheelEnable=false
traceTopicEnable=false
transactionMetricFlushInterval=200
END
}

# Each is a client of the other, too.
rocketmq_encryption() {
    local of=$ROCKETMQ_CERTIFICATES
    cat <<END
tls.test.mode.enable=false
tls.server.keyPath=$of/server.key
tls.server.certPath=$of/good.pem
tls.server.trustCertPath=$of/ca.pem
tls.server.authClient=${ROCKETMQ_CLIENT:+true}
tls.server.need.client.auth=${ROCKETMQ_CLIENT:-none}
tls.client.keyPath=$of/client.key
tls.client.certPath=$of/client.pem
tls.client.authServer=true
tls.client.trustCertPath=$of/ca.pem
END
}

rocketmq_users_4.9() {
    cat >"$1/conf/plain_acl.yml" <<END
accounts:
  - {accessKey: administrator, secretKey: administrator-secret, admin: true}
  - {accessKey: publisher, secretKey: publisher-secret, admin: false, defaultTopicPerm: DENY, defaultGroupPerm: DENY,
     topicPerms: [$ROCKETMQ_ACL=PUB]}
END
    rocketmq_administrator "$1"
    echo aclEnable=true
}

# The publisher comes when the broker runs.
rocketmq_users_5.5() {
    local of=org.apache.rocketmq.auth
    rocketmq_administrator "$1"
    cat <<END
authenticationEnabled=true
authenticationProvider=$of.authentication.provider.DefaultAuthenticationProvider
authenticationMetadataProvider=$of.authentication.provider.LocalAuthenticationMetadataProvider
initAuthenticationUser={"username":"administrator","password":"administrator-secret"}
innerClientAuthenticationCredentials={"accessKey":"administrator","secretKey":"administrator-secret"}
authorizationEnabled=true
authorizationProvider=$of.authorization.provider.DefaultAuthorizationProvider
authorizationMetadataProvider=$of.authorization.provider.LocalAuthorizationMetadataProvider
END
}

rocketmq_administrator() {
    printf '%s\n' 'accessKey: administrator' 'secretKey: administrator-secret' >"$1/conf/tools.yml"
}

rocketmq_publisher() {
    local version=$1 dir=$2 tools=org.apache.rocketmq.tools.command.MQAdminStartup servers
    servers=(-n "127.0.0.1:$(<"$dir/port")" -b "127.0.0.1:$(<"$dir/port.broker")")
    rocketmq_java "$version" "$dir" "$tools" createUser "${servers[@]}" -u publisher -p publisher-secret &&
        rocketmq_java "$version" "$dir" "$tools" createAcl "${servers[@]}" -s User:publisher -r "Topic:$ROCKETMQ_ACL" \
            -a Pub -d Allow
}

rocketmq_stop() {
    server_kill "$1"
    server_kill "$1/names"
}
