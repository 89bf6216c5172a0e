/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache key of a request, as a short text. */
#include "cli/observe/same.h"

/* Not NoCacheKey, as its number says (RFC 7252 section 5.4.6), nor Observe (RFC
 * 7641 section 2). */
static bool
is_of_key(unsigned number)
{
	return number != COAP_OPTION_OBSERVE && number != COAP_OPTION_BLOCK2 &&
	    (number & 0x1e) != 0x1c;
}

static void
add_option(struct sha256 *sha, unsigned number, const coap_opt_t *opt)
{
	uint32_t len = coap_opt_length(opt);
	const uint8_t head[] = { (uint8_t)(number >> 8), (uint8_t)number,
		(uint8_t)(len >> 8), (uint8_t)len };

	sha256_add(sha, head, sizeof(head));
	if (len > 0)
		sha256_add(sha, coap_opt_value(opt), len);
}

void
same_key(const coap_pdu_t *pdu, const struct request_plan *plan,
    char key[static SHA256_TEXT_SIZE])
{
	const uint8_t code = (uint8_t)plan->code;
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;
	struct sha256 sha;

	sha256_begin(&sha);
	sha256_add(&sha, &code, 1);
	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi))
		if (is_of_key(oi.number))
			add_option(&sha, oi.number, opt);
	if (plan->payload_len > 0)
		sha256_add(&sha, plan->payload, plan->payload_len);
	sha256_end(&sha, key);
}
