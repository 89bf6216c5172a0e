#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A server of bodies of any length that keeps none: body_peer.py PORT

Listens on 127.0.0.1:PORT. GET /body?N gives N bytes in blocks; PUT takes them,
in order, and answers 2.04 at the end. PUT /forget?N forgets what it had when
block N comes, once. A line says what came: "get NUM", or "put LENGTH SHA256
SIZE1" at the end of a body, SIZE1 being "-" where there was none.

body_peer.py make N writes the N bytes.
"""
import hashlib
import random
import socket
import sys

PATTERN = random.Random(7).randbytes(65521)
LONG = PATTERN + PATTERN
BLOCK2, BLOCK1, SIZE2, SIZE1 = 23, 27, 28, 60


def piece(offset, n):
    at = offset % len(PATTERN)
    return LONG[at:at + n]


def uint(data):
    return int.from_bytes(data, "big")


def octets(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


def extended(data, at, nibble):
    if nibble == 13:
        return data[at] + 13, at + 1
    if nibble == 14:
        return uint(data[at:at + 2]) + 269, at + 2
    return nibble, at


def decode(data):
    at = 4 + (data[0] & 15)
    options, number = {}, 0
    while at < len(data) and data[at] != 255:
        first = data[at]
        delta, at = extended(data, at + 1, first >> 4)
        length, at = extended(data, at, first & 15)
        number += delta
        options.setdefault(number, []).append(data[at:at + length])
        at += length
    return options, data[at + 1:]


def option(out, last, number, value):
    delta = number - last
    out.append((min(delta, 13) << 4) | len(value))
    if delta >= 13:
        out.append(delta - 13)
    out += value
    return number


class Server:
    def __init__(self):
        self.digest, self.length = hashlib.sha256(), 0
        self.size1, self.forgot = "-", False

    def get(self, query, options):
        total = int(query)
        value = uint(options.get(BLOCK2, [b"\x06"])[0])
        number, size = value >> 4, 16 << min(value & 7, 6)
        data = piece(number * size, min(size, total - number * size))
        more = (number + 1) * size < total
        print("get", number, flush=True)
        return 0x45, [(4, b"same"), (BLOCK2, octets(
            number << 4 | more << 3 | min(value & 7, 6))),
            (SIZE2, octets(total))], data

    def put(self, path, query, options, data):
        value = uint(options.get(BLOCK1, [b""])[0])
        number, more = value >> 4, value >> 3 & 1
        block = [(BLOCK1, octets(value))]
        if path == b"forget" and number == int(query) and not self.forgot:
            self.forgot = True
            print("forgot", number, flush=True)
            return 0x88, block, b""
        if number == 0:
            self.digest, self.length = hashlib.sha256(), 0
            self.size1 = str(uint(options[SIZE1][0])) \
                if SIZE1 in options else "-"
        self.digest.update(data)
        self.length += len(data)
        if more:
            return 0x5F, block, b""
        print("put", self.length, self.digest.hexdigest(), self.size1,
              flush=True)
        return 0x44, block, b""

    def answer(self, request):
        options, data = decode(request)
        path, query = options[11][0], options.get(15, [b"0"])[0]
        if request[1] == 1:
            code, given, payload = self.get(query, options)
        else:
            code, given, payload = self.put(path, query, options, data)
        out = bytearray([0x60 | (request[0] & 15), code])
        out += request[2:4 + (request[0] & 15)]
        last = 0
        for number, value in given:
            last = option(out, last, number, value)
        return bytes(out) + (b"\xff" + payload if payload else b"")


def serve(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    server, last, reply = Server(), None, b""
    while True:
        request, peer = s.recvfrom(65536)
        if request[1] == 0:
            if request[0] & 0x30 == 0:
                s.sendto(b"\x70\0" + request[2:4], peer)
            continue
        # A message that comes again is answered as before.
        if (request, peer) != last:
            reply, last = server.answer(request), (request, peer)
        s.sendto(reply, peer)


def make(n):
    for at in range(0, n, 32768):
        sys.stdout.buffer.write(piece(at, min(32768, n - at)))


if sys.argv[1] == "make":
    make(int(sys.argv[2]))
else:
    serve(int(sys.argv[1]))
