# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: vsftpd lftp curl nmap iputils-ping traceroute
#
# An FTP server in the DMZ, strangers who try it, and the one partner who may.

ftp_server() {
  useradd --create-home --home-dir "$lab/partner" --shell /bin/sh partner
  echo 'partner:only-for-the-lesson' | chpasswd
  printf 'Delivery note 4711\nitems: 3\n' >"$lab/partner/note.txt"
  mkdir -p "$lab/empty"
  cat >"$lab/vsftpd.conf" <<CONF
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=$lab/empty
pam_service_name=vsftpd
ftpd_banner=files.example FTP server ready.
pasv_min_port=50000
pasv_max_port=50009
xferlog_enable=NO
isolate=NO
seccomp_sandbox=NO
CONF
  serve dmz vsftpd "$lab/vsftpd.conf"
  await dmz tcp 21
}

record() {
  ftp_server
  printf 'Order 4712\nitems: 5\n' >"$lab/order.txt"
  start_capture

  # 1. Only a SYN: this address answers nobody. Two SYNs, then the stranger gives up.
  may_fail outside talk --from 203.0.113.5:40001 --to 192.0.2.20:21 --connect-timeout 1.5
  # 2. Half-open scan: SYN, SYN-ACK, RST.
  may_fail outside nmap -sS -n -Pn --max-retries 0 -e eth0 -S 203.0.113.6 -g 40002 -p 21 192.0.2.10
  # 3. Read the welcome banner and leave, politely or not.
  may_fail outside talk --from 198.51.100.21:40003 --to 192.0.2.10:21 recv sleep:0.1 shut eof
  may_fail outside talk --from 198.51.100.22:40004 --to 192.0.2.10:21 recv sleep:0.1 shut eof
  may_fail outside talk --from 203.0.113.30:40005 --to 192.0.2.10:21 recv sleep:0.1 shut eof
  may_fail outside talk --from '[2001:db8:ffff::21]:40006' --to '[2001:db8:1::10]:21' recv sleep:0.1 shut eof
  may_fail outside talk --from 203.0.113.31:40007 --to 192.0.2.10:21 recv sleep:0.1 reset
  # 4. Rubbish after the banner.
  may_fail outside talk --from 203.0.113.44:40008 --to 192.0.2.10:21 recv sleep:0.1 'send:\x00\x01\x02\xfe#?\r\n' recv sleep:0.1 shut eof
  # 5. Password guessing.
  local port=40010 password
  for password in admin 123456 letmein; do
    may_fail outside talk --from 203.0.113.66:$port --to 192.0.2.10:21 recv sleep:0.1 'send:USER admin\r\n' recv \
      "send:PASS $password\\r\\n" recv 'send:QUIT\r\n' eof
    port=$((port + 1))
  done
  may_fail outside talk --from 198.51.100.99:40013 --to 192.0.2.10:21 recv sleep:0.1 'send:USER anonymous\r\n' recv \
    'send:PASS guest@example.org\r\n' recv 'send:QUIT\r\n' eof
  may_fail outside talk --from '[2001:db8:ffff::66]:40014' --to '[2001:db8:1::10]:21' recv sleep:0.1 'send:USER root\r\n' recv 'send:QUIT\r\n' eof
  # 6. A web crawler on the FTP port.
  may_fail outside curl -sS --max-time 3 --interface 203.0.113.80 --local-port 40020 http://192.0.2.10:21/
  # 7. Other ports, where nobody listens.
  for port in 22 23 80 443 3389; do
    may_fail outside talk --from "203.0.113.77:$((41000 + port))" --to "192.0.2.10:$port"
  done
  # 8. What the first rule is for.
  may_fail outside ping -n -c 3 -i 0.2 -I 198.51.100.42 192.0.2.10
  may_fail outside ping -n -c 2 -i 0.2 -I 2001:db8:ffff::42 2001:db8:1::10
  may_fail outside traceroute -n -q 1 -N 1 -f 2 -m 3 -s 198.51.100.42 192.0.2.130
  # 9. The partner fetches a file and leaves one, in passive mode.
  may_fail outside lftp -e 'set net:socket-bind-ipv4 198.51.100.7; set ftp:passive-mode yes; set ftp:ssl-allow no;
    open -u partner,only-for-the-lesson 192.0.2.10; cls -l; cat note.txt; put /run/lab/order.txt; bye'

  stop_capture
}
