/* SPDX-License-Identifier: BSD-2-Clause */
/* The form json: the exact lines, and that they are as the schema says. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_schema.h"
#include "output_support.h"

#define SCHEMA "man/coap-shell.schema.json"
#define V(type) \
	"{\"v\":1,\"type\":\"" type "\",\"ts\":\"2026-08-14T09:12:03.418Z\""
#define HEAD                                                                \
	V("response")                                                       \
	",\"session\":{\"name\":\"lamp\"},\"request\":{\"method\":\"GET\"," \
	"\"uri\":\"coap://h/t\",\"mid\":4711,\"token\":\"a1b2\"},"

static json_t *schema;

/* Each line is one object, allowed by the schema. */
static void
assert_lines(struct memory_sink *m, const char *expected)
{
	char *save = NULL;
	json_t *line;
	char *copy;

	assert_int_equal(memory_sink_close(m), 0);
	assert_int_equal(m->stderr_text.len, 0);
	assert_non_null(text_string(&m->stdout_text));
	if (expected)
		assert_string_equal(m->stdout_text.s, expected);
	copy = strdup(m->stdout_text.s);
	for (char *s = strtok_r(copy, "\n", &save); s;
	     s = strtok_r(NULL, "\n", &save)) {
		line = json_loads(s, JSON_ALLOW_NUL, NULL);
		assert_non_null(line);
		assert_true(json_schema_allows(schema, schema, line));
		json_decref(line);
	}
	free(copy);
	memory_sink_free(m);
}

static void
respond(struct memory_sink *m, coap_pdu_t *pdu)
{
	coap_pdu_t *request = message_new(1, -1, NULL, 0);
	struct view_response v = {
		.session_name = "lamp",
		.request = request,
		.response = pdu,
		.uri = "coap://h/t",
		.rtt_us = 23100,
		.retransmits = 1,
		.ok = COAP_RESPONSE_CLASS(coap_pdu_get_code(pdu)) == 2,
	};

	memory_sink_init(m, FORM_JSON);
	output_response(memory_sink_open(m), &v);
	coap_delete_pdu(pdu);
	coap_delete_pdu(request);
}

static void
a_response(void **state)
{
	struct memory_sink m;

	(void)state;
	respond(&m, message_new(COAP_RESPONSE_CODE(205), 0, "hi\n", 3));
	assert_lines(&m,
	    HEAD "\"code\":\"2.05\",\"code_name\":\"Content\",\"ok\":true,"
		 "\"rtt_ms\":23.1,\"retransmits\":1,\"options\":[{\"num\":12,"
		 "\"name\":\"Content-Format\",\"value\":0,"
		 "\"text\":\"text/plain;charset=utf-8\"}],\"payload\":{"
		 "\"length\":3,\"base64\":\"aGkK\",\"text\":\"hi\\n\"}}\n");
}

static void
an_error_response(void **state)
{
	struct memory_sink m;

	(void)state;
	respond(&m, message_new(COAP_RESPONSE_CODE(404), -1, NULL, 0));
	assert_lines(&m,
	    HEAD
	    "\"code\":\"4.04\",\"code_name\":\"Not Found\",\"ok\":false,"
	    "\"rtt_ms\":23.1,\"retransmits\":1,\"options\":[],\"payload\":{"
	    "\"length\":0,\"base64\":\"\",\"text\":\"\"}}\n");
}

static void
no_response(void **state)
{
	const struct view_response v = { .ok = true };
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_JSON);
	output_response(memory_sink_open(&m), &v);
	assert_lines(&m,
	    V("response") ",\"session\":{\"name\":null},\"request\":{\"uri\":"
			  "null},"
			  "\"code\":null,\"ok\":true}\n");
}

static void
all_kinds_of_options(void **state)
{
	coap_pdu_t *pdu;
	struct memory_sink m;

	(void)state;
	pdu = message_new(COAP_RESPONSE_CODE(205), -1, NULL, 0);
	coap_add_option(pdu, COAP_OPTION_ETAG, 2, (const uint8_t *)"\x01\xff");
	coap_add_option(pdu, COAP_OPTION_IF_NONE_MATCH, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_LOCATION_PATH, 2,
	    (const uint8_t *)"a\033");
	coap_add_option(pdu, COAP_OPTION_LOCATION_PATH, 1,
	    (const uint8_t *)"\xff");
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, (const uint8_t *)"\x1a");
	coap_add_option(pdu, 65000, 1, (const uint8_t *)"\x07");
	respond(&m, pdu);
	assert_non_null(strstr(text_string(&m.stdout_text),
	    "\"options\":[{\"num\":4,\"name\":\"ETag\",\"value\":\"01ff\"},"
	    "{\"num\":5,\"name\":\"If-None-Match\",\"value\":null},"
	    "{\"num\":8,\"name\":\"Location-Path\",\"value\":\"a\\u001B\"},"
	    "{\"num\":8,\"name\":\"Location-Path\",\"value\":\"ff\"},"
	    "{\"num\":23,\"name\":\"Block2\",\"value\":26,"
	    "\"text\":\"1/1/64\"},"
	    "{\"num\":65000,\"name\":null,\"value\":\"07\"}]"));
	assert_lines(&m, NULL);
}

/* What stands behind "payload": in the line. */
static void
check_payload(int format, const char *data, size_t len, const char *expected)
{
	struct memory_sink m;
	const char *found;

	respond(&m, message_new(COAP_RESPONSE_CODE(205), format, data, len));
	found = strstr(text_string(&m.stdout_text), "\"payload\":");
	assert_non_null(found);
	assert_string_equal(found + strlen("\"payload\":"), expected);
	assert_lines(&m, NULL);
}

static void
payloads_are_decoded(void **state)
{
	(void)state;
	check_payload(50, "{\"a\": [1, 21.4, null]}", 22,
	    "{\"length\":22,\"base64\":\"eyJhIjogWzEsIDIxLjQsIG51bGxdfQ==\","
	    "\"text\":\"{\\\"a\\\": [1, 21.4, null]}\","
	    "\"decoded\":{\"a\":[1,21.4,null]}}}\n");
	check_payload(110, "1", 1,
	    "{\"length\":1,\"base64\":\"MQ==\",\"text\":\"1\","
	    "\"decode_error\":\"it is no array of records\"}}\n");
	check_payload(50, "{", 1,
	    "{\"length\":1,\"base64\":\"ew==\",\"text\":\"{\","
	    "\"decode_error\":\"line 1, column 1: string or '}' expected near "
	    "end of file\"}}\n");
	check_payload(50, "18446744073709551616", 20,
	    "{\"length\":20,\"base64\":\"MTg0NDY3NDQwNzM3MDk1NTE2MTY=\","
	    "\"text\":\"18446744073709551616\","
	    "\"decoded\":1.84467440737096e19}}\n");
	check_payload(60, "\xa1\x01\x41\xff", 4,
	    "{\"length\":4,\"base64\":\"oQFB/w==\","
	    "\"decoded\":{\"1\":\"_w\"}}}\n");
	check_payload(63, "\x01\x20", 2,
	    "{\"length\":2,\"base64\":\"ASA=\",\"text\":\"\\u0001 \","
	    "\"decoded\":[1,-1]}}\n");
	check_payload(60, "\x18", 1,
	    "{\"length\":1,\"base64\":\"GA==\",\"text\":\"\\u0018\","
	    "\"decode_error\":\"at byte 0: the data ends too early\"}}\n");
	check_payload(112, "\x81\xa2\x00\x61\x61\x02\x05", 7,
	    "{\"length\":7,\"base64\":\"gaIAYWECBQ==\","
	    "\"decoded\":[{\"n\":\"a\",\"v\":5}]}}\n");
	check_payload(257, "\xa2\x20\x61\x74\x23\x18\x84", 7,
	    "{\"length\":7,\"base64\":\"oiBhdCMYhA==\","
	    "\"decoded\":{\"title\":\"t\",\"response-code\":\"4.04\"}}}"
	    "\n");
	check_payload(40, "</a>;rt=\"x\\\"y\";obs,</b>;x=1;x=2", 31,
	    "{\"length\":31,\"base64\":"
	    "\"PC9hPjtydD0ieFwieSI7b2JzLDwvYj47eD0xO3g9Mg==\","
	    "\"text\":\"</a>;rt=\\\"x\\\\\\\"y\\\";obs,</b>;x=1;x=2\","
	    "\"decoded\":[{\"target\":\"/a\",\"attributes\":{"
	    "\"rt\":\"x\\\"y\",\"obs\":true}},{\"target\":\"/b\","
	    "\"attributes\":{\"x\":[\"1\",\"2\"]}}]}}\n");
	check_payload(40, "</a", 3,
	    "{\"length\":3,\"base64\":\"PC9h\",\"text\":\"</a\","
	    "\"decode_error\":\"at byte 3 it is no list of links\"}}\n");
}

static void
a_payload_alone(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_JSON);
	output_payload(memory_sink_open(&m), 60, "\x05", 1);
	assert_lines(&m,
	    V("payload") ",\"content_format\":\"application/"
			 "cbor\",\"payload\":{"
			 "\"length\":1,\"base64\":\"BQ==\",\"text\":"
			 "\"\\u0005\","
			 "\"decoded\":5}}\n");
}

static void
hostile_payloads(void **state)
{
	static const uint8_t turned[] = { 0xe2, 0x80, 0xae, 0xf3, 0xa0, 0x81,
		0x81 };

	(void)state;
	/* ESC, NUL, DEL and the C1 CSI are escaped; so are marks that turn
	 * the direction, and tags. */
	check_payload(0, "\033[2J\0\x7f\xc2\x9b", 8,
	    "{\"length\":8,\"base64\":\"G1sySgB/wps=\","
	    "\"text\":\"\\u001B[2J\\u0000\\u007F\\u009B\"}}\n");
	check_payload(0, (const char *)turned, sizeof(turned),
	    "{\"length\":7,\"base64\":\"4oCu86CBgQ==\","
	    "\"text\":\"\\u202E\\uDB40\\uDC41\"}}\n");
	check_payload(0, "a\xff", 2, "{\"length\":2,\"base64\":\"Yf8=\"}}\n");
}

static void
large_payloads_are_a_length(void **state)
{
	const size_t max = 1024 * 1024;
	char *data = calloc(1, max + 1);
	struct memory_sink m;

	(void)state;
	assert_non_null(data);
	check_payload(42, data, max + 1,
	    "{\"length\":1048577,\"sha256\":\"2cb74edba754a81d121c9db6833704a8"
	    "e7d417e5b13d1a19f4a52f007d644264\"}}\n");
	respond(&m, message_new(COAP_RESPONSE_CODE(205), 42, data, max));
	assert_non_null(
	    strstr(text_string(&m.stdout_text), "\"base64\":\"AAA"));
	assert_lines(&m, NULL);
	free(data);
}

static void
other_views(void **state)
{
	static const char *const columns[] = { "name", "type", NULL };
	static const char *const cells[] = { "l1", NULL };
	static const struct view_table table = { "listener", columns, cells,
		1 };
	static const struct view_session session = { .name = "s",
		.proto = "udp",
		.age_ms = 5,
		.rtt_us = 1500 };
	static const struct view_field fields[] = { { "age", FIELD_MS, NULL,
							1.5 },
		{ "mtu", FIELD_NUMBER, NULL, 1152 },
		{ "secure", FIELD_BOOL, NULL, 1 },
		{ "data.x", FIELD_TEXT, "\xff", 0 },
		{ "none", FIELD_NULL, NULL, 0 } };
	static struct view_link_attr attrs[] = { { "rt", "a" }, { "obs", NULL },
		{ "\xff", "b" } };
	static const struct view_link link = { "/a", attrs, 3,
		"[fe80::1%eth0]:5683", true };
	static const struct view_ping answered = { "h:1", 1, 400, 0 };
	static const struct view_ping silent = { "h:1", 2, 0, -COAP_E_TIMEOUT };
	static const struct view_ping_summary summary = { "h:1", 2, 1, 400, 400,
		400 };
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_JSON);
	memory_sink_open(&m);
	output_sessions(m.out, &session, 1);
	output_fields(m.out, "session s", fields, 5);
	output_value(m.out, &fields[0]);
	output_links(m.out, &link, 1);
	output_ping(m.out, &answered);
	output_ping(m.out, &silent);
	output_ping_summary(m.out, &summary);
	output_table(m.out, &table);
	output_text(m.out, "version", "1");
	output_event(m.out, "s", "closed", NULL);
	output_error(m.out, 7, "refused");
	assert_lines(&m,
	    V("session") ",\"name\":\"s\",\"current\":false,"
			 "\"session_type\":null,\"proto\":\"udp\",\"state\":"
			 "null,"
			 "\"local\":null,\"remote\":null,\"rtt_ms\":1.5,"
			 "\"observations\":0,\"age_ms\":5,\"security\":null}"
			 "\n" V(
			     "info") ",\"title\":\"session "
				     "s\",\"fields\":{\"age_ms\":1.5,"
				     "\"mtu\":1152,\"secure\":true,\"data.x\":"
				     "\"\\\\xff\","
				     "\"none\":null}}\n" V(
					 "value") ",\"name\":\"age_ms\","
						  "\"value\":1.5}\n" V(
						      "link") ",\"from\":\"["
							      "fe80::1%eth0]:"
							      "5683\","
							      "\"target\":\"/"
							      "a\","
							      "\"attributes\":{"
							      "\"rt\":\"a\","
							      "\"obs\":true,"
							      "\"\\\\xff\":"
							      "\"b\"},"
							      "\"malformed\":"
							      "true}\n" V(
								  "ping") ",\"p"
									  "eer"
									  "\":"
									  "\"h:"
									  "1\","
									  "\"se"
									  "q\":"
									  "1,"
									  "\"ok"
									  "\":"
									  "true"
									  ","
									  "\"rt"
									  "t_"
									  "ms\""
									  ":0."
									  "4}"
									  "\n" V(
									      "ping") ",\"peer\":\"h:1\",\"seq\":2,\"ok\":false,"
										      "\"error\":\"no answer in time\"}\n" V(
											  "ping_summary") ",\"peer\":\"h:1\",\"sent\":2,\"answered\":1,"
													  "\"min_ms\":0.4,\"avg_ms\":0.4,\"max_ms\":0.4}\n" V("listener") ",\"name\":\"l1\",\"listener_type\":null}\n" V(
													      "version") ",\"text\":\"1\"}\n" V("event") ",\"session\":\"s\",\"event\":\"closed\","
																			 "\"detail\":null}\n" V(
																			     "error") ",\"status\":7,\"error\":\"refused\"}\n");
}

static void
a_terminal_without_utf8_gets_ascii(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_JSON);
	m.sink.utf8 = false;
	output_text(memory_sink_open(&m), "echo", "\xc2\xb0\xf0\x9f\x98\x80");
	assert_lines(&m, V("echo") ",\"text\":\"\\u00B0\\uD83D\\uDE00\"}\n");
}

static void
a_session_of_its_own(void **state)
{
	coap_pdu_t *pdu = message_new(COAP_RESPONSE_CODE(204), -1, NULL, 0);
	struct view_response v = { .response = pdu, .ok = true };
	coap_context_t *context;
	coap_address_t peer;
	struct memory_sink m;

	(void)state;
	coap_startup();
	context = coap_new_context(NULL);
	assert_non_null(context);
	coap_address_init(&peer);
	peer.addr.sin.sin_family = AF_INET;
	peer.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	coap_address_set_port(&peer, 5683);
	v.session =
	    coap_new_client_session(context, NULL, &peer, COAP_PROTO_UDP);
	assert_non_null(v.session);
	memory_sink_init(&m, FORM_JSON);
	output_response(memory_sink_open(&m), &v);
	assert_non_null(strstr(text_string(&m.stdout_text),
	    "\"session\":{\"name\":null,\"proto\":\"udp\","
	    "\"remote\":\"127.0.0.1:5683\"}"));
	assert_lines(&m, NULL);
	coap_free_context(context);
	coap_cleanup();
	coap_delete_pdu(pdu);
}

/* A check that everything passes would be none. */
static void
the_schema_refuses(void **state)
{
	static const char *const wrong[] = {
		"[]",
		"{}",
		"{\"v\":1,\"type\":\"error\"}",
		V("error") ",\"status\":0,\"error\":\"x\"}",
		V("error") ",\"status\":7,\"error\":\"x\",\"more\":1}",
		V("ping") ",\"peer\":\"h\",\"seq\":-1,\"ok\":true}",
		V("ping") ",\"peer\":\"h\",\"seq\":1,\"ok\":\"yes\"}",
		V("listener") ",\"name\":1}",
		("{\"v\":2,\"type\":\"version\",\"ts\":"
		 "\"2026-08-14T09:12:03.418Z\",\"text\":\"1\"}"),
		"{\"v\":1,\"type\":\"version\",\"ts\":\"today\"}",
	};
	json_t *line;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		line = json_loads(wrong[i], 0, NULL);
		assert_non_null(line);
		assert_false(json_schema_allows(schema, schema, line));
		json_decref(line);
	}
}

static int
load_schema(void **state)
{
	(void)state;
	schema = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, NULL);
	return schema ? 0 : -1;
}

static int
free_schema(void **state)
{
	(void)state;
	json_decref(schema);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response),
		cmocka_unit_test(an_error_response),
		cmocka_unit_test(no_response),
		cmocka_unit_test(all_kinds_of_options),
		cmocka_unit_test(payloads_are_decoded),
		cmocka_unit_test(a_payload_alone),
		cmocka_unit_test(hostile_payloads),
		cmocka_unit_test(large_payloads_are_a_length),
		cmocka_unit_test(other_views),
		cmocka_unit_test(a_terminal_without_utf8_gets_ascii),
		cmocka_unit_test(a_session_of_its_own),
		cmocka_unit_test(the_schema_refuses),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
