#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Lets some answers through: choke.py PORT TO FILE

Listens on 127.0.0.1:PORT and sends all to 127.0.0.1:TO, for each peer from a
socket of its own. FILE says how many answers may pass, counted from the
program's start, and how many milliseconds each of them waits: "20 0". More are
thrown away. It is read anew for each answer. Prints a line for each that
passes.
"""
import selectors
import socket
import sys
import time


def udp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    return s


def receive(s):
    try:
        return s.recvfrom(65536)
    except ConnectionError:
        return b"", None


def rule(name):
    with open(name, encoding="ascii") as f:
        most, wait = f.read().split()
    return int(most), int(wait)


def main():
    front, to = udp(int(sys.argv[1])), ("127.0.0.1", int(sys.argv[2]))
    loop = selectors.DefaultSelector()
    loop.register(front, selectors.EVENT_READ)
    sockets = {}
    passed = 0
    while True:
        for key, _ in loop.select():
            data, peer = receive(key.fileobj)
            if peer is None:
                continue
            if key.fileobj is front:
                if peer not in sockets:
                    sockets[peer] = udp(0)
                    loop.register(sockets[peer], selectors.EVENT_READ, peer)
                sockets[peer].sendto(data, to)
                continue
            most, wait = rule(sys.argv[3])
            if passed >= most:
                continue
            passed += 1
            time.sleep(wait / 1000)
            front.sendto(data, key.data)
            print(passed, len(data), flush=True)


main()
