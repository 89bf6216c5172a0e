/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the datagram layer share: dgram.c (its life and timers),
 * dgram_send.c (messages of ours), probing.c (which of those wait for a peer
 * that does not respond), dgram_recv.c (the peer's), dedup.c (which of those
 * were here before).
 *
 * An operation of dgram_ops may come back into the layer and may reset it.
 * So whoever calls one has taken out of the lists what it still needs, or
 * holds a reference to the message, and looks up everything else again.
 */
#ifndef MESSAGE_DGRAM_INTERNAL_H
#define MESSAGE_DGRAM_INTERNAL_H

#include "message/dgram.h"

/* A message of ours that the layer holds. */
struct dgram_out {
	struct mid_node node; /* in dgram.out */
	struct dgram_out *prev;
	struct dgram_out *next; /* in dgram.lists[list] */
	struct timer timer;     /* DGRAM_WIRE: the next repetition */
	struct dgram *dgram;
	coap_pdu_t *pdu;   /* a reference; NULL: a ping */
	coap_tick_t wait;  /* DGRAM_WIRE: from the last sending to the next */
	coap_tick_t begun; /* DGRAM_WIRE: the first sending */
	coap_tick_t until; /* DGRAM_HELD: when it is let go */
	uint16_t icmp;     /* dgram.icmp when it went on the wire */
	uint16_t kicks;    /* dgram.kicks when it was last sent so */
	uint16_t repeats;
	uint8_t list; /* enum dgram_list */
};

/* dgram_send.c */

struct dgram_out *out_find(const struct dgram *d, uint16_t mid);
/* Where a list begins; DGRAM_PROBES only after probing_begin(). */
static inline struct dgram_out **
out_list(struct dgram *d, enum dgram_list list)
{
	return list == DGRAM_PROBES ? &d->probing->list : &d->lists[list];
}
/* Out of all lists: now the caller's, to end with out_free(). */
void out_take(struct dgram *d, struct dgram_out *out);
void out_free(struct dgram_out *out);
/* To the end of another list; its timer stops. */
void out_move(struct dgram *d, struct dgram_out *out, enum dgram_list to);
/* Sends what NSTART and PROBING_RATE let through. */
void out_pump(struct dgram *d, coap_tick_t now);
/* Puts a message on the wire; the result is nobody's concern. */
void pdu_send(struct dgram *d, coap_pdu_t *pdu);
void empty_send(struct dgram *d, unsigned type, uint16_t mid);
/* Lets go of the NONs whose time is over. */
void held_expire(struct dgram *d, coap_tick_t now);

/* probing.c */

/* Whether a NON is one of those that PROBING_RATE holds back. */
bool probing_counts(const struct dgram *d, const coap_pdu_t *pdu);
/* One of those is to be sent: 0; -COAP_E_NOMEM; -COAP_E_LIMIT: too many wait.
 * waits: it is to wait, too. */
int probing_begin(struct dgram *d, coap_tick_t now, bool *waits);
/* The first of those that wait, if it may leave now, or NULL. */
struct dgram_out *probing_ready(struct dgram *d, coap_tick_t now);
/* One leaves. */
void probing_sent(struct dgram *d, coap_pdu_t *pdu);
/* The peer responds. */
void probing_heard(struct dgram *d);
void probing_free(struct dgram *d);
/* When the first of those that wait may leave. */
coap_tick_t probing_next(const struct dgram *d);

/* dedup.c */

/* The entry of a message that came before, or NULL. */
struct dgram_seen *dedup_find(const struct dgram *d, const coap_pdu_t *pdu,
    coap_tick_t now);
/* Remembers a message that dedup_find() did not find; an entry with the same
 * id is replaced. 0, or -COAP_E_NOMEM. */
int dedup_add(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now);
/* The reply to the CON with that id, if it is remembered: the message, or an
 * empty one of that type when pdu is NULL. */
void dedup_set_reply(struct dgram *d, unsigned type, uint16_t mid,
    coap_pdu_t *pdu);
/* Sends the reply again, if there is one. */
void dedup_repeat(struct dgram *d, const struct dgram_seen *seen);
void dedup_expire(struct dgram *d, coap_tick_t now);
coap_tick_t dedup_next(const struct dgram *d);
void dedup_clear(struct dgram *d);

#endif
