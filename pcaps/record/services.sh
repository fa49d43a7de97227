# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: chrony snmpd snmp tftpd-hpa tftp-hpa bsdutils socat slapd ldap-utils inetutils-telnetd telnet
#
# One exchange each of NTP, SNMP, TFTP, syslog, LDAP and telnet.

servers() {
  chmod a+x "$lab"
  printf 'local stratum 2\nallow 0.0.0.0/0\nport 123\nbindaddress 192.0.2.10\ncmdport 0\npidfile %s/chronyd.pid\n' "$lab" >"$lab/chrony.conf"
  serve dmz chronyd -d -x -u root -f "$lab/chrony.conf"

  printf 'rocommunity public 0.0.0.0/0 .1.3.6.1.2.1.1.5\nsysName server.example\n' >"$lab/snmpd.conf"
  serve dmz snmpd -f -Lo -C -c "$lab/snmpd.conf" -p "$lab/snmpd.pid" udp:192.0.2.10:161

  mkdir -p "$lab/tftp"
  printf 'hostname switch\n' >"$lab/tftp/switch.cfg"
  chmod -R a+rX "$lab/tftp"
  serve dmz in.tftpd --foreground --user nobody --address 192.0.2.10:69 --secure "$lab/tftp"

  serve dmz socat -u UDP4-RECV:514,bind=192.0.2.10 OPEN:/dev/null

  mkdir -p "$lab/slapd"
  cat >"$lab/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $lab/slapd.pid
database mdb
maxsize 1048576
suffix dc=example
directory $lab/slapd
rootdn cn=admin,dc=example
rootpw only-for-the-lesson
CONF
  printf 'dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n' |
    slapadd -f "$lab/slapd.conf" >>"$lab/servers.log" 2>&1
  serve dmz slapd -d 0 -f "$lab/slapd.conf" -h ldap://192.0.2.10:389/

  serve dmz socat TCP4-LISTEN:23,bind=192.0.2.10,fork,reuseaddr EXEC:'/usr/sbin/telnetd --no-hostinfo --exec-login=/bin/true',nofork
  await dmz udp 123
  await dmz udp 161
  await dmz udp 69
  await dmz udp 514
  await dmz tcp 389
  await dmz tcp 23
}

record() {
  servers
  outside ip route replace default via 198.51.100.1 src 203.0.113.5
  start_capture
  may_fail outside chronyd -Q -t 3 -u root -f /dev/null 'server 192.0.2.10 iburst maxsamples 1' 'cmdport 0' "pidfile $lab/chronyc.pid"
  may_fail outside snmpget -v 2c -c public -t 1 -r 0 -On 192.0.2.10 .1.3.6.1.2.1.1.5.0
  may_fail outside snmpget -v 1 -c public -t 1 -r 0 -On 192.0.2.10 .1.3.6.1.2.1.1.5.0
  may_fail outside tftp -4 192.0.2.10 -c get switch.cfg /dev/null
  may_fail outside logger --server 192.0.2.10 --port 514 --udp --rfc3164 --tag door 'opened'
  may_fail outside ldapsearch -x -H ldap://192.0.2.10 -D cn=admin,dc=example -w only-for-the-lesson -b dc=example -LLL
  outside timeout 3 telnet 192.0.2.10 >>"$lab/clients.log" 2>&1 < <(sleep 1) || true
  stop_capture
}
