/* SPDX-License-Identifier: BSD-2-Clause */
/* Responses in the forms human, raw, hex and none, and what reaches which
 * stream. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output_support.h"

#define DOT " \xc2\xb7 "

static void
respond(struct memory_sink *m, coap_pdu_t *pdu)
{
	struct view_response v = {
		.session_name = "lamp",
		.response = pdu,
		.uri = "coap://[::1]/t",
		.rtt_us = 23100,
		.ok = COAP_RESPONSE_CLASS(coap_pdu_get_code(pdu)) == 2,
	};

	if (!m->out)
		memory_sink_open(m);
	output_response(m->out, &v);
	coap_delete_pdu(pdu);
}

static coap_pdu_t *
text_message(const char *data, size_t len)
{
	return message_new(COAP_RESPONSE_CODE(205), 0, data, len);
}

static const char hostile[] = "a\033]0;x\007b\0c\x9b"
			      "31m\xc2\x9b\n";
#define HOSTILE_LEN (sizeof(hostile) - 1)

/* --- human --------------------------------------------------------------- */

static void
human_has_a_head_line(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	respond(&m, text_message("21.4", 4));
	assert_wrote(&m,
	    "2.05 Content" DOT "text/plain" DOT "4 B" DOT "23 ms\n21.4\n", "");

	memory_sink_terminal(&m, FORM_HUMAN);
	m.sink.utf8 = false;
	respond(&m, text_message("\xc2\xb0\n", 3));
	assert_wrote(&m,
	    "2.05 Content - text/plain - 3 B - 23 ms\n\\xc2\\xb0\n", "");

	memory_sink_terminal(&m, FORM_AUTO);
	respond(&m, message_new(COAP_RESPONSE_CODE(204), -1, NULL, 0));
	assert_wrote(&m, "2.04 Changed" DOT "23 ms\n", "");
}

static void
human_tells_retransmissions(void **state)
{
	coap_pdu_t *pdu = text_message(NULL, 0);
	struct view_response v = { .response = pdu, .ok = true };
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	v.retransmits = 1;
	v.rtt_us = 2300000;
	output_response(memory_sink_open(&m), &v);
	v.retransmits = 2;
	output_response(m.out, &v);
	assert_wrote(&m,
	    "2.05 Content" DOT "text/plain" DOT "2.3 s" DOT "1 retransmission\n"
	    "2.05 Content" DOT "text/plain" DOT "2.3 s" DOT
	    "2 retransmissions\n",
	    "");
	coap_delete_pdu(pdu);
}

static void
human_shows_sizes(void **state)
{
	static const struct {
		size_t len;
		const char *text;
	} sizes[] = { { 1023, "1023 B" }, { 1024, "1.0 KiB" },
		{ 1600, "1.5 KiB" }, { 3 << 20, "3.0 MiB" } };
	char expected[64];
	char *data = calloc(1, 3 << 20);
	struct memory_sink m;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		memory_sink_terminal(&m, FORM_HUMAN);
		m.options.file = "/dev/null";
		respond(&m, text_message(data, sizes[i].len));
		snprintf(expected, sizeof(expected),
		    "2.05 Content" DOT "text/plain" DOT "%s" DOT "23 ms\n",
		    sizes[i].text);
		assert_wrote(&m, expected, "");
	}
	free(data);
}

static void
human_escapes(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	m.options.quiet = true;
	respond(&m, text_message(hostile, HOSTILE_LEN));
	assert_wrote(&m, "a\\x1b]0;x\\x07b\\x00c\\x9b31m\\xc2\\x9b\n", "");
}

static void
human_dumps_what_is_no_text(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	respond(&m, message_new(COAP_RESPONSE_CODE(205), 42, "\xa0\033", 2));
	assert_wrote(&m,
	    "2.05 Content" DOT "application/octet-stream" DOT "2 B" DOT
	    "23 ms\n00000000  a0 1b                                           "
	    "  |..|\n00000002\n",
	    "");
}

static void
human_errors_go_to_stderr(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	respond(&m,
	    message_new(COAP_RESPONSE_CODE(404), -1, "no \033[2Jlamp\n", 12));
	assert_wrote(&m, "", "4.04 Not Found: no \\x1b[2Jlamp\n");

	memory_sink_terminal(&m, FORM_AUTO);
	m.options.color = 1;
	respond(&m, message_new(COAP_RESPONSE_CODE(404), -1, NULL, 0));
	assert_wrote(&m, "",
	    "\033[31m4.04 Not Found: there is no such resource; look what "
	    "there is in /.well-known/core\033[0m\n");

	/* What was expected is a result. */
	memory_sink_terminal(&m, FORM_AUTO);
	{
		coap_pdu_t *pdu =
		    message_new(COAP_RESPONSE_CODE(404), -1, "no", 2);
		struct view_response v = { .response = pdu, .ok = true };

		output_response(memory_sink_open(&m), &v);
		coap_delete_pdu(pdu);
	}
	assert_wrote(&m, "4.04 Not Found" DOT "2 B" DOT "0 ms\nno\n", "");
}

static void
colors(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	m.options.color = 1;
	respond(&m, text_message("x", 1));
	assert_wrote(&m,
	    "\033[32m2.05 Content\033[0m" DOT "text/plain" DOT "1 B" DOT
	    "23 ms\nx\n",
	    "");
}

static bool
colored(const char *name, const char *value, bool terminal)
{
	struct memory_sink m;
	bool found;

	unsetenv("NO_COLOR");
	unsetenv("CLICOLOR_FORCE");
	setenv("TERM", "xterm", 1);
	if (name)
		setenv(name, value, 1);
	memory_sink_init(&m, FORM_HUMAN);
	m.options.color = 0;
	m.sink.out_is_terminal = terminal;
	sink_colors(&m.sink);
	respond(&m, text_message("x", 1));
	found = memchr(m.stdout_text.s, '\033', m.stdout_text.len) != NULL;
	memory_sink_free(&m);
	return found;
}

static void
environment_decides_on_color(void **state)
{
	(void)state;
	assert_true(colored(NULL, NULL, true));
	assert_false(colored(NULL, NULL, false));
	assert_false(colored("NO_COLOR", "1", true));
	assert_true(colored("NO_COLOR", "", true));
	assert_true(colored("CLICOLOR_FORCE", "1", false));
	assert_false(colored("CLICOLOR_FORCE", "0", false));
	assert_false(colored("TERM", "dumb", true));
	assert_false(colored("TERM", "", true));
}

/* --- raw, hex, none ------------------------------------------------------ */

static void
raw_is_exact(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	respond(&m, text_message(hostile, HOSTILE_LEN));
	assert_wrote_bytes(&m, hostile, HOSTILE_LEN);

	memory_sink_init(&m, FORM_AUTO);
	m.options.color = 1;
	respond(&m, text_message("21.4", 4));
	assert_wrote_bytes(&m, "21.4", 4);

	memory_sink_init(&m, FORM_AUTO);
	respond(&m, text_message(NULL, 0));
	assert_wrote_bytes(&m, "", 0);
}

static void
raw_includes(void **state)
{
	struct memory_sink m;
	coap_pdu_t *pdu;

	(void)state;
	pdu = message_new(COAP_RESPONSE_CODE(205), 0, NULL, 0);
	coap_add_option(pdu, COAP_OPTION_MAXAGE, 1, (const uint8_t *)"\x0a");
	coap_add_option(pdu, COAP_OPTION_LOCATION_QUERY, 3,
	    (const uint8_t *)"a\n\033");
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, (const uint8_t *)"\x1a");
	coap_add_option(pdu, 65000, 2, (const uint8_t *)"\x01\xff");
	coap_add_data(pdu, 2, (const uint8_t *)"hi");
	memory_sink_init(&m, FORM_AUTO);
	m.options.include = true;
	respond(&m, pdu);
	assert_wrote(&m,
	    "2.05 Content\n"
	    "Content-Format: text/plain;charset=utf-8\n"
	    "Max-Age: 10\n"
	    "Location-Query: a\\n\\x1b\n"
	    "Block2: 1/1/64\n"
	    "65000: 0x01ff\n"
	    "\n"
	    "hi",
	    "");
}

static void
raw_errors_go_to_stderr(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	respond(&m, message_new(COAP_RESPONSE_CODE(500), -1, "a\nb", 3));
	assert_wrote(&m, "", "coap-shell: 5.00 Internal Server Error: a\\nb\n");

	memory_sink_init(&m, FORM_NONE);
	respond(&m, message_new(COAP_RESPONSE_CODE(400), 257, "\xa0", 1));
	assert_wrote(&m, "",
	    "coap-shell: 4.00 Bad Request: the server does not understand the "
	    "request; check path, query and payload (1 byte of "
	    "application/concise-problem-details+cbor came along)\n");
}

static void
long_diagnostics_are_cut(void **state)
{
	struct memory_sink m;
	char data[3000];

	(void)state;
	memset(data, 'x', sizeof(data));
	memcpy(data + 1023, "\xc2\xb0", 2);
	memory_sink_init(&m, FORM_AUTO);
	respond(&m,
	    message_new(COAP_RESPONSE_CODE(404), 0, data, sizeof(data)));
	assert_int_equal(m.stderr_text.len,
	    strlen("coap-shell: 4.04 Not Found: ...\n") + 1023);
	memory_sink_free(&m);
}

static void
hex_dumps(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_HEX);
	respond(&m, text_message("hi\n", 3));
	assert_wrote(&m,
	    "00000000  68 69 0a                                        "
	    "  |hi.|\n00000003\n",
	    "");
	memory_sink_init(&m, FORM_HEX);
	respond(&m, text_message(NULL, 0));
	assert_wrote(&m, "", "");
}

static void
none_says_nothing(void **state)
{
	const struct view_field field = { "mtu", FIELD_NUMBER, NULL, 1152 };
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_NONE);
	respond(&m, text_message("hi", 2));
	output_value(m.out, &field);
	output_text(m.out, "version", "coap-shell 1");
	output_note(m.out, "a note");
	assert_wrote(&m, "", "");
}

static void
templates(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_NONE);
	m.options.write_out = "%{code}|%{code_name}|%{rtt_ms}|%{size}|"
			      "%{content_format}|%{uri}|%{session}|"
			      "%{remote}|%{proto}|%{retransmits}|%%{x}|"
			      "%{x}|%{|\\t\\n";
	respond(&m, text_message("hi", 2));
	assert_wrote(&m,
	    "2.05|Content|23.1|2|text/plain|coap://[::1]/t|lamp|||0|%{x}|"
	    "%{x}|%{|\t\n",
	    "");
	memory_sink_init(&m, FORM_RAW);
	m.options.write_out = "%{code}\\n";
	respond(&m, message_new(COAP_RESPONSE_CODE(404), -1, "no", 2));
	assert_wrote(&m, "4.04\n", "coap-shell: 4.04 Not Found: no\n");
}

/* --- streams ------------------------------------------------------------- */

static void
notes_are_for_people(void **state)
{
	static const struct {
		enum form form;
		bool quiet;
		unsigned verbose;
		const char *text;
	} cases[] = {
		{ FORM_HUMAN, false, 0, "opened \\x1b\n" },
		{ FORM_HUMAN, true, 0, "" },
		{ FORM_RAW, false, 0, "" },
		{ FORM_RAW, false, 1, "opened \\x1b\n" },
		{ FORM_JSON, false, 1, "" },
	};
	struct memory_sink m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memory_sink_init(&m, cases[i].form);
		m.options.quiet = cases[i].quiet;
		m.options.verbose = cases[i].verbose;
		output_note(memory_sink_open(&m), "opened %s", "\033");
		assert_wrote(&m, "", cases[i].text);
	}
}

static void
errors_and_events(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_HUMAN);
	output_error(memory_sink_open(&m), 7, "refused\033\nline 2");
	output_event(m.out, "lamp", "closed", "by \033");
	assert_wrote(&m, "",
	    "coap-shell: refused\\x1b\nline 2\nlamp: closed: by \\x1b\n");

	memory_sink_init(&m, FORM_RAW);
	output_error(memory_sink_open(&m), 7, "refused");
	output_event(m.out, NULL, "closed", NULL);
	assert_wrote(&m, "", "coap-shell: refused\n");
}

static void
write_failures_are_told_at_the_end(void **state)
{
	static const enum form all[] = { FORM_HUMAN, FORM_RAW, FORM_JSON,
		FORM_HEX };
	struct memory_sink m;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		memory_sink_init(&m, all[i]);
		m.fail_after = 1;
		respond(&m, text_message("hi", 2));
		assert_int_equal(m.writes, 1);
		respond(&m, text_message("hi", 2));
		assert_int_equal(m.writes, 2);
		respond(&m, text_message("hi", 2));
		assert_int_equal(m.writes, 2); /* not again */
		assert_int_equal(memory_sink_close(&m), -1);
		memory_sink_free(&m);
	}
	assert_int_equal(output_close(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(human_has_a_head_line),
		cmocka_unit_test(human_tells_retransmissions),
		cmocka_unit_test(human_shows_sizes),
		cmocka_unit_test(human_escapes),
		cmocka_unit_test(human_dumps_what_is_no_text),
		cmocka_unit_test(human_errors_go_to_stderr),
		cmocka_unit_test(colors),
		cmocka_unit_test(environment_decides_on_color),
		cmocka_unit_test(raw_is_exact),
		cmocka_unit_test(raw_includes),
		cmocka_unit_test(raw_errors_go_to_stderr),
		cmocka_unit_test(long_diagnostics_are_cut),
		cmocka_unit_test(hex_dumps),
		cmocka_unit_test(none_says_nothing),
		cmocka_unit_test(templates),
		cmocka_unit_test(notes_are_for_people),
		cmocka_unit_test(errors_and_events),
		cmocka_unit_test(write_failures_are_told_at_the_end),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
