/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who observes a resource (RFC 7641 section 4): the entries, whom of them a
 * notification is owed, and what the next one is to be. Nothing is sent here.
 * An entry is in a list of its resource and in one of its peer, so that either
 * may end without a look at others.
 */
#ifndef EXCHANGE_OBSERVERS_H
#define EXCHANGE_OBSERVERS_H

#include <stdbool.h>

#include <coap3/coap_pdu.h>
#include <coap3/coap_resource.h>
#include <coap3/coap_time.h>

/* Entries, and bytes of the requests that they keep: of one, of a peer, and of
 * a context. One more is answered, but not taken (RFC 7641 section 4.1). */
#define OBSERVER_BYTES_MAX         ((size_t)64 << 10)
#define OBSERVERS_OF_PEER_MAX      1024
#define OBSERVERS_OF_PEER_BYTES    ((size_t)1 << 20)
#define OBSERVERS_OF_CONTEXT_MAX   16384
#define OBSERVERS_OF_CONTEXT_BYTES ((size_t)16 << 20)

/* The Observe numbers of a resource: 24 bits. */
#define OBSERVE_NUMBER_MASK 0xffffffu
/* So many of them a tick: in 256 s less than half of all (RFC 7641 section 4.4).
 */
#define OBSERVE_A_TICK ((unsigned)32)
/* After so many NON notifications one is CON; and after so long, which leaves
 * an hour of the 24 that RFC 7641 section 4.5 allows. */
#define OBSERVE_NON_MAX ((unsigned)5)
#define OBSERVE_CON_AGE ((coap_tick_t)23 * 3600 * COAP_TICKS_PER_SECOND)
/* So long after a NON that no other followed, the state is told once more by a
 * CON, for the NON may be lost; what changes no more often is told by CON at
 * once (RFC 7641 section 4.5: who observes sees the latest state at last). */
#define OBSERVE_SURE_WAIT ((coap_tick_t)10 * COAP_TICKS_PER_SECOND)
/* Notifications that are made in one pass, of all peers: then it is the turn of
 * other things. */
#define OBSERVE_A_PASS ((unsigned)256)
/* Between two NON where no round trip is known (RFC 7641 section 4.5.1). */
#define OBSERVE_BLIND_WAIT ((coap_tick_t)3 * COAP_TICKS_PER_SECOND)

/* Its answers have no Content-Format; or it is not known which they have. */
#define OBSERVER_FORMAT_NONE (-1)
#define OBSERVER_FORMAT_ANY  (-2)

/* What a resource has of it. All zero is none. */
struct observers {
	struct observer *list;
	unsigned n;
	uint32_t number;  /* the last one that was used */
	coap_tick_t tick; /* when it was counted up */
	unsigned grown;   /* how often at that tick */
};

/* What a context has of it. All zero is none. */
struct observer_pool {
	struct observer_peer *owing; /* peers that are owed something */
	struct observer *unproven;   /* the oldest first */
	uint64_t serial;             /* of the last entry */
	/* An entry is there, or is about to go; may be NULL. It may look at it,
	 * and change nothing here. */
	void (*changed)(struct observer *o, bool added);
	unsigned spent; /* observer_pool_take() in this pass */
	size_t bytes;
	unsigned n;
	unsigned n_owing;
};

/* What a session has of it. */
struct observer_peer {
	struct observer_peer *prev; /* in pool->owing */
	struct observer_peer *next;
	struct observer_pool *pool;
	coap_session_t *session;
	struct observer *list;
	struct observer *owed; /* in the order in which it is their turn */
	struct observer
	    *unsure; /* told by NON at last, the longest ago first */
	coap_tick_t quiet_until; /* no notification before */
	uint32_t rtt_us;         /* smoothed; 0: not known */
	size_t bytes;
	unsigned n;
};

struct observer {
	struct observer *prev; /* in peer->list */
	struct observer *next;
	struct observer *res_prev; /* in resource->observers.list */
	struct observer *res_next;
	struct observer *owed_prev; /* in peer->owed */
	struct observer *owed_next;
	struct observer *unsure_prev; /* in peer->unsure */
	struct observer *unsure_next;
	struct observer *new_prev; /* in pool->unproven */
	struct observer *new_next;
	struct observer_peer *peer;
	coap_resource_t *resource;
	coap_pdu_t *request;  /* a copy, with its body as payload */
	coap_string_t *query; /* of the request; NULL: none */
	coap_pdu_t *con;      /* the notification that waits for its ACK */
	uint64_t sent_us;     /* when that left; 0: not yet, or again */
	uint32_t rx;          /* messages of the session when it was made */
	uint32_t rx_began;    /* ... and when it registered */
	uint64_t serial;      /* of this entry, never used twice */
	/* Whoever goes with it, and is told that it goes; NULL: nobody. untie()
	 * must not add or remove observers. */
	void *tie;
	void (*untie)(void *tie);
	coap_tick_t con_at;  /* when the last CON was made, or it began */
	coap_tick_t told_at; /* the same of any notification */
	int64_t format;      /* of its first answer; or OBSERVER_FORMAT_... */
	uint32_t number;     /* the last one that it was told */
	uint8_t n_non;       /* NON since the last CON */
	bool numbered;
	bool owes;
	bool unsure;
	bool confirm;  /* the next one is a CON */
	bool unproven; /* nothing is known of its peer but its request */
};

/* NULL when out of memory. */
struct observer_peer *observer_peer_new(struct observer_pool *pool,
    coap_session_t *session);
/* Ends all its entries; NULL is allowed. */
void observer_peer_free(struct observer_peer *peer);

/* A pass begins. */
void observer_pool_begin(struct observer_pool *pool);
/* One notification is to be made: 0; or in how many ticks, for there were enough
 * of them in this pass. Those that wait come one after the other, in the order
 * in which they asked. */
coap_tick_t observer_pool_take(struct observer_pool *pool);

/* The entry with this token; NULL: none, also for a NULL peer. */
struct observer *observer_find(const struct observer_peer *peer,
    coap_bin_const_t token);
/* The same, when its serial number is that one. */
struct observer *observer_find_serial(const struct observer_peer *peer,
    coap_bin_const_t token, uint64_t serial);
/*
 * An entry for the request, of which a copy with all of its body is kept. One
 * with the same token is replaced; a notification that it was owed is owed to
 * the new one. 0; -COAP_E_LIMIT or -COAP_E_NOMEM, and then nothing changes.
 */
int observer_add(struct observer_peer *peer, coap_resource_t *resource,
    const coap_pdu_t *request, coap_tick_t now, struct observer **out);
void observer_remove(struct observer *o);
/* Whether a context's limits alone keep the request out. */
bool observer_lacks_room(const struct observer_peer *peer,
    const coap_pdu_t *request);
/* What a notification says has to be in the format of the first (RFC 7641
 * section 4.2): whether it is. When none was known it is that one from now on;
 * 2.03 has none. */
bool observer_keeps_format(struct observer *o, const coap_pdu_t *response);
/* Among those that make room for others, the last of them; no more. */
void observer_doubt(struct observer *o);
void observer_trust(struct observer *o);

/* The next notification of o, or of whoever of the resource has that query
 * (NULL: of all), is owed: of how many. */
void observer_owe(struct observer *o);
unsigned observers_owe(struct observers *list, const coap_string_t *query);
void observer_settle(struct observer *o); /* nothing is owed any more */
/* Whose turn it is: the first that has no CON under way; NULL: nobody. */
struct observer *observer_turn(const struct observer_peer *peer);

/*
 * The Observe number for o (NULL: a new observer) now. For o it is higher than
 * what it was told, unless there is no such number before the next tick.
 */
uint32_t observers_number(struct observers *list, const struct observer *o,
    coap_tick_t now);
/* When there is a number that is higher than what o was told: 0 is now. */
coap_tick_t observers_number_at(const struct observers *list,
    const struct observer *o);
/* By the COAP_RESOURCE_FLAGS_NOTIFY_... of the resource, and what o had. */
coap_pdu_type_t observer_type(const struct observer *o, coap_tick_t now);
/* What was told by NON so long ago that it is told once more is owed again, by
 * CON; and when there is any: TIMER_NEVER. */
void observer_confirm(struct observer_peer *peer, coap_tick_t now);
coap_tick_t observer_confirm_at(const struct observer_peer *peer);
/* Its last notification will arrive: the transport sees to it. */
void observer_assure(struct observer *o);
/* A notification of that type leaves: counts it, and sets quiet_until. */
void observer_sent(struct observer *o, coap_pdu_type_t type, coap_tick_t now);
/* A round trip to the peer was measured. */
void observer_rtt(struct observer_peer *peer, uint64_t us);

#endif
