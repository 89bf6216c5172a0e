#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""aiocoap, another implementation of CoAP over WebSocket, TCP and TLS.

  aiocoap_peer.py serve [--cert FILE --key FILE] TRANSPORT PORT
      a device on 127.0.0.1 with /time, /large, /echo and /ticks; TRANSPORT is
      ws (with a certificate wss, on PORT + 1), tcpserver or tlsserver (on
      PORT + 1). Prints "ready".
  aiocoap_peer.py get [--ca FILE] [--observe N] URI...
      prints code and payload, "2.05 payload"; of a long payload the length
      and SHA-256
"""
import argparse
import asyncio
import hashlib
import ssl

import aiocoap
from aiocoap import resource


class Text(resource.Resource):
    def __init__(self, text):
        super().__init__()
        self.text = text

    async def render_get(self, request):
        return aiocoap.Message(payload=self.text)

    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload)


class Ticks(resource.ObservableResource):
    """Another number with each notification, a few a second."""

    def __init__(self):
        super().__init__()
        self.number = 0

    async def tick(self):
        while True:
            await asyncio.sleep(0.1)
            self.number += 1
            self.updated_state()

    async def render_get(self, request):
        return aiocoap.Message(payload=b"tick %d" % self.number)


async def serve(args):
    site = resource.Site()
    ticks = Ticks()
    site.add_resource(["time"], Text(b"a time of aiocoap"))
    site.add_resource(["echo"], Text(b""))
    site.add_resource(["large"], Text(b"x" * 100000))
    site.add_resource(["ticks"], ticks)
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
        if args.transport == "tlsserver":
            context.set_alpn_protocols(["coap"])
    # Its WebSockets are 3000 above the port that it is told.
    port = args.port - 3000 if args.transport == "ws" else args.port
    await aiocoap.Context.create_server_context(
        site, bind=("127.0.0.1", port), transports=[args.transport],
        _ssl_context=context)
    print("ready", flush=True)
    await ticks.tick()


def show(response):
    payload = response.payload.decode("utf-8", "replace")
    if len(payload) > 1000:
        digest = hashlib.sha256(response.payload).hexdigest()
        payload = "%d %s" % (len(payload), digest)
    print(response.code.dotted, payload, flush=True)


async def get(args):
    context = await aiocoap.Context.create_client_context(
        transports=["ws", "tcpclient", "tlsclient"])
    if args.ca:
        tls = {"tlscert": {"certfile": args.ca}}
        context.client_credentials.load_from_dict(
            {uri.rpartition("/")[0] + "/*": tls for uri in args.uri})
    for uri in args.uri:
        message = aiocoap.Message(code=aiocoap.GET, uri=uri)
        if args.observe:
            message.opt.observe = 0
        request = context.request(message)
        show(await asyncio.wait_for(request.response, 20))
        if args.observe:
            left = args.observe
            async for notification in request.observation:
                show(notification)
                left -= 1
                if not left:
                    break
            request.observation.cancel()
    await context.shutdown()


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="what", required=True)
    p = sub.add_parser("serve")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("transport")
    p.add_argument("port", type=int)
    p = sub.add_parser("get")
    p.add_argument("--ca")
    p.add_argument("--observe", type=int, default=0)
    p.add_argument("uri", nargs="+")
    args = parser.parse_args()
    asyncio.run(serve(args) if args.what == "serve" else get(args))


main()
