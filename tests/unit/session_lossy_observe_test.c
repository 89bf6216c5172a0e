/* SPDX-License-Identifier: BSD-2-Clause */
/* Observing through a bad network: a client never goes back to an older state,
 * and has the last one in the end (RFC 7641 sections 3.4 and 4.5). */
#include <stdlib.h>

#include "lossy.h"

#define CHANGES  1000
#define BODY     ((size_t)3000)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))
/* Longer than Max-Age, the wait behind it, and a registration that fails. */
#define QUIET_MS ((uint64_t)400 * 1000)
/* The longest that the last state may take: a registration may fail again and
 * again. */
#define PATIENCE 100

struct observe_row {
	const char *name;
	const struct lossy_rule *rule;
	int flags; /* of the resource */
	unsigned rounds;
	unsigned every_ms;    /* a change each, at most; half of it at least */
	uint16_t retransmits; /* 0: the default */
	unsigned large;       /* one state of so many fits one block; 0: all */
	uint32_t number;      /* the resource's at the begin */
};

static struct {
	const struct observe_row *row;
	coap_resource_t *resource;
	coapx_timer_t *timer;
	unsigned state;
	unsigned seen;     /* the newest state that the client knows */
	unsigned notified; /* notifications that it was told */
	unsigned begun;    /* registrations, and how many ended */
	unsigned ended;
	unsigned failed; /* with an error */
	coapx_observation_t *observation;
	uint32_t number; /* of the newest notification */
	uint64_t told_us;
	unsigned late;   /* that came after newer ones */
	unsigned bodies; /* given to answers, and got back */
	unsigned freed;
} it;

/* --- the server ----------------------------------------------------------- */

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	it.freed++;
	free(app);
}

static size_t
length_of(unsigned state)
{
	return it.row->large && state % it.row->large ? BODY : 8;
}

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char *body = malloc(BODY);
	size_t len = length_of(it.state);

	assert_non_null(body);
	memset(body, ' ', BODY);
	snprintf(body, BODY, "%07u", it.state);
	body[7] = ' ';
	/* The state is at both ends, so that no body is of two. */
	snprintf(body + len - 8, 8, "%07u", it.state);
	it.bodies++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_TEXT_PLAIN, 60, 0, len,
	    (uint8_t *)body, on_release, body));
}

/* A change now, and the next one soon. */
static void
on_change(coapx_timer_t *timer, void *arg)
{
	unsigned half = it.row->every_ms / 2;

	(void)arg;
	it.state++;
	coap_resource_notify_observers(it.resource, NULL);
	if (it.state < CHANGES)
		coapx_timer_set(timer, half + it.state * 7919 % (half + 1));
}

/* --- the client ----------------------------------------------------------- */

static unsigned
state_in(const coap_pdu_t *pdu)
{
	size_t len, offset, total;
	const uint8_t *data;
	char text[8] = "";

	assert_true(coap_get_data_large(pdu, &len, &data, &offset, &total));
	assert_int_equal(offset, 0);
	memcpy(text, data, 7);
	assert_int_equal(len, length_of((unsigned)strtoul(text, NULL, 10)));
	assert_memory_equal(text, data + len - 8, 7);
	return (unsigned)strtoul(text, NULL, 10);
}

/* RFC 7641 section 3.4, for two that came within 128 s of each other. */
static bool
is_newer(uint32_t a, uint32_t b)
{
	return ((a - b) & 0xffffff) - 1 < 0x7fffff;
}

static void
on_notify(coapx_observation_t *observation, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	unsigned state = state_in(n->response);

	(void)session;
	(void)arg;
	it.observation = observation;
	it.notified++;
	if (n->flags & COAPX_NOTIFICATION_REORDERED) {
		it.late++;
		/* The newer one's body may be on its way still. */
		assert_true(state <= it.seen || it.row->large);
		return;
	}
	/* The answer to a registration counts whatever its number is. */
	if (it.notified > 1 && w.now_us - it.told_us < 128000000 &&
	    !(n->flags & COAPX_NOTIFICATION_ANSWER))
		assert_true(is_newer(n->number, it.number));
	it.told_us = w.now_us;
	if (state < it.seen)
		fail_msg("state %u after %u", state, it.seen);
	it.seen = state;
	it.number = n->number;
}

static void
on_end(coapx_observation_t *observation, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)observation;
	(void)session;
	(void)arg;
	it.ended++;
	it.failed += result->error != 0;
	it.observation = NULL;
	if (!result->error)
		return;
	/* A body that changes twice while it is taken is given up. */
	assert_true(result->error == -COAP_E_RETRIES ||
	    result->error == -COAP_E_TIMEOUT ||
	    (result->error == -COAP_E_BAD_RESPONSE && it.row->large));
}

static void
observe(coap_session_t *session)
{
	coapx_observe_params_t params = {
		.size = sizeof params,
		.flags = COAPX_OBSERVE_ALL,
		.notify = on_notify,
		.end = on_end,
	};

	it.observation = coapx_observe_start(session,
	    lossy_request(session, COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET,
		"state"),
	    &params, NULL);
	assert_non_null(it.observation);
	it.begun++;
}

/* --- plays ---------------------------------------------------------------- */

static coap_session_t *
begin_observe(const struct observe_row *row, unsigned seed)
{
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;
	coap_session_t *session;

	memset(&it, 0, sizeof it);
	it.row = row;
	lossy_begin(row->name, seed, row->rule);
	coap_context_set_block_mode(w.client, mode);
	coap_context_set_block_mode(w.server, mode);
	it.resource =
	    coap_resource_init(coap_make_str_const("state"), row->flags);
	coap_register_request_handler(it.resource, COAP_REQUEST_GET, on_get);
	coap_resource_set_get_observable(it.resource, 1);
	coap_add_resource(w.server, it.resource);
	coap_persist_set_observe_num(it.resource, row->number);
	it.timer = coapx_timer_new(w.server, on_change, NULL);
	assert_non_null(it.timer);
	session = lossy_session();
	lossy_set_retransmits(session, row->retransmits);
	coapx_timer_set(it.timer, row->every_ms);
	return session;
}

/* All changes; who was told that it is over observes anew. */
static void
play_changes(coap_session_t *session)
{
	unsigned rest = 0;

	observe(session);
	while (it.state < CHANGES || (it.seen < CHANGES && rest < PATIENCE)) {
		lossy_advance(it.state < CHANGES ? it.row->every_ms : QUIET_MS);
		rest += it.state == CHANGES;
		if (!it.observation)
			observe(session);
	}
	assert_int_equal(it.seen, CHANGES);
	/* It stays the last one. */
	lossy_advance(QUIET_MS);
	assert_int_equal(it.seen, CHANGES);
}

static void
end_observe(coap_session_t *session)
{
	if (it.observation)
		assert_int_equal(coapx_observe_stop(it.observation,
				     COAPX_OBSERVE_DEREGISTER),
		    0);
	lossy_advance(QUIET_MS);
	assert_null(it.observation);
	assert_int_equal(it.begun, it.ended);
	lossy_advance(QUIET_MS);
	assert_int_equal(it.begun, it.ended);
	assert_int_equal(coap_io_pending(w.client), 0);
	coap_session_release(session);
	lossy_end();
	assert_int_equal(it.bodies, it.freed);
}

static void
play_observe(const struct observe_row *row, unsigned seed)
{
	coap_session_t *session = begin_observe(row, seed);

	play_changes(session);
	end_observe(session);
}

static void
a_client_ends_with_the_last_state(void **state)
{
	static const struct observe_row rows[] = {
		{ .name = "CON 10",
		    .rule = &lossy_ten,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 4000 },
		{ .name = "CON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 4000 },
		{ .name = "NON 10",
		    .rule = &lossy_ten,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 4000 },
		{ .name = "NON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 4000 },
		{ .name = "NON always 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS,
		    .every_ms = 4000 },
		{ .name = "fast NON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 50 },
		{ .name = "wrap, CON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 4000,
		    .number = 0xffffff - 200 },
		{ .name = "large, CON 10",
		    .rule = &lossy_ten,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 8000,
		    .large = CHANGES + 1 },
		{ .name = "large, NON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 8000,
		    .large = CHANGES + 1 },
		{ .name = "some large, CON 10",
		    .rule = &lossy_ten,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 6000,
		    .large = 2 },
		{ .name = "some large, NON 10",
		    .rule = &lossy_ten,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 2000,
		    .large = 2 },
		{ .name = "some large, NON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
		    .every_ms = 6000,
		    .large = 2 },
		{ .name = "patient, CON 30",
		    .rule = &lossy_thirty,
		    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
		    .every_ms = 4000,
		    .retransmits = 20 },
	};

	unsigned late = 0;

	(void)state;
	for (const struct observe_row *row = rows; row < rows + COUNT(rows);
	     row++)
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, 3)) {
			play_observe(row, seed);
			late += it.late;
		}
	/* It was put to the test. */
	assert_true(late > 0);
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_teardown(test, lossy_teardown)
	const struct CMUnitTest tests[] = {
		PLAYED(a_client_ends_with_the_last_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
