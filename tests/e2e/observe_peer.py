#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A CoAP server on UDP that notifies by a script: observe_peer.py PORT STEP...

On 127.0.0.1. Each registration is answered with the first step, and all others
follow as NON notifications. A step is NUMBER[@FORMAT][/MAX-AGE][:CODE]=PAYLOAD,
with - for no Observe option, or a word:

  once     a later registration is answered with the first step alone
  deaf     a deregistration is not answered
  mute     a later registration is not answered

Prints "ready", then "METHOD register PAYLOAD", "METHOD deregister", "reset".
"""
import re
import socket
import sys

from coap_options import encode_options, parse_options

STEP = re.compile(r"^(-|\d+)(?:@(\d+))?(?:/(\d+))?(?::(\d)\.(\d\d))?=(.*)$",
                  re.DOTALL)
METHODS = {1: "GET", 5: "FETCH"}
WORDS = ("once", "deaf", "mute")


def number_bytes(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def parse_step(text):
    number, form, age, klass, detail, payload = STEP.match(text).groups()
    options = []
    if number != "-":
        options.append((6, number_bytes(int(number))))
    if form:
        options.append((12, number_bytes(int(form))))
    if age:
        options.append((14, number_bytes(int(age))))
    code = int(klass) << 5 | int(detail) if klass else 69
    body = payload.encode().decode("unicode_escape").encode("latin-1")
    rest = encode_options(options) + (b"\xff" + body if body else b"")
    return code, rest


class Peer:
    def __init__(self, port, words):
        self.flags = [w for w in words if w in WORDS]
        self.steps = [parse_step(w) for w in words if w not in WORDS]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.mid = 0x7000
        self.registered = False

    def send(self, kind, mid, token, step, peer):
        code, rest = step
        head = bytes([0x40 | kind << 4 | len(token), code])
        self.socket.sendto(head + mid.to_bytes(2, "big") + token + rest, peer)

    def register(self, mid, token, peer):
        again, self.registered = self.registered, True
        if again and "mute" in self.flags:
            return
        self.send(2, mid, token, self.steps[0], peer)
        if again and "once" in self.flags:
            return
        for step in self.steps[1:]:
            self.mid += 1
            self.send(1, self.mid, token, step, peer)

    def take(self, data, peer):
        if data[0] >> 4 & 3 == 3:
            print("reset", flush=True)
            return
        if data[1] not in METHODS:
            return
        length = data[0] & 15
        mid, token = int.from_bytes(data[2:4], "big"), data[4:4 + length]
        options, payload = parse_options(data[4 + length:])
        observe = dict(options).get(6)
        method = METHODS[data[1]]
        if observe == b"":
            print(method, "register", payload.decode(), flush=True)
            self.register(mid, token, peer)
        elif observe == b"\x01":
            print(method, "deregister", flush=True)
            if "deaf" not in self.flags:
                self.send(2, mid, token, (69, b"\xffbye"), peer)

    def run(self):
        print("ready", flush=True)
        while True:
            self.take(*self.socket.recvfrom(65536))


if __name__ == "__main__":
    Peer(int(sys.argv[1]), sys.argv[2:]).run()
