/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoders while each allocation fails in turn: they say so, or need none, and
 * nothing is left of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <coap3/coapx.h>

#include "cli/decode/decoders.h"
#include "cli/decode/diag.h"
#include "heap_watch.h"

/* Allocations that a decoder may have. */
#define MOST 5000

static const char cbor[] =
    "{1: [_ 1.5, 24(<<{}>>), 18446744073709551616], \"a\": h'00',"
    " [1]: 22((_ h'01', h'02')), \"b\": (_ \"x\", \"y\")}";
static const char senml[] =
    "[{-2: \"urn:\", -3: 1786698723, -1: 5, -5: 1, 0: \"t\", 1: \"Cel\","
    " 2: 21.5}, {0: \"d\", 6: -3, 4: true}, {8: h'00', 7: 1, 5: 2}]";
static const char problem[] =
    "{-1: \"t\", -2: \"d\", -4: 132, 9: {0: [1]}, \"x\": null}";

static const struct sample {
	int format;
	const char *diag; /* or */
	const char *text;
} samples[] = {
	{ 60, cbor, NULL },
	{ 63, cbor, NULL },
	{ 112, senml, NULL },
	{ 257, problem, NULL },
	{ 110, NULL,
	    "[{\"bn\":\"a\",\"bt\":1,\"v\":1.5},{\"n\":\"b\",\"vs\":\"x\"}]" },
	{ 50, NULL, "{\"a\":[1,2.5,\"text\",null,{\"b\":true}]}" },
	{ 40, NULL, "</a>;rt=\"x\";obs,</b>;x=1;x=2" },
};

/* How something ended. */
enum outcome {
	GOOD,
	NO_MEMORY,
	REFUSED,
};

typedef enum outcome step_fn(const struct decode_in *in);

static enum outcome
lines(const struct decode_in *in)
{
	struct text out = { .s = NULL };
	struct text why = { .s = NULL };
	enum decoded result = decode_lines(in, &out, &why);
	enum outcome outcome = result == DECODED_WRONG ? REFUSED
	    : out.failed                               ? NO_MEMORY
						       : GOOD;

	text_free(&out);
	text_free(&why);
	return outcome;
}

static enum outcome
notation(const struct decode_in *in)
{
	struct text out = { .s = NULL };
	struct text why = { .s = NULL };
	enum decoded result = decode_diag(in, &out, &why);
	enum outcome outcome = result == DECODED_WRONG ? REFUSED
	    : out.failed                               ? NO_MEMORY
						       : GOOD;

	text_free(&out);
	text_free(&why);
	return outcome;
}

static enum outcome
json(const struct decode_in *in)
{
	struct text why = { .s = NULL };
	json_t *value;
	enum decoded result = decode_json(in, &value, &why);
	enum outcome outcome = result == DECODED_WRONG ? REFUSED
	    : value                                    ? GOOD
						       : NO_MEMORY;

	json_decref(value);
	text_free(&why);
	return outcome;
}

static enum outcome
parse(const struct decode_in *in)
{
	struct text out = { .s = NULL };
	struct diag_error error;
	int r;

	(void)in;
	r = diag_parse(&out, cbor, strlen(cbor), false, &error);
	text_free(&out);
	return r == 0 ? GOOD : r == -COAP_E_NOMEM ? NO_MEMORY : REFUSED;
}

/* Whether an allocation failed: 0, the number it was, when all were had. */
static void
starve(step_fn *step, const struct decode_in *in)
{
	enum outcome outcome = NO_MEMORY;
	size_t n;
	long held;

	assert_int_equal(step(in), GOOD);
	for (n = 1; n < MOST; n++) {
		held = heap.held;
		heap.fail_at = n;
		outcome = step(in);
		assert_int_equal(heap.held, held);
		if (heap.fail_at > 0)
			break;
		if (outcome == REFUSED)
			fail_msg("format %d: without its allocation %zu it is "
				 "not valid",
			    in->format, n);
	}
	heap.fail_at = 0;
	assert_true(n < MOST);
	assert_int_equal(outcome, GOOD);
}

static void
without_memory(void **state)
{
	static step_fn *const steps[] = { lines, notation, json, parse };
	struct text bytes = { .s = NULL };
	struct diag_error error;

	(void)state;
	if (!heap_watched("secret"))
		skip();
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct decode_in in = { .format = samples[i].format };

		if (samples[i].diag)
			assert_int_equal(diag_parse(&bytes, samples[i].diag,
					     strlen(samples[i].diag), false,
					     &error),
			    0);
		else
			text_add(&bytes, samples[i].text);
		in.data = (const uint8_t *)bytes.s;
		in.len = bytes.len;
		for (size_t k = 0; k < sizeof(steps) / sizeof(*steps); k++)
			starve(steps[k], &in);
		text_free(&bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
