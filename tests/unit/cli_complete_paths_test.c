/* SPDX-License-Identifier: BSD-2-Clause */
/* Tab and the paths of a device, segment by segment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/session/known.h"
#include "cli/words/complete.h"
#include "control_user.h"

#define LIST                                                         \
	"</>,</time>;rt=time;ct=0;obs,</tick>,</a/b>;title=\"A b\"," \
	"</a/b/c>;obs,</a/d>,<coap://other/x>,</sp ace>,</\xc3\xa9>,</t/>"

/* A device in this process, and a prompt with a session to it, "lamp", which
 * knows the list. */
static int
setup(void **state)
{
	struct control_user *u = calloc(1, sizeof(*u));
	char line[160];

	*state = u;
	control_user_open(u);
	u->app.keep = true;
	u->app.own.interactive = true;
	u->app.control.off = true;
	assert_int_equal(control_user_run(u, "serve coap://127.0.0.1:0"), 0);
	snprintf(line, sizeof(line), "open %s --name lamp",
	    u->app.listeners->uri);
	assert_int_equal(control_user_run(u, line), 0);
	assert_int_equal(control_user_run(u, "use lamp"), 0);
	known_put(app_find(&u->app, "lamp"), LIST, strlen(LIST));
	return 0;
}

static int
teardown(void **state)
{
	struct control_user *u = *state;

	control_user_close(u);
	free(u);
	return 0;
}

/* What the word at the end of the line may become, in the order of the list,
 * each followed by a blank. */
static void
assert_values(struct control_user *u, const char *line, const char *expected)
{
	struct completions out;
	char values[1000] = "";
	size_t len = 0;

	complete_line(&u->app, line, strlen(line), &out);
	assert_false(out.failed);
	for (size_t i = 0; i < out.n && len < sizeof(values); i++)
		len += (size_t)snprintf(values + len, sizeof(values) - len,
		    "%s ", out.items[i].value);
	assert_string_equal(values, expected);
	completions_free(&out);
}

static void
segment_by_segment(void **state)
{
	struct control_user *u = *state;

	assert_values(u, "get /t", "/time /tick /t/ ");
	assert_values(u, "get /ti", "/time /tick ");
	assert_values(u, "get /a", "/a/ ");
	assert_values(u, "get /a/", "/a/b /a/b/ /a/d ");
	assert_values(u, "get /a/b/", "/a/b/c ");
	assert_values(u, "get /a/x", "");
	assert_values(u, "get /none", "");
}

/* What would not come back as one word, or is no path, is not offered. */
static void
only_plain_paths(void **state)
{
	struct control_user *u = *state;
	struct completions out;
	size_t paths = 0;

	assert_values(u, "get /s", "");
	assert_values(u, "get /\xc3", "");
	assert_values(u, "get coap://oth", "");
	complete_line(&u->app, "get ", 4, &out);
	for (size_t i = 0; i < out.n; i++)
		if (strcmp(out.items[i].value, "/time") == 0)
			paths++;
		else
			assert_null(strstr(out.items[i].value, "other"));
	assert_int_equal(paths, 1);
	completions_free(&out);
}

static void
what_can_be_observed(void **state)
{
	struct control_user *u = *state;

	assert_values(u, "observe /t", "/time ");
	assert_values(u, "observe start /a/", "/a/b/ ");
	assert_values(u, "observe /time /a/b/", "/a/b/c ");
	assert_values(u, "observe lamp:/t", "lamp:/time ");
}

static void
of_a_session_by_name(void **state)
{
	struct control_user *u = *state;

	assert_values(u, "get lamp:/ti", "lamp:/time lamp:/tick ");
	assert_values(u, "get lamp:/a/", "lamp:/a/b lamp:/a/b/ lamp:/a/d ");
	assert_values(u, "get nobody:/ti", "");
	assert_values(u, "get -S lamp /ti", "/time /tick ");
	assert_values(u, "get -S nobody /ti", "");
}

/* As it is typed from where one is. */
static void
below_the_current_path(void **state)
{
	struct control_user *u = *state;

	assert_values(u, "get ti", "time tick ");
	assert_int_equal(control_user_run(u, "cd /a"), 0);
	assert_values(u, "get b", "b b/ ");
	assert_values(u, "get b/", "b/c ");
	assert_values(u, "get /ti", "/time /tick ");
	assert_values(u, "get ti", "");
	assert_int_equal(control_user_run(u, "cd /tic"), 0);
	assert_values(u, "get k", "");
}

static void
descriptions(void **state)
{
	struct control_user *u = *state;
	struct completions out;

	complete_line(&u->app, "get /time", 9, &out);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0].description,
	    "rt=time  ct=0 (text/plain)  obs");
	completions_free(&out);
	/* What is only a part of others has none. */
	complete_line(&u->app, "get /a/b/", 8, &out);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].description, "title=\"A b\"");
	assert_null(out.items[1].description);
	completions_free(&out);
}

/* A list that is bad in one place is good in others. */
static void
of_a_bad_list(void **state)
{
	static const char bad[] = "</one>;ct=0 41;obs,</two>,<three,</tw>,";
	struct control_user *u = *state;

	known_put(app_find(&u->app, "lamp"), bad, strlen(bad));
	assert_values(u, "get /t", "/two /tw ");
	assert_values(u, "observe /", "/one ");
}

/* Where nothing is known the device is asked, as soon as a path is typed. */
static void
the_device_is_asked(void **state)
{
	struct control_user *u = *state;
	struct named *other;
	char line[160];

	snprintf(line, sizeof(line), "open %s --name other",
	    u->app.listeners->uri);
	assert_int_equal(control_user_run(u, line), 0);
	other = app_find(&u->app, "other");
	assert_non_null(other);
	assert_values(u, "get oth", "other: ");
	assert_false(known_is_asked(other));
	assert_values(u, "get other:/large-cr", "other:/large-create ");
	assert_true(known_is_fresh(app_find(&u->app, "other")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(segment_by_segment, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(only_plain_paths, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(what_can_be_observed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(of_a_session_by_name, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(below_the_current_path, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(descriptions, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_bad_list, setup, teardown),
		cmocka_unit_test_setup_teardown(the_device_is_asked, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
