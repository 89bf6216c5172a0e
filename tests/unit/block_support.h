/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's resource and a client's handlers that check bodies byte by byte,
 * for the tests of blocks; on top of session_support.h. */
#ifndef BLOCK_SUPPORT_H
#define BLOCK_SUPPORT_H

#include "session_support.h"

#define BLOCK_BODY 60000

/* Where and how a test ends what is under way. */
enum block_where {
	BLOW_TRANSFER,
	BLOW_READ,
	BLOW_WRITE,
	BLOW_RESULT,
	BLOW_RELEASE,
	BLOW_WHERES,
};

enum block_what {
	BLOW_CANCEL,
	BLOW_DISCONNECT,
	BLOW_END,
	BLOW_WHATS
};

struct block_world {
	/* What happens next. */
	size_t answer; /* bytes that the server answers with */
	unsigned flags;
	unsigned timeout_ms;
	unsigned block_size; /* of the request; 0: as the context has it */
	bool non;            /* the request is */
	bool stream;         /* read_body and write_body */
	bool known;          /* ... and how long it is */
	size_t length;       /* of what is read */
	bool wait;           /* both wait with each part ... */
	bool eager;          /* ... and are resumed before they return */
	size_t offset;       /* where write_body begins */
	uint8_t etag[8];     /* ... of this body */
	size_t etag_length;
	coap_pdu_t *first; /* first_part of the next request */
	bool raw_etag;     /* block_raw_answer() gives ETag ab */
	bool refuse;       /* the handler's verdict on each part */
	coap_pdu_t **keep; /* where the next response is to stay */
	/* What has happened. */
	size_t put;     /* bytes that the handler got, the last time */
	size_t got;     /* bytes of the last response */
	size_t written; /* bytes that write_body got */
	unsigned given; /* bodies given to requests, and got back */
	unsigned given_back;
	unsigned added; /* the same of answers */
	unsigned released;
	unsigned blocks;      /* transfer() called */
	unsigned left;        /* the last request was said to have left */
	unsigned retransmits; /* of the last result */
	coapx_transfer_t told;
	uint8_t told_etag[8];
	size_t told_etag_length;
	bool moved; /* the last result has said how far it came: ... */
	coapx_transfer_t came;
	unsigned waits;           /* read_body and write_body have waited */
	size_t awaited;           /* read_body waited for this part, and 1 */
	unsigned begun;           /* write_body called with offset 0 */
	coapx_request_t *request; /* the last one; NULL: ended */
	/* The n-th time at that place that happens; 0: never. */
	int blow_where;
	int blow_what;
	unsigned blow_at;
	coap_session_t *session; /* NULL: released */
};

extern struct block_world block;

int block_up(void **state);
int block_down(void **state);

/* A request for /x with a body, by coapx_request_send(), whose end is written
 * down as session_support.h has it; or by coap_send(). */
void block_request(coap_session_t *session, coap_pdu_code_t code, char token,
    size_t length);
void block_send(coap_session_t *session, coap_pdu_code_t code, char token,
    size_t length);

/* Whether the response has what the server gave; sets block.got. */
void block_check(const coap_pdu_t *response);

/* A session through a relay that loses, repeats and reorders. */
struct block_relay {
	int front;
	int back;
	coap_address_t client;
	bool known;
	unsigned seed;
	uint8_t held[2][1500];
	size_t held_len[2];
};

coap_session_t *block_bad_session(struct block_relay *r, unsigned seed);
void block_relay_end(struct block_relay *r);

/* Answers a request of a peer without library: part num of 64 bytes. */
void block_raw_answer(int fd, unsigned num, bool more);

#endif
