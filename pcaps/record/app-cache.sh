# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: openssh-server openssh-client sslh nginx-light curl python3
#
# A server outside whose port 80 is shared by a web server and an SSH server (sslh tells
# them apart by the client's first bytes); beside it a plain SSH server on port 80.

servers() {
  useradd --create-home --home-dir "$lab/alice" --shell /bin/sh alice
  ssh-keygen -q -t ed25519 -N '' -C host -f "$lab/host_key"
  ssh-keygen -q -t ed25519 -N '' -C alice -f "$lab/user_key"
  mkdir -p /run/sshd "$lab/www" "$lab/nginx"
  cp "$lab/user_key.pub" "$lab/authorized_keys"
  chmod a+x "$lab"
  passwd -q -d alice
  cat >"$lab/sshd_config" <<CONF
ListenAddress 127.0.0.1:22
ListenAddress 203.0.113.66:80
HostKey $lab/host_key
AuthorizedKeysFile $lab/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PrintMotd no
PidFile none
DebianBanner no
CONF
  echo 'Hello.' >"$lab/www/index.html"
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
  server { listen 127.0.0.1:8080; root $lab/www; }
}
CONF
  chmod -R a+rX "$lab/www" "$lab/nginx"
  serve outside /usr/sbin/sshd -D -e -f "$lab/sshd_config"
  serve outside nginx -p "$lab" -c "$lab/nginx.conf"
  await outside tcp 22
  await outside tcp 8080
  serve outside sslh --foreground --listen 203.0.113.80:80 --ssh 127.0.0.1:22 --http 127.0.0.1:8080
  sleep 0.5
}

login() { # SERVER: an SSH login over port 80 that runs `true`
  may_fail inside ssh -F none -p 80 -b 10.0.0.10 -i "$lab/user_key" -o IdentitiesOnly=yes -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile="$lab/known" -o LogLevel=ERROR "alice@$1" true
}

browse() { # PORT
  may_fail inside curl -sS --max-time 5 -A curl --interface 10.0.0.10 --local-port "$1" http://203.0.113.80/
}

record() {
  servers
  start_capture
  local port
  # An honest beginning: the port has been seen to speak SSH once.
  login 203.0.113.80
  for port in {40001..40015}; do browse "$port"; done
  # One web session short of the threshold.
  login 203.0.113.80
  for port in {40016..40031}; do browse "$port"; done
  # Sixteen in a row.
  login 203.0.113.80
  login 203.0.113.80
  # The server beside it has no past.
  login 203.0.113.66
  stop_capture
}
