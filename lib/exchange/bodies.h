/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server's part of RFC 7959, for one session: bodies that come in block by
 * block, and those of answers, of which the rest is still to be asked for.
 * Requests for parts of one body are told by body_key(), so that Request-Tag
 * (RFC 9175) keeps them apart.
 *
 * What was dropped lies in `dropped` until bodies_bury(): its release function
 * may do anything, also end the session with all this.
 */
#ifndef EXCHANGE_BODIES_H
#define EXCHANGE_BODIES_H

#include <coap3/coap_time.h>

#include "exchange/body.h"
#include "exchange/qblock.h"
#include "wire/pdu.h"

/* Bodies of each direction that a session may have under way; one more drops
 * the one that was used longest ago. */
#define BODIES_MAX 16

struct bodies_params {
	unsigned szx;         /* of the largest block to use */
	size_t body_max;      /* bytes of a request's body */
	bool each;            /* handlers take each part */
	bool bert;            /* the peer takes BERT without asking for it */
	coap_tick_t lifetime; /* of what nobody goes on with */
	struct body_pool *pool;
	struct body_pool
	    *kept; /* of answers with a release function; or NULL */
	const struct qblock_params *qblock; /* NULL: no Q-Block */
	uint32_t random;                    /* with qblock: any bits */
};

struct body_entry {
	struct body_entry *prev; /* in order of use */
	struct body_entry *next;
	/* The same of all sessions, where it may make room for others. */
	struct body_entry *pool_prev;
	struct body_entry *pool_next;
	struct body_pool *pool;
	struct bodies *owner; /* then: in whose list it is */
	struct buf key;
	coap_tick_t expires;
	struct body_in in;
	int observe;            /* Observe of the first part; -1: none */
	bool if_none_match;     /* the first part has it */
	struct body_out *out;   /* NULL: a body that comes in */
	struct body_pool *kept; /* that counts it; or NULL */
	coap_pdu_t *head;       /* of the answer: code and options, no block */
	size_t max;             /* of a message that answers */
	struct qblock_peer *q;  /* by Q-Block1 or Q-Block2; or NULL */
};

struct bodies {
	struct body_entry *in;
	struct body_entry *out;
	struct body_entry *dropped;
	struct body_entry *fresh; /* added while a handler runs */
	unsigned n_in;
	unsigned n_out;
	unsigned reading; /* calls of a body's read() that are under way */
};

/* What a body by Q-Block has besides. */
struct qblock_peer {
	struct qblock_in in;   /* of a body that comes in */
	struct qblock_out out; /* of an answer */
	struct buf token;      /* of the last request */
	uint8_t szx;           /* of an answer's blocks */
	bool con;              /* so was the last request */
	bool done;             /* the handler has had the body */
	coap_pdu_t *answer;    /* what it answered, as far as it is known */
};

/* NULL when out of memory. */
struct bodies *bodies_new(void);
/* All of it; NULL is allowed. Calls release functions, so nothing may still
 * use it. */
void bodies_free(struct bodies *b);
/* All of it is dropped, and nothing freed: for who cannot wait until a read()
 * has returned, which may do anything. */
void bodies_drop_all(struct bodies *b);

enum bodies_step {
	BODIES_ANSWERED, /* the response is filled: code, options, payload */
	BODIES_HANDLE,   /* a handler's, as it is */
	BODIES_BODY,     /* a handler's, with `part` as its body */
};

struct bodies_result {
	struct pdu_body part;
	struct body_entry *entry; /* has the bytes: body_entry_free() after
	                             the handler; or NULL */
	bool more;                /* BODIES_BODY: there is more to come */
	/* BODIES_BODY, of the whole: Observe of its first part, as that of the
	 * last one may be missing (RFC 7959 section 2.6); -1: none. */
	int observe;
	/* The same of If-None-Match, which only the first part has (RFC 7959
	 * section 2.10). */
	bool if_none_match;
};

/*
 * What to do with a request whose options are all right and for which there is
 * a handler. response has its token, and gets Block1 before the handler runs.
 */
enum bodies_step bodies_request(struct bodies *b,
    const struct bodies_params *params, coap_tick_t now,
    const coap_pdu_t *request, coap_pdu_t *response, struct bodies_result *r);

/*
 * Puts a body, or the part of it that the request asks for, into a response
 * that has all its other options. out is consumed: kept for the parts that are
 * not in it, if there are and b is not NULL, or dropped (freed without b). 0;
 * -COAP_E_INVAL: the part lies behind the end; or an error of
 * body_out_part().
 */
int bodies_respond(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct body_out *out);

/* A handler has returned: what it added has the code of its response. */
void bodies_settle(struct bodies *b, const coap_pdu_t *response);

/* The part of an answer by Q-Block2 that is to be sent now: a message without
 * token, option and part, of which num and the body, a reference, are put
 * behind it: qblock_put() may call the application. False: none, or not now. */
struct bodies_qblock_next {
	struct body_entry *entry;
	struct body_out *out;
	uint32_t num;
	uint8_t szx;
};
bool bodies_qblock_take(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, bool con, struct bodies_qblock_next *next);
/* Its options but the block's, to a message that has the token. */
bool bodies_qblock_head(const struct body_entry *entry, coap_pdu_t *pdu);
/* A body that came in part, and whose missing blocks are to be asked for: the
 * answer for that is filled but for its token, which is entry->q->token.
 * NULL: none is due. Those of whom nothing comes any more are dropped. */
struct body_entry *bodies_qblock_due(struct bodies *b,
    const struct bodies_params *params, coap_tick_t now);
/* 4.08 with what is missing of it. False: out of memory. */
bool bodies_qblock_missing(struct body_entry *entry,
    const struct bodies_params *params, coap_pdu_t *response);
/* A handler has answered the body that r gave it: duplicates get the same. */
void bodies_qblock_answered(struct bodies *b, const struct bodies_result *r,
    const coap_pdu_t *response);
/* A message with this token met a Reset, or (lost) no ACK. Whether it was of
 * one of these. */
bool bodies_qblock_failed(struct bodies *b, coap_bin_const_t token, bool lost);
/* con: a CON can be sent now. */
coap_tick_t bodies_qblock_next_due(const struct bodies *b, bool con);

/* The handler has had the whole body, and wants an Echo: it waits for its last
 * part once more, with that. */
void bodies_put_back(struct bodies *b, struct body_entry *entry,
    coap_tick_t expires);

void body_entry_free(struct body_entry *entry);
/* Drops those that nobody went on with. */
void bodies_expire(struct bodies *b, coap_tick_t now);
coap_tick_t bodies_next(const struct bodies *b); /* TIMER_NEVER: none */
/* Takes what was dropped, to be freed with body_entry_free(); NULL: nothing
 * more, or something is being read. */
struct body_entry *bodies_bury(struct bodies *b);

#endif
