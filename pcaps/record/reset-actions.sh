# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: python3 curl
#
# One HTTP request, for rules with different actions.

record() {
  mkdir -p "$lab/www"
  echo 'Hello.' >"$lab/www/index.html"
  serve dmz python3 -m http.server --directory "$lab/www" --bind 192.0.2.10 80
  await dmz tcp 80
  start_capture
  may_fail outside curl -sS --max-time 5 -A curl --interface 203.0.113.5 --local-port 40001 http://192.0.2.10/
  stop_capture
}
