/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the TLS layer share: layer_tls.c (the layer), and
 * layer_tls_io.c (what a back-end reads and writes during a call into it).
 */
#ifndef NET_LAYER_TLS_INTERNAL_H
#define NET_LAYER_TLS_INTERNAL_H

#include "base/buf.h"
#include "net/layer_tls.h"

/* What is read of a stream at once: more than the longest record. A datagram
 * that is looked at before it is read has no more room either. */
#define TLS_PIECE (20 * 1024)
/* What is joined without memory of its own. */
#define TLS_JOINT 2048
/* What records add to a message of len bytes, generously. */
#define TLS_OVERHEAD(len) ((len) / 64 + 256)

/* Memory of one call into the back-end, on the stack of that call: a session
 * that has nothing to do has none. */
struct tls_frame {
	uint8_t in[TLS_PIECE];
	uint8_t out[TLS_JOINT];
	size_t out_len;
	unsigned reads;
	bool idle; /* the layer below has nothing more */
};

struct tls {
	struct layer layer;
	const struct tls_backend *backend;
	struct tls_sess *sess;
	coap_tick_t (*now)(void *user);
	void *now_user;
	struct tls_host host;    /* a copy, see orphan() */
	struct tls_frame *frame; /* while the back-end is at work */
	/* Ciphertext that came and was not taken yet: in the frame, or when it
	 * outlives that in kept_in. */
	const uint8_t *in;
	size_t in_len;
	uint8_t *kept_in;
	struct buf out;    /* a stream's ciphertext that has to go out */
	coap_tick_t retry; /* when out is tried again */
	coap_tick_t due;   /* the handshake's timer */
	size_t sends;      /* calls of the layer below; tests look at it */
	unsigned mtu;
	int err;      /* why it cannot go on, negative */
	int recv_err; /* what recv() below said in this call, */
	int send_err; /* and send() of datagrams */
	bool datagram;
	bool mtu_changed; /* the back-end is to be told */
	bool started;     /* the back-end has been called */
	bool done;        /* the handshake is */
	bool fired;       /* due is over */
	bool ended;       /* the peer has said goodbye */
	bool cut;         /* the stream has ended below */
	bool dry;         /* read() has nothing until more comes */
	bool closed;      /* close() was called */
	bool lower_open;  /* and the layer below is to be closed after out */
};

/* For tls_sess_params; user is the struct tls. */
extern const struct tls_io tls_layer_io;

/* The first error stays: it is given back. */
int tls_fail(struct tls *t, int err);
/* Sends what is kept: 0, also when some still is, or why the session failed. */
int tls_flush(struct tls *t);
/* Around each call into the back-end that takes the session. */
void tls_enter(struct tls *t, struct tls_frame *f);
/*
 * With the result of the call: what is to go out does, and the result or the
 * error of the session is given back. -COAP_E_AGAIN and -COAP_E_TOOBIG end no
 * session.
 */
ssize_t tls_leave(struct tls *t, ssize_t r);

#endif
