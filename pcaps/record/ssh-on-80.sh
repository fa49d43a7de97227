# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: openssh-server openssh-client python3 curl
#
# The same SSH server on ports 22 and 80; on the next host, HTTP on ports 80 and 22.

record() {
  useradd --create-home --home-dir "$lab/alice" --shell /bin/sh alice
  ssh-keygen -q -t ed25519 -N '' -C host -f "$lab/host_key"
  ssh-keygen -q -t ed25519 -N '' -C alice -f "$lab/user_key"
  mkdir -p /run/sshd
  cp "$lab/user_key.pub" "$lab/authorized_keys"
  chmod a+x "$lab"
  cat >"$lab/sshd_config" <<CONF
ListenAddress 192.0.2.10:22
ListenAddress 192.0.2.10:80
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
  passwd -q -d alice
  mkdir -p "$lab/www"
  echo 'Hello.' >"$lab/www/index.html"
  serve dmz /usr/sbin/sshd -D -e -f "$lab/sshd_config"
  serve dmz python3 -m http.server --directory "$lab/www" --bind 192.0.2.11 80
  serve dmz python3 -m http.server --directory "$lab/www" --bind 192.0.2.11 22
  await dmz tcp 22
  await dmz tcp 80
  sleep 0.5
  start_capture
  local port
  for port in 22 80; do
    may_fail outside ssh -F none -p "$port" -b 203.0.113.5 -i "$lab/user_key" -o IdentitiesOnly=yes -o BatchMode=yes \
      -o StrictHostKeyChecking=no -o UserKnownHostsFile="$lab/known" -o LogLevel=ERROR alice@192.0.2.10 true
  done
  may_fail outside curl -sS --max-time 5 -A curl --interface 203.0.113.6 --local-port 40001 http://192.0.2.11/
  may_fail outside curl -sS --max-time 5 -A curl --interface 203.0.113.6 --local-port 40002 http://192.0.2.11:22/
  stop_capture
}
