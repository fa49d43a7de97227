# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light openssl curl
#
# A web server: HTTP on 80 and 8080, HTTPS on 443, HTTPS again on 8443.

web_server() {
  mkdir -p "$lab/www" "$lab/nginx"
  printf '<!doctype html><title>server.example</title><p>Hello.\n' >"$lab/www/index.html"
  head -c 6000 /dev/zero | tr '\0' 'x' >"$lab/www/large.txt"
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
    listen 80; listen 8080; listen [::]:80; listen [::]:8080;
    listen 443 ssl; listen 8443 ssl; listen [::]:443 ssl;
    root $lab/www;
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
  may_fail outside curl -sS -k --max-time 5 --interface "$source" --local-port "$port" -A curl "$@"
}

record() {
  web_server
  start_capture
  get 203.0.113.5 40001 http://192.0.2.10/
  get 2001:db8:ffff::21 40002 'http://[2001:db8:1::10]/'
  get 203.0.113.6 40003 http://192.0.2.10:8080/
  get 203.0.113.30 40004 http://192.0.2.10/large.txt   # the answer takes several segments
  get 203.0.113.31 40005 http://192.0.2.10/ http://192.0.2.10/missing # two requests, one connection
  get 203.0.113.44 40006 --http1.1 https://192.0.2.10/
  get 203.0.113.66 40007 --http1.1 --tls-max 1.2 https://192.0.2.10/
  get 203.0.113.77 40008 --http1.1 https://192.0.2.10:8443/
  get 2001:db8:ffff::42 40009 --http1.1 'https://[2001:db8:1::10]/'
  # A browser's spare connection: opened, never used.
  may_fail outside talk --from 198.51.100.21:40010 --to 192.0.2.10:80 sleep:0.2 close
  # Not HTTP, but the server answers in HTTP.
  may_fail outside talk --from 198.51.100.22:40011 --to 192.0.2.10:8080 'send:\x01\x02\x03\x04\r\n\r\n' eof
  stop_capture
}
