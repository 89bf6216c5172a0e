/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of sessions, and sessions under names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/words/names.h"

static void
good_names(void **state)
{
	static const char *const names[] = { "a", "lamp", "Lamp-2", "a.b_c",
		"udp", "l1.1", "coapx", "abcdefghijklmnopqrstuvwxyz012345" };
	char *problem = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_true(name_check(names[i], &problem));
		assert_null(problem);
	}
}

static void
bad_names(void **state)
{
	static const char *const names[] = { "", "1a", "-a", ".a", "a b", "a:b",
		"a/b", "\xc3\xbc", "coap", "COAPS", "coap+tcp", "coaps+ws",
		"http", "https", "abcdefghijklmnopqrstuvwxyz0123456" };
	char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		problem = NULL;
		assert_false(name_check(names[i], &problem));
		assert_non_null(problem);
		free(problem);
	}
}

/* --- sessions under names ------------------------------------------------ */

static int
setup(void **state)
{
	struct app *app = calloc(1, sizeof *app);

	sink_stdio(&app->own.sink, &app->terminal);
	*state = app;
	return app_open(app);
}

static int
teardown(void **state)
{
	app_close(*state);
	free(*state);
	return 0;
}

static coap_session_t *
open_udp(struct app *app)
{
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = "coap://127.0.0.1:9",
	};

	return coapx_session_open(app->context, &params, NULL);
}

static struct named *
add(struct app *app, const char *name)
{
	char *problem = NULL;
	struct named *named = app_add(app, name, open_udp(app), true, &problem);

	assert_null(problem);
	assert_non_null(named);
	return named;
}

static void
invented_names(void **state)
{
	struct app *app = *state;

	add(app, "s2");
	assert_string_equal(add(app, NULL)->name, "s1");
	assert_string_equal(add(app, NULL)->name, "s3");
	assert_ptr_equal(app_find(app, "s2"), app->sessions);
	assert_null(app_find(app, "s4"));
	assert_null(app_find(app, NULL));
}

static void
taken_name(void **state)
{
	struct app *app = *state;
	struct named *lamp = add(app, "lamp");
	coap_session_t *other = open_udp(app);
	char *problem = NULL;

	assert_null(app_add(app, "lamp", other, true, &problem));
	assert_non_null(strstr(problem, "'lamp'"));
	free(problem);
	assert_ptr_equal(app_find(app, "lamp"), lamp);
	assert_null(app_find_session(app, other));
	coap_session_release(other);
}

static void
closed_session_has_no_name(void **state)
{
	struct app *app = *state;
	struct named *lamp = add(app, "lamp");
	coap_session_t *session = coap_session_reference(lamp->session);

	app->own.current = lamp;
	coap_session_reference(session);
	lamp->references = 1;
	named_close(app, lamp);
	assert_null(app->own.current);
	assert_null(app_find(app, "lamp"));
	assert_null(app_find_session(app, session));
	assert_int_equal(coap_session_get_state(session),
	    COAP_SESSION_STATE_NONE);
	coap_session_release(session);
}

/* --- observers ----------------------------------------------------------- */

struct watcher {
	struct observer observer;
	struct app *app;
	struct watcher *drops; /* unobserves this one at an event */
	struct named *closes;
	unsigned seen;
};

static void
on_event(struct observer *o, coap_session_t *session, coap_event_t event)
{
	struct watcher *w = o->user;
	struct named *closes = w->closes;

	(void)session;
	w->seen += event == COAP_EVENT_SESSION_CLOSED;
	if (w->drops)
		app_unobserve(w->app, &w->drops->observer);
	w->drops = NULL;
	w->closes = NULL;
	if (closes)
		named_close(w->app, closes);
}

static void
observe(struct app *app, struct watcher *w)
{
	w->app = app;
	w->observer.event = on_event;
	w->observer.user = w;
	app_observe(app, &w->observer);
}

static void
observer_drops_the_next(void **state)
{
	struct app *app = *state;
	struct watcher a = { .seen = 0 };
	struct watcher b = { .seen = 0 };
	struct watcher c = { .seen = 0 };

	observe(app, &a);
	observe(app, &b);
	observe(app, &c);
	a.drops = &b;
	named_close(app, add(app, "lamp"));
	assert_int_equal(a.seen, 1);
	assert_int_equal(b.seen, 0);
	assert_int_equal(c.seen, 1);
	app_unobserve(app, &a.observer);
	app_unobserve(app, &c.observer);
}

/* While one event is told, another one is, and that drops who was next. */
static void
observer_drops_the_next_deep_inside(void **state)
{
	struct app *app = *state;
	struct watcher a = { .seen = 0 };
	struct watcher b = { .seen = 0 };

	observe(app, &a);
	observe(app, &b);
	a.closes = add(app, "other");
	a.drops = &b;
	named_close(app, add(app, "lamp"));
	assert_int_equal(a.seen, 2);
	assert_int_equal(b.seen, 0);
	assert_null(app->sessions);
	app_unobserve(app, &a.observer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names),
		cmocka_unit_test(bad_names),
		cmocka_unit_test_setup_teardown(invented_names, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(taken_name, setup, teardown),
		cmocka_unit_test_setup_teardown(closed_session_has_no_name,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(observer_drops_the_next, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    observer_drops_the_next_deep_inside, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
