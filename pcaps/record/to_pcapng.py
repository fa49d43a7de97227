#!/usr/bin/env python3
"""Turns a tcpdump capture (nanosecond pcap, Ethernet) into pcapng with a comment.

Only what the packets and the lesson need is written: no host name, no operating
system, no hardware description, no interface of this machine.
"""

import argparse
import struct

BLOCK_SECTION, BLOCK_INTERFACE, BLOCK_PACKET, BLOCK_SECRETS = 0x0A0D0D0A, 1, 6, 10
SECRETS_TLS = 0x544C534B
OPT_END, OPT_COMMENT, OPT_IF_NAME, OPT_IF_TSRESOL = 0, 1, 2, 9


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def options(pairs):
    out = b"".join(struct.pack("<HH", code, len(value)) + padded(value) for code, value in pairs)
    return out + struct.pack("<HH", OPT_END, 0)


def block(kind, body):
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def frames(data):
    magic, _, _, _, _, snaplen, linktype = struct.unpack_from("<IHHiIII", data)
    if magic != 0xA1B23C4D or linktype != 1:
        raise SystemExit("expected a little-endian nanosecond pcap file with Ethernet frames")
    yield snaplen
    at = 24
    while at < len(data):
        seconds, nanos, captured, original = struct.unpack_from("<IIII", data, at)
        at += 16
        yield seconds * 1_000_000_000 + nanos, data[at : at + captured], original
        at += captured


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pcap")
    parser.add_argument("pcapng")
    parser.add_argument("--interface", required=True)
    parser.add_argument("--comment", required=True)
    parser.add_argument("--secrets", help="a TLS key log, which goes into the file before the packets")
    args = parser.parse_args()

    with open(args.pcap, "rb") as source:
        packets = frames(source.read())
        snaplen = next(packets)
        out = [
            block(
                BLOCK_SECTION,
                struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options([(OPT_COMMENT, args.comment.encode())]),
            ),
            block(
                BLOCK_INTERFACE,
                struct.pack("<HHI", 1, 0, snaplen)
                + options([(OPT_IF_NAME, args.interface.encode()), (OPT_IF_TSRESOL, b"\x09")]),
            ),
        ]
        if args.secrets:
            with open(args.secrets, "rb") as source:
                secrets = source.read()
            head = struct.pack("<II", SECRETS_TLS, len(secrets))
            out.append(block(BLOCK_SECRETS, head + padded(secrets)))
        for time, frame, original in packets:
            head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame), original)
            out.append(block(BLOCK_PACKET, head + padded(frame)))
    with open(args.pcapng, "wb") as target:
        target.write(b"".join(out))


if __name__ == "__main__":
    main()
