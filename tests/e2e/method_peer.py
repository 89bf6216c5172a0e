#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A CoAP server on UDP that answers by rules of methods and options:
method_peer.py PORT [LINKS]

On 127.0.0.1. Prints "ready", and for each request "CODE PATH OPTIONS PAYLOAD"
with the options as NUMBER=HEX. The resources:

  mirror   2.05 with "CODE PAYLOAD" as its payload
  busy     4.29 with Max-Age 1, then 2.05
  down     5.03 with Max-Age 1, then 2.05
  tired    4.29 without Max-Age
  fresh    4.01 with Echo until that comes back, then 2.05 with the payload
  stale    4.01 with another Echo each time
  gift     2.05 with Echo, and the Echo of the request as payload
  hops     5.08 and the names of two proxies
  circle   the same of a circle that was gone round
  valid    2.03 with the ETag of the request
  .well-known/core  2.05 with LINKS, as link-format
  short    2.05 with the ETag 07, or 2.03 where that comes, for a second
"""
import socket
import sys

from coap_options import encode_options, parse_options

ECHO = b"\x01echo"


class Peer:
    def __init__(self):
        self.count = {}

    def once(self, path, code):
        if self.count[path] == 1:
            return code, [(14, b"\x01")], b""
        return 0x45, [], b"%d" % self.count[path]

    def fresh(self, options, payload):
        if (252, ECHO) in options:
            return 0x45, [], payload
        return 0x81, [(252, ECHO)], b""

    def answer(self, code, path, options, payload):
        self.count[path] = n = self.count.get(path, 0) + 1
        if path == "mirror":
            return 0x45, [], b"%d.%02d %s" % (code >> 5, code & 31, payload)
        if path == "busy":
            return self.once(path, 0x9d)
        if path == "down":
            return self.once(path, 0xa3)
        if path == "tired":
            return 0x9d, [], b"slow down"
        if path == "fresh":
            return self.fresh(options, payload)
        if path == "stale":
            return 0x81, [(252, b"%d" % n)], b"never fresh"
        if path == "gift":
            echo = [v for k, v in options if k == 252]
            return 0x45, [(252, b"gift%d" % n)], b"".join(echo)
        if path == "hops":
            return 0xa8, [], b"proxy-a proxy-b"
        if path == "circle":
            return 0xa8, [], b"proxy proxy-b proxy c  proxy-b proxy"
        if path == "valid":
            return 0x43, [o for o in options if o[0] == 4], b""
        if path == "short":
            known = (4, b"\x07") in options
            return (0x43 if known else 0x45, [(4, b"\x07"), (14, b"\x01")],
                    b"" if known else b"kept")
        if path == ".well-known/core" and len(sys.argv) > 2:
            return 0x45, [(12, b"\x28")], sys.argv[2].encode()
        return 0x84, [], b""


def main():
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", int(sys.argv[1])))
    peer, seen = Peer(), {}
    print("ready", flush=True)
    while True:
        data, where = u.recvfrom(65536)
        kind, tkl = data[0] >> 4 & 3, data[0] & 15
        if kind > 1 or data[1] == 0 or data[1] > 31:
            continue
        key = (where, data[2:4])
        if key not in seen:
            options, payload = parse_options(data[4 + tkl:])
            path = "/".join(v.decode() for k, v in options if k == 11)
            print("%d.%02d" % (data[1] >> 5, data[1] & 31), path,
                  ",".join("%d=%s" % (k, v.hex()) for k, v in options),
                  payload.hex(), flush=True)
            code, out, body = peer.answer(data[1], path, options, payload)
            seen[key] = (bytes([(2 if kind == 0 else 1) << 4 | 0x40 | tkl,
                                code]) + data[2:4 + tkl]
                         + encode_options(sorted(out))
                         + (b"\xff" + body if body else b""))
        u.sendto(seen[key], where)


if __name__ == "__main__":
    main()
