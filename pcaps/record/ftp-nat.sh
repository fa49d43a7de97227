# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: vsftpd curl
#
# FTP behind NAT, seen on all sides of it: the router translates, and rewrites what the control connections
# announce (the kernel's own helper for FTP does).
#
#   10.0.0.0/24 is 203.0.113.1 outside; 203.0.113.10 is the server 192.0.2.10

# shellcheck source=lib/ftp.sh
. "$here/lib/ftp.sh"

translate() {
  router nft -f - <<'NFT'
table ip lab {
  ct helper ftp-helper {
    type "ftp" protocol tcp
  }
  chain helper {
    type filter hook prerouting priority 0; policy accept;
    tcp dport 21 ct helper set "ftp-helper"
  }
  chain destination {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "outside0" ip daddr 203.0.113.10 dnat to 192.0.2.10
  }
  chain source {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "outside0" ip saddr 10.0.0.0/24 snat to 203.0.113.1
  }
}
NFT
}

record() {
  ftp_account
  ftp_server dmz
  ftp_server outside
  translate
  local fetch=(curl -sS --max-time 8 -u partner:only-for-the-lesson)
  start_capture outside inside dmz
  # From the inside out; what PORT and EPRT name is 10.0.0.10.
  may_fail inside "${fetch[@]}" --interface 10.0.0.10 --local-port 40001-40002 --disable-epsv ftp://198.51.100.80/note.txt
  may_fail inside "${fetch[@]}" --interface 10.0.0.10 --local-port 40003-40004 --ftp-port 10.0.0.10:41001-41001 --disable-eprt ftp://198.51.100.80/note.txt
  may_fail inside "${fetch[@]}" --interface 10.0.0.10 --local-port 40005-40006 --ftp-port 10.0.0.10:41002-41002 ftp://198.51.100.80/note.txt
  # To the server's public address; what the replies 227 name is 192.0.2.10.
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --local-port 40007-40008 --disable-epsv --no-ftp-skip-pasv-ip ftp://203.0.113.10/note.txt
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --local-port 40009-40010 --epsv ftp://203.0.113.10/note.txt
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --local-port 40011-40012 --ftp-port 198.51.100.7:41003-41003 --disable-eprt ftp://203.0.113.10/note.txt
  stop_capture
}
