/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the engine on libwebsockets share. */
#ifndef NET_WS_LWS_H
#define NET_WS_LWS_H

#include <stdint.h>

#include "net/ws_engine.h"

struct lws;
struct lws_context;
struct lws_vhost;

/* Up to this many sessions share one lws_context: it looks for a session in
 * all of its own. */
#define WS_SHARD_MAX 32

struct ws_shard {
	struct ws_shared *shared;
	struct ws_shard *next;
	struct lws_context *context;
	struct lws_vhost *vhost;
	unsigned n;
};

struct ws_conn {
	struct ws_shard *shard;
	struct lws *wsi; /* NULL: it is gone */
	int fd;          /* our end of the pair */
	int lws_fd;      /* the other; lws closes it */
	int (*piece)(void *user, const uint8_t *data, size_t len, bool last);
	void *user;
	const char *path;
	char *request; /* a client's, when lws could not write it */
	bool server;
	bool opened;     /* it was open once */
	bool heard;      /* bytes of a handshake came */
	bool head;       /* the request was HEAD: its answer has no body */
	bool answered;   /* the refusal has been given out */
	bool closing;    /* lws has been told to close */
	uint8_t owed;    /* POLLOUTs that lws may want */
	uint8_t refusal; /* enum ws_refusal */
	uint8_t matched; /* bytes of "HTTP/1." that came */
	uint16_t code;   /* to close with; 0: not asked to */
	enum ws_state state;
	int piece_err; /* what piece() said */
	struct ws_conn_info info;
};

/* Why a server refuses; the rows of a table of answers. */
enum ws_refusal {
	WS_REFUSE_NOT_HTTP,
	WS_REFUSE_PATH,
	WS_REFUSE_METHOD,
	WS_REFUSE_NO_UPGRADE,
	WS_REFUSE_VERSION,
	WS_REFUSE_PROTOCOL,
	WS_REFUSE_KEY,
};

/* A shard with room, and one connection more on it. */
int ws_shard_take(struct ws_shared **slot, void (*log)(const char *line),
    struct ws_shard **out);
void ws_shard_give(struct ws_shard *shard);
/* Whether this is a child of the process that made it: then lws is not to be
 * touched, for its descriptors are the parent's too. */
bool ws_shard_foreign(const struct ws_shard *shard);

/* Makes the pair; an error leaves what ws_pair_close() takes. */
int ws_pair_server(struct ws_conn *c);
int ws_pair_client(struct ws_conn *c, const struct ws_conn_params *p);
/* lws forgets the session. */
void ws_pair_close(struct ws_conn *c);
/* Bytes that lws has written: 0 when there are none, or it is gone. */
size_t ws_pair_read(struct ws_conn *c, void *data, size_t size);
/* Calls lws as if its end were ready for what (POLLIN, POLLOUT, POLLHUP). */
void ws_pair_serve(struct ws_conn *c, short what);

/* Notes that a server refuses: -1. */
int ws_http_refuse(struct ws_conn *c, enum ws_refusal why);
/* A server's look at a request: 0, or -1 and c->refusal. */
int ws_http_request(struct ws_conn *c, struct lws *wsi);
/* The same when it asks for no WebSocket: -1. */
int ws_http_plain(struct ws_conn *c, struct lws *wsi);
/* A client's look at a response: 0, or -1 and c->info. */
int ws_http_response(struct ws_conn *c, struct lws *wsi);
/* What lws says of a handshake that failed; text may be NULL. */
void ws_http_failed(struct ws_conn *c, struct lws *wsi, const char *text,
    size_t len);
/* The status of the answer; 0 for a client. */
int ws_http_status(const struct ws_conn *c);
/* The answer to a refused request: its length. */
size_t ws_http_answer(const struct ws_conn *c, char *buf, size_t size);
/* Notes how a handshake failed, unless that is known. */
void ws_http_note(struct ws_conn *c, int err, const char *detail);

#endif
