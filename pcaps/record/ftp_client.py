#!/usr/bin/env python3
"""An FTP client that says exactly what it is told, and may cut it into segments.

    ftp_client.py --from ADDRESS[:PORT] --to ADDRESS[:PORT] STEP...

It logs in as the account of the lessons. Steps, before and after which it reads one reply each:

    say:A|B        the command AB, in two segments A and B
    say:COMMAND    a command
    port:ADDRESS:PORT[:PORT]   PORT, once for each port of a range, listening nowhere
    listen:PORT    listen there for data from now on, and take it after the next reply but one
    get:FILE       RETR: reads the data, and the reply that tells its end
    passive        PASV; what is announced is held
    stranger:COMMAND ARG...    runs a program, {address} and {port} being what is announced
    connect        open the data connection that is announced, for the next `get`
"""

import argparse
import re
import socket
import subprocess
import time

ACCOUNT = ("partner", "only-for-the-lesson")
PAUSE = 0.03


def endpoint(text, default):
    host, _, port = text.partition(":")
    return host, int(port or default)


class Client:
    def __init__(self, source, target):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(source)
        self.sock.settimeout(4)
        self.sock.connect(target)
        self.source = source[0]
        self.lines = self.sock.makefile("rb")
        self.announced = self.data = self.listener = None

    def reply(self):
        """The last line of a reply."""
        line = self.lines.readline().decode()
        print(line, end="")
        code = line[:3]
        while line and not line.startswith(f"{code} "):
            line = self.lines.readline().decode()
        return line

    def say(self, text):
        pieces = f"{text}\r\n".split("|")
        for piece in pieces:
            self.sock.sendall(piece.encode())
            if len(pieces) > 1:
                time.sleep(PAUSE)
        return self.reply()

    def take(self):
        """The data of a transfer whose first reply was read."""
        if self.listener:
            self.listener.settimeout(2)
            self.data, _ = self.listener.accept()
            self.listener.close()
            self.listener = None
        if self.data:
            while self.data.recv(4096):
                pass
            self.data.close()
            self.data = None

    def step(self, verb, argument):
        if verb == "say":
            self.say(argument)
        elif verb == "port":
            host, first, *last = argument.split(":")
            for port in range(int(first), int(last[0] if last else first) + 1):
                self.say(f"PORT {host.replace('.', ',')},{port // 256},{port % 256}")
        elif verb == "listen":
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((self.source, int(argument)))
            self.listener.listen(1)
        elif verb == "get":
            if self.say(f"RETR {argument}").startswith("1"):
                self.take()
                self.reply()
        elif verb == "passive":
            numbers = [int(number) for number in re.search(r"\(([\d,]+)\)", self.say("PASV"))[1].split(",")]
            self.announced = ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
        elif verb == "stranger":
            address, port = self.announced
            subprocess.run(argument.format(address=address, port=port).split(), check=False)
        elif verb == "connect":
            self.data = socket.socket()
            self.data.settimeout(2)
            self.data.bind((self.source, 0))
            self.data.connect(self.announced)
        else:
            raise SystemExit(f"no such step: {verb}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("steps", nargs="*")
    args = parser.parse_args()
    client = Client(endpoint(args.source, 0), endpoint(args.to, 21))
    client.reply()
    client.say(f"USER {ACCOUNT[0]}")
    client.say(f"PASS {ACCOUNT[1]}")
    for step in args.steps:
        verb, _, argument = step.partition(":")
        try:
            client.step(verb, argument)
        except OSError as error:
            print(f"{step}: {error}")
            client.reply()
    client.say("QUIT")


if __name__ == "__main__":
    main()
