/* SPDX-License-Identifier: BSD-2-Clause */
/* The three framings: vectors, limits, truncation, mutation, random messages. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "guard.h"
#include "wire/pdu.h"

#define COUNT(a)  (sizeof(a) / sizeof(*(a)))
#define FRAMINGS  3
#define BODY_MAX  ((size_t)70000)
#define TOKEN_ALL COAP_TOKEN_EXT_MAX

static struct guard guard;

/* Decodes a copy that ends at the guard page. */
static int
decode(coap_pdu_t *pdu, enum framing framing, size_t max_token,
    const void *data, size_t len)
{
	return pdu_decode(pdu, framing, max_token, guard_put(&guard, data, len),
	    len);
}

static coap_pdu_t *
new_pdu(void)
{
	coap_pdu_t *pdu;

	pdu = pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, BODY_MAX);
	assert_non_null(pdu);
	return pdu;
}

static void
assert_encodes(coap_pdu_t *pdu, enum framing framing, const void *bytes,
    size_t len)
{
	const uint8_t *out;
	size_t out_len;

	assert_int_equal(pdu_encode(pdu, framing, &out, &out_len), 0);
	assert_int_equal(out_len, len);
	assert_memory_equal(out, bytes, len);
}

/* The examples of RFC 7252 appendix A and RFC 8323 section 3.2. */
static void
test_vectors(void **state)
{
	static const char get[] = "\x40\x01\x7d\x34\xbbtemperature";
	static const char answer[] = "\x60\x45\x7d\x34\xff"
				     "22.3 C";
	static const char valid[] = "\x01\x43\x7f";
	coap_pdu_t *pdu = new_pdu();
	coap_opt_iterator_t oi;
	const uint8_t *data;
	coap_opt_t *opt;
	size_t len;

	(void)state;
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, get, 16), 0);
	assert_int_equal(coap_pdu_get_type(pdu), COAP_MESSAGE_CON);
	assert_int_equal(coap_pdu_get_code(pdu), COAP_REQUEST_CODE_GET);
	assert_int_equal(coap_pdu_get_mid(pdu), 0x7d34);
	assert_int_equal(coap_pdu_get_token(pdu).length, 0);
	opt = coap_check_option(pdu, COAP_OPTION_URI_PATH, &oi);
	assert_int_equal(coap_opt_length(opt), 11);
	assert_memory_equal(coap_opt_value(opt), "temperature", 11);
	assert_int_equal(coap_get_data(pdu, &len, &data), 0);
	assert_int_equal(pdu->last_option, 11);
	assert_true(pdu->parsed);
	assert_encodes(pdu, FRAMING_DATAGRAM, get, 16);
	assert_encodes(pdu, FRAMING_STREAM, "\xc0\x01\xbbtemperature", 14);
	assert_encodes(pdu, FRAMING_WS, "\x00\x01\xbbtemperature", 14);

	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, answer, 11), 0);
	assert_int_equal(coap_pdu_get_type(pdu), COAP_MESSAGE_ACK);
	assert_int_equal(coap_pdu_get_code(pdu), COAP_RESPONSE_CODE(205));
	assert_int_equal(coap_get_data(pdu, &len, &data), 1);
	assert_int_equal(len, 6);
	assert_memory_equal(data, "22.3 C", 6);
	assert_encodes(pdu, FRAMING_DATAGRAM, answer, 11);

	assert_int_equal(decode(pdu, FRAMING_STREAM, 8, valid, 3), 0);
	assert_int_equal(coap_pdu_get_code(pdu), COAP_RESPONSE_CODE(203));
	assert_int_equal(coap_pdu_get_token(pdu).length, 1);
	assert_int_equal(coap_pdu_get_token(pdu).s[0], 0x7f);
	assert_encodes(pdu, FRAMING_STREAM, valid, 3);
	coap_delete_pdu(pdu);
}

static const struct {
	enum framing framing;
	size_t len;
	const char *bytes;
} bad_rows[] = {
	/* too short, wrong version */
	{ FRAMING_DATAGRAM, 0, "" },
	{ FRAMING_DATAGRAM, 3, "\x40\x01\x00" },
	{ FRAMING_DATAGRAM, 4, "\x00\x01\x00\x01" },
	{ FRAMING_DATAGRAM, 4, "\x80\x01\x00\x01" },
	{ FRAMING_DATAGRAM, 4, "\xc0\x01\x00\x01" },
	{ FRAMING_STREAM, 0, "" },
	{ FRAMING_STREAM, 1, "\x00" },
	{ FRAMING_WS, 0, "" },
	{ FRAMING_WS, 1, "\x00" },
	/* token: not there, over 8, reserved, its length cut */
	{ FRAMING_DATAGRAM, 4, "\x41\x01\x00\x01" },
	{ FRAMING_DATAGRAM, 11, "\x48\x01\x00\x01-------" },
	{ FRAMING_DATAGRAM, 13, "\x49\x01\x00\x01---------" },
	{ FRAMING_DATAGRAM, 16, "\x4c\x01\x00\x01------------" },
	{ FRAMING_DATAGRAM, 18, "\x4d\x01\x00\x01\0-------------" },
	{ FRAMING_DATAGRAM, 19, "\x4f\x01\x00\x01---------------" },
	{ FRAMING_DATAGRAM, 4, "\x4d\x01\x00\x01" },
	{ FRAMING_DATAGRAM, 5, "\x4e\x01\x00\x01\x00" },
	{ FRAMING_STREAM, 2, "\x01\x01" },
	{ FRAMING_STREAM, 11, "\x09\x01---------" },
	{ FRAMING_STREAM, 17, "\x0f\x01---------------" },
	{ FRAMING_WS, 2, "\x01\x01" },
	{ FRAMING_WS, 17, "\x0f\x01---------------" },
	/* a length that is not what is there, or not allowed */
	{ FRAMING_STREAM, 2, "\x10\x01" },
	{ FRAMING_STREAM, 3, "\x00\x01\x10" },
	{ FRAMING_STREAM, 4, "\xd0\x00\x01\x10" },
	{ FRAMING_WS, 3, "\x10\x01\x10" },
	/* empty with something behind */
	{ FRAMING_DATAGRAM, 5, "\x40\x00\x00\x01\x10" },
	{ FRAMING_DATAGRAM, 5, "\x41\x00\x00\x01t" },
	{ FRAMING_DATAGRAM, 6, "\x40\x00\x00\x01\xffp" },
	{ FRAMING_DATAGRAM, 4, "\x41\x00\x00\x01" },
	/* options: cut, reserved nibbles, number over 65535 */
	{ FRAMING_DATAGRAM, 5, "\x40\x01\x00\x01\x11" },
	{ FRAMING_DATAGRAM, 5, "\x40\x01\x00\x01\xd0" },
	{ FRAMING_DATAGRAM, 6, "\x40\x01\x00\x01\xe0\x00" },
	{ FRAMING_DATAGRAM, 6, "\x40\x01\x00\x01\xf0\x00" },
	{ FRAMING_DATAGRAM, 6, "\x40\x01\x00\x01\x0f\x00" },
	{ FRAMING_DATAGRAM, 7, "\x40\x01\x00\x01\xe0\xff\x00" },
	{ FRAMING_DATAGRAM, 8, "\x40\x01\x00\x01\xe0\xfe\xf2\x10" },
	/* a marker and no payload */
	{ FRAMING_DATAGRAM, 5, "\x40\x01\x00\x01\xff" },
	{ FRAMING_STREAM, 3, "\x10\x01\xff" },
	{ FRAMING_WS, 4, "\x00\x01\x10\xff" },
};

static void
test_format_errors(void **state)
{
	coap_pdu_t *pdu = new_pdu();
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_rows); i++) {
		assert_int_equal(decode(pdu, bad_rows[i].framing, 8,
				     bad_rows[i].bytes, bad_rows[i].len),
		    -COAP_E_FORMAT);
		/* nothing is left of it that a reader could follow */
		assert_int_equal(pdu->used, 0);
		assert_null(pdu->data);
		pdu_options(pdu, &len);
		assert_int_equal(len, 0);
	}
	coap_delete_pdu(pdu);
}

/* What a Reset needs is known after an error, unless the version is wrong. */
static void
test_identified(void **state)
{
	coap_pdu_t *pdu = new_pdu();

	(void)state;
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8,
			     "\x50\x02\x12\x34\xff", 5),
	    -COAP_E_FORMAT);
	assert_int_equal(pdu->type, COAP_MESSAGE_NON);
	assert_int_equal(pdu->code, COAP_REQUEST_CODE_POST);
	assert_int_equal(pdu->mid, 0x1234);
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, "\x4f\x01\x56\x78",
			     4),
	    -COAP_E_FORMAT);
	assert_int_equal(pdu->type, COAP_MESSAGE_CON);
	assert_int_equal(pdu->mid, 0x5678);
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, "\x80\x01\x99\x99",
			     4),
	    -COAP_E_FORMAT);
	assert_int_equal(pdu->mid, 0x5678);
	coap_delete_pdu(pdu);
}

static void
test_empty(void **state)
{
	const uint8_t *out;
	coap_pdu_t *pdu;
	size_t len;

	(void)state;
	pdu = pdu_new(COAP_MESSAGE_RST, COAP_EMPTY_CODE, 0xabcd, 0);
	assert_encodes(pdu, FRAMING_DATAGRAM, "\x70\x00\xab\xcd", 4);
	assert_encodes(pdu, FRAMING_STREAM, "\x00\x00", 2);
	assert_encodes(pdu, FRAMING_WS, "\x00\x00", 2);
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, "\x40\x00\x00\x07",
			     4),
	    0);
	assert_int_equal(pdu->mid, 7);
	/* on a stream it may carry what it likes: it is ignored */
	assert_int_equal(decode(pdu, FRAMING_STREAM, 8, "\x11\x00t\x10", 4), 0);
	assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &out, &len),
	    -COAP_E_INVAL);
	coap_delete_pdu(pdu);
}

/* Tokens of every form, RFC 8974 section 2.1. */
static void
test_tokens(void **state)
{
	static const struct {
		size_t len;
		unsigned tkl, ext;
	} rows[] = {
		{ 0, 0, 0 },
		{ 8, 8, 0 },
		{ 9, 9, 0 },
		{ 12, 12, 0 },
		{ 13, 13, 1 },
		{ 268, 13, 1 },
		{ 269, 14, 2 },
		{ 65804, 14, 2 },
	};
	static const size_t fixed[FRAMINGS] = { 4, 2, 2 };
	static uint8_t token[65804];
	const uint8_t *out;
	coap_pdu_t *a, *b;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(token); i++)
		token[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < COUNT(rows) * FRAMINGS; i++) {
		enum framing f = (enum framing)(i % FRAMINGS);
		size_t n = rows[i / FRAMINGS].len;

		a = new_pdu();
		b = new_pdu();
		assert_int_equal(coap_add_token(a, n, token), 1);
		assert_int_equal(pdu_encode(a, f, &out, &len), 0);
		assert_int_equal(len, fixed[f] + rows[i / FRAMINGS].ext + n);
		assert_int_equal(out[0] & 15, rows[i / FRAMINGS].tkl);
		assert_int_equal(decode(b, f, TOKEN_ALL, out, len), 0);
		assert_int_equal(b->token_len, n);
		assert_memory_equal(b->token, token, n);
		assert_int_equal(decode(b, f, n, out, len), 0);
		if (n > 0)
			assert_int_equal(decode(b, f, n - 1, out, len),
			    -COAP_E_FORMAT);
		coap_delete_pdu(a);
		coap_delete_pdu(b);
	}
}

/* The four forms of the length, at their borders. */
static void
test_stream_lengths(void **state)
{
	static const struct {
		size_t len;
		const char *head;
		size_t head_len;
	} rows[] = {
		{ 0, "\x00\x45", 2 },
		{ 2, "\x20\x45", 2 },
		{ 12, "\xc0\x45", 2 },
		{ 13, "\xd0\x00\x45", 3 },
		{ 268, "\xd0\xff\x45", 3 },
		{ 269, "\xe0\x00\x00\x45", 4 },
		{ 65804, "\xe0\xff\xff\x45", 4 },
		{ 65805, "\xf0\x00\x00\x00\x00\x45", 6 },
		{ 65806, "\xf0\x00\x00\x00\x01\x45", 6 },
	};
	static uint8_t payload[BODY_MAX];
	coap_pdu_t *a, *b = new_pdu();
	const uint8_t *out;
	size_t len, total;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		a = pdu_new(COAP_MESSAGE_CON, COAP_RESPONSE_CODE(205), 0,
		    rows[i].len);
		assert_int_equal(coap_add_data(a,
				     rows[i].len ? rows[i].len - 1 : 0,
				     payload),
		    1);
		assert_int_equal(pdu_encode(a, FRAMING_STREAM, &out, &len), 0);
		assert_int_equal(len, rows[i].head_len + rows[i].len);
		assert_memory_equal(out, rows[i].head, rows[i].head_len);
		for (size_t n = 0; n <= rows[i].head_len; n++) {
			int known = n >= rows[i].head_len;

			assert_int_equal(frame_stream_size(guard_put(&guard,
							       out, n),
					     n, &total),
			    known);
			if (known)
				assert_int_equal(total, len);
		}
		assert_int_equal(decode(b, FRAMING_STREAM, 8, out, len), 0);
		assert_int_equal(b->used, rows[i].len);
		coap_delete_pdu(a);
	}
	coap_delete_pdu(b);
}

static void
test_stream_size(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int result;
		size_t total;
	} rows[] = {
		{ "", 0, 0, 0 },
		{ "\x0f", 1, -COAP_E_FORMAT, 0 },
		{ "\xff", 1, -COAP_E_FORMAT, 0 },
		{ "\x08\x01", 2, 1, 10 },
		{ "\x09\x01", 2, 1, 11 },
		{ "\x2d\x01", 2, 0, 0 },
		{ "\x2d\x01\x02", 3, 1, 3 + 15 + 2 },
		{ "\xde\x00\x01\x00", 4, 0, 0 },
		{ "\xde\x00\x01\x00\x01", 5, 1, 5 + 270 + 13 },
		/* PDU_MAX_SIZE is 0x4010000; 65805 is 0x1010d */
		{ "\xf0\x03\xff\xfe\xf3\x01", 6, 1, 6 + PDU_MAX_SIZE },
		{ "\xf0\x03\xff\xfe\xf4\x01", 6, -COAP_E_TOOBIG, 0 },
		{ "\xf1\x03\xff\xfe\xf3\x01", 6, -COAP_E_TOOBIG, 0 },
		{ "\xf0\xff\xff\xff\xff\x01", 6, -COAP_E_TOOBIG, 0 },
	};
	size_t total;

	(void)state;
	assert_int_equal(PDU_MAX_SIZE, 0x4010000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		total = 0;
		assert_int_equal(frame_stream_size(guard_put(&guard,
						       rows[i].bytes,
						       rows[i].len),
				     rows[i].len, &total),
		    rows[i].result);
		assert_int_equal(total, rows[i].total);
	}
}

static void
test_too_big(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, 0);
	size_t len = PDU_MAX_SIZE + 4;
	uint8_t *data;

	(void)state;
	data = calloc(1, len + 1);
	assert_non_null(data);
	memcpy(data, "\x40\x45\x00\x01\xff", 5);
	assert_int_equal(pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, len), 0);
	assert_int_equal(pdu_payload_len(pdu), PDU_MAX_SIZE - 1);
	assert_int_equal(pdu->max, PDU_MAX_SIZE);
	assert_int_equal(pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, len + 1),
	    -COAP_E_TOOBIG);
	assert_int_equal(pdu->used, 0);
	free(data);
	coap_delete_pdu(pdu);
}

static void
test_no_memory(void **state)
{
	static uint8_t data[1000] = "\x50\x45\x00\x01\xff";
	size_t before = mem_outstanding();
	coap_pdu_t *pdu;

	(void)state;
	mem_fail_at(1, 0);
	assert_null(pdu_new(COAP_MESSAGE_CON, 0, 0, 10));
	pdu = new_pdu();
	mem_fail_at(1, 0);
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, data, sizeof(data)),
	    -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_int_equal(pdu->used, 0);
	assert_int_equal(decode(pdu, FRAMING_DATAGRAM, 8, data, sizeof(data)),
	    0);
	coap_delete_pdu(pdu);
	assert_int_equal(mem_outstanding(), before);
}

/* A message as tests look at it: token, 11 "ab", 12 "", 60 with 13 bytes, p. */
static coap_pdu_t *
sample(void)
{
	coap_pdu_t *pdu = new_pdu();

	assert_int_equal(coap_add_token(pdu, 2, (const uint8_t *)"tk"), 1);
	assert_int_equal(coap_add_option(pdu, 11, 2, (const uint8_t *)"ab"), 3);
	assert_int_equal(coap_add_option(pdu, 12, 0, NULL), 1);
	assert_int_equal(coap_add_option(pdu, 60, 13,
			     (const uint8_t *)"0123456789012"),
	    16);
	assert_int_equal(coap_add_data(pdu, 2, (const uint8_t *)"pq"), 1);
	return pdu;
}

/*
 * A datagram or a WebSocket frame that is cut is a message again where an
 * option or a part of the payload ends, else an error; on a stream it is one
 * anywhere.
 */
static void
test_truncation(void **state)
{
	/* Offsets behind the header where a message may end. */
	static const size_t ends[] = { 2, 5, 6, 22, 24, 25 };
	coap_pdu_t *pdu = sample(), *cut = new_pdu();
	const uint8_t *out;
	size_t len, head;

	(void)state;
	for (unsigned f = 0; f < FRAMINGS; f++) {
		assert_int_equal(pdu_encode(pdu, (enum framing)f, &out, &len),
		    0);
		head = len - pdu->used;
		for (size_t n = 0; n < len; n++) {
			int good = 0;

			for (size_t i = 0; i < COUNT(ends); i++)
				good |= n == head + ends[i];
			good &= f != FRAMING_STREAM;
			assert_int_equal(decode(cut, (enum framing)f, 8, out,
					     n),
			    good ? 0 : -COAP_E_FORMAT);
		}
		assert_int_equal(decode(cut, (enum framing)f, 8, out, len), 0);
	}
	coap_delete_pdu(pdu);
	coap_delete_pdu(cut);
}

/* Each byte takes each value: an error, or a message that encodes to one. */
static void
test_mutation(void **state)
{
	coap_pdu_t *pdu = sample(), *got = new_pdu(), *again = new_pdu();
	const uint8_t *out, *out2;
	unsigned errors = 0;
	uint8_t copy[64];
	size_t len, len2;

	(void)state;
	for (unsigned f = 0; f < FRAMINGS; f++) {
		enum framing framing = (enum framing)f;

		assert_int_equal(pdu_encode(pdu, framing, &out, &len), 0);
		for (size_t i = 0; i < len * 256; i++) {
			memcpy(copy, out, len);
			copy[i / 256] = (uint8_t)i;
			if (decode(got, framing, TOKEN_ALL, copy, len) != 0) {
				errors++;
				continue;
			}
			assert_int_equal(pdu_encode(got, framing, &out2, &len2),
			    0);
			/* there is one way to write a header */
			assert_int_equal(len2, len);
			assert_memory_equal(out2, copy, len);
			assert_int_equal(decode(again, framing, TOKEN_ALL, out2,
					     len2),
			    0);
			assert_int_equal(again->used, got->used);
		}
	}
	assert_true(errors > 256);
	coap_delete_pdu(pdu);
	coap_delete_pdu(got);
	coap_delete_pdu(again);
}

/* Random messages, the same in every run. */

static uint64_t seed;

static unsigned
rnd(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % below;
}

/* Small most of the time, at the borders of the encodings often. */
static unsigned
rnd_size(unsigned max)
{
	static const unsigned borders[] = { 0, 1, 12, 13, 14, 268, 269, 270 };
	unsigned n = rnd(3) ? borders[rnd(COUNT(borders))] : rnd(max + 1);

	return n <= max ? n : max;
}

static coap_pdu_t *
random_pdu(void)
{
	static uint8_t bytes[2048];
	coap_pdu_t *pdu;
	unsigned n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rnd(256);
	pdu = pdu_new((coap_pdu_type_t)rnd(4), 1 + rnd(255),
	    (uint16_t)rnd(65536), BODY_MAX);
	assert_non_null(pdu);
	assert_int_equal(coap_add_token(pdu, rnd_size(300), bytes), 1);
	for (n = rnd(8); n > 0; n--)
		assert_true(
		    coap_add_option(pdu, (coap_option_num_t)rnd_size(65535),
			rnd_size(600), bytes + rnd(1024)) > 0);
	assert_int_equal(coap_add_data(pdu, rnd_size(2000), bytes), 1);
	return pdu;
}

static void
assert_same_options(const coap_pdu_t *a, const coap_pdu_t *b)
{
	coap_opt_iterator_t ia, ib;
	coap_opt_t *x, *y;

	coap_option_iterator_init(a, &ia, COAP_OPT_ALL);
	coap_option_iterator_init(b, &ib, COAP_OPT_ALL);
	for (;;) {
		x = coap_option_next(&ia);
		y = coap_option_next(&ib);
		assert_int_equal(!x, !y);
		if (!x)
			return;
		assert_int_equal(ia.number, ib.number);
		assert_int_equal(coap_opt_length(x), coap_opt_length(y));
		assert_memory_equal(coap_opt_value(x), coap_opt_value(y),
		    coap_opt_length(x));
	}
}

static void
assert_same(const coap_pdu_t *a, const coap_pdu_t *b)
{
	const uint8_t *da, *db;
	size_t la, lb;

	assert_int_equal(a->code, b->code);
	assert_int_equal(a->token_len, b->token_len);
	assert_memory_equal(a->token, b->token, a->token_len);
	assert_int_equal(a->last_option, b->last_option);
	assert_same_options(a, b);
	assert_int_equal(coap_get_data(a, &la, &da),
	    coap_get_data(b, &lb, &db));
	assert_int_equal(la, lb);
	if (la > 0)
		assert_memory_equal(da, db, la);
}

static void
test_round_trip(void **state)
{
	coap_pdu_t *pdu, *got;
	const uint8_t *out;
	size_t len, total;

	(void)state;
	seed = 0x1234567890abcdefULL;
	for (unsigned i = 0; i < 3000; i++) {
		enum framing framing = (enum framing)(i % FRAMINGS);

		pdu = random_pdu();
		got = pdu_new(COAP_MESSAGE_CON, 0, 0, 0);
		assert_int_equal(pdu_encode(pdu, framing, &out, &len), 0);
		assert_int_equal(decode(got, framing, TOKEN_ALL, out, len), 0);
		assert_same(pdu, got);
		if (framing == FRAMING_DATAGRAM) {
			assert_int_equal(pdu->type, got->type);
			assert_int_equal(pdu->mid, got->mid);
		}
		if (framing == FRAMING_STREAM) {
			assert_int_equal(frame_stream_size(out, len, &total),
			    1);
			assert_int_equal(total, len);
		}
		coap_delete_pdu(pdu);
		coap_delete_pdu(got);
	}
}

static void
test_public_parse(void **state)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, 100);
	const uint8_t *d = (const uint8_t *)"\x40\x01\x00\x01";
	const uint8_t *s = (const uint8_t *)"\x01\x43\x7f";

	(void)state;
	assert_int_equal(coap_pdu_parse(COAP_PROTO_UDP, d, 4, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_DTLS, d, 4, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_TCP, d, 4, pdu), 0);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_TCP, s, 3, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_TLS, s, 3, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_WS, s, 3, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_WSS, s, 3, pdu), 1);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_UDP, s, 3, pdu), 0);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_NONE, d, 4, pdu), 0);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_LAST, d, 4, pdu), 0);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_UDP, d, 4, NULL), 0);
	assert_int_equal(coap_pdu_parse(COAP_PROTO_UDP, NULL, 4, pdu), 0);
	coap_delete_pdu(pdu);
}

static int
setup(void **state)
{
	(void)state;
	guard_init(&guard, 2 * BODY_MAX);
	return guard.map ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	guard_free(&guard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_format_errors),
		cmocka_unit_test(test_identified),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_stream_lengths),
		cmocka_unit_test(test_stream_size),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_mutation),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_public_parse),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
