# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: vsftpd python3-pyftpdlib curl socat openssl
#
# Announcements that are cut in pieces, that name others, low ports or too many ports, a data connection
# that somebody else takes, and one whose announcement nobody can read.

# shellcheck source=lib/ftp.sh
. "$here/lib/ftp.sh"

client() { # ADDRESS:PORT SERVER STEP...
  may_fail outside timeout 30 python3 "$here/ftp_client.py" --from "$1" --to "$2" "${@:3}"
}

servers() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=files.example -keyout "$lab/ftp.key" -out "$lab/ftp.crt" 2>/dev/null
  ftp_server dmz 192.0.2.10 21 ssl_enable=YES force_local_logins_ssl=NO force_local_data_ssl=NO require_ssl_reuse=NO \
    "rsa_cert_file=$lab/ftp.crt" "rsa_private_key_file=$lab/ftp.key"
  # 192.0.2.11 connects wherever it is told to; its own announcements name its neighbour.
  serve dmz /usr/bin/python3 "$here/ftp_trusting.py" 192.0.2.11 "$lab/partner" 192.0.2.12 50090
  await dmz tcp 21 192.0.2.11
  # 192.0.2.12 speaks in pieces of 16 bytes, whatever it says.
  ftp_server dmz 192.0.2.12 2121 pasv_promiscuous=YES
  serve dmz socat -b16 TCP4-LISTEN:21,bind=192.0.2.12,fork,reuseaddr,nodelay TCP4:192.0.2.12:2121,bind=192.0.2.12
  await dmz tcp 21 192.0.2.12
}

listener() { # NAMESPACE ADDRESS PORT TEXT: takes one connection and says TEXT to it
  serve "$1" talk --listen "$2:$3" "send:$4" eof
  await "$1" tcp "$3" "$2"
}

record() {
  ftp_account
  servers
  listener outside 203.0.113.99 41003 ''
  listener outside 203.0.113.66 25 ''
  listener dmz 192.0.2.12 50090 'This is no file of the server.'
  start_capture
  # In pieces: the command in two segments (41001 is 160*256+41), every reply in segments of 16 bytes.
  client 198.51.100.7:40001 192.0.2.10 listen:41001 'say:PORT 198,51,|100,7,160,41' get:note.txt
  client 198.51.100.7:40002 192.0.2.12 passive connect get:note.txt
  # A third host: a server that refuses, and one that does as it is told.
  client 203.0.113.66:40003 192.0.2.10 port:203.0.113.99:41003 get:note.txt
  client 203.0.113.66:40004 192.0.2.11 port:203.0.113.99:41003 get:note.txt
  # A privileged port of the client's own.
  client 203.0.113.66:40005 192.0.2.11 port:203.0.113.66:25 get:note.txt
  # A reply that names another server.
  client 203.0.113.66:40006 192.0.2.11 passive connect
  # A hundred and fifty announcements, of which the last is used; then the server tries three of them again.
  client 203.0.113.66:40007 192.0.2.10 port:203.0.113.66:42000:42148 listen:42149 port:203.0.113.66:42149 get:note.txt
  for port in 42000 42100 42149; do may_fail dmz python3 "$here/talk.py" --from 192.0.2.10:2020 --to "203.0.113.66:$port"; done
  # Somebody else comes to the announced port first.
  client 198.51.100.7:40008 192.0.2.10 passive "stranger:python3 $here/talk.py --from 203.0.113.5:40009 --to {address}:{port} sleep:0.1" \
    get:note.txt passive connect get:note.txt
  # What is announced inside TLS.
  may_fail outside curl -sS --max-time 8 -u partner:only-for-the-lesson --ssl-reqd --insecure --disable-epsv --interface 198.51.100.7 \
    --local-port 40010-40011 ftp://192.0.2.10/note.txt
  stop_capture
}
