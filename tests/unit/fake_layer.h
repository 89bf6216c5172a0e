/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lower layer for tests of layers: two ends and what is on the way between
 * them, which can be cut anywhere, refused, lost and put in another order.
 */
#ifndef FAKE_LAYER_H
#define FAKE_LAYER_H

#include "net/layer.h"

#define FAKE_LAYER_LOG 64

struct fake_chunk;

struct fake_layer {
	struct layer layer; /* first */
	struct fake_layer *peer;
	struct fake_chunk *in;
	/* How it behaves. */
	int connect;    /* what connect() gives */
	int recv_err;   /* what recv() gives when nothing is left; 0: AGAIN */
	bool eof;       /* recv() gives 0 then; set by the peer's close() */
	size_t cut;     /* a stream's recv() gives at most that; 0: all */
	int send_err;   /* what send() gives */
	size_t max;     /* -COAP_E_TOOBIG over this; 0: no limit */
	size_t backlog; /* what backlog() gives */
	uint64_t lose;  /* bit n: what send() number n takes is lost */
	bool backwards; /* datagrams overtake what is on the way */
	/* What happened to it. */
	size_t sends; /* that were taken */
	size_t refused;
	size_t recvs;
	size_t lens[FAKE_LAYER_LOG]; /* of what was taken */
	int closes;
	int destroyed;
	int wanted; /* of want_read(), as 1 and 0; -1: not called */
};

/* Two ends that are connected. The memory is the caller's; layer_free() lets
 * go of what came and was not read. */
void fake_layers_init(struct fake_layer *a, struct fake_layer *b,
    bool datagram);
/* Something arrives, as if the peer had sent it. */
void fake_layer_put(struct fake_layer *l, const void *data, size_t len);
/* What is on the way to l is lost. */
void fake_layer_lose(struct fake_layer *l);
/* Bytes on the way to l. */
size_t fake_layer_len(const struct fake_layer *l);
/* Whether these bytes are on the way to l, in one piece. */
bool fake_layer_has(const struct fake_layer *l, const void *data, size_t len);

#endif
