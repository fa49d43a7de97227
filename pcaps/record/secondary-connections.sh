# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: tftpd-hpa tftp-hpa baresip-core gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base
# packages: gstreamer1.0-plugins-good gstreamer1.0-tools ngircd weechat-headless weechat-plugins
# packages: samba smbclient
#
# Connections that other connections announce, besides those of FTP: TFTP's answers, a call over SIP, a
# stream over RTSP, files between two people on IRC, and a service that an endpoint mapper knows the port of.

tftp_servers() {
  mkdir -p "$lab/tftp"
  printf 'hostname switch\n' >"$lab/tftp/switch.cfg"
  install -m 666 /dev/null "$lab/tftp/backup.cfg"
  chmod a+x "$lab"
  chmod -R a+rX "$lab/tftp"
  local tftpd=(in.tftpd --foreground --user nobody --port-range 50100:50199 --secure "$lab/tftp")
  serve dmz "${tftpd[@]}" --address 192.0.2.10:69
  serve outside "${tftpd[@]}" --address 203.0.113.80:69
  await dmz udp 69
  await outside udp 69
}

telephone() { # NAMESPACE NAME ADDRESS FIRST-RTP-PORT ARG...: a telephone that answers by itself
  local namespace=$1 name=$2 address=$3 rtp=$4
  mkdir -p "$lab/$name"
  cat >"$lab/$name/config" <<CONF
poll_method epoll
sip_listen $address:5060
net_interface $address
audio_source ausine,440
ausrc_srate 48000
ausrc_channels 2
rtp_ports $rtp-$((rtp + 9))
module_path /usr/lib/baresip/modules
module g711.so
module ausine.so
module_tmp account.so
module_app menu.so
CONF
  echo "<sip:$name@$address>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1" >"$lab/$name/accounts"
  : >"$lab/$name/contacts"
  "$namespace" baresip -f "$lab/$name" "${@:5}" >>"$lab/clients.log" 2>&1 </dev/null
}

chat() { # NAMESPACE NAME ADDRESS DCC-PORT: joins the IRC network; what is written to its pipe is done
  # shellcheck disable=SC2016 # the program's own variable
  serve "$1" weechat-headless -d "$lab/chat-$2" \
    -r '/set fifo.file.path ${weechat_config_dir}/pipe' \
    -r '/fifo enable' \
    -r "/set xfer.network.own_ip $3" -r "/set xfer.network.port_range $4" -r '/set xfer.file.auto_accept_files on' \
    -r "/set irc.server_default.nicks $2" -r "/set irc.server_default.username $2" -r "/set irc.server_default.realname $2" \
    -r '/server add lab 203.0.113.80/6667' -r '/connect lab'
}

chat_servers() {
  cat >"$lab/ngircd.conf" <<CONF
[Global]
Name = irc.example
Info = A network of its own
Listen = 203.0.113.80
Ports = 6667
ServerGID = nogroup
ServerUID = nobody
[Options]
DNS = no
Ident = no
PAM = no
CONF
  serve outside ngircd --nodaemon --config "$lab/ngircd.conf"
  await outside tcp 6667
  chat outside otto 198.51.100.22 41006
}

send_file() { # FROM TO: and until it is there
  echo "irc.server.lab */dcc send $2 $lab/note-of-$1.txt" >"$lab/chat-$1/pipe"
  local try
  for ((try = 0; try < 100; try++)); do
    if find "$lab/chat-$2" -name "*note-of-$1.txt" -size +0 | grep -q .; then return 0; fi
    sleep 0.1
  done
  say "the note of $1 has not arrived"
}

endpoint_mapper() { # Samba's, and the services behind it, without SMB
  mkdir -p "$lab/samba" /run/samba /var/log/samba
  cat >"$lab/smb.conf" <<CONF
[global]
  server role = standalone server
  netbios name = FILES
  interfaces = 192.0.2.11
  bind interfaces only = yes
  map to guest = Bad User
  guest account = nobody
  lock directory = $lab/samba
  state directory = $lab/samba
  cache directory = $lab/samba
  private dir = $lab/samba
  pid directory = $lab/samba
  ncalrpc dir = $lab/samba
  log file = $lab/samba/log
  load printers = no
  rpc start on demand helpers = no
  rpc server dynamic port range = 49200-49299
CONF
  serve dmz /usr/libexec/samba/samba-dcerpcd --foreground --no-process-group --configfile="$lab/smb.conf" --libexec-rpcds
  await dmz tcp 135 192.0.2.11
}

record() {
  tftp_servers
  chat_servers
  serve dmz /usr/bin/python3 "$here/rtsp_server.py" 192.0.2.10 554
  await dmz tcp 554
  endpoint_mapper
  outside ip route replace default via 198.51.100.1 src 198.51.100.22
  (telephone outside otto 198.51.100.22 16394 -t 30) &
  await outside udp 5060
  printf 'hostname switch2\n' >"$lab/switch2.cfg"
  printf 'Who reads this?\n' | tee "$lab/note-of-inga.txt" >"$lab/note-of-otto.txt"
  sleep 1

  start_capture
  # TFTP: into the DMZ, a file and a file back; from the inside out.
  may_fail outside tftp -4 -R 40001:40001 192.0.2.10 -c get switch.cfg /dev/null
  may_fail outside tftp -4 -R 40002:40002 192.0.2.10 -c put "$lab/switch2.cfg" backup.cfg
  may_fail inside tftp -4 -R 40003:40003 203.0.113.80 -c get switch.cfg /dev/null
  # A call of a second from the inside out.
  telephone inside inga 10.0.0.10 16384 -t 1 -e '/dial sip:otto@198.51.100.22' || true
  # A stream of a second out of the DMZ.
  may_fail outside timeout 6 gst-launch-1.0 rtspsrc location=rtsp://192.0.2.10/tone protocols=udp port-range=20000-20003 latency=0 ! fakesink
  # Two files over IRC, one each way.
  chat inside inga 10.0.0.10 41005
  sleep 3
  send_file inga otto
  send_file otto inga
  echo 'irc.server.lab */quit' >"$lab/chat-inga/pipe"
  # What this machine shares: the mapper tells the port of the service that knows.
  may_fail outside timeout 6 rpcclient --configfile=/dev/null -N -U '' 'ncacn_ip_tcp:192.0.2.11' -c netshareenumall
  stop_capture
}
