# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: iputils-ping nftables python3 socat
#
# Datagrams larger than the link: each travels as several fragments.

record() {
  dmz talk --udp --listen 192.0.2.10:6001 recv 'send:4000*w' &
  dmz talk --udp --listen '[2001:db8:1::10]:6002' recv 'send:4000*w' &
  serve dmz socat -u UDP4-RECV:6003 OPEN:/dev/null
  await dmz udp 6001
  await dmz udp 6002
  await dmz udp 6003
  start_capture
  may_fail outside ping -n -c 2 -i 0.2 -s 3000 -I 198.51.100.42 192.0.2.10
  may_fail outside ping -n -c 2 -i 0.2 -s 3000 -I 2001:db8:ffff::42 2001:db8:1::10
  may_fail outside talk --udp --from 203.0.113.5:40001 --to 192.0.2.10:6001 'send:4000*k' recv
  may_fail outside talk --udp --from '[2001:db8:ffff::21]:40002' --to '[2001:db8:1::10]:6002' 'send:4000*k' recv
  # Nobody answers.
  may_fail outside talk --udp --from 203.0.113.6:40003 --to 192.0.2.10:6003 'send:4000*k'
  # The last fragment is lost on the way: the datagram never becomes whole.
  outside nft -f - <<'NFT'
table netdev lab { chain lost { type filter hook egress device "eth0" priority 0; ip frag-off & 0x1fff == 370 drop; }; }
NFT
  may_fail outside talk --udp --from 203.0.113.30:40004 --to 192.0.2.10:6003 'send:4000*k'
  stop_capture
}
