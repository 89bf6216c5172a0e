/* SPDX-License-Identifier: BSD-2-Clause */
/* Observed resources over every protocol of this build, with a client and a
 * server of ours: blocks, lost connections, and devices that call home. */
#include "session_outage.h"

#include <coap3/coap_subscribe.h>

#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON

/* /o of a context: the letter of its value, so often as it is long. */
struct thing {
	coap_resource_t *resource;
	unsigned value;
	size_t length;
};

static struct thing ours;   /* of the server */
static struct thing theirs; /* of the client, which is a device then */

static void
answer(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	static uint8_t body[2000];
	const struct thing *t = coap_resource_get_userdata(resource);

	memset(body, 'a' + (int)(t->value % 26), t->length);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, 0, -1, 0, t->length, body, NULL, NULL);
}

static void
put_thing(coap_context_t *context, struct thing *t)
{
	*t = (struct thing){ .length = 3 };
	t->resource = coap_resource_init(coap_make_str_const("o"), 0);
	coap_resource_set_userdata(t->resource, t);
	coap_register_request_handler(t->resource, COAP_REQUEST_GET, answer);
	coap_resource_set_get_observable(t->resource, 1);
	coap_add_resource(context, t->resource);
	coap_context_set_block_mode(context,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
}

static int
change(struct thing *t)
{
	t->value++;
	return coap_resource_notify_observers(t->resource, NULL);
}

static int
things_up(void **state)
{
	world_up(state);
	world_all_protocols();
	put_thing(w.server, &ours);
	put_thing(w.client, &theirs);
	return 0;
}

static int
things_away_up(void **state)
{
	outage_up_all(state);
	put_thing(w.server, &ours);
	return 0;
}

/* GET /o with that token, and Observe 0. */
static void
observe(coap_session_t *session, char token)
{
	coap_pdu_t *pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_GET, session);

	assert_non_null(pdu);
	coap_add_token(pdu, 1, (const uint8_t *)&token);
	coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"o");
	assert_true(coap_send(session, pdu) >= 0);
}

static void
cancel(coap_session_t *session, char token)
{
	uint8_t byte = (uint8_t)token;
	coap_binary_t bin = { .length = 1, .s = &byte };

	assert_int_equal(coap_cancel_observe(session, &bin, CON), 1);
}

/* The next one may be sent. */
static void
rest(void)
{
	world_settle();
	world_advance(4000);
	world_forget();
}

static void
each_protocol_notifies(void **state)
{
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	coap_session_t *s;

	(void)state;
	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		s = world_connected(proto);
		ours.value = 0;
		observe(s, 't');
		world_wait("C 2.05 t aaa");
		for (int i = 1; i <= 3; i++) {
			char line[] = "C 2.05 t aaa";

			rest();
			assert_int_equal(change(&ours), 1);
			memset(line + 9, 'a' + i, 3);
			world_wait(line);
		}
		rest();
		cancel(s, 't');
		world_wait("C 2.05 t ddd");
		assert_int_equal(change(&ours), 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
each_protocol_in_blocks(void **state)
{
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	coap_session_t *s;

	(void)state;
	coap_context_set_max_block_size(w.client, 64);
	coap_context_set_max_block_size(w.server, 64);
	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		s = world_connected(proto);
		ours.value = 0;
		ours.length = 300;
		observe(s, 't');
		world_wait("C 2.05 t aaaaaaaa");
		rest();
		ours.length = 1000;
		assert_int_equal(change(&ours), 1);
		world_wait("C 2.05 t bbbbbbbb");
		rest();
		/* The end of the session is told. */
		coap_session_release(s);
		WORLD_UNTIL(w.server->observing.n == 0);
		world_forget();
	}
}

static void
each_protocol_comes_back(void **state)
{
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	coap_session_t *s;

	(void)state;
	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		s = world_connected(proto);
		ours.value = 0;
		assert_int_equal(coapx_session_set_reconnect(s, 5, 0), 0);
		observe(s, 't');
		world_wait("C 2.05 t aaa");
		server_stop(proto);
		if (proto == COAP_PROTO_UDP)
			coap_session_disconnected(s,
			    COAP_NACK_TOO_MANY_RETRIES);
		world_wait("RECONNECT_FAILED");
		assert_int_equal(w.server->observing.n, 0);
		ours.value++;
		server_start(proto);
		world_forget();
		world_advance(5000);
		/* Registered again, by itself. */
		world_wait("C 2.05 t bbb");
		assert_int_equal(w.server->observing.n, 1);
		rest();
		assert_int_equal(change(&ours), 1);
		world_wait("C 2.05 t ccc");
		assert_int_equal(world_count("C nack"), 0);
		coap_session_release(s);
		WORLD_UNTIL(w.server->observing.n == 0);
		world_forget();
	}
}

/* --- devices that call home ------------------------------------------------ */

static coap_session_t *peer; /* the device's session at our side */

static void
turn(coap_session_t *session, const char *line)
{
	if (!peer && session->context == w.server &&
	    strcmp(line, "get h") == 0 && coap_session_set_type_client(session))
		peer = session;
}

/* Both observe each other by one session, with the same token. */
static void
each_protocol_calls_home(void **state)
{
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	coap_session_t *device;

	(void)state;
	w.hook = turn;
	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		device = world_connected(proto);
		ours.value = 0;
		theirs.value = 10;
		peer = NULL;
		observe(device, 't');
		world_wait("C 2.05 t aaa");
		/* It is ours, with what it observes. */
		world_send(device, CON, 'h');
		WORLD_UNTIL(peer != NULL);
		rest();
		observe(peer, 't');
		world_wait("S 2.05 t kkk");
		rest();
		assert_int_equal(change(&ours), 1);
		world_wait("C 2.05 t bbb");
		assert_int_equal(change(&theirs), 1);
		world_wait("S 2.05 t lll");
		rest();
		cancel(peer, 't');
		world_wait("S 2.05 t lll");
		assert_int_equal(change(&theirs), 0);
		assert_int_equal(change(&ours), 1);
		world_wait("C 2.05 t ccc");
		coap_session_release(peer);
		world_advance(1000);
		coap_session_release(device);
		world_settle();
		assert_int_equal(w.server->observing.n, 0);
		assert_int_equal(w.client->observing.n, 0);
		world_forget();
	}
	w.hook = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_protocol_notifies,
		    things_up, world_down),
		cmocka_unit_test_setup_teardown(each_protocol_in_blocks,
		    things_up, world_down),
		cmocka_unit_test_setup_teardown(each_protocol_comes_back,
		    things_away_up, world_down),
		cmocka_unit_test_setup_teardown(each_protocol_calls_home,
		    things_up, world_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
