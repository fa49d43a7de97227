# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light libnginx-mod-http-dav-ext openssl curl tinyproxy exim4-daemon-light samba smbclient ngtcp2-client ngtcp2-server python3-venv
# python packages: websockets curl_cffi
#
# Sessions whose application is not the same from beginning to end. Clients inside, servers
# outside; the names of services lead to the laboratory's own server, which shows a
# certificate made for the recording.

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=server.example \
    -keyout "$lab/key.pem" -out "$lab/cert.pem" 2>>"$lab/servers.log"
}

web_server() { # TLS on 443, HTTP with WebDAV on 80
  mkdir -p "$lab/www" "$lab/nginx"
  printf '<!doctype html><title>Hello</title><p>Hello.\n' >"$lab/www/index.html"
  cat >"$lab/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
worker_processes 1;
pid $lab/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  server_tokens off;
  client_body_temp_path $lab/nginx/body;
  proxy_temp_path $lab/nginx/proxy;
  fastcgi_temp_path $lab/nginx/fastcgi;
  uwsgi_temp_path $lab/nginx/uwsgi;
  scgi_temp_path $lab/nginx/scgi;
  ssl_certificate $lab/cert.pem;
  ssl_certificate_key $lab/key.pem;
  server {
    listen 203.0.113.80:80;
    listen 203.0.113.80:443 ssl;
    root $lab/www;
    dav_ext_methods PROPFIND OPTIONS;
  }
}
CONF
  chmod -R a+rX "$lab/www" "$lab/nginx"
  serve outside nginx -p "$lab" -c "$lab/nginx.conf"
  await outside tcp 443
}

proxy_server() { # on the next address; it finds these names at the web server, as the QUIC client does
  printf '203.0.113.80 %s\n' www.facebook.com www.example.org www.youtube.com >>/etc/hosts
  cat >"$lab/tinyproxy.conf" <<CONF
Port 3128
Listen 203.0.113.78
Bind 203.0.113.78
Timeout 10
DisableViaHeader Yes
ConnectPort 443
CONF
  serve outside tinyproxy -d -c "$lab/tinyproxy.conf"
  await outside tcp 3128
}

mail_server() {
  install -d -o Debian-exim -g Debian-exim "$lab/spool" "$lab/exim-log"
  install -o Debian-exim -g Debian-exim -m 400 "$lab/key.pem" "$lab/exim-key.pem"
  cat >"$lab/exim.conf" <<CONF
primary_hostname = server.example
spool_directory = $lab/spool
log_file_path = $lab/exim-log/%slog
local_interfaces = 203.0.113.77
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
  serve outside exim4 -bdf -C "$lab/exim.conf"
  await outside tcp 25
}

file_server() {
  mkdir -p "$lab/share" "$lab/samba" /run/samba /var/log/samba
  echo 'Hello.' >"$lab/share/hello.txt"
  chmod -R a+rX "$lab/share"
  cat >"$lab/smb.conf" <<CONF
[global]
  server role = standalone server
  netbios name = FILES
  interfaces = 203.0.113.99
  bind interfaces only = yes
  smb ports = 445
  map to guest = Bad User
  guest account = nobody
  server min protocol = SMB2_02
  lock directory = $lab/samba
  state directory = $lab/samba
  cache directory = $lab/samba
  private dir = $lab/samba
  pid directory = $lab/samba
  ncalrpc dir = $lab/samba
  log file = $lab/samba/log
  load printers = no
  disable spoolss = yes
[share]
  path = $lab/share
  guest ok = yes
CONF
  serve outside smbd --foreground --no-process-group --configfile="$lab/smb.conf"
  await outside tcp 445
}

quic_server() {
  serve outside gtlsserver --quiet --htdocs="$lab/www" 203.0.113.80 443 "$lab/key.pem" "$lab/cert.pem"
  await outside udp 443
}

websocket_server() {
  cat >"$lab/echo_server.py" <<'PYTHON'
import asyncio, websockets

async def echo(socket):
    async for message in socket:
        await socket.send(message)

async def main():
    async with websockets.serve(echo, "203.0.113.80", 8080, compression=None):
        await asyncio.Future()

asyncio.run(main())
PYTHON
  cat >"$lab/echo_client.py" <<'PYTHON'
import asyncio, sys, websockets

async def main():
    address = ("10.0.0.10", int(sys.argv[1]))
    async with websockets.connect("ws://203.0.113.80:8080/chat", local_addr=address, compression=None) as socket:
        await socket.send("Hello.")
        await socket.recv()

asyncio.run(main())
PYTHON
  serve outside "$FIRSTPASS_PYTHON/bin/python3" "$lab/echo_server.py"
  await outside tcp 8080
}

fetch() { # PORT CURL-ARGUMENTS...
  local port=$1
  shift
  may_fail inside curl -sS -k --max-time 8 --http1.1 -A curl --interface 10.0.0.10 --local-port "$port" "$@"
}

browser() { # PORT HOST: the ClientHello of a present-day browser
  cat >"$lab/browser.py" <<'PYTHON'
import sys
from curl_cffi import CurlOpt, requests

port, host = int(sys.argv[1]), sys.argv[2]
options = {
    CurlOpt.RESOLVE: [f"{host}:443:203.0.113.80"],
    CurlOpt.LOCALPORT: port,
    CurlOpt.INTERFACE: b"10.0.0.10",
}
with requests.Session(impersonate="chrome", curl_options=options, verify=False, timeout=8) as session:
    session.get(f"https://{host}/")
PYTHON
  may_fail inside "$FIRSTPASS_PYTHON/bin/python3" "$lab/browser.py" "$1" "$2"
}

names() { # HOST...: curl finds these at the web server, over HTTP and over TLS
  local host
  for host in "$@"; do printf -- '--resolve\n%s:80:203.0.113.80\n--resolve\n%s:443:203.0.113.80\n' "$host" "$host"; done
}

record() {
  chmod a+x "$lab"
  certificate
  web_server
  proxy_server
  mail_server
  file_server
  quic_server
  websocket_server
  printf 'From: bob@example.org\r\nTo: alice@server.example\r\nSubject: Hello\r\n\r\nHello Alice.\r\n' >"$lab/message"
  mapfile -t lab_names < <(names www.example.org mail.google.com www.facebook.com files.example)
  start_capture
  # TLS: no service, one, and one within another.
  fetch 40001 "${lab_names[@]}" https://www.example.org/
  fetch 40002 "${lab_names[@]}" https://www.facebook.com/
  fetch 40003 "${lab_names[@]}" https://mail.google.com/
  # TLS 1.2 without a server name: nobody says which service this is.
  fetch 40004 --tls-max 1.2 https://203.0.113.80/
  # A service over HTTP; a web server that turns out to hold files.
  fetch 40005 "${lab_names[@]}" http://www.facebook.com/
  fetch 40006 "${lab_names[@]}" http://files.example/ --next -sS --http1.1 -A curl --interface 10.0.0.10 \
    --local-port 40006 "${lab_names[@]}" -X PROPFIND -H 'Depth: 1' http://files.example/
  # HTTP that stops being HTTP.
  may_fail inside "$FIRSTPASS_PYTHON/bin/python3" "$lab/echo_client.py" 40007
  # Through a proxy: a page, and two tunnels.
  fetch 40008 -x http://203.0.113.78:3128 http://www.example.org/
  fetch 40009 -x http://203.0.113.78:3128 https://www.example.org/
  fetch 40010 -x http://203.0.113.78:3128 https://www.facebook.com/
  # Mail, delivered after STARTTLS.
  fetch 40011 --ssl-reqd --mail-from bob@example.org --mail-rcpt alice@server.example -T "$lab/message" \
    smtp://203.0.113.77/client.example
  # Files.
  may_fail inside smbclient -m SMB3 -N -p 445 //203.0.113.99/share -c 'get hello.txt /dev/null'
  may_fail inside smbclient -m SMB2_10 -N -p 445 //203.0.113.99/share -c 'get hello.txt /dev/null'
  # QUIC.
  may_fail inside gtlsclient --quiet --exit-on-all-streams-close \
    www.youtube.com 443 https://www.youtube.com/
  # A browser's ClientHello takes two segments, and its extensions stand in any order.
  browser 40012 mail.google.com
  stop_capture
}
