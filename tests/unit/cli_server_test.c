/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner's side of the control socket, spoken to by clients that say what
 * coap-shell-control(7) allows, and what it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <utlist.h>

#include "cli/body/input.h"
#include "cli/body/upload.h"
#include "cli/command.h"
#include "cli/control/server.h"
#include "clock_skip.h"
#include "control_owner.h"

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct control_owner));
	control_owner_open(*state);
	return 0;
}

static int
teardown(void **state)
{
	control_owner_close(*state);
	free(*state);
	return 0;
}

/* A value of so many bytes on lamp, "k". */
static void
set_data(struct control_owner *o, struct control_peer *p, size_t len)
{
	char *line = malloc(len + 64);
	int n = snprintf(line, 64, "session data set lamp k ");

	assert_non_null(line);
	memset(line + n, 'v', len);
	line[(size_t)n + len] = '\0';
	assert_int_equal(control_owner_do(o, p, line), STATUS_OK);
	free(line);
}

/* So many bytes of output, no more; they may come in any pieces. */
static void
expect_bytes(struct control_peer *p, uint32_t request, size_t len)
{
	while (len > 0) {
		control_peer_expect(p, MESSAGE_OUTPUT, request);
		assert_int_equal(p->m.output.stream, STREAM_OUT);
		assert_in_range(p->m.output.data.len, 1, MESSAGE_DATA);
		assert_true(p->m.output.data.len <= len);
		len -= p->m.output.data.len;
	}
}

static void
expect_exit(struct control_peer *p, uint32_t request, uint32_t status)
{
	control_peer_expect(p, MESSAGE_EXIT, request);
	assert_int_equal(p->m.exit.status, status);
}

static bool
slice_is(struct slice slice, const char *s)
{
	return slice.len == strlen(s) && memcmp(slice.data, s, slice.len) == 0;
}

/* --- the connection ------------------------------------------------------ */

static void
test_hello(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_connect(o, 0);
	struct message m = { .type = MESSAGE_HELLO };

	/* At once, without being asked. */
	control_peer_expect(p, MESSAGE_HELLO, 0);
	assert_int_equal(p->m.hello.version, CONTROL_VERSION);
	assert_memory_equal(p->m.hello.software.data, "coap-shell ", 11);
	control_peer_hello(p);
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
	assert_string_equal(o->out.s, "/\n");
	control_peer_hello(p);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);

	/* What stands behind a version that is not known is not looked at. */
	p = control_owner_connect(o, 1);
	control_peer_expect(p, MESSAGE_HELLO, 0);
	m.hello.version = CONTROL_VERSION + 1;
	control_peer_send(p, &m);
	control_peer_start(p, 1, "close lamp", NULL);
	control_peer_raw(p, "\0\0\0\0\0\0\0\0", 8);
	control_peer_expect_error(p, 0, ERROR_VERSION);
	assert_non_null(app_find(&o->app, "lamp"));
	control_owner_is_idle(o);
}

static void
test_nothing_before_hello(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
		enum message_error code;
	} first[] = {
#define WIRE(s) s, sizeof(s) - 1
		{ WIRE("\0\0\0\x09\x12\0\0\0\x07\0\0\0\1"), ERROR_MALFORMED },
		{ WIRE("\0\0\0\x05\x63\0\0\0\x07"), ERROR_MALFORMED },
		{ WIRE("\0\0\0\x05\x82\0\0\0\x07"), ERROR_MALFORMED },
		{ WIRE("\0\0\0\x0d\2\0\0\0\1\0\0\0\1\0\0\0\0"),
		    ERROR_MALFORMED },
		{ WIRE("GET / HTTP/1.1\r\n\r\n"), ERROR_MALFORMED },
		{ WIRE("\0\0\0\0\0"), ERROR_MALFORMED },
		/* The connection is over; nobody answers that. */
		{ WIRE("\0\0\0\x0d\2\0\0\0\0\0\0\0\1\0\0\0\0"), 0 },
	};
	struct control_owner *o = *state;
	struct control_peer *p;
	size_t i;

	for (i = 0; i < sizeof first / sizeof first[0]; i++) {
		p = control_owner_connect(o, i);
		control_peer_expect(p, MESSAGE_HELLO, 0);
		control_peer_raw(p, first[i].wire, first[i].len);
		if (first[i].code != 0)
			control_peer_expect_error(p, 0, first[i].code);
		else
			control_peer_expect_end(p);
	}
	control_owner_is_idle(o);
}

/* What only an owner may say, and what is no message. */
/* Who says nothing is no client, and does not keep an agent alive. */
static void
test_no_hello(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_connect(o, 0);
	struct control_peer *other = control_owner_attach(o, 1);

	control_peer_expect(p, MESSAGE_HELLO, 0);
	clock_skipped_s += 9;
	control_peer_expect_nothing(p);
	clock_skipped_s += 2;
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	assert_int_equal(control_owner_do(o, other, "pwd -S lamp"), STATUS_OK);
	assert_int_equal(server_clients(o->app.control.server), 1);
}

static void
test_malformed(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
	} bad[] = {
		{ WIRE("\0\0\0\x0d\x80\0\0\0\1\0\0\0\1\0\0\0\0") },
		{ WIRE("\0\0\0\x0e\x81\0\0\0\1\0\0\0\1-\0\0\4\0") },
		{ WIRE("\0\0\0\x05\x82\0\0\0\1") },
		{ WIRE("\0\0\0\x11\x83\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0") },
		/* START of request 0, and without words */
		{ WIRE("\0\0\0\x2c\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3pwd") },
		{ WIRE("\0\0\0\x25\x10\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ WIRE("\0\0\0\x09\x12\0\0\0\1\0\0\0\0") },
		{ WIRE("\0\0\0\x09\x12\0\0\0\1\0\4\0\1") },
		{ WIRE("\x7f\xff\xff\xff\x10") },
	};
	struct control_owner *o = *state;
	struct control_peer *p;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p = control_owner_attach(o, i);
		control_peer_raw(p, bad[i].wire, bad[i].len);
		control_peer_expect_error(p, 0, ERROR_MALFORMED);
	}
	control_owner_is_idle(o);
}

static void
test_unknown(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	control_peer_raw(p, "\0\0\0\x08\x58\0\0\0\5???", 12);
	control_peer_expect_error(p, 5, ERROR_UNKNOWN);
	/* Request 0 as well, and nothing is over. */
	control_peer_raw(p, "\0\0\0\x05\xff\0\0\0\0", 9);
	control_peer_expect(p, MESSAGE_ERROR, 0);
	assert_int_equal(p->m.error.code, ERROR_UNKNOWN);
	/* An ERROR has no answer. */
	control_peer_raw(p, "\0\0\0\x0d\2\0\0\0\1\0\0\0\5\0\0\0\0", 17);
	control_peer_raw(p, "\0\0\0\x0d\2\0\0\0\7\0\0\0\3\0\0\0\0", 17);
	control_peer_expect_nothing(p);
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
}

static void
test_too_many_clients(void **state)
{
	struct rlimit limit = { 1024, 1024 };
	struct control_owner *o = *state;
	struct control_peer *p;
	size_t i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 1024 ? limit.rlim_max : 1024;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < SERVER_CLIENTS; i++)
		control_owner_attach(o, i);
	p = control_owner_connect(o, i);
	control_peer_expect(p, MESSAGE_HELLO, 0);
	control_peer_expect_error(p, 0, ERROR_BUSY);
	assert_int_equal(server_clients(o->app.control.server), SERVER_CLIENTS);
	control_peer_close(&o->clients[7]);
	control_peer_settle(o->app.context);
	control_peer_close(p);
	p = control_owner_attach(o, i);
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
}

/* --- requests ------------------------------------------------------------ */

static void
test_words(void **state)
{
	static const struct {
		const char *line;
		uint32_t status;
		const char *said;
	} all[] = {
		{ "gte /x", STATUS_USAGE, "unknown command 'gte'" },
		{ "", STATUS_USAGE, "" },
		{ "get --nonsense /x", STATUS_USAGE, "--nonsense" },
		{ "get a b c", STATUS_USAGE, "" },
		{ "ses inf lamp", STATUS_USAGE, "" }, /* the prompt's */
		{ "info door", STATUS_STATE, "no session named 'door'" },
		{ "get /x", STATUS_STATE, "no session is the current one" },
		{ "version", STATUS_USAGE, "in the process that asks" },
		{ "serve coap://127.0.0.1:0", STATUS_USAGE, "that asks" },
		{ "demo", STATUS_USAGE, "" },
		{ "decode -", STATUS_USAGE, "in the process that asks" },
		/* No commands of the table: a script's. */
		{ "exit", STATUS_USAGE, "" },
		{ "source /dev/null", STATUS_USAGE, "" },
		{ "set a=1", STATUS_USAGE, "" },
	};
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	size_t i;

	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		control_peer_start(p, 1, all[i].line, NULL);
		assert_int_equal(control_owner_follow(o, p, 1), all[i].status);
		assert_non_null(o->err.s);
		if (!strstr(o->err.s, all[i].said))
			fail_msg("'%s': '%s'", all[i].line, o->err.s);
	}
	assert_false(o->app.own.exiting);
	assert_null(o->app.own.vars);
	/* --help and --version are answered wherever they are asked. */
	assert_int_equal(control_owner_do(o, p, "get --help"), STATUS_OK);
	assert_non_null(strstr(o->out.s, "get"));
	assert_non_null(app_find(&o->app, "lamp"));
}

static void
test_numbers(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	uint32_t i;

	for (i = 1; i <= SERVER_REQUESTS; i++) {
		control_peer_start(p, i * 0x1000001, "put lamp:/store/a -d @f",
		    NULL);
		control_peer_expect(p, MESSAGE_READ, i * 0x1000001);
	}
	control_peer_start(p, 5, "pwd -S lamp", NULL);
	control_peer_expect_error(p, 5, ERROR_BUSY);
	/* It never began, so its number is free, and others go on. */
	control_peer_number(p, MESSAGE_CANCEL, 5, 130);
	for (i = 1; i <= SERVER_REQUESTS; i += 2)
		control_peer_number(p, MESSAGE_INPUT_END, i * 0x1000001, 3);
	for (i = 1; i <= SERVER_REQUESTS; i += 2)
		expect_exit(p, i * 0x1000001, 3);
	control_peer_start(p, 0x1000001, "pwd -S lamp", NULL);
	assert_int_equal(control_owner_follow(o, p, 0x1000001), STATUS_OK);
	/* A number that is in use. */
	control_peer_start(p, 2 * 0x1000001, "pwd -S lamp", NULL);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	control_owner_is_idle(o);
}

static void
test_cancel(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	control_peer_number(p, MESSAGE_CANCEL, 1, 130);
	control_peer_start(p, 1, "put lamp:/store/a -d @f", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_CANCEL, 1, 130);
	control_peer_number(p, MESSAGE_CANCEL, 1, 143);
	expect_exit(p, 1, 130);
	control_peer_number(p, MESSAGE_CANCEL, 1, 143);
	control_peer_input(p, 1, "late", 4);
	control_peer_number(p, MESSAGE_KEYS_FAILED, 1, 3);
	control_peer_number(p, MESSAGE_CREDIT, 1, 5);
	control_peer_number(p, MESSAGE_BROKEN, 1, STREAM_OUT);
	control_peer_expect_nothing(p);
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_expect_nothing(p);
	control_peer_number(p, MESSAGE_CANCEL, 1, 143);
	expect_exit(p, 1, 143);
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_number(p, MESSAGE_CANCEL, 1, 1);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	control_owner_is_idle(o);
}

/* An ERROR of the client about one: it is over, without a word. */
static void
test_client_error(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	control_peer_start(p, 1, "put lamp:/store/a -d @f", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_raw(p, "\0\0\0\x0d\2\0\0\0\1\0\0\0\6\0\0\0\0", 17);
	control_peer_expect_nothing(p);
	assert_null(o->app.jobs);
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
	control_peer_raw(p, "\0\0\0\x0d\2\0\0\0\0\0\0\0\6\0\0\0\0", 17);
	control_peer_expect_end(p);
}

static void
test_place(void **state)
{
	static char lamp[] = "lamp", path[] = "/large";
	struct start start = { .options.color = -1, .session = lamp };
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	char *line = malloc(80000);

	control_peer_start(p, 1, "cd /store", &start);
	expect_exit(p, 1, STATUS_OK);
	assert_true(slice_is(p->m.exit.session, "lamp"));
	assert_true(slice_is(p->m.exit.path, "/store"));
	/* It is the client's, for this command. */
	assert_string_equal(app_find(&o->app, "lamp")->path, "/");
	start.place_session = lamp;
	start.place_path = path;
	control_peer_start(p, 1, "get ?size=5", &start);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OK);
	assert_int_equal(o->out.len, 5);
	assert_true(slice_is(p->m.exit.path, "/large"));
	/* One that is too long to be said is not. */
	strcpy(line, "cd /");
	memset(line + 4, 'x', 70000);
	line[70004] = '\0';
	control_peer_start(p, 1, line, &start);
	expect_exit(p, 1, STATUS_OK);
	assert_true(slice_is(p->m.exit.session, "lamp"));
	assert_true(slice_is(p->m.exit.path, ""));
	free(line);
	/* Renamed, and closed: the current one follows. */
	start.place_session = start.place_path = NULL;
	control_peer_start(p, 1, "session rename lamp door", &start);
	expect_exit(p, 1, STATUS_OK);
	assert_true(slice_is(p->m.exit.session, "door"));
	control_peer_start(p, 1, "close door", &start);
	control_owner_follow(o, p, 1);
	assert_true(slice_is(p->m.exit.session, ""));
	control_peer_start(p, 1, "pwd", &start);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_STATE);
	assert_true(slice_is(p->m.exit.session, ""));
}

/* --- output -------------------------------------------------------------- */

static void
test_credit(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	set_data(o, p, 700000);
	control_peer_start(p, 1, "session data get lamp k", NULL);
	expect_bytes(p, 1, MESSAGE_WINDOW);
	control_peer_expect_nothing(p);
	/* The command is over, its number is not free. */
	assert_null(o->app.jobs);
	control_peer_number(p, MESSAGE_CREDIT, 1, 1);
	expect_bytes(p, 1, 1);
	control_peer_number(p, MESSAGE_CREDIT, 1, 70000);
	expect_bytes(p, 1, 70000);
	control_peer_expect_nothing(p);
	/* Another request of the same client has credit of its own. */
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
	control_peer_number(p, MESSAGE_CREDIT, 1, MESSAGE_WINDOW);
	expect_bytes(p, 1, MESSAGE_WINDOW);
	control_peer_number(p, MESSAGE_CREDIT, 1, MESSAGE_WINDOW);
	expect_bytes(p, 1, 700001 - 70001 - 2 * MESSAGE_WINDOW);
	expect_exit(p, 1, STATUS_OK);
	/* More than was sent. */
	control_peer_start(p, 1, "put lamp:/store/a -d @f", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_CREDIT, 1, 1);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	control_owner_is_idle(o);
}

static void
test_broken(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	char line[128];

	/* What is queued is dropped, and what is over ends. */
	set_data(o, p, 700000);
	control_peer_start(p, 1, "session data get lamp k", NULL);
	expect_bytes(p, 1, MESSAGE_WINDOW);
	control_peer_number(p, MESSAGE_BROKEN, 1, STREAM_OUT);
	expect_exit(p, 1, STATUS_OK);
	/* A command that goes on ends with its next output. */
	snprintf(line, sizeof line, "get lamp:/hello -n 1000 --interval 1ms");
	control_peer_start(p, 1, line, NULL);
	expect_bytes(p, 1, 13);
	control_peer_number(p, MESSAGE_BROKEN, 1, STREAM_OUT);
	do
		assert_true(control_peer_next(p));
	while (p->m.type == MESSAGE_OUTPUT);
	assert_int_equal(p->m.type, MESSAGE_EXIT);
	assert_int_equal(p->m.exit.status, STATUS_OUTPUT);
	/* One that has nothing to say is told from its status. */
	control_peer_start(p, 1, "put lamp:/store/a -d @f", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_BROKEN, 1, STREAM_FILE);
	control_peer_input(p, 1, "x", 1);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OUTPUT);
	control_peer_number(p, MESSAGE_BROKEN, 2, STREAM_OUT);
	control_peer_expect_nothing(p);
}

static void
test_file(void **state)
{
	static char file[] = "/nonexistent/folder/x";
	struct start start = { .options.color = -1, .file = file };
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	/* The owner does not touch it. */
	start.options.file = file;
	control_peer_start(p, 1, "get lamp:/hello", &start);
	control_peer_expect(p, MESSAGE_OUTPUT, 1);
	assert_int_equal(p->m.output.stream, STREAM_FILE);
	assert_true(slice_is(p->m.output.data, "Hello, world!"));
	expect_exit(p, 1, STATUS_OK);
	/* Also when the payload is empty. */
	control_peer_start(p, 1, "get lamp:/large?size=0 -o /nonexistent/f/y",
	    NULL);
	control_peer_expect(p, MESSAGE_OUTPUT, 1);
	assert_int_equal(p->m.output.stream, STREAM_FILE);
	assert_int_equal(p->m.output.data.len, 0);
	expect_exit(p, 1, STATUS_OK);
}

static struct control_peer *
fill_queue(struct control_owner *o, struct control_peer *p)
{
	char line[160];

	snprintf(line, sizeof line,
	    "get %s/large?size=1000000 -n 100 --interval 1ms", o->tcp);
	control_peer_start(p, 1, line, NULL);
	expect_bytes(p, 1, MESSAGE_WINDOW);
	return p;
}

/* A command that nobody reads ends, and its memory has a ceiling. */
static void
test_queue(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = fill_queue(o, control_owner_attach(o, 0));
	size_t rest = 0;
	bool told = false;

	while (o->app.jobs)
		coap_io_process(o->app.context, COAP_IO_WAIT);
	control_peer_number(p, MESSAGE_CREDIT, 1, MESSAGE_WINDOW);
	do {
		assert_true(control_peer_next(p));
		assert_int_equal(p->m.request, 1);
		if (p->m.type != MESSAGE_OUTPUT)
			break;
		rest += p->m.output.data.len;
		told = told || p->m.output.stream == STREAM_ERR;
		control_peer_number(p, MESSAGE_CREDIT, 1,
		    (uint32_t)p->m.output.data.len);
	} while (true);
	assert_int_equal(p->m.type, MESSAGE_EXIT);
	assert_int_equal(p->m.exit.status, STATUS_OUTPUT);
	assert_in_range(rest, SERVER_QUEUE - 1000000, SERVER_QUEUE + 2000000);
	assert_true(told);
	assert_int_equal(control_owner_do(o, p, "pwd -S lamp"), STATUS_OK);
}

/* --- input --------------------------------------------------------------- */

static void
test_input(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	control_peer_start(p, 1, "post lamp:/echo -d @in.txt", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	assert_true(slice_is(p->m.read.name, "in.txt"));
	assert_in_range(p->m.read.max, 1, MESSAGE_DATA);
	control_peer_expect_nothing(p);
	control_peer_input(p, 1, "one, ", 5);
	control_peer_expect(p, MESSAGE_READ, 1);
	assert_true(slice_is(p->m.read.name, "in.txt"));
	control_peer_input(p, 1, "two", 3);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OK);
	assert_string_equal(o->out.s, "one, two");
	/* The standard input; empty; and one that cannot be read. */
	control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	assert_true(slice_is(p->m.read.name, "-"));
	control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OK);
	control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_INPUT_END, 1, 3);
	expect_exit(p, 1, 3);
}

static void
test_input_unasked(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_input(p, 1, "x", 1);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	p = control_owner_attach(o, 1);
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	/* More than was asked for. */
	p = control_owner_attach(o, 2);
	control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	assert_true(p->m.read.max < MESSAGE_DATA);
	control_peer_input(p, 1, much, p->m.read.max + 1);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	control_owner_is_idle(o);
}

static void
test_input_names(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	char *line = malloc(80000);

	/* None can have such a name; READ cannot say it either. */
	strcpy(line, "post lamp:/echo -d @");
	memset(line + 20, 'x', 70000);
	line[70020] = '\0';
	control_peer_start(p, 1, line, NULL);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_LOCAL);
	free(line);
	control_peer_start(p, 1, "post lamp:/echo -d @", NULL);
	assert_int_not_equal(control_owner_follow(o, p, 1), STATUS_OK);
	assert_true(o->err.len > 0);
}

/* Where all of it has to be known there is a ceiling. */
static void
test_input_ceiling(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	size_t given = 0;

	control_peer_start(p, 1, "post lamp:/echo -d @- -n 2", NULL);
	for (;;) {
		assert_true(control_peer_next(p));
		if (p->m.type != MESSAGE_READ)
			break;
		assert_true(given <= INPUT_MAX);
		given += p->m.read.max;
		control_peer_input(p, 1, much, p->m.read.max);
	}
	assert_true(given > INPUT_MAX);
	assert_int_equal(p->m.type, MESSAGE_OUTPUT);
	assert_non_null(memmem(p->m.output.data.data, p->m.output.data.len,
	    "more than", 9));
	expect_exit(p, 1, STATUS_LOCAL);
}

/* A long one is asked for as it is sent: no more of it comes when the device has
 * seen enough. */
static void
test_input_ahead(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	size_t given = 0;

	control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
	for (;;) {
		assert_true(control_peer_next(p));
		if (p->m.type != MESSAGE_READ)
			break;
		given += p->m.read.max;
		assert_true(given < INPUT_MAX);
		control_peer_input(p, 1, much, p->m.read.max);
	}
	assert_true(given > UPLOAD_AHEAD);
	/* What a server takes, unless told otherwise. */
	assert_true(given < ((size_t)8 << 20) + 2 * UPLOAD_AHEAD);
	assert_int_equal(p->m.type, MESSAGE_OUTPUT);
	expect_exit(p, 1, STATUS_CLIENT_ERROR);
}

/* Only while something is read. */
static void
test_input_length(void **state)
{
	struct message m = { .type = MESSAGE_INPUT_LENGTH, .request = 1 };
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);

	m.length = 3;
	control_peer_start(p, 1, "post lamp:/echo -d @x", NULL);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_send(p, &m);
	control_peer_input(p, 1, "one", 3);
	control_peer_expect(p, MESSAGE_READ, 1);
	control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OK);
	assert_string_equal(o->out.s, "one");
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_send(p, &m);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
}

/* --- keys ---------------------------------------------------------------- */

static void
send_keys(struct control_peer *p, const void *data, size_t len)
{
	struct message m = { .type = MESSAGE_KEYS, .request = 1 };

	m.keys = (struct slice){ data, len };
	control_peer_send(p, &m);
}

/* "open URI" of a device that knows the key "secret" of "me". */
static char *
secure_device(struct control_owner *o, const char *rest)
{
	struct listener *last;

	o->app.own.told_psk = true;
	control_owner_run(o,
	    "serve coaps://127.0.0.1:0 --psk-identity me --psk secret");
	last = o->app.listeners->prev;
	return text_format("open %s %s", last->uri, rest);
}

static void
test_keys(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *p = control_owner_attach(o, 0);
	char *open = secure_device(o,
	    "--psk-identity me --psk-file /nonexistent/key --name sec");
	static const char keys[] = "\1\0\0\0\2me\3\0\0\0\6secret"
				   "\x0b\0\0\0\4\0\0\0\0";

	control_peer_start(p, 1, open, NULL);
	control_peer_expect(p, MESSAGE_WANT_KEYS, 1);
	control_peer_expect_nothing(p);
	send_keys(p, keys, sizeof keys - 1);
	assert_int_equal(control_owner_follow(o, p, 1), STATUS_OK);
	assert_true(slice_is(p->m.exit.session, "sec"));
	assert_int_equal(control_owner_do(o, p, "get sec:/hello"), STATUS_OK);
	assert_string_equal(o->out.s, "Hello, world!");
	assert_int_equal(control_owner_do(o, p, "close sec"), STATUS_OK);
	/* The client has none. */
	control_peer_start(p, 1, open, NULL);
	control_peer_expect(p, MESSAGE_WANT_KEYS, 1);
	control_peer_number(p, MESSAGE_KEYS_FAILED, 1, 3);
	expect_exit(p, 1, 3);
	assert_null(app_find(&o->app, "sec"));
	/* It gives up meanwhile, and then has them. */
	control_peer_start(p, 1, open, NULL);
	control_peer_expect(p, MESSAGE_WANT_KEYS, 1);
	control_peer_number(p, MESSAGE_CANCEL, 1, 130);
	send_keys(p, keys, sizeof keys - 1);
	expect_exit(p, 1, 130);
	control_peer_expect_nothing(p);
	free(open);
}

static void
test_keys_malformed(void **state)
{
	static const struct {
		const char *keys;
		size_t len;
	} bad[] = {
		{ WIRE("\1") },
		{ WIRE("\1\0\0\0\2m") },
		{ WIRE("\0\0\0\0\0") },
		{ WIRE("\x0d\0\0\0\0") },
		{ WIRE("\1\0\0\0\1a\1\0\0\0\1a") },
		{ WIRE("\x0b\0\0\0\4\0\0\0\4") },
	};
	struct control_owner *o = *state;
	char *open = secure_device(o, "--psk-identity me --psk-file k");
	struct control_peer *p;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p = control_owner_attach(o, i);
		control_peer_start(p, 1, open, NULL);
		control_peer_expect(p, MESSAGE_WANT_KEYS, 1);
		send_keys(p, bad[i].keys, bad[i].len);
		control_peer_expect_error(p, 0, ERROR_MALFORMED);
	}
	/* Nobody asked for them. */
	p = control_owner_attach(o, i);
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	send_keys(p, "", 0);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	p = control_owner_attach(o, i + 1);
	control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
	control_peer_number(p, MESSAGE_KEYS_FAILED, 1, 3);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	free(open);
	control_owner_is_idle(o);
}

/* --- clients that go ----------------------------------------------------- */

/* Brings a client into each state there is. */
static void
enter(struct control_owner *o, size_t i, const char *open)
{
	struct control_peer *p =
	    i == 0 ? control_owner_connect(o, 0) : control_owner_attach(o, i);

	switch (i) {
	case 0: /* before HELLO */
	case 1: /* idle */
		break;
	case 2: /* in the middle of a message */
		control_peer_raw(p, "\0\0\0\x40\x10\0\0\0\1", 9);
		break;
	case 3: /* waiting for READ */
		control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
		control_peer_expect(p, MESSAGE_READ, 1);
		break;
	case 4: /* for keys */
		control_peer_start(p, 1, open, NULL);
		control_peer_expect(p, MESSAGE_WANT_KEYS, 1);
		break;
	case 5: /* for a response */
		control_peer_start(p, 1, "get lamp:/separate?ms=60000", NULL);
		control_peer_start(p, 2, "get lamp:/separate?ms=60000", NULL);
		control_peer_expect_nothing(p);
		break;
	case 6: /* for credit, the command being over */
		set_data(o, p, 700000);
		control_peer_start(p, 1, "session data get lamp k", NULL);
		expect_bytes(p, 1, MESSAGE_WINDOW);
		break;
	case 7: /* for credit, while it goes on */
		fill_queue(o, p);
		break;
	case 8: /* it does not read */
		control_peer_deafen(p, true);
		control_peer_start(p, 1, "session data get lamp k", NULL);
		control_peer_settle(o->app.context);
		break;
	case 9: /* everything has ended */
		assert_int_equal(control_owner_do(o, p, "pwd -S lamp"),
		    STATUS_OK);
		break;
	default: /* START is on its way */
		control_peer_start(p, 1, "post lamp:/echo -d @-", NULL);
		break;
	}
}

#define STATES 11

static void
test_client_goes(void **state)
{
	struct control_owner *o = *state;
	char *open = secure_device(o, "--psk-identity me --psk-file k");
	size_t i;

	for (i = 0; i < STATES; i++) {
		enter(o, i, open);
		control_peer_close(&o->clients[i]);
		control_owner_is_idle(o);
	}
	free(open);
	assert_non_null(app_find(&o->app, "lamp"));
}

/* All at once, with the owner going first. */
static void
test_owner_goes(void **state)
{
	struct control_owner *o = *state;
	char *open = secure_device(o, "--psk-identity me --psk-file k");
	size_t i;

	for (i = 0; i < STATES; i++)
		enter(o, i, open);
	free(open);
	/* teardown() closes the clients first. */
	control_close(&o->app);
	assert_null(o->app.jobs);
	assert_ptr_equal(o->app.fronts, &o->app.own);
	assert_null(o->app.own.next);
	control_peer_expect_end(&o->clients[1]);
}

/* One dies, the other one's commands go on. */
static void
test_two_clients(void **state)
{
	struct control_owner *o = *state;
	struct control_peer *a = control_owner_attach(o, 0);
	struct control_peer *b = control_owner_attach(o, 1);

	control_peer_start(a, 1, "post lamp:/echo -d @-", NULL);
	control_peer_start(b, 1, "post lamp:/echo -d @-", NULL);
	control_peer_expect(a, MESSAGE_READ, 1);
	control_peer_expect(b, MESSAGE_READ, 1);
	control_peer_close(a);
	control_peer_settle(o->app.context);
	control_peer_input(b, 1, "still", 5);
	control_peer_expect(b, MESSAGE_READ, 1);
	control_peer_number(b, MESSAGE_INPUT_END, 1, 0);
	assert_int_equal(control_owner_follow(o, b, 1), STATUS_OK);
	assert_string_equal(o->out.s, "still");
}

/* One closes the session that others use, and is current for. */
static void
test_session_closed(void **state)
{
	static char lamp[] = "lamp";
	struct start start = { .options.color = -1, .session = lamp };
	struct control_owner *o = *state;
	struct control_peer *a = control_owner_attach(o, 0);
	struct control_peer *b = control_owner_attach(o, 1);

	control_peer_start(a, 1, "get /separate?ms=60000", &start);
	control_peer_start(a, 2, "post /echo -d @-", &start);
	control_peer_expect(a, MESSAGE_READ, 2);
	control_peer_start(b, 1, "close lamp", NULL);
	assert_int_equal(control_owner_follow(o, b, 1), STATUS_OK);
	assert_int_not_equal(control_owner_follow(o, a, 1), STATUS_OK);
	/* Its session is gone when the input has come. */
	control_peer_number(a, MESSAGE_INPUT_END, 2, 0);
	assert_int_not_equal(control_owner_follow(o, a, 2), STATUS_OK);
	assert_null(app_find(&o->app, "lamp"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_hello),
		TEST(test_nothing_before_hello),
		TEST(test_no_hello),
		TEST(test_malformed),
		TEST(test_unknown),
		TEST(test_too_many_clients),
		TEST(test_words),
		TEST(test_numbers),
		TEST(test_cancel),
		TEST(test_client_error),
		TEST(test_place),
		TEST(test_credit),
		TEST(test_broken),
		TEST(test_file),
		TEST(test_queue),
		TEST(test_input),
		TEST(test_input_unasked),
		TEST(test_input_names),
		TEST(test_input_ceiling),
		TEST(test_input_ahead),
		TEST(test_input_length),
		TEST(test_keys),
		TEST(test_keys_malformed),
		TEST(test_client_goes),
		TEST(test_owner_goes),
		TEST(test_two_clients),
		TEST(test_session_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
