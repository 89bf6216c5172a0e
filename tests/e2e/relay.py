#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Lets datagrams through and notes them: relay.py [OPTION...] PORT TO

Listens on 127.0.0.1:PORT and sends all to 127.0.0.1:TO, for each peer from a
socket of its own. Prints, before it passes it on, a line for each record of
DTLS 1.2, or else for the datagram: ">" to the device or "<" from it, and

  hello RANDOM   a ClientHello, and by what to tell handshakes apart
  shake          anything else of a handshake
  alert, data    records of these kinds
  other          no DTLS

With options it is a bad network, by a seed: what becomes of the n-th datagram
of a direction is always the same. It prints "> lost" for one that it drops.
"""
import argparse
import heapq
import random
import selectors
import socket
import time

KINDS = {20: "shake", 21: "alert", 22: "shake", 23: "data"}


def records(datagram):
    while len(datagram) >= 13 and datagram[0] in KINDS:
        end = 13 + int.from_bytes(datagram[11:13], "big")
        yield datagram[:end]
        datagram = datagram[end:]
    if datagram:
        yield datagram


def kind(record):
    # The epoch is 0, the handshake message a ClientHello: its random is
    # behind both headers and the version.
    if record[0] == 22 and record[3:5] == b"\0\0" and record[13] == 1:
        return "hello " + record[27:59].hex()
    return KINDS.get(record[0], "other")


def note(way, datagram):
    for record in records(datagram):
        print(way, kind(record), flush=True)


def udp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    return s


def receive(s):
    try:
        return s.recvfrom(65536)
    except ConnectionError:
        return b"", None


class Way:
    """One direction: what becomes of each datagram."""

    def __init__(self, mark, options):
        self.mark = mark
        self.options = options
        self.random = random.Random(f"{options.seed}{mark}")
        self.seen = 0

    def happens(self, percent):
        return self.random.random() * 100 < percent

    def delays(self):
        """Of each copy, in seconds: one as a rule, none when it is lost."""
        o = self.options
        copies = 1 + self.happens(o.duplicate)
        late = [self.happens(o.reorder) for _ in range(copies)]
        delays = [self.random.uniform(0, o.delay) for _ in range(copies)]
        lost = self.happens(o.drop)
        self.seen += 1
        if lost or 0 < o.only < self.seen:
            print(self.mark, "lost", flush=True)
            return []
        return [(d + o.late * l) / 1000 for d, l in zip(delays, late)]


class Relay:
    def __init__(self, options):
        self.front = udp(options.port)
        self.to = ("127.0.0.1", options.to)
        self.loop = selectors.DefaultSelector()
        self.loop.register(self.front, selectors.EVENT_READ)
        self.sockets = {}
        self.up, self.down = Way(">", options), Way("<", options)
        self.waiting = []
        self.count = 0

    def pass_on(self, way, datagram, sock, to):
        for delay in way.delays():
            if delay == 0:
                self.send(way, datagram, sock, to)
                continue
            self.count += 1
            heapq.heappush(self.waiting, (time.monotonic() + delay,
                                          self.count, way, datagram, sock, to))

    def send(self, way, datagram, sock, to):
        note(way.mark, datagram)
        sock.sendto(datagram, to)

    def send_due(self):
        """Sends what is due; how long nothing else is."""
        while self.waiting:
            left = self.waiting[0][0] - time.monotonic()
            if left > 0:
                return left
            self.send(*heapq.heappop(self.waiting)[2:])
        return None

    def take(self, sock, client):
        datagram, peer = receive(sock)
        if peer is None:
            return
        if sock is not self.front:
            self.pass_on(self.down, datagram, self.front, client)
            return
        if peer not in self.sockets:
            self.sockets[peer] = udp(0)
            self.loop.register(self.sockets[peer], selectors.EVENT_READ, peer)
        self.pass_on(self.up, datagram, self.sockets[peer], self.to)

    def run(self):
        while True:
            for key, _ in self.loop.select(self.send_due()):
                self.take(key.fileobj, key.data)


def main():
    p = argparse.ArgumentParser(prog="relay.py")
    p.add_argument("--seed", default=1, type=int)
    for fault in ("drop", "duplicate", "reorder"):
        p.add_argument("--" + fault, default=0, type=float, metavar="PERCENT")
    p.add_argument("--delay", default=0, type=float, metavar="MS",
                   help="each comes up to that much later")
    p.add_argument("--late", default=50, type=float, metavar="MS",
                   help="what is reordered comes that much later")
    p.add_argument("--only", default=0, type=int, metavar="N",
                   help="drop all after the first N of each direction")
    p.add_argument("port", type=int)
    p.add_argument("to", type=int)
    Relay(p.parse_args()).run()


main()
