#!/usr/bin/env python3
"""Lists the conversations in a capture, by tshark, with no model of a firewall.

For working out an `expected.toml` by hand: per conversation the packets and frame
bytes each way, the flags in order, and where payload is.

    sessions.py CAPTURE [--packets]      --packets lists every frame as well

Upper case is client to server, lower case server to client: S SYN, H SYN-ACK,
A bare ACK, D data, F FIN, R RST, I ICMP, P another IP packet or
a fragment; a number after D is the payload length.
"""

import argparse
import collections
import subprocess

FIELDS = (
    "frame.number frame.time_relative frame.len ip.src ipv6.src ip.dst ipv6.dst ip.proto ipv6.nxt tcp.stream udp.stream "
    "tcp.srcport tcp.dstport udp.srcport udp.dstport tcp.flags tcp.len udp.length icmp.type icmp.ident icmp.seq "
    "icmpv6.type icmpv6.echo.identifier icmpv6.echo.sequence_number ip.frag_offset ip.flags.mf"
).split()


def frames(path):
    command = ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
               "-T", "fields", "-E", "occurrence=f", "-E", "separator=/t"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        yield dict(zip(FIELDS, line.split("\t")))


def letter(frame):
    if frame["icmp.type"] or frame["icmpv6.type"]:
        return "I"
    if not frame["tcp.flags"]:
        return f"D{int(frame['udp.length']) - 8}" if frame["udp.length"] else "P"
    flags, length = int(frame["tcp.flags"], 16), int(frame["tcp.len"] or 0)
    out = ""
    if flags & 2:
        out += "H" if flags & 16 else "S"
    if length:
        out += f"D{length}"
    if flags & 1:
        out += "F"
    if flags & 4:
        out += "R"
    if not out:
        out = "A" if flags & 16 else "?"
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture")
    parser.add_argument("--packets", action="store_true")
    args = parser.parse_args()

    sessions = collections.OrderedDict()
    count = 0
    for f in frames(args.capture):
        count += 1
        src, dst = f["ip.src"] or f["ipv6.src"], f["ip.dst"] or f["ipv6.dst"]
        if f["icmp.type"] or f["icmpv6.type"]:
            kind = f["icmp.type"] or f["icmpv6.type"]
            ident = f["icmp.ident"] or f["icmpv6.echo.identifier"]
            sequence = f["icmp.seq"] or f["icmpv6.echo.sequence_number"]
            key = ("icmp", frozenset((src, dst)), ident, sequence, "" if ident else kind)
            name = f"icmp {src} > {dst} type {kind} id {ident} seq {sequence}"
        elif f["tcp.stream"]:
            key = ("tcp", f["tcp.stream"])
            name = f"tcp {src}:{f['tcp.srcport']} > {dst}:{f['tcp.dstport']}"
        elif f["udp.stream"]:
            key = ("udp", frozenset(((src, f["udp.srcport"]), (dst, f["udp.dstport"]))))
            name = f"udp {src}:{f['udp.srcport']} > {dst}:{f['udp.dstport']}"
        else:
            key = ("other", src, dst, f["ip.proto"] or f["ipv6.nxt"])
            name = f"protocol {key[3]} {src} > {dst} (fragments without ports)"
        s = sessions.setdefault(key, {"name": name, "client": src, "trace": [], "sent": [0, 0], "received": [0, 0],
                                      "first": f["frame.number"], "start": float(f["frame.time_relative"]),
                                      "payload": [0, 0], "rows": []})
        s["last"], s["end"] = f["frame.number"], float(f["frame.time_relative"])
        mark = letter(f)
        from_client = src == s["client"]
        side = s["sent" if from_client else "received"]
        side[0] += 1
        side[1] += int(f["frame.len"])
        s["payload"][0 if from_client else 1] += int(f["tcp.len"] or 0) or max(int(f["udp.length"] or 8) - 8, 0)
        s["trace"].append(mark if from_client else mark.lower())
        s["rows"].append(f"      {f['frame.number']:>5} {float(f['frame.time_relative']):9.3f} {f['frame.len']:>5} "
                         f"{'>' if from_client else '<'} {mark if from_client else mark.lower()} "
                         f"| so far sent {s['sent'][0]}/{s['sent'][1]} received {s['received'][0]}/{s['received'][1]}")
    print(f"{count} frames, {len(sessions)} conversations")
    for s in sessions.values():
        print(f"{s['first']:>5}-{s['last']:<5} {s['start']:8.3f} +{s['end'] - s['start']:.3f} {s['name']}  sent {s['sent'][0]}/{s['sent'][1]} "
              f"received {s['received'][0]}/{s['received'][1]} payload {s['payload'][0]}/{s['payload'][1]}\n"
              f"      {' '.join(s['trace'])}")
        if args.packets:
            print("\n".join(s["rows"]))


if __name__ == "__main__":
    main()
