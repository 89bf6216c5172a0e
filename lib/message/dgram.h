/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message layer over datagrams, RFC 7252 section 4: CON, NON, ACK, RST,
 * retransmission, NSTART, deduplication, empty messages. It knows no session,
 * no socket and no clock: `now` comes with each call, the world is dgram_ops.
 *
 * Every operation of dgram_ops may call back into the same dgram (send from
 * within deliver, cancel from within failed), and may call dgram_reset(). It
 * may not call dgram_free(): the owner frees when no call is under way.
 */
#ifndef MESSAGE_DGRAM_H
#define MESSAGE_DGRAM_H

#include <stdbool.h>

#include <coap3/coap_io.h>
#include <coap3/coap_pdu.h>

#include "base/timer.h"
#include "message/mids.h"
#include "message/params.h"

/* Received message ids that are remembered for EXCHANGE_LIFETIME, at most so
 * many a peer (the oldest go first), with at most so many bytes of replies that
 * do not fit into the entry itself. Beyond these bytes a POST or PATCH is still
 * remembered, for it may not be done twice, but not what it was answered. */
#define DGRAM_DEDUP_MAX   1024
#define DGRAM_DEDUP_BYTES ((size_t)64 * 1024)
/* Messages that wait for NSTART, at most, and as many for PROBING_RATE. */
#define DGRAM_QUEUE_MAX 1024
/* Memory of the NONs that may still meet a Reset, at most (the oldest go
 * first; the last one sent always stays). */
#define DGRAM_HELD_BYTES ((size_t)128 * 1024)

struct dgram_ops {
	/* Puts one datagram on the wire. An error counts as a lost datagram. */
	int (*transmit)(void *user, const uint8_t *data, size_t len);
	/* A request or response that is no duplicate. The callee borrows it.
	 * A piggybacked response has type ACK: its CON, a request with the same
	 * token, has been settled. For a CON the callee answers through
	 * dgram_send() with an ACK, or dgram_send_empty(); when it has done
	 * neither by its return, an empty ACK is sent. */
	void (*deliver)(void *user, const coap_pdu_t *pdu);
	/* An empty ACK came for a CON of ours; the layer lets go of it after. */
	void (*acked)(void *user, coap_pdu_t *sent);
	/* A CON ended without ACK, or a CON or NON met a Reset: once a message,
	 * reason TOO_MANY_RETRIES or RST (or ICMP_ISSUE in place of the former
	 * after dgram_icmp()), or dgram_reset()'s. */
	void (*failed)(void *user, coap_pdu_t *sent, coap_nack_reason_t reason);
	/* A CON or NON went on the wire for the first time; may be NULL. It may
	 * not call back: dgram_send() is under way. */
	void (*sent)(void *user, const coap_pdu_t *pdu);
	/* A CON is to be sent again: a CON with a new message id that goes on the
	 * wire in its place, with its count of repetitions and its next wait, a
	 * reference that is the layer's; or NULL (RFC 7641 section 4.5.2). The
	 * operation may be NULL. */
	coap_pdu_t *(*renew)(void *user, const coap_pdu_t *sent);
	/* Sent again; `count` is 1 for the first repetition. */
	void (*retransmitted)(void *user, coap_pdu_t *sent, unsigned count);
	/* The peer's empty CON was answered with a Reset. */
	void (*pinged)(void *user, const coap_pdu_t *pdu);
	/* A Reset (or ACK) came for dgram_ping(). */
	void (*ponged)(void *user, const coap_pdu_t *pdu);
	/* Counters and traces; may be NULL. A duplicate was dropped. */
	void (*duplicate)(void *user, const coap_pdu_t *pdu);
};

struct dgram_out;
struct dgram_seen;

/* Where a message of ours is. Each list is in order of sending. */
enum dgram_list {
	DGRAM_WAITING, /* CONs held back by NSTART */
	DGRAM_WIRE,    /* CONs, and a ping, that wait for their ACK */
	DGRAM_HELD,    /* NONs that may meet a Reset */
	DGRAM_ENDING,  /* being reported by dgram_reset() */
	DGRAM_LISTS,
	DGRAM_PROBES = DGRAM_LISTS, /* NONs held back by PROBING_RATE */
};

/* NONs that ask a peer that does not respond: see probing.c. */
struct dgram_probing {
	struct dgram_out *list; /* those that wait */
	uint64_t sent;          /* thousandths of a byte, as of ... */
	coap_tick_t at;         /* ... that moment */
	uint16_t n;             /* in the list */
};

struct dgram {
	const struct dgram_ops *ops;
	void *user;
	const struct msg_params *params; /* the session's; read when needed */
	struct dgram_out *lists[DGRAM_LISTS];
	struct mid_table out;      /* all messages in these lists */
	struct timers timers;      /* of DGRAM_WIRE */
	struct mid_table in;       /* received ids */
	struct dgram_seen *oldest; /* the same in order of arrival */
	uint32_t seen_bytes;
	uint32_t held_bytes;
	struct dgram_probing *probing; /* NULL: no NON has asked yet */
	int32_t in_delivery; /* id of the CON that deliver() has; -1 */
	uint32_t random;     /* state of the generator for timeouts */
	int32_t ping_mid;    /* -1: none is under way */
	uint16_t icmp;       /* ICMP errors, counted */
	uint16_t kicks;
	uint16_t next_mid;
	uint16_t n_con; /* CONs on the wire, the ping not counted */
	uint16_t n_waiting;
	bool answered; /* in_delivery has its ACK or RST */
	bool group;    /* the owner's to set: the peer is a multicast group */
};

/* Allocates nothing; the first message id is random. */
void dgram_init(struct dgram *d, const struct dgram_ops *ops, void *user,
    const struct msg_params *params);
/* Lets go of everything without a word to the user. */
void dgram_free(struct dgram *d);

uint16_t dgram_new_mid(struct dgram *d);

/*
 * Sends pdu, whose message id is set, and keeps a reference while it needs it
 * (the caller keeps its own, and changes nothing in the message from then on).
 * A CON waits in the queue while NSTART are on the wire, a NON that asks while
 * the peer does not respond and was sent more than PROBING_RATE allows. An ACK
 * or RST with the id of a received CON becomes the reply that duplicates are
 * given.
 * 0; -COAP_E_NOMEM; -COAP_E_LIMIT (queue full); -COAP_E_TOOBIG; -COAP_E_INVAL
 * (an empty message with content, or a code that its type may not have, such as
 * a request in an ACK); -COAP_E_EXISTS (a message with that id waits, or a CON
 * is on the wire). After an error nothing is kept and nothing was sent.
 */
int dgram_send(struct dgram *d, coap_pdu_t *pdu, coap_tick_t now);
/* An empty ACK or RST for a received message: 0, or -COAP_E_INVAL for another
 * type. */
int dgram_send_empty(struct dgram *d, coap_pdu_type_t type, uint16_t mid,
    coap_tick_t now);
/* An empty CON (RFC 7252 section 4.3): the message id, or an error; at most
 * one at a time (-COAP_E_STATE). NSTART does not hold it back, so it shows
 * whether the peer lives also while a CON is unanswered. It is sent again as a
 * CON is, without a word; failed() is called with a NULL message when it stays
 * unanswered. */
int dgram_ping(struct dgram *d, coap_tick_t now);

/* One decoded datagram. Not from within an operation. A new CON for which
 * there is no memory is dropped without a reply: the peer sends it again. */
void dgram_input(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now);
/* A datagram that pdu_decode() refused but whose header could be read: a CON
 * is rejected with a Reset, anything else ignored (RFC 7252 section 4.2). */
void dgram_input_bad(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now);
/* An ICMP error was seen: CONs go on; if they end without answer they end
 * with ICMP_ISSUE. */
void dgram_icmp(struct dgram *d);

/* The exchange has its answer, or gives up: no more retransmission, no
 * failed(); a message that waited is never sent. 1 if the message was held
 * here, else 0. */
int dgram_forget(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now);
/* Takes back a message that still waits for its turn: 1, or 0 when it does not
 * (any more). Nothing else is sent in its place. */
int dgram_unsend(struct dgram *d, const coap_pdu_t *pdu);
/* The ping on the wire, if there is one, is not sent again, and another may
 * be. */
void dgram_forget_ping(struct dgram *d);
/* All CONs that are on the wire, and the ping, are sent again now, once (after
 * a change of the address, for instance), and the NONs that may still meet a
 * Reset; timers and counts go on, and retransmitted() is not called. */
void dgram_kick(struct dgram *d, coap_tick_t now);
/* Whether CONs are on the wire or wait, or a ping is. */
bool dgram_busy(const struct dgram *d);
/* NON requests that wait for PROBING_RATE. */
unsigned dgram_held(const struct dgram *d);

/* When dgram_timer() wants to be called: TIMER_NEVER when not at all. */
coap_tick_t dgram_next(const struct dgram *d);
void dgram_timer(struct dgram *d, coap_tick_t now);
/*
 * The session ends: forgets everything, a ping without a word. failed() is
 * called once for each CON and each NON that is still held (NONs are held so
 * that a Reset can be matched; only requests among them are reported), with
 * the reason; first those on the wire, then those that wait, then NONs that
 * left. What failed() sends belongs to the time after.
 */
void dgram_reset(struct dgram *d, coap_nack_reason_t reason);

#endif
