#!/usr/bin/env bash
# The laboratory: four network namespaces around a plain Linux router.
# Started by record.sh inside fresh namespaces, once per lesson.
#
#   outside 198.51.100.0/24, 203.0.113.0/24, 2001:db8:ffff::/64   strangers, and the partner 198.51.100.7
#      |  outside0  <- the capture point: every packet that crosses is seen once
#   router
#      |  dmz0      192.0.2.1, 2001:db8:1::1                      dmz: servers 192.0.2.10 ..., 2001:db8:1::10
#      |  inside0   10.0.0.1                                      inside: clients 10.0.0.10 ...
#   dmz -- behind  192.0.2.130, 2001:db8:1::130                   one hop further, for traceroute
set -euo pipefail

lesson=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$(cd "$here/.." && pwd)/$lesson
lab=/run/lab

say() { printf '%s\n' "$*" >&2; }

# Run a command in one of the namespaces; `talk` is the helper program.
run_in() {
  local namespace=$1
  shift
  if [[ $1 == talk ]]; then
    shift
    set -- python3 "$here/talk.py" "$@"
  fi
  ip netns exec "$namespace" "$@"
}
outside() { run_in outside "$@"; }
router() { run_in router "$@"; }
dmz() { run_in dmz "$@"; }
inside() { run_in inside "$@"; }
behind() { run_in behind "$@"; }

# Clients are refused, time out and are cut off here on purpose; their status says nothing.
may_fail() { "$@" >>"$lab/clients.log" 2>&1 </dev/null || true; }

# serve NAMESPACE COMMAND...: start a server that stays in the foreground of a background job.
serve() { "$@" >>"$lab/servers.log" 2>&1 </dev/null & }

# await NAMESPACE tcp|udp PORT [ADDRESS]: until something listens there (nothing is sent).
await() {
  local try
  for ((try = 0; try < 300; try++)); do
    if "$1" ss -Hln "--$2" "src ${4:-}:$3" | grep -q .; then return 0; fi
    sleep 0.1
  done
  say "lab.sh: nothing listens on $2/$3 in $1"
  tail -n 20 "$lab/servers.log" >&2
  return 1
}

private_machine() { # a private /etc, /run and /var/log, and a host name that says nothing
  cp -a /etc /dev/shm/etc.$$ # /run is about to be covered
  mount -t tmpfs -o mode=0755 tmpfs /run
  mkdir -p "$lab" /run/netns
  mv /dev/shm/etc.$$ "$lab/etc"
  mount --bind "$lab/etc" /etc
  mount -t tmpfs -o mode=0755 tmpfs /var/log
  hostname server.example
  rm -f /etc/resolv.conf /etc/hosts /etc/hostname /etc/mailname
  echo server.example >/etc/hostname
  echo server.example >/etc/mailname
  : >/etc/resolv.conf
  printf '127.0.0.1 localhost\n::1 localhost\n192.0.2.10 server.example server\n' >/etc/hosts
  : >"$lab/clients.log"
  : >"$lab/servers.log"
  chmod 666 "$lab"/*.log
}

quiet_link() { # NAMESPACE INTERFACE MAC: real checksums, no offloads, no unasked-for packets
  local namespace=$1 interface=$2 mac=$3
  "$namespace" ip link set "$interface" address "$mac"
  "$namespace" ethtool -K "$interface" tx off rx off tso off gso off gro off sg off >/dev/null 2>&1
  "$namespace" sysctl -qw "net.ipv6.conf.$interface.addr_gen_mode=1" \
    "net.ipv6.conf.$interface.accept_ra=0" "net.ipv6.conf.$interface.accept_dad=0" \
    "net.ipv6.conf.$interface.router_solicitations=0"
  "$namespace" ip link set "$interface" up
}

link() { # NAMESPACE INTERFACE MAC  NAMESPACE INTERFACE MAC
  ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
  quiet_link "$1" "$2" "$3"
  quiet_link "$4" "$5" "$6"
}

neighbour() { # NAMESPACE INTERFACE MAC ADDRESS...: no ARP and no neighbour discovery in the captures
  local namespace=$1 interface=$2 mac=$3 address
  shift 3
  for address in "$@"; do
    "$namespace" ip neighbour replace "$address" lladdr "$mac" nud permanent dev "$interface"
  done
}

build_network() {
  local namespace address
  for namespace in outside router dmz inside behind; do
    ip netns add "$namespace"
    "$namespace" ip link set lo up
    "$namespace" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
      net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.ip_nonlocal_bind=0
  done
  local mac_outside=02:00:00:00:00:02 mac_fw_outside=02:00:00:00:00:01
  local mac_dmz=02:00:00:00:01:0a mac_fw_dmz=02:00:00:00:01:01
  local mac_inside=02:00:00:00:02:0a mac_fw_inside=02:00:00:00:02:01
  local mac_dmz_behind=02:00:00:00:03:01 mac_behind=02:00:00:00:03:0a
  link outside eth0 $mac_outside router outside0 $mac_fw_outside
  link dmz eth0 $mac_dmz router dmz0 $mac_fw_dmz
  link inside eth0 $mac_inside router inside0 $mac_fw_inside
  link dmz behind0 $mac_dmz_behind behind eth0 $mac_behind

  # outside: every stranger is an address of one machine
  outside ip address add 198.51.100.2/30 dev eth0
  outside ip address add 2001:db8:ffff::2/127 dev eth0 nodad
  for address in 7 9 21 22 23 42 43 53 80 99; do outside ip address add 198.51.100.$address/32 dev lo; done
  for address in 5 6 30 31 44 66 77 78 80 99; do outside ip address add 203.0.113.$address/32 dev lo; done
  for address in 21 42 66 80; do outside ip address add 2001:db8:ffff::$address/128 dev lo nodad; done
  neighbour outside eth0 $mac_fw_outside 198.51.100.1 2001:db8:ffff::3
  outside ip route add default via 198.51.100.1 src 198.51.100.2
  outside ip -6 route add default via 2001:db8:ffff::3

  router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  router ip address add 198.51.100.1/30 dev outside0
  router ip address add 2001:db8:ffff::3/127 dev outside0 nodad
  router ip address add 192.0.2.1/25 dev dmz0
  router ip address add 2001:db8:1::1/120 dev dmz0 nodad
  router ip address add 10.0.0.1/24 dev inside0
  neighbour router outside0 $mac_outside 198.51.100.2 2001:db8:ffff::2
  router ip route add 198.51.100.0/24 via 198.51.100.2
  router ip route add 203.0.113.0/24 via 198.51.100.2
  router ip -6 route add 2001:db8:ffff::/64 via 2001:db8:ffff::2
  for address in 10 11 12 20; do
    dmz ip address add 192.0.2.$address/25 dev eth0
    neighbour router dmz0 $mac_dmz 192.0.2.$address
    dmz ip address add 2001:db8:1::$address/120 dev eth0 nodad
    neighbour router dmz0 $mac_dmz 2001:db8:1::$address
  done
  neighbour dmz eth0 $mac_fw_dmz 192.0.2.1 2001:db8:1::1
  dmz ip route add default via 192.0.2.1 src 192.0.2.10
  dmz ip -6 route add default via 2001:db8:1::1 src 2001:db8:1::10
  for address in 10 11 12; do
    inside ip address add 10.0.0.$address/24 dev eth0
    neighbour router inside0 $mac_inside 10.0.0.$address
  done
  neighbour inside eth0 $mac_fw_inside 10.0.0.1
  inside ip route add default via 10.0.0.1 src 10.0.0.10

  # one hop behind the first server
  dmz sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  dmz ip address add 192.0.2.129/25 dev behind0
  dmz ip address add 2001:db8:1::1:1/112 dev behind0 nodad
  behind ip address add 192.0.2.130/25 dev eth0
  behind ip address add 2001:db8:1::1:130/112 dev eth0 nodad
  neighbour dmz behind0 $mac_behind 192.0.2.130 2001:db8:1::1:130
  neighbour behind eth0 $mac_dmz_behind 192.0.2.129 2001:db8:1::1:1
  behind ip route add default via 192.0.2.129
  behind ip -6 route add default via 2001:db8:1::1:1
  router ip route add 192.0.2.128/25 via 192.0.2.10
  router ip -6 route add 2001:db8:1::1:0/112 via 2001:db8:1::10

  # 192.0.2.20 is a server that answers nobody
  dmz nft -f - <<'NFT'
table inet lab {
  chain input {
    type filter hook input priority filter; policy accept;
    ip daddr 192.0.2.20 drop
    ip6 daddr 2001:db8:1::20 drop
  }
}
NFT
}

# Captures run on one interface of the router, the outside one unless a lesson says otherwise,
# so each packet is in the file once, as it arrived there or as it left. A lesson may name several,
# which go into a file each. Hop-by-hop IPv6 (multicast listener reports of the laboratory itself)
# is left out.
capture_filter='(ip or ip6) and not (ip6 and ip6[6] = 0)'
capture_side=outside

start_capture() { # [outside|inside|dmz...]: the first goes into capture.pcapng, others into SIDE.pcapng
  capture_side=${1:-outside}
  more_sides=("${@:2}")
  capture_pids=()
  local side try
  for side in "$capture_side" "${more_sides[@]}"; do
    : >"$lab/tcpdump-$side.log"
    router tcpdump --interface "${side}0" --snapshot-length 65535 --time-stamp-precision nano \
      --packet-buffered --immediate-mode -Z root -w "$lab/$side.pcap" "$capture_filter" 2>"$lab/tcpdump-$side.log" &
    capture_pids+=($!)
    for ((try = 0; try < 100; try++)); do
      if grep -q 'listening on' "$lab/tcpdump-$side.log"; then continue 2; fi
      sleep 0.05
    done
    cat "$lab/tcpdump-$side.log" >&2
    return 1
  done
}

stop_capture() {
  sleep 0.5
  local side pid
  for pid in "${capture_pids[@]}"; do
    # The job is the shell function; its child is tcpdump.
    pkill -INT -P "$pid" -x tcpdump 2>/dev/null || kill -INT "$pid"
    wait "$pid" || true
  done
  mkdir -p "$target"
  write_capture capture.pcapng
  for side in "${more_sides[@]}"; do capture_side=$side write_capture "$side.pcapng"; done
}

write_capture() { # NAME [OPTIONS OF to_pcapng.py...]
  local name=$1
  shift
  python3 "$here/to_pcapng.py" "$lab/$capture_side.pcap" "$target/$name" --interface "$capture_side" "$@" \
    --comment "firstpass lesson $lesson, recorded by pcaps/record.sh on the router's $capture_side interface"
}

private_machine
build_network
# shellcheck source=/dev/null
. "$here/$lesson.sh"
record
if [[ ${LAB_DEBUG:-} ]]; then
  say "--- clients"; cat "$lab/clients.log" >&2
  say "--- servers"; cat "$lab/servers.log" >&2
fi
