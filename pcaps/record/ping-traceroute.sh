# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: iputils-ping traceroute nmap
#
# Ping and traceroute in all their kinds, over IPv4 and IPv6.

record() {
  start_capture
  # 1. Echo: answered, answered over IPv6, not answered.
  may_fail outside ping -n -c 3 -i 0.2 -I 198.51.100.42 192.0.2.10
  may_fail outside ping -n -c 2 -i 0.2 -I 2001:db8:ffff::42 2001:db8:1::10
  may_fail outside ping -n -c 2 -i 0.2 -W 0.2 -I 198.51.100.42 192.0.2.20
  # 2. Another ICMP type: timestamp request (the answer comes from the server's kernel).
  may_fail outside nping --icmp --icmp-type timestamp -c 1 -e eth0 -S 203.0.113.44 --dest-mac 02:00:00:00:00:01 192.0.2.10
  # 3. Traceroute: three probes each for the last two hops (the first hop is the router itself).
  local trace=(traceroute -n -q 3 -N 1 -w 1 -f 2 -m 3)
  may_fail outside "${trace[@]}" -s 203.0.113.5 192.0.2.130
  may_fail outside "${trace[@]}" -I -s 203.0.113.6 192.0.2.130
  may_fail outside "${trace[@]}" -T -p 443 -s 203.0.113.30 192.0.2.130
  may_fail outside "${trace[@]}" -6 -s 2001:db8:ffff::21 2001:db8:1::1:130
  stop_capture
}
