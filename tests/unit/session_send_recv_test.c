/* SPDX-License-Identifier: BSD-2-Clause */
/* coap_send_recv(): "0 or more: the milliseconds it took; -1 to -6, each with
 * its cause; the loop runs inside; not for handlers". */
#include "session_support.h"

#include <pthread.h>
#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

/*
 * The server runs in a thread of its own, for the client waits in its call; so
 * its handlers write nothing down, and the clocks are real ones.
 */
static struct {
	pthread_t thread;
	bool stop;
} side;

static uint64_t
real_clock(void *arg)
{
	(void)arg;
	return net_now() * 1000;
}

static void *
serve(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&side.stop, __ATOMIC_ACQUIRE))
		coap_io_process(w.server, 100);
	return NULL;
}

static void
answer(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	(void)session;
	(void)request;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, 5, (const uint8_t *)"hello");
}

/* Nothing: an empty ACK goes, and no response ever. */
static void
no_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	(void)session;
	(void)request;
	(void)response;
}

static int
up(void **state)
{
	world_up(state);
	w.quiet = true;
	w.client->clock = real_clock;
	w.server->clock = real_clock;
	coap_register_event_handler(w.server, NULL);
	w.serve = answer;
	return 0;
}

static void
start(void)
{
	side.stop = false;
	assert_int_equal(pthread_create(&side.thread, NULL, serve, NULL), 0);
}

static void
stop(void)
{
	__atomic_store_n(&side.stop, true, __ATOMIC_RELEASE);
	coapx_wake(w.server);
	assert_int_equal(pthread_join(side.thread, NULL), 0);
}

static coap_session_t *
session(coap_proto_t proto)
{
	return coap_new_client_session(w.client, NULL, world_address(proto),
	    proto);
}

static int
ask(coap_session_t *s, coap_pdu_t **response, uint32_t timeout_ms)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s); /* no token */

	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x");
	return coap_send_recv(s, pdu, response, timeout_ms);
}

/* Also on a session that is not established yet. */
static void
a_response(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	const uint8_t *data;
	coap_pdu_t *response;
	coap_session_t *s;
	size_t len;
	size_t i;

	(void)state;
	start();
	for (i = 0; i < 2; i++) {
		s = session(protos[i]);
		response = NULL;
		assert_true(ask(s, &response, 60000) >= 0);
		assert_non_null(response);
		assert_int_equal(coap_pdu_get_code(response),
		    COAP_RESPONSE_CODE_CONTENT);
		/* It is the caller's, also when the session is gone. */
		coap_session_release(s);
		assert_true(coap_get_data(response, &len, &data));
		assert_memory_equal(data, "hello", 5);
		coap_delete_pdu(response);
	}
	stop();
}

static void
nobody_wants_the_response(void **state)
{
	coap_session_t *s = session(UDP);

	(void)state;
	start();
	assert_true(ask(s, NULL, 60000) >= 0);
	stop();
	coap_session_release(s);
}

static void
arguments(void **state)
{
	coap_pdu_t *response = (coap_pdu_t *)1;
	coap_session_t *s = session(UDP);
	coap_pdu_t *pdu;

	(void)state;
	assert_int_equal(ask(s, &response, 0), -1);
	assert_null(response);
	assert_int_equal(ask(s, &response, COAP_IO_NO_WAIT), -1);
	assert_int_equal(coap_send_recv(s, NULL, &response, 1), -2);
	pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s);
	assert_int_equal(coap_send_recv(NULL, pdu, &response, 1), -2);
	pdu = coap_new_pdu(CON, COAP_RESPONSE_CODE_CONTENT, s);
	assert_int_equal(coap_send_recv(s, pdu, &response, 1), -2);
	coap_session_disconnected(s, COAP_NACK_RST);
	assert_int_equal(ask(s, &response, 1), -2);
	coap_session_release(s);
}

static void
no_memory(void **state)
{
	coap_session_t *s = session(UDP);
	coap_pdu_t *pdu = world_get(s, CON, 'a');

	(void)state;
	mem_fail_at(1, 1);
	assert_int_equal(coap_send_recv(s, pdu, NULL, 1000), -2);
	mem_fail_at(0, 0);
	coap_session_release(s);
}

/* The way to the peer fails: refused, and a Reset. */
static void
an_end_without_a_response(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_STREAM);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &nobody, TCP);

	(void)state;
	assert_int_equal(ask(s, NULL, 60000), -3);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	coap_session_release(s);
}

static void
too_late(void **state)
{
	coap_pdu_t *response = NULL;
	coap_session_t *s = session(UDP);
	coap_tick_t before;

	(void)state;
	w.serve = no_answer;
	start();
	before = net_now();
	assert_int_equal(ask(s, &response, 50), -5);
	assert_true(net_now() - before >= 50);
	assert_null(response);
	/* The session goes on. */
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	stop();
	coap_session_release(s);
}

static int inside;

static void
hook_ask(coap_session_t *s, const char *line)
{
	if (strcmp(line, "SESSION_CONNECTED") == 0)
		inside = ask(s, NULL, 1000);
}

static void
in_a_handler(void **state)
{
	coap_session_t *s = session(UDP);

	(void)state;
	inside = 0;
	w.hook = hook_ask;
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_int_equal(inside, -4);
	coap_session_release(s);
}

static coap_session_t *victim;

static void
hook_release(coap_session_t *s, const char *line)
{
	if (s == victim && strcmp(line, "SESSION_CONNECTED") == 0)
		coap_session_release(s);
}

static void
released_inside(void **state)
{
	(void)state;
	victim = session(UDP);
	w.hook = hook_release;
	assert_int_equal(ask(victim, NULL, 60000), -6);
}

static void
hook_free(coap_session_t *s, const char *line)
{
	if (s == victim && strcmp(line, "SESSION_CONNECTED") == 0) {
		coap_free_context(w.client);
		w.client = NULL;
	}
}

static void
context_freed_inside(void **state)
{
	(void)state;
	victim = session(UDP);
	w.hook = hook_free;
	assert_int_equal(ask(victim, NULL, 60000), -6);
}

/* With reconnect an outage is waited out. */
static void
across_a_reconnect(void **state)
{
	coap_pdu_t *response = NULL;
	coap_session_t *s = session(TCP);

	(void)state;
	coapx_session_set_reconnect(s, 1, 0);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	start();
	assert_true(ask(s, &response, 60000) >= 900);
	assert_non_null(response);
	coap_delete_pdu(response);
	stop();
	coap_session_release(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_response),
		T(nobody_wants_the_response),
		T(arguments),
		T(no_memory),
		T(an_end_without_a_response),
		T(too_late),
		T(in_a_handler),
		T(released_inside),
		T(context_freed_inside),
		T(across_a_reconnect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
