/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request of ours whose body, or whose answer's, goes by Q-Block (RFC 9177):
 * a client's part. It belongs to a transfer, which has the body, and goes on
 * with Block1 and Block2 when it is gone.
 */
#ifndef EXCHANGE_QTRANSFER_H
#define EXCHANGE_QTRANSFER_H

#include "exchange/qblock.h"
#include "exchange/transfer.h"

/* Tokens of its last messages that an answer may have. */
#define QTRANSFER_TOKENS 64

struct qtransfer_token {
	uint8_t len;
	uint8_t s[8];
};

struct qtransfer_etag {
	uint8_t len;
	uint8_t s[8];
};

struct qtransfer {
	struct qtransfer *prev;
	struct qtransfer *next;
	struct qtransfer **list; /* that it is in */
	struct transfer *t;      /* whose it is */
	void *user;              /* the caller's: the request */
	bool busy;               /* ... is being worked on */
	bool up;                 /* our body goes; else the answer's comes */
	bool turned;             /* ... after ours, which the peer has */
	bool con;                /* so are its messages */
	bool probe; /* but for the first: is there a peer that knows this? */
	bool heard; /* something was answered */
	uint8_t szx;
	uint64_t tag; /* Request-Tag; 0: the application's own */
	struct qblock_out out;
	struct qblock_in in;
	/* All of our body is sent: when the last part of it is repeated. */
	unsigned repeats;
	coap_tick_t due;
	struct qtransfer_etag etag; /* of what is coming */
	struct qtransfer_etag old;  /* of what it was before */
	bool restarted;
	unsigned n_tokens; /* that were put, of which the last ones are here */
	struct qtransfer_token tokens[QTRANSFER_TOKENS];
};

struct qtransfer_params {
	size_t max; /* of a message */
	bool con;
	bool probe;
	uint64_t tag;    /* for our body, when it has none of its own */
	uint32_t random; /* any bits */
	const struct qblock_params *times;
};

/*
 * t goes by Q-Block, its own body if it has one. 0; -COAP_E_NOMEM;
 * -COAP_E_TOOBIG: it can not.
 */
int qtransfer_begin(struct transfer *t, struct qtransfer **list,
    const struct qtransfer_params *params);
/* Out of its list; NULL is allowed. */
void qtransfer_free(struct qtransfer *q);

/* The token of a message that follows. */
void qtransfer_put_token(struct qtransfer *q, coap_bin_const_t token);
bool qtransfer_has_token(const struct qtransfer *q, coap_bin_const_t token);

/* What a message is made for. */
struct qtransfer_frame {
	size_t max;
	uint16_t mid;
	coap_bin_const_t token;
};

/* The messages, the caller's: 0; -COAP_E_TOOBIG; -COAP_E_NOMEM; an error of the
 * body's read(). The first one of all, ... */
int qtransfer_first(struct qtransfer *q, const struct qtransfer_frame *frame,
    coap_pdu_t **out);
/* ... a part of our body, ... */
int qtransfer_part(struct qtransfer *q, uint32_t num,
    const struct qtransfer_frame *frame, coap_pdu_t **out);

enum qtransfer_step {
	QTRANSFER_WAIT,      /* for more, or for what is due */
	QTRANSFER_CONTINUE,  /* of an answer: qtransfer_ask() */
	QTRANSFER_ASK,       /* the same */
	QTRANSFER_ANEW,      /* the same, from the begin */
	QTRANSFER_WHOLE,     /* transfer_whole() */
	QTRANSFER_LEAVE,     /* transfer_answer(), without Q-Block */
	QTRANSFER_FALL_BACK, /* the peer has none: once more without */
	QTRANSFER_FAILED,    /* with the error */
};

/* ... or what such a step asks for. */
int qtransfer_ask(struct qtransfer *q, enum qtransfer_step step,
    const struct qblock_params *times, const struct qtransfer_frame *frame,
    coap_pdu_t **out);

/* What a response means. *news: some of the body has moved; *known: it shows
 * that the peer has Q-Block. */
struct qtransfer_answer {
	enum qtransfer_step step;
	int err;
	bool news;
	bool known;
};
struct qtransfer_answer qtransfer_response(struct qtransfer *q,
    const struct qblock_params *times, const coap_pdu_t *response,
    coap_tick_t now);
/* What is due of an answer that comes, or of our body that was sent: WAIT
 * (then with our body something is to be sent), ASK or FAILED. */
enum qtransfer_step qtransfer_timer(struct qtransfer *q,
    const struct qblock_params *times, coap_tick_t now);
/* All was sent for now: an answer is awaited. */
void qtransfer_sent(struct qtransfer *q, const struct qblock_params *times,
    coap_tick_t now);
/* When to look; can_send: whether the transport takes a message. */
coap_tick_t qtransfer_next(const struct qtransfer *q, bool can_send);

#endif
