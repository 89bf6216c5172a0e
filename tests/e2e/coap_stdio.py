#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""CoAP over another program's standard streams.

openssl s_server, s_client and their like know TLS and no CoAP. This speaks the
CoAP through them, for one connection.

  coap_stdio.py serve datagram|stream COMMAND...
      becomes COMMAND, with a device behind it: each GET is answered with the
      text "over COMMAND"
  coap_stdio.py get datagram|stream PATH COMMAND...
      sends one GET through COMMAND; prints what COMMAND says, then the code
      and the payload of the response in one line: "2.05 hello". Exits with 1
      when none came in ten seconds.
"""
import os
import sys

TOKEN = b"stdio\x00\x01\x02"
CSM = b"\x00\xe1"


def option_header(delta, length):
    assert delta < 13 and length < 13
    return bytes([delta << 4 | length])


def get_request(kind, path):
    options = b""
    number = 0
    for segment in path.strip("/").split("/"):
        options += option_header(11 - number, len(segment)) + segment.encode()
        number = 11
    if kind == "datagram":
        return bytes([0x48, 1, 0x12, 0x34]) + TOKEN + options
    return CSM + stream_message(1, TOKEN, options)


def stream_message(code, token, rest):
    if len(rest) < 13:
        head = bytes([len(rest) << 4 | len(token)])
    else:
        assert len(rest) < 269
        head = bytes([13 << 4 | len(token), len(rest) - 13])
    return head + bytes([code]) + token + rest


def datagram(data):
    """The first message of a datagram: (type, code, mid, token, rest)."""
    tkl = data[0] & 15
    return (data[0] >> 4 & 3, data[1], data[2:4], data[4:4 + tkl],
            data[4 + tkl:])


def stream(data):
    """The first message of a stream and its length: (code, token, rest, n)."""
    if not data:
        return None
    extra = {13: 1, 14: 2, 15: 4}.get(data[0] >> 4, 0)
    if len(data) < 2 + extra:
        return None
    length = data[0] >> 4
    if extra:
        length = int.from_bytes(data[1:1 + extra], "big")
        length += {1: 13, 2: 269, 4: 65805}[extra]
    tkl = data[0] & 15
    n = 2 + extra + tkl + length
    if len(data) < n:
        return None
    token = data[2 + extra:2 + extra + tkl]
    return data[1 + extra], token, data[2 + extra + tkl:n], n


def payload_of(rest):
    at = rest.find(b"\xff")
    return rest[at + 1:] if at >= 0 else b""


def answer(kind, data, text):
    """The reply to what has come, and what is left of it."""
    if kind == "datagram":
        mtype, code, mid, token, _ = datagram(data)
        if code == 0:
            return bytes([0x70, 0]) + mid if mtype == 0 else b"", b""
        reply = bytes([0x60 | len(token), 0x45]) + mid + token
        return reply + b"\xff" + text, b""
    reply = b""
    while True:
        message = stream(data)
        if message is None:
            return reply, data
        code, token, _, n = message
        data = data[n:]
        if code == 0xE1:
            reply += CSM
        elif 0 < code < 32:
            reply += stream_message(0x45, token, b"\xff" + text)
        elif code == 0xE2:
            reply += stream_message(0xE3, token, b"")


def device(kind, text, source, sink):
    pending = b""
    while True:
        data = os.read(source, 65536)
        if not data:
            return
        reply, pending = answer(kind, pending + data, text)
        if reply:
            os.write(sink, reply)


def serve(kind, command):
    to_command = os.pipe()
    from_command = os.pipe()
    text = "over " + " ".join(command[:2])
    if os.fork() == 0:
        os.close(to_command[0])
        os.close(from_command[1])
        device(kind, text.encode(), from_command[0], to_command[1])
        os._exit(0)
    os.dup2(to_command[0], 0)
    os.dup2(from_command[1], 1)
    for fd in to_command + from_command:
        os.close(fd)
    os.execvp(command[0], command)


def find(kind, data):
    """The response in what a program printed: (index, code, payload)."""
    at = data.find(TOKEN)
    while at >= 0:
        if kind == "datagram" and at >= 4:
            _, code, _, _, rest = datagram(data[at - 4:])
            return at - 4, code, payload_of(rest)
        for extra in (0, 1, 2) if kind == "stream" else ():
            begin = at - 2 - extra
            message = stream(data[begin:]) if begin >= 0 else None
            if message and message[1] == TOKEN:
                return begin, message[0], payload_of(message[2])
        at = data.find(TOKEN, at + 1)
    return None


def get(kind, path, command):
    import select
    import subprocess
    import time

    child = subprocess.Popen(command, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    os.write(child.stdin.fileno(), get_request(kind, path))
    seen = b""
    found = None
    end = time.monotonic() + 10
    while found is None and time.monotonic() < end:
        ready, _, _ = select.select([child.stdout], [], [], 1)
        data = os.read(child.stdout.fileno(), 65536) if ready else b""
        if ready and not data:
            break
        seen += data
        found = find(kind, seen)
    child.terminate()
    child.wait()
    begin, code, payload = found or (len(seen), 0, b"")
    sys.stdout.buffer.write(seen[:begin].replace(b"\0", b""))
    sys.stdout.buffer.flush()
    if found is None:
        print("no response")
        return 1
    print("\n%d.%02d %s" % (code >> 5, code & 31,
                            payload.decode("utf-8", "replace")))
    return 0


def main():
    what, kind = sys.argv[1], sys.argv[2]
    if what == "serve":
        serve(kind, sys.argv[3:])
    sys.exit(get(kind, sys.argv[3], sys.argv[4:]))


main()
