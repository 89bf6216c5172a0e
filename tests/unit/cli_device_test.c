/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in device, asked by commands of the same process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/device/device.h"
#include "cli/output/text.h"
#include "cli/session/listeners.h"
#include "cli/words/script.h"

struct fixture {
	struct app app;
	struct text out;
	struct text err;
	char udp[64];
	char tcp[64];
};

static int
keep_out(void *user, const void *data, size_t len)
{
	struct fixture *f = user;

	text_add_bytes(&f->out, data, len);
	return 0;
}

static int
keep_err(void *user, const void *data, size_t len)
{
	struct fixture *f = user;

	text_add_bytes(&f->err, data, len);
	return 0;
}

/* Runs "COMMAND URIREST". */
static int
run(struct fixture *f, const char *command, const char *uri, const char *rest)
{
	struct script_source source = { .name = "test" };
	char *line = text_format("%s %s%s", command, uri, rest);
	int status;

	assert_non_null(line);
	text_free(&f->out);
	text_free(&f->err);
	source.text = line;
	status = script_run(&f->app.own, &source);
	free(line);
	assert_non_null(text_string(&f->out));
	assert_non_null(text_string(&f->err));
	return status;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	f->app.own.sink =
	    (struct sink){ .user = f, .out = keep_out, .err = keep_err };
	f->app.keep = true;
	if (app_open(&f->app) != STATUS_OK ||
	    run(f, "serve", "coap://127.0.0.1:0", " coap+tcp://127.0.0.1:0") !=
		STATUS_OK)
		return -1;
	snprintf(f->udp, sizeof(f->udp), "%s", f->app.listeners->uri);
	snprintf(f->tcp, sizeof(f->tcp), "%s", f->app.listeners->next->uri);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	app_close(&f->app);
	text_free(&f->out);
	text_free(&f->err);
	free(f);
	return 0;
}

static void
test_answers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "get", f->udp, "/hello?name=A"), STATUS_OK);
	assert_string_equal(f->out.s, "Hello, A!");
	assert_int_equal(run(f, "get", f->udp,
			     "/hello?name=J%C3%BCrgen%20%26%25"),
	    STATUS_OK);
	assert_string_equal(f->out.s, "Hello, J\xc3\xbcrgen &%!");
	assert_int_equal(run(f, "get", f->udp, "/hello?x=1&name="), STATUS_OK);
	assert_string_equal(f->out.s, "Hello, !");
	assert_int_equal(run(f, "get", f->tcp, "/large?size=70"), STATUS_OK);
	assert_int_equal(f->out.len, 70);
	assert_memory_equal(f->out.s + 62, "A\nBBBBBB", 8);
	assert_int_equal(run(f, "get", f->udp, "/separate?ms=0"), STATUS_OK);
	assert_string_equal(f->out.s, "This came by itself, after the ACK.");
	assert_int_equal(run(f, "post -w %{content_format} -d 1 -t 50", f->udp,
			     "/echo"),
	    STATUS_OK);
	assert_string_equal(f->out.s, "1application/json");
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *command;
		const char *rest;
		int status;
		const char *said;
	} cases[] = {
		{ "get", "/large?size=4194305", STATUS_CLIENT_ERROR,
		    "size=N wants a number up to 4194304" },
		{ "get", "/separate?ms=60001", STATUS_CLIENT_ERROR,
		    "ms=N wants a number up to 60000" },
		{ "get", "/code?code=1", STATUS_CLIENT_ERROR,
		    "code=C.DD wants a response code" },
		{ "put", "/x -d 1", STATUS_CLIENT_ERROR,
		    "only paths below /store can be made" },
		{ "put", "/store/ -d 1", STATUS_CLIENT_ERROR,
		    "only paths below /store can be made" },
		{ "put --if-match 01", "/store/none -d 1", STATUS_CLIENT_ERROR,
		    "4.12 Precondition Failed: there is no such item" },
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(f, cases[i].command, f->udp,
				     cases[i].rest),
		    cases[i].status);
		if (!strstr(f->err.s, cases[i].said))
			fail_msg("%s: %s", cases[i].rest, f->err.s);
		assert_string_equal(f->out.s, "");
	}
}

static void
test_store(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "put", f->udp, "/store/a -d one -t 0"), 0);
	assert_int_equal(run(f, "put", f->tcp, "/store/a/b --data-hex 00ff"),
	    0);
	assert_int_equal(run(f, "get", f->udp, "/store"), STATUS_OK);
	assert_string_equal(f->out.s, "</store/a>;sz=3,</store/a/b>;sz=2");
	assert_int_equal(run(f, "put", f->udp, "/store/a -d 4 -t 50"), 0);
	assert_int_equal(run(f, "get -i", f->tcp, "/store/a"), STATUS_OK);
	assert_string_equal(f->out.s,
	    "2.05 Content\nETag: 0x3393f289\n"
	    "Content-Format: application/json\n\n4");
	assert_int_equal(run(f, "get --etag 3393f289 -i", f->udp, "/store/a"),
	    STATUS_OK);
	assert_string_equal(f->out.s, "2.03 Valid\nETag: 0x3393f289\n\n");
	assert_int_equal(run(f, "put --if-match 01 -d 5", f->udp, "/store/a"),
	    STATUS_CLIENT_ERROR);
	assert_int_equal(run(f, "delete --if-match 01", f->udp, "/store/a"),
	    STATUS_CLIENT_ERROR);
	assert_int_equal(run(f, "put --if-match 02 --if-match 3393f289 -d 5",
			     f->udp, "/store/a"),
	    STATUS_OK);
	assert_int_equal(run(f, "get", f->udp, "/store/a"), STATUS_OK);
	assert_string_equal(f->out.s, "5");
	assert_int_equal(run(f, "delete", f->udp, "/store/a"), STATUS_OK);
	assert_int_equal(run(f, "get", f->udp, "/store/a"),
	    STATUS_CLIENT_ERROR);
	assert_int_equal(run(f, "get", f->udp, "/store"), STATUS_OK);
	assert_string_equal(f->out.s, "</store/a/b>;sz=2");
}

/* Answers that are owed, and items, go with the device. */
static void
test_end(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "put", f->udp, "/store/x -d 1"), STATUS_OK);
	assert_int_equal(run(f, "get -N --no-response", f->udp,
			     "/separate?ms=60000"),
	    STATUS_OK);
	assert_int_equal(run(f, "get", f->udp, "/hello"), STATUS_OK);
	assert_int_equal(run(f, "serve", f->udp, ""), STATUS_LOCAL);
	assert_int_equal(device_install(&f->app), 0);
}

static void
note_status(struct script *script, int status, void *arg)
{
	(void)script;
	*(int *)arg = status;
}

/* A session that came in goes with its listener, also between two requests
 * over it. */
static void
test_lost(void **state)
{
	struct fixture *f = *state;
	struct script_source source = {
		.text = "get -n 2 --interval 60s l1.1:/hello",
		.name = "test",
	};
	int status = -1;

	assert_int_equal(run(f, "get", f->udp, "/hello"), STATUS_OK);
	text_free(&f->out);
	assert_non_null(
	    script_start(&f->app.own, &source, note_status, &status));
	while (f->out.len == 0)
		app_step(&f->app, -1);
	assert_memory_equal(f->out.s, "Hello, world!", 13);
	assert_int_equal(status, -1);
	listener_close(&f->app, f->app.listeners);
	assert_int_equal(status, STATUS_UNREACHABLE);
	assert_non_null(text_string(&f->err));
	assert_non_null(strstr(f->err.s, "the session was closed between"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
