# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # lab and the helpers come from lab.sh, and lab_names is for fetch
# packages: nginx-light openssl curl python3-venv
# python packages: tlslite-ng
#
# Servers and clients with old versions and old ciphers, and such as have none in common. What
# Debian's OpenSSL was built without (SSL 3.0, RC4, 3DES) speaks tlslite-ng.

# shellcheck source=/dev/null
. "$here/certificates.sh"

web_server() { # TLS 1.2 and 1.3
  authority 'Example CA'
  key=rsa issue old old.example 20200101 20491231
  issue www www.example 20200101 20491231
  {
    nginx_head
    cat <<CONF
  server {
    listen 203.0.113.80:443 ssl;
    ssl_certificate $lab/ca/www.pem;
    ssl_certificate_key $lab/ca/www.key;
    ssl_ciphers ECDHE+AESGCM:ECDHE+AES;
  }
}
CONF
  } >"$lab/nginx.conf"
  serve_nginx
}

# Everything OpenSSL still has.
anything='DEFAULT:@SECLEVEL=0'

openssl_server() { # ADDRESS OPTIONS...
  local address=$1
  shift
  serve outside env -C "$lab/www" openssl s_server -quiet -WWW -accept "$address:443" -cert "$lab/ca/old.pem" -key "$lab/ca/old.key" \
    -cipher "$anything" "$@"
}

tlslite() { # serve|fetch ADDRESS VERSION CIPHER [PORT]
  cat >"$lab/old_tls.py" <<PYTHON
import socket, sys
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
what, address, version, cipher = sys.argv[1:5]
settings = HandshakeSettings()
settings.minVersion = settings.maxVersion = (3, int(version))
settings.cipherNames = [cipher]
settings.keyExchangeNames = ["rsa"]
if what == "serve":
    chain = X509CertChain()
    chain.parsePemList(open("$lab/ca/old.pem").read())
    key = parsePEMKey(open("$lab/ca/old.key").read(), private=True)
    with socket.create_server((address, 443)) as server:
        while True:
            link, _ = server.accept()
            connection = TLSConnection(link)
            connection.handshakeServer(certChain=chain, privateKey=key, settings=settings)
            connection.read()
            connection.send(b"HTTP/1.0 200 OK\r\n\r\nHello.\n")
            connection.close()
link = socket.create_connection((address, 443), 8, ("10.0.0.10", int(sys.argv[5])))
connection = TLSConnection(link)
connection.handshakeClientCert(settings=settings, serverName="old.example")
connection.send(b"GET / HTTP/1.0\r\nHost: old.example\r\n\r\n")
while connection.read():
    pass
connection.close()
PYTHON
  local what=$1
  if [[ $what == serve ]]; then
    serve outside "$FIRSTPASS_PYTHON/bin/python3" "$lab/old_tls.py" "$@"
  else
    may_fail inside "$FIRSTPASS_PYTHON/bin/python3" "$lab/old_tls.py" "$@"
  fi
}

record() {
  web_server
  openssl_server 203.0.113.78 -tls1
  openssl_server 203.0.113.77 -tls1_1
  openssl_server 203.0.113.66 -tls1_2
  tlslite serve 203.0.113.44 3 rc4
  tlslite serve 203.0.113.31 3 3des
  tlslite serve 203.0.113.30 0 3des
  sleep 2
  lab_names=(--resolve www.example:443:203.0.113.80 --resolve tls10.example:443:203.0.113.78
    --resolve tls11.example:443:203.0.113.77 --resolve tls12.example:443:203.0.113.66)
  start_capture
  fetch 40001 -k https://www.example/
  fetch 40002 -k --tls-max 1.2 https://www.example/
  # A cipher that is old and has not been switched off.
  fetch 40003 -k --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-SHA https://www.example/
  # Versions: the client could do better, the server cannot.
  fetch 40004 -k --tlsv1.0 --tls-max 1.2 --ciphers "$anything" https://tls10.example/index.html
  fetch 40005 -k --tlsv1.0 --tls-max 1.2 --ciphers "$anything" https://tls11.example/index.html
  # The client cannot.
  fetch 40006 -k --tlsv1.0 --tls-max 1.0 --ciphers "$anything" https://tls10.example/index.html
  tlslite fetch 203.0.113.30 0 3des 40007
  # Ciphers.
  tlslite fetch 203.0.113.44 3 rc4 40008
  tlslite fetch 203.0.113.31 3 3des 40009
  # Nothing in common: no cipher, no version, no version.
  fetch 40010 -k --tls-max 1.2 --ciphers ECDHE-ECDSA-ARIA256-GCM-SHA384 https://www.example/
  fetch 40011 -k --tlsv1.3 https://tls12.example/index.html
  fetch 40012 -k --tlsv1.2 https://tls10.example/index.html
  stop_capture
}
