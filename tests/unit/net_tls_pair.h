/* SPDX-License-Identifier: BSD-2-Clause */
/* A client and a server of the TLS layer, with the made-up back-end, over
 * made-up layers and a made-up clock. */
#ifndef NET_TLS_PAIR_H
#define NET_TLS_PAIR_H

#include "fake_layer.h"
#include "fake_tls.h"
#include "net/layer_tls.h"

enum side {
	CLIENT,
	SERVER,
};

struct net_tls_pair;

struct tls_end {
	struct net_tls_pair *pair;
	struct fake_layer low;
	struct tls_ctx *ctx;
	struct layer *top;
	const char *identity; /* a client's */
	const char *key;      /* NULL: a server knows nobody */
	struct tls_prestate *prestate;
	unsigned resumables;
};

struct net_tls_pair {
	coap_tick_t now;
	bool datagram;
	unsigned mtu;
	const char *name;
	const struct tls_backend *backend; /* or one that goes wrong */
	struct tls_end end[2];
};

/* Two ends with the same key and nothing above the lower layers yet. */
void net_tls_pair_init(struct net_tls_pair *p, bool datagram);
/* The TLS layer of a side: what layer_tls_new() says. */
int net_tls_pair_new(struct net_tls_pair *p, enum side side);
/* Both, which must succeed. */
void net_tls_pair_open(struct net_tls_pair *p, bool datagram);
/* The same with a back-end that is not as good as the made-up one. */
void net_tls_pair_open_with(struct net_tls_pair *p, bool datagram,
    const struct tls_backend *backend);
/* And their handshake. */
void net_tls_pair_connect(struct net_tls_pair *p, bool datagram);
void net_tls_pair_free(struct net_tls_pair *p);

/* connect() of both until nothing is on the way and nobody has news; timers
 * do not run. True when both are done. */
bool net_tls_pair_run(struct net_tls_pair *p);
/* The same, and when it stands still the clock goes on to the next timer, at
 * most that often. */
bool net_tls_pair_run_timers(struct net_tls_pair *p, int times);

int net_tls_pair_send(struct net_tls_pair *p, enum side side, const char *text);
/* recv() must give this text. */
void net_tls_pair_expect(struct net_tls_pair *p, enum side side,
    const char *text);
/* What recv() gives: 1 for bytes, else its result. */
int net_tls_pair_recv(struct net_tls_pair *p, enum side side);
void net_tls_pair_info(struct net_tls_pair *p, enum side side,
    struct tls_info *info);

#endif
