/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DTLS and TLS as a layer, over whatever the layer below is. It joins the
 * records of a flight: into as few datagrams as the MTU allows, or into one
 * send of the stream; and it is the only place outside lib/tls that calls a
 * back-end's session.
 *
 * What it adds to the rules of layer.h:
 *  - connect() does the handshake, recv() goes on with it; send() says
 *    -COAP_E_AGAIN until it is done, and no event follows that: the owner
 *    knows it by connect().
 *  - An error is for good: connect(), recv() and send() give it again, and the
 *    alert that belongs to it was sent before. Not so with a message that is
 *    too long, and with what a datagram meets on its way out: it is lost, no
 *    more. ICMP errors come by layer_events.failed alone.
 *  - The end of a stream. recv() gives 0 when the peer has said goodbye
 *    (close_notify). A stream that ends without is cut (RFC 8446 section 6.1):
 *    -COAP_E_RESET, and no alert, for nobody is there. Each CoAP message has
 *    its length, so half a one is never taken for a whole one; what a cut can
 *    hide are the last messages, as a reset connection does. A stream that
 *    ends before the handshake is done is -COAP_E_PEER_CLOSED. After our own
 *    close() the peer's end is 0 either way.
 *  - A DTLS peer's goodbye is -COAP_E_PEER_CLOSED, from then on.
 *  - A datagram that the layer below finds too long lowers the MTU: the
 *    records of a flight go out one by one, a message is refused with
 *    -COAP_E_TOOBIG and may come again in smaller ones.
 *  - A stream that refuses ciphertext has it kept here, and no message is
 *    taken until that went out: send() tries it, and next() asks for timer().
 *  - close() before the handshake has begun says nothing; the layer below is
 *    closed when what is kept here went out.
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
	unsigned mtu;                  /* datagrams only; 0: 1200 */
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
/* A new MTU, datagrams only; nothing on a stack without this layer. */
void layer_tls_set_mtu(struct layer *l, unsigned mtu);

#endif
