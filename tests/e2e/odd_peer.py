#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Peers that are not what they should be: odd_peer.py MODE PORT [HEX]

On 127.0.0.1. Prints "ready" and what comes. The modes:

  filtered  TCP that drops each attempt to connect, as a firewall would
  silent    UDP and TCP that take everything and never answer
  close     TCP that closes each connection at once
  http      TCP that answers anything with a page
  say       UDP and TCP that answer everything with the bytes HEX
"""
import select
import socket
import sys

PAGE = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        b"Content-Length: 6\r\nConnection: close\r\n\r\nhello\n")


def full_backlog(listener):
    """Fill the queue of what nobody accepts: the kernel drops the rest."""
    waiting = []
    while True:
        s = socket.socket()
        s.settimeout(0.3)
        waiting.append(s)
        try:
            s.connect(listener.getsockname())
        except socket.timeout:
            return waiting


def reply(mode, fd, data, answer):
    if mode == "http":
        fd.sendall(PAGE)
        fd.shutdown(socket.SHUT_WR)
    elif mode == "say":
        fd.sendall(answer)


def loop(mode, listener, datagrams, answer):
    streams = []
    while True:
        ready, _, _ = select.select([listener, datagrams] + streams, [], [])
        for fd in ready:
            if fd is listener:
                peer, _ = fd.accept()
                print("connection", flush=True)
                if mode == "close":
                    peer.close()
                else:
                    streams.append(peer)
            elif fd is datagrams:
                data, peer = fd.recvfrom(65536)
                print("datagram", data.hex(), flush=True)
                if mode == "say":
                    fd.sendto(answer, peer)
            else:
                try:
                    data = fd.recv(65536)
                    if data:
                        print("bytes", data.hex(), flush=True)
                        reply(mode, fd, data, answer)
                except OSError:
                    data = b""
                if not data:
                    streams.remove(fd)
                    fd.close()


def main():
    mode, port = sys.argv[1], int(sys.argv[2])
    assert mode in ("filtered", "silent", "close", "http", "say")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0 if mode == "filtered" else 8)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    held = full_backlog(listener) if mode == "filtered" else []
    print("ready", flush=True)
    if held:
        select.select([], [], [])
    loop(mode, listener, datagrams, bytes.fromhex("".join(sys.argv[3:])))


main()
