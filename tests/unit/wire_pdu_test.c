/* SPDX-License-Identifier: BSD-2-Clause */
/* Putting a message together, lists of options, copies, getters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_encode.h>

#include "base/alloc.h"
#include "base/err.h"
#include "wire/pdu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define BYTES(s) ((const uint8_t *)(s))

static void
no_log(coap_log_t level, const char *message)
{
	(void)level;
	(void)message;
}

static coap_pdu_t *
new_pdu(size_t max)
{
	coap_pdu_t *pdu;

	pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 7, max);
	assert_non_null(pdu);
	return pdu;
}

static void
assert_bytes(const coap_pdu_t *pdu, const void *bytes, size_t len)
{
	assert_int_equal(pdu->used, len);
	assert_memory_equal(pdu->token, bytes, len);
}

/* Also in front of what is there, and one of no length. */
static void
test_late_token(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);

	(void)state;
	assert_int_equal(coap_add_option(pdu, 11, 1, BYTES("a")), 2);
	assert_int_equal(coap_add_data(pdu, 1, BYTES("d")), 1);
	assert_int_equal(pdu_set_token(pdu, 0, NULL), 0);
	assert_bytes(pdu, "\261a\377d", 4);
	assert_int_equal(pdu_set_token(pdu, COAP_TOKEN_EXT_MAX + 1, NULL),
	    -COAP_E_STATE);
	assert_int_equal(pdu_set_token(pdu, 97, BYTES("")), -COAP_E_TOOBIG);
	assert_int_equal(pdu_set_token(pdu, 2, BYTES("tk")), 0);
	assert_bytes(pdu, "tk\261a\377d", 6);
	assert_int_equal(pdu_payload_len(pdu), 1);
	assert_int_equal(*pdu->data, 'd');
	assert_int_equal(pdu_set_token(pdu, 1, BYTES("u")), -COAP_E_STATE);
	coap_delete_pdu(pdu);
}

static void
test_option_behind_payload(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 1, 1, 16);

	(void)state;
	assert_int_equal(coap_add_token(pdu, 1, BYTES("t")), 1);
	assert_true(coap_add_option(pdu, 11, 1, BYTES("a")) > 0);
	assert_true(pdu_put_option(pdu, 60, 1, BYTES("s")));
	assert_int_equal(coap_add_data(pdu, 2, BYTES("xy")), 1);
	assert_true(pdu_put_option(pdu, 15, 1, BYTES("q")));
	assert_bytes(pdu, "t\261aAq\321\040s\377xy", 11);
	assert_int_equal(pdu_payload_len(pdu), 2);
	assert_memory_equal(pdu->data, "xy", 2);
	/* Without room it stays as it is. */
	assert_false(pdu_put_option(pdu, 252, 5, BYTES("12345")));
	assert_bytes(pdu, "t\261aAq\321\040s\377xy", 11);
	assert_int_equal(pdu->last_option, 60);
	coap_delete_pdu(pdu);
}

static void
test_order_of_calls(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);
	const uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(coap_add_token(pdu, 0, NULL), 1);
	assert_int_equal(coap_add_token(pdu, 1, BYTES("t")), 1);
	assert_int_equal(coap_add_token(pdu, 1, BYTES("u")), 0);
	assert_int_equal(coap_add_option(pdu, 11, 1, BYTES("a")), 2);
	assert_int_equal(coap_add_token(pdu, 1, BYTES("u")), 0);
	assert_int_equal(coap_get_data(pdu, &len, &data), 0);
	assert_int_equal(len, 0);
	assert_null(data);
	assert_int_equal(coap_add_data(pdu, 0, NULL), 1);
	assert_int_equal(coap_add_data(pdu, 2, BYTES("xy")), 1);
	assert_int_equal(coap_add_data(pdu, 1, BYTES("z")), 0);
	assert_null(coap_add_data_after(pdu, 1));
	assert_int_equal(coap_add_option(pdu, 11, 1, BYTES("b")), 0);
	assert_int_equal(coap_add_token(pdu, 1, BYTES("u")), 0);
	assert_bytes(pdu,
	    "t\xb1"
	    "a\xffxy",
	    6);
	assert_int_equal(coap_get_data(pdu, &len, &data), 1);
	assert_int_equal(len, 2);
	assert_memory_equal(data, "xy", 2);
	coap_delete_pdu(pdu);
}

static void
test_bad_arguments(void **state)
{
	coap_pdu_t *pdu = new_pdu(200000);
	static uint8_t big[65805];

	(void)state;
	assert_null(coap_pdu_init((coap_pdu_type_t)4, COAP_EMPTY_CODE, 0, 1));
	assert_null(
	    coap_pdu_init(COAP_MESSAGE_CON, (coap_pdu_code_t)256, 0, 1));
	assert_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, -1, 1));
	assert_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 65536, 1));
	assert_int_equal(coap_add_token(NULL, 0, NULL), 0);
	assert_int_equal(coap_add_option(NULL, 1, 0, NULL), 0);
	assert_int_equal(coap_add_data(NULL, 0, NULL), 0);
	assert_null(coap_add_data_after(NULL, 1));
	assert_int_equal(coap_add_token(pdu, 1, NULL), 0);
	assert_int_equal(coap_add_option(pdu, 1, 1, NULL), 0);
	assert_int_equal(coap_add_data(pdu, 1, NULL), 0);
	assert_null(coap_add_data_after(pdu, 0));
	assert_null(coap_add_data_after(pdu, SIZE_MAX));
	assert_int_equal(coap_add_data(pdu, SIZE_MAX, big), 0);
	assert_int_equal(coap_add_token(pdu, 65805, big), 0);
	assert_int_equal(coap_add_option(pdu, 1, 65805, big), 0);
	assert_int_equal(pdu->used, 0);
	assert_int_equal(coap_add_option(pdu, 1, 65804, big), 65807);
	coap_delete_pdu(pdu);
	coap_delete_pdu(NULL);
}

static void
test_limit(void **state)
{
	coap_pdu_t *pdu = new_pdu(10);
	uint8_t *to;

	(void)state;
	assert_int_equal(coap_add_token(pdu, 11, BYTES("0123456789a")), 0);
	assert_int_equal(coap_add_token(pdu, 4, BYTES("0123")), 1);
	assert_int_equal(coap_add_option(pdu, 1, 6, BYTES("abcdef")), 0);
	assert_int_equal(coap_add_option(pdu, 1, 2, BYTES("ab")), 3);
	assert_int_equal(coap_add_data(pdu, 3, BYTES("xyz")), 0);
	to = coap_add_data_after(pdu, 2);
	assert_non_null(to);
	assert_memory_equal(to, "\0\0", 2);
	memcpy(to, "xy", 2);
	assert_bytes(pdu,
	    "0123\x12"
	    "ab\xffxy",
	    10);
	coap_delete_pdu(pdu);

	/* one that makes the head behind shorter by what it takes itself */
	pdu = new_pdu(3);
	assert_int_equal(coap_add_option(pdu, 269, 0, NULL), 3);
	assert_int_equal(coap_add_option(pdu, 260, 0, NULL), 2);
	assert_bytes(pdu, "\xd0\xf7\x90", 3);
	assert_int_equal(coap_add_option(pdu, 269, 0, NULL), 0);
	coap_delete_pdu(pdu);

	/* an inserted option counts with what it changes behind it */
	pdu = new_pdu(5);
	assert_int_equal(coap_add_option(pdu, 300, 0, NULL), 3);
	assert_int_equal(coap_add_option(pdu, 10, 2, BYTES("ab")), 0);
	assert_bytes(pdu, "\xe0\x00\x1f", 3);
	assert_int_equal(coap_add_option(pdu, 10, 1, BYTES("a")), 2);
	assert_bytes(pdu,
	    "\xa1"
	    "a\xe0\x00\x15",
	    5);
	coap_delete_pdu(pdu);
}

static void
test_insert(void **state)
{
	coap_pdu_t *pdu = new_pdu(1000);

	(void)state;
	assert_int_equal(coap_add_token(pdu, 1, BYTES("t")), 1);
	assert_int_equal(coap_add_option(pdu, 60, 1, BYTES("5")), 3);
	/* the head behind shrinks from two bytes to one and back to two */
	assert_int_equal(coap_add_option(pdu, 50, 1, BYTES("4")), 3);
	assert_bytes(pdu,
	    "t\xd1\x25"
	    "4\xa1"
	    "5",
	    6);
	assert_int_equal(coap_add_option(pdu, 11, 1, BYTES("1")), 2);
	assert_int_equal(coap_add_option(pdu, 11, 1, BYTES("2")), 2);
	assert_int_equal(coap_add_option(pdu, 50, 1, BYTES("x")), 2);
	assert_int_equal(coap_add_option(pdu, 0, 0, NULL), 1);
	assert_int_equal(coap_add_option(pdu, 60, 1, BYTES("6")), 2);
	assert_bytes(pdu,
	    "t\x00\xb1"
	    "1\x01"
	    "2\xd1\x1a"
	    "4\x01x\xa1"
	    "5\x01"
	    "6",
	    15);
	;
	assert_int_equal(pdu->last_option, 60);
	coap_delete_pdu(pdu);
}

/* Adding in any order is the same as adding in the order of the numbers. */
static void
test_insert_any_order(void **state)
{
	static const uint16_t numbers[] = {
		0,
		1,
		11,
		12,
		13,
		268,
		269,
		281,
		282,
		537,
		538,
		65534,
		65535,
	};
	static uint8_t value[300];
	uint32_t seed = 12345;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		coap_pdu_t *a = new_pdu(10000), *b = new_pdu(10000);
		struct {
			uint16_t number;
			uint16_t len;
		} added[12];
		size_t n = COUNT(added);

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			added[i].number =
			    numbers[(seed >> 16) % COUNT(numbers)];
			added[i].len = (uint16_t)((seed >> 8) % 300);
			value[0] = (uint8_t)i;
			assert_true(coap_add_option(a, added[i].number,
					added[i].len, value) > 0);
		}
		for (size_t k = 0; k < COUNT(numbers); k++) {
			for (size_t i = 0; i < n; i++) {
				value[0] = (uint8_t)i;
				if (added[i].number == numbers[k])
					coap_add_option(b, added[i].number,
					    added[i].len, value);
			}
		}
		assert_bytes(a, b->token, b->used);
		assert_int_equal(a->last_option, b->last_option);
		coap_delete_pdu(a);
		coap_delete_pdu(b);
	}
}

/* The block moves when it grows; everything still points into it. */
static void
test_growth(void **state)
{
	coap_pdu_t *pdu = new_pdu(1000000);
	coap_opt_iterator_t oi;
	const uint8_t *data;
	uint8_t value[200];
	coap_opt_t *opt;
	size_t len;

	(void)state;
	memset(value, 'v', sizeof(value));
	assert_int_equal(coap_add_token(pdu, 3, BYTES("tok")), 1);
	for (uint16_t i = 100; i > 0; i--)
		assert_true(coap_add_option(pdu, i, i, value) > 0);
	assert_int_equal(coap_add_data(pdu, 200, value), 1);
	assert_memory_equal(coap_pdu_get_token(pdu).s, "tok", 3);
	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (unsigned i = 1; i <= 100; i++) {
		opt = coap_option_next(&oi);
		assert_non_null(opt);
		assert_int_equal(oi.number, i);
		assert_int_equal(coap_opt_length(opt), i);
		assert_memory_equal(coap_opt_value(opt), value, i);
	}
	assert_null(coap_option_next(&oi));
	assert_int_equal(oi.bad, 0);
	/* large enough for malloc(3) to map it elsewhere */
	assert_int_equal(pdu_reserve(pdu, 500000), 0);
	assert_ptr_equal(pdu->data, pdu->token + pdu->used - 200);
	assert_int_equal(coap_get_data(pdu, &len, &data), 1);
	assert_int_equal(len, 200);
	assert_memory_equal(data, value, 200);
	assert_int_equal(pdu_reserve(pdu, 1000000), -COAP_E_TOOBIG);
	coap_delete_pdu(pdu);
}

static void
test_no_memory(void **state)
{
	static const uint8_t value[300];
	size_t before = mem_outstanding();
	coap_optlist_t *node;
	coap_pdu_t *pdu;

	(void)state;
	pdu = new_pdu(1000);
	assert_int_equal(coap_add_option(pdu, 1, 1, value), 2);
	mem_fail_at(1, 1);
	assert_null(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 1));
	assert_int_equal(coap_add_option(pdu, 2, 300, value), 0);
	assert_int_equal(coap_add_data(pdu, 300, value), 0);
	assert_null(coap_add_data_after(pdu, 300));
	assert_null(coap_new_optlist(1, 1, value));
	assert_null(pdu_duplicate(pdu, 1, 1000, 0, NULL, NULL));
	assert_int_equal(pdu_reserve(pdu, 300), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_bytes(pdu, "\x11\x00", 2);
	assert_null(pdu->data);
	assert_int_equal(coap_add_option(pdu, 2, 300, value), 303);
	/* the copy gets its struct, but not the room for the long option */
	mem_fail_at(2, 1);
	assert_null(pdu_duplicate(pdu, 1, 1000, 0, NULL, NULL));
	mem_fail_at(0, 0);
	coap_delete_pdu(pdu);
	node = coap_new_optlist(1, 1, value);
	coap_delete_optlist(node);
	assert_int_equal(mem_outstanding(), before);
}

static void
test_references(void **state)
{
	size_t before = mem_outstanding();
	coap_pdu_t *pdu = new_pdu(10);

	(void)state;
	assert_ptr_equal(pdu_ref(pdu), pdu);
	coap_delete_pdu(pdu);
	assert_int_equal(mem_outstanding(), before + 1);
	coap_delete_pdu(pdu);
	assert_int_equal(mem_outstanding(), before);
}

static void
test_optlist(void **state)
{
	static const struct {
		uint16_t number;
		const char *value;
	} rows[] = { { 15, "q" }, { 11, "a" }, { 3, "h" }, { 11, "b" },
		{ 65000, "" }, { 11, "c" } };
	coap_optlist_t *list = NULL, *node;
	coap_pdu_t *pdu = new_pdu(100);

	(void)state;
	assert_int_equal(coap_add_optlist_pdu(pdu, &list), 0);
	assert_int_equal(coap_add_optlist_pdu(pdu, NULL), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		node = coap_new_optlist(rows[i].number, strlen(rows[i].value),
		    BYTES(rows[i].value));
		assert_non_null(node);
		assert_int_equal(coap_insert_optlist(&list, node), 1);
	}
	assert_int_equal(coap_insert_optlist(&list, NULL), 0);
	assert_int_equal(coap_insert_optlist(NULL, list), 0);
	assert_int_equal(coap_add_optlist_pdu(NULL, &list), 0);
	assert_int_equal(list->number, 3);
	assert_int_equal(coap_add_optlist_pdu(pdu, &list), 1);
	assert_bytes(pdu,
	    "\x31h\x81"
	    "a\x01"
	    "b\x01"
	    "c\x41q\xe0\xfc\xcc",
	    13);
	coap_delete_pdu(pdu);

	/* what does not fit */
	pdu = new_pdu(5);
	assert_int_equal(coap_add_optlist_pdu(pdu, &list), 0);
	assert_bytes(pdu,
	    "\x31h\x81"
	    "a",
	    4);
	coap_delete_pdu(pdu);
	coap_delete_optlist(list);
	coap_delete_optlist(NULL);
	assert_null(coap_new_optlist(1, 65805, BYTES("")));
	assert_null(coap_new_optlist(1, 1, NULL));
}

/* An application may link nodes by hand, in any order. */
static void
test_optlist_sorts(void **state)
{
	coap_optlist_t *list = coap_new_optlist(11, 1, BYTES("b"));
	coap_pdu_t *pdu = new_pdu(100);

	(void)state;
	list->next = coap_new_optlist(3, 1, BYTES("h"));
	list->next->next = coap_new_optlist(11, 1, BYTES("a"));
	assert_int_equal(coap_add_optlist_pdu(pdu, &list), 1);
	assert_bytes(pdu,
	    "\x31h\x81"
	    "b\x01"
	    "a",
	    6);
	assert_int_equal(list->number, 3);
	assert_int_equal(list->next->data[0], 'b');
	assert_int_equal(list->next->next->data[0], 'a');
	coap_delete_optlist(list);
	coap_delete_pdu(pdu);
}

static void
test_duplicate(void **state)
{
	coap_pdu_t *old = new_pdu(100), *pdu;
	coap_opt_filter_t drop;

	(void)state;
	coap_add_token(old, 2, BYTES("tk"));
	coap_add_option(old, 6, 0, NULL);
	coap_add_option(old, 11, 1, BYTES("a"));
	coap_add_option(old, 11, 1, BYTES("b"));
	coap_add_option(old, 23, 1, BYTES("\x10"));
	coap_add_data(old, 3, BYTES("xyz"));
	pdu = pdu_duplicate(old, 99, 50, 1, BYTES("n"), NULL);
	assert_non_null(pdu);
	assert_bytes(pdu,
	    "n\x60\x51"
	    "a\x01"
	    "b\xc1\x10",
	    8);
	assert_int_equal(pdu->mid, 99);
	assert_int_equal(pdu->max, 50);
	assert_int_equal(pdu->type, COAP_MESSAGE_CON);
	assert_int_equal(pdu->code, COAP_REQUEST_CODE_GET);
	assert_int_equal(pdu->last_option, 23);
	/* its own content: adding to it works, the old one stays */
	assert_int_equal(coap_add_data(pdu, 1, BYTES("p")), 1);
	coap_delete_pdu(pdu);

	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, 6);
	coap_option_filter_set(&drop, 23);
	pdu = pdu_duplicate(old, 99, 50, old->token_len, old->token, &drop);
	assert_bytes(pdu,
	    "tk\xb1"
	    "a\x01"
	    "b",
	    6);
	assert_int_equal(pdu->last_option, 11);
	coap_delete_pdu(pdu);
	assert_null(pdu_duplicate(old, 1, 4, 0, NULL, NULL));
	assert_null(pdu_duplicate(old, 1, 4, 5, BYTES("01234"), NULL));
	assert_null(pdu_duplicate(NULL, 1, 4, 0, NULL, NULL));
	coap_delete_pdu(old);
}

/* What is found of each number is the first one that the iterator has. */
static void
assert_finds(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi, one;
	coap_option_t option;
	coap_opt_t *opt;
	unsigned number;

	for (number = 0; number < 300; number++) {
		coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
		do
			opt = coap_option_next(&oi);
		while (opt && oi.number != number);
		assert_ptr_equal(coap_check_option(pdu,
				     (coap_option_num_t)number, &one),
		    opt);
		assert_int_equal(pdu_find_option(pdu, (coap_option_num_t)number,
				     &option),
		    opt != NULL);
		if (!opt)
			continue;
		assert_false(pdu_lacks(pdu, (coap_option_num_t)number));
		assert_ptr_equal(option.value, coap_opt_value(opt));
		assert_int_equal(option.length, coap_opt_length(opt));
		assert_true(pdu_option_uint(pdu, (coap_option_num_t)number) ==
		    coap_decode_var_bytes(option.value, option.length));
	}
}

static coap_pdu_t *
with_options(void)
{
	static const uint16_t numbers[] = { 63, 1, 64, 258, 11, 23, 11, 0, 60 };
	coap_pdu_t *pdu = new_pdu(200);
	size_t i;

	coap_add_token(pdu, 2, BYTES("tk"));
	for (i = 0; i < COUNT(numbers); i++)
		assert_int_not_equal(coap_add_option(pdu, numbers[i], i,
					 BYTES("123456789")),
		    0);
	return pdu;
}

static void
test_find_option(void **state)
{
	static const uint16_t removed[] = { 258, 11, 0, 63 };
	coap_pdu_t *pdu = with_options();
	coap_pdu_t *read = new_pdu(0);
	coap_opt_filter_t drop = { 0 };
	const uint8_t *bytes;
	coap_pdu_t *copy;
	size_t len, i;

	(void)state;
	assert_finds(pdu);
	coap_add_data(pdu, 3, BYTES("\xb1xy"));
	assert_finds(pdu);
	assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &bytes, &len), 0);
	assert_int_equal(pdu_decode(read, FRAMING_DATAGRAM, 8, bytes, len), 0);
	assert_finds(read);
	coap_option_filter_set(&drop, 12);
	copy = pdu_duplicate(read, 1, 200, 1, BYTES("n"), &drop);
	assert_int_equal(copy->used, pdu->used - 1 - 4);
	assert_finds(copy);
	coap_delete_pdu(copy);
	coap_option_filter_set(&drop, 258);
	coap_option_filter_set(&drop, 64);
	copy = pdu_duplicate(read, 1, 200, 1, BYTES("n"), &drop);
	assert_int_equal(copy->last_option, 63);
	assert_finds(copy);
	coap_delete_pdu(copy);
	for (i = 0; i < COUNT(removed); i++) {
		pdu_remove_option(pdu, removed[i]);
		assert_finds(pdu);
	}
	pdu_clear(pdu);
	assert_finds(pdu);
	assert_true(pdu_option_uint(pdu, 60) == -1);
	coap_add_option(pdu, 60, 4, BYTES("\xff\xff\xff\xff"));
	assert_true(pdu_option_uint(pdu, 60) == UINT32_MAX);
	coap_delete_pdu(pdu);
	coap_delete_pdu(read);
}

/* Behind options that are there, and into a message without room. */
static void
test_copy_options(void **state)
{
	coap_pdu_t *old = with_options();
	coap_pdu_t *pdu = new_pdu(200);
	coap_pdu_t *small = new_pdu(10);

	(void)state;
	assert_true(pdu_copy_options(pdu, old, NULL));
	assert_bytes(pdu, old->token + 2, old->used - 2);
	pdu_clear(pdu);
	coap_add_option(pdu, 20, 1, BYTES("q"));
	assert_true(pdu_copy_options(pdu, old, NULL));
	assert_int_equal(pdu->used, old->used - 2 + 2);
	assert_finds(pdu);
	assert_false(pdu_copy_options(small, old, NULL));
	assert_int_equal(small->used, 0);
	coap_delete_pdu(old);
	coap_delete_pdu(pdu);
	coap_delete_pdu(small);
}

static void
test_getters(void **state)
{
	coap_pdu_t *pdu = new_pdu(100);
	size_t len, offset, total;
	const uint8_t *data;

	(void)state;
	assert_int_equal(coap_pdu_get_type(pdu), COAP_MESSAGE_CON);
	assert_int_equal(coap_pdu_get_code(pdu), COAP_REQUEST_CODE_GET);
	assert_int_equal(coap_pdu_get_mid(pdu), 7);
	coap_pdu_set_type(pdu, COAP_MESSAGE_ACK);
	coap_pdu_set_code(pdu, COAP_RESPONSE_CODE_CONTENT);
	coap_pdu_set_mid(pdu, 65535);
	assert_int_equal(coap_pdu_get_type(pdu), COAP_MESSAGE_ACK);
	assert_int_equal(coap_pdu_get_code(pdu), 69);
	assert_int_equal(coap_pdu_get_mid(pdu), 65535);
	coap_add_data(pdu, 3, BYTES("abc"));
	assert_int_equal(coap_get_data_large(pdu, &len, &data, &offset, &total),
	    1);
	assert_int_equal(len, 3);
	assert_int_equal(offset, 0);
	assert_int_equal(total, 3);

	assert_int_equal(coap_pdu_get_type(NULL), COAP_MESSAGE_CON);
	assert_int_equal(coap_pdu_get_code(NULL), COAP_EMPTY_CODE);
	assert_int_equal(coap_pdu_get_mid(NULL), COAP_INVALID_MID);
	assert_int_equal(coap_pdu_get_token(NULL).length, 0);
	assert_null(coap_pdu_get_token(NULL).s);
	coap_pdu_set_type(NULL, COAP_MESSAGE_ACK);
	coap_pdu_set_code(NULL, COAP_EMPTY_CODE);
	coap_pdu_set_mid(NULL, 1);
	assert_int_equal(coap_get_data(NULL, &len, &data), 0);
	assert_int_equal(len, 0);
	assert_null(data);
	coap_delete_pdu(pdu);
}

/* What is taken out leaves what would be there without it. */
static void
test_remove_option(void **state)
{
	static const uint16_t numbers[] = { 6, 0, 1, 12, 13, 14, 268, 269, 281,
		282, 500, 60000 };
	static const uint8_t filler[64] = "values";
	unsigned set, i;

	(void)state;
	for (set = 0; set < 1u << COUNT(numbers); set++) {
		coap_pdu_t *pdu = new_pdu(1000);
		coap_pdu_t *expected = new_pdu(1000);

		for (i = 0; i < COUNT(numbers); i++) {
			if (!(set >> i & 1))
				continue;
			coap_add_option(pdu, numbers[i], i * 3, filler);
			if (i > 0)
				coap_add_option(expected, numbers[i], i * 3,
				    filler);
			else
				coap_add_option(pdu, numbers[i], 14, filler);
		}
		if (set & 2) {
			coap_add_data(pdu, 4, BYTES("data"));
			coap_add_data(expected, 4, BYTES("data"));
		}
		pdu_remove_option(pdu, 6);
		pdu_remove_option(pdu, 7);
		assert_bytes(pdu, expected->token, expected->used);
		assert_int_equal(pdu->last_option, expected->last_option);
		assert_int_equal(pdu_payload_len(pdu), set & 2 ? 4 : 0);
		coap_delete_pdu(pdu);
		coap_delete_pdu(expected);
	}
}

static void
test_response_phrase(void **state)
{
	(void)state;
	assert_string_equal(coap_response_phrase(COAP_RESPONSE_CODE(205)),
	    "Content");
	assert_string_equal(coap_response_phrase(COAP_RESPONSE_CODE(404)),
	    "Not Found");
	assert_string_equal(coap_response_phrase(COAP_RESPONSE_CODE(503)),
	    "Service Unavailable");
	assert_null(coap_response_phrase(0));
	assert_null(coap_response_phrase(COAP_REQUEST_CODE_GET));
	assert_null(coap_response_phrase(COAP_RESPONSE_CODE(230)));
	assert_null(coap_response_phrase(COAP_SIGNALING_CODE_CSM));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_calls),
		cmocka_unit_test(test_late_token),
		cmocka_unit_test(test_option_behind_payload),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_insert),
		cmocka_unit_test(test_insert_any_order),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_optlist),
		cmocka_unit_test(test_optlist_sorts),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_remove_option),
		cmocka_unit_test(test_find_option),
		cmocka_unit_test(test_copy_options),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_response_phrase),
	};

	coap_set_log_handler(no_log);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
