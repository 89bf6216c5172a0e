/* SPDX-License-Identifier: BSD-2-Clause */
/* What the blocks of one body have in common. */
#include "exchange/body.h"

#include <coap3/coap_encode.h>

coap_block_b_t
body_block_at(size_t offset, unsigned szx, bool bert)
{
	coap_block_b_t block = { .szx = szx & 7, .bert = bert };

	if (bert)
		block.szx = BODY_SZX_MAX;
	block.aszx = bert ? BODY_SZX_BERT : block.szx;
	block.num = (unsigned)(offset >> (block.szx + 4));
	return block;
}

unsigned
body_szx(size_t size)
{
	unsigned szx = BODY_SZX_MAX;

	while (size > 0 && szx > 0 && ((size_t)1 << (szx + 4)) > size)
		szx--;
	return szx;
}

/* NoCacheKey is a bit pattern (RFC 7252 section 5.4.6). ETags that a client has
 * are a matter of the first part alone, and so is If-None-Match (RFC 7959
 * section 2.10). */
static bool
is_of_key(unsigned number)
{
	return number != COAP_OPTION_ETAG && number != COAP_OPTION_OBSERVE &&
	    number != COAP_OPTION_IF_NONE_MATCH &&
	    number != COAP_OPTION_BLOCK1 && number != COAP_OPTION_BLOCK2 &&
	    number != COAP_OPTION_Q_BLOCK1 && number != COAP_OPTION_Q_BLOCK2 &&
	    (number & 0x1E) != 0x1C;
}

static int
put_option(struct buf *key, unsigned number, const coap_opt_t *opt)
{
	uint32_t len = coap_opt_length(opt);
	uint8_t head[4] = { (uint8_t)(number >> 8), (uint8_t)number,
		(uint8_t)(len >> 8), (uint8_t)len };
	int r = buf_append(key, head, sizeof(head));

	return r == 0 ? buf_append(key, coap_opt_value(opt), len) : r;
}

int
body_key(struct buf *key, const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	int r;

	r = buf_append_u8(key, (uint8_t)coap_pdu_get_code(request));
	coap_option_iterator_init(request, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); r == 0 && opt;
	     opt = coap_option_next(&oi)) {
		if (is_of_key(oi.number))
			r = put_option(key, oi.number, opt);
	}
	return r;
}

size_t
body_size_hint(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	if (opt == NULL || coap_opt_length(opt) > 4)
		return 0;
	return coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt));
}
