#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Speaks coap-shell-control(7) by hand, right or wrong:

  control_peer.py client [--uid UID] SOCKET STEP...
      A client that does the steps one after the other, and prints what comes:
        hello:VERSION   sends HELLO
        start:N:WORDS   sends START of the request N with WORDS
        raw:HEX         sends these bytes
        until:KIND      waits for a message of that kind
        end             waits until the owner closes
  control_peer.py owner SOCKET VERSION
      An owner of that version: says so to everybody, and no more.
  control_peer.py crowd SOCKET COUNT
      So many clients that connect, then "connected", and say HELLO; prints
      "ready IN OUT": how many were let in, and how many were told that they are
      too many. Stays until it is ended.
  control_peer.py systemd SOCKET PROGRAM WORD...
      Listens as systemd does, and becomes the program when somebody comes.
"""
import os
import select
import signal
import socket
import struct
import sys

KINDS = {1: "HELLO", 2: "ERROR", 128: "OUTPUT", 129: "READ", 130: "WANT_KEYS",
         131: "EXIT"}


def number(n):
    return struct.pack(">I", n)


def text(s):
    return number(len(s)) + s.encode()


def message(kind, request, body):
    return number(len(body) + 5) + bytes([kind]) + number(request) + body


def hello(version):
    return message(1, 0, number(version) + text("by hand"))


def start(request, words):
    # No flags; the form is raw; no colour, no words of progress, no width, no
    # limit of time.
    options = number(0) + number(2) + 3 * number(0) + struct.pack(">Q", 0)
    body = options + number(len(words)) + b"".join(map(text, words))
    return message(16, request, body)


class Closed(Exception):
    pass


class Peer:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except ConnectionError:
            pass  # reading tells

    def take(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data

    def receive(self):
        """(kind, request, body) of the next message."""
        data = self.take(int.from_bytes(self.take(4), "big"))
        kind = KINDS.get(data[0], str(data[0]))
        return kind, int.from_bytes(data[1:5], "big"), data[5:]


def show(kind, request, body):
    """One line; numbers and texts as the kind has them."""
    words = [kind, str(request)]
    layout = {"HELLO": "nt", "ERROR": "nt", "OUTPUT": "nt", "READ": "tn",
              "EXIT": "ntt"}.get(kind, "")
    for what in layout:
        n, body = int.from_bytes(body[:4], "big"), body[4:]
        if what == "t":
            words.append(body[:n].decode().rstrip("\n"))
            body = body[n:]
        else:
            words.append(str(n))
    print(*words, flush=True)


def until(peer, wanted):
    while True:
        try:
            kind, request, body = peer.receive()
        except Closed:
            print("closed", flush=True)
            return
        show(kind, request, body)
        if kind == wanted:
            return


def client(words):
    if words[0] == "--uid":
        os.setgroups([])
        os.setgid(int(words[1]))
        os.setuid(int(words[1]))
        words = words[2:]
    peer = Peer(words[0])
    for step in words[1:]:
        name, _, rest = step.partition(":")
        if name == "hello":
            peer.send(hello(int(rest)))
        elif name == "start":
            request, _, line = rest.partition(":")
            peer.send(start(int(request), line.split()))
        elif name == "raw":
            peer.send(bytes.fromhex(rest))
        else:
            assert name in ("until", "end")
            until(peer, rest)


def listen(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o600)
    s.listen(8)
    return s


def owner(words):
    listener = listen(words[0])
    print("ready", flush=True)
    peers = []
    while True:
        peers.append(listener.accept()[0])
        peers[-1].sendall(hello(int(words[1])))


def crowd(words):
    peers = [Peer(words[0]) for _ in range(int(words[1]))]
    print("connected", flush=True)
    codes = []
    for peer in peers:
        # What is not known is answered, if anything is.
        peer.send(hello(1) + message(100, 1, b""))
        assert peer.receive()[0] == "HELLO"
        kind, _, body = peer.receive()
        assert kind == "ERROR"
        codes.append(int.from_bytes(body[:4], "big"))
    assert set(codes) <= {3, 5}, codes
    print("ready", codes.count(5), codes.count(3), flush=True)
    signal.pause()


def systemd(words):
    listener = listen(words[0])
    print("ready", flush=True)
    select.select([listener], [], [])
    # Which it may be already.
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(words[1], words[1:])


MODES = {"client": client, "owner": owner, "crowd": crowd, "systemd": systemd}
MODES[sys.argv[1]](sys.argv[2:])
