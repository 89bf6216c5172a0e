/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message in memory: one block that holds room for the longest header, then
 * token, options, marker and payload as they go on the wire, so that framing
 * writes the header in front and nothing is copied.
 */
#ifndef WIRE_PDU_H
#define WIRE_PDU_H

#include <stdbool.h>

#include <coap3/coap_pdu.h>

#include "base/buf.h"

/* Stream header: 1 byte, 4 of length, 1 code, 2 of extended token length. */
#define PDU_HEADROOM 8
/* The largest message there can be: what a 32-bit stream length allows is cut
 * to this ceiling. */
#define PDU_MAX_SIZE ((size_t)64 * 1024 * 1024 + 65536)

enum framing {
	FRAMING_DATAGRAM, /* RFC 7252 section 3 */
	FRAMING_STREAM,   /* RFC 8323 section 3.2 */
	FRAMING_WS,       /* RFC 8323 section 4.2: no length */
};

/* Bytes of a body: all of it, or a part. */
struct pdu_body {
	const uint8_t *data;
	size_t length;
	size_t offset; /* of data in the body */
	size_t total;  /* of the body; what is known of it */
};

struct coap_pdu_t {
	uint8_t type; /* coap_pdu_type_t */
	uint8_t code; /* coap_pdu_code_t */
	uint16_t mid;
	uint16_t last_option; /* the largest number among the options */
	bool parsed : 1;      /* read from the wire */
	bool fresh : 1;   /* its Echo was good; copies that are kept stay so */
	bool q_block : 1; /* its body came by Q-Block1; the same */
	bool bare : 1;    /* to be sent without a token, if it has none */
	uint8_t framing;  /* enum framing of the last decode or encode */
	uint32_t token_len;
	uint64_t absent; /* bit n: certainly no option n; of those under 64 */
	unsigned refs;   /* see pdu_ref() */
	uint8_t *block;  /* PDU_HEADROOM + cap bytes: room, or one of its own */
	uint8_t *token;  /* block + PDU_HEADROOM: token, options, payload */
	size_t used;     /* bytes at token: token, options, marker, payload */
	size_t cap;      /* bytes that fit at token now */
	size_t max;      /* ceiling of used */
	uint8_t *data;   /* payload inside block, NULL when there is none */
	/* What it stands for when it is a part, or comes with the whole; not
	 * owned. NULL: its payload is all. */
	const struct pdu_body *body;
	void *app; /* the exchange's own; wire never looks at it */
	void (*app_free)(void *app); /* as the message goes; NULL: nothing */
	uint8_t room[];              /* the first block, for small messages */
};

/* An empty message of at most max bytes of token, options and payload. NULL
 * when out of memory. Holds one reference. */
coap_pdu_t *pdu_new(coap_pdu_type_t type, unsigned code, uint16_t mid,
    size_t max);
/* Counts holders; coap_delete_pdu() lets one go and frees at the last. */
coap_pdu_t *pdu_ref(coap_pdu_t *pdu);
/* Removes token, options and payload; keeps the memory and the rest. */
void pdu_clear(coap_pdu_t *pdu);
/* Room for n more bytes at token: 0, -COAP_E_TOOBIG or -COAP_E_NOMEM. Moves
 * what token and data point to. */
int pdu_reserve(coap_pdu_t *pdu, size_t n);

/*
 * Puts a token in front of options and payload that are there already. 0;
 * -COAP_E_STATE when there is a token or len is over COAP_TOKEN_EXT_MAX; errors
 * of pdu_reserve().
 */
int pdu_set_token(coap_pdu_t *pdu, size_t len, const uint8_t *token);

/* An option that may also come behind the payload, which is then moved. Whether
 * there was room for it; the message is as before when not. */
bool pdu_put_option(coap_pdu_t *pdu, coap_option_num_t number, size_t len,
    const uint8_t *value);

/*
 * A new message with type, code and options of old, less those in drop (may be
 * NULL), without its payload. token may lie in old. NULL when out of memory,
 * or when max or the token is too large or small.
 */
coap_pdu_t *pdu_duplicate(const coap_pdu_t *old, uint16_t mid, size_t max,
    size_t token_len, const uint8_t *token, coap_opt_filter_t *drop);

/* Takes all options with this number out, also in front of a payload. */
void pdu_remove_option(coap_pdu_t *pdu, coap_option_num_t number);

/* Whether there is certainly no option of this number: options are looked for
 * far more often than they are there. */
static inline bool
pdu_lacks(const coap_pdu_t *pdu, coap_option_num_t number)
{
	return number > pdu->last_option ||
	    (number < 64 && pdu->absent >> number & 1);
}

/* The first option of this number: whether there is one. */
bool pdu_find_option(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_option_t *option);
/* Whether one of the options of this number has the value of option. */
bool pdu_has_value(const coap_pdu_t *pdu, coap_option_num_t number,
    const coap_option_t *option);
/* The same as pdu_find_option(), as a number; -1: there is none. */
int64_t pdu_option_uint(const coap_pdu_t *pdu, coap_option_num_t number);
/* The options of old, less those in drop (may be NULL), into a message without
 * payload. False when it has no room for them. */
bool pdu_copy_options(coap_pdu_t *pdu, const coap_pdu_t *old,
    coap_opt_filter_t *drop);

/* Where options begin, how long they are (marker and payload excluded). */
const uint8_t *pdu_options(const coap_pdu_t *pdu, size_t *len);
size_t pdu_payload_len(const coap_pdu_t *pdu);

/*
 * Puts the header in front and gives the whole message, contiguous; the bytes
 * live in the PDU and stay valid until it is changed, encoded again or freed.
 * 0, -COAP_E_TOOBIG, or -COAP_E_INVAL for an empty datagram (0.00) that has a
 * token, options or payload. A token over 8 bytes is encoded as RFC 8974 says
 * and always possible.
 */
int pdu_encode(coap_pdu_t *pdu, enum framing framing, const uint8_t **out,
    size_t *len);

/*
 * Reads one whole message. pdu comes from pdu_new(); its ceiling is raised to
 * fit up to PDU_MAX_SIZE. max_token: longest token accepted (8 unless RFC 8974
 * is negotiated). 0, -COAP_E_FORMAT, -COAP_E_TOOBIG, -COAP_E_NOMEM. After
 * -COAP_E_FORMAT on a datagram of 4 bytes or more with version 1, type, code
 * and mid are set all the same, so that a Reset can be sent; token, options
 * and payload are empty after every error.
 * The options are walked and checked once here: order, lengths, marker; a
 * marker without payload, reserved nibbles and a number over 65535 are
 * errors; an empty message (0.00) with anything behind the header is one
 * (datagram: RFC 7252 section 4.1; on a stream it is to be ignored whatever it
 * carries, RFC 8323 section 3.4, so there it is none).
 */
int pdu_decode(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *data, size_t len);
/* The same for a message that came in parts: its header is given, at most
 * PDU_HEADROOM bytes, and what follows it has been put to pdu->token already,
 * as many bytes as pdu->used says. */
int pdu_decode_filled(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *head, size_t head_len);

/*
 * How long the message is that begins at data, header included, in stream
 * framing. 1: *total is set; 0: more bytes are needed to know; -COAP_E_FORMAT
 * for the reserved token length 15, -COAP_E_TOOBIG over PDU_MAX_SIZE (token
 * included, header not).
 */
int frame_stream_size(const uint8_t *data, size_t len, size_t *total);

/*
 * Appends a message as text, without a newline at the end and with nothing
 * that could steer a terminal. The first line has the header, the options by
 * name and the size of the payload; with_data adds the payload on lines of
 * their own: as text when it is that, otherwise as a hexdump. 0 or an error of
 * buf_append().
 */
int pdu_print(const coap_pdu_t *pdu, enum framing framing, bool with_data,
    struct buf *out);

#endif
