/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of files: written and read, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/records.h"

#define MARK "COAPtst1"

/* Two records of two fields. */
static void
fill(struct buf *out)
{
	buf_init(out, 1000);
	assert_int_equal(records_begin(out, MARK), 0);
	assert_int_equal(records_put(out, "one", 3), 0);
	assert_int_equal(records_put(out, "", 0), 0);
	assert_int_equal(records_put(out, "three", 5), 0);
	assert_int_equal(records_put(out, "4", 1), 0);
	assert_int_equal(records_end(out), 0);
}

static void
written_and_read(void **state)
{
	static const uint8_t bytes[] = "COAPtst1"
				       "\0\0\0\3one"
				       "\0\0\0\0"
				       "\0\0\0\5three"
				       "\0\0\0\0014";
	coap_bin_const_t f[2];
	struct records r;
	struct buf out;

	(void)state;
	fill(&out);
	assert_int_equal(out.len, sizeof bytes - 1 + 8);
	assert_memory_equal(out.data, bytes, sizeof bytes - 1);
	assert_int_equal(records_open(&r, out.data, out.len, MARK, 2), 0);
	assert_true(records_next(&r, f, 2));
	assert_int_equal(f[0].length, 3);
	assert_memory_equal(f[0].s, "one", 3);
	assert_int_equal(f[1].length, 0);
	assert_true(records_next(&r, f, 2));
	assert_memory_equal(f[0].s, "three", 5);
	assert_memory_equal(f[1].s, "4", 1);
	assert_false(records_next(&r, f, 2));
	buf_free(&out);
}

static void
without_records(void **state)
{
	coap_bin_const_t f;
	struct records r;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	records_begin(&out, MARK);
	records_end(&out);
	assert_int_equal(records_open(&r, out.data, out.len, MARK, 3), 0);
	assert_false(records_next(&r, &f, 1));
	buf_free(&out);
}

/* Each bit, each length, another mark, half a record. */
static void
damage_is_found(void **state)
{
	struct records r;
	struct buf out;

	(void)state;
	fill(&out);
	for (size_t bit = 0; bit < 8 * out.len; bit++) {
		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(records_open(&r, out.data, out.len, MARK, 2),
		    -COAP_E_FORMAT);
		out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(records_open(&r, out.data, len, MARK, 2),
		    -COAP_E_FORMAT);
	assert_int_equal(records_open(&r, out.data, out.len, "COAPtst2", 2),
	    -COAP_E_FORMAT);
	assert_int_equal(records_open(&r, out.data, out.len, MARK, 3),
	    -COAP_E_FORMAT);
	assert_int_equal(records_open(&r, out.data, out.len, MARK, 4), 0);
	assert_true(records_marked(out.data, 8, MARK));
	assert_false(records_marked(out.data, 7, MARK));
	buf_free(&out);
}

/* A length that points behind the end, with a good checksum. */
static void
lengths_are_checked(void **state)
{
	static const uint8_t lengths[][4] = {
		{ 0, 0, 0, 4 },
		{ 0xff, 0xff, 0xff, 0xff },
		{ 0x7f, 0xff, 0xff, 0xff },
	};
	struct records r;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		buf_init(&out, 100);
		records_begin(&out, MARK);
		buf_append(&out, lengths[i], 4);
		buf_append(&out, "abc", 3);
		records_end(&out);
		assert_int_equal(records_open(&r, out.data, out.len, MARK, 1),
		    -COAP_E_FORMAT);
		buf_free(&out);
	}
	buf_init(&out, 100);
	records_begin(&out, MARK);
	buf_append(&out, "\0\0", 2);
	records_end(&out);
	assert_int_equal(records_open(&r, out.data, out.len, MARK, 1),
	    -COAP_E_FORMAT);
	buf_free(&out);
}

static void
addresses(void **state)
{
	coap_address_t a, b;
	coap_bin_const_t f;
	struct records r;
	struct buf out;

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		coap_address_init(&a);
		if (v6) {
			a.size = sizeof a.addr.sin6;
			a.addr.sin6.sin6_family = AF_INET6;
			a.addr.sin6.sin6_scope_id = 0x01020304;
			memset(&a.addr.sin6.sin6_addr, 0xab, 16);
		} else {
			a.size = sizeof a.addr.sin;
			a.addr.sin.sin_family = AF_INET;
			a.addr.sin.sin_addr.s_addr = htonl(0x7f000102);
		}
		coap_address_set_port(&a, 56830);
		buf_init(&out, 100);
		records_begin(&out, MARK);
		assert_int_equal(records_put_address(&out, &a), 0);
		records_end(&out);
		assert_int_equal(records_open(&r, out.data, out.len, MARK, 1),
		    0);
		assert_true(records_next(&r, &f, 1));
		assert_int_equal(records_address(&f, &b), 0);
		assert_true(coap_address_equals(&a, &b));
		assert_int_equal(a.size, b.size);
		if (v6)
			assert_int_equal(b.addr.sin6.sin6_scope_id, 0x01020304);
		f.length--;
		assert_int_equal(records_address(&f, &b), -COAP_E_FORMAT);
		f.length++;
		((uint8_t *)(uintptr_t)f.s)[0] = 5;
		assert_int_equal(records_address(&f, &b), -COAP_E_FORMAT);
		buf_free(&out);
	}
}

static void
what_is_too_long_is_refused(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(records_begin(&out, MARK), 0);
	assert_int_equal(records_put(&out, "abc", 3), -COAP_E_TOOBIG);
	assert_int_equal(records_end(&out), -COAP_E_TOOBIG);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(without_records),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(addresses),
		cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
