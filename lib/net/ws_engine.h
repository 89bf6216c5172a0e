/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam to a WebSocket library: bytes of the wire in and out, messages in
 * and out. One const table of functions a library; only lib/net/ws_LIBRARY*.c
 * name it.
 *
 * Contracts
 * 1. An engine owns no socket of the session's, has no clock and no timer, and
 *    nothing of it is ever registered with the loop: it works inside calls.
 * 2. input() takes all bytes; they are those of the handshake up to and with
 *    its empty line, or frames that ws_walk() has passed. What they bring is
 *    told through piece(), inside input() and only there.
 * 3. output() is called until it says there is no more: after conn_new() of a
 *    client, after input() of a handshake or of a control frame, after send()
 *    and close(). What it does not get taken stays.
 * 4. send() is called when output() has given all. After an error of input(),
 *    send() or close() only output(), info() and conn_free() may follow.
 * 5. Nothing here is called inside piece(). conn_free() works in every state.
 */
#ifndef NET_WS_ENGINE_H
#define NET_WS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What RFC 8323 section 4 asks for. */
#define WS_PATH        "/.well-known/coap"
#define WS_SUBPROTOCOL "coap"

enum ws_state {
	WS_CONNECTING, /* the handshake is not over */
	WS_OPEN,
	WS_CLOSED, /* output() may still have something */
};

struct ws_conn;
/* What the connections of one context have in common. */
struct ws_shared;

struct ws_conn_params {
	bool server;
	const char *host; /* a client's Host header */
	const char *path; /* asked for, or demanded */
	/* The next bytes of a message: 0, or an error that ends it. */
	int (*piece)(void *user, const uint8_t *data, size_t len, bool last);
	void *user;
	/* A line that the library has to say, without a newline. */
	void (*log)(const char *line);
};

struct ws_conn_info {
	int err; /* how the handshake failed; 0: it did not */
	int http_status;
	char detail[96];
};

struct ws_engine {
	const char *name; /* "libwebsockets" */
	const char *(*version)(void);
	/*
	 * *shared is NULL before the first connection of a context and again
	 * after the last. 0, -COAP_E_NOMEM, -COAP_E_LIMIT (descriptors), or
	 * why a system call failed.
	 */
	int (*conn_new)(struct ws_shared **shared,
	    const struct ws_conn_params *params, struct ws_conn **out);
	void (*conn_free)(struct ws_conn *c); /* NULL is fine */
	enum ws_state (*state)(const struct ws_conn *c);
	/* answer: a handshake or a control frame is in it. */
	int (*input)(struct ws_conn *c, const void *data, size_t len,
	    bool answer);
	/* Bytes for the peer; 0: none; *more: it should be called again. size
	 * is at least 4096. */
	size_t (
	    *output)(struct ws_conn *c, void *data, size_t size, bool *more);
	/* One binary message in one frame: 0 or an error. */
	int (*send)(struct ws_conn *c, const void *data, size_t len);
	/* A Close frame with this code, once: 0 or an error. */
	int (*close)(struct ws_conn *c, unsigned code);
	void (*info)(const struct ws_conn *c, struct ws_conn_info *info);
};

/*
 * The engine of this build, loaded at its first use; NULL, and a sentence in
 * why (may be NULL), when there is none or it cannot be loaded. One of the
 * files ws_load_*.c and ws_none.c has it.
 */
const struct ws_engine *ws_engine(char *why, size_t size);
/* What it would be, without loading it: NULL when this build has none. */
const char *ws_engine_name(void);

/* The engine itself, for the file that it is linked in with. */
extern const struct ws_engine ws_engine_table;

#endif
