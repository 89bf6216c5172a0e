/* SPDX-License-Identifier: BSD-2-Clause */
/* From bytes to a message. Everything is checked before anything is copied. */
#include "base/err.h"
#include "wire/frame.h"
#include "wire/option.h"
#include "wire/pdu.h"

/*
 * Walks the options at p up to the payload or to the end. Sets the number of
 * the last one, and *at to where the payload begins (len when there is none).
 */
static int
check_options(const uint8_t *p, size_t len, uint16_t *last, size_t *at)
{
	coap_option_t option;
	uint16_t number = 0;
	size_t pos = 0;

	while (pos < len && p[pos] != COAP_PAYLOAD_START) {
		size_t size = option_read(p + pos, len - pos, &option);

		if (size == 0 || option.delta > UINT16_MAX - number)
			return -COAP_E_FORMAT;
		number = (uint16_t)(number + option.delta);
		pos += size;
	}
	if (pos + 1 == len) /* the marker alone */
		return -COAP_E_FORMAT;
	*last = number;
	*at = pos < len ? pos + 1 : len;
	return 0;
}

int
pdu_decode(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const uint8_t *data, size_t len)
{
	struct frame_head head;
	size_t body, payload;
	uint16_t last;
	int r;

	pdu_clear(pdu);
	pdu->framing = (uint8_t)framing;
	r = frame_read(framing, data, len, &head);
	if (head.identified) {
		pdu->type = head.type;
		pdu->code = head.code;
		pdu->mid = head.mid;
	}
	if (r < 0)
		return r;
	if (head.token_len > max_token)
		return -COAP_E_FORMAT;
	data += head.size;
	len -= head.size;
	body = len - head.token_len;
	r = check_options(data + head.token_len, body, &last, &payload);
	if (r < 0)
		return r;
	if (pdu->max < len)
		pdu->max = len;
	r = pdu_reserve(pdu, len);
	if (r < 0)
		return r;
	if (len > 0)
		memcpy(pdu->token, data, len);
	pdu->type = head.type;
	pdu->code = head.code;
	pdu->mid = head.mid;
	pdu->used = len;
	pdu->token_len = (uint32_t)head.token_len;
	pdu->last_option = last;
	if (payload < body)
		pdu->data = pdu->token + pdu->token_len + payload;
	pdu->parsed = true;
	return 0;
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
