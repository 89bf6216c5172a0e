/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of ours that wait for a response: from token to request. A request
 * ends once: answered, failed, expired or cancelled.
 */
#ifndef EXCHANGE_REQUEST_H
#define EXCHANGE_REQUEST_H

#include <stdbool.h>

#include <coap3/coap_io.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_time.h>

#include "exchange/hash.h"
#include "exchange/transfer.h"

struct requests;

/* Requests under way in one session, at most. */
#define REQUESTS_MAX 4096

struct request {
	UT_hash_handle hh;    /* by token */
	struct request *prev; /* in order of sending */
	struct request *next;
	coap_pdu_t *sent;    /* a reference of its own; never NULL */
	coap_tick_t started; /* when it was handed over */
	uint64_t sent_at; /* us on the clock when it first left; 0: not yet */
	coap_tick_t deadline; /* TIMER_NEVER: the protocol's own rules */
	coap_mid_t mid;       /* also on streams, where it is never sent */
	uint16_t retransmits;
	bool acked; /* an empty ACK: a separate response follows */
	bool icmp_seen;
	bool sent_told; /* its owner knows that it left */
	bool loose;     /* see request_loose() */
	bool answered;  /* a group's: at least one has, and others may */
	void *user;     /* the owner's own (callbacks) */
	struct transfer *transfer; /* of which this is a message; owned */
	uint32_t token_len;
	uint8_t token[]; /* the key: the PDU may change, this does not */
};

struct requests {
	struct request *by_token; /* all of them, once they are many; or NULL */
	struct request *list;     /* in order of sending, expired ones first */
	size_t count;
	/* No deadline lies before it, but for those in front of the list. */
	coap_tick_t earliest;
};

void requests_init(struct requests *r);
/*
 * Takes its own reference to pdu. -COAP_E_EXISTS when a request with that
 * token is under way, -COAP_E_LIMIT, -COAP_E_NOMEM.
 */
int requests_add(struct requests *r, coap_pdu_t *pdu, coap_tick_t now,
    coap_tick_t deadline, struct request **out);
/* One that is in no table: it stands for a request whose further answers come
 * unasked. NULL when out of memory. */
struct request *request_loose(coap_pdu_t *pdu);
struct request *requests_find(const struct requests *r, coap_bin_const_t token);
/* The request whose own PDU is sent. */
struct request *requests_find_pdu(const struct requests *r,
    const coap_pdu_t *sent);
/* Moves a deadline, so that `earliest` stays true; never set it directly. */
void requests_set_deadline(struct requests *r, struct request *q,
    coap_tick_t deadline);
/* Takes q out; the caller now owns it and ends with request_free(). */
void requests_take(struct requests *r, struct request *q);
/* One that was taken is under way again, as the youngest. */
void requests_put_back(struct requests *r, struct request *q,
    coap_tick_t deadline);
/* Lets PDU and transfer go, too; NULL is allowed. */
void request_free(struct request *q);
/* Any one request whose deadline is over, taken out; NULL when there is none.
 * Called until NULL. */
struct request *requests_expired(struct requests *r, coap_tick_t now);
/*
 * When to look for expired ones: no later than the first deadline, and maybe
 * earlier once for a request that is gone; TIMER_NEVER when none has one.
 */
coap_tick_t requests_next(const struct requests *r);

#endif
