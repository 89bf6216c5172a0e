/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets for the three framings have in common. */
#ifndef FUZZ_PDU_H
#define FUZZ_PDU_H

#include <stdlib.h>

#include "wire/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* The options end where decoding found the payload, and are all valid. */
static inline void
walk_options(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	uint16_t last = 0;
	coap_opt_t *opt;
	size_t len, sum = 0;

	pdu_options(pdu, &len);
	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		MUST(oi.number >= last);
		last = oi.number;
		sum += coap_opt_size(opt);
	}
	MUST(sum == len);
	MUST(last == pdu->last_option);
}

static inline void
print(const coap_pdu_t *pdu, enum framing framing)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	pdu_print(pdu, framing, true, &out);
	for (size_t i = 0; i < out.len; i++)
		MUST(out.data[i] >= ' ' || out.data[i] == '\n' ||
		    out.data[i] == '\t');
	buf_free(&out);
}

/* A message that was read is the same when it is written and read again. */
static inline void
fuzz_pdu(enum framing framing, const uint8_t *data, size_t size)
{
	coap_pdu_t *pdu, *again;
	const uint8_t *out;
	size_t len;

	pdu = pdu_new(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 0);
	again = pdu_new(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 0);
	MUST(pdu && again);
	pdu_decode(pdu, framing, COAP_TOKEN_DEFAULT_MAX, data, size);
	if (pdu_decode(pdu, framing, COAP_TOKEN_EXT_MAX, data, size) == 0) {
		walk_options(pdu);
		print(pdu, framing);
		MUST(pdu_encode(pdu, framing, &out, &len) == 0);
		MUST(len == size && memcmp(out, data, len) == 0);
		MUST(pdu_decode(again, framing, COAP_TOKEN_EXT_MAX, out, len) ==
		    0);
		MUST(again->used == pdu->used &&
		    memcmp(again->token, pdu->token, pdu->used) == 0);
	} else {
		MUST(pdu->used == 0 && !pdu->data);
	}
	coap_delete_pdu(pdu);
	coap_delete_pdu(again);
}

#endif
