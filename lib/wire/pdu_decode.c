/* SPDX-License-Identifier: BSD-2-Clause */
/* From bytes to a message. Everything is checked before anything is copied. */
#include "base/err.h"
#include "wire/frame.h"
#include "wire/option.h"
#include "wire/pdu.h"

/* What a message says of itself: where its parts are. */
struct layout {
	struct frame_head head;
	size_t body;    /* bytes behind the token */
	size_t payload; /* where in body the payload begins; body: nowhere */
	uint16_t last;
	uint64_t absent;
};

/* Walks the options at p up to the payload or to the end. */
static int
check_options(const uint8_t *p, size_t len, struct layout *l)
{
	coap_option_t option;
	uint16_t number = 0;
	size_t pos = 0;

	l->absent = UINT64_MAX;
	while (pos < len && p[pos] != COAP_PAYLOAD_START) {
		size_t size = option_read(p + pos, len - pos, &option);

		if (size == 0 || option.delta > UINT16_MAX - number)
			return -COAP_E_FORMAT;
		number = (uint16_t)(number + option.delta);
		if (number < 64)
			l->absent &= ~((uint64_t)1 << number);
		pos += size;
	}
	if (pos + 1 == len) /* the marker alone */
		return -COAP_E_FORMAT;
	l->last = number;
	l->payload = pos < len ? pos + 1 : len;
	return 0;
}

/* Reads and checks the whole message at data, and sets what a Reset needs. */
static int
read_layout(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *data, size_t len, struct layout *l)
{
	int r;

	pdu->framing = (uint8_t)framing;
	r = frame_read(framing, data, len, &l->head);
	if (l->head.identified) {
		pdu->type = l->head.type;
		pdu->code = l->head.code;
		pdu->mid = l->head.mid;
	}
	if (r < 0)
		return r;
	if (l->head.token_len > max_token)
		return -COAP_E_FORMAT;
	len -= l->head.size + l->head.token_len;
	l->body = len;
	return check_options(data + l->head.size + l->head.token_len, len, l);
}

/* Once the bytes are at pdu->token. */
static void
set_layout(coap_pdu_t *pdu, const struct layout *l)
{
	pdu->type = l->head.type;
	pdu->code = l->head.code;
	pdu->mid = l->head.mid;
	pdu->token_len = (uint32_t)l->head.token_len;
	pdu->used = l->head.token_len + l->body;
	pdu->last_option = l->last;
	pdu->absent = l->absent;
	if (l->payload < l->body)
		pdu->data = pdu->token + pdu->token_len + l->payload;
	pdu->parsed = true;
}

int
pdu_decode(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *data, size_t len)
{
	struct layout l;
	int r;

	pdu_clear(pdu);
	r = read_layout(pdu, framing, max_token, data, len, &l);
	if (r < 0)
		return r;
	data += l.head.size;
	len -= l.head.size;
	if (pdu->max < len)
		pdu->max = len;
	r = pdu_reserve(pdu, len);
	if (r < 0)
		return r;
	if (len > 0)
		memcpy(pdu->token, data, len);
	set_layout(pdu, &l);
	return 0;
}

int
pdu_decode_filled(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *head, size_t head_len)
{
	uint8_t *begin = pdu->token - head_len;
	size_t used = pdu->used;
	struct layout l;
	int r;

	memcpy(begin, head, head_len);
	pdu_clear(pdu);
	r = read_layout(pdu, framing, max_token, begin, head_len + used, &l);
	if (r == 0 && l.head.size != head_len)
		r = -COAP_E_FORMAT;
	if (r == 0)
		set_layout(pdu, &l);
	return r;
}

int
coap_pdu_parse(coap_proto_t proto, const uint8_t *data, size_t length,
    coap_pdu_t *pdu)
{
	static const enum framing framings[COAP_PROTO_LAST] = {
		[COAP_PROTO_UDP] = FRAMING_DATAGRAM,
		[COAP_PROTO_DTLS] = FRAMING_DATAGRAM,
		[COAP_PROTO_TCP] = FRAMING_STREAM,
		[COAP_PROTO_TLS] = FRAMING_STREAM,
		[COAP_PROTO_WS] = FRAMING_WS,
		[COAP_PROTO_WSS] = FRAMING_WS,
	};

	if (!pdu || !data || proto <= COAP_PROTO_NONE ||
	    proto >= COAP_PROTO_LAST)
		return 0;
	return pdu_decode(pdu, framings[proto], COAP_TOKEN_EXT_MAX, data,
		   length) == 0;
}
