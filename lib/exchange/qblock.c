/* SPDX-License-Identifier: BSD-2-Clause */
/* Q-Block: times, options, and lists of missing blocks (RFC 9177). */
#include "exchange/qblock.h"

#include <coap3/coap_encode.h>

#include "base/err.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define CONTENT_FORMAT_MISSING_BLOCKS 272
/* RFC 7252 section 4.8.2. */
#define MAX_LATENCY_MS ((coap_tick_t)100 * 1000)
/* What no doubling goes over: two of them can be added. */
#define TIME_CEILING ((coap_tick_t)1 << 60)

/* --- times ---------------------------------------------------------------- */

/* t * (2^doublings - 1) */
static coap_tick_t
spread(coap_tick_t t, unsigned doublings)
{
	if (t == 0 || doublings == 0)
		return 0;
	if (doublings >= 60 || t > TIME_CEILING >> doublings)
		return TIME_CEILING;
	return t * (((coap_tick_t)1 << doublings) - 1);
}

struct qblock_params
qblock_params(const struct msg_params *p)
{
	coap_tick_t timeout = msg_fixed_ms(p->non_timeout);
	coap_tick_t factor = msg_fixed_ms(p->ack_random_factor);
	struct qblock_params q = {
		.max_payloads = p->max_payloads,
		.max_retransmit = p->non_max_retransmit,
		.non_timeout = timeout,
		.non_timeout_max = timeout * factor / 1000,
		.receive_timeout = msg_fixed_ms(p->non_receive_timeout),
	};

	/* It must be longer than the longest pause by a second, so that the
	 * next set can begin before it is over. */
	if (q.receive_timeout < q.non_timeout_max + 1000)
		q.receive_timeout = q.non_timeout_max + 1000;
	q.partial_timeout = spread(q.non_timeout_max, q.max_retransmit) +
	    2 * MAX_LATENCY_MS + timeout;
	q.transmit_span =
	    spread((coap_tick_t)msg_fixed_ms(p->ack_timeout) * factor / 1000,
		p->max_retransmit + 1u) +
	    MAX_LATENCY_MS / 10;
	return q;
}

/* --- options -------------------------------------------------------------- */

bool
qblock_has(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, number, &oi) != NULL;
}

static bool
read_value(const coap_opt_t *opt, uint32_t *value)
{
	if (coap_opt_length(opt) > 3)
		return false;
	*value =
	    coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt));
	/* There is no BERT among them. */
	return (*value & 7) != 7;
}

int
qblock_read_asked(const coap_pdu_t *request, struct qblock_asked *asked)
{
	coap_opt_iterator_t oi;
	coap_opt_filter_t only;
	const coap_opt_t *opt;
	uint32_t value = 0, last = 0;
	unsigned n = 0;

	*asked = (struct qblock_asked){ .n = 0 };
	coap_option_filter_clear(&only);
	coap_option_filter_set(&only, COAP_OPTION_Q_BLOCK2);
	coap_option_iterator_init(request, &oi, &only);
	for (opt = coap_option_next(&oi); opt != NULL;
	     opt = coap_option_next(&oi), n++) {
		if (!read_value(opt, &value))
			return -COAP_E_FORMAT;
		if (n == 0)
			asked->szx = value & 7;
		else if ((value & 7) != asked->szx || value >> 4 <= last)
			return -COAP_E_FORMAT;
		last = value >> 4;
		if (n >= QBLOCK_LIST_MAX)
			continue;
		asked->ask[n].num = last;
		asked->ask[n].m = value >> 3 & 1;
		asked->n = n + 1;
	}
	return 0;
}

int
qblock_read(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block)
{
	coap_opt_iterator_t oi;
	coap_opt_filter_t only;

	coap_option_filter_clear(&only);
	coap_option_filter_set(&only, number);
	coap_option_iterator_init(pdu, &oi, &only);
	if (coap_option_next(&oi) == NULL)
		return 0;
	/* One only. */
	if (coap_option_next(&oi) != NULL)
		return 0;
	return block_read(pdu, number, false, block);
}

int
qblock_add(coap_pdu_t *pdu, coap_option_num_t number, uint32_t num, bool m,
    unsigned szx)
{
	uint8_t value[4];
	unsigned n = coap_encode_var_safe(value, sizeof(value),
	    num << 4 | (unsigned)m << 3 | szx);

	return coap_add_option(pdu, number, n, value) != 0;
}

/* --- missing blocks ------------------------------------------------------- */

/* The head of an unsigned number is at most this long here. */
#define HEAD_MAX 5

static size_t
put_number(uint32_t num, uint8_t *data)
{
	if (num < 24) {
		data[0] = (uint8_t)num;
		return 1;
	}
	if (num < 0x100) {
		data[0] = 0x18;
		data[1] = (uint8_t)num;
		return 2;
	}
	if (num < 0x10000) {
		data[0] = 0x19;
		data[1] = (uint8_t)(num >> 8);
		data[2] = (uint8_t)num;
		return 3;
	}
	data[0] = 0x1A;
	data[1] = (uint8_t)(num >> 24);
	data[2] = (uint8_t)(num >> 16);
	data[3] = (uint8_t)(num >> 8);
	data[4] = (uint8_t)num;
	return HEAD_MAX;
}

unsigned
qblock_missing_write(const uint32_t *nums, unsigned n, uint8_t *data,
    size_t size, size_t *len)
{
	uint8_t head[HEAD_MAX];
	unsigned i;
	size_t k;

	*len = 0;
	for (i = 0; i < n; i++) {
		k = put_number(nums[i], head);
		if (k > size - *len)
			break;
		memcpy(data + *len, head, k);
		*len += k;
	}
	return i;
}

/* One unsigned number: its length, or 0. */
static size_t
get_number(const uint8_t *data, size_t len, uint64_t *num)
{
	size_t follow, i;

	if (data[0] < 24) {
		*num = data[0];
		return 1;
	}
	/* Major type 0 with 1, 2, 4 or 8 bytes. */
	if (data[0] > 0x1B)
		return 0;
	follow = (size_t)1 << (data[0] - 0x18);
	if (len - 1 < follow)
		return 0;
	*num = 0;
	for (i = 1; i <= follow; i++)
		*num = *num << 8 | data[i];
	return 1 + follow;
}

int
qblock_missing_read(const uint8_t *data, size_t len, uint32_t *nums,
    unsigned max)
{
	uint64_t num = 0, last = 0;
	unsigned n = 0;
	bool first = true;
	size_t k;

	for (; len > 0; data += k, len -= k, first = false) {
		k = get_number(data, len, &num);
		if (k == 0 || num > QBLOCK_NUM_MAX || (!first && num < last))
			return -COAP_E_FORMAT;
		if ((first || num > last) && n < max)
			nums[n++] = (uint32_t)num;
		last = num;
	}
	return first ? -COAP_E_FORMAT : (int)n;
}

bool
qblock_is_missing(const coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;

	if (coap_pdu_get_code(response) != COAP_RESPONSE_CODE_INCOMPLETE)
		return false;
	opt = coap_check_option(response, COAP_OPTION_CONTENT_FORMAT, &oi);
	return opt != NULL &&
	    coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt)) ==
	    CONTENT_FORMAT_MISSING_BLOCKS;
}
