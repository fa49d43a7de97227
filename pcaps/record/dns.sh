# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: dnsmasq-base bind9-dnsutils
#
# A name server, asked over UDP and over TCP.

record() {
  local i texts=()
  for i in 1 2 3 4 5 6; do
    texts+=("--txt-record=large.example,$(printf "part $i %0.s" {1..25})")
  done
  serve dmz dnsmasq --keep-in-foreground --no-resolv --no-hosts --user=root --pid-file= --conf-file=/dev/null \
    --local=/example/ --listen-address=192.0.2.10,2001:db8:1::10 --bind-interfaces \
    --host-record=www.example,192.0.2.80,2001:db8:1::80 --edns-packet-max=4096 "${texts[@]}"
  await dmz udp 53
  start_capture
  local ask=(dig +tries=1 +timeout=2 +nocookie)
  may_fail outside "${ask[@]}" -b 203.0.113.5#40001 @192.0.2.10 www.example A
  may_fail outside "${ask[@]}" -b 203.0.113.5#40002 @192.0.2.10 www.example AAAA
  may_fail outside "${ask[@]}" -b '2001:db8:ffff::21#40003' @2001:db8:1::10 www.example A
  may_fail outside "${ask[@]}" -b 203.0.113.6#40004 @192.0.2.10 none.example A
  # A large answer: whole with EDNS, cut off without it, whole again over TCP.
  may_fail outside "${ask[@]}" -b 203.0.113.30#40005 +bufsize=4096 @192.0.2.10 large.example TXT
  may_fail outside "${ask[@]}" -b 203.0.113.30#40006 +noedns +ignore @192.0.2.10 large.example TXT
  may_fail outside "${ask[@]}" -b 203.0.113.30#40007 +tcp @192.0.2.10 large.example TXT
  may_fail outside "${ask[@]}" -b '2001:db8:ffff::21#40008' +tcp @2001:db8:1::10 www.example A
  stop_capture
}
