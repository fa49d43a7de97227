#!/usr/bin/env python3
"""One TCP or UDP conversation, told step by step, between two real kernels.

    talk.py --from ADDRESS[:PORT] --to ADDRESS:PORT STEP...     the client's side
    talk.py --listen ADDRESS:PORT STEP...                       the server's side, one connection

IPv6 addresses are written in brackets. Steps:

    send:TEXT      send TEXT (escapes such as \\r \\n \\x00 are understood)
    send:N*TEXT    send TEXT N times over, in one go
    recv           wait for data
    recv:N         wait for N bytes in all
    eof            wait until the peer has closed its direction (or reset)
    sleep:SECONDS
    until:TIME     sleep until this time (seconds since 1970)
    shut           close the sending direction only (FIN)
    reset          close with RST (SO_LINGER 0)
    close          close (FIN, or RST when data is left unread)

A conversation that ends without `reset` or `close` closes at its end.
"""

import argparse
import re
import socket
import struct
import sys
import time


def endpoint(text):
    match = re.fullmatch(r"\[?([0-9a-fA-F:.]+?)\]?(?::(\d+))?", text) if text.startswith("[") else re.fullmatch(
        r"([0-9.]+)(?::(\d+))?", text
    )
    if not match:
        raise SystemExit(f"not an address: {text}")
    return match[1], int(match[2] or 0)


def literal(text):
    count, star, rest = text.partition("*")
    if star and count.isdigit():
        return literal(rest) * int(count)
    return text.encode().decode("unicode_escape").encode("latin-1")


def run(sock, steps, peer=None):
    for step in steps:
        verb, _, argument = step.partition(":")
        if verb == "send":
            if peer:
                sock.sendto(literal(argument), peer)
            else:
                sock.sendall(literal(argument))
        elif verb == "recv":
            wanted = int(argument or 1)
            while wanted > 0:
                data, sender = sock.recvfrom(65535)
                if not data:
                    break
                peer = sender if sock.type == socket.SOCK_DGRAM else None
                wanted -= len(data)
        elif verb == "eof":
            try:
                while sock.recv(65535):
                    pass
            except ConnectionResetError:
                pass
        elif verb == "sleep":
            time.sleep(float(argument))
        elif verb == "until":
            time.sleep(max(0.0, float(argument) - time.time()))
        elif verb == "shut":
            sock.shutdown(socket.SHUT_WR)
        elif verb == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            return
        elif verb == "close":
            break
        else:
            raise SystemExit(f"no such step: {step}")
    sock.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--to")
    parser.add_argument("--listen")
    parser.add_argument("--udp", action="store_true")
    parser.add_argument("--connect-timeout", type=float, default=5)
    parser.add_argument("steps", nargs="*")
    args = parser.parse_args()

    address = endpoint(args.listen or args.to)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    kind = socket.SOCK_DGRAM if args.udp else socket.SOCK_STREAM
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if args.listen:
        sock.bind(address)
        if args.udp:
            return run(sock, args.steps)
        sock.listen(1)
        connection, _ = sock.accept()
        sock.close()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(20)
        return run(connection, args.steps)
    if args.source:
        sock.bind(endpoint(args.source))
    if args.udp:
        sock.settimeout(5)
        return run(sock, args.steps, peer=address)
    sock.settimeout(args.connect_timeout)
    try:
        sock.connect(address)
    except OSError as error:
        print(f"{args.to}: {error}", file=sys.stderr)
        return None
    sock.settimeout(5)
    return run(sock, args.steps)


if __name__ == "__main__":
    main()
