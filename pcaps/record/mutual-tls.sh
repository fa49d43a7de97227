# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # lab and the helpers come from lab.sh, and lab_names is for fetch
# packages: nginx-light openssl curl
#
# Servers that ask their clients for a certificate; clients that have one, a wrong one, none.

# shellcheck source=/dev/null
. "$here/certificates.sh"

servers() { # two that insist in different ways, and one that does not ask
  authority 'Example CA'
  issue www www.example 20200101 20491231
  issue client Alice 20200101 20491231
  self_signed stranger Mallory 20200101 20491231
  {
    nginx_head
    cat <<CONF
  ssl_certificate $lab/ca/www.pem;
  ssl_certificate_key $lab/ca/www.key;
  server {
    listen 203.0.113.80:443 ssl;
  }
  server {
    listen 203.0.113.78:443 ssl;
    ssl_client_certificate $lab/ca/ca.pem;
    ssl_verify_client on;
  }
}
CONF
  } >"$lab/nginx.conf"
  serve_nginx
  serve outside env -C "$lab/www" openssl s_server -quiet -WWW -accept 203.0.113.77:443 -CAfile "$lab/ca/ca.pem" \
    -cert "$lab/ca/www.pem" -key "$lab/ca/www.key" -Verify 1 -verify_return_error
  sleep 1
}

record() {
  servers
  lab_names=(--resolve www.example:443:203.0.113.80 --resolve asks.example:443:203.0.113.78
    --resolve insists.example:443:203.0.113.77)
  local alice=(--cert "$lab/ca/client.pem" --key "$lab/ca/client.key")
  local mallory=(--cert "$lab/ca/stranger.pem" --key "$lab/ca/stranger.key")
  start_capture
  fetch 40001 -k --tls-max 1.2 https://www.example/
  # A web server that asks, and answers with an error page whoever has nothing to show.
  fetch 40002 -k --tls-max 1.2 "${alice[@]}" https://asks.example/
  fetch 40003 -k --tls-max 1.2 https://asks.example/
  # A server that breaks off.
  fetch 40004 -k --tls-max 1.2 "${alice[@]}" https://insists.example/index.html
  fetch 40005 -k --tls-max 1.2 https://insists.example/index.html
  fetch 40006 -k --tls-max 1.2 "${mallory[@]}" https://insists.example/index.html
  # With TLS 1.3 the question is encrypted, and so is the answer.
  fetch 40007 -k "${alice[@]}" https://asks.example/
  fetch 40008 -k https://insists.example/index.html
  stop_capture
}
