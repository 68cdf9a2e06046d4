#!/usr/bin/env bash
# Runs a private S3 service: Ceph's gateway with one monitor and one disk in memory, on 127.0.0.1 and free ports.
#
#   tests/start_s3_gateway.sh FOLDER
#
# FOLDER is made and holds configuration and logs. Once the service answers, one line on stdout names endpoint, access
# key and secret key. It runs until stdin ends (so it never outlives the program that started it) or Ctrl-C.
# Needs: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw
set -euo pipefail

folder=$(realpath -m "${1:?usage: $0 FOLDER}")
access_key=test-access secret_key=test-secret-key
mkdir -p "$folder"/{mon,osd,run,log}
conf=$folder/ceph.conf keyring=$folder/keyring
servers=()

stop() {
  trap - EXIT INT TERM
  set +e
  # Everything is in memory, so there is nothing to save by a gentler signal.
  ((${#servers[@]})) && kill -9 "${servers[@]}" 2>/dev/null
  wait 2>/dev/null
}
fail() { echo "$*; logs are in $folder/log" >&2; exit 1; }
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# All sockets are open at the same time, so the three ports differ.
read -r v2_port v1_port s3_port < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
monitor="[v2:127.0.0.1:$v2_port/0,v1:127.0.0.1:$v1_port/0]"
cluster_id=$(python3 -c 'import uuid; print(uuid.uuid4())')
disk_id=$(python3 -c 'import uuid; print(uuid.uuid4())')

cat >"$conf" <<CONF
[global]
fsid = $cluster_id
mon initial members = a
mon host = $monitor
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = $keyring
run dir = $folder/run
admin socket = $folder/run/\$name.asok
log file = $folder/log/\$name.log
mon data = $folder/mon
osd data = $folder/osd
# One disk, one copy of everything, small pools: it holds test objects for minutes.
osd objectstore = memstore
memstore device bytes = 2147483648
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$s3_port tcp_nodelay=1
rgw thread pool size = 16
rgw enable usage log = false
rgw enable ops log = false
rgw dns name = localhost
CONF

quietly() { "$@" >>"$folder/log/setup.log" 2>&1 || fail "could not run: $*"; }
in_background() {
  "$@" -c "$conf" -f >>"$folder/log/$1.out" 2>&1 </dev/null &
  servers+=($!)
}

quietly ceph-authtool --create-keyring "$keyring" --gen-key -n mon. --cap mon 'allow *'
quietly ceph-authtool "$keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
quietly ceph-authtool "$keyring" --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'
quietly ceph-authtool "$keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
quietly monmaptool --create --addv a "$monitor" --fsid "$cluster_id" "$folder/monmap"
quietly ceph-mon -c "$conf" -i a --mkfs --monmap "$folder/monmap" --keyring "$keyring"
in_background ceph-mon -i a
quietly ceph -c "$conf" --connect-timeout 20 osd new "$disk_id" 0
quietly ceph -c "$conf" auth import -i "$keyring"
quietly ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$disk_id"
in_background ceph-osd -i 0
quietly ceph -c "$conf" osd crush add osd.0 1 root=default host=localhost
in_background radosgw -n client.rgw

for attempt in $(seq 150); do
  (exec 3<>"/dev/tcp/127.0.0.1/$s3_port") 2>/dev/null && break
  for server in "${servers[@]}"; do kill -0 "$server" 2>/dev/null || fail "a server stopped"; done
  ((attempt < 150)) || fail "the gateway did not answer within 30 s"
  sleep 0.2
done
quietly radosgw-admin -c "$conf" user create --uid test --display-name Test \
  --access-key "$access_key" --secret-key "$secret_key"

echo "http://127.0.0.1:$s3_port $access_key $secret_key"
# Waiting for a child is interrupted by a signal at once, reading stdin here would not be.
exec 3<&0
cat <&3 >/dev/null &
servers+=($!)
wait $! || true
