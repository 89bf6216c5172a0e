/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options that nobody checked, read by every function that reads them; and the
 * same bytes as orders to build a message.
 */
#include "tests/fuzz/pdu_fuzz.h"

/* All options of a message that was put together by hand. */
static void
read_unchecked(uint8_t *data, size_t size)
{
	coap_opt_iterator_t oi;
	coap_opt_filter_t filter;
	coap_option_t option;
	coap_pdu_t pdu;
	coap_opt_t *opt;
	size_t taken;

	memset(&pdu, 0, sizeof(pdu));
	pdu.token = data;
	pdu.used = size;
	coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		taken =
		    coap_opt_parse(opt, (size_t)(data + size - opt), &option);
		MUST(taken > 0 && taken == coap_opt_size(opt));
		MUST(option.length == coap_opt_length(opt));
		MUST(option.value == coap_opt_value(opt));
		MUST(option.value + option.length <= data + size);
	}
	coap_option_filter_clear(&filter);
	coap_option_filter_set(&filter, 11);
	coap_option_filter_set(&filter, 300);
	coap_option_iterator_init(&pdu, &oi, &filter);
	while (coap_option_next(&oi))
		MUST(oi.number == 11 || oi.number == 300);
}

/* Three bytes are one order: a number, and how long its value is. */
static void
build(const uint8_t *data, size_t size)
{
	coap_pdu_t *pdu =
	    pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 0, 2000);
	size_t before, n = 0;

	MUST(pdu);
	for (; size >= 3; data += 3, size -= 3) {
		before = pdu->used;
		if (coap_add_option(pdu, (uint16_t)(data[0] << 8 | data[1]),
			data[2] < size ? data[2] : size, data) > 0) {
			/* The head behind may shrink by as much. */
			MUST(pdu->used >= before);
			n++;
		} else {
			MUST(pdu->used == before);
		}
		MUST(pdu->used <= pdu->max);
	}
	walk_options(pdu);
	coap_add_data(pdu, size, data);
	walk_options(pdu);
	MUST(n > 0 || pdu->last_option == 0);
	coap_delete_pdu(pdu);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	read_unchecked(copy, size);
	free(copy);
	build(data, size);
	return 0;
}
