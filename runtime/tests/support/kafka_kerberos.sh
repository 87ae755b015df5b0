# shellcheck shell=bash
# A KDC of Kerberos in a folder of its own, for the realm TEST.LOCAL. Source this file, then:
#
#   kafka_kerberos_fetch [VERSION]   unpack 1.20 (Debian's packages) into the cache, once
#   kafka_kerberos_start DIR         new KDC below the empty folder DIR, where it leaves for others:
#                                      krb5.conf       how to reach it (KRB5_CONFIG)
#                                      kafka.keytab    the keys of a broker on localhost
#                                      cdc.keytab      the keys of cdc
#                                      old.keytab      keys that cdc had before
#                                      kinit           the program, with the libraries that it needs
#   kafka_kerberos_stop DIR          stop the KDC that kafka_kerberos_start started in DIR
#
# Nothing is installed: the packages are unpacked, not configured. It listens on 127.0.0.1, and its port stands in
# DIR/port.

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

kafka_kerberos_fetch() {
    local version=${1:-1.20}
    [ "$version" = 1.20 ] || { server_fail "there is no recipe for Kerberos $version, only for 1.20"; return 1; }
    server_unpack kerberos-1.20 '3 MB' kafka_kerberos_unpack
}

kafka_kerberos_unpack() {
    server_debs "$1" "$2" - '1\.20' \
        krb5-kdc krb5-admin-server krb5-user libkrb5-3 libkrb5support0 libk5crypto3 libgssapi-krb5-2 libgssrpc4 \
        libkadm5srv-mit12 libkadm5clnt-mit12 libkdb5-10 libcom-err2 libss2 libkeyutils1 libverto1 libverto-libev1 libev4 \
        libssl3 libedit2 libbsd0 libmd0 libtinfo6
}

kafka_kerberos_root() { echo "$(server_cache)/kerberos-1.20"; }

# Becomes a program of Kerberos, which reads nothing of the machine's own.
kafka_kerberos_exec() {
    local dir=$1 libs
    shift
    libs=$(printf '%s:' "$(kafka_kerberos_root)"/usr/lib/*-linux-gnu "$(kafka_kerberos_root)"/lib/*-linux-gnu)
    KRB5_CONFIG="$dir/krb5.conf" KRB5_KDC_PROFILE="$dir/kdc.conf" LD_LIBRARY_PATH="${libs%:}" exec "$@"
}

kafka_kerberos_start() {
    local dir root port
    dir=$(server_folder "$1") || return
    root=$(kafka_kerberos_root)
    port=$(server_free_port)
    kafka_kerberos_settings "$dir" "$port" "$(echo "$root"/usr/lib/*-linux-gnu/krb5/plugins)"
    kafka_kerberos_keys "$dir" "$root" >"$dir/error.log" 2>&1 ||
        { cat "$dir/error.log" >&2; server_fail "there are no keys; why stands above"; return 1; }
    printf '%s\n' '#!/bin/sh' "LD_LIBRARY_PATH='$(printf '%s:' "$root"/usr/lib/*-linux-gnu)' exec '$root/usr/bin/kinit' \"\$@\"" \
        >"$dir/kinit"
    chmod +x "$dir/kinit"
    (kafka_kerberos_exec "$dir" "$root/usr/sbin/krb5kdc" -n -P "$dir/kdc.pid") </dev/null >"$dir/output.log" 2>&1 &
    echo $! >"$dir/pid"
    echo "$port" >"$dir/port"
    server_await "$dir" grep -q 'commencing operation' "$dir/kdc.log"
}

kafka_kerberos_settings() {
    local dir=$1 port=$2 plugins=$3
    cat >"$dir/krb5.conf" <<END
[libdefaults]
    default_realm = TEST.LOCAL
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    plugin_base_dir = $plugins
[realms]
    TEST.LOCAL = {
        kdc = 127.0.0.1:$port
    }
[domain_realm]
    localhost = TEST.LOCAL
END
    cat >"$dir/kdc.conf" <<END
[kdcdefaults]
    kdc_listen = 127.0.0.1:$port
    kdc_tcp_listen = 127.0.0.1:$port
[realms]
    TEST.LOCAL = {
        database_name = $dir/data/principal
        key_stash_file = $dir/data/stash
    }
[dbmodules]
    db_module_dir = $plugins/kdb
[logging]
    kdc = FILE:$dir/kdc.log
END
}

# A new keytab makes the keys in older ones old.
kafka_kerberos_keys() {
    local dir=$1 root=$2 order
    (kafka_kerberos_exec "$dir" "$root/usr/sbin/kdb5_util" create -s -r TEST.LOCAL -P secret) || return
    for order in 'addprinc -randkey kafka/localhost' "ktadd -k $dir/kafka.keytab kafka/localhost" \
        'addprinc -randkey cdc' "ktadd -k $dir/old.keytab cdc" "ktadd -k $dir/cdc.keytab cdc"; do
        (kafka_kerberos_exec "$dir" "$root/usr/sbin/kadmin.local" -q "$order") || return
    done
    [ -s "$dir/kafka.keytab" ] && [ -s "$dir/cdc.keytab" ] && [ -s "$dir/old.keytab" ]
}

kafka_kerberos_stop() { server_stop "$1"; }
