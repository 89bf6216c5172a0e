/* SPDX-License-Identifier: BSD-2-Clause */
/* A layer in memory below the WebSocket layer, and bytes for it. */
#ifndef WS_SUPPORT_H
#define WS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/layer.h"
#include "net/layer_ws.h"
#include "net/ws_engine.h"

/* The lowest layer: what was sent through it, and what is to be received. */
struct ws_below {
	struct layer layer;
	struct buf in;
	struct buf out;
	size_t piece;    /* recv() gives no more than this; 0: all */
	size_t room;     /* as much is taken in `out`; then AGAIN */
	int connect_err; /* of connect() */
	int recv_err;    /* of recv(), when `in` is empty */
	int send_err;    /* of send() */
	unsigned sends;  /* calls of send() that took something */
	unsigned closes; /* calls of close() */
	bool eof;        /* recv() says 0, when `in` is empty */
	bool paused;     /* want_read(false) */
	bool destroyed;
};

void ws_below_init(struct ws_below *b);
void ws_below_free(struct ws_below *b);
/* Bytes that come in. */
void ws_below_feed(struct ws_below *b, const void *data, size_t len);
void ws_below_say(struct ws_below *b, const char *text);
/* What was sent is what the other gets, at most n bytes of it. */
bool ws_below_move(struct ws_below *from, struct ws_below *to, size_t n);

/* For main(): 0, or 1 after a plan of no tests, when this build has none. */
int ws_missing(void);

/* One end: a WebSocket layer on a layer in memory. */
struct ws_end {
	struct ws_below below;
	struct layer *layer;
};

extern coap_tick_t ws_now;
struct ws_shared **ws_shared_slot(void);
int ws_try_open(struct ws_end *e, bool server, size_t max_message);
void ws_end_open(struct ws_end *e, bool server);
void ws_end_free(struct ws_end *e);

/* Client and server with their handshake done. */
void ws_pair_open(struct ws_end *client, struct ws_end *server);
/* Moves bytes until neither has any, and reads nothing. */
void ws_pair_move(struct ws_end *a, struct ws_end *b);

/* A good request with a different line in place of one that begins so; NULL
 * text leaves it out. */
void ws_request(struct ws_end *e, const char *begins, const char *text);
/* A server with its handshake done, its 101 taken away. */
void ws_server_open(struct ws_end *e);
/* A client with its handshake done, its request taken away. */
void ws_client_open(struct ws_end *e);
/* The answer to the request that a client sent, likewise. */
void ws_response(struct ws_end *e, const char *begins, const char *text);

/* A frame in, masked for a server. first: FIN, RSV and opcode. */
void ws_frame(struct ws_end *e, bool mask, uint8_t first, const void *data,
    size_t len);
/* The frame that went out first is taken away: its first byte, its length and
 * its payload (unmasked) in data. False when there is none. */
bool ws_sent(struct ws_end *e, uint8_t *first, void *data, size_t size,
    size_t *len);
/* The next that went out is a Close frame with this code. */
void ws_assert_sent_close(struct ws_end *e, unsigned code);
/* The next message is this; or an error or the end. */
void ws_assert_message(struct ws_end *e, const void *data, size_t len);
void ws_assert_says(struct ws_end *e, int r);

#endif
