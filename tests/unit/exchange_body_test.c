/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies in parts: what is cut off one, and what is put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/body.h"
#include "guard.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define BODY_MAX 4096

static uint8_t bytes[BODY_MAX];
static unsigned released;

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	assert_ptr_equal(app, bytes);
	released++;
}

static int
setup(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	released = 0;
	return 0;
}

static coap_block_b_t
block(unsigned num, unsigned m, unsigned szx)
{
	coap_block_b_t b = body_block_at((size_t)num << (szx + 4), szx, false);

	b.m = m & 1;
	return b;
}

static coap_block_b_t
bert(unsigned num, unsigned m)
{
	coap_block_b_t b = body_block_at((size_t)num << 10, 6, true);

	b.m = m & 1;
	return b;
}

/* --- in ------------------------------------------------------------------- */

static void
parts_have_the_size_they_name(void **state)
{
	struct body_in in;
	coap_block_b_t b;
	size_t len;
	unsigned szx;

	(void)state;
	for (szx = 0; szx <= 6; szx++) {
		for (len = 0; len <= 2048; len++) {
			size_t size = (size_t)16 << szx;

			body_in_init(&in, BODY_KEEP, BODY_MAX, NULL);
			b = block(0, 1, szx);
			assert_int_equal(body_in_part(&in, &b, bytes, len),
			    len == size ? 0 : -COAP_E_FORMAT);
			body_in_restart(&in);
			b.m = 0;
			assert_int_equal(body_in_part(&in, &b, bytes, len),
			    len <= size ? 0 : -COAP_E_FORMAT);
			body_in_free(&in);
		}
	}
	for (len = 0; len <= BODY_MAX; len++) {
		body_in_init(&in, BODY_KEEP, BODY_MAX, NULL);
		b = bert(0, 1);
		assert_int_equal(body_in_part(&in, &b, bytes, len),
		    len > 0 && len % 1024 == 0 ? 0 : -COAP_E_FORMAT);
		body_in_free(&in);
	}
}

static void
parts_come_in_order(void **state)
{
	struct body_in in;
	coap_block_b_t b = block(0, 1, 2);

	(void)state;
	body_in_init(&in, BODY_KEEP, BODY_MAX, NULL);
	assert_int_equal(body_in_part(&in, &b, bytes, 64), 0);
	assert_int_equal(body_in_part(&in, &b, bytes, 64), BODY_REPEATED);
	b = block(2, 1, 2);
	assert_int_equal(body_in_part(&in, &b, bytes, 64), -COAP_E_STATE);
	/* A smaller size at the same place. */
	b = block(4, 1, 0);
	assert_int_equal(body_in_part(&in, &b, bytes + 64, 16), 0);
	b = block(0, 1, 2);
	assert_int_equal(body_in_part(&in, &b, bytes, 64), -COAP_E_STATE);
	b = block(0xFFFFF, 1, 6);
	assert_int_equal(body_in_part(&in, &b, bytes, 1024), -COAP_E_STATE);
	b = block(5, 0, 0);
	assert_int_equal(body_in_part(&in, &b, bytes + 80, 3), 0);
	assert_int_equal(in.length, 83);
	assert_memory_equal(in.data.data, bytes, 83);
	body_in_free(&in);
}

static void
a_body_has_a_ceiling_and_a_pool(void **state)
{
	struct body_pool pool = { .max = 100 };
	struct body_in a, b;
	coap_block_b_t part = block(0, 1, 2);

	(void)state;
	body_in_init(&a, BODY_KEEP, 100, &pool);
	body_in_init(&b, BODY_KEEP, 100, &pool);
	assert_int_equal(body_in_part(&a, &part, bytes, 64), 0);
	assert_int_equal(body_in_part(&b, &part, bytes, 64), -COAP_E_LIMIT);
	part = block(1, 1, 2);
	assert_int_equal(body_in_part(&a, &part, bytes, 64), -COAP_E_TOOBIG);
	part = block(1, 0, 2);
	assert_int_equal(body_in_part(&a, &part, bytes, 36), 0);
	assert_int_equal(pool.used, 100);
	body_in_free(&a);
	assert_int_equal(pool.used, 0);
	part = block(0, 1, 2);
	assert_int_equal(body_in_part(&b, &part, bytes, 64), 0);
	body_in_restart(&b);
	assert_int_equal(pool.used, 0);
	body_in_free(&b);
}

static void
without_memory_nothing_is_counted(void **state)
{
	struct body_pool pool = { .max = 1000 };
	coap_block_b_t part = block(0, 1, 2);
	struct body_in in;

	(void)state;
	body_in_init(&in, BODY_KEEP, 1000, &pool);
	mem_fail_at(1, 0);
	assert_int_equal(body_in_part(&in, &part, bytes, 64), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_int_equal(pool.used, 0);
	assert_int_equal(body_in_part(&in, &part, bytes, 64), 0);
	body_in_free(&in);
}

static coap_pdu_t *
with_etag(const char *etag)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_ACK, 69, 1, 100);

	assert_non_null(pdu);
	if (etag)
		assert_true(coap_add_option(pdu, COAP_OPTION_ETAG, strlen(etag),
				(const uint8_t *)etag) > 0);
	return pdu;
}

static void
an_etag_that_changes_is_seen(void **state)
{
	static const struct {
		const char *first;
		const char *then;
		bool same;
	} table[] = {
		{ NULL, NULL, true },
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a", "aa", false },
		{ "a", NULL, false },
		{ NULL, "a", false },
		{ "12345678", "12345678", true },
		{ "12345678", "12345679", false },
	};
	coap_block_b_t part = block(0, 1, 2);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		coap_pdu_t *first = with_etag(table[i].first);
		coap_pdu_t *then = with_etag(table[i].then);
		struct body_in in;

		body_in_init(&in, BODY_COUNT, 1000, NULL);
		assert_true(body_in_same_etag(&in, first));
		assert_int_equal(body_in_part(&in, &part, bytes, 64), 0);
		assert_int_equal(body_in_same_etag(&in, then), table[i].same);
		body_in_free(&in);
		coap_delete_pdu(first);
		coap_delete_pdu(then);
	}
}

/* --- out ------------------------------------------------------------------ */

static int
read_bytes(void *arg, size_t offset, uint8_t *buf, size_t len)
{
	size_t length = *(size_t *)arg;
	size_t n = offset < length ? length - offset : 0;

	if (n > len)
		n = len;
	memcpy(buf, bytes + offset, n);
	return (int)n;
}

/* A body of length bytes is cut and put together again. */
static void
cut(struct body_out *out, size_t length, unsigned szx, bool big, size_t max)
{
	struct body_in in;
	coap_block_b_t b, got;
	coap_pdu_t *pdu;

	body_in_init(&in, BODY_KEEP, BODY_MAX, NULL);
	do {
		pdu = pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, max);
		assert_non_null(pdu);
		b = body_block_at(in.length, szx, big);
		assert_int_equal(body_out_part(out, pdu, COAP_OPTION_BLOCK1,
				     &b),
		    0);
		assert_int_equal(block_read(pdu, COAP_OPTION_BLOCK1, big, &got),
		    1);
		assert_int_equal(got.m, b.m);
		assert_int_equal(pdu_payload_len(pdu), b.chunk_size);
		assert_int_equal(body_in_part(&in, &got, pdu->data,
				     pdu_payload_len(pdu)),
		    0);
		coap_delete_pdu(pdu);
		szx = b.szx;
	} while (b.m);
	assert_int_equal(in.length, length);
	if (length > 0)
		assert_memory_equal(in.data.data, bytes, length);
	body_in_free(&in);
}

static void
any_length_is_cut_and_put_together(void **state)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1023,
		1024, 1025, 2047, 2048, 2049, 3000, 4096 };
	struct guard g;
	unsigned szx;
	size_t i;

	(void)state;
	guard_init(&g, BODY_MAX);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t n = lengths[i];
		uint8_t *data = guard_put(&g, bytes, n);

		for (szx = 0; szx <= 6; szx++) {
			struct body_out *a =
			    body_out_new(data, n, on_release, NULL, bytes);
			struct body_out *b = body_out_reader(n, read_bytes, &n);
			struct body_out *c =
			    body_out_reader(BODY_UNKNOWN, read_bytes, &n);

			cut(a, n, szx, false, 1152);
			cut(b, n, szx, false, 1152);
			cut(c, n, szx, false, 1152);
			/* Where the size does not fit. */
			cut(a, n, szx, false, 60);
			cut(c, n, szx, false, 60);
			cut(a, n, 6, true, 3000);
			cut(b, n, 6, true, 2100);
			cut(c, n, 6, true, 2100);
			released = 0;
			body_out_free(a);
			assert_int_equal(released, 1);
			body_out_free(b);
			body_out_free(c);
		}
	}
	guard_free(&g);
}

static int
read_too_little(void *arg, size_t offset, uint8_t *buf, size_t len)
{
	(void)offset;
	memset(buf, 0, len);
	return *(int *)arg;
}

static void
a_reader_that_breaks_its_word(void **state)
{
	int results[] = { 3, -COAP_E_CANCELLED, 5000 };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct body_out *out =
		    body_out_reader(100, read_too_little, &results[i]);
		coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 3, 1, 1152);
		coap_block_b_t b = block(0, 0, 2);

		assert_int_equal(body_out_part(out, pdu, COAP_OPTION_BLOCK1,
				     &b),
		    results[i] < 0 ? results[i] : -COAP_E_INVAL);
		coap_delete_pdu(pdu);
		body_out_free(out);
	}
}

static void
a_place_behind_the_end(void **state)
{
	struct body_out *out = body_out_new(bytes, 64, NULL, NULL, NULL);
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 3, 1, 1152);
	coap_block_b_t b = block(4, 0, 0);

	(void)state;
	assert_int_equal(body_out_part(out, pdu, COAP_OPTION_BLOCK2, &b),
	    -COAP_E_INVAL);
	b = block(0xFFFFF, 0, 6);
	assert_int_equal(body_out_part(out, pdu, COAP_OPTION_BLOCK2, &b),
	    -COAP_E_INVAL);
	coap_delete_pdu(pdu);
	body_out_free(out);
}

/* --- keys ----------------------------------------------------------------- */

static void
add(coap_pdu_t *pdu, unsigned number, const char *value)
{
	assert_true(coap_add_option(pdu, (coap_option_num_t)number,
			strlen(value), (const uint8_t *)value) > 0);
}

static void
keys_leave_out_what_differs_in_parts(void **state)
{
	coap_pdu_t *a = pdu_new(COAP_MESSAGE_CON, 3, 1, 1152);
	coap_pdu_t *b = pdu_new(COAP_MESSAGE_NON, 3, 2, 1152);
	struct buf ka, kb;

	(void)state;
	buf_init(&ka, BODY_KEY_MAX);
	buf_init(&kb, BODY_KEY_MAX);
	add(a, COAP_OPTION_URI_PATH, "x");
	add(b, COAP_OPTION_URI_PATH, "x");
	add(b, COAP_OPTION_ETAG, "1");
	add(b, COAP_OPTION_OBSERVE, "");
	add(b, COAP_OPTION_BLOCK1, "\x10");
	add(b, COAP_OPTION_BLOCK2, "\x10");
	add(b, COAP_OPTION_SIZE1, "\x10");
	add(b, COAP_OPTION_SIZE2, "\x10");
	assert_int_equal(body_key(&ka, a), 0);
	assert_int_equal(body_key(&kb, b), 0);
	assert_int_equal(ka.len, kb.len);
	assert_memory_equal(ka.data, kb.data, ka.len);
	add(b, COAP_OPTION_RTAG, "1");
	buf_clear(&kb);
	assert_int_equal(body_key(&kb, b), 0);
	assert_int_not_equal(ka.len, kb.len);
	buf_clear(&ka);
	coap_pdu_set_code(a, COAP_REQUEST_CODE_POST);
	add(a, COAP_OPTION_RTAG, "1");
	assert_int_equal(body_key(&ka, a), 0);
	assert_int_equal(ka.len, kb.len);
	assert_memory_not_equal(ka.data, kb.data, ka.len);
	buf_free(&ka);
	buf_free(&kb);
	coap_delete_pdu(a);
	coap_delete_pdu(b);
}

static void
size_exponents(void **state)
{
	(void)state;
	assert_int_equal(body_szx(0), 6);
	assert_int_equal(body_szx(16), 0);
	assert_int_equal(body_szx(63), 1);
	assert_int_equal(body_szx(64), 2);
	assert_int_equal(body_szx(1024), 6);
	assert_int_equal(body_szx(99999), 6);
	assert_int_equal(body_szx(1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parts_have_the_size_they_name, setup),
		cmocka_unit_test_setup(parts_come_in_order, setup),
		cmocka_unit_test_setup(a_body_has_a_ceiling_and_a_pool, setup),
		cmocka_unit_test_setup(without_memory_nothing_is_counted,
		    setup),
		cmocka_unit_test_setup(an_etag_that_changes_is_seen, setup),
		cmocka_unit_test_setup(any_length_is_cut_and_put_together,
		    setup),
		cmocka_unit_test_setup(a_reader_that_breaks_its_word, setup),
		cmocka_unit_test_setup(a_place_behind_the_end, setup),
		cmocka_unit_test_setup(keys_leave_out_what_differs_in_parts,
		    setup),
		cmocka_unit_test_setup(size_exponents, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
