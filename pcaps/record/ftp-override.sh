# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: vsftpd lftp curl
#
# The flows of the vendor's article about application override and FTP: passive and active, by two
# clients, into the DMZ and from the inside out. And, last, a web server on a high port of the FTP server.

# shellcheck source=lib/ftp.sh
. "$here/lib/ftp.sh"

fetch_four_ways() { # NAMESPACE CLIENT SERVER
  local namespace=$1 client=$2 server=$3
  local account=partner:only-for-the-lesson
  local curl=(curl -sS --max-time 8 -u "$account" --interface "$client")
  local settings="set net:timeout 4; set net:max-retries 1; set ftp:ssl-allow no; set ftp:prefer-epsv no;
    set ftp:use-feat no; set ftp:use-mdtm no; set ftp:use-size no; set ftp:use-site-utime no; set ftp:use-site-utime2 no;
    set net:socket-bind-ipv4 $client"
  local fetch="open -u ${account/:/,} ftp://$server; cat note.txt; bye"
  # The control connections of curl come from ports 40001 and 40003; active mode listens at 41001 and 41002.
  may_fail "$namespace" "${curl[@]}" --local-port 40001-40002 --disable-epsv "ftp://$server/note.txt"
  may_fail "$namespace" "${curl[@]}" --local-port 40003-40004 --disable-eprt --ftp-port "$client:41001-41001" "ftp://$server/note.txt"
  may_fail "$namespace" lftp -c "$settings; set ftp:passive-mode yes; $fetch"
  may_fail "$namespace" lftp -c "$settings; set ftp:passive-mode no; set ftp:port-range 41002; $fetch"
}

record() {
  ftp_account
  ftp_server dmz
  ftp_server outside
  mkdir -p "$lab/web"
  printf 'Nobody was meant to read this.\n' >"$lab/web/index.html"
  serve dmz python3 -m http.server --bind 192.0.2.10 --directory "$lab/web" 8080
  await dmz tcp 8080
  start_capture
  fetch_four_ways outside 198.51.100.7 192.0.2.10
  fetch_four_ways inside 10.0.0.10 198.51.100.80
  may_fail outside curl -sS --max-time 8 --interface 198.51.100.7 --local-port 40009 http://192.0.2.10:8080/
  stop_capture
}
