# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
#
# What the lessons about FTP share: an account, files to transfer, and vsftpd.

ftp_account() {
  useradd --create-home --home-dir "$lab/partner" --shell /bin/sh partner
  echo 'partner:only-for-the-lesson' | chpasswd
  printf 'Delivery note 4711\nitems: 3\n' >"$lab/partner/note.txt"
  printf 'Order 4712\nitems: 5\n' >"$lab/order.txt"
}

# ftp_server NAMESPACE [ADDRESS PORT LINE...]: at every address, port 21, or at this one; further lines of its
# configuration overrule those here.
ftp_server() {
  local namespace=$1 address=${2:-} port=${3:-21}
  local name=vsftpd-$address-$port listen=(listen=NO listen_ipv6=YES)
  if [[ $address ]]; then listen=(listen=YES listen_ipv6=NO "listen_address=$address" "listen_port=$port" "${@:4}"); fi
  mkdir -p "$lab/empty"
  cat >"$lab/$name.conf" <<CONF
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=$lab/empty
pam_service_name=vsftpd
ftpd_banner=files.example FTP server ready.
connect_from_port_20=YES
pasv_min_port=50000
pasv_max_port=50099
xferlog_enable=NO
isolate=NO
seccomp_sandbox=NO
CONF
  printf '%s\n' "${listen[@]}" >>"$lab/$name.conf"
  serve "$namespace" vsftpd "$lab/$name.conf"
  await "$namespace" tcp "$port" "$address"
}
