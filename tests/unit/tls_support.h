/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two sessions of the back-end in one thread, joined by queues: datagrams that
 * can be lost, changed and held back, or streams.
 */
#ifndef TEST_TLS_SUPPORT_H
#define TEST_TLS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/tls.h"
#include "tls_pki.h"

#define TLS_QUEUE_MAX 256

/* A datagram, or a piece of a stream, on its way. */
struct tls_piece {
	uint8_t *data;
	size_t len;
	size_t at; /* what was read of a stream's */
};

/* One direction. */
struct tls_queue {
	struct tls_piece pieces[TLS_QUEUE_MAX];
	size_t n;
	bool datagram;
	bool ended;       /* a stream's writer is gone */
	unsigned total;   /* pieces that were sent so far */
	int drop;         /* number of the one that is lost; -1: none */
	unsigned longest; /* bytes of the longest one */
	int fail;         /* what send() says, 0: nothing */
};

/* What one side's owner knows, and was told. */
struct tls_end {
	struct tls_sess *sess;
	struct tls_queue *in;
	struct tls_queue *out;
	/* What callbacks answer with. */
	const char *identity;  /* a client's; NULL: psk_client() fails */
	size_t identity_len;   /* 0: strlen */
	const char *key;       /* NULL: psk_server() knows nobody */
	const char *want_name; /* a server: the name that has a context */
	struct tls_ctx *name_ctx;
	int name_err; /* for every other name */
	int verify_err;
	bool trusting; /* verify() says yes to all */
	/* What they were told. */
	char hint[TLS_PSK_MAX + 1];
	unsigned hints; /* times that psk_client() was called */
	char asked[TLS_NAME_MAX + 1];
	bool asked_none;
	unsigned names;
	uint8_t seen_identity[TLS_PSK_MAX];
	size_t seen_identity_len;
	unsigned verified; /* times that verify() was called */
	unsigned problems;
	size_t chain_len;
	bool rpk;
	uint8_t peer[2048]; /* the first of the chain */
	size_t peer_len;
	uint8_t *resume;
	size_t resume_len;
	unsigned resumables;
	char messages[1024]; /* names, each with "<" or ">" in front */
	char keylog[2048];
	int result; /* of the last advance() */
};

struct tls_pair {
	struct tls_queue up;   /* from the client */
	struct tls_queue down; /* from the server */
	struct tls_end client;
	struct tls_end server;
	bool datagram;
	bool cookies; /* the server asks for them */
	/* Of both ends' sessions. */
	const char *name;
	unsigned mtu;
};

extern const struct tls_backend *const tls_be;
/* What the sessions call. */
extern const struct tls_host tls_host_all;
extern const struct tls_io tls_io_queue;

/* A configuration that begins as this: PSK, a server's or client's. */
struct tls_conf tls_conf_psk(bool server, bool datagram);
/* With the certificate NAME of pki, and its CA trusted. */
struct tls_conf tls_conf_pki(bool server, bool datagram,
    const struct tls_pki *pki, int name);
struct tls_source tls_memory(const struct tls_pki_bytes *bytes);
/* Asserts that it can be made. */
struct tls_ctx *tls_ctx_of(const struct tls_conf *conf);

/* Queues and ends, with the key "secret" and the identity "client". */
void tls_pair_init(struct tls_pair *p, bool datagram);
/* Makes both sessions; the queues are emptied. */
void tls_pair_open(struct tls_pair *p, struct tls_ctx *client,
    struct tls_ctx *server);
/* Goes on until both are done or have failed, or nothing moves and no timer
 * runs; waits for timers. */
void tls_pair_run(struct tls_pair *p);
/* The same, but gives up instead of waiting for a timer. */
void tls_pair_run_untimed(struct tls_pair *p);
/* Both are done, and a message goes each way. */
void tls_pair_check(struct tls_pair *p);
/* Frees the sessions and what is on its way; resume data too. */
void tls_pair_close(struct tls_pair *p);
/* Sends from one end, and reads it at the other. */
void tls_pair_send(struct tls_end *from, struct tls_end *to, const void *data,
    size_t len);

void tls_queue_clear(struct tls_queue *q);
void tls_queue_put(struct tls_queue *q, const void *data, size_t len);
struct tls_info tls_info_of(const struct tls_end *end);

#endif
