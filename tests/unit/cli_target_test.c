/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command is pointed at: paths, NAME:PATH, URIs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/request/path.h"
#include "cli/session/opening.h"

struct fixture {
	struct app app;
	struct job job;
	char said[512]; /* on stderr */
};

static int
drop(void *user, const void *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static int
keep(void *user, const void *data, size_t len)
{
	struct fixture *f = user;
	size_t used = strlen(f->said);

	if (used + len < sizeof f->said)
		memcpy(f->said + used, data, len);
	return 0;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	char *problem = NULL;

	*state = f;
	f->app.own.sink = (struct sink){ .user = f, .out = drop, .err = keep };
	f->app.keep = true;
	f->job.app = &f->app;
	f->job.front = &f->app.own;
	f->job.command = &cmd_get;
	f->job.out = output_new(&f->app.own.sink, &f->app.own.defaults);
	if (app_open(&f->app) != 0 || !f->job.out ||
	    args_parse(&f->job.args, &cmd_ping, NULL, 0, &problem) != 0)
		return -1;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	args_free(&f->job.args);
	output_close(f->job.out);
	app_close(&f->app);
	free(f);
	return 0;
}

static struct named *
add(struct fixture *f, const char *name, const char *uri)
{
	coapx_open_params_t params = { .size = sizeof params, .uri = uri };
	char *problem = NULL;
	struct named *named = app_add(&f->app, name,
	    coapx_session_open(f->app.context, &params, NULL), true, &problem);

	assert_non_null(named);
	named->uri = strdup(uri);
	named->shared = true;
	return named;
}

static size_t
count_options(const coap_optlist_t *options, uint16_t number)
{
	size_t n = 0;

	for (; options; options = options->next)
		n += options->number == number;
	return n;
}

/* --- paths --------------------------------------------------------------- */

static void
paths(void **state)
{
	static const struct {
		const char *base;
		const char *path;
		const char *joined;
	} cases[] = {
		{ "/", "", "/" },
		{ "/", "x", "/x" },
		{ "/a", "x", "/a/x" },
		{ "/a/", "x", "/a/x" },
		{ "/a", "/x", "/x" },
		{ "/a", "./x", "/a/x" },
		{ "/a", "", "/a" },
		{ "/a", "?q=1", "/a?q=1" },
		{ "/a/b", "..", "/a/" },
		{ "/a/b", "../c", "/a/c" },
		{ "/a/b", ".", "/a/b/" },
		{ "/a", "../../..", "/" },
		{ "/", "..", "/" },
		{ "/", "../x/..", "/" },
		{ "/", "a/./b/../c", "/a/c" },
		{ "/", "a//b", "/a//b" },
		{ "/", "x/", "/x/" },
		{ "/", "...", "/..." },
		{ "/", "x?u=../y/./z", "/x?u=../y/./z" },
		{ "/", "a b", "/a%20b" },
		{ "/", "t\xc3\xbcr", "/t%C3%BCr" },
		{ "/", "a%20b", "/a%20b" },
		{ "/", "a#b", "/a%23b" },
	};
	char *joined;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		joined = path_join(cases[i].base, cases[i].path);
		assert_non_null(joined);
		assert_string_equal(joined, cases[i].joined);
		free(joined);
	}
}

static void
uris_and_what_are_none(void **state)
{
	(void)state;
	assert_true(looks_like_uri("coap://h/x"));
	assert_true(looks_like_uri("COAP+TCP://h"));
	assert_true(looks_like_uri("http://h"));
	assert_true(looks_like_uri("coap:x"));
	assert_false(looks_like_uri("lamp:/x"));
	assert_false(looks_like_uri("udp:/x"));
	assert_false(looks_like_uri("/x"));
	assert_false(looks_like_uri("x?u=coap://h/"));
	assert_false(looks_like_uri("/proxy?u=coap://h/"));
	assert_false(looks_like_uri(""));
}

static void
path_of_a_uri(void **state)
{
	static const char *const cases[][2] = {
		{ "coap://h", "/" },
		{ "coap://h/", "/" },
		{ "coap://h:1/a/b?c", "/a/b" },
		{ "coap://h?c=/x", "/" },
	};
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		path = path_of_uri(cases[i][0]);
		assert_string_equal(path, cases[i][1]);
		free(path);
	}
}

/* --- targets ------------------------------------------------------------- */

static void
path_of_the_current_session(void **state)
{
	struct fixture *f = *state;
	struct target target;

	f->app.own.current = add(f, "lamp", "coap://127.0.0.1:9");
	free(f->app.own.current->path);
	f->app.own.current->path = strdup("/sensors");
	assert_int_equal(target_open(&f->job, "t", &target), STATUS_OK);
	assert_string_equal(target.uri, "coap://127.0.0.1:9/sensors/t");
	assert_ptr_equal(target.named, f->app.own.current);
	assert_false(target.opened);
	assert_int_equal(count_options(target.options, COAP_OPTION_URI_PATH),
	    2);
	assert_int_equal(count_options(target.options, COAP_OPTION_URI_HOST),
	    0);
	target_close(&f->app, &target);
	assert_int_equal(target_open(&f->job, NULL, &target), STATUS_OK);
	assert_string_equal(target.uri, "coap://127.0.0.1:9/sensors");
	target_close(&f->app, &target);
}

static void
path_of_a_named_session(void **state)
{
	struct fixture *f = *state;
	struct target target;

	f->app.own.current = add(f, "lamp", "coap://127.0.0.1:9");
	add(f, "plug", "coap://127.0.0.1:10");
	assert_int_equal(target_open(&f->job, "plug:/x?a=b", &target),
	    STATUS_OK);
	assert_string_equal(target.uri, "coap://127.0.0.1:10/x?a=b");
	assert_string_equal(target.named->name, "plug");
	assert_int_equal(count_options(target.options, COAP_OPTION_URI_QUERY),
	    1);
	target_close(&f->app, &target);
}

static void
equal_uri_finds_the_session(void **state)
{
	struct fixture *f = *state;
	struct named *lamp = add(f, "lamp", "coap://127.0.0.1");
	struct target target;

	assert_int_equal(target_open(&f->job, "COAP://127.0.0.1:5683/x",
			     &target),
	    STATUS_OK);
	assert_ptr_equal(target.named, lamp);
	assert_false(target.opened);
	target_close(&f->app, &target);
}

/* The words of the next command. */
static void
give_words(struct fixture *f, char **words, size_t n)
{
	char *problem = NULL;

	args_free(&f->job.args);
	assert_int_equal(args_parse(&f->job.args, &cmd_ping, words, n,
			     &problem),
	    0);
}

/* Equal credentials find the session, others and none do not. */
static void
credentials_count(void **state)
{
	struct fixture *f = *state;
	struct named *lamp = add(f, "lamp", "coap://127.0.0.1");
	char uri[] = "coap://127.0.0.1/x", ca[] = "--ca", file[] = "f",
	     other[] = "g";
	char *words[] = { uri, ca, file };
	struct target target;

	give_words(f, words, 3);
	lamp->credentials = keyring_id_of(&f->job.args);
	assert_int_equal(target_open(&f->job, uri, &target), STATUS_OK);
	assert_ptr_equal(target.named, lamp);
	target_close(&f->app, &target);
	words[2] = other;
	give_words(f, words, 3);
	assert_int_equal(target_open(&f->job, uri, &target), STATUS_OK);
	assert_ptr_not_equal(target.named, lamp);
	assert_true(keyring_id_equal(target.named->credentials,
	    keyring_id_of(&f->job.args)));
	target_close(&f->app, &target);
	give_words(f, words, 1);
	assert_int_equal(target_open(&f->job, uri, &target), STATUS_OK);
	assert_true(target.opened);
	target_close(&f->app, &target);
}

/* A session that is there asks for no key. */
static void
open_targets(void **state)
{
	struct fixture *f = *state;
	char uri[] = "coap://127.0.0.1/x", path[] = "/x";
	char *words[] = { uri };

	f->job.command = &cmd_ping;
	give_words(f, words, 1);
	assert_false(target_is_open(&f->job));
	add(f, "lamp", "coap://127.0.0.1");
	assert_true(target_is_open(&f->job));
	f->job.command = &cmd_session_open;
	assert_false(target_is_open(&f->job));
	f->job.command = &cmd_ping;
	words[0] = path;
	give_words(f, words, 1);
	assert_false(target_is_open(&f->job));
}

/* Another protocol, another bind address, or a session that is lost, is
 * another session. */
static void
unequal_uri_opens_one(void **state)
{
	struct fixture *f = *state;
	struct named *lamp = add(f, "lamp", "coap://127.0.0.1:9");
	struct target target;

	lamp->bind = strdup("127.0.0.1");
	assert_int_equal(target_open(&f->job, "coap://127.0.0.1:9", &target),
	    STATUS_OK);
	assert_true(target.opened);
	assert_ptr_not_equal(target.named, lamp);
	assert_string_equal(target.named->name, "s1");
	target_close(&f->app, &target);
	assert_non_null(app_find(&f->app, "s1"));

	coap_session_disconnected(app_find(&f->app, "s1")->session,
	    COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(target_open(&f->job, "coap://127.0.0.1:9", &target),
	    STATUS_OK);
	assert_string_equal(target.named->name, "s2");
	target_close(&f->app, &target);
}

static void
session_of_one_job_has_no_name(void **state)
{
	struct fixture *f = *state;
	struct target target;

	f->app.keep = false;
	assert_int_equal(target_open(&f->job, "coap://127.0.0.1:9/x", &target),
	    STATUS_OK);
	assert_true(target.opened);
	assert_null(target.named);
	assert_null(f->app.sessions);
	target_close(&f->app, &target);
}

/* A session that came to nothing before its first command was done is not
 * kept. */
static void
lost_session_leaves_no_name(void **state)
{
	struct fixture *f = *state;
	struct target target;

	assert_int_equal(target_open(&f->job, "coap://127.0.0.1:9/x", &target),
	    STATUS_OK);
	assert_non_null(f->app.sessions);
	coap_session_disconnected(target.session, COAP_NACK_NOT_DELIVERABLE);
	target_close(&f->app, &target);
	assert_null(f->app.sessions);
}

static void
refused_targets(void **state)
{
	static const struct {
		const char *operand;
		int status;
		const char *said;
	} cases[] = {
		{ "/x", STATUS_STATE, "no session is open" },
		{ "lamp:/x", STATUS_STATE, "no session named 'lamp'" },
		{ "x", STATUS_STATE, "open one with 'open URI'" },
		{ "./a.b", STATUS_STATE, "open one with 'open URI'" },
		{ "h.example/x", STATUS_STATE, "try coap://h.example/x" },
		{ "localhost:5683", STATUS_STATE, "coap://localhost:5683" },
		{ "[::1]/x", STATUS_STATE, "try coap://[::1]/x" },
		{ "coap://[fe80::1%nope]/x", STATUS_RESOLVE, "interface" },
		{ "coap:/x", STATUS_USAGE, "followed by ://" },
		{ "http://h/x", STATUS_USAGE, "proxy" },
		{ "coap://h:x/", STATUS_USAGE, "(character 10)" },
		{ "coap:///x", STATUS_USAGE, "host is missing" },
	};
	struct fixture *f = *state;
	struct target target;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(f->said, 0, sizeof f->said);
		assert_int_equal(target_open(&f->job, cases[i].operand,
				     &target),
		    cases[i].status);
		assert_null(target.session);
		assert_null(target.options);
		assert_non_null(strstr(f->said, cases[i].said));
	}
	assert_null(f->app.sessions);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(uris_and_what_are_none),
		cmocka_unit_test(path_of_a_uri),
		cmocka_unit_test_setup_teardown(path_of_the_current_session,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(path_of_a_named_session, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(equal_uri_finds_the_session,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(credentials_count, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(open_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(unequal_uri_opens_one, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(session_of_one_job_has_no_name,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(lost_session_leaves_no_name,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(refused_targets, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
