/* SPDX-License-Identifier: BSD-2-Clause */
/* Block options and the parts of a body (RFC 7959 section 2.2). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap_encode.h>

#include "base/alloc.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint8_t body[5000];

static coap_pdu_t *
new_pdu(size_t max)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, max);

	assert_non_null(pdu);
	return pdu;
}

static coap_pdu_t *
with_block(const uint8_t *value, size_t len)
{
	coap_pdu_t *pdu = new_pdu(100);

	assert_true(coap_add_option(pdu, COAP_OPTION_BLOCK2, len, value) > 0);
	return pdu;
}

/* Reading */

static const struct read_row {
	uint8_t value[4];
	size_t len;
	int ok;
	unsigned int num, m, szx;
} read_rows[] = {
	{ { 0 }, 0, 1, 0, 0, 0 },
	{ { 0x06 }, 1, 1, 0, 0, 6 },
	{ { 0x0e }, 1, 1, 0, 1, 6 },
	{ { 0xf8 }, 1, 1, 15, 1, 0 },
	{ { 0x01, 0x02 }, 2, 1, 16, 0, 2 },
	{ { 0xff, 0xff, 0xfe }, 3, 1, 0xfffff, 1, 6 },
	{ { 0x00, 0x00, 0x16 }, 3, 1, 1, 0, 6 },
	/* the reserved size; a value that is too long */
	{ { 0x07 }, 1, 0, 0, 0, 0 },
	{ { 0x1f }, 1, 0, 0, 0, 0 },
	{ { 0, 0, 0, 0x16 }, 4, 0, 0, 0, 0 },
};

static void
test_get_block(void **state)
{
	const struct read_row *row;
	coap_opt_iterator_t oi;
	coap_block_t block;
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(read_rows); i++) {
		row = &read_rows[i];
		pdu = with_block(row->value, row->len);
		memset(&block, 0xff, sizeof(block));
		assert_int_equal(coap_get_block(pdu, COAP_OPTION_BLOCK2,
				     &block),
		    row->ok);
		assert_int_equal(block.num, row->num);
		assert_int_equal(block.m, row->m);
		assert_int_equal(block.szx, row->szx);
		if (row->ok)
			assert_int_equal(coap_opt_block_num(
					     coap_check_option(pdu,
						 COAP_OPTION_BLOCK2, &oi)),
			    row->num);
		coap_delete_pdu(pdu);
	}
}

static void
test_get_block_missing(void **state)
{
	coap_pdu_t *pdu = with_block(body, 0);
	const coap_opt_t too_long[] = { 0xd4, 10, 0, 0, 0, 0x16 };
	coap_block_t block = { 1, 1, 1 };

	(void)state;
	assert_int_equal(coap_get_block(pdu, COAP_OPTION_BLOCK1, &block), 0);
	assert_int_equal(block.num, 0);
	assert_int_equal(coap_get_block(NULL, COAP_OPTION_BLOCK2, &block), 0);
	assert_int_equal(coap_get_block(pdu, COAP_OPTION_BLOCK2, NULL), 0);
	assert_int_equal(coap_opt_block_num(NULL), 0);
	assert_int_equal(coap_opt_block_num(too_long), 0);
	coap_delete_pdu(pdu);
}

static void
test_read_bert(void **state)
{
	const uint8_t value = 0x5f;
	coap_pdu_t *pdu = with_block(&value, 1);
	coap_block_b_t b;

	(void)state;
	assert_int_equal(block_read(pdu, COAP_OPTION_BLOCK2, true, &b), 1);
	assert_int_equal(b.num, 5);
	assert_int_equal(b.m, 1);
	assert_int_equal(b.szx, 6);
	assert_int_equal(b.aszx, 7);
	assert_int_equal(b.bert, 1);
	assert_int_equal(b.chunk_size, 1024);
	assert_int_equal(b.defined, 1);
	assert_int_equal(block_read(pdu, COAP_OPTION_BLOCK2, false, &b), 0);
	assert_int_equal(b.defined, 0);
	coap_delete_pdu(pdu);
}

static void
test_more_blocks(void **state)
{
	(void)state;
	assert_int_equal(coap_more_blocks(0, 0, 0), 0);
	assert_int_equal(coap_more_blocks(16, 0, 0), 0);
	assert_int_equal(coap_more_blocks(17, 0, 0), 1);
	assert_int_equal(coap_more_blocks(2048, 1, 6), 0);
	assert_int_equal(coap_more_blocks(2049, 1, 6), 1);
	assert_int_equal(coap_more_blocks(2049, UINT32_MAX, 6), 0);
}

/* Writing */

static const struct write_row {
	size_t max; /* of the message */
	size_t length;
	unsigned int num, szx;
	int result;
	unsigned int got_num, got_m, got_szx;
} write_rows[] = {
	{ 1152, 2000, 0, 6, 1, 0, 1, 6 },
	{ 1152, 2000, 1, 6, 1, 1, 0, 6 },
	{ 1152, 1024, 0, 6, 1, 0, 0, 6 },
	{ 1152, 1025, 0, 6, 1, 0, 1, 6 },
	{ 1152, 0, 0, 6, 1, 0, 0, 6 },
	{ 1152, 100, 3, 1, 1, 3, 0, 1 },
	/* smaller, at the same place: 2 + 1 + 1 bytes come before */
	{ 64, 1000, 0, 6, 1, 0, 1, 1 },
	{ 68, 1000, 0, 6, 1, 0, 1, 2 },
	{ 67, 1000, 0, 6, 1, 0, 1, 1 },
	{ 64, 2000, 1, 6, 1, 32, 1, 1 },
	/* what is left of the body fits */
	{ 64, 1050, 1, 6, 1, 1, 0, 6 },
	{ 64, 60, 0, 6, 1, 0, 0, 6 },
	{ 64, 61, 0, 6, 1, 0, 1, 1 },
	{ 20, 1000, 0, 6, 1, 0, 1, 0 },
	/* errors change nothing */
	{ 19, 1000, 0, 6, BLOCK_ERR_ROOM, 0, 1, 6 },
	{ 2, 0, 0, 6, BLOCK_ERR_ROOM, 0, 1, 6 },
	{ 1152, 1024, 1, 6, BLOCK_ERR_NUM, 1, 1, 6 },
	{ 1152, 0, 1, 6, BLOCK_ERR_NUM, 1, 1, 6 },
	{ 1152, SIZE_MAX, 0x100000, 0, BLOCK_ERR_NUM, 0x100000, 1, 0 },
	{ 64, SIZE_MAX, 0xfffff, 6, BLOCK_ERR_ROOM, 0xfffff, 1, 6 },
	{ 1152, 2000, 0, 7, BLOCK_ERR_ARG, 0, 1, 7 },
};

static void
test_write_block(void **state)
{
	const struct write_row *row;
	coap_block_t block, read;
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(write_rows); i++) {
		row = &write_rows[i];
		pdu = new_pdu(row->max);
		block.num = row->num;
		block.szx = row->szx & 7;
		block.m = 1;
		assert_int_equal(coap_write_block_opt(&block,
				     COAP_OPTION_BLOCK1, pdu, row->length),
		    row->result);
		assert_int_equal(block.num, row->got_num);
		assert_int_equal(block.m, row->got_m);
		assert_int_equal(block.szx, row->got_szx);
		assert_int_equal(coap_get_block(pdu, COAP_OPTION_BLOCK1, &read),
		    row->result == 1);
		if (row->result == 1) {
			assert_int_equal(read.num, row->got_num);
			assert_int_equal(read.m, row->got_m);
			assert_int_equal(read.szx, row->got_szx);
		}
		coap_delete_pdu(pdu);
	}
}

static void
test_write_null(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);
	coap_block_t block = { 0 };

	(void)state;
	assert_int_equal(coap_write_block_opt(NULL, COAP_OPTION_BLOCK1, pdu, 1),
	    BLOCK_ERR_ARG);
	assert_int_equal(coap_write_block_opt(&block, COAP_OPTION_BLOCK1, NULL,
			     1),
	    BLOCK_ERR_ARG);
	coap_delete_pdu(pdu);
}

/* A whole body in messages of at most max bytes, put together again. */
static void
transfer(size_t max, size_t total, unsigned int bert)
{
	coap_binary_t *built = NULL;
	coap_block_b_t b = { 0 };
	size_t offset = 0;
	const uint8_t *data;
	uint32_t announced;
	coap_pdu_t *pdu;
	size_t len;

	do {
		b.bert = bert;
		b.szx = bert || offset == 0 ? COAP_MAX_BLOCK_SZX : b.szx;
		b.num = (unsigned int)(offset >> (b.szx + 4));
		pdu = new_pdu(max);
		assert_int_equal(block_write(pdu, COAP_OPTION_BLOCK1, &b,
				     total),
		    1);
		announced = b.chunk_size;
		assert_int_equal((size_t)b.num << (b.szx + 4), offset);
		assert_int_equal(coap_add_block_b_data(pdu, total, body, &b),
		    1);
		assert_int_equal(coap_get_data(pdu, &len, &data), 1);
		assert_int_equal(len, b.chunk_size);
		assert_int_equal(len, announced);
		built = coap_block_build_body(built, len, data, offset, total);
		assert_non_null(built);
		offset += len;
		assert_int_equal(b.m, offset < total);
		coap_delete_pdu(pdu);
	} while (b.m);
	assert_int_equal(built->length, total);
	assert_memory_equal(built->s, body, total);
	coap_delete_binary(built);
}

static void
test_transfer(void **state)
{
	size_t max;

	(void)state;
	for (max = 24; max < 1200; max++) {
		transfer(max, sizeof(body), 0);
		transfer(max, 1, 0);
	}
}

static void
test_transfer_bert(void **state)
{
	size_t max;

	(void)state;
	for (max = 1040; max < 5100; max += 7)
		transfer(max, sizeof(body), 1);
}

static void
test_add_block(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);
	coap_block_b_t b = { 0 };
	const uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(coap_add_block(pdu, 40, body, 3, 0), 0);
	assert_int_equal(coap_add_block(pdu, 48, body, 3, 0), 0);
	assert_int_equal(coap_add_block(pdu, 40, body, 0, 7), 0);
	assert_int_equal(coap_add_block(pdu, 40, NULL, 0, 0), 0);
	assert_int_equal(coap_add_block(NULL, 40, body, 0, 0), 0);
	assert_int_equal(coap_add_block(pdu, 5000, body, 0, 6), 0);
	assert_int_equal(coap_add_block_b_data(pdu, 0, body, &b), 0);
	assert_int_equal(coap_add_block_b_data(pdu, 40, NULL, &b), 0);
	assert_int_equal(coap_add_block_b_data(pdu, 40, body, NULL), 0);
	b.num = 3;
	assert_int_equal(coap_add_block_b_data(pdu, 48, body, &b), 0);
	b.num = 0;
	b.szx = 6;
	b.bert = 1; /* less than 1 KiB of room, more than that to send */
	assert_int_equal(coap_add_block_b_data(pdu, 5000, body, &b), 0);
	assert_int_equal(coap_add_block(pdu, 40, body, 2, 0), 1);
	assert_int_equal(coap_get_data(pdu, &len, &data), 1);
	assert_int_equal(len, 8);
	assert_memory_equal(data, body + 32, 8);
	assert_int_equal(coap_add_block(pdu, 40, body, 0, 0), 0);
	coap_delete_pdu(pdu);
}

/* Putting a body together */

static void
test_build_body(void **state)
{
	static const uint8_t zeros[16];
	coap_binary_t *b;

	(void)state;
	b = coap_block_build_body(NULL, 16, body, 16, 0);
	assert_non_null(b);
	assert_int_equal(b->length, 32);
	assert_memory_equal(b->s, zeros, 16);
	assert_memory_equal(b->s + 16, body, 16);
	b = coap_block_build_body(b, 16, body + 100, 0, 40);
	assert_non_null(b);
	assert_int_equal(b->length, 40);
	assert_memory_equal(b->s, body + 100, 16);
	assert_memory_equal(b->s + 16, body, 16);
	assert_memory_equal(b->s + 32, zeros, 8);
	/* more than was announced */
	b = coap_block_build_body(b, 8, body, 40, 40);
	assert_non_null(b);
	assert_int_equal(b->length, 48);
	assert_memory_equal(b->s + 40, body, 8);
	coap_delete_binary(b);
}

static void
test_build_body_fails(void **state)
{
	size_t before = mem_outstanding();
	coap_binary_t *b;

	(void)state;
	b = coap_block_build_body(NULL, 16, body, 0, 0);
	assert_null(coap_block_build_body(b, 16, body, SIZE_MAX - 8, 0));
	b = coap_block_build_body(NULL, 16, body, 0, 0);
	assert_null(coap_block_build_body(b, 16, NULL, 0, 0));
	b = coap_block_build_body(NULL, 16, body, 0, 0);
	assert_non_null(b);
	mem_fail_at(1, 1);
	assert_null(coap_block_build_body(b, 4000, body, 16, 0));
	assert_null(coap_block_build_body(NULL, 16, body, 0, 0));
	mem_fail_at(0, 0);
	assert_int_equal(mem_outstanding(), before);
}

/* A response of which the request names the part */

static coap_pdu_t *
respond(int block2, size_t max, size_t length)
{
	coap_pdu_t *request = new_pdu(100);
	coap_pdu_t *response =
	    coap_pdu_init(COAP_MESSAGE_ACK, COAP_EMPTY_CODE, 1, max);
	uint8_t value[4];

	assert_non_null(response);
	if (block2 >= 0)
		assert_true(coap_add_option(request, COAP_OPTION_BLOCK2,
				coap_encode_var_safe(value, sizeof(value),
				    (unsigned int)block2),
				value) > 0);
	coap_add_data_blocked_response(request, response, 50, 30, length, body);
	coap_delete_pdu(request);
	return response;
}

static int64_t
option_value(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	if (opt == NULL)
		return -1;
	return (int64_t)(coap_decode_var_bytes8(coap_opt_value(opt),
			     coap_opt_length(opt)) &
	    INT64_MAX);
}

static const struct response_row {
	size_t max, length;
	int block2; /* of the request, -1 for none */
	unsigned int code;
	int got_block2, size2;
	size_t offset, len;
} response_rows[] = {
	{ 1152, 300, -1, 0x45, -1, -1, 0, 300 },
	{ 1152, 0, -1, 0x45, -1, -1, 0, 0 },
	{ 1152, 3000, -1, 0x45, 0x0e, 3000, 0, 1024 },
	{ 128, 3000, -1, 0x45, 0x0a, 3000, 0, 64 },
	{ 1152, 300, 0x02, 0x45, 0x0a, 300, 0, 64 },
	{ 1152, 300, 0x12, 0x45, 0x1a, -1, 64, 64 },
	{ 1152, 300, 0x42, 0x45, 0x42, -1, 256, 44 },
	{ 1152, 300, 0x06, 0x45, 0x06, -1, 0, 300 },
	{ 1152, 0, 0x06, 0x45, 0x06, -1, 0, 0 },
	{ 1152, 300, 0x52, 0x80, -1, -1, 0, 0 },
	{ 1152, 0, 0x16, 0x80, -1, -1, 0, 0 },
	{ 1152, 300, 0x07, 0x80, -1, -1, 0, 0 },
	{ 20, 300, -1, 0xa0, -1, -1, 0, 0 },
	{ 3, 300, -1, 0xa0, -1, -1, 0, 0 },
};

static void
test_blocked_response(void **state)
{
	const struct response_row *row;
	const uint8_t *data;
	coap_pdu_t *pdu;
	size_t len, i;

	(void)state;
	for (i = 0; i < COUNT(response_rows); i++) {
		row = &response_rows[i];
		pdu = respond(row->block2, row->max, row->length);
		assert_int_equal(coap_pdu_get_code(pdu), row->code);
		assert_int_equal(coap_get_data(pdu, &len, &data), row->len > 0);
		if (row->code == 0x45) {
			assert_int_equal(option_value(pdu, COAP_OPTION_BLOCK2),
			    row->got_block2);
			assert_int_equal(option_value(pdu, COAP_OPTION_SIZE2),
			    row->size2);
			assert_int_equal(option_value(pdu,
					     COAP_OPTION_CONTENT_FORMAT),
			    50);
			assert_int_equal(option_value(pdu, COAP_OPTION_MAXAGE),
			    30);
			assert_int_equal(len, row->len);
		}
		if (row->len > 0)
			assert_memory_equal(data, body + row->offset, len);
		coap_delete_pdu(pdu);
	}
}

static void
test_blocked_etag(void **state)
{
	coap_pdu_t *first = respond(0x02, 1152, 300);
	coap_pdu_t *second = respond(0x12, 1152, 300);
	coap_pdu_t *other = respond(0x12, 1152, 301);
	int64_t etag = option_value(first, COAP_OPTION_ETAG);

	(void)state;
	assert_true(etag > 0);
	assert_true(etag == option_value(second, COAP_OPTION_ETAG));
	assert_true(etag != option_value(other, COAP_OPTION_ETAG));
	coap_delete_pdu(first);
	coap_delete_pdu(second);
	coap_delete_pdu(other);
}

static void
test_blocked_keeps_code(void **state)
{
	coap_pdu_t *request = new_pdu(100);
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK,
	    COAP_RESPONSE_CODE_CHANGED, 1, 1152);

	(void)state;
	assert_non_null(pdu);
	coap_add_data_blocked_response(request, NULL, 0, -1, 1, body);
	coap_add_data_blocked_response(NULL, pdu, 0, -1, 1, body);
	coap_add_data_blocked_response(request, pdu, 0, -1, 1, NULL);
	assert_int_equal(option_value(pdu, COAP_OPTION_ETAG), -1);
	coap_add_data_blocked_response(request, pdu, 0, -1, 1, body);
	assert_int_equal(coap_pdu_get_code(pdu), COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(option_value(pdu, COAP_OPTION_MAXAGE), -1);
	coap_delete_pdu(pdu);
	coap_delete_pdu(request);
}

static int
fill_body(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 31 + i / 251 + 1);
	return 0;
}

/* RFC 7959 section 4: 4 bytes at most. */
static void
test_size(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);
	coap_option_t option;

	(void)state;
	assert_true(
	    block_add_size(pdu, COAP_OPTION_SIZE2, (uint64_t)UINT32_MAX + 1));
	assert_false(pdu_find_option(pdu, COAP_OPTION_SIZE2, &option));
	assert_true(block_add_size(pdu, COAP_OPTION_SIZE2, UINT32_MAX));
	assert_true(pdu_find_option(pdu, COAP_OPTION_SIZE2, &option));
	assert_int_equal(option.length, 4);
	coap_delete_pdu(pdu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_block),
		cmocka_unit_test(test_get_block_missing),
		cmocka_unit_test(test_read_bert),
		cmocka_unit_test(test_more_blocks),
		cmocka_unit_test(test_write_block),
		cmocka_unit_test(test_write_null),
		cmocka_unit_test(test_transfer),
		cmocka_unit_test(test_transfer_bert),
		cmocka_unit_test(test_add_block),
		cmocka_unit_test(test_build_body),
		cmocka_unit_test(test_build_body_fails),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_blocked_response),
		cmocka_unit_test(test_blocked_etag),
		cmocka_unit_test(test_blocked_keeps_code),
	};

	return cmocka_run_group_tests(tests, fill_body, NULL);
}
