# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light openssl curl
#
# One web server with many names, each with a certificate that has something wrong with it.
# Clients that check, and clients that do not.

# shellcheck source=/dev/null
. "$here/certificates.sh"

server() { # NAME [MORE]: a server block for NAME.example
  cat <<CONF
  server {
    listen 203.0.113.80:443 ssl;
    server_name $1.example;
    ssl_certificate $lab/ca/$1.pem;
    ssl_certificate_key $lab/ca/$1.key;
    ${2:-}
  }
CONF
}

web_server() {
  authority 'Example CA'
  issue good good.example 20200101 20491231
  issue expired expired.example 20200101 20201231
  issue future future.example 21000101 21001231
  self_signed self-signed self-signed.example 20200101 20491231
  issue wrong-name another.example 20200101 20491231
  issue revoked revoked.example 20200101 20491231
  revoke revoked
  {
    nginx_head
    server good
    server expired
    server future
    server self-signed
    server wrong-name
    server revoked "ssl_stapling on; ssl_stapling_file $lab/ca/revoked.ocsp;"
    echo '}'
  } >"$lab/nginx.conf"
  serve_nginx
}

record() {
  web_server
  hosts_at 203.0.113.80 {good,expired,future,self-signed,wrong-name,revoked}.example
  local check=(--cacert "$lab/ca/ca.pem") port=40001 name
  start_capture
  # With TLS 1.2: a client that checks, then one that does not.
  for name in good expired future self-signed wrong-name revoked; do
    fetch $port --tls-max 1.2 "${check[@]}" https://$name.example/
    fetch $((port + 1)) --tls-max 1.2 -k https://$name.example/
    port=$((port + 2))
  done
  # A client that looks at the name before the handshake is over.
  may_fail inside timeout 8 openssl s_client -connect 203.0.113.80:443 -bind 10.0.0.10:40013 -tls1_2 \
    -CAfile "$lab/ca/ca.pem" -servername wrong-name.example -verify_hostname wrong-name.example -verify_return_error
  # Revoked: told by a list of the client's own, and by what the server itself brings along.
  fetch 40014 --tls-max 1.2 "${check[@]}" --crlfile "$lab/ca/crl.pem" https://revoked.example/
  fetch 40015 --tls-max 1.2 "${check[@]}" --cert-status https://revoked.example/
  # With TLS 1.3 the certificate is no longer to be seen.
  fetch 40016 "${check[@]}" https://expired.example/
  fetch 40017 -k https://expired.example/
  stop_capture
}
