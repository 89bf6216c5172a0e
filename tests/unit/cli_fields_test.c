/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of fields and of settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/session/session_fields.h"
#include "cli/session/session_tunables.h"

static int
setup(void **state)
{
	struct app *app = calloc(1, sizeof *app);
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = "coap://127.0.0.1:9",
	};
	char *problem = NULL;

	sink_stdio(&app->own.sink, &app->terminal);
	*state = app;
	if (app_open(app) != 0)
		return -1;
	app_add(app, "lamp", coapx_session_open(app->context, &params, NULL),
	    true, &problem);
	return app->sessions ? 0 : -1;
}

static int
teardown(void **state)
{
	app_close(*state);
	free(*state);
	return 0;
}

static const struct named *
lamp(void **state)
{
	return ((struct app *)*state)->sessions;
}

static void
put_data(struct named *named, const char *key, const char *value)
{
	struct datum *d = calloc(1, sizeof *d);

	d->key = strdup(key);
	d->value = strdup(value);
	DL_APPEND(named->data, d);
}

/* --- fields -------------------------------------------------------------- */

static void
every_field_is_read(void **state)
{
	const struct session_field *f;
	struct field_value v;

	for (f = session_fields; f->name; f++) {
		memset(&v, 0xa5, sizeof v);
		assert_true(field_read(lamp(state), NULL, f->name, false, &v));
		assert_string_equal(v.view.name, f->name);
		assert_in_range(v.view.type, FIELD_NULL, FIELD_MS);
		if (v.view.type == FIELD_TEXT)
			assert_true(strlen(v.view.text) > 0);
		assert_non_null(f->help);
	}
}

static void
values_of_a_udp_session(void **state)
{
	struct field_value v;

	field_read(lamp(state), NULL, "name", false, &v);
	assert_string_equal(v.view.text, "lamp");
	field_read(lamp(state), NULL, "proto", false, &v);
	assert_string_equal(v.view.text, "udp");
	field_read(lamp(state), NULL, "state", false, &v);
	assert_string_equal(v.view.text, "established");
	field_read(lamp(state), NULL, "addr.remote", false, &v);
	assert_string_equal(v.view.text, "127.0.0.1:9");
	field_read(lamp(state), NULL, "refs", false, &v);
	assert_int_equal(v.view.type, FIELD_NUMBER);
	assert_true(v.view.number == 1.0);
	field_read(lamp(state), NULL, "tx.ack-random-factor", false, &v);
	assert_true(v.view.number == 1.5);
}

/* What does not apply is null: a datagram session has no CSM, no group, no
 * round trip yet, no key. */
static void
null_fields(void **state)
{
	static const char *const names[] = { "csm.received",
		"csm.peer-max-message-size", "csm.peer-block-wise",
		"csm.peer-max-token", "csm.own-max-message-size", "addr.mcast",
		"stats.rtt-min", "stats.rtt-avg", "stats.rtt-max", "error",
		"listener", "psk.hint", "psk.identity", "psk.key", "data.x" };
	struct field_value v;
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_true(field_read(lamp(state), NULL, names[i], false, &v));
		assert_int_equal(v.view.type, FIELD_NULL);
	}
}

static void
unknown_fields(void **state)
{
	struct field_value v;

	assert_false(field_read(lamp(state), NULL, "stat", false, &v));
	assert_false(field_read(lamp(state), NULL, "", false, &v));
	assert_false(field_read(lamp(state), NULL, "data.", false, &v));
	assert_string_equal(field_nearest("stat"), "state");
	assert_string_equal(field_nearest("adr.remote"), "addr.remote");
	assert_null(field_nearest("xyzzyxyzzy"));
}

static void
data_fields(void **state)
{
	struct app *app = *state;
	struct field_value *values;
	struct field_value v;
	size_t n = 0;

	put_data(app->sessions, "room", "kitchen");
	put_data(app->sessions, "floor", "2");
	assert_true(field_read(app->sessions, NULL, "data.room", false, &v));
	assert_string_equal(v.view.text, "kitchen");
	values = fields_read_all(app->sessions, NULL, false, &n);
	assert_non_null(values);
	assert_string_equal(values[0].view.name, "id");
	assert_string_equal(values[n - 2].view.name, "data.room");
	assert_string_equal(values[n - 1].view.name, "data.floor");
	assert_string_equal(values[n - 1].view.text, "2");
	fields_free(values, n);
}

/* --- settings ------------------------------------------------------------ */

static void
good_settings(void **state)
{
	static const struct {
		const char *text;
		const char *key;
		uint64_t value;
	} cases[] = {
		{ "ack-timeout=2", "ack-timeout", 2000 },
		{ "ack-timeout=0.5", "ack-timeout", 500 },
		{ "ack-timeout=0.001", "ack-timeout", 1 },
		{ "ack-timeout=65535.999", "ack-timeout", 65535999 },
		{ "ack-random-factor=1", "ack-random-factor", 1000 },
		{ "max-retransmit=1", "max-retransmit", 1 },
		{ "nstart=65535", "nstart", 65535 },
		{ "probing-rate=4294967295", "probing-rate", 4294967295 },
		{ "mtu=64", "mtu", 64 },
		{ "keepalive=0", "keepalive", 0 },
	};
	const struct tunable *t;
	char *problem;
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		t = tunable_parse(cases[i].text, &value, &problem);
		assert_non_null(t);
		assert_null(problem);
		assert_string_equal(t->key, cases[i].key);
		assert_int_equal(value, cases[i].value);
	}
}

static void
bad_settings(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{ "ack-timeout", "KEY=VALUE" },
		{ "ack-timeot=1", "did you mean 'ack-timeout'?" },
		{ "xyzzyxyzzy=1", "no setting 'xyzzyxyzzy'" },
		{ "=1", "no setting ''" },
		{ "ack-timeout=", "0.001 to 65535.999" },
		{ "ack-timeout=0", "0.001 to 65535.999" },
		{ "ack-timeout=-1", "0.001 to 65535.999" },
		{ "ack-timeout=1e3", "0.001 to 65535.999" },
		{ "ack-timeout=.5", "0.001 to 65535.999" },
		{ "ack-timeout=5.", "0.001 to 65535.999" },
		{ "ack-timeout=0.5.5", "0.001 to 65535.999" },
		{ "ack-timeout=0.0001", "at most 3 decimals" },
		{ "ack-timeout=65536", "0.001 to 65535.999" },
		{ "ack-timeout=99999999999999999999999", "0.001" },
		{ "ack-random-factor=0.9", "1 to 65535.999" },
		{ "nstart=0", "1 to 65535" },
		{ "nstart=1.5", "whole number" },
		{ "max-retransmit=65536", "1 to 65535" },
		{ "probing-rate=4294967296", "1 to 4294967295" },
		{ "mtu=63", "64 to 65535" },
		{ "keepalive=86401", "0 to 86400" },
	};
	char *problem;
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_null(tunable_parse(cases[i].text, &value, &problem));
		assert_non_null(problem);
		assert_non_null(strstr(problem, cases[i].said));
		free(problem);
	}
}

/* What is set can be asked, as a setting and as a field. */
static void
settings_are_kept(void **state)
{
	struct app *app = *state;
	const struct tunable *t;
	struct field_value v;

	for (t = tunables; t->key; t++) {
		assert_true(t->get(app->sessions) >= t->min);
		t->set(app->sessions, t->min);
		assert_int_equal(t->get(app->sessions), t->min);
		t->set(app->sessions, t->max);
		assert_int_equal(t->get(app->sessions), t->max);
	}
	field_read(app->sessions, NULL, "tx.ack-timeout", false, &v);
	assert_true(v.view.number == 65535.999);
	field_read(app->sessions, NULL, "keepalive", false, &v);
	assert_true(v.view.number == 86400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_field_is_read, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(values_of_a_udp_session, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(null_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_fields, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(data_fields, setup, teardown),
		cmocka_unit_test(good_settings),
		cmocka_unit_test(bad_settings),
		cmocka_unit_test_setup_teardown(settings_are_kept, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
