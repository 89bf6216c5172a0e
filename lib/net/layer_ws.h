/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WebSocket (RFC 6455) as a layer, with the subprotocol "coap" and the path
 * /.well-known/coap of RFC 8323 section 4. Each message is one binary frame or
 * several; layer_message() gives whole ones.
 */
#ifndef NET_LAYER_WS_H
#define NET_LAYER_WS_H

#include "net/layer.h"

#define WS_PATH        "/.well-known/coap"
#define WS_SUBPROTOCOL "coap"

struct layer_ws_params {
	bool server;
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
 * 0, -COAP_E_NOMEM, -COAP_E_NO_MODULE or -COAP_E_LIMIT (descriptors).
 * connect() does the upgrade: -COAP_E_AGAIN, 0, -COAP_E_WS_UPGRADE (HTTP said
 * no), -COAP_E_WS_PROTOCOL (no subprotocol coap), -COAP_E_FORMAT (no HTTP), or
 * what the layer below fails with. close() sends a close frame.
 */
int layer_ws_new(struct layer *lower, const struct layer_ws_params *params,
    struct layer **out);
/* -COAP_E_NOTFOUND when there is no such layer in the stack. */
int layer_ws_info(const struct layer *l, struct layer_ws_info *info);

#endif
