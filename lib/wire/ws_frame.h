/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk over the bytes of a WebSocket peer (RFC 6455 section 5): where frames
 * begin and end, and what a peer must not send. It keeps no payload.
 */
#ifndef WIRE_WS_FRAME_H
#define WIRE_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Status codes of a Close frame, RFC 6455 section 7.4.1. */
enum ws_close {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_TYPE = 1003,
	WS_CLOSE_TOOBIG = 1009,
	WS_CLOSE_INTERNAL = 1011,
};

struct ws_walk {
	size_t max;          /* bytes of the longest message that is taken */
	size_t message;      /* bytes of the message so far, as announced */
	uint64_t left;       /* bytes of this frame's payload to come */
	unsigned close_code; /* of the peer's Close frame; 0: it gave none */
	unsigned fault;      /* enum ws_close: what to close with; 0: none */
	const char *why;     /* a few words for the fault */
	uint8_t head[14];
	uint8_t head_len;
	uint8_t at;   /* bytes of a Close frame's payload seen */
	bool masked;  /* the peer is a client */
	bool partial; /* between the fragments of a message */
	bool control; /* a Ping or Close came; the caller resets it */
	bool closed;  /* a Close frame is complete: nothing may follow */
};

/* masked: the peer is a client. max: bytes of the longest message. */
void ws_walk_init(struct ws_walk *w, bool masked, size_t max);
/*
 * Goes on over len bytes: how many of them may be used. Fewer than len when
 * the byte after them is a fault (w->fault is set), or when they end with a
 * Close frame (w->closed is set). 0 afterwards.
 */
size_t ws_walk(struct ws_walk *w, const uint8_t *data, size_t len);

#endif
