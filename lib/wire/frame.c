/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers: RFC 7252 section 3 for datagrams, RFC 8323 section 3.2 for
 * streams and 4.2 for WebSockets; long tokens as in RFC 8974 section 2.1.
 */
#include "wire/frame.h"

#include "base/err.h"

#define VERSION 1

#define DATAGRAM_HEAD 4
#define WS_HEAD       2

/* Token length: the nibble, and what the extra bytes start from. */
#define TOKEN_EXT8       13
#define TOKEN_EXT16      14
#define TOKEN_RESERVED   15
#define TOKEN_EXT8_BASE  13
#define TOKEN_EXT16_BASE 269

/* Stream length: the nibble, and what the extra bytes start from. */
#define LEN_EXT8       13
#define LEN_EXT8_BASE  13
#define LEN_EXT16_BASE 269
#define LEN_EXT32_BASE 65805

/*
 * Reads the token's length: the nibble tkl, then up to two bytes at ext, of
 * which len may be looked at. 1: *token_len and the bytes used in *used; 0:
 * more bytes are needed; -COAP_E_FORMAT: a reserved nibble.
 */
static int
token_len_read(unsigned tkl, const uint8_t *ext, size_t len, size_t *used,
    size_t *token_len)
{
	*used = 0;
	*token_len = tkl;
	if (tkl < TOKEN_EXT8)
		return 1;
	if (tkl == TOKEN_RESERVED)
		return -COAP_E_FORMAT;
	*used = tkl - TOKEN_EXT8 + 1;
	if (len < *used)
		return 0;
	*token_len = tkl == TOKEN_EXT8
	    ? TOKEN_EXT8_BASE + (size_t)ext[0]
	    : TOKEN_EXT16_BASE + ((size_t)ext[0] << 8 | ext[1]);
	return 1;
}

/* What datagrams and WebSocket frames share: the message ends with the data. */
static int
token_read(unsigned tkl, const uint8_t *data, size_t len, size_t fixed,
    struct frame_head *head)
{
	size_t ext;
	int r;

	r = token_len_read(tkl, data + fixed, len - fixed, &ext,
	    &head->token_len);
	if (r <= 0)
		return -COAP_E_FORMAT;
	head->size = fixed + ext;
	return 0;
}

static int
datagram_read(const uint8_t *data, size_t len, struct frame_head *head)
{
	if (len < DATAGRAM_HEAD || data[0] >> 6 != VERSION)
		return -COAP_E_FORMAT;
	head->type = data[0] >> 4 & 3;
	head->code = data[1];
	head->mid = (uint16_t)(data[2] << 8 | data[3]);
	head->identified = true;
	if (head->code == COAP_EMPTY_CODE &&
	    (len > DATAGRAM_HEAD || (data[0] & 15) != 0))
		return -COAP_E_FORMAT;
	return token_read(data[0] & 15, data, len, DATAGRAM_HEAD, head);
}

static int
ws_read(const uint8_t *data, size_t len, struct frame_head *head)
{
	if (len < WS_HEAD || data[0] >> 4 != 0)
		return -COAP_E_FORMAT;
	head->code = data[1];
	return token_read(data[0] & 15, data, len, WS_HEAD, head);
}

/* The length behind the token, which a nibble and up to 4 bytes say. */
static uint64_t
stream_len(unsigned nibble, const uint8_t *ext)
{
	static const uint32_t base[] = {
		LEN_EXT8_BASE,
		LEN_EXT16_BASE,
		LEN_EXT32_BASE,
	};
	uint64_t value = 0;

	if (nibble < LEN_EXT8)
		return nibble;
	for (unsigned i = 0; i < 1U << (nibble - LEN_EXT8); i++)
		value = value << 8 | ext[i];
	return value + base[nibble - LEN_EXT8];
}

/* As frame_stream_size(), and fills in head. */
static int
stream_head(const uint8_t *data, size_t len, struct frame_head *head,
    size_t *total)
{
	size_t fixed, token_ext;
	unsigned nibble;
	uint64_t body;
	int r;

	if (len == 0)
		return 0;
	if ((data[0] & 15) == TOKEN_RESERVED)
		return -COAP_E_FORMAT;
	nibble = data[0] >> 4;
	fixed = 2 + (nibble < LEN_EXT8 ? 0 : (size_t)1 << (nibble - LEN_EXT8));
	if (len < fixed)
		return 0;
	body = stream_len(nibble, data + 1);
	if (body > PDU_MAX_SIZE)
		return -COAP_E_TOOBIG;
	head->code = data[fixed - 1];
	r = token_len_read(data[0] & 15, data + fixed, len - fixed, &token_ext,
	    &head->token_len);
	if (r != 1)
		return r;
	if (head->token_len > PDU_MAX_SIZE - body)
		return -COAP_E_TOOBIG;
	head->size = fixed + token_ext;
	*total = head->size + head->token_len + (size_t)body;
	return 1;
}

int
frame_stream_size(const uint8_t *data, size_t len, size_t *total)
{
	struct frame_head head;

	return stream_head(data, len, &head, total);
}

static int
stream_read(const uint8_t *data, size_t len, struct frame_head *head)
{
	size_t total;
	int r;

	r = stream_head(data, len, head, &total);
	if (r < 0)
		return r;
	return r == 1 && total == len ? 0 : -COAP_E_FORMAT;
}

int
frame_read(enum framing framing, const uint8_t *data, size_t len,
    struct frame_head *head)
{
	static int (*const readers[])(const uint8_t *, size_t,
	    struct frame_head *) = {
		[FRAMING_DATAGRAM] = datagram_read,
		[FRAMING_STREAM] = stream_read,
		[FRAMING_WS] = ws_read,
	};
	int r;

	memset(head, 0, sizeof(*head));
	r = readers[framing](data, len, head);
	if (r < 0)
		return r;
	if (head->token_len > len - head->size)
		return -COAP_E_FORMAT;
	if (len - head->size > PDU_MAX_SIZE)
		return -COAP_E_TOOBIG;
	return 0;
}

/* Writers: from the token backwards; each returns where its part begins. */

static uint8_t *
token_len_write(uint8_t *p, size_t token_len, uint8_t *tkl)
{
	if (token_len < TOKEN_EXT8_BASE) {
		*tkl = (uint8_t)token_len;
		return p;
	}
	if (token_len < TOKEN_EXT16_BASE) {
		*tkl = TOKEN_EXT8;
		*--p = (uint8_t)(token_len - TOKEN_EXT8_BASE);
		return p;
	}
	*tkl = TOKEN_EXT16;
	*--p = (uint8_t)(token_len - TOKEN_EXT16_BASE);
	*--p = (uint8_t)((token_len - TOKEN_EXT16_BASE) >> 8);
	return p;
}

static uint8_t *
datagram_write(uint8_t *p, const coap_pdu_t *pdu)
{
	uint8_t tkl;

	p = token_len_write(p, pdu->token_len, &tkl);
	*--p = (uint8_t)pdu->mid;
	*--p = (uint8_t)(pdu->mid >> 8);
	*--p = pdu->code;
	*--p = (uint8_t)(VERSION << 6 | (pdu->type & 3) << 4 | tkl);
	return p;
}

static uint8_t *
stream_write(uint8_t *p, const coap_pdu_t *pdu)
{
	static const struct {
		size_t from; /* the shortest length of this form */
		unsigned bytes;
	} forms[] = {
		{ 0, 0 },
		{ LEN_EXT8_BASE, 1 },
		{ LEN_EXT16_BASE, 2 },
		{ LEN_EXT32_BASE, 4 },
	};
	size_t len = pdu->used - pdu->token_len;
	unsigned form = 0;
	uint8_t tkl;

	p = token_len_write(p, pdu->token_len, &tkl);
	*--p = pdu->code;
	while (form < 3 && len >= forms[form + 1].from)
		form++;
	if (form == 0) {
		*--p = (uint8_t)(len << 4 | tkl);
		return p;
	}
	len -= forms[form].from;
	for (unsigned i = 0; i < forms[form].bytes; i++) {
		*--p = (uint8_t)len;
		len >>= 8;
	}
	*--p = (uint8_t)((LEN_EXT8 + form - 1) << 4 | tkl);
	return p;
}

static uint8_t *
ws_write(uint8_t *p, const coap_pdu_t *pdu)
{
	uint8_t tkl;

	p = token_len_write(p, pdu->token_len, &tkl);
	*--p = pdu->code;
	*--p = tkl;
	return p;
}

size_t
frame_write(enum framing framing, const coap_pdu_t *pdu)
{
	static uint8_t *(*const writers[])(uint8_t *, const coap_pdu_t *) = {
		[FRAMING_DATAGRAM] = datagram_write,
		[FRAMING_STREAM] = stream_write,
		[FRAMING_WS] = ws_write,
	};

	return (size_t)(pdu->token - writers[framing](pdu->token, pdu));
}
