/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DTLS and TLS as a layer, over whatever the layer below is. It joins the
 * records of a flight: into as few datagrams as the MTU allows, or into one
 * send of the stream; and it is the only place outside lib/tls that calls a
 * back-end's session.
 */
#ifndef NET_LAYER_TLS_H
#define NET_LAYER_TLS_H

#include "net/layer.h"
#include "tls/tls.h"

struct layer_tls_params {
	const struct tls_backend *backend;
	struct tls_ctx *ctx; /* must outlive the layer */
	const char *name;    /* see tls_sess_params */
	struct tls_bytes resume;
	unsigned mtu;                  /* datagrams only */
	unsigned retransmit_ms;        /* datagrams only; 0: 1000 */
	struct tls_prestate *prestate; /* of admit(), or NULL */
	const struct tls_host *host;
	void *host_user;
	coap_tick_t (*now)(void *user); /* the loop's clock */
	void *now_user;
};

/*
 * Puts a layer on lower, which is this layer's from then on, unless this
 * fails: 0 or an error of sess_new(). Nothing is sent before layer_connect().
 * events and user are not used by this layer.
 */
int layer_tls_new(struct layer *lower, const struct layer_tls_params *params,
    struct layer **out);

/* The TLS session in a stack, and its back-end; NULL when there is none. */
struct tls_sess *layer_tls_session(const struct layer *l,
    const struct tls_backend **backend);
/* A fatal alert (of RFC 8446 section 6) goes out with what close() does. */
void layer_tls_abort(struct layer *l, int alert);
/* A new MTU, datagrams only; nothing on a stack without this layer. */
void layer_tls_set_mtu(struct layer *l, unsigned mtu);
/* Flights sent in one piece, for tests: how often the layer below was called
 * to send. */
size_t layer_tls_sends(const struct layer *l);

#endif
