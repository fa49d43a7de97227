# shellcheck shell=bash
# shellcheck disable=SC2154 # lab and the helpers come from lab.sh
# packages: nftables python3
#
# How TCP sessions end, made by two real kernels and a small program on each side.

conversation() { # PORT "SERVER STEPS" "CLIENT STEPS" [SOURCE PORT]
  local port=$1 server client source_port=${4:-$((33000 + $1))}
  read -ra server <<<"$2"
  read -ra client <<<"$3"
  dmz talk --listen "192.0.2.10:$port" "${server[@]}" >>"$lab/servers.log" 2>&1 &
  local pid=$!
  await dmz tcp "$port"
  may_fail outside talk --from "203.0.113.5:$source_port" --to "192.0.2.10:$port" "${client[@]}"
  wait "$pid" || true
}

record() {
  start_capture
  # The client closes first; the server closes first; client and server reset.
  conversation 7001 'recv send:two\n eof' 'send:one\n recv shut eof'
  conversation 7002 'recv send:two\n shut eof' 'send:one\n recv eof'
  conversation 7003 'recv send:two\n eof' 'send:one\n recv reset'
  conversation 7004 'recv send:two\n sleep:0.1 reset' 'send:one\n recv eof'
  # Half close: the client has finished sending, the server goes on for a while.
  conversation 7005 'recv eof send:two\n sleep:0.3 send:three\n sleep:0.3 send:four\n' 'send:one\n shut eof'
  # FIN, then RST: the client has closed completely, the server still sends.
  conversation 7006 'recv eof send:two\n sleep:0.1' 'send:one\n sleep:0.1 close'
  # Never answered; refused.
  may_fail outside talk --from 203.0.113.5:40007 --to 192.0.2.20:7007 --connect-timeout 3.5
  may_fail outside talk --from 203.0.113.5:40008 --to 192.0.2.10:7008
  # The same source port again, while the server is still in TIME-WAIT.
  conversation 7009 'recv send:two\n shut eof' 'send:one\n recv eof' 40009
  conversation 7009 'recv send:four\n shut eof' 'send:three\n recv eof' 40009
  # Both close at the same moment. So that the FINs really cross, each is lost once
  # behind the capture point: both sides are in FIN-WAIT-1 when the other's arrives.
  local now moment
  now=$(date +%s.%N)
  moment=$(python3 -c "print($now + 1)")
  outside nft -f - <<'NFT'
table inet lab { chain input { type filter hook input priority filter; tcp sport 7010 tcp flags & fin == fin drop; }; }
NFT
  dmz nft add chain inet lab crossing '{ type filter hook input priority filter; }'
  dmz nft add rule inet lab crossing 'tcp dport 7010 tcp flags & fin == fin drop'
  (
    python3 -c "import time; time.sleep(max(0, $moment + 0.1 - time.time()))"
    outside nft delete table inet lab
    dmz nft flush chain inet lab crossing
  ) &
  conversation 7010 "recv send:two\\n until:$moment shut eof" "send:one\\n recv until:$moment shut eof"
  # Established and idle when the capture stops: without a byte, and with a few.
  dmz talk --listen 192.0.2.10:7011 sleep:60 &
  dmz talk --listen 192.0.2.10:7012 recv send:two\\n sleep:60 &
  await dmz tcp 7011
  await dmz tcp 7012
  outside talk --from 203.0.113.5:40011 --to 192.0.2.10:7011 sleep:60 &
  outside talk --from 203.0.113.5:40012 --to 192.0.2.10:7012 send:one\\n recv sleep:60 &
  sleep 0.5
  stop_capture
}
