/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request of ours whose body, or whose answer's, takes several messages: a
 * client's part of RFC 7959. It is given responses, says what to do, and makes
 * the next message; sending, waiting and handlers are the caller's.
 */
#ifndef EXCHANGE_TRANSFER_H
#define EXCHANGE_TRANSFER_H

#include <coap3/coap_time.h>

#include "exchange/body.h"
#include "wire/pdu.h"

/* Bytes of an Echo value (RFC 9175 section 2.2.1). */
#define ECHO_MAX 40

struct transfer_params {
	unsigned szx;    /* of the largest block to use */
	size_t body_max; /* bytes of an answer */
	enum body_keep keep;
	body_write_t write; /* with BODY_WRITE */
	void *arg;
	struct body_pool *pool; /* may be NULL */
};

enum transfer_step {
	TRANSFER_DONE,   /* the response ends it: transfer_whole() */
	TRANSFER_NEXT,   /* transfer_message() makes what is to be sent */
	TRANSFER_FAILED, /* with the error */
};

/* A body that is there in part. */
struct transfer_resume {
	size_t offset; /* where it goes on */
	uint8_t etag[8];
	uint8_t etag_len;
	bool probing; /* block 0 was asked for, to see its ETag */
};

struct transfer {
	coap_pdu_t *origin;       /* the application's request; a reference */
	struct body_out *out;     /* its body; NULL: the payload, if any */
	struct body_out *payload; /* the payload of origin as a body */
	struct body_in in;        /* the answer's */
	coap_pdu_t *head; /* options of the answer's first part, no payload */
	struct buf key;   /* see body_key(); while something goes out */
	uint64_t tag;     /* Request-Tag; 0: none */
	size_t offset;    /* of the message under way, in the body */
	size_t sent;      /* bytes of it */
	size_t acked;     /* bytes of our body that the peer has */
	uint8_t szx;      /* of what is sent, or asked for */
	uint8_t restarts;
	bool up;      /* our body is on its way */
	bool more;    /* M of the message under way */
	bool unsent;  /* no message was made yet: the body waits */
	bool resumed; /* goes on with an earlier one, and was not answered */
	struct transfer_resume resume;
	bool asked; /* Block2 was in the message under way */
	/* Ours, and the answer's, come in blocks of one kind: some servers take
	 * a change between 1024 and BERT for another body. */
	bool no_bert;
	bool down_bert;
	bool bert; /* it had the size BERT */
	/* What the server wants to see in each message from now on, and whether
	 * the one under way was refused for want of it, and is sent again. */
	uint8_t echo_len;
	uint8_t echo[ECHO_MAX];
	bool again;
	bool echoed;         /* not a second time */
	bool relayed;        /* for somebody else, who sees to Echo */
	bool echo_restarted; /* it began anew for that, which is no fault */
	struct qtransfer *q; /* it goes by Q-Block: owned; or NULL */
	/* The whole exchange, for the caller. */
	coap_tick_t deadline;
	uint64_t sent_at;
	unsigned retransmits;
};

/*
 * For a request that begins (response NULL), or that is answered by the first
 * part of a body, or by 4.13 with a block size. out becomes the transfer's,
 * also on failure, and may be NULL. NULL when out of memory.
 */
struct transfer *transfer_new(coap_pdu_t *origin, struct body_out *out,
    const struct transfer_params *params);
void transfer_free(struct transfer *t);

/* The payload of origin goes in blocks. 0 or -COAP_E_NOMEM. */
int transfer_cut_payload(struct transfer *t);

/*
 * Goes on at an offset, a multiple of 16, with the rest of a body that has this
 * ETag, 1 to 8 bytes. 0; -COAP_E_INVAL; -COAP_E_TOOBIG: as large as the ceiling
 * already.
 */
int transfer_resume(struct transfer *t, size_t offset, const uint8_t *etag,
    size_t etag_len);
/* The first part of the answer is here, from elsewhere: goes on with the next
 * one. 0; -COAP_E_INVAL: it is none, or this is no GET that asks for all of it;
 * an error that the part has. */
int transfer_begin_with(struct transfer *t, const coap_pdu_t *first);
/* What comes next is what is behind the part that is there. */
void transfer_jump(struct transfer *t);
/* Our body: the application's, or the payload that was cut; NULL: none. */
const struct body_out *transfer_body(const struct transfer *t);

/* Whether a response to a request without a transfer needs one. */
bool transfer_is_needed(const coap_pdu_t *request, const coap_pdu_t *response);

/* Whether it asks for the request once more, with the Echo that it has. */
bool transfer_wants_echo(const coap_pdu_t *response);
/* The Echo of a message, in the message; length 0: none, or no good one. */
coap_bin_const_t transfer_echo(const coap_pdu_t *pdu);

struct transfer_link {
	size_t max; /* of a message: coap_session_max_pdu_size() */
	bool bert;  /* the peer takes BERT */
};

/*
 * The message that comes next, the caller's. token: the request's own for the
 * first one, new ones later. 0; -COAP_E_TOOBIG; -COAP_E_NOMEM; an error of the
 * body's read(), or BODY_WAIT, after which it is called again.
 */
int transfer_message(struct transfer *t, const struct transfer_link *link,
    uint16_t mid, coap_bin_const_t token, coap_pdu_t **out);

/* Whether the message under way, or about to be made, is the application's own
 * once more, but for an Echo. */
bool transfer_repeats(const struct transfer *t);

/* Whether the last part of our body was made: it is the message under way. */
bool transfer_is_sent(const struct transfer *t);

/* What a response to that message means; *err with TRANSFER_FAILED. */
enum transfer_step transfer_answer(struct transfer *t,
    const coap_pdu_t *response, int *err);

/* The options of the answer's first part, for later; false: out of memory. */
bool transfer_keep_head(struct transfer *t, const coap_pdu_t *response);

/*
 * The response as the application sees it: the request's token, the options of
 * the first part without blocks, and the body, which goes with it. With
 * BODY_COUNT, also while more is to come: this part, with the block's option,
 * its place and what is known of the length. NULL when out of memory. The
 * caller's, also when t is gone. Once for each response.
 */
coap_pdu_t *transfer_whole(struct transfer *t, coap_pdu_t *response);

#endif
