/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of observations: numbers, followers, ends; a device of the same
 * process is observed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/observe/observed.h"
#include "cli/observe/same.h"
#include "control_user.h"

struct watcher {
	struct follower follower;
	unsigned notified;
	unsigned ended;
	int error;
	/* What it does when it is told: */
	bool leaves;
	bool discards;
	struct watcher *throws_out;
};

static void
on_notify(struct follower *follower, const struct view_notification *v)
{
	struct watcher *w = follower->user;

	assert_non_null(v->uri);
	w->notified++;
	if (w->throws_out)
		observed_unfollow(&w->throws_out->follower);
	if (w->discards)
		observed_discard(follower->of);
	else if (w->leaves)
		observed_unfollow(follower);
}

static void
on_end(struct follower *follower, const struct observed *o,
    const coapx_result_t *result)
{
	struct watcher *w = follower->user;

	assert_null(follower->of);
	/* Whoever looks for it does not find it any more. */
	assert_null(observed_find(o->app, o->id));
	w->ended++;
	w->error = result->error;
}

static void
watch(struct watcher *w, struct observed *o)
{
	memset(w, 0, sizeof(*w));
	w->follower.user = w;
	w->follower.notify = on_notify;
	w->follower.end = on_end;
	observed_follow(o, &w->follower);
}

static int
setup(void **state)
{
	struct control_user *u = calloc(1, sizeof(*u));
	char line[160];

	*state = u;
	control_user_open(u);
	u->app.keep = true;
	u->app.control.off = true;
	assert_int_equal(control_user_run(u, "serve coap://127.0.0.1:0"), 0);
	snprintf(line, sizeof(line), "open %s --name lamp",
	    u->app.listeners->uri);
	assert_int_equal(control_user_run(u, line), 0);
	assert_int_equal(control_user_run(u, "put lamp:/store/x -d one"), 0);
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

/* Each asks for another thing; the first one for all of it. */
static struct observed *
start(struct control_user *u, unsigned id)
{
	struct observed *o;
	char line[80] = "observe start lamp:/store/x";

	if (id > 1)
		snprintf(line, sizeof(line),
		    "observe start lamp:/store/x -u n=%u", id);
	assert_int_equal(control_user_run(u, line), 0);
	o = observed_find(&u->app, id);
	assert_non_null(o);
	return o;
}

static size_t
count(const struct control_user *u)
{
	const struct observed *o;
	size_t n = 0;

	DL_COUNT(u->app.observed, o, n);
	return n;
}

/* --- the tests -------------------------------------------------------------- */

static void
numbers_are_reused(void **state)
{
	struct control_user *u = *state;

	start(u, 1);
	assert_string_equal(u->out.s, "1\n");
	start(u, 2);
	start(u, 3);
	assert_int_equal(control_user_run(u, "observe stop 2"), 0);
	assert_null(observed_find(&u->app, 2));
	assert_int_equal(count(u), 2);
	start(u, 2);
	assert_string_equal(u->out.s, "2\n");
	assert_true(observed_has(&u->app, u->app.sessions->session));
	assert_int_equal(control_user_run(u, "observe stop --all"), 0);
	assert_int_equal(count(u), 0);
	assert_false(observed_has(&u->app, u->app.sessions->session));
}

static void
followers_may_do_anything(void **state)
{
	struct control_user *u = *state;
	struct observed *o = start(u, 1);
	struct watcher w[4];

	for (size_t i = 0; i < 4; i++)
		watch(&w[i], o);
	w[0].leaves = true;
	w[1].throws_out = &w[2];
	assert_int_equal(control_user_run(u, "put lamp:/store/x -d two"), 0);
	while (w[3].notified < 1)
		app_step(&u->app, -1);
	assert_int_equal(w[0].notified, 1);
	assert_int_equal(w[1].notified, 1);
	assert_int_equal(w[2].notified, 0);
	assert_null(w[0].follower.of);
	/* Nobody is told of what is discarded. */
	w[1].throws_out = NULL;
	w[1].discards = true;
	assert_int_equal(control_user_run(u, "put lamp:/store/x -d three"), 0);
	while (count(u) > 0)
		app_step(&u->app, -1);
	assert_int_equal(w[0].notified, 1);
	assert_int_equal(w[1].notified, 2);
	assert_int_equal(w[1].ended + w[3].ended, 0);
	assert_null(w[3].follower.of);
}

static void
two_are_kept(void **state)
{
	struct control_user *u = *state;
	struct observed *o;
	struct watcher w;

	assert_int_equal(control_user_run(u, "put lamp:/store/x -d one"), 0);
	o = start(u, 1);
	assert_true(o->last.there);
	assert_false(o->before.there);
	assert_int_equal(control_user_run(u, "observe diff"), STATUS_STATE);
	watch(&w, o);
	assert_int_equal(control_user_run(u, "put lamp:/store/x -d four"), 0);
	while (w.notified < 1)
		app_step(&u->app, -1);
	assert_int_equal(o->before.view.len, 3);
	assert_memory_equal(o->before.view.data, "one", 3);
	assert_memory_equal(o->last.view.data, "four", 4);
	assert_int_equal(o->last.view.count, 2);
	assert_int_equal(control_user_run(u, "observe diff"), 0);
	assert_string_equal(u->out.s, "one -> four\n");
	observed_unfollow(&w.follower);
	assert_int_equal(control_user_run(u, "observe stop"), 0);
}

/* What a cache would take for the same is observed once (RFC 7641 section
 * 3.1), of each session; what is being stopped does not count. */
static void
nothing_is_observed_twice(void **state)
{
	static const char *const others[] = {
		"observe start lamp:/store/x -a text",
		"observe start lamp:/store/x -u a=1",
		"observe start lamp:/store/x --etag 01",
		"observe start lamp:/store/x --fetch -d a -t text",
	};
	static const char *const same[] = {
		"observe start lamp:/store/x",
		"observe start lamp:/store/x --non",
		"observe start lamp:/store/x --block-size 64",
		"observe start lamp:/store/x -O Size2=0",
		"observe start lamp:/store/x -O Block2=2",
		"observe lamp:/store/x -n 1",
	};
	struct control_user *u = *state;
	char line[200];

	assert_int_equal(control_user_run(u, "put lamp:/store/x -d one"), 0);
	start(u, 1);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(control_user_run(u, same[i]), STATUS_STATE);
		assert_non_null(strstr(u->err.s,
		    "is observed already, as 1; 'observe tail 1 -S lamp' "
		    "shows"));
		assert_int_equal(count(u), 1);
	}
	/* The device answers the FETCH with 4.xx: not our "already". */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		control_user_run(u, others[i]);
		assert_null(u->err.s ? strstr(u->err.s, "already") : NULL);
	}
	snprintf(line, sizeof(line), "open %s --name other",
	    u->app.listeners->uri);
	assert_int_equal(control_user_run(u, line), 0);
	assert_int_equal(control_user_run(u, "observe start other:/store/x"),
	    0);
	assert_int_equal(control_user_run(u, "observe stop 1"), 0);
	assert_int_equal(control_user_run(u, "observe start lamp:/store/x"), 0);
	observed_discard(observed_find(&u->app, 1));
	assert_int_equal(control_user_run(u, "observe lamp:/store/x -n 1"), 0);
}

/* The body of a FETCH is what it asks for (RFC 8132 section 2). */
static void
the_body_is_of_the_key(void **state)
{
	struct control_user *u = *state;
	uint8_t bodies[2][2] = { "a", "b" };
	struct request_plan plan = { .code = COAP_REQUEST_CODE_FETCH };
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON,
	    COAP_REQUEST_CODE_FETCH, u->app.sessions->session);
	char none[SHA256_TEXT_SIZE], one[SHA256_TEXT_SIZE];
	char other[SHA256_TEXT_SIZE], again[SHA256_TEXT_SIZE];

	assert_non_null(pdu);
	same_key(pdu, &plan, none);
	plan.payload = bodies[0];
	plan.payload_len = 1;
	same_key(pdu, &plan, one);
	same_key(pdu, &plan, again);
	plan.payload = bodies[1];
	same_key(pdu, &plan, other);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
	assert_string_not_equal(one, none);
	plan.code = COAP_REQUEST_CODE_GET;
	same_key(pdu, &plan, again);
	assert_string_not_equal(again, other);
	coap_delete_pdu(pdu);
}

/* By its session, and by what is forgotten. */
static void
an_end_is_told_once(void **state)
{
	struct control_user *u = *state;
	struct observed *o = start(u, 1);
	struct watcher w;

	watch(&w, o);
	observed_forget(o);
	assert_int_equal(w.ended, 1);
	assert_int_equal(w.error, -COAP_E_CANCELLED);
	assert_int_equal(count(u), 0);
	watch(&w, start(u, 1));
	assert_int_equal(control_user_run(u, "close lamp"), 0);
	assert_int_equal(w.ended, 1);
	assert_true(w.error < 0);
	assert_int_equal(count(u), 0);
}

static void
there_are_no_more_than_so_many(void **state)
{
	struct control_user *u = *state;

	for (unsigned i = 1; i <= OBSERVED_MAX; i++)
		start(u, i);
	assert_int_equal(control_user_run(u,
			     "observe start lamp:/store/x -u n=0"),
	    STATUS_STATE);
	assert_int_equal(count(u), OBSERVED_MAX);
	assert_int_equal(control_user_run(u, "observe stop 7"), 0);
	start(u, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_are_reused, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(followers_may_do_anything,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(two_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_observed_twice,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(the_body_is_of_the_key, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(an_end_is_told_once, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(there_are_no_more_than_so_many,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
