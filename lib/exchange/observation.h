/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of ours (RFC 7641, client's part): from token to observation,
 * what a notification means, and when to ask again. Sending, handlers and
 * clock are the caller's.
 */
#ifndef EXCHANGE_OBSERVATION_H
#define EXCHANGE_OBSERVATION_H

#include "exchange/hash.h"

#include <coap3/coap_time.h>
#include <coap3/coapx_observe.h>

struct body_out;

/* In one session, at most. */
#define OBSERVATIONS_MAX 1024
/* From the end of Max-Age until it is asked for again (RFC 7641 section
 * 3.3.1). */
#define OBSERVATION_WAIT_MIN_MS 5000
#define OBSERVATION_WAIT_MAX_MS 15000

struct observation {
	UT_hash_handle hh;        /* by token */
	struct observation *prev; /* in order of their begin */
	struct observation *next;
	coap_pdu_t *origin;    /* the request that registers; a reference */
	struct body_out *body; /* its body; a reference, or NULL */
	void *user;            /* the owner's own */
	coap_tick_t came;      /* the newest notification, or the begin */
	coap_tick_t asked;     /* when it was last asked for */
	coap_tick_t due;       /* what observation_step() waits for */
	uint8_t state;         /* coapx_observe_state_t */
	uint8_t last_code;
	bool numbered;  /* `number` is that of the newest notification */
	bool anew;      /* the next answer is newer, whatever its number */
	bool any;       /* one has come */
	bool delivered; /* one was told */
	bool fetching;  /* the newest came in blocks: its rest is asked for */
	uint32_t number;
	uint32_t max_age; /* seconds */
	/* Of the newest one: COAPX_NOTIFICATION_..., and numbers skipped. */
	unsigned flags;
	uint32_t gap;
	uint64_t notifications;
	uint64_t gaps;
	uint64_t reordered;
	uint64_t registrations;
	uint32_t token_len;
	uint8_t token[]; /* the key: the PDU may change, this does not */
};

struct observations {
	struct observation *by_token; /* once they are many; or NULL */
	struct observation *list;
	size_t count;
	/* None is due before it. */
	coap_tick_t earliest;
};

void observations_init(struct observations *t);
/*
 * One that is asked for at now. Takes its own reference to pdu.
 * -COAP_E_EXISTS when there is one with that token, -COAP_E_LIMIT,
 * -COAP_E_NOMEM.
 */
int observations_add(struct observations *t, coap_pdu_t *pdu, coap_tick_t now,
    struct observation **out);
struct observation *observations_find(const struct observations *t,
    coap_bin_const_t token);
/* Takes o out and frees it; its body may be released then. */
void observations_remove(struct observations *t, struct observation *o);

/* Whether a response says that the server observes: 2.xx with Observe. */
bool observation_is_notification(const coap_pdu_t *response);
/* What a notification says: its number, seconds that it is fresh. */
uint32_t observation_number(const coap_pdu_t *response);
uint32_t observation_max_age(const coap_pdu_t *response);
/* The value of Observe in a request; -1: there is none. */
int64_t observation_request_value(const coap_pdu_t *request);

/* Whether the number of a notification that comes at now is newer than that of
 * the newest one so far (RFC 7641 section 3.4). */
bool observation_is_newer(const struct observation *o, uint32_t number,
    coap_tick_t now);

/* How a notification came. */
struct observation_arrival {
	coap_tick_t now;
	bool
	    reliable; /* in order, whatever its number (RFC 8323 section 7.1) */
	bool answer;  /* it answers a registration */
};

/*
 * Takes in what a notification says. True when it is the newest one: the state
 * is REGISTERED, and its Max-Age counts from now. Else it is counted, no more.
 */
bool observation_take(struct observations *t, struct observation *o,
    const coap_pdu_t *response, const struct observation_arrival *how);

/* It was asked for at now: for the first time, or again. */
void observation_asked(struct observations *t, struct observation *o,
    coap_tick_t now);
/* What is known of it is not fresh any more: asked for again soon, after a time
 * that random chooses. */
void observation_stale(struct observations *t, struct observation *o,
    coap_tick_t now, uint32_t random);
/* What is known of it is not fresh any more, or fresh enough: asked for again at
 * now, unless it is under way or cannot be. */
void observation_hurry(struct observations *t, struct observation *o,
    coap_tick_t now);
/* Nothing is due until more is known: LOST or CANCELLING. */
void observation_pause(struct observations *t, struct observation *o,
    coapx_observe_state_t state);

enum observation_step {
	OBSERVATION_NONE,
	OBSERVATION_STALE, /* it has just become stale */
	OBSERVATION_ASK,   /* it is to be asked for again */
};

/* One observation for which something is due at now, and what; its state has
 * changed, or nothing is due for it any more. NULL: there is none. Called
 * until NULL. */
struct observation *observations_step(struct observations *t, coap_tick_t now,
    uint32_t random, enum observation_step *step);
/* When to call it: no later than the first that is due; TIMER_NEVER. */
coap_tick_t observations_next(const struct observations *t);

#endif
