/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications in each form. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <cmocka.h>

#include "json_schema.h"
#include "output_support.h"

#define SCHEMA "man/coap-shell.schema.json"
/* 2026-08-14T09:12:03.418Z */
#define AT_MS 1786698723418
#define HEAD  "09:12:03.418Z"

static json_t *schema;

static const struct view_notification short_text = {
	.uri = "coap://h/t",
	.code = 69,
	.format = 0,
	.data = (const uint8_t *)"21.4",
	.len = 4,
	.at_ms = AT_MS,
	.count = 1,
	.numbered = true,
	.number = 14,
	.max_age = 60,
};

static void
assert_shown(enum form form, const struct view_notification *v,
    const char *expected)
{
	struct memory_sink m;

	memory_sink_init(&m, form);
	memory_sink_open(&m);
	output_notification(m.out, v);
	assert_wrote(&m, expected, "");
	memory_sink_free(&m);
}

static struct view_notification
with(int format, const char *data, size_t len)
{
	struct view_notification v = short_text;

	v.format = format;
	v.data = (const uint8_t *)data;
	v.len = len;
	return v;
}

static void
assert_payload_shown(enum form form, int format, const char *data, size_t len,
    const char *expected)
{
	const struct view_notification v = with(format, data, len);

	assert_shown(form, &v, expected);
}

static void
for_people(void **state)
{
	struct view_notification v = short_text;

	(void)state;
	assert_shown(FORM_HUMAN, &v, HEAD " #14 2.05 text/plain 4 B  21.4\n");
	v.gap = 2;
	v.label = "lamp:/t";
	v.insecure = true;
	assert_shown(FORM_HUMAN, &v,
	    HEAD " lamp:/t #14 2.05 text/plain 4 B, 2 skipped, peer not "
		 "checked  21.4\n");
	v = short_text;
	v.numbered = false;
	v.reordered = true;
	assert_shown(FORM_HUMAN, &v,
	    HEAD " 2.05 text/plain 4 B, older than the one before  21.4\n");
	/* Several lines, a line that is too long, and nothing. */
	v = with(0, "a\nb", 3);
	assert_shown(FORM_HUMAN, &v, HEAD " #14 2.05 text/plain 3 B\na\nb\n");
	v = with(0,
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    64);
	assert_shown(FORM_HUMAN, &v,
	    HEAD " #14 2.05 text/plain 64 B\n"
		 "012345678901234567890123456789012345678901234567890123456789"
		 "0123\n");
	v = with(-1, "", 0);
	assert_shown(FORM_HUMAN, &v, HEAD " #14 2.05 0 B\n");
	/* Decoded as any payload is. */
	v = with(60, "\xa1\x61t\x01", 4);
	assert_shown(FORM_HUMAN, &v,
	    HEAD " #14 2.05 application/cbor 4 B  {\"t\": 1}\n");
}

static void
quiet_people(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_HUMAN);
	m.options.quiet = true;
	memory_sink_open(&m);
	output_notification(m.out, &short_text);
	assert_wrote(&m, "21.4\n", "");
	memory_sink_free(&m);
}

/* Each payload ends; text and bytes are not told apart by chance. */
static void
raw(void **state)
{
	(void)state;
	assert_shown(FORM_RAW, &short_text, "21.4\n");
	assert_payload_shown(FORM_RAW, 0, "a\n", 2, "a\n");
	assert_payload_shown(FORM_RAW, 0, "", 0, "\n");
	assert_payload_shown(FORM_RAW, 50, "{\"a\": 1}", 8, "{\"a\": 1}\n");
	assert_payload_shown(FORM_RAW, 42, "abc", 3, "616263\n");
	assert_payload_shown(FORM_RAW, 60, "\x61\x62", 2, "6162\n");
	assert_payload_shown(FORM_RAW, -1, "abc", 3, "abc\n");
	assert_payload_shown(FORM_RAW, -1, "\xff\x00", 2, "ff00\n");
	assert_payload_shown(FORM_RAW, 0, "\xff", 1, "ff\n");
	assert_payload_shown(FORM_NONE, 0, "abc", 3, "");
	assert_payload_shown(FORM_DIAG, 60, "\xa1\x61t\x01", 4, "{\"t\": 1}\n");
	assert_payload_shown(FORM_HEX, 0, "abc", 3,
	    "00000000  61 62 63                                          "
	    "|abc|\n00000003\n");
}

/* Each line says which one it is of, and is one line. */
static void
several(void **state)
{
	struct view_notification v = with(0, "a\n\tb\\\n", 6);
	coap_pdu_t *pdu = message_new(69, 0, "21.4", 4);
	json_t *list = json_pack("[{s:s,s:i,s:i},{s:s,s:i}]", "path", "/t",
	    "old", 1, "new", 2, "path", "/u", "new", 3);
	struct memory_sink m;

	(void)state;
	v.several = true;
	v.label = "lamp:/t\tx";
	assert_shown(FORM_RAW, &v, "lamp:/t\\tx\ta\\n\\tb\\\\\n");
	v = with(0, "", 0);
	v.several = true;
	v.label = "lamp:/t";
	assert_shown(FORM_RAW, &v, "lamp:/t\t\n");
	assert_shown(FORM_NONE, &v, "");
	v.changes = list;
	assert_shown(FORM_RAW, &v, "lamp:/t\t/t: 1 -> 2\nlamp:/t\t+ /u: 3\n");
	v = with(60, "\xa1\x61t\x01", 4);
	v.several = true;
	v.label = "lamp:/t";
	assert_shown(FORM_RAW, &v, "lamp:/t\ta1617401\n");
	assert_shown(FORM_DIAG, &v, "lamp:/t\n{\"t\": 1}\n");
	assert_shown(FORM_HEX, &v,
	    "lamp:/t\n00000000  a1 61 74 01                                  "
	    "     |.at.|\n00000004\n");
	memory_sink_init(&m, FORM_HUMAN);
	m.options.quiet = true;
	memory_sink_open(&m);
	output_notification(m.out, &v);
	assert_wrote(&m, "lamp:/t  {\"t\": 1}\n", "");
	memory_sink_free(&m);
	/* With -i it is in front of the code. */
	v = short_text;
	v.several = true;
	v.label = "lamp:/t";
	v.response = pdu;
	memory_sink_init(&m, FORM_RAW);
	m.options.include = true;
	memory_sink_open(&m);
	output_notification(m.out, &v);
	assert_wrote(&m,
	    "lamp:/t\t2.05 Content\nContent-Format: "
	    "text/plain;charset=utf-8\n\nlamp:/t\t21.4\n",
	    "");
	memory_sink_free(&m);
	coap_delete_pdu(pdu);
	json_decref(list);
}

static void
changes(void **state)
{
	struct view_notification v = short_text;
	json_t *list =
	    json_pack("[{s:s,s:i,s:i}]", "path", "/t", "old", 1, "new", 2);
	json_t *none = json_array();

	(void)state;
	v.changes = list;
	assert_shown(FORM_HUMAN, &v,
	    HEAD " #14 2.05 text/plain 4 B  /t: 1 \u2192 2\n");
	assert_shown(FORM_RAW, &v, "/t: 1 -> 2\n");
	v.changes = none;
	assert_shown(FORM_HUMAN, &v,
	    HEAD " #14 2.05 text/plain 4 B  (the same)\n");
	assert_shown(FORM_RAW, &v, "");
	json_decref(list);
	json_decref(none);
}

/* Each line is one object, allowed by the schema. */
static void
assert_json(struct memory_sink *m, const char *expected)
{
	char *save = NULL, *copy;
	json_t *line;

	assert_int_equal(memory_sink_close(m), 0);
	assert_non_null(text_string(&m->stdout_text));
	assert_string_equal(m->stdout_text.s, expected);
	copy = strdup(m->stdout_text.s);
	for (char *s = strtok_r(copy, "\n", &save); s;
	     s = strtok_r(NULL, "\n", &save)) {
		line = json_loads(s, 0, NULL);
		assert_non_null(line);
		assert_true(json_schema_allows(schema, schema, line));
		json_decref(line);
	}
	free(copy);
	memory_sink_free(m);
}

#define V(type) \
	"{\"v\":1,\"type\":\"" type "\",\"ts\":\"2026-08-14T09:12:03.418Z\","

static void
json(void **state)
{
	static const struct view_observe_summary summary = {
		.uri = "coap://h/t",
		.notifications = 3,
		.unchanged = 1,
		.gaps = 2,
		.duration_ms = 1500,
	};
	struct view_notification v = short_text;
	json_t *list = json_pack("[{s:i,s:s}, {s:s,s:n}, {s:i,s:s}]", "line", 1,
	    "new", "x", "path", "/t", "old", "offset", 1, "new", "ff");
	coap_pdu_t *pdu = message_new(69, 0, "21.4", 4);
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_JSON);
	memory_sink_open(&m);
	v.session_name = "lamp";
	v.response = pdu;
	output_notification(m.out, &v);
	v = short_text;
	v.item = 2;
	v.numbered = false;
	v.changes = list;
	output_notification(m.out, &v);
	output_observe_summary(m.out, &summary);
	assert_json(&m,
	    V("notification") "\"session\":{\"name\":\"lamp\"},\"uri\":"
			      "\"coap://h/t\",\"received\":\"2026-08-14T09:12:"
			      "03.418Z\",\"count\":1,\"number\":14,\"gap\":0,"
			      "\"reordered\":false,\"max_age\":60,\"code\":"
			      "\"2.05\",\"code_name\":\"Content\",\"options\":"
			      "[{\"num\":12,\"name\":\"Content-Format\","
			      "\"value\":0,\"text\":\"text/plain;charset=utf-"
			      "8\"}],\"payload\":{\"length\":4,\"base64\":"
			      "\"MjEuNA==\",\"text\":\"21.4\"}}\n" V(
				  "notification") "\"session\":{\"name\":null},"
						  "\"uri\":\"coap://"
						  "h/"
						  "t\",\"item\":2,\"received\":"
						  "\"2026-08-14T09:"
						  "12:03.418Z\",\"count\":1,"
						  "\"number\":null,"
						  "\"gap\":0,\"reordered\":"
						  "false,\"max_age\":60,"
						  "\"code\":\"2.05\",\"code_"
						  "name\":\"Content\","
						  "\"payload\":{\"length\":4,"
						  "\"base64\":\"MjEuNA="
						  "=\",\"text\":\"21.4\"},"
						  "\"changes\":[{\"line\":"
						  "1,\"new\":\"x\"},{\"path\":"
						  "\"/t\",\"old\":"
						  "null},{\"offset\":1,\"new\":"
						  "\"ff\"}]}\n" V(
						      "observe_summary") "\"uri"
									 "\":"
									 "\"coa"
									 "p://"
									 "h/"
									 "t\","
									 "\"not"
									 "ifica"
									 "tions"
									 "\":3,"
									 "\"unc"
									 "hange"
									 "d\":"
									 "1,"
									 "\"gap"
									 "s\":"
									 "2,"
									 "\"reo"
									 "rdere"
									 "d\":"
									 "0,"
									 "\"reg"
									 "istra"
									 "tions"
									 "\":0,"
									 "\"dur"
									 "ation"
									 "_ms\""
									 ":1500"
									 "}"
									 "\n");
	json_decref(list);
	coap_delete_pdu(pdu);
}

static void
summaries(void **state)
{
	static const struct view_observe_summary all = {
		.uri = "coap://h/t",
		.notifications = 12,
		.unchanged = 1,
		.gaps = 2,
		.reordered = 3,
		.registrations = 1,
		.duration_ms = 1500,
	};
	static const struct view_observe_summary one = {
		.uri = "coap://h/t",
		.notifications = 1,
		.registrations = 2,
	};
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_HUMAN);
	memory_sink_open(&m);
	output_observe_summary(m.out, &all);
	output_observe_summary(m.out, &one);
	assert_wrote(&m, "",
	    "--- coap://h/t ---\n12 notifications in 1.5 s, 2 skipped, 3 out "
	    "of order, 1 unchanged, asked for again 1 time\n"
	    "--- coap://h/t ---\n1 notification in 0 ms, asked for again 2 "
	    "times\n");
	memory_sink_free(&m);
	memory_sink_init(&m, FORM_HUMAN);
	m.options.quiet = true;
	memory_sink_open(&m);
	output_observe_summary(m.out, &all);
	assert_wrote(&m, "", "");
	memory_sink_free(&m);
}

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	coap_startup();
	schema = json_load_file(SCHEMA, 0, NULL);
	return schema ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(schema);
	coap_cleanup();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_people),
		cmocka_unit_test(quiet_people),
		cmocka_unit_test(raw),
		cmocka_unit_test(several),
		cmocka_unit_test(changes),
		cmocka_unit_test(json),
		cmocka_unit_test(summaries),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
