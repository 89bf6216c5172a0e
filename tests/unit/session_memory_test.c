/* SPDX-License-Identifier: BSD-2-Clause */
/* "Every allocation of ours may fail: an error, nothing lost, nothing leaked."
 * "An idle plain session at most 1 KiB, the struct at most 512 bytes." */
#include "session_support.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

/* Allocations of a scene, at most. */
#define MANY 400

/* Runs a scene with the n-th allocation failing, for every n, until it goes
 * through without a failure. Each scene leaves nothing behind. */
static void
every_failure(void **state, bool (*scene)(void), int forever)
{
	bool failed = true;
	size_t n;

	for (n = 1; failed; n++) {
		assert_true(n < MANY);
		mem_fail_at(n, forever);
		failed = !scene();
		mem_fail_at(0, 0);
		world_down(state);
		world_up(state);
	}
	assert_true(n > 2); /* something did fail */
}

/* --- opening -------------------------------------------------------------- */

static coap_proto_t proto;

static bool
scene_open(void)
{
	coap_session_t *s = coap_new_client_session(w.client, NULL,
	    world_address(proto), proto);

	if (!s) {
		assert_int_equal(coapx_context_error(w.client, NULL, 0),
		    -COAP_E_NOMEM);
		assert_null(w.client->clients);
		return false;
	}
	coap_session_release(s);
	return true;
}

static bool
scene_open_uri(void)
{
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = "coap://device.example",
	};
	int err = 0;
	coap_session_t *s = coapx_session_open(w.client, &params, &err);

	if (!s) {
		assert_int_equal(err, -COAP_E_NOMEM);
		return false;
	}
	coap_session_release(s);
	return true;
}

static bool
scene_endpoint(void)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_endpoint_t *ep = coap_new_endpoint(w.client, &any, proto);

	if (!ep)
		assert_int_equal(coapx_context_error(w.client, NULL, 0),
		    -COAP_E_NOMEM);
	return ep != NULL;
}

static bool
scene_context(void)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_context_t *c = coap_new_context(&any);

	coap_free_context(c);
	return c != NULL;
}

static void
opening(void **state)
{
	proto = UDP;
	every_failure(state, scene_open, 0);
	every_failure(state, scene_open, 1);
	every_failure(state, scene_endpoint, 0);
	proto = TCP;
	every_failure(state, scene_open, 0);
	every_failure(state, scene_endpoint, 0);
	every_failure(state, scene_open_uri, 0);
	every_failure(state, scene_context, 0);
}

/* --- sending -------------------------------------------------------------- */

static coap_session_t *
quiet_session(void)
{
	size_t n = 0;
	coap_session_t *s;

	mem_fail_at(0, 0);
	s = world_connected(proto);
	(void)n;
	return s;
}

/* The message is refused with a reason, or it ends once. */
static bool
send_some(size_t n, int forever)
{
	coap_session_t *s = quiet_session();
	coap_pdu_t *pdu[2] = { world_get(s, CON, 'a'), world_get(s, NON, 'b') };
	coap_pdu_t *third = world_get(s, CON, 'c');
	coapx_request_params_t params = { .size = sizeof params };
	bool ok = true;
	int err = 0;
	int i;

	mem_fail_at(n, forever);
	for (i = 0; i < 2; i++) {
		if (coap_send(s, pdu[i]) >= 0)
			continue;
		ok = false;
		assert_int_equal(coapx_session_error(s, NULL, 0),
		    -COAP_E_NOMEM);
	}
	if (!coapx_request_send(s, third, &params, &err)) {
		assert_int_equal(err, -COAP_E_NOMEM);
		ok = false;
	}
	assert_int_equal(s->requests.count, ok ? 3 : s->requests.count);
	mem_fail_at(0, 0);
	coap_session_release(s);
	return ok;
}

static void
sending(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	unsigned i;
	size_t n;

	for (i = 0; i < 4; i++) {
		proto = protos[i % 2];
		for (n = 1; !send_some(n, i / 2); n++)
			assert_true(n < MANY);
		assert_true(n > 1);
		world_down(state);
		world_up(state);
	}
}

/* --- a whole exchange ----------------------------------------------------- */

/*
 * Both sides lose an allocation somewhere. A datagram counts as lost then and
 * comes again; a stream may end, and says so. What must not happen is that a
 * message has no end, or two.
 */
static bool
exchange(size_t n, int forever)
{
	coap_session_t *s;
	unsigned ends;
	bool sent;

	mem_fail_at(n, forever);
	s = coap_new_client_session(w.client, NULL, world_address(proto),
	    proto);
	if (s && !forever) {
		coap_pdu_t *pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s);

		sent = pdu && coap_add_token(pdu, 1, (const uint8_t *)"a") &&
		    coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
			(const uint8_t *)"x") > 0;
		if (sent)
			sent = coap_send(s, pdu) >= 0;
		else
			coap_delete_pdu(pdu);
		world_advance(400000);
		coap_session_release(s);
		world_advance(1000);
		ends = world_count("C nack") + world_count("C 2.05") +
		    world_count("C 5.00");
		assert_int_equal(ends, sent);
		assert_int_equal(world_count("C SESSION_CONNECTED"),
		    world_count("C SESSION_CLOSED"));
	} else if (s) {
		world_advance(5000);
		mem_fail_at(0, 0);
		coap_session_release(s);
	}
	mem_fail_at(0, 0);
	return n > 150 || (s && world_count("C 2.05") && n > 60);
}

static void
exchanging(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	unsigned i;
	size_t n;

	for (i = 0; i < 4; i++) {
		proto = protos[i % 2];
		n = 1;
		while (!exchange(n, i / 2)) {
			n++;
			world_down(state);
			world_up(state);
		}
		world_down(state);
		world_up(state);
	}
}

/* A server that has no memory for a new peer goes on when it has some. */
static void
server_recovers(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	world_send(s, CON, 'a');
	mem_fail_at(1, 1);
	coap_io_process(w.server, COAP_IO_NO_WAIT);
	assert_int_equal(w.requests, 0);
	mem_fail_at(0, 0);
	world_advance(5000);
	assert_int_equal(world_count("C 2.05 a"), 1);
	coap_session_release(s);
}

static void
small_calls(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coapx_request_params_t params = { .size = sizeof params };
	int err = 0;
	int data;

	(void)state;
	mem_fail_at(1, 1);
	assert_null(coapx_timer_new(w.client,
	    (void (*)(coapx_timer_t *, void *))abort, NULL));
	assert_null(coapx_ping_send(s, &params, &err));
	assert_int_equal(err, -COAP_E_NOMEM);
	assert_int_equal(coap_session_send_ping(s), COAP_INVALID_MID);
	assert_null(coapx_session_set_app_data(s, &data, free));
	assert_null(coap_session_get_app_data(s));
	assert_null(coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s));
	mem_fail_at(0, 0);
	coap_session_release(s);
}

/* --- sizes ---------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t
allocated(void)
{
	return __sanitizer_get_current_allocated_bytes();
}
#else
static size_t
allocated(void)
{
	return mallinfo2().uordblks;
}
#endif

static void
the_struct(void **state)
{
	(void)state;
	assert_true(sizeof(coap_session_t) <= 512);
}

/* A hundred of them, so that what they share hardly counts. */
static void
an_idle_session(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *s[100];
	size_t before, client, both;
	unsigned i, j;

	(void)state;
	w.quiet = true;
	for (j = 0; j < 2; j++) {
		/* What is made once. */
		s[0] = world_session(protos[j]);
		world_send(s[0], CON, 'a');
		WORLD_UNTIL(s[0]->requests.count == 0);
		coap_session_release(s[0]);
		world_advance(400000);
		WORLD_UNTIL(!w.server->idle);
		before = allocated();
		for (i = 0; i < 100; i++)
			s[i] = world_session(protos[j]);
		if (protos[j] == UDP) {
			world_settle();
			client = allocated() - before;
			assert_true(client <= 100 * 1024);
		}
		for (i = 0; i < 100; i++) {
			coap_session_reference(s[i]);
			world_send(s[i], CON, 'a');
		}
		for (i = 0; i < 100; i++)
			WORLD_UNTIL(s[i]->requests.count == 0);
		/* Long enough to forget the exchange, not the session. */
		coap_context_set_session_timeout(w.server, 1000);
		world_advance(300000);
		assert_int_equal(w.server->n_idle, 100);
		both = allocated() - before;
		if (both > 200 * 1024)
			print_error("%zu bytes each\n", both / 200);
		assert_true(both <= 200 * 1024);
		for (i = 0; i < 100; i++) {
			coap_session_release(s[i]);
			coap_session_release(s[i]);
		}
		world_advance(1100000);
		WORLD_UNTIL(!w.server->idle);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(opening),
		T(sending),
		T(exchanging),
		T(server_recovers),
		T(small_calls),
		T(the_struct),
		T(an_idle_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
