/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Q-Block1 and Q-Block2 (RFC 9177), for both ends: which block is sent when,
 * what has come of a body whose blocks come in any order, and what is asked
 * for again. No message is sent here, and the time is an argument.
 */
#ifndef EXCHANGE_QBLOCK_H
#define EXCHANGE_QBLOCK_H

#include <coap3/coap_time.h>

#include "exchange/body.h"
#include "message/params.h"

/* A block's number has 20 bits. */
#define QBLOCK_NUM_MAX 0xFFFFFu
/* Block numbers in one list: of missing ones, or of options in a request. */
#define QBLOCK_LIST_MAX 64
/* How far behind the first missing block one may lie to be kept: what a peer
 * can make us hold. */
#define QBLOCK_AHEAD_MAX 256

/* --- times ---------------------------------------------------------------- */

/* RFC 9177 section 7.2, in ticks. */
struct qblock_params {
	unsigned max_payloads;
	unsigned max_retransmit;
	coap_tick_t non_timeout;
	coap_tick_t non_timeout_max; /* the longest NON_TIMEOUT_RANDOM */
	coap_tick_t receive_timeout;
	coap_tick_t partial_timeout;
	/* After which a CON of the peer cannot come any more. */
	coap_tick_t transmit_span;
	bool use_m; /* the M bit asks for the rest of a set */
};

struct qblock_params qblock_params(const struct msg_params *p);

/* --- on the wire ---------------------------------------------------------- */

/* The Q-Block2 options of a request, in order. */
struct qblock_asked {
	unsigned n;
	uint8_t szx;
	struct {
		uint32_t num;
		bool m;
	} ask[QBLOCK_LIST_MAX];
};

/*
 * 0; -COAP_E_FORMAT: a size is reserved, not the same in all of them, or the
 * numbers do not ascend (RFC 9177 section 4.4). Options beyond the limit are
 * checked, and left out. n is 0 when there are none.
 */
int qblock_read_asked(const coap_pdu_t *request, struct qblock_asked *asked);
/* The one Q-Block option of a message: 1; 0 when there is none, or not one. */
int qblock_read(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block);
/* Adds the option: 1 or 0. */
int qblock_add(coap_pdu_t *pdu, coap_option_num_t number, uint32_t num, bool m,
    unsigned szx);
bool qblock_has(const coap_pdu_t *pdu, coap_option_num_t number);

/*
 * Block numbers as a CBOR sequence (RFC 9177 section 5): how many were
 * written, fewer than n when they do not fit into size bytes; *len is set.
 */
unsigned qblock_missing_write(const uint32_t *nums, unsigned n, uint8_t *data,
    size_t size, size_t *len);
/*
 * And back: how many, at most max, the others are checked and left out. A
 * number that is there twice counts once. -COAP_E_FORMAT for what is no
 * sequence of block numbers, is empty, or does not ascend.
 */
int qblock_missing_read(const uint8_t *data, size_t len, uint32_t *nums,
    unsigned max);
/* Whether a response is 4.08 with such a list (Content-Format 272). */
bool qblock_is_missing(const coap_pdu_t *response);

/* --- sending -------------------------------------------------------------- */

struct qblock_out {
	uint32_t end;  /* blocks of the body */
	uint32_t next; /* the first that was never sent */
	uint32_t stop; /* up to here without a pause */
	coap_tick_t due;
	coap_tick_t pause; /* NON_TIMEOUT_RANDOM of this body */
	unsigned max_payloads;
	bool con;    /* the message layer's pace, without pauses */
	bool single; /* only what was asked for, until there is a Continue */
	unsigned n_wanted;
	uint32_t wanted[QBLOCK_LIST_MAX]; /* ascending */
};

/* Blocks of a body of `length` bytes; 0: more than can be counted. */
uint32_t qblock_count(size_t length, unsigned szx);
/* random: any 32 bits. The first set may begin at once. */
void qblock_out_init(struct qblock_out *o, uint32_t end, bool con,
    const struct qblock_params *params, uint32_t random);
/* Takes the block that is to be sent now; false when there is none. */
bool qblock_out_take(struct qblock_out *o, coap_tick_t now, uint32_t *num);
/* The peer has all before num, and more may follow at once. False when that
 * is no news: what is behind it has begun, or was not sent yet. */
bool qblock_out_continue(struct qblock_out *o, uint32_t num);
/* A block is to be sent again: beyond the limit, and behind the end, none. */
void qblock_out_want(struct qblock_out *o, uint32_t num);
/* The same up to the end of the set that it lies in, which may begin then. */
void qblock_out_want_rest(struct qblock_out *o, uint32_t num);
/* When something is to be sent; TIMER_NEVER: all is, for now. */
coap_tick_t qblock_out_next(const struct qblock_out *o);

/*
 * Adds the option and that block to pdu. 0; -COAP_E_TOOBIG when it does not fit
 * with this size; errors of body_out_part().
 */
int qblock_put(struct body_out *out, coap_pdu_t *pdu, coap_option_num_t number,
    uint32_t num, unsigned szx);
/* The largest size, up to szx, for blocks that go into messages with so many
 * bytes of room for option, marker and payload; -COAP_E_TOOBIG. */
int qblock_szx(size_t room, unsigned szx);

/* --- receiving ------------------------------------------------------------ */

struct qblock_part;

struct qblock_in {
	struct body_pool *pool; /* that counts what is kept; may be NULL */
	size_t counted;
	struct qblock_part *ahead; /* behind a gap, in order */
	unsigned n_ahead;
	uint32_t next;  /* the first that is missing */
	uint32_t seen;  /* behind the last that has come */
	uint32_t end;   /* blocks of the body; 0: not known */
	size_t size;    /* bytes of it, as Size1 or Size2 say; 0: not known */
	uint32_t told;  /* up to here the peer was told to go on */
	uint32_t asked; /* behind the last that was asked for */
	uint32_t asked_set; /* the set whose begin made us ask */
	unsigned repeats;   /* how often, since something came */
	coap_tick_t due;
	coap_tick_t expires;
	uint8_t szx;
	bool begun;
	bool con;
};

enum qblock_step {
	QBLOCK_WAIT,
	QBLOCK_CONTINUE, /* a set is complete: tell the peer */
	QBLOCK_ASK,      /* for what qblock_in_missing() lists */
	QBLOCK_WHOLE,
	QBLOCK_GIVE_UP,
};

void qblock_in_init(struct qblock_in *q, struct body_pool *pool, bool con);
void qblock_in_free(struct qblock_in *q);
/*
 * A part of the body, which goes on to `in` when all before it is there. size:
 * as the message says, 0 when not. 0; BODY_REPEATED: it was there, or lies too
 * far ahead; -COAP_E_FORMAT when it contradicts itself or what came before;
 * -COAP_E_TOOBIG; -COAP_E_LIMIT: no room in the pool, and nothing is changed;
 * -COAP_E_NOMEM; an error of write().
 */
int qblock_in_part(struct qblock_in *q, struct body_in *in,
    const coap_block_b_t *block, size_t size, const uint8_t *data, size_t len);
/* What to do after part num, of which qblock_in_part() said result; and when
 * due. */
enum qblock_step qblock_in_came(struct qblock_in *q,
    const struct qblock_params *params, uint32_t num, int result,
    coap_tick_t now);
enum qblock_step qblock_in_timer(struct qblock_in *q,
    const struct qblock_params *params, coap_tick_t now);
/*
 * The missing ones to be asked for now, ascending, at most a set and max of
 * them. They count as asked for.
 */
unsigned qblock_in_missing(struct qblock_in *q,
    const struct qblock_params *params, uint32_t *nums, unsigned max);

#endif
