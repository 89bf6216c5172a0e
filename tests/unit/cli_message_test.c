/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the control socket: the bytes of each, what is malformed, limits,
 * no memory, and that nothing is left of their secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/control/message.h"
#include "guard.h"
#include "heap_watch.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define SLICE(s)                                                   \
	{                                                          \
		.data = (const uint8_t *)(s), .len = sizeof(s) - 1 \
	}
#define BEFORE "what was there before"
#define SECRET "correct horse battery staple"

/* --- one of each --------------------------------------------------------- */

static char word_get[] = "get", word_path[] = "/t", word_empty[] = "";
static char *words[] = { word_get, word_path, word_empty };
static char write_out[] = "%{code}", file[] = "out.bin", session[] = "lamp",
	    place_session[] = "door", place_path[] = "/3/0";

static struct start full_start = {
	.words = words,
	.n_words = 3,
	.options = { .form = FORM_HEX,
	    .color = 1,
	    .include = true,
	    .quiet = true,
	    .verbose = 3 },
	.write_out = write_out,
	.file = file,
	.timeout_ms = 0x0102030405060708,
	.session = session,
	.place_session = place_session,
	.place_path = place_path,
	.no_input = true,
	.background = true,
	.out_is_terminal = true,
	.err_is_terminal = true,
	.out_color = true,
	.err_color = true,
	.utf8 = true,
	.width = 132,
};

static struct start small_start = {
	.words = words,
	.n_words = 1,
	.options = { .color = -1 },
};

static const struct sample {
	struct message m;
	const uint8_t *wire;
	size_t len;
} samples[] = {
	{ { .type = MESSAGE_HELLO,
	      .hello = { 0x01020304, SLICE("coap-shell 0.1.0") } },
	    BYTES("\0\0\0\x1d\x01\0\0\0\0\x01\x02\x03\x04\0\0\0\x10"
		  "coap-shell 0.1.0") },
	{ { .type = MESSAGE_ERROR,
	      .request = 0x05060708,
	      .error = { ERROR_BUSY, SLICE("no") } },
	    BYTES("\0\0\0\x0f\x02\x05\x06\x07\x08\0\0\0\x03\0\0\0\x02no") },
	{ { .type = MESSAGE_START, .request = 1, .start = &full_start },
	    BYTES("\0\0\0\x64\x10\0\0\0\x01\0\x1f\x01\xff\0\0\0\x04\0\0\0\x02"
		  "\0\0\0\x03\0\0\0\x84\x01\x02\x03\x04\x05\x06\x07\x08"
		  "\0\0\0\x07%{code}\0\0\0\x07out.bin\0\0\0\x04lamp"
		  "\0\0\0\x04"
		  "door\0\0\0\x04/3/0\0\0\0\x03\0\0\0\x03get\0\0\0\x02/t"
		  "\0\0\0\0") },
	{ { .type = MESSAGE_START, .request = 1, .start = &small_start },
	    BYTES("\0\0\0\x2c\x10\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03get") },
	{ { .type = MESSAGE_CANCEL, .request = 2, .status = 130 },
	    BYTES("\0\0\0\x09\x11\0\0\0\x02\0\0\0\x82") },
	{ { .type = MESSAGE_CREDIT, .request = 3, .credit = 0x10203 },
	    BYTES("\0\0\0\x09\x12\0\0\0\x03\0\x01\x02\x03") },
	{ { .type = MESSAGE_INPUT, .request = 4, .input = SLICE("a\0b") },
	    BYTES("\0\0\0\x0c\x13\0\0\0\x04\0\0\0\x03"
		  "a\0b") },
	{ { .type = MESSAGE_INPUT_END, .request = 5, .input_end = { 3 } },
	    BYTES("\0\0\0\x09\x14\0\0\0\x05\0\0\0\x03") },
	{ { .type = MESSAGE_KEYS, .request = 6, .keys = SLICE("\1\0k") },
	    BYTES("\0\0\0\x0c\x15\0\0\0\x06\0\0\0\x03\1\0k") },
	{ { .type = MESSAGE_KEYS_FAILED, .request = 7, .status = 3 },
	    BYTES("\0\0\0\x09\x16\0\0\0\x07\0\0\0\x03") },
	{ { .type = MESSAGE_BROKEN, .request = 8, .stream = STREAM_ERR },
	    BYTES("\0\0\0\x09\x17\0\0\0\x08\0\0\0\x02") },
	{ { .type = MESSAGE_INPUT_LENGTH,
	      .request = 12,
	      .length = 0x0102030405060708 },
	    BYTES("\0\0\0\x0d\x18\0\0\0\x0c\x01\x02\x03\x04\x05\x06\x07"
		  "\x08") },
	{ { .type = MESSAGE_OUTPUT,
	      .request = 9,
	      .output = { STREAM_FILE, SLICE("\0x") } },
	    BYTES("\0\0\0\x0f\x80\0\0\0\x09\0\0\0\x03\0\0\0\x02\0x") },
	{ { .type = MESSAGE_READ, .request = 10, .read = { SLICE("-"), 1024 } },
	    BYTES("\0\0\0\x0e\x81\0\0\0\x0a\0\0\0\x01-\0\0\x04\0") },
	{ { .type = MESSAGE_WANT_KEYS, .request = 11 },
	    BYTES("\0\0\0\x05\x82\0\0\0\x0b") },
	{ { .type = MESSAGE_EXIT,
	      .request = UINT32_MAX,
	      .exit = { 28, SLICE("lamp"), SLICE("/3") } },
	    BYTES("\0\0\0\x17\x83\xff\xff\xff\xff\0\0\0\x1c\0\0\0\x04lamp"
		  "\0\0\0\x02/3") },
	{ { .type = MESSAGE_REWIND, .request = 13, .rewind = SLICE("in") },
	    BYTES("\0\0\0\x0b\x84\0\0\0\x0d\0\0\0\x02"
		  "in") },
};

static const struct sample *
sample_of(enum message_type type)
{
	for (size_t i = 0; i < COUNT(samples); i++)
		if (samples[i].m.type == type)
			return &samples[i];
	fail_msg("no sample of type %u", (unsigned)type);
	return NULL;
}

static void
put_u32(uint8_t *at, uint32_t v)
{
	for (size_t i = 4; i > 0; i--) {
		at[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

static void
assert_encodes(const struct message *m, const uint8_t *wire, size_t len)
{
	struct bytes b = { .data = NULL };

	bytes_add(&b, BEFORE, strlen(BEFORE));
	assert_int_equal(0, message_encode(&b, m));
	assert_int_equal(b.len, strlen(BEFORE) + len);
	assert_memory_equal(bytes_front(&b), BEFORE, strlen(BEFORE));
	assert_memory_equal(bytes_front(&b) + strlen(BEFORE), wire, len);
	bytes_free(&b);
}

static void
assert_does_not_encode(const struct message *m)
{
	struct bytes b = { .data = NULL };

	bytes_add(&b, BEFORE, strlen(BEFORE));
	assert_int_equal(-1, message_encode(&b, m));
	assert_false(b.failed);
	assert_int_equal(b.len, strlen(BEFORE));
	bytes_free(&b);
}

/* All that is malformed must not be read beyond its end either. */
static int
decode_guarded(const uint8_t *wire, size_t len, struct message *m)
{
	struct guard guard;
	int status;

	guard_init(&guard, len);
	assert_non_null(guard.map);
	status = message_decode(guard_put(&guard, wire, len), len, m);
	guard_free(&guard);
	return status;
}

static void
assert_malformed(const uint8_t *wire, size_t len)
{
	struct message m;

	assert_int_equal(decode_guarded(wire, len, &m), -1);
}

/* --- round trips --------------------------------------------------------- */

/* No field of a sample has the value of one that was forgotten. */
static void
there_and_back(void **state)
{
	struct message m;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_encodes(&samples[i].m, samples[i].wire, samples[i].len);
		assert_int_equal(message_length(samples[i].wire,
				     samples[i].len),
		    samples[i].len);
		assert_int_equal(message_decode(samples[i].wire, samples[i].len,
				     &m),
		    0);
		assert_int_equal(m.type, samples[i].m.type);
		assert_int_equal(m.request, samples[i].m.request);
		assert_encodes(&m, samples[i].wire, samples[i].len);
		message_free(&m);
	}
}

/* Those of coap-shell-control(7). */
static void
examples_of_the_page(void **state)
{
	const struct message hello = { .type = MESSAGE_HELLO,
		.hello = { CONTROL_VERSION, SLICE("coap-shell 0.1.0") } };
	const struct message cancel = { .type = MESSAGE_CANCEL,
		.request = 1,
		.status = 130 };

	(void)state;
	assert_encodes(&hello,
	    BYTES("\x00\x00\x00\x1d\x01\x00\x00\x00\x00"
		  "\x00\x00\x00\x01\x00\x00\x00\x10"
		  "\x63\x6f\x61\x70\x2d\x73\x68\x65\x6c\x6c\x20\x30\x2e\x31"
		  "\x2e\x30"));
	assert_encodes(&cancel,
	    BYTES("\x00\x00\x00\x09\x11\x00\x00\x00\x01\x00\x00\x00\x82"));
}

static void
a_start_is_decoded(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START);
	const struct start *start;
	struct message m;

	(void)state;
	assert_int_equal(message_decode(s->wire, s->len, &m), 0);
	start = m.start;
	assert_int_equal(start->n_words, 3);
	assert_string_equal(start->words[0], "get");
	assert_string_equal(start->words[1], "/t");
	assert_string_equal(start->words[2], "");
	assert_null(start->words[3]);
	assert_int_equal(start->options.form, FORM_HEX);
	assert_int_equal(start->options.color, 1);
	assert_true(start->options.include && start->options.quiet);
	assert_int_equal(start->options.verbose, 3);
	assert_string_equal(start->write_out, "%{code}");
	assert_ptr_equal(start->options.write_out, start->write_out);
	assert_string_equal(start->file, "out.bin");
	assert_ptr_equal(start->options.file, start->file);
	assert_true(start->timeout_ms == 0x0102030405060708);
	assert_string_equal(start->session, "lamp");
	assert_string_equal(start->place_session, "door");
	assert_string_equal(start->place_path, "/3/0");
	assert_int_equal(start->width, 132);
	message_free(&m);
	assert_null(m.start);
}

static void
a_small_start_is_decoded(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START) + 1;
	const struct start *start;
	struct message m;

	(void)state;
	assert_int_equal(message_decode(s->wire, s->len, &m), 0);
	start = m.start;
	assert_int_equal(start->n_words, 1);
	assert_int_equal(start->options.form, FORM_AUTO);
	assert_int_equal(start->options.color, -1);
	assert_null(start->write_out);
	assert_null(start->options.write_out);
	assert_null(start->file);
	assert_null(start->options.file);
	assert_null(start->session);
	assert_null(start->place_session);
	assert_null(start->place_path);
	message_free(&m);
}

/* What the page says of the bits. */
static void
bools_of(struct start *start, bool *out[9])
{
	out[0] = &start->options.include;
	out[1] = &start->options.quiet;
	out[2] = &start->no_input;
	out[3] = &start->background;
	out[4] = &start->out_is_terminal;
	out[5] = &start->err_is_terminal;
	out[6] = &start->out_color;
	out[7] = &start->err_color;
	out[8] = &start->utf8;
}

static void
each_flag_has_its_bit(void **state)
{
	struct message m = { .type = MESSAGE_START, .request = 1 }, decoded;
	struct start start = small_start;
	struct bytes b = { .data = NULL };
	uint8_t flags[4];
	bool *in[9], *out[9];

	(void)state;
	m.start = &start;
	bools_of(&start, in);
	for (size_t i = 0; i < COUNT(in); i++) {
		*in[i] = true;
		assert_int_equal(0, message_encode(&b, &m));
		put_u32(flags, 1U << i);
		assert_memory_equal(bytes_front(&b) + 9, flags, 4);
		assert_int_equal(message_decode(bytes_front(&b), b.len,
				     &decoded),
		    0);
		bools_of(decoded.start, out);
		for (size_t k = 0; k < COUNT(out); k++)
			assert_int_equal(*out[k], k == i);
		message_free(&decoded);
		bytes_take(&b, b.len);
		*in[i] = false;
	}
	bytes_free(&b);
}

static void
each_string_has_its_bit(void **state)
{
	struct message m = { .type = MESSAGE_START, .request = 1 }, decoded;
	struct start start = small_start;
	char **const in[] = { &start.write_out, &start.file, &start.session,
		&start.place_session, &start.place_path, &start.found };
	char empty[] = "", *out[COUNT(in)];
	struct bytes b = { .data = NULL };
	uint8_t flags[4];

	(void)state;
	m.start = &start;
	for (size_t i = 0; i < COUNT(in); i++) {
		*in[i] = empty;
		assert_int_equal(0, message_encode(&b, &m));
		put_u32(flags, 0x10000U << i);
		assert_memory_equal(bytes_front(&b) + 9, flags, 4);
		assert_int_equal(message_decode(bytes_front(&b), b.len,
				     &decoded),
		    0);
		out[0] = decoded.start->write_out;
		out[1] = decoded.start->file;
		out[2] = decoded.start->session;
		out[3] = decoded.start->place_session;
		out[4] = decoded.start->place_path;
		out[5] = decoded.start->found;
		for (size_t k = 0; k < COUNT(out); k++)
			assert_int_equal(out[k] != NULL, k == i);
		assert_string_equal(out[i], "");
		message_free(&decoded);
		bytes_take(&b, b.len);
		*in[i] = NULL;
	}
	bytes_free(&b);
}

/* --- what is malformed --------------------------------------------------- */

/* Some of it is incomplete; said to be all, it is malformed. */
static void
truncated(void **state)
{
	uint8_t wire[256];

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		assert_true(samples[i].len <= sizeof wire);
		for (size_t n = 0; n < samples[i].len; n++) {
			assert_int_equal(message_length(samples[i].wire, n),
			    n < 5 ? 0 : samples[i].len);
			assert_malformed(samples[i].wire, n);
			memcpy(wire, samples[i].wire, n);
			if (n < 9)
				continue;
			put_u32(wire, (uint32_t)n - 4);
			assert_malformed(wire, n);
		}
	}
}

static void
bytes_behind_the_body(void **state)
{
	uint8_t wire[256];

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		memcpy(wire, samples[i].wire, samples[i].len);
		wire[samples[i].len] = 0;
		assert_malformed(wire, samples[i].len + 1);
		put_u32(wire, (uint32_t)samples[i].len - 3);
		assert_malformed(wire, samples[i].len + 1);
	}
}

/* What can be decoded is encoded as it was, whatever was changed. */
static void
one_byte_is_another(void **state)
{
	struct bytes b = { .data = NULL };
	uint8_t wire[256];
	struct message m;
	unsigned good = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		memcpy(wire, samples[i].wire, samples[i].len);
		for (size_t n = 0; n < samples[i].len; n++) {
			for (unsigned v = 0; v < 256; v++) {
				wire[n] = (uint8_t)v;
				if (message_decode(wire, samples[i].len, &m) !=
				    0)
					continue;
				good++;
				assert_int_equal(0, message_encode(&b, &m));
				assert_int_equal(b.len, samples[i].len);
				assert_memory_equal(bytes_front(&b), wire,
				    b.len);
				bytes_take(&b, b.len);
				message_free(&m);
			}
			wire[n] = samples[i].wire[n];
		}
	}
	assert_true(good > 10000);
	bytes_free(&b);
}

static void
texts_without_nul(void **state)
{
	static const struct {
		enum message_type type;
		const char *text;
		bool data; /* may have one */
	} cases[] = {
		{ MESSAGE_HELLO, "coap-shell", false },
		{ MESSAGE_ERROR, "no", false },
		{ MESSAGE_START, "%{code}", false },
		{ MESSAGE_START, "out.bin", false },
		{ MESSAGE_START, "lamp", false },
		{ MESSAGE_START, "door", false },
		{ MESSAGE_START, "/3/0", false },
		{ MESSAGE_START, "get", false },
		{ MESSAGE_START, "/t", false },
		{ MESSAGE_READ, "-", false },
		{ MESSAGE_REWIND, "in", false },
		{ MESSAGE_EXIT, "lamp", false },
		{ MESSAGE_EXIT, "/3", false },
		{ MESSAGE_INPUT, "a", true },
		{ MESSAGE_KEYS, "k", true },
		{ MESSAGE_OUTPUT, "x", true },
	};
	const struct sample *s;
	uint8_t wire[256], *at;
	struct message m;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		s = sample_of(cases[i].type);
		memcpy(wire, s->wire, s->len);
		at = memmem(wire, s->len, cases[i].text, strlen(cases[i].text));
		assert_non_null(at);
		at[strlen(cases[i].text) - 1] = '\0';
		assert_int_equal(message_decode(wire, s->len, &m),
		    cases[i].data ? 0 : -1);
	}
}

static void
no_nul_is_encoded(void **state)
{
	const struct message bad[] = {
		{ .type = MESSAGE_HELLO, .hello = { 1, SLICE("a\0b") } },
		{ .type = MESSAGE_ERROR, .error = { 1, SLICE("\0") } },
		{ .type = MESSAGE_READ,
		    .request = 1,
		    .read = { SLICE("a\0"), 1 } },
		{ .type = MESSAGE_EXIT,
		    .request = 1,
		    .exit = { 0, SLICE("\0"), SLICE("") } },
		{ .type = MESSAGE_EXIT,
		    .request = 1,
		    .exit = { 0, SLICE(""), SLICE("\0") } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_does_not_encode(&bad[i]);
}

/* --- types, directions, requests ----------------------------------------- */

static void
types_that_are_not_known(void **state)
{
	uint8_t wire[12] = { 0, 0, 0, 8, 0, 1, 2, 3, 4, 'a', 0, 0xff };
	bool is_known[256] = { false };
	struct message m;
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		is_known[samples[i].m.type] = true;
	for (unsigned type = 0; type < 256; type++) {
		wire[4] = (uint8_t)type;
		m.type = MESSAGE_HELLO;
		if (is_known[type]) {
			known++;
			assert_int_equal(message_decode(wire, sizeof wire, &m),
			    -1);
			continue;
		}
		assert_int_equal(message_length(wire, sizeof wire), 12);
		assert_int_equal(message_decode(wire, sizeof wire, &m), 1);
		assert_int_equal(m.type, type);
		assert_int_equal(m.request, 0x01020304);
		assert_does_not_encode(&m);
	}
	assert_int_equal(known, 16);
}

/* HELLO is about the connection, ERROR about anything, others a request. */
static void
request_numbers(void **state)
{
	struct message m, decoded;
	uint8_t wire[256];
	bool zero, other;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		m = samples[i].m;
		zero = m.type <= MESSAGE_ERROR;
		other = m.type != MESSAGE_HELLO;
		memcpy(wire, samples[i].wire, samples[i].len);
		for (uint32_t request = 0; request < 2; request++) {
			m.request = request;
			put_u32(wire + 5, request);
			if (request == 0 ? zero : other) {
				assert_encodes(&m, wire, samples[i].len);
				assert_int_equal(message_decode(wire,
						     samples[i].len, &decoded),
				    0);
				message_free(&decoded);
				continue;
			}
			assert_does_not_encode(&m);
			assert_malformed(wire, samples[i].len);
		}
	}
}

/* --- limits -------------------------------------------------------------- */

static void
lengths(void **state)
{
	static const struct {
		uint32_t length;
		uint8_t type;
		int64_t expected;
	} cases[] = {
		{ 0, 0x70, -1 },
		{ 4, 0x70, -1 },
		{ 5, 0x70, 9 },
		{ MESSAGE_MAX, 0x70, MESSAGE_MAX + 4 },
		{ MESSAGE_MAX + 1, 0x70, -1 },
		{ UINT32_MAX, 0x70, -1 },
		{ MESSAGE_MAX, MESSAGE_START, MESSAGE_MAX + 4 },
		{ MESSAGE_MAX, MESSAGE_KEYS, MESSAGE_MAX + 4 },
		{ 5 + 8 + 256, MESSAGE_HELLO, 273 },
		{ 5 + 8 + 257, MESSAGE_HELLO, -1 },
		{ 9, MESSAGE_CANCEL, 13 },
		{ 10, MESSAGE_CANCEL, -1 },
		{ 5, MESSAGE_WANT_KEYS, 9 },
		{ 6, MESSAGE_WANT_KEYS, -1 },
		{ 5 + 8 + MESSAGE_DATA, MESSAGE_OUTPUT, 65536 + 17 },
		{ 5 + 9 + MESSAGE_DATA, MESSAGE_OUTPUT, -1 },
		{ 5 + 12 + 2 * MESSAGE_TEXT, MESSAGE_EXIT, 131072 + 21 },
		{ 5 + 13 + 2 * MESSAGE_TEXT, MESSAGE_EXIT, -1 },
	};
	uint8_t wire[5];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_u32(wire, cases[i].length);
		wire[4] = cases[i].type;
		assert_int_equal(message_length(wire, 5), cases[i].expected);
		assert_int_equal(message_length(wire, 3), 0);
	}
	/* So much is seen without a type. */
	put_u32(wire, 4);
	assert_int_equal(message_length(wire, 4), -1);
	put_u32(wire, MESSAGE_MAX + 1);
	assert_int_equal(message_length(wire, 4), -1);
}

static void
numbers(void **state)
{
	static const struct {
		enum message_type type;
		size_t at; /* in the sample */
		size_t member;
		uint32_t min;
		uint32_t max;
	} cases[] = {
#define AT(member) offsetof(struct message, member)
		{ MESSAGE_HELLO, 9, AT(hello.version), 0, UINT32_MAX },
		{ MESSAGE_ERROR, 9, AT(error.code), 0, UINT32_MAX },
		{ MESSAGE_CANCEL, 9, AT(status), 1, 255 },
		{ MESSAGE_CREDIT, 9, AT(credit), 1, MESSAGE_WINDOW },
		{ MESSAGE_INPUT_END, 9, AT(input_end.status), 0, 255 },
		{ MESSAGE_KEYS_FAILED, 9, AT(status), 1, 255 },
		{ MESSAGE_BROKEN, 9, AT(stream), 1, STREAM_LINE },
		{ MESSAGE_OUTPUT, 9, AT(output.stream), 1, STREAM_LINE },
		{ MESSAGE_READ, 14, AT(read.max), 1, MESSAGE_DATA },
		{ MESSAGE_EXIT, 9, AT(exit.status), 0, 255 },
#undef AT
	};
	const struct sample *s;
	struct message m;
	uint8_t wire[256];
	uint32_t values[6];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		s = sample_of(cases[i].type);
		memcpy(wire, s->wire, s->len);
		/* Those outside wrap around where there are none. */
		values[0] = cases[i].min - 1;
		values[1] = cases[i].min;
		values[2] = cases[i].max;
		values[3] = cases[i].max + 1;
		values[4] = 0;
		values[5] = UINT32_MAX;
		for (size_t k = 0; k < COUNT(values); k++) {
			m = s->m;
			memcpy((char *)&m + cases[i].member, &values[k],
			    sizeof values[k]);
			put_u32(wire + cases[i].at, values[k]);
			if (values[k] < cases[i].min ||
			    values[k] > cases[i].max) {
				assert_does_not_encode(&m);
				assert_malformed(wire, s->len);
				continue;
			}
			assert_encodes(&m, wire, s->len);
			assert_int_equal(message_decode(wire, s->len, &m), 0);
		}
	}
}

static void
long_numbers(void **state)
{
	static const uint64_t good[] = { 1, UINT32_MAX, INT64_MAX };
	static const uint64_t bad[] = { 0, (uint64_t)INT64_MAX + 1,
		UINT64_MAX };
	const struct sample *s = sample_of(MESSAGE_INPUT_LENGTH);
	struct message m = s->m;
	uint8_t wire[256];

	(void)state;
	memcpy(wire, s->wire, s->len);
	for (size_t i = 0; i < COUNT(good); i++) {
		m.length = good[i];
		put_u32(wire + 9, (uint32_t)(good[i] >> 32));
		put_u32(wire + 13, (uint32_t)good[i]);
		assert_encodes(&m, wire, s->len);
		assert_int_equal(message_decode(wire, s->len, &m), 0);
		assert_true(m.length == good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		m.length = bad[i];
		put_u32(wire + 9, (uint32_t)(bad[i] >> 32));
		put_u32(wire + 13, (uint32_t)bad[i]);
		assert_does_not_encode(&m);
		assert_malformed(wire, s->len);
	}
}

/* Strings of the least and the greatest length, and what is beyond. */
static void
string_lengths(void **state)
{
	static const struct {
		enum message_type type;
		size_t member;
		size_t min;
		size_t max;
	} cases[] = {
#define AT(member) offsetof(struct message, member)
		{ MESSAGE_HELLO, AT(hello.software), 0, 256 },
		{ MESSAGE_ERROR, AT(error.text), 0, MESSAGE_TEXT },
		{ MESSAGE_INPUT, AT(input), 1, MESSAGE_DATA },
		{ MESSAGE_OUTPUT, AT(output.data), 0, MESSAGE_DATA },
		{ MESSAGE_READ, AT(read.name), 1, MESSAGE_TEXT },
		{ MESSAGE_REWIND, AT(rewind), 1, MESSAGE_TEXT },
		{ MESSAGE_EXIT, AT(exit.session), 0, MESSAGE_TEXT },
		{ MESSAGE_EXIT, AT(exit.path), 0, MESSAGE_TEXT },
		{ MESSAGE_KEYS, AT(keys), 0, MESSAGE_MAX - 9 },
#undef AT
	};
	uint8_t *data = malloc(MESSAGE_MAX);
	struct bytes b = { .data = NULL };
	struct slice slice = { .data = data };
	struct message m, decoded;

	(void)state;
	assert_non_null(data);
	memset(data, 'x', MESSAGE_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (slice.len = cases[i].min; slice.len <= cases[i].max;
		     slice.len += cases[i].max - cases[i].min) {
			m = sample_of(cases[i].type)->m;
			memcpy((char *)&m + cases[i].member, &slice,
			    sizeof slice);
			assert_int_equal(0, message_encode(&b, &m));
			assert_int_equal(message_decode(bytes_front(&b), b.len,
					     &decoded),
			    0);
			memcpy(&slice, (char *)&decoded + cases[i].member,
			    sizeof slice);
			assert_true(slice.len == cases[i].min ||
			    slice.len == cases[i].max);
			slice.data = data;
			bytes_take(&b, b.len);
		}
		slice.len = cases[i].max + 1;
		memcpy((char *)&m + cases[i].member, &slice, sizeof slice);
		assert_does_not_encode(&m);
		slice.len = cases[i].min - 1;
		memcpy((char *)&m + cases[i].member, &slice, sizeof slice);
		if (cases[i].min > 0)
			assert_does_not_encode(&m);
	}
	bytes_free(&b);
	free(data);
	assert_malformed(BYTES("\0\0\0\x09\x13\0\0\0\x04\0\0\0\0"));
	assert_malformed(BYTES("\0\0\0\x0d\x81\0\0\0\x0a\0\0\0\0\0\0\x04\0"));
}

/* --- START --------------------------------------------------------------- */

static void
forms_and_colors(void **state)
{
	static const struct {
		size_t at;
		uint32_t max;
	} cases[] = { { 13, FORM_DIAG }, { 17, 2 } };
	struct message m = { .type = MESSAGE_START, .request = 1 };
	const struct sample *s = sample_of(MESSAGE_START);
	struct start start = full_start;
	uint8_t wire[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memcpy(wire, s->wire, s->len);
		put_u32(wire + cases[i].at, cases[i].max);
		assert_int_equal(message_decode(wire, s->len, &m), 0);
		message_free(&m);
		put_u32(wire + cases[i].at, cases[i].max + 1);
		assert_malformed(wire, s->len);
		put_u32(wire + cases[i].at, UINT32_MAX);
		assert_malformed(wire, s->len);
	}
	m.start = &start;
	start.options.color = 2;
	assert_does_not_encode(&m);
	start.options.color = -2;
	assert_does_not_encode(&m);
	start.options.color = 0;
	start.options.form = FORM_DIAG + 1;
	assert_does_not_encode(&m);
}

static void
flags_that_are_not_known(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START) + 1;
	struct message m;
	uint8_t wire[256];

	(void)state;
	memcpy(wire, s->wire, s->len);
	for (unsigned bit = 0; bit < 32; bit++) {
		put_u32(wire + 9, 1U << bit);
		if (bit >= 9) {
			/* A flag of a string lacks one here. */
			assert_malformed(wire, s->len);
			continue;
		}
		assert_int_equal(message_decode(wire, s->len, &m), 0);
		message_free(&m);
	}
}

static void
numbers_of_words(void **state)
{
	static const size_t many[] = { 1, MESSAGE_WORDS };
	struct message m = { .type = MESSAGE_START, .request = 1 }, decoded;
	struct start start = small_start;
	struct bytes b = { .data = NULL };

	(void)state;
	start.words = calloc(MESSAGE_WORDS + 1, sizeof *start.words);
	assert_non_null(start.words);
	for (size_t i = 0; i <= MESSAGE_WORDS; i++)
		start.words[i] = word_get;
	m.start = &start;
	for (size_t i = 0; i < COUNT(many); i++) {
		start.n_words = many[i];
		assert_int_equal(0, message_encode(&b, &m));
		assert_int_equal(message_decode(bytes_front(&b), b.len,
				     &decoded),
		    0);
		assert_int_equal(decoded.start->n_words, many[i]);
		assert_string_equal(decoded.start->words[many[i] - 1], "get");
		assert_null(decoded.start->words[many[i]]);
		message_free(&decoded);
		bytes_take(&b, b.len);
	}
	start.n_words = MESSAGE_WORDS + 1;
	assert_does_not_encode(&m);
	start.n_words = 0;
	assert_does_not_encode(&m);
	bytes_free(&b);
	free(start.words);
}

/* A number that the bytes do not bear costs nothing. */
static void
words_that_are_not_there(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START) + 1;
	static const uint32_t many[] = { 0, 2, 3, 65536, 65537, UINT32_MAX };
	struct message m;
	uint8_t wire[256];

	(void)state;
	memcpy(wire, s->wire, s->len);
	for (size_t i = 0; i < COUNT(many); i++) {
		put_u32(wire + 37, many[i]);
		/* The struct itself may be had, nothing else. */
		heap.fail_at = 2;
		assert_int_equal(message_decode(wire, s->len, &m), -1);
		assert_int_equal(heap.fail_at, 1);
		heap.fail_at = 0;
	}
}

/* Twice as many words as there may be, all of them empty. */
static void
too_many_words(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START) + 1;
	size_t len = 41 + (size_t)8 * MESSAGE_WORDS;
	uint8_t *wire = calloc(1, len);
	struct message m;

	(void)state;
	assert_non_null(wire);
	memcpy(wire, s->wire, 37);
	put_u32(wire, (uint32_t)len - 4);
	put_u32(wire + 37, 2 * MESSAGE_WORDS);
	assert_int_equal(message_decode(wire, len, &m), -1);
	free(wire);
}

static void
the_longest_start(void **state)
{
	struct message m = { .type = MESSAGE_START, .request = 1 }, decoded;
	struct start start = small_start;
	size_t len = MESSAGE_MAX - 5 - 32 - 4;
	char *word = malloc(len + 2);
	struct bytes b = { .data = NULL };

	(void)state;
	assert_non_null(word);
	memset(word, 'x', len + 1);
	word[len + 1] = '\0';
	start.words = &word;
	m.start = &start;
	assert_does_not_encode(&m);
	word[len] = '\0';
	assert_int_equal(0, message_encode(&b, &m));
	assert_int_equal(b.len, MESSAGE_MAX + 4);
	assert_int_equal(message_decode(bytes_front(&b), b.len, &decoded), 0);
	assert_int_equal(strlen(decoded.start->words[0]), len);
	message_free(&decoded);
	bytes_free(&b);
	free(word);
}

/* --- no memory, and secrets ---------------------------------------------- */

static void
no_memory_to_encode(void **state)
{
	struct bytes b = { .data = NULL };
	unsigned failures = 0;
	int result;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		/* There is room for all but its last byte. */
		bytes_add_u8(&b, 'x');
		while (b.room - b.len >= samples[i].len)
			bytes_add_u8(&b, 'x');
		heap.fail_at = 1;
		result = message_encode(&b, &samples[i].m);
		failures += result != 0;
		assert_int_equal(heap.fail_at, 0);
		assert_int_equal(result, -2);
		assert_false(b.failed);
		assert_int_equal(b.len, b.room - samples[i].len + 1);
		assert_int_equal(bytes_front(&b)[b.len - 1], 'x');
		assert_int_equal(0, message_encode(&b, &samples[i].m));
		bytes_take(&b, b.len - samples[i].len);
		assert_memory_equal(bytes_front(&b), samples[i].wire,
		    samples[i].len);
		bytes_free(&b);
	}
	assert_int_equal(failures, COUNT(samples));
	b.failed = true;
	assert_int_equal(-2, message_encode(&b, &samples[0].m));
	assert_true(b.failed);
}

static void
no_memory_to_decode(void **state)
{
	const struct sample *s = sample_of(MESSAGE_START);
	struct message m;
	size_t n = 0;
	int status;

	(void)state;
	heap.held = 0;
	do {
		heap.fail_at = ++n;
		status = message_decode(s->wire, s->len, &m);
		if (status != 0) {
			assert_int_equal(status, -2);
			assert_int_equal(heap.fail_at, 0);
			assert_int_equal(heap.held, 0);
		}
	} while (status != 0);
	heap.fail_at = 0;
	/* The struct, its words, and the strings. */
	assert_int_equal(heap.held, 10);
	assert_int_equal(n, 11);
	message_free(&m);
	assert_int_equal(heap.held, 0);
}

/* A START whose strings are all the same. */
static void
secret_start(struct bytes *b)
{
	char secret[] = SECRET;
	char *many[] = { secret, secret };
	struct start start = { .words = many, .n_words = 2 };
	struct message m = { .type = MESSAGE_START, .request = 1 };

	start.write_out = secret;
	start.file = secret;
	start.session = secret;
	start.place_session = secret;
	start.place_path = secret;
	m.start = &start;
	assert_int_equal(0, message_encode(b, &m));
}

static void
nothing_is_left_of_a_start(void **state)
{
	struct bytes b = { .data = NULL };
	struct message m;
	int status;

	(void)state;
	assert_true(heap_watched(SECRET));
	heap.secret = SECRET;
	secret_start(&b);
	assert_int_equal(message_decode(bytes_front(&b), b.len, &m), 0);
	message_free(&m);
	assert_int_equal(heap.found, 0);
	/* Nor of one that could be decoded in part only. */
	for (size_t n = 1; n < 10; n++) {
		heap.fail_at = n;
		status = message_decode(bytes_front(&b), b.len, &m);
		heap.fail_at = 0;
		assert_int_equal(status, -2);
	}
	for (size_t len = 9; len < b.len; len++) {
		put_u32(b.data, (uint32_t)len - 4);
		assert_int_equal(message_decode(b.data, len, &m), -1);
	}
	bytes_free(&b);
	assert_int_equal(heap.found, 0);
	start_free(NULL);
	heap.secret = NULL;
}

/* What a message that is refused had put there already. */
static void
nothing_is_left_of_what_was_not_encoded(void **state)
{
	struct message m = { .type = MESSAGE_EXIT,
		.request = 1,
		.exit = { 0, SLICE(SECRET), SLICE("\0") } };
	struct bytes b = { .data = NULL };

	(void)state;
	bytes_add(&b, BEFORE, strlen(BEFORE));
	assert_int_equal(-1, message_encode(&b, &m));
	assert_null(memmem(b.data, b.room, SECRET, strlen(SECRET)));
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(examples_of_the_page),
		cmocka_unit_test(a_start_is_decoded),
		cmocka_unit_test(a_small_start_is_decoded),
		cmocka_unit_test(each_flag_has_its_bit),
		cmocka_unit_test(each_string_has_its_bit),
		cmocka_unit_test(truncated),
		cmocka_unit_test(bytes_behind_the_body),
		cmocka_unit_test(one_byte_is_another),
		cmocka_unit_test(texts_without_nul),
		cmocka_unit_test(no_nul_is_encoded),
		cmocka_unit_test(types_that_are_not_known),
		cmocka_unit_test(request_numbers),
		cmocka_unit_test(lengths),
		cmocka_unit_test(numbers),
		cmocka_unit_test(long_numbers),
		cmocka_unit_test(string_lengths),
		cmocka_unit_test(forms_and_colors),
		cmocka_unit_test(flags_that_are_not_known),
		cmocka_unit_test(numbers_of_words),
		cmocka_unit_test(words_that_are_not_there),
		cmocka_unit_test(too_many_words),
		cmocka_unit_test(the_longest_start),
		cmocka_unit_test(no_memory_to_encode),
		cmocka_unit_test(no_memory_to_decode),
		cmocka_unit_test(nothing_is_left_of_a_start),
		cmocka_unit_test(nothing_is_left_of_what_was_not_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
