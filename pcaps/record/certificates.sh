# shellcheck shell=bash
# shellcheck disable=SC2154 # lab comes from lab.sh
#
# A certification authority for one recording, for the lessons about TLS. It keeps its books,
# so that it can revoke. Certificates say when they are valid in years, not in days from the
# recording on: a lesson recorded again tells the same.

authority() { # NAME: the authority itself, $lab/ca/ca.pem
  mkdir -p "$lab/ca/issued"
  : >"$lab/ca/index.txt"
  cat >"$lab/ca/ca.conf" <<CONF
[ca]
default_ca = lab
[lab]
database = $lab/ca/index.txt
new_certs_dir = $lab/ca/issued
certificate = $lab/ca/ca.pem
private_key = $lab/ca/ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
CONF
  issue ca "$1" 20200101 20491231 -selfsign -keyfile "$lab/ca/ca.key"
}

# issue NAME SUBJECT FROM UNTIL [OPTIONS OF openssl ca...]: $lab/ca/NAME.pem and .key, valid
# from the first of these days to the last. The key is RSA where `key` says so.
issue() {
  local name=$1 subject=$2 from=$3 until=$4 kind=(ec -pkeyopt ec_paramgen_curve:P-256) use
  shift 4
  if [[ ${key:-} == rsa ]]; then kind=(rsa:2048); fi
  use=$'basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, keyEncipherment\n'
  if [[ $name == *ca ]]; then
    use=$'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\n'
  elif [[ $subject == *.* ]]; then
    use+="subjectAltName = DNS:$subject"$'\n'
  fi
  {
    openssl req -new -newkey "${kind[@]}" -nodes -subj "/CN=$subject" -keyout "$lab/ca/$name.key" -out "$lab/ca/$name.csr"
    openssl ca -batch -config "$lab/ca/ca.conf" -notext -in "$lab/ca/$name.csr" -out "$lab/ca/$name.pem" \
      -startdate "${from}000000Z" -enddate "${until}235959Z" -extfile <(printf '%s' "$use") "$@"
  } >>"$lab/servers.log" 2>&1
  chmod 644 "$lab/ca/$name.key" # servers give up being root
}

self_signed() { # NAME SUBJECT FROM UNTIL: signed by nobody else
  issue "$@" -selfsign -keyfile "$lab/ca/$1.key"
}

revoke() { # NAME: and say so in $lab/ca/crl.pem and in $lab/ca/NAME.ocsp
  local ca=$lab/ca
  {
    openssl ca -config "$ca/ca.conf" -revoke "$ca/$1.pem" -crl_reason keyCompromise
    openssl ca -config "$ca/ca.conf" -gencrl -crldays 3650 -out "$ca/crl.pem"
    openssl ocsp -issuer "$ca/ca.pem" -cert "$ca/$1.pem" -no_nonce -reqout "$ca/$1.request"
    openssl ocsp -index "$ca/index.txt" -CA "$ca/ca.pem" -rsigner "$ca/ca.pem" -rkey "$ca/ca.key" -ndays 3650 \
      -reqin "$ca/$1.request" -respout "$ca/$1.ocsp"
  } >>"$lab/servers.log" 2>&1
}

# fetch PORT CURL-ARGUMENTS...: curl from inside, over HTTP/1.1; `lab_names` says where hosts are
fetch() {
  local port=$1
  shift
  may_fail inside curl -sS --max-time 8 --http1.1 -A curl --interface 10.0.0.10 --local-port "$port" \
    "${lab_names[@]}" "$@"
}

hosts_at() { # ADDRESS HOST...: sets `lab_names`, for `fetch`
  local address=$1 host
  shift
  lab_names=()
  for host in "$@"; do lab_names+=(--resolve "$host:443:$address"); done
}

# The beginning of a configuration of nginx, to be followed by server blocks and a brace.
nginx_head() {
  mkdir -p "$lab/www" "$lab/nginx"
  printf '<!doctype html><title>server.example</title><p>Hello.\n' >"$lab/www/index.html"
  cat <<CONF
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
  ssl_protocols TLSv1.2 TLSv1.3;
  root $lab/www;
CONF
}

# serve_nginx: with $lab/nginx.conf, outside
serve_nginx() {
  chmod -R a+rX "$lab/www" "$lab/nginx" "$lab/ca"
  chmod a+x "$lab"
  serve outside nginx -p "$lab" -c "$lab/nginx.conf"
  await outside tcp 443
}
