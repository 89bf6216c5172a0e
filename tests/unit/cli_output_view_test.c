/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables, fields, links, pings and traces, as people and programs see them. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "output_support.h"

static const struct view_session sessions[] = {
	{ .name = "lamp",
	    .current = true,
	    .proto = "udp",
	    .type = "client",
	    .state = "established",
	    .local = "127.0.0.1:40000",
	    .remote = "127.0.0.1:5683",
	    .age_ms = 303000,
	    .rtt_us = 23100,
	    .observations = 1,
	    .security = "psk" },
	{ .name = "k\xc3\xbc"
		  "che\t\033",
	    .proto = "tcp",
	    .type = "server",
	    .state = "none",
	    .remote = "[fd00::2]:5683",
	    .age_ms = 5 },
};

static void
sessions_human(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	output_sessions(memory_sink_open(&m), sessions, 2);
	assert_wrote(&m,
	    "   NAME         TYPE    PROTO  STATE        LOCAL            "
	    "REMOTE          RTT    OBS  AGE\n"
	    "*  lamp         client  udp    established  127.0.0.1:40000  "
	    "127.0.0.1:5683  23 ms  1    5 min 3 s\n"
	    "   k\xc3\xbc"
	    "che\\t\\x1b  server  tcp    none         -                "
	    "[fd00::2]:5683  -      0    5.0 ms\n",
	    "");
	memory_sink_terminal(&m, FORM_AUTO);
	output_sessions(memory_sink_open(&m), NULL, 0);
	assert_wrote(&m, "", "no sessions\n");
}

static void
sessions_raw(void **state)
{
	static const char expected[] =
	    "lamp\t*\tclient\tudp\testablished\t127.0.0.1:40000\t"
	    "127.0.0.1:5683\t23.1\t1\t303000\tpsk\n"
	    "k\xc3\xbc"
	    "che\\t\\x1b\t\tserver\ttcp\tnone\t\t[fd00::2]:5683\t\t0\t5\t\n";
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	output_sessions(memory_sink_open(&m), sessions, 2);
	assert_wrote(&m, expected, "");
	memory_sink_init(&m, FORM_HEX);
	output_sessions(memory_sink_open(&m), sessions, 2);
	assert_wrote(&m, expected, "");
	memory_sink_init(&m, FORM_AUTO);
	output_sessions(memory_sink_open(&m), NULL, 0);
	assert_wrote(&m, "", "");
}

/* Who is not checked is marked for people, and told to programs. */
static void
insecure_sessions(void **state)
{
	static const struct view_session v = {
		.name = "lamp",
		.proto = "dtls",
		.type = "client",
		.state = "established",
		.age_ms = 5,
		.security = "insecure",
	};
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	output_sessions(memory_sink_open(&m), &v, 1);
	assert_wrote(&m,
	    "   NAME  TYPE    PROTO            STATE        LOCAL  REMOTE  RTT "
	    " "
	    "OBS  AGE\n"
	    "   lamp  client  dtls (insecure)  established  -      -       -   "
	    " "
	    "0    5.0 ms\n",
	    "");
	memory_sink_init(&m, FORM_RAW);
	output_sessions(memory_sink_open(&m), &v, 1);
	assert_wrote(&m,
	    "lamp\t\tclient\tdtls\testablished\t\t\t\t0\t5\tinsecure\n", "");
}

static void
colored_cells_stay_aligned(void **state)
{
	static const char *const columns[] = { "a_b", "c", NULL };
	static const char *const cells[] = { "x", "\xe6\xb8\xa9", "yyyy",
		NULL };
	const struct view_table v = { "thing", columns, cells, 2 };
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	m.options.color = 1;
	output_table(memory_sink_open(&m), &v);
	assert_wrote(&m,
	    "\033[1mA B\033[0m   \033[1mC\033[0m\n"
	    "x     \xe6\xb8\xa9\n"
	    "yyyy  -\n",
	    "");
}

static void
tables_raw(void **state)
{
	static const char *const columns[] = { "key", "value", NULL };
	static const char *const cells[] = { "a", "1\t2\n3\\", "b", NULL };
	const struct view_table v = { "datum", columns, cells, 2 };
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_RAW);
	output_table(memory_sink_open(&m), &v);
	assert_wrote(&m, "a\t1\\t2\\n3\\\\\nb\t\n", "");
}

static const struct view_field fields[] = {
	{ "name", FIELD_TEXT, "lamp\033\n", 0 },
	{ "mtu", FIELD_NUMBER, NULL, 1152 },
	{ "factor", FIELD_NUMBER, NULL, 1.5 },
	{ "secure", FIELD_BOOL, NULL, 0 },
	{ "age", FIELD_MS, NULL, 303000 },
	{ "stats.rtt-min", FIELD_MS, NULL, 0.4 },
	{ "ifindex", FIELD_NULL, NULL, 0 },
};
#define N_FIELDS (sizeof(fields) / sizeof(*fields))

static void
fields_human(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	output_fields(memory_sink_open(&m), "session lamp", fields, N_FIELDS);
	assert_wrote(&m,
	    "session lamp\n"
	    "  name           lamp\\x1b\\n\n"
	    "  mtu            1152\n"
	    "  factor         1.5\n"
	    "  secure         no\n"
	    "  age            5 min 3 s\n"
	    "  stats.rtt-min  0.4 ms\n"
	    "  ifindex        -\n",
	    "");
}

static void
fields_raw(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	output_fields(memory_sink_open(&m), "session lamp", fields, N_FIELDS);
	assert_wrote(&m,
	    "name\tlamp\\x1b\\n\nmtu\t1152\nfactor\t1.5\nsecure\tfalse\n"
	    "age\t303000\nstats.rtt-min\t0.4\nifindex\t\n",
	    "");
}

static void
values(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	for (size_t i = 0; i < N_FIELDS; i++)
		output_value(i == 0 ? memory_sink_open(&m) : m.out, &fields[i]);
	assert_wrote(&m, "lamp\033\n\n1152\n1.5\nfalse\n303000\n0.4\n\n", "");

	memory_sink_terminal(&m, FORM_AUTO);
	output_value(memory_sink_open(&m), &fields[0]);
	output_value(m.out, &fields[4]);
	assert_wrote(&m, "lamp\\x1b\n\n303000\n", "");
}

static struct view_link_attr temperature[] = {
	{ "rt", "temperature x" },
	{ "ct", "0" },
	{ "obs", NULL },
};
static struct view_link_attr lamp[] = { { "ct", "65000" },
	{ "ct", "text/\033" } };
static const struct view_link links[] = {
	{ "/sensors/t", temperature, 3, NULL, false },
	{ "/l\033", lamp, 2, NULL, false },
	{ "/bare", NULL, 0, NULL, false },
};

static void
links_are_listed(void **state)
{
	static const struct view_link of_member = { "/l\033", lamp, 2,
		"192.0.2.7:5683", false };
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	output_links(memory_sink_open(&m), links, 3);
	assert_wrote(&m,
	    "/sensors/t  rt=\"temperature x\"  ct=0 (text/plain)  obs\n"
	    "/l\\x1b      ct=65000  ct=text/\\x1b\n"
	    "/bare\n",
	    "");
	memory_sink_init(&m, FORM_AUTO);
	output_links(memory_sink_open(&m), links, 3);
	assert_wrote(&m,
	    "/sensors/t\trt=temperature x\tct=0\tobs\n"
	    "/l\\x1b\tct=65000\tct=text/\\x1b\n"
	    "/bare\n",
	    "");
	/* A group's: whose it is comes first. */
	memory_sink_init(&m, FORM_AUTO);
	output_links(memory_sink_open(&m), &of_member, 1);
	assert_wrote(&m, "192.0.2.7:5683\t/l\\x1b\tct=65000\tct=text/\\x1b\n",
	    "");
	memory_sink_terminal(&m, FORM_AUTO);
	output_links(memory_sink_open(&m), NULL, 0);
	assert_wrote(&m, "", "no links\n");
}

/* Sorted where it is, so each time a new one. */
static void
draw_more(struct memory_sink *m)
{
	struct view_link list[] = {
		{ "/sensors/t", temperature, 3, NULL, false },
		{ "/s-1", NULL, 0, NULL, false },
		{ "/sensors/x/y", NULL, 0, NULL, false },
		{ "coap://h/x", NULL, 0, NULL, false },
		{ "/sensors", lamp, 2, NULL, false },
		{ "/z//\033", NULL, 0, NULL, false },
	};

	output_link_tree(m->out, list, sizeof list / sizeof list[0]);
}

static void
draw(struct memory_sink *m)
{
	memory_sink_open(m);
	draw_more(m);
}

static void
links_as_a_tree(void **state)
{
	static const char json[] = "\"target\":\"/s-1\"";
	struct view_link root = { "/", temperature, 3, NULL, false };
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	draw(&m);
	assert_wrote(&m,
	    "/\n"
	    "├─ s-1\n"
	    "├─ sensors     ct=65000  ct=text/\\x1b\n"
	    "│  ├─ t        rt=\"temperature x\"  ct=0 (text/plain)  obs\n"
	    "│  └─ x\n"
	    "│     └─ y\n"
	    "└─ z\n"
	    "   └─ /\n"
	    "      └─ \\x1b\n"
	    "coap://h/x\n",
	    "");
	memory_sink_init(&m, FORM_RAW);
	m.sink.utf8 = false;
	draw(&m);
	assert_wrote(&m,
	    "/\n"
	    "|- s-1\n"
	    "|- sensors     ct=65000  ct=text/\\x1b\n"
	    "|  |- t        rt=\"temperature x\"  ct=0 (text/plain)  obs\n"
	    "|  `- x\n"
	    "|     `- y\n"
	    "`- z\n"
	    "   `- /\n"
	    "      `- \\x1b\n"
	    "coap://h/x\n",
	    "");
	memory_sink_init(&m, FORM_HUMAN);
	output_link_tree(memory_sink_open(&m), &root, 1);
	assert_wrote(&m, "/  rt=\"temperature x\"  ct=0 (text/plain)  obs\n",
	    "");
	memory_sink_init(&m, FORM_JSON);
	draw(&m);
	assert_non_null(strstr(m.stdout_text.s, json));
	memory_sink_free(&m);
}

/* What is deeper than a tree is drawn is one name. */
static void
a_tree_has_a_depth(void **state)
{
	char path[2 * 40 + 1];
	struct view_link link = { path, NULL, 0, NULL, false };
	struct memory_sink m;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		memcpy(path + 2 * i, "/a", 2);
	path[sizeof path - 1] = '\0';
	memory_sink_init(&m, FORM_HUMAN);
	output_link_tree(memory_sink_open(&m), &link, 1);
	assert_non_null(strstr(m.stdout_text.s, "└─ a/a/a/a/a/a/a/a/a\n"));
	memory_sink_free(&m);
}

static const struct view_ping pings[] = {
	{ "127.0.0.1:5683", 1, 400, 0 },
	{ "127.0.0.1:5683", 2, 0, -COAP_E_TIMEOUT },
	{ "127.0.0.1:5683", 3, 0, -COAP_E_REFUSED },
};
static const struct view_ping_summary summary = { "127.0.0.1:5683", 3, 1, 400,
	400, 400 };
static const struct view_ping_summary silence = { "h", 2, 0, 0, 0, 0 };

static void
pings_human(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	memory_sink_open(&m);
	for (size_t i = 0; i < 3; i++)
		output_ping(m.out, &pings[i]);
	output_ping_summary(m.out, &summary);
	output_ping_summary(m.out, &silence);
	assert_wrote(&m,
	    "reply from 127.0.0.1:5683: seq=1 time=0.4 ms\n"
	    "no answer: seq=2\n"
	    "no answer: seq=3 (connection refused)\n"
	    "--- 127.0.0.1:5683 ---\n"
	    "3 sent, 1 answered, 66% lost\n"
	    "time min/avg/max: 0.4 ms / 0.4 ms / 0.4 ms\n"
	    "--- h ---\n"
	    "2 sent, 0 answered, 100% lost\n",
	    "");
}

static void
pings_raw(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_AUTO);
	memory_sink_open(&m);
	for (size_t i = 0; i < 3; i++)
		output_ping(m.out, &pings[i]);
	output_ping_summary(m.out, &summary);
	assert_wrote(&m,
	    "127.0.0.1:5683\t1\t0.4\t\n"
	    "127.0.0.1:5683\t2\t\tno answer in time\n"
	    "127.0.0.1:5683\t3\t\tconnection refused\n",
	    "");
}

static void
texts(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	output_text(memory_sink_open(&m), "help", "a\tb\nc\033");
	output_text(m.out, "help", "");
	assert_wrote(&m, "a       b\nc\\x1b\n", "");
	memory_sink_init(&m, FORM_AUTO);
	output_text(memory_sink_open(&m), "help", "a\tb\nc\n");
	assert_wrote(&m, "a\tb\nc\n", "");
}

/* --- traces -------------------------------------------------------------- */

static void
trace(struct memory_sink *m, unsigned verbose)
{
	coap_pdu_t *pdu = message_new(1, -1, NULL, 0);
	const coapx_trace_t traces[] = {
		{ .kind = COAPX_TRACE_STATE, .text = "established\033" },
		{ .kind = COAPX_TRACE_TX,
		    .pdu = pdu,
		    .data = (const uint8_t *)"\x42\033",
		    .length = 2 },
		{ .kind = COAPX_TRACE_TX, .pdu = pdu, .retransmission = 1 },
		{ .kind = COAPX_TRACE_RX,
		    .data = (const uint8_t *)"\xff",
		    .length = 1 },
	};

	memory_sink_init(m, FORM_RAW);
	m->options.verbose = verbose;
	memory_sink_open(m);
	for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++)
		output_trace(m->out, i == 0 ? "lamp" : NULL, &traces[i]);
	coap_delete_pdu(pdu);
}

static void
traces_by_verbosity(void **state)
{
	struct memory_sink m;

	(void)state;
	trace(&m, 0);
	assert_wrote(&m, "", "");
	trace(&m, 1);
	assert_wrote(&m, "",
	    "* lamp: established\\x1b\n"
	    "* retransmission 1\n");
	trace(&m, 2);
	assert_wrote(&m, "",
	    "* lamp: established\\x1b\n"
	    "> ACK 0.01 GET mid=4711 token=a1b2\n"
	    "> ACK 0.01 GET mid=4711 token=a1b2 (retransmission 1)\n"
	    "< 1 byte that is no valid message\n");
	trace(&m, 3);
	assert_wrote(&m, "",
	    "* lamp: established\\x1b\n"
	    "> ACK 0.01 GET mid=4711 token=a1b2\n"
	    ">  00000000  42 1b                                           "
	    "  |B.|\n"
	    ">  00000002\n"
	    "> ACK 0.01 GET mid=4711 token=a1b2 (retransmission 1)\n"
	    "< 1 byte that is no valid message\n"
	    "<  00000000  ff                                              "
	    "  |.|\n"
	    "<  00000001\n");
}

/* --- no memory ----------------------------------------------------------- */

/* Whatever is not written for want of memory is told by output_close(). */
static void
want_of_memory_is_a_failure(void **state)
{
	static const enum form all[] = { FORM_HUMAN, FORM_RAW, FORM_JSON };
	struct memory_sink m;
	int closed = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		closed = -1;
		for (size_t n = 1; closed != 0; n++) {
			assert_true(n < 1000);
			memory_sink_init(&m, all[i]);
			memory_sink_open(&m);
			mem_fail_at(n, 0);
			output_sessions(m.out, sessions, 2);
			output_fields(m.out, "x", fields, N_FIELDS);
			output_links(m.out, links, 3);
			draw_more(&m);
			mem_fail_at(0, 0);
			closed = memory_sink_close(&m);
			memory_sink_free(&m);
			assert_int_equal(mem_outstanding(), 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_human),
		cmocka_unit_test(sessions_raw),
		cmocka_unit_test(insecure_sessions),
		cmocka_unit_test(colored_cells_stay_aligned),
		cmocka_unit_test(tables_raw),
		cmocka_unit_test(fields_human),
		cmocka_unit_test(fields_raw),
		cmocka_unit_test(values),
		cmocka_unit_test(links_are_listed),
		cmocka_unit_test(links_as_a_tree),
		cmocka_unit_test(a_tree_has_a_depth),
		cmocka_unit_test(pings_human),
		cmocka_unit_test(pings_raw),
		cmocka_unit_test(texts),
		cmocka_unit_test(traces_by_verbosity),
		cmocka_unit_test(want_of_memory_is_a_failure),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
