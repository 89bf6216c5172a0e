/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network and a clock for tests of the datagram layer: two peers, and a
 * link between them that loses, repeats, delays and so reorders datagrams as
 * its seed says. What a peer does and is told is written down as text, one
 * line each:
 *
 *     0 sent 400100010a         bytes on the wire
 *     7 deliver ACK 2.05 0001   type, code and message id
 *     7 acked 0001
 *     7 failed 0001 2           coap_nack_reason_t; "-" for a ping
 *     7 again 0001 1            the n-th repetition
 *     7 pinged 0001 | ponged 0001 | duplicate 0001
 */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/dgram.h"

enum fake_kind {
	FAKE_SENT,
	FAKE_DELIVER,
	FAKE_ACKED,
	FAKE_FAILED,
	FAKE_AGAIN,
	FAKE_PINGED,
	FAKE_PONGED,
	FAKE_DUPLICATE,
	FAKE_KINDS,
};

struct fake_link {
	bool up;            /* without it what is sent goes nowhere */
	unsigned drop;      /* of 1000 datagrams */
	unsigned duplicate; /* of 1000 datagrams */
	unsigned delay_min; /* ms */
	unsigned delay_max;
};

struct fake_net;

struct fake_peer {
	struct dgram dgram;
	struct msg_params params;
	struct fake_net *net;
	char *log;
	size_t log_len;
	bool quiet; /* counts only */
	unsigned count[FAKE_KINDS];
	int transmit_error;
	/* Called after the line was written; may call into the peer's dgram.
	 * pdu is NULL for FAKE_SENT and for a failed ping; value is the reason
	 * of FAKE_FAILED, the count of FAKE_AGAIN. */
	void (*hook)(struct fake_peer *peer, enum fake_kind kind,
	    const coap_pdu_t *pdu, int value);
	/* The newer message in place of a repetition; NULL: as it is. */
	coap_pdu_t *(*renew)(struct fake_peer *peer, const coap_pdu_t *sent);
	void *user; /* the test's */
};

struct fake_flight;

struct fake_net {
	coap_tick_t now;
	uint32_t seed;
	struct fake_link link;
	struct fake_flight *flights;
	struct fake_peer a;
	struct fake_peer b;
};

/* The clock begins at 0, message ids at 1; ACK_RANDOM_FACTOR is 1.0. */
void fake_net_init(struct fake_net *net, uint32_t seed);
void fake_net_free(struct fake_net *net);
uint32_t fake_random(struct fake_net *net);
/* All that happens up to and including that moment. */
void fake_net_run(struct fake_net *net, coap_tick_t until);
/* Until nothing is in the air and no peer is busy. */
void fake_net_settle(struct fake_net *net);

coap_pdu_t *fake_pdu(struct fake_peer *peer, coap_pdu_type_t type,
    unsigned code);
/* A new message without token: its id, or the error. */
int fake_send(struct fake_peer *peer, coap_pdu_type_t type, unsigned code);
/* The same with a token of 4 bytes. */
int fake_send_token(struct fake_peer *peer, coap_pdu_type_t type, unsigned code,
    uint32_t token);
/* A reply to a message. */
void fake_reply(struct fake_peer *peer, coap_pdu_type_t type, unsigned code,
    const coap_pdu_t *to);
uint32_t fake_token(const coap_pdu_t *pdu);

/* Bytes arrive, as they come from a socket. */
void fake_input(struct fake_peer *peer, const uint8_t *data, size_t len);
/* The same in hexadecimal. */
void fake_input_hex(struct fake_peer *peer, const char *hex);

/* Compares what was written down since the last call. */
#define fake_expect(peer, text)                         \
	do {                                            \
		assert_string_equal((peer)->log, text); \
		fake_forget(peer);                      \
	} while (0)
void fake_forget(struct fake_peer *peer);

#endif
