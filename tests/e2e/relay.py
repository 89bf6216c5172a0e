#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Lets datagrams through and notes them: relay.py PORT TO

Listens on 127.0.0.1:PORT and sends all to 127.0.0.1:TO, for each peer from a
socket of its own. Prints, before it passes it on, a line for each record of
DTLS 1.2, or else for the datagram: ">" to the device or "<" from it, and

  hello RANDOM   a ClientHello, and by what to tell handshakes apart
  shake          anything else of a handshake
  alert, data    records of these kinds
  other          no DTLS
"""
import selectors
import socket
import sys

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


def main():
    front, to = udp(int(sys.argv[1])), ("127.0.0.1", int(sys.argv[2]))
    loop = selectors.DefaultSelector()
    loop.register(front, selectors.EVENT_READ)
    sockets = {}
    while True:
        for key, _ in loop.select():
            datagram, peer = receive(key.fileobj)
            if peer is None:
                continue
            if key.fileobj is not front:
                note("<", datagram)
                front.sendto(datagram, key.data)
                continue
            note(">", datagram)
            if peer not in sockets:
                sockets[peer] = udp(0)
                loop.register(sockets[peer], selectors.EVENT_READ, peer)
            sockets[peer].sendto(datagram, to)


main()
