#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Messages one by one: raw_peer.py tcp|udp PORT STEP...

To 127.0.0.1. The steps are done in order:

  CODE/TOKEN/OPTIONS/PAYLOAD  send a message: the token in hex, options as
                NUMBER=VALUE with commas between, a value 0x... in hex, a
                payload @N is N bytes; what is empty at the end may be left out.
                Over UDP a CON, or with "non:" in front a NON
  hex:BYTES     send these
  split         from here each byte is sent by itself
  joined        from here all is kept until the next message is read
  < and <N      read one message, or N, and print each in a line:
                "CODE token=HEX [NUMBER=HEX, ...] N bytes", over UDP the type
                before it
  until:TOKEN   read and print until one has this token
  <payload      read a message and print its payload alone
  rst           over UDP, answer a CON by a Reset from here
  closed        wait until the peer closes, and print "closed"

Over UDP the empty ACK of a CON that came goes out by itself, else.
"""
import socket
import struct
import sys

from coap_options import (encode_options, extended, parse_options,
                          unextended)

TYPES = ("CON", "NON", "ACK", "RST")


def value_of(text):
    if text.startswith("0x"):
        return bytes.fromhex(text[2:])
    return text.encode()


def options_of(text):
    items = [item.partition("=") for item in text.split(",") if item]
    return encode_options([(int(n), value_of(value)) for n, _, value in items])


def rest_of(data):
    """Options as text, and the payload."""
    options, payload = parse_options(data)
    texts = ["%d=%s" % (number, value.hex()) for number, value in options]
    return "[%s]" % ", ".join(texts), payload


class Peer:
    def __init__(self, kind, port):
        self.stream = kind == "tcp"
        self.sock = socket.socket(
            type=socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.sock.settimeout(60)
        self.sock.connect(("127.0.0.1", port))
        if self.stream:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.split = self.joined = self.rst = False
        self.kept = b""
        self.mid = 0x1000

    def put(self, data):
        if self.joined:
            self.kept += data
        elif self.split:
            for byte in data:
                self.sock.sendall(bytes([byte]))
        else:
            self.sock.sendall(data)

    def message(self, step):
        kind = 0
        if step.startswith("non:"):
            kind, step = 1, step[4:]
        code, token, options, payload = (step.split("/", 3) + [""] * 3)[:4]
        code = int(code[0]) << 5 | int(code[2:])
        token = bytes.fromhex(token)
        rest = options_of(options)
        if payload.startswith("@"):
            payload = "x" * int(payload[1:])
        if payload:
            rest += b"\xff" + payload.encode()
        tkl, more_tkl = extended(len(token))
        if self.stream:
            length, more_length = extended(len(rest))
            self.put(bytes([length << 4 | tkl]) + more_length + bytes([code])
                     + more_tkl + token + rest)
        else:
            self.mid += 1
            self.put(struct.pack(">BBH", 0x40 | kind << 4 | tkl, code, self.mid)
                     + more_tkl + token + rest)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def from_stream(self):
        first = self.exactly(1)
        more = {13: 1, 14: 2, 15: 4}.get(first[0] >> 4, 0)
        length, _ = unextended(self.exactly(more), 0, first[0] >> 4)
        code = self.exactly(1)[0]
        more = {13: 1, 14: 2}.get(first[0] & 15, 0)
        tkl, _ = unextended(self.exactly(more), 0, first[0] & 15)
        token = self.exactly(tkl)
        return "", code, token, self.exactly(length)

    def from_datagram(self):
        data = self.sock.recv(65536)
        kind = data[0] >> 4 & 3
        if kind == 0:
            self.sock.send((b"\x70\x00" if self.rst else b"\x60\x00")
                           + data[2:4])
        tkl, i = unextended(data, 4, data[0] & 15)
        return TYPES[kind] + " ", data[1], data[i:i + tkl], data[i + tkl:]

    def read(self, payload_only=False):
        if self.kept:
            self.sock.sendall(self.kept)
            self.kept = b""
        kind, code, token, rest = (
            self.from_stream() if self.stream else self.from_datagram())
        options, payload = rest_of(rest)
        if payload_only:
            print(payload.decode())
        else:
            print("%s%d.%02d token=%s %s %d bytes" % (
                kind, code >> 5, code & 31, token.hex(), options, len(payload)),
                flush=True)
        return token.hex()


def main():
    peer = Peer(sys.argv[1], int(sys.argv[2]))
    for step in sys.argv[3:]:
        if step in ("split", "joined", "rst"):
            setattr(peer, step, True)
        elif step == "<payload":
            peer.read(True)
        elif step.startswith("<"):
            for _ in range(int(step[1:] or 1)):
                peer.read()
        elif step.startswith("until:"):
            while peer.read() != step[6:]:
                pass
        elif step.startswith("hex:"):
            peer.put(bytes.fromhex(step[4:]))
        elif step == "closed":
            try:
                while peer.sock.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            print("closed")
        else:
            peer.message(step)


main()
