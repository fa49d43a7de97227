# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: python3
#
# The capture starts when the connections are already there.

record() {
  dmz talk --listen 192.0.2.10:7001 recv send:two\\n recv sleep:0.1 send:four\\n eof &
  dmz talk --listen 192.0.2.10:7002 recv send:two\\n sleep:2 send:three\\n eof &
  dmz talk --listen 192.0.2.10:7003 recv send:two\\n eof &
  await dmz tcp 7001
  await dmz tcp 7002
  await dmz tcp 7003
  outside talk --from 203.0.113.5:40001 --to 192.0.2.10:7001 send:one\\n recv sleep:1.5 send:three\\n recv shut eof &
  local first=$!
  outside talk --from 203.0.113.6:40002 --to 192.0.2.10:7002 send:one\\n recv recv sleep:0.1 send:four\\n shut eof &
  local second=$!
  sleep 0.7
  start_capture
  wait "$first" "$second"
  # For comparison, one that is seen from its SYN.
  may_fail outside talk --from 203.0.113.30:40003 --to 192.0.2.10:7003 send:one\\n recv shut eof
  stop_capture
}
