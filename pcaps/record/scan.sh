# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nmap socat
#
# One host, scanned in every way. Ports 22 and 80 are open, 25 and 443 closed, 8080 is silent.

record() {
  local port
  dmz nft add rule inet lab input tcp dport 8080 drop
  for port in 22 80; do
    serve dmz socat "TCP4-LISTEN:$port,fork,reuseaddr" PIPE
    await dmz tcp "$port"
  done
  start_capture
  local scan=(nmap -n -Pn -r --max-retries 0 -T4 -e eth0 -p "22,25,80,443,8080")
  may_fail outside "${scan[@]}" -sS -S 203.0.113.5 -g 40001 192.0.2.10
  may_fail outside nmap -n -Pn -r --max-retries 0 -T4 -sT -p "22,25,80,443,8080" 192.0.2.10
  may_fail outside "${scan[@]}" -sN -S 203.0.113.6 -g 40002 192.0.2.10
  may_fail outside "${scan[@]}" -sF -S 203.0.113.30 -g 40003 192.0.2.10
  may_fail outside "${scan[@]}" -sX -S 203.0.113.31 -g 40004 192.0.2.10
  may_fail outside "${scan[@]}" -sA -S 203.0.113.44 -g 40005 192.0.2.10
  may_fail outside "${scan[@]}" -sS --scanflags SYNFIN -S 203.0.113.66 -g 40006 192.0.2.10
  may_fail outside nmap -n -Pn -r --max-retries 0 -T4 -e eth0 -sU -S 203.0.113.77 -g 40007 -p 161,9999,40000 192.0.2.10
  stop_capture
}
