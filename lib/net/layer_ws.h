/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WebSocket (RFC 6455) as a layer, with the subprotocol "coap" and the path
 * /.well-known/coap of RFC 8323 section 4. Each message is one binary frame or
 * several; layer_message() gives whole ones.
 */
#ifndef NET_LAYER_WS_H
#define NET_LAYER_WS_H

#include "net/layer.h"

/* How long a Close frame of ours waits for the peer's. */
#define WS_CLOSE_WAIT_MS 5000

struct ws_shared;

struct layer_ws_params {
	bool server;
	/* Where the layers of one context keep what they have in common: NULL
	 * before the first and after the last of them. A NULL here: nothing is
	 * shared. */
	struct ws_shared **shared;
	const char *host;   /* a client's Host header, "[::1]:8080"; copied */
	size_t max_message; /* longest message taken; longer ones end it */
	coap_tick_t (*now)(void *user);
	void *now_user;
};

/* How an upgrade or a connection ended. */
struct layer_ws_info {
	int http_status;     /* of the server's answer; 0: none seen */
	unsigned close_code; /* of the peer's close frame; 0: none */
	char detail[96];     /* a few words, "Upgrade header missing" */
};

/*
 * Puts a layer on lower, which is this layer's from then on unless this fails:
 * 0, -COAP_E_NOMEM, -COAP_E_NO_MODULE (ws_engine() says why), -COAP_E_LIMIT
 * (descriptors), -COAP_E_INVAL (no host), -COAP_E_PERM (unix sockets are not
 * allowed here), or why a system call failed. events and user are not used by
 * this layer.
 *
 * connect() does the upgrade: -COAP_E_AGAIN, 0, -COAP_E_WS_UPGRADE (HTTP said
 * no), -COAP_E_WS_PROTOCOL (no subprotocol coap), -COAP_E_FORMAT (no HTTP),
 * -COAP_E_PEER_CLOSED, or what the layer below fails with. A server that
 * refuses has answered by then. Messages may have come with the last bytes of
 * the handshake: pending() says so.
 *
 * message() gives whole messages, recv() a copy of one. Empty ones are left
 * out, for they have no CoAP in them. 0 is the end: the peer closed, or hung
 * up. -COAP_E_WS_FRAME and -COAP_E_PEER_TOOBIG: it was told what is wrong with
 * what it sent, by a Close frame, and no more is read of it.
 *
 * send() sends one message. What the layer below refuses is kept, and sent by
 * the next call of any function here: so the owner calls message() when it is
 * told that the stack is writable, too.
 *
 * close() sends a Close frame and waits for the peer's, WS_CLOSE_WAIT_MS at
 * most, before it closes the layer below; until then message() says AGAIN.
 */
int layer_ws_new(struct layer *lower, const struct layer_ws_params *params,
    struct layer **out);
/* -COAP_E_NOTFOUND when there is no such layer in the stack. */
int layer_ws_info(const struct layer *l, struct layer_ws_info *info);

#endif
