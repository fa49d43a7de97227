# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: exim4-daemon-light dovecot-pop3d dovecot-imapd openssl curl
#
# A mail server: SMTP, POP3 and IMAP, in the clear and with STARTTLS.

mail_server() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=server.example \
    -keyout "$lab/key.pem" -out "$lab/cert.pem" 2>>"$lab/servers.log"
  install -d -o Debian-exim -g Debian-exim "$lab/spool" "$lab/exim-log"
  install -o Debian-exim -g Debian-exim -m 400 "$lab/key.pem" "$lab/exim-key.pem"
  cat >"$lab/exim.conf" <<CONF
primary_hostname = server.example
spool_directory = $lab/spool
log_file_path = $lab/exim-log/%slog
local_interfaces = 192.0.2.10
tls_advertise_hosts = *
tls_certificate = $lab/cert.pem
tls_privatekey = $lab/exim-key.pem
host_lookup =
rfc1413_query_timeout = 0s
smtp_banner = \$primary_hostname ESMTP
acl_smtp_rcpt = accept_all
acl_smtp_data = accept_all
begin acl
accept_all:
  accept
begin routers
nowhere:
  driver = redirect
  data = :blackhole:
CONF
  chmod 644 "$lab/exim.conf"
  chmod a+x "$lab"
  serve dmz exim4 -bdf -C "$lab/exim.conf"

  useradd --create-home --home-dir "$lab/alice" --shell /bin/sh alice
  install -d -o alice -g alice "$lab/alice/Maildir" "$lab/alice/Maildir/"{new,cur,tmp}
  printf 'From: bob@example.org\nTo: alice@server.example\nSubject: Hello\n\nHello Alice.\n' >"$lab/alice/Maildir/new/1"
  chown alice: "$lab/alice/Maildir/new/1"
  cat >"$lab/dovecot.conf" <<CONF
protocols = imap pop3
base_dir = $lab/dovecot
log_path = $lab/dovecot.log
listen = 192.0.2.10
ssl = yes
ssl_cert = <$lab/cert.pem
ssl_key = <$lab/key.pem
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
login_greeting = server.example ready.
passdb {
  driver = static
  args = password=only-for-the-lesson
}
userdb {
  driver = static
  args = uid=alice gid=alice home=$lab/alice
}
service imap-login {
  chroot =
}
service pop3-login {
  chroot =
}
service anvil {
  chroot =
}
CONF
  serve dmz dovecot -F -c "$lab/dovecot.conf"
  await dmz tcp 25
  await dmz tcp 110
  await dmz tcp 143
}

record() {
  mail_server
  printf 'From: bob@example.org\r\nTo: alice@server.example\r\nSubject: Hello\r\n\r\nHello Alice.\r\n' >"$lab/message"
  local fetch=(curl -sS -k --max-time 8)
  local send=(--mail-from bob@example.org --mail-rcpt alice@server.example -T "$lab/message")
  local login=(-u alice:only-for-the-lesson)
  start_capture
  # A stranger reads the greeting; another says hello and leaves.
  may_fail outside talk --from 203.0.113.5:40001 --to 192.0.2.10:25 recv sleep:0.1 shut eof
  may_fail outside talk --from 203.0.113.6:40002 --to 192.0.2.10:25 recv 'send:EHLO stranger.example\r\n' recv 'send:QUIT\r\n' eof
  # Mail delivered in the clear, and with STARTTLS.
  may_fail outside "${fetch[@]}" --interface 203.0.113.30 --local-port 40003 "${send[@]}" smtp://192.0.2.10/client.example
  may_fail outside "${fetch[@]}" --interface 203.0.113.31 --local-port 40004 --ssl-reqd "${send[@]}" smtp://192.0.2.10/client.example
  # A mailbox read over POP3 and IMAP.
  may_fail outside "${fetch[@]}" --interface 203.0.113.44 --local-port 40005 "${login[@]}" pop3://192.0.2.10/1
  may_fail outside "${fetch[@]}" --interface 203.0.113.66 --local-port 40006 "${login[@]}" 'imap://192.0.2.10/INBOX;MAILINDEX=1'
  may_fail outside "${fetch[@]}" --interface 203.0.113.66 --local-port 40007 "${login[@]}" --ssl-reqd 'imap://192.0.2.10/INBOX;MAILINDEX=1'
  # The same over TLS from the first byte.
  may_fail outside "${fetch[@]}" --interface 203.0.113.44 --local-port 40008 "${login[@]}" pop3s://192.0.2.10/1
  stop_capture
}
