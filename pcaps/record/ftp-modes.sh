# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: vsftpd lftp curl
#
# FTP data connections of every kind: passive and active, announced with PASV, EPSV, PORT and EPRT,
# into the DMZ and from the inside out.

# shellcheck source=lib/ftp.sh
. "$here/lib/ftp.sh"

record() {
  ftp_account
  ftp_server dmz
  ftp_server outside
  local fetch=(curl -sS --max-time 8 -u partner:only-for-the-lesson)
  start_capture
  # Into the DMZ: the client opens the data connection (passive) or the server does (active).
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --disable-epsv ftp://192.0.2.10/note.txt
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --epsv ftp://192.0.2.10/note.txt
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --ftp-port 198.51.100.7 --disable-eprt ftp://192.0.2.10/note.txt
  may_fail outside "${fetch[@]}" --interface 198.51.100.7 --ftp-port 198.51.100.7 -T "$lab/order.txt" ftp://192.0.2.10/order.txt
  may_fail outside "${fetch[@]}" --interface 2001:db8:ffff::21 'ftp://[2001:db8:1::10]/note.txt'
  may_fail outside "${fetch[@]}" --interface 2001:db8:ffff::21 --ftp-port 2001:db8:ffff::21 'ftp://[2001:db8:1::10]/note.txt'
  # From the inside out, both modes.
  may_fail inside "${fetch[@]}" --interface 10.0.0.10 --disable-epsv ftp://198.51.100.80/note.txt
  may_fail inside "${fetch[@]}" --interface 10.0.0.10 --ftp-port 10.0.0.10 --disable-eprt ftp://198.51.100.80/note.txt
  stop_capture
}
