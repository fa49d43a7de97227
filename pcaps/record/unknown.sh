# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: python3
#
# A line protocol that no signature knows, over TCP and UDP.

# lines N LENGTH LETTER: the steps that send N lines of LENGTH bytes, each answered.
lines() {
  local i
  for ((i = 1; i <= $1; i++)); do
    printf 'send:zq%04d %s\\n\nrecv:%d\n' "$i" "$(printf "%$(($2 - 8))s" '' | tr ' ' "$3")" "$4"
  done
}

# answers N LENGTH LETTER QUERY-LENGTH
answers() {
  local i
  for ((i = 1; i <= $1; i++)); do
    printf 'recv:%d\nsend:zq%04d %s\\n\n' "$4" "$i" "$(printf "%$(($2 - 8))s" '' | tr ' ' "$3")"
  done
}

exchange() { # PORT LINES [--udp]
  local port=$1 count=$2 server client pid
  shift 2
  mapfile -t client < <(lines "$count" 126 k 134)
  mapfile -t server < <(answers "$count" 134 w 126)
  if [[ ${1:-} != --udp ]]; then server+=(eof); fi
  dmz talk "$@" --listen "192.0.2.10:$port" "${server[@]}" >>"$lab/servers.log" 2>&1 &
  pid=$!
  if [[ ${1:-} == --udp ]]; then await dmz udp "$port"; else await dmz tcp "$port"; fi
  may_fail outside talk "$@" --from "203.0.113.5:$((34000 + port))" --to "192.0.2.10:$port" "${client[@]}"
  wait "$pid" || true
}

record() {
  start_capture
  exchange 6001 8
  exchange 6002 8 --udp
  exchange 6003 3
  exchange 6004 3 --udp
  # Few packets, many bytes: 1,400 at a time, from the client only.
  dmz talk --listen 192.0.2.10:6005 eof &
  await dmz tcp 6005
  local big
  big="send:1400*z"
  may_fail outside talk --from 203.0.113.6:40005 --to 192.0.2.10:6005 \
    "$big" sleep:0.1 "$big" sleep:0.1 "$big" sleep:0.1 "$big" sleep:0.1
  stop_capture
}
