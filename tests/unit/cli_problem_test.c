/* SPDX-License-Identifier: BSD-2-Clause */
/* What decoded payloads look like in each form: problem details (RFC 9290) on
 * both streams, JSON and CBOR for people, notation, and what is not valid. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/decode/decoders.h"
#include "cli/decode/diag.h"
#include "cli/decode/json_layout.h"
#include "output_support.h"

#define PROBLEM 257

/* RFC 9290 figure 3, and entries that it does not have. */
static const char problem[] =
    "{-1: \"title of the error\","
    " -2: \"detailed information\\n about \u00e4 the error\","
    " -3: \"coaps://pd.example/FA317434\", -4: 128, -6: \"en\", -8: [9, 65],"
    " -99: 1, 4711: {0: \"cause\", 1: [[\"a\", h'00']]},"
    " \"tag:x,2022-03:y\": {0: true}}";

static void
respond(struct memory_sink *m, unsigned code, int format, const void *data,
    size_t len)
{
	coap_pdu_t *pdu = message_new(code, format, data, len);
	struct view_response v = {
		.response = pdu,
		.rtt_us = 23000,
		.ok = COAP_RESPONSE_CLASS(code) == 2,
	};

	output_response(memory_sink_open(m), &v);
	coap_delete_pdu(pdu);
}

static void
respond_diag(struct memory_sink *m, unsigned code, int format, const char *diag)
{
	struct text bytes = { .s = NULL };
	struct diag_error error;

	assert_int_equal(diag_parse(&bytes, diag, strlen(diag), true, &error),
	    0);
	respond(m, code, format, bytes.s, bytes.len);
	text_free(&bytes);
}

static void
problems_after_an_error(void **state)
{
	static const char *const shown[] = {
		"4.00 Bad Request: title of the error: detailed information\\n "
		"about \u00e4 the error\n"
		"  instance: coaps://pd.example/FA317434\n"
		"  response-code: 4.00\n"
		"  base-lang: en\n"
		"  unprocessed-coap-option: [9, 65]\n"
		"  -99: 1\n"
		"  4711: {\"0\": \"cause\", \"1\": [[\"a\", \"AA\"]]}\n"
		"  tag:x,2022-03:y: {\"0\": true}\n",
	};
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_HUMAN);
	respond_diag(&m, COAP_RESPONSE_CODE(400), PROBLEM, problem);
	assert_wrote(&m, "", shown[0]);
	memory_sink_init(&m, FORM_RAW);
	respond_diag(&m, COAP_RESPONSE_CODE(404), PROBLEM,
	    "{-1: 38([\"de\", \"Gibt es\\u001b nicht\"])}");
	assert_wrote(&m, "",
	    "coap-shell: 4.04 Not Found: Gibt es\\x1b nicht\n");
	memory_sink_init(&m, FORM_DIAG);
	respond_diag(&m, COAP_RESPONSE_CODE(404), PROBLEM, "{-2: \"gone\"}");
	assert_wrote(&m, "", "coap-shell: 4.04 Not Found: gone\n");
	memory_sink_terminal(&m, FORM_HUMAN);
	m.sink.utf8 = false;
	respond_diag(&m, COAP_RESPONSE_CODE(404), PROBLEM, "{-2: \"\u00e4\"}");
	assert_wrote(&m, "", "4.04 Not Found: \\xc3\\xa4\n");
}

/* Not valid: the bytes are counted, as those of any other format. */
static void
problems_that_are_none(void **state)
{
	static const char *const none[] = { "{}", "1", "1, 2" };
	struct memory_sink m;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		memory_sink_init(&m, FORM_RAW);
		respond_diag(&m, COAP_RESPONSE_CODE(404), PROBLEM, none[i]);
		memory_sink_close(&m);
		assert_int_equal(m.stdout_text.len, 0);
		assert_non_null(strstr(text_string(&m.stderr_text),
		    "application/concise-problem-details+cbor came along)\n"));
		memory_sink_free(&m);
	}
}

static void
a_problem_as_a_result(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond_diag(&m, COAP_RESPONSE_CODE(205), PROBLEM,
	    "{-1: \"t\", 1: {0: 1}}");
	assert_wrote(&m, "t\n  1: {\"0\": 1}\n", "");
}

static void
for_people(void **state)
{
	static const char cbor[] = "{1: [_ 2], \"\u00e4\": h'00'}\n";
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond_diag(&m, COAP_RESPONSE_CODE(205), 60, cbor);
	assert_wrote(&m, cbor, "");
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond_diag(&m, COAP_RESPONSE_CODE(205), 63, "1, [2]");
	assert_wrote(&m, "1,\n[2]\n", "");
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond(&m, COAP_RESPONSE_CODE(205), 50, "{\"a\" : 1.0e0}", 13);
	assert_wrote(&m, "{\"a\": 1.0e0}\n", "");
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond_diag(&m, COAP_RESPONSE_CODE(205), 112, "[{0: \"a\", 2: 1}]");
	assert_wrote(&m, "  2026-08-14 09:12:03Z  a  1\n", "");
}

/* The bytes as they are, and why. */
static void
not_valid(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond(&m, COAP_RESPONSE_CODE(205), 50, "{\"a\":\033", 6);
	assert_wrote(&m, "{\"a\":\\x1b\n",
	    "coap-shell: the payload was not decoded as application/json, its "
	    "bytes are shown: line 1, column 6: invalid token near '\\x1b'\n");
	memory_sink_terminal(&m, FORM_HUMAN);
	m.options.quiet = true;
	respond(&m, COAP_RESPONSE_CODE(205), 60, "\x82\x01", 2);
	assert_wrote(&m,
	    "00000000  82 01                                             |..|\n"
	    "00000002\n",
	    "coap-shell: the payload was not decoded as application/cbor, its "
	    "bytes are shown: at byte 0: more items are announced than "
	    "follow\n");
}

static void
raw_is_untouched(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_RAW);
	respond(&m, COAP_RESPONSE_CODE(205), 60, "\x82\x01\x02", 3);
	assert_wrote(&m, "\x82\x01\x02", "");
	memory_sink_init(&m, FORM_RAW);
	respond(&m, COAP_RESPONSE_CODE(205), 50, "{\"a\" :1}", 8);
	assert_wrote(&m, "{\"a\" :1}", "");
}

static void
notation(void **state)
{
	static const struct {
		int format;
		const char *data;
		size_t len;
		const char *out;
		const char *err;
	} cases[] = {
		{ 60, "\x82\x01\x20", 3, "[1, -1]\n", "" },
		{ 112, "\x81\xa1\x00\x61\x61", 5, "[{0: \"a\"}]\n", "" },
		{ 63, "\x01\x20", 2, "1, -1\n", "" },
		{ -1, "\xf6", 1, "null\n", "" },
		{ 42, "\xf6", 1, "null\n", "" },
		{ 65000, "\xf6", 1, "null\n", "" },
		{ 60, "", 0, "", "" },
		{ 60, "\x01\x20", 2,
		    "00000000  01 20                                         "
		    "    |. |\n00000002\n",
		    "coap-shell: the payload is no CBOR that has a diagnostic "
		    "notation: at byte 1: more bytes behind the end; it is "
		    "shown as --format human has it\n" },
		{ 0, "hi", 2, "hi\n",
		    "coap-shell: text/plain;charset=utf-8 is no CBOR that has "
		    "a diagnostic notation; it is shown as --format human has "
		    "it\n" },
		{ 50, "[ 1]", 4, "[1]\n",
		    "coap-shell: application/json is no CBOR that has a "
		    "diagnostic notation; it is shown as --format human has "
		    "it\n" },
	};
	struct memory_sink m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memory_sink_init(&m, FORM_DIAG);
		respond(&m, COAP_RESPONSE_CODE(205), cases[i].format,
		    cases[i].data, cases[i].len);
		assert_wrote(&m, cases[i].out, cases[i].err);
	}
}

/* One byte more than is decoded. */
static void
too_long(void **state)
{
	uint8_t *zeros = calloc(1, DECODE_MAX + 1);
	const struct decode_in in = {
		.data = zeros,
		.len = DECODE_MAX + 1,
		.format = 60,
	};
	struct text out = { .s = NULL };
	struct text why = { .s = NULL };
	json_t *value;

	(void)state;
	assert_non_null(zeros);
	assert_int_equal(decode_lines(&in, &out, &why), DECODED_WRONG);
	assert_string_equal(text_string(&why),
	    "1048577 bytes are too many to decode, 1048576 would do");
	text_free(&why);
	assert_int_equal(decode_diag(&in, &out, &why), DECODED_WRONG);
	assert_int_equal(decode_json(&in, &value, &why), DECODED_WRONG);
	assert_int_equal(out.len, 0);
	text_free(&why);
	free(zeros);
}

static void
layouts(void **state)
{
	static const struct {
		const char *json;
		const char *shown;
	} cases[] = {
		{ "1", "1" },
		{ " [ ] ", "[]" },
		{ "{ }", "{}" },
		{ "[1 ,2,\n3]", "[1, 2, 3]" },
		{ "{\"a\\\"]\":[],\"a\":1E0}", "{\"a\\\"]\": [], \"a\": 1E0}" },
		{ "[\"0123456789012345678901234567890123456789\","
		  "{\"b\":[1,2]},"
		  "[\"0123456789012345678901234567890123456789\","
		  "\"0123456789012345678901234567890123456789\"],{}]",
		    "[\n"
		    "  \"0123456789012345678901234567890123456789\",\n"
		    "  {\"b\": [1, 2]},\n"
		    "  [\n"
		    "    \"0123456789012345678901234567890123456789\",\n"
		    "    \"0123456789012345678901234567890123456789\"\n"
		    "  ],\n"
		    "  {}\n"
		    "]" },
	};
	struct text out = { .s = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_layout(&out, cases[i].json, strlen(cases[i].json));
		assert_string_equal(text_string(&out), cases[i].shown);
		text_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_after_an_error),
		cmocka_unit_test(problems_that_are_none),
		cmocka_unit_test(a_problem_as_a_result),
		cmocka_unit_test(for_people),
		cmocka_unit_test(not_valid),
		cmocka_unit_test(raw_is_untouched),
		cmocka_unit_test(notation),
		cmocka_unit_test(too_long),
		cmocka_unit_test(layouts),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
