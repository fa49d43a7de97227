# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nginx-light openssl curl openjdk-17-jdk-headless python3-venv
# python packages: mitmproxy
#
# Clients behind an intercepting proxy. mitmproxy stands on the router, where the firewall would
# be, and shows certificates of its own; some clients put up with that, some do not. The capture
# is taken between the clients and the proxy.

# shellcheck source=/dev/null
. "$here/certificates.sh"

web_server() {
  authority 'Example CA'
  issue www www.example.org 20200101 20491231
  {
    nginx_head
    cat <<CONF
  server {
    listen 203.0.113.80:443 ssl;
    ssl_certificate $lab/ca/www.pem;
    ssl_certificate_key $lab/ca/www.key;
  }
}
CONF
  } >"$lab/nginx.conf"
  serve_nginx
}

interceptor() { # signs with an authority of its own, which some of the clients know
  mkdir -p "$lab/mitm"
  self_signed mitm-ca 'Example Forward Trust' 20200101 20491231
  cat "$lab/ca/mitm-ca.key" "$lab/ca/mitm-ca.pem" >"$lab/mitm/mitmproxy-ca.pem"
  router nft -f - <<'NFT'
table ip lab {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "inside0" tcp dport 443 redirect to :8443
  }
}
NFT
  serve router "$FIRSTPASS_PYTHON/bin/mitmdump" --quiet --mode transparent --listen-port 8443 \
    --set confdir="$lab/mitm" --set ssl_insecure=true --set connection_strategy=lazy
  await router tcp 8443
}

application() { # PORT VERSION: a Java program with an authority of its own, and no other
  mkdir -p "$lab/java"
  cat >"$lab/java/Application.java" <<'JAVA'
import java.net.*;
import javax.net.ssl.*;

class Application {
  public static void main(String[] args) throws Exception {
    try (Socket link = new Socket()) {
      link.bind(new InetSocketAddress("10.0.0.10", Integer.parseInt(args[0])));
      link.connect(new InetSocketAddress("203.0.113.80", 443));
      var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
      var socket = (SSLSocket) factory.createSocket(link, "www.example.org", 443, false);
      socket.setEnabledProtocols(new String[] {args[1]});
      try {
        socket.startHandshake();
      } catch (SSLException refused) {
        System.out.println(refused);
      }
      link.shutdownOutput();
      link.getInputStream().readAllBytes();
    }
  }
}
JAVA
  if [[ ! -e $lab/java/trusted ]]; then
    keytool -importcert -noprompt -alias own -file "$lab/ca/ca.pem" -keystore "$lab/java/trusted" \
      -storepass changeit >>"$lab/clients.log" 2>&1
  fi
  may_fail inside java -Djavax.net.ssl.trustStore="$lab/java/trusted" -Djavax.net.ssl.trustStorePassword=changeit \
    "$lab/java/Application.java" "$1" "$2"
}

dane() { # PORT: is told the fingerprint of the server's own key, as from a TLSA record
  may_fail inside timeout 8 openssl s_client -connect 203.0.113.80:443 -bind "10.0.0.10:$1" -tls1_2 \
    -servername www.example.org -verify_return_error -CAfile "$lab/ca/mitm-ca.pem" \
    -dane_tlsa_domain www.example.org -dane_tlsa_rrdata "3 1 1 $(own_key -r | cut -d' ' -f1)"
}

own_key() { # OPTIONS: the fingerprint of the server's own key
  openssl x509 -in "$lab/ca/www.pem" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 "$@"
}

record() {
  web_server
  interceptor
  hosts_at 203.0.113.80 www.example.org
  # Once before the capture: what the proxy asks of the server for the first time takes its time.
  fetch 40000 --cacert "$lab/ca/mitm-ca.pem" https://www.example.org/
  start_capture inside
  # A managed machine: knows the proxy's authority.
  fetch 40001 --tls-max 1.2 --cacert "$lab/ca/mitm-ca.pem" https://www.example.org/
  # A machine that nobody told of the proxy's authority.
  fetch 40002 --tls-max 1.2 --cacert "$lab/ca/ca.pem" https://www.example.org/
  # A program that knows its own authority alone.
  application 40003 TLSv1.2
  # Pinning: while the certificate is looked at, and when all is done.
  dane 40004
  fetch 40005 --tls-max 1.2 --cacert "$lab/ca/mitm-ca.pem" --pinnedpubkey "sha256//$(own_key -binary | base64)" \
    https://www.example.org/
  # 40002 and 40003 with TLS 1.3.
  fetch 40006 --cacert "$lab/ca/ca.pem" https://www.example.org/
  application 40007 TLSv1.3
  stop_capture
}
