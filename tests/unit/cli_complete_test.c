/* SPDX-License-Identifier: BSD-2-Clause */
/* What the word at the cursor may become. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/app.h"
#include "cli/words/complete.h"

/* The values for the text before the cursor '^', each followed by a blank; what
 * is behind the cursor does not count. */
static void
complete(struct app *app, const char *line, struct completions *out,
    char *values, size_t size)
{
	size_t i, len = 0, point = strcspn(line, "^");

	complete_line(app, line, point, out);
	assert_false(out->failed);
	values[0] = '\0';
	for (i = 0; i < out->n && len < size; i++)
		len += (size_t)snprintf(values + len, size - len, "%s ",
		    out->items[i].value);
	assert_true(len < size);
}

static void
assert_values(const char *line, const char *expected)
{
	struct completions out;
	struct app app = { .own.interactive = true };
	char values[4000];

	complete(&app, line, &out, values, sizeof(values));
	assert_string_equal(values, expected);
	completions_free(&out);
}

static void
assert_has(const char *line, const char *value, bool has)
{
	struct completions out;
	struct app app = { .own.interactive = true };
	bool found = false;
	size_t i;

	complete_line(&app, line, strlen(line), &out);
	for (i = 0; i < out.n; i++)
		found = found || strcmp(out.items[i].value, value) == 0;
	assert_int_equal(found, has);
	completions_free(&out);
}

static void
test_commands(void **state)
{
	(void)state;
	assert_values("ge^", "get ");
	assert_values("  ge^", "get ");
	assert_values("get /a ; ge^", "get ");
	assert_values("get /a; ge^t x", "get ");
	assert_values("listen s^", "stop ");
	assert_values("session li^", "list ");
	assert_values("session data ^", "set get unset list ");
	assert_values("session data x ^", "");
	assert_values("nope ^", "");
	assert_has("", "get", true);
	assert_has("", "session", true);
	assert_has("", "session open", false);
	assert_has("-j ", "get", true);
	assert_has("session -S x ", "list", true);
}

/* A family is described by its heading, a command by its summary. */
static void
test_descriptions(void **state)
{
	struct completions out;

	(void)state;
	complete_line(NULL, "sessio", 6, &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].value, "session");
	assert_string_equal(out.items[0].description, "Sessions");
	assert_string_equal(out.items[1].value, "sessions");
	completions_free(&out);
}

static void
test_options(void **state)
{
	(void)state;
	assert_values("get --jso^", "--json ");
	assert_values("get --expect-j^", "--expect-json ");
	assert_values("help --li^", "--list ");
	assert_values("help -- --li^", "");
	assert_has("get -", "--accept", true);
	assert_has("session list -", "--accept", false);
	assert_has("-", "--json", true);
	assert_has("session -", "--json", true);
}

static void
test_values_of_options(void **state)
{
	(void)state;
	assert_values("get --format ^", "human json raw hex none diag ");
	assert_values("get --format=h^", "--format=human --format=hex ");
	assert_values("--color a^", "auto always ");
	assert_values("get --accept senml+c^", "senml+cbor ");
	assert_values("get /x --expect 2.0^", "2.01 2.02 2.03 2.04 2.05 ");
	assert_values("get -O If-N^", "If-None-Match ");
	assert_values("get -w ^", "");
}

static void
test_operands(void **state)
{
	(void)state;
	assert_values("get coap+^",
	    coap_ws_is_supported() ? "coap+tcp:// coap+ws:// "
				   : "coap+tcp:// ");
	assert_values("explain c^", "code cause ");
	assert_values("help session data s^", "set ");
	assert_values("help ge^", "get ");
	assert_values("version ^", "");
}

static void
test_quotes(void **state)
{
	struct completions out;
	struct app app = { .own.interactive = true };
	char values[200];

	(void)state;
	complete(&app, "get --format 'h^", &out, values, sizeof(values));
	assert_string_equal(values, "human hex ");
	assert_int_equal(out.begin, 13);
	assert_int_equal(out.open, LEX_SINGLE);
	completions_free(&out);
	assert_values("\"get\" --for\\mat=j^", "--format=json ");
	assert_values("get # --js^", "");
	assert_values("get /a | gr^", "");
}

static void
test_begin_and_nospace(void **state)
{
	struct completions out;
	struct app app = { .own.interactive = true };
	char values[200];

	(void)state;
	complete(&app, "get coap+t^", &out, values, sizeof(values));
	assert_true(out.nospace);
	assert_int_equal(out.begin, 4);
	completions_free(&out);
	complete(&app, "ge^", &out, values, sizeof(values));
	assert_false(out.nospace);
	assert_int_equal(out.begin, 0);
	completions_free(&out);
	complete(&app, "get ^", &out, values, sizeof(values));
	assert_int_equal(out.begin, 4);
	completions_free(&out);
}

static void
test_in_a_shell(void **state)
{
	struct completions out;
	char values[4000];

	(void)state;
	complete(NULL, "coap-shell ge^", &out, values, sizeof(values));
	assert_string_equal(values, "get ");
	completions_free(&out);
	complete(NULL, "./build/coap-shell --comm^", &out, values,
	    sizeof(values));
	assert_string_equal(values, "--command ");
	completions_free(&out);
	complete(NULL, "ge^", &out, values, sizeof(values));
	assert_string_equal(values, "get ");
	completions_free(&out);
	/* No abbreviation outside the prompt. */
	complete(NULL, "coap-shell sess li^", &out, values, sizeof(values));
	assert_string_equal(values, "");
	completions_free(&out);
}

static void
test_files(void **state)
{
	struct completions out;
	char values[400];

	(void)state;
	complete(NULL, "coap-shell get -o x^", &out, values, sizeof(values));
	assert_true(out.files);
	assert_int_equal(out.file_prefix, 0);
	completions_free(&out);
	complete(NULL, "put /x --data=@a^", &out, values, sizeof(values));
	assert_true(out.files);
	assert_int_equal(out.file_prefix, strlen("--data=@"));
	completions_free(&out);
	complete(NULL, "put /x --data=a^", &out, values, sizeof(values));
	assert_false(out.files);
	completions_free(&out);
}

static void
test_names_of_files(void **state)
{
	char folder[] = "/tmp/complete-test-XXXXXX", path[100], line[200];
	char expected[200], values[400];
	struct completions out;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/sub", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(line, sizeof(line), "put /x -d @%s/s^", folder);
	complete(NULL, line, &out, values, sizeof(values));
	completions_add_files(&out);
	snprintf(expected, sizeof(expected), "@%s/", path);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0].value, expected);
	assert_true(out.nospace);
	completions_free(&out);
	rmdir(path);
	rmdir(folder);
}

/* --- sessions of other processes ----------------------------------------- */

/* A process that serves two sessions at a socket, and one that never answers. */
struct others {
	struct app app;
	char folder[40];
	char path[60];
	char silent[60];
	int silent_fd;
};

static void
add_session(struct app *app, const char *name, uint16_t port)
{
	coap_address_t to;
	char *problem;

	coap_address_init(&to);
	to.addr.sin.sin_family = AF_INET;
	to.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.addr.sin.sin_port = htons(port);
	assert_non_null(app_add(app, name,
	    coap_new_client_session(app->context, NULL, &to, COAP_PROTO_UDP),
	    true, &problem));
}

static int
set_up_others(void **state)
{
	struct others *o = calloc(1, sizeof *o);
	char *problem;

	*state = o;
	strcpy(o->folder, "/tmp/complete-test-XXXXXX");
	assert_non_null(mkdtemp(o->folder));
	snprintf(o->path, sizeof o->path, "%s/one", o->folder);
	snprintf(o->silent, sizeof o->silent, "%s/two", o->folder);
	assert_int_equal(app_open(&o->app), 0);
	add_session(&o->app, "lamp", 5683);
	add_session(&o->app, "late", 5684);
	o->app.control.path = o->path;
	assert_int_equal(control_serve(&o->app, &problem), 0);
	o->silent_fd = control_listen(o->silent);
	assert_true(o->silent_fd >= 0);
	return 0;
}

static int
tear_down_others(void **state)
{
	struct others *o = *state;
	char lock[70];

	app_close(&o->app);
	control_unlink(o->silent, o->silent_fd);
	close(o->silent_fd);
	snprintf(lock, sizeof lock, "%s.lock", o->path);
	unlink(lock);
	assert_int_equal(rmdir(o->folder), 0);
	free(o);
	return 0;
}

/* As a shell that asks at that socket would have it. */
static void
complete_others(struct others *o, const char *path, const char *line,
    struct completions *out)
{
	struct control control = { .path = path };
	struct completer completer = {
		.context = o->app.context,
		.control = &control,
		.limit_ms = path == o->silent ? 20 : 60000,
	};

	complete_for(&completer, line, strlen(line), out);
	assert_false(out->failed);
}

static void
test_sessions_of_others(void **state)
{
	struct others *o = *state;
	struct completions out;

	complete_others(o, o->path, "coap-shell -S ", &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].value, "lamp");
	assert_string_equal(out.items[0].description,
	    "udp, established, 127.0.0.1:5683");
	assert_string_equal(out.items[1].value, "late");
	assert_false(out.nospace);
	completions_free(&out);
	complete_others(o, o->path, "coap-shell get lam", &out);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0].value, "lamp:");
	assert_true(out.nospace);
	completions_free(&out);
	complete_others(o, o->path, "coap-shell --no-agent close ", &out);
	assert_int_equal(out.n, 0);
	completions_free(&out);
}

/* --control of the line counts more than what the shell has. */
static void
test_control_of_the_line(void **state)
{
	struct others *o = *state;
	struct completions out;
	char line[120];

	snprintf(line, sizeof line, "coap-shell --control %s close la",
	    o->path);
	complete_others(o, o->silent, line, &out);
	assert_int_equal(out.n, 2);
	completions_free(&out);
	snprintf(line, sizeof line, "coap-shell --control=%s/none close la",
	    o->folder);
	complete_others(o, o->path, line, &out);
	assert_int_equal(out.n, 0);
	completions_free(&out);
}

/* Without a limit this would not return. */
static void
test_silent_others(void **state)
{
	struct others *o = *state;
	struct completions out;

	complete_others(o, o->silent, "coap-shell close ", &out);
	assert_int_equal(out.n, 0);
	completions_free(&out);
}

/* Who serves at that socket has its own sessions once. */
static void
test_own_sessions_once(void **state)
{
	struct others *o = *state;
	struct completions out;

	complete_line(&o->app, "close ", 6, &out);
	assert_false(out.failed);
	assert_int_equal(out.n, 2);
	assert_null(out.items[0].description);
	completions_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_values_of_options),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_begin_and_nospace),
		cmocka_unit_test(test_in_a_shell),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_names_of_files),
		cmocka_unit_test_setup_teardown(test_sessions_of_others,
		    set_up_others, tear_down_others),
		cmocka_unit_test_setup_teardown(test_control_of_the_line,
		    set_up_others, tear_down_others),
		cmocka_unit_test_setup_teardown(test_silent_others,
		    set_up_others, tear_down_others),
		cmocka_unit_test_setup_teardown(test_own_sessions_once,
		    set_up_others, tear_down_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
