# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light openssl curl
#
# Web requests over TLS by a client that writes down its keys: versions, ciphers, HTTP/1.1 and
# HTTP/2, and requests that are not for the host that the handshake names.

# shellcheck source=/dev/null
. "$here/certificates.sh"

servers() {
  authority 'Example CA'
  issue www www.example.org 20200101 20491231
  {
    nginx_head
    cat <<CONF
  ssl_certificate $lab/ca/www.pem;
  ssl_certificate_key $lab/ca/www.key;
  server {
    listen 203.0.113.80:443 ssl http2;
  }
  server { # wants another key share than clients send at first
    listen 203.0.113.78:443 ssl;
    ssl_ecdh_curve secp384r1;
  }
  server { # MAC, then encrypt, as before RFC 7366
    listen 203.0.113.77:443 ssl;
    ssl_conf_command Options -EncryptThenMac;
  }
}
CONF
  } >"$lab/nginx.conf"
  seq 5000 >"$lab/www/numbers.txt" # several records, several segments
  serve_nginx
}

get() { # PORT CURL-ARGUMENTS...: the page of www.example.org, keys written down
  SSLKEYLOGFILE=$lab/keys.txt fetch "$1" -k "${@:2}" https://www.example.org/
}

record() {
  servers
  : >"$lab/keys.txt"
  chmod 666 "$lab/keys.txt"
  hosts_at 203.0.113.80 www.example.org
  start_capture
  # TLS 1.3, three ciphers.
  get 40001 --tls13-ciphers TLS_AES_128_GCM_SHA256
  get 40002 --tls13-ciphers TLS_AES_256_GCM_SHA384
  get 40003 --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256
  # TLS 1.2, four.
  get 40004 --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
  get 40005 --tls-max 1.2 --ciphers ECDHE-ECDSA-AES256-GCM-SHA384
  get 40006 --tls-max 1.2 --ciphers ECDHE-ECDSA-CHACHA20-POLY1305
  get 40007 --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-SHA
  hosts_at 203.0.113.77 www.example.org
  get 40008 --tls-max 1.2 --ciphers ECDHE-ECDSA-AES256-SHA
  # A HelloRetryRequest.
  hosts_at 203.0.113.78 www.example.org
  get 40009
  # HTTP/2.
  hosts_at 203.0.113.80 www.example.org
  get 40010 --http2
  get 40011 --http2 --tls-max 1.2
  # More than a record.
  get 40012 https://www.example.org/numbers.txt
  # What only the request tells: another application, at the second request; a service and a
  # category that the handshake does not name.
  get 40013 https://www.example.org/ --next -sS -k --http1.1 -A curl --interface 10.0.0.10 --local-port 40013 \
    "${lab_names[@]}" -X PROPFIND
  get 40014 -H 'Host: www.facebook.com'
  get 40015 -H 'Host: games.example'
  # A client that keeps its keys to itself.
  fetch 40016 -k https://www.example.org/
  stop_capture
  cp "$lab/keys.txt" "$target/keys.txt"
  write_capture capture-with-keys.pcapng --secrets "$lab/keys.txt"
}
