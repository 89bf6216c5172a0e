/* SPDX-License-Identifier: BSD-2-Clause */
/* One option on the wire, the iterator, filters and the uint codec. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_encode.h>

#include "guard.h"
#include "wire/pdu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static unsigned log_lines;

static void
count_log(coap_log_t level, const char *message)
{
	(void)level;
	(void)message;
	log_lines++;
}

static const struct {
	uint8_t bytes[8];
	size_t len;
	size_t taken;
	unsigned delta, length, value_at;
} parse_rows[] = {
	{ { 0x00 }, 1, 1, 0, 0, 1 },
	{ { 0xb1, 'a' }, 2, 2, 11, 1, 1 },
	{ { 0xb1, 'a', 0xff }, 3, 2, 11, 1, 1 },
	{ { 0xc0 }, 1, 1, 12, 0, 1 },
	{ { 0xd0, 0x00 }, 2, 2, 13, 0, 2 },
	{ { 0xd0, 0xff }, 2, 2, 268, 0, 2 },
	{ { 0xe0, 0x00, 0x00 }, 3, 3, 269, 0, 3 },
	{ { 0xe0, 0xfe, 0xf2 }, 3, 3, 65535, 0, 3 },
	{ { 0xe1, 0xfe, 0xf2, 7 }, 4, 4, 65535, 1, 3 },
	/* a delta over 65535 */
	{ { 0xe0, 0xfe, 0xf3 }, 3, 0, 0, 0, 0 },
	{ { 0xe0, 0xff, 0xff }, 3, 0, 0, 0, 0 },
	/* the value, or part of the head, is missing */
	{ { 0 }, 0, 0, 0, 0, 0 },
	{ { 0xb1 }, 1, 0, 0, 0, 0 },
	{ { 0xb2, 'a' }, 2, 0, 0, 0, 0 },
	{ { 0xd0 }, 1, 0, 0, 0, 0 },
	{ { 0xe0, 0x01 }, 2, 0, 0, 0, 0 },
	{ { 0x0d }, 1, 0, 0, 0, 0 },
	{ { 0x0e, 0x00 }, 2, 0, 0, 0, 0 },
	{ { 0xed, 0x00, 0x00 }, 3, 0, 0, 0, 0 },
	{ { 0x0d, 0x00, 1, 2, 3 }, 5, 0, 0, 0, 0 },
	/* reserved nibbles, the marker */
	{ { 0xf0, 1, 2, 3 }, 4, 0, 0, 0, 0 },
	{ { 0x0f, 1, 2, 3 }, 4, 0, 0, 0, 0 },
	{ { 0xff, 1, 2, 3 }, 4, 0, 0, 0, 0 },
};

static void
test_parse(void **state)
{
	struct guard g;
	coap_option_t option;
	uint8_t *at;

	(void)state;
	guard_init(&g, 64);
	assert_non_null(g.map);
	for (size_t i = 0; i < COUNT(parse_rows); i++) {
		at = guard_put(&g, parse_rows[i].bytes, parse_rows[i].len);
		memset(&option, 0x55, sizeof(option));
		assert_int_equal(coap_opt_parse(at, parse_rows[i].len, &option),
		    parse_rows[i].taken);
		assert_int_equal(coap_opt_parse(at, parse_rows[i].len, NULL),
		    parse_rows[i].taken);
		if (parse_rows[i].taken == 0)
			continue;
		assert_int_equal(option.delta, parse_rows[i].delta);
		assert_int_equal(option.length, parse_rows[i].length);
		assert_ptr_equal(option.value, at + parse_rows[i].value_at);
		assert_int_equal(coap_opt_size(at), parse_rows[i].taken);
		assert_int_equal(coap_opt_length(at), parse_rows[i].length);
		assert_ptr_equal(coap_opt_value(at), option.value);
	}
	assert_int_equal(coap_opt_parse(NULL, 5, &option), 0);
	assert_int_equal(coap_opt_size(NULL), 0);
	assert_int_equal(coap_opt_length(NULL), 0);
	assert_null(coap_opt_value(NULL));
	guard_free(&g);
}

/* Every pair of boundaries: written, and read back to the same numbers. */
static void
test_encode(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 12, 13, 14, 268, 269, 270,
		65535, 65804 };
	static uint8_t value[65804], out[65804 + 5];
	coap_option_t option;
	size_t size, head;

	(void)state;
	memset(value, 0xa5, sizeof(value));
	for (size_t i = 0; i < COUNT(sizes) - 1; i++) {
		for (size_t j = 0; j < COUNT(sizes); j++) {
			uint16_t delta = (uint16_t)sizes[i];

			size = coap_opt_encode_size(delta, sizes[j]);
			head = size - sizes[j];
			assert_int_equal(head,
			    1 + (delta >= 13) + (delta >= 269) +
				(sizes[j] >= 13) + (sizes[j] >= 269));
			assert_int_equal(coap_opt_encode(out, size, delta,
					     value, sizes[j]),
			    size);
			assert_int_equal(coap_opt_parse(out, size, &option),
			    size);
			assert_int_equal(option.delta, delta);
			assert_int_equal(option.length, sizes[j]);
			assert_memory_equal(option.value, value, sizes[j]);
			assert_int_equal(coap_opt_setheader(out, head, delta,
					     sizes[j]),
			    head);
			assert_int_equal(coap_opt_setheader(out, head - 1,
					     delta, sizes[j]),
			    0);
			assert_int_equal(coap_opt_encode(out, size - 1, delta,
					     value, sizes[j]),
			    0);
		}
	}
	assert_int_equal(coap_opt_setheader(out, 5, 0, 65805), 0);
	assert_int_equal(coap_opt_setheader(NULL, 5, 0, 0), 0);
	memset(out, 7, 4);
	assert_int_equal(coap_opt_encode(out, 4, 1, NULL, 3), 4);
	assert_memory_equal(out, "\x13\x07\x07\x07", 4);
}

static void
test_filter(void **state)
{
	coap_opt_filter_t f;

	(void)state;
	memset(&f, 0xff, sizeof(f));
	coap_option_filter_clear(&f);
	assert_int_equal(coap_option_filter_get(&f, 0), 0);
	assert_int_equal(coap_option_filter_unset(&f, 0), 0);
	for (uint16_t n = 250; n < 256; n++)
		assert_int_equal(coap_option_filter_set(&f, n), 1);
	assert_int_equal(coap_option_filter_set(&f, 0), 0);
	assert_int_equal(coap_option_filter_set(&f, 256), 1);
	assert_int_equal(coap_option_filter_set(&f, 65535), 1);
	assert_int_equal(coap_option_filter_set(&f, 257), 0);
	/* What is in it can be added again. */
	assert_int_equal(coap_option_filter_set(&f, 255), 1);
	assert_int_equal(coap_option_filter_set(&f, 256), 1);
	for (uint16_t n = 250; n <= 256; n++)
		assert_int_equal(coap_option_filter_get(&f, n), 1);
	assert_int_equal(coap_option_filter_get(&f, 257), 0);
	assert_int_equal(coap_option_filter_get(&f, 0), 0);
	assert_int_equal(coap_option_filter_unset(&f, 252), 1);
	assert_int_equal(coap_option_filter_unset(&f, 252), 0);
	assert_int_equal(coap_option_filter_get(&f, 252), 0);
	assert_int_equal(coap_option_filter_set(&f, 0), 1);
	assert_int_equal(coap_option_filter_get(&f, 0), 1);
	assert_int_equal(coap_option_filter_unset(&f, 65535), 1);
	assert_int_equal(coap_option_filter_set(&f, 300), 1);
	/* 44 and 300 have the low byte in common */
	assert_int_equal(coap_option_filter_get(&f, 44), 0);

	assert_int_equal(coap_option_filter_set(NULL, 1), 0);
	assert_int_equal(coap_option_filter_get(NULL, 1), 0);
	assert_int_equal(coap_option_filter_unset(NULL, 1), 0);
	coap_option_filter_clear(NULL);

	coap_option_filter_clear(&f);
	assert_int_equal(coap_option_setb(&f, 5), 1);
	assert_int_equal(coap_option_getb(&f, 5), 1);
	assert_int_equal(coap_option_clrb(&f, 5), 1);
	assert_int_equal(coap_option_getb(&f, 5), 0);
}

/* A message that nobody checked, ending at the guard page. */
static void
hand_made(coap_pdu_t *pdu, uint8_t *bytes, size_t len)
{
	memset(pdu, 0, sizeof(*pdu));
	pdu->token = bytes;
	pdu->used = len;
	pdu->last_option = UINT16_MAX; /* at most */
}

static void
test_iterator(void **state)
{
	/* 1, 11 "a", 11 "", 12, 60, 60 */
	uint8_t bytes[] = { 0x10, 0xa1, 'a', 0x00, 0x10, 0xd1, 35, 9, 0x00 };
	coap_opt_iterator_t oi;
	coap_opt_filter_t f;
	coap_pdu_t pdu;

	(void)state;
	hand_made(&pdu, bytes, sizeof(bytes));
	assert_ptr_equal(coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL),
	    &oi);
	assert_ptr_equal(coap_option_next(&oi), bytes);
	assert_int_equal(oi.number, 1);
	assert_ptr_equal(coap_option_next(&oi), bytes + 1);
	assert_int_equal(oi.number, 11);
	assert_ptr_equal(coap_option_next(&oi), bytes + 3);
	assert_int_equal(oi.number, 11);
	assert_ptr_equal(coap_option_next(&oi), bytes + 4);
	assert_int_equal(oi.number, 12);
	assert_ptr_equal(coap_option_next(&oi), bytes + 5);
	assert_int_equal(oi.number, 60);
	assert_ptr_equal(coap_option_next(&oi), bytes + 8);
	assert_int_equal(oi.number, 60);
	assert_null(coap_option_next(&oi));
	assert_int_equal(oi.bad, 0);
	assert_null(coap_option_next(&oi));

	coap_option_filter_clear(&f);
	coap_option_filter_set(&f, 12);
	coap_option_filter_set(&f, 1);
	assert_ptr_equal(coap_option_iterator_init(&pdu, &oi, &f), &oi);
	assert_ptr_equal(coap_option_next(&oi), bytes);
	assert_ptr_equal(coap_option_next(&oi), bytes + 4);
	assert_null(coap_option_next(&oi));

	assert_ptr_equal(coap_check_option(&pdu, 11, &oi), bytes + 1);
	assert_ptr_equal(coap_option_next(&oi), bytes + 3);
	assert_null(coap_option_next(&oi));
	assert_null(coap_check_option(&pdu, 13, &oi));
	assert_null(coap_check_option(NULL, 1, &oi));
	assert_null(coap_option_next(&oi));
	assert_null(coap_option_next(NULL));
	assert_null(coap_option_iterator_init(&pdu, NULL, COAP_OPT_ALL));
	pdu.used = 0;
	assert_null(coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL));
	assert_null(coap_option_next(&oi));
	/* an empty filter names no option */
	pdu.used = sizeof(bytes);
	coap_option_filter_clear(&f);
	assert_non_null(coap_option_iterator_init(&pdu, &oi, &f));
	assert_null(coap_option_next(&oi));
}

static void
test_iterator_bounds(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		unsigned good; /* options before the end */
		unsigned bad;
	} rows[] = {
		{ { 0x10, 0xff, 1, 2 }, 4, 1, 0 },
		{ { 0x10, 0xff }, 2, 1, 0 },
		{ { 0x10, 0x13, 1, 2 }, 4, 1, 1 },
		{ { 0x10, 0xd0 }, 2, 1, 1 },
		{ { 0xe0, 0x00 }, 2, 0, 1 },
		{ { 0xf1, 0x00 }, 2, 0, 1 },
		/* 65535 and one more */
		{ { 0xe0, 0xfe, 0xf2, 0x00, 0x10 }, 5, 2, 1 },
	};
	coap_opt_iterator_t oi;
	coap_pdu_t pdu;
	struct guard g;
	unsigned n;

	(void)state;
	guard_init(&g, 64);
	assert_non_null(g.map);
	for (size_t i = 0; i < COUNT(rows); i++) {
		hand_made(&pdu, guard_put(&g, rows[i].bytes, rows[i].len),
		    rows[i].len);
		assert_non_null(
		    coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL));
		for (n = 0; coap_option_next(&oi); n++)
			;
		assert_int_equal(n, rows[i].good);
		assert_int_equal(oi.bad, rows[i].bad);
		assert_null(coap_option_next(&oi));
	}
	/* a token longer than all there is, and no bytes at all */
	pdu.token_len = (uint32_t)pdu.used + 1;
	assert_null(coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL));
	memset(&pdu, 0, sizeof(pdu));
	assert_null(coap_option_iterator_init(&pdu, &oi, COAP_OPT_ALL));
	guard_free(&g);
}

static void
test_bits(void **state)
{
	(void)state;
	assert_int_equal(coap_fls(0), 0);
	assert_int_equal(coap_fls(1), 1);
	assert_int_equal(coap_fls(0x80), 8);
	assert_int_equal(coap_fls(0xffffffffU), 32);
	assert_int_equal(coap_flsll(0), 0);
	assert_int_equal(coap_flsll(0x100000000LL), 33);
	assert_int_equal(coap_flsll(-1), 64);
}

static void
test_uint(void **state)
{
	static const struct {
		uint64_t value;
		unsigned len;
		uint8_t bytes[8];
	} rows[] = {
		{ 0, 0, { 0 } },
		{ 1, 1, { 1 } },
		{ 255, 1, { 255 } },
		{ 256, 2, { 1, 0 } },
		{ 0x10000, 3, { 1, 0, 0 } },
		{ 0xffffffff, 4, { 255, 255, 255, 255 } },
		{ 0x100000000, 5, { 1, 0, 0, 0, 0 } },
		{ UINT64_MAX, 8, { 255, 255, 255, 255, 255, 255, 255, 255 } },
	};
	uint8_t out[9];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(out, 0x77, sizeof(out));
		assert_int_equal(coap_encode_var_safe8(out, rows[i].len,
				     rows[i].value),
		    rows[i].len);
		assert_memory_equal(out, rows[i].bytes, rows[i].len);
		assert_int_equal(out[rows[i].len], 0x77);
		assert_int_equal(coap_decode_var_bytes8(out, rows[i].len),
		    rows[i].value);
		if (rows[i].len > 4)
			continue;
		assert_int_equal(coap_encode_var_safe(out, 4,
				     (unsigned)rows[i].value),
		    rows[i].len);
		assert_int_equal(coap_encode_var_bytes(out,
				     (unsigned)rows[i].value),
		    rows[i].len);
		assert_int_equal(coap_decode_var_bytes(out, rows[i].len),
		    rows[i].value);
	}
	/* zeros in front; more than fits: the lowest bits */
	assert_int_equal(coap_decode_var_bytes((const uint8_t *)"\0\0\0\0\1\2",
			     6),
	    258);
	assert_int_equal(coap_decode_var_bytes((const uint8_t *)"\7\0\0\1\2",
			     5),
	    258);
	assert_int_equal(coap_decode_var_bytes8((const uint8_t
							*)"\7\0\0\0\0\0\0\1\2",
			     9),
	    258);
	assert_int_equal(coap_decode_var_bytes(NULL, 0), 0);
}

static void
test_uint_no_room(void **state)
{
	uint8_t out[2] = { 0x77, 0x77 };

	(void)state;
	log_lines = 0;
	coap_set_log_handler(count_log);
	assert_int_equal(coap_encode_var_safe(out, 1, 256), 0);
	assert_int_equal(log_lines, 1);
	assert_int_equal(coap_encode_var_safe8(NULL, 0, 1), 0);
	assert_int_equal(log_lines, 2);
	assert_int_equal(coap_encode_var_safe(NULL, 0, 0), 0);
	assert_int_equal(log_lines, 2);
	coap_set_log_handler(NULL);
	assert_int_equal(out[0], 0x77);
}

/* RFC 7252 section 5.10.6: a request may have several ETags. */
static void
any_of_several_has_the_value(void **state)
{
	static const struct {
		const char *value;
		bool has;
	} rows[] = {
		{ "first", true },
		{ "second", true },
		{ "", true },
		{ "fir", false },
		{ "host", false },
		{ "secone", false },
	};
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 1, 1, 256);
	coap_option_t option;

	(void)state;
	assert_non_null(pdu);
	option.length = 0;
	assert_false(pdu_has_value(pdu, COAP_OPTION_ETAG, &option));
	coap_add_option(pdu, COAP_OPTION_URI_HOST, 4, (const uint8_t *)"host");
	coap_add_option(pdu, COAP_OPTION_ETAG, 5, (const uint8_t *)"first");
	coap_add_option(pdu, COAP_OPTION_ETAG, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_ETAG, 6, (const uint8_t *)"second");
	for (size_t i = 0; i < COUNT(rows); i++) {
		option.length = strlen(rows[i].value);
		option.value = (const uint8_t *)rows[i].value;
		assert_int_equal(pdu_has_value(pdu, COAP_OPTION_ETAG, &option),
		    rows[i].has);
	}
	coap_delete_pdu(pdu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_iterator),
		cmocka_unit_test(test_iterator_bounds),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_uint_no_room),
		cmocka_unit_test(any_of_several_has_the_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
