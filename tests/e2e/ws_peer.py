#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""CoAP over WebSocket as python3-websockets sees it, the right and the wrong.

  ws_peer.py serve [--cert FILE --key FILE [--ca FILE]] PORT MODE
      a server on 127.0.0.1; prints "ready", and a line for each thing it sees.
      The modes: good, no-csm, text, silent (after the upgrade), close,
      no-subprotocol, and a number: the HTTP status of its refusal
  ws_peer.py open [--ca FILE] [--cert FILE --key FILE] [--no-name] URI STEP...
      a client, which takes the steps one after the other and prints what comes:
        get PATH   a GET and its response, "2.05 payload"; of a long payload
                   the length and SHA-256
        pieces PATH  the same, the request in frames of 3 bytes
        no-csm PATH  a GET where the CSM should be
        ping       a Ping, "7.03"
        ws-ping    a WebSocket's own ping, "pong"
        text       a text frame
        frame HEX  a binary frame
        wait       what comes by itself: "7.05 reason", "closed 1000"
      Options of open are also --subprotocol NAME (default coap; "" for none)
      and --path PATH. An upgrade that is refused is "refused STATUS".
"""
import argparse
import asyncio
import hashlib
import http
import ssl
import sys

import websockets

# Without its Max-Message-Size no message may be over 1152 bytes.
CSM = b"\x00\xe1\x23\x80\x00\x00"
TOKEN = b"\x77\x73"
PATH = "/.well-known/coap"


def say(*words):
    print(*words, flush=True)


def parse(data):
    """(code, token, options, payload) of a frame; options as (number, value)."""
    tkl = data[0]
    code, token, rest = data[1], data[2:2 + tkl], data[2 + tkl:]
    number, options = 0, []
    while rest and rest[0] != 0xFF:
        fields, rest = [rest[0] >> 4, rest[0] & 15], rest[1:]
        for i, field in enumerate(fields):
            extra = {13: 1, 14: 2}.get(field, 0)
            if extra:
                fields[i] = int.from_bytes(rest[:extra], "big")
                fields[i] += {1: 13, 2: 269}[extra]
                rest = rest[extra:]
        number += fields[0]
        options.append((number, rest[:fields[1]]))
        rest = rest[fields[1]:]
    return code, token, options, rest[1:]


def message(code, token=b"", options=(), payload=b""):
    data, last = bytes([len(token), code]) + token, 0
    for number, value in options:
        fields, extra = [number - last, len(value)], b""
        for i, field in enumerate(fields):
            if field >= 13:
                extra += bytes([field - 13])
                fields[i] = 13
        data += bytes([fields[0] << 4 | fields[1]]) + extra + value
        last = number
    return data + (b"\xff" + payload if payload else b"")


def name(code):
    return "%d.%02d" % (code >> 5, code & 31)


def get_request(path):
    words = path.partition("?")
    options = [(11, s.encode()) for s in words[0].strip("/").split("/")]
    options += [(15, s.encode()) for s in words[2].split("&") if s]
    return message(1, TOKEN, options)


# ---- the server -------------------------------------------------------------

async def answer(ws, data):
    code, token, options, payload = parse(data)
    if code == 0xE2:
        await ws.send(message(0xE3, token))
    elif 0 < code < 32:
        path = "/".join(v.decode() for n, v in options if n == 11)
        query = dict(v.decode().split("=", 1) for n, v in options if n == 15)
        say("request", name(code), "/" + path)
        if path == "time":
            body = b"a time over WebSocket"
        elif path == "large":
            body = b"x" * int(query["size"])
        elif path == "pieces":
            data = message(0x45, token, (), b"in pieces")
            await ws.send([data[i:i + 3] for i in range(0, len(data), 3)])
            return
        elif path == "echo":
            body = payload
        else:
            await ws.send(message(0x84, token))
            return
        await ws.send(message(0x45, token, (), body))
    else:
        say("message", name(code), payload.decode("utf-8", "replace"))


async def serve_one(ws, mode):
    say("open", ws.path, ws.subprotocol, ws.request_headers.get("Host"))
    tls = ws.transport.get_extra_info("ssl_object")
    if tls:
        say("tls", tls.version(), tls.cipher()[0])
    if mode == "close":
        await ws.close(1001, "going away")
        return
    if mode == "text":
        await ws.send("this is no CoAP")
    elif mode not in ("no-csm", "silent"):
        await ws.send(CSM)
    try:
        async for data in ws:
            if isinstance(data, str):
                say("text", data)
            elif mode != "silent":
                await answer(ws, data)
    except websockets.ConnectionClosed:
        pass
    say("closed", ws.close_code)


async def serve(args):
    async def refuse(path, headers):
        say("upgrade", path, headers.get("Sec-WebSocket-Protocol"))
        if args.mode.isdigit():
            return http.HTTPStatus(int(args.mode)), [], b"not here\n"
        return None

    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
        if args.ca:
            context.load_verify_locations(args.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    names = None if args.mode == "no-subprotocol" else ["coap"]
    async with websockets.serve(
            lambda ws: serve_one(ws, args.mode), "127.0.0.1", args.port,
            subprotocols=names, process_request=refuse, ssl=context,
            ping_interval=None, max_size=None):
        say("ready")
        await asyncio.Future()


# ---- the client -------------------------------------------------------------

def show(data):
    if isinstance(data, str):
        say("text", data)
        return
    code, _, options, payload = parse(data)
    if len(payload) > 1000:
        payload = "%d %s" % (len(payload), hashlib.sha256(payload).hexdigest())
    else:
        payload = payload.decode("utf-8", "replace")
    if code == 0xE1:
        say(name(code), *("%d=%s" % (n, v.hex()) for n, v in options))
    else:
        say(*[name(code)] + [payload] * bool(payload))


async def step(ws, words):
    what = words.pop(0)
    if what in ("get", "no-csm"):
        await ws.send(get_request(words.pop(0)))
        show(await ws.recv())
    elif what == "pieces":
        data = get_request(words.pop(0))
        await ws.send([data[i:i + 3] for i in range(0, len(data), 3)])
        show(await ws.recv())
    elif what == "ping":
        await ws.send(message(0xE2, TOKEN))
        show(await ws.recv())
    elif what == "ws-ping":
        await asyncio.wait_for(await ws.ping(), 10)
        say("pong")
    elif what == "text":
        await ws.send("this is no CoAP")
    elif what == "frame":
        await ws.send(bytes.fromhex(words.pop(0)))
    elif what == "wait":
        show(await ws.recv())
    else:
        raise SystemExit("no such step: " + what)


async def talk(ws, words):
    tls = ws.transport.get_extra_info("ssl_object")
    if tls:
        say("tls", tls.version(), tls.cipher()[0])
    say("open", ws.subprotocol)
    try:
        show(await ws.recv())
        if words[:1] != ["no-csm"]:
            await ws.send(CSM)
        while words:
            await step(ws, words)
        await ws.close()
    except websockets.ConnectionClosed:
        pass
    say("closed", ws.close_code)


async def open_one(args):
    context = None
    if args.uri.startswith("wss"):
        context = ssl.create_default_context(cafile=args.ca)
        context.check_hostname = not args.no_name
        if args.cert:
            context.load_cert_chain(args.cert, args.key)
    names = [args.subprotocol] if args.subprotocol else None
    try:
        async with websockets.connect(
                args.uri + args.path, subprotocols=names, ssl=context,
                ping_interval=None, max_size=None) as ws:
            await asyncio.wait_for(talk(ws, args.steps), 20)
    except websockets.InvalidStatusCode as e:
        say("refused", e.status_code)
    except websockets.InvalidHandshake as e:
        say("refused", e)
    except OSError as e:
        say("lost", e)


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="what", required=True)
    for what in ("serve", "open"):
        p = sub.add_parser(what)
        for option in ("--cert", "--key", "--ca"):
            p.add_argument(option)
        if what == "serve":
            p.add_argument("port", type=int)
            p.add_argument("mode")
        else:
            p.add_argument("--no-name", action="store_true")
            p.add_argument("--subprotocol", default="coap")
            p.add_argument("--path", default=PATH)
            p.add_argument("uri")
            p.add_argument("steps", nargs="*")
    args = parser.parse_args()
    asyncio.run(serve(args) if args.what == "serve" else open_one(args))
    sys.exit(0)


main()
