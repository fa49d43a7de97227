# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light openssl curl python3
#
# Services of a company's own: a portal over HTTP, another name of it over TLS, and a
# measuring station with a protocol of its own; beside each something that resembles it.

web_server() {
  mkdir -p "$lab/www" "$lab/nginx"
  printf '<!doctype html><title>Hello</title><p>Hello.\n' >"$lab/www/index.html"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=server.example \
    -keyout "$lab/key.pem" -out "$lab/cert.pem" 2>>"$lab/servers.log"
  cat >"$lab/nginx.conf" <<CONF
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
    listen 192.0.2.10:80;
    listen 192.0.2.10:443 ssl;
    root $lab/www;
    location /upload/ { return 204; }
  }
}
CONF
  chmod -R a+rX "$lab/www" "$lab/nginx"
  chmod a+x "$lab"
  serve dmz nginx -p "$lab" -c "$lab/nginx.conf"
  await dmz tcp 443
}

get() { # SOURCE PORT CURL-ARGUMENTS...
  local source=$1 port=$2
  shift 2
  may_fail outside curl -sS -k --max-time 5 --http1.1 -A curl --interface "$source" --local-port "$port" \
    --resolve portal.example:80:192.0.2.10 --resolve www.example:80:192.0.2.10 \
    --resolve portal.example:443:192.0.2.10 --resolve portal.example.org:443:192.0.2.10 "$@"
}

station() { # SERVER'S-PORT SOURCE:PORT WHAT-IT-SAYS
  serve dmz talk --listen "192.0.2.11:$1" recv 'send:OK\n' recv 'send:OK\n' eof
  await dmz tcp "$1"
  may_fail outside talk --from "$2" --to "192.0.2.11:$1" "send:$3" recv 'send:TEMP 21.5\n' recv shut eof
}

record() {
  web_server
  start_capture
  # The portal: a page, an upload, and both in one connection.
  get 203.0.113.5 40001 http://portal.example/
  get 203.0.113.5 40002 -X POST -d temperature=21.5 http://portal.example/upload/7
  get 203.0.113.5 40003 http://portal.example/ --next -sS --http1.1 -A curl --interface 203.0.113.5 --local-port 40003 \
    --resolve portal.example:80:192.0.2.10 -X POST -d temperature=21.5 http://portal.example/upload/7
  # The same path under another name, and the same name with another method.
  get 203.0.113.6 40004 -X POST -d temperature=21.5 http://www.example/upload/7
  get 203.0.113.6 40005 http://portal.example/upload/7
  # The portal over TLS, and a name that only begins like it.
  get 203.0.113.5 40006 https://portal.example/
  get 203.0.113.6 40007 https://portal.example.org/
  # The station's protocol, and another that no decoder knows either.
  station 7001 203.0.113.5:40008 'STATION/1 id=7\n'
  station 7002 203.0.113.6:40009 'STATISTICS id=7\n'
  stop_capture
}
