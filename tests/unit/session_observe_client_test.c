/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations on real sessions: coapx_observe.h, and what both ways
 * have in common. */
#include "observe_peer.h"

#include <unistd.h>

#include <coap3/coap_subscribe.h>

#include "exchange/observation.h"
#include "session_outage.h"
#include "wire/block.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static const coap_proto_t protos[] = { UDP, TCP };

static void
stop(coapx_observe_stop_t how)
{
	assert_int_equal(coapx_observe_stop(peer.handle, how), 0);
	world_settle();
}

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_option(response, COAP_OPTION_OBSERVE, 0, NULL);
	/* Long enough for nothing to be asked again. */
	coap_add_option(response, COAP_OPTION_MAXAGE, 3,
	    (const uint8_t *)"\xff\xff\xff");
	coap_add_data(response, 5, (const uint8_t *)"there");
}

/* --- with a handle -------------------------------------------------------- */

static void
registers_is_notified_and_deregisters(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		observe_peer_start(s, 'a');
		assert_int_equal(peer.observe, 0);
		assert_int_equal(observe_peer_count(s), 1);
		observe_peer_notify(NON, 6, "one");
		observe_peer_notify(CON, 7, "two");
		world_expect('C',
		    "C notify 6 gap 0 one\n"
		    "C notify 7 gap 0 two\n");
		/* The CON was acknowledged. */
		assert_int_equal(peer.session->requests.count, 0);
		assert_int_equal(world_count("S nack"), 0);
		stop(COAPX_OBSERVE_DEREGISTER);
		world_expect('C', "C end 0 2.05\n");
		assert_int_equal(peer.token, 'a');
		assert_int_equal(peer.observe, 1);
		assert_int_equal(peer.ends, 1);
		assert_int_equal(observe_peer_count(s), 0);
		coap_session_release(s);
		world_settle();
		peer.ends = 0;
		world_forget();
	}
}

static void
what_is_not_observed_ends_with_its_answer(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	peer.number = -1;
	assert_int_equal(observe_peer_begin(s, 'a'), 0);
	world_wait("end");
	world_expect('C', "C end 0 2.05\n");
	peer.number = 5;
	peer.code = COAP_RESPONSE_CODE_NOT_FOUND;
	assert_int_equal(observe_peer_begin(s, 'b'), 0);
	world_wait("end");
	world_expect('C', "C end 0 4.04\n");
	assert_int_equal(observe_peer_count(s), 0);
	coap_session_release(s);
}

static void
a_notification_ends_it(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		observe_peer_start(s, 'a');
		peer.code = COAP_RESPONSE_CODE_NOT_FOUND;
		observe_peer_notify(CON, 6, "gone");
		world_expect('C', "C end 0 4.04\n");
		peer.code = COAP_RESPONSE_CODE_CONTENT;
		observe_peer_start(s, 'b');
		observe_peer_notify(CON, -1, "last");
		world_expect('C', "C end 0 2.05\n");
		assert_int_equal(observe_peer_count(s), 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
old_ones_are_dropped_or_marked(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	for (int all = 0; all < 2; all++) {
		peer.params.flags = all ? COAPX_OBSERVE_ALL : 0;
		observe_peer_start(s, 'a');
		observe_peer_notify(NON, 9, "new");
		observe_peer_notify(NON, 8, "old");
		observe_peer_notify(NON, 9, "same");
		observe_peer_notify(NON, 12, "newer");
		world_expect('C',
		    all ? "C notify 9 gap 3 new\n"
			  "C notify 8 gap 0 old old\n"
			  "C notify 9 gap 0 old same\n"
			  "C notify 12 gap 2 newer\n"
			: "C notify 9 gap 3 new\n"
			  "C notify 12 gap 2 newer\n");
		assert_int_equal(observe_peer_info().reordered, 2);
		assert_int_equal(observe_peer_info().gaps, 5);
		assert_int_equal(observe_peer_info().notifications,
		    all ? 5 : 3);
		assert_int_equal(observe_peer_info().number, 12);
		stop(COAPX_OBSERVE_FORGET);
		world_expect('C', "C end -24 0.00\n");
		world_forget();
	}
	coap_session_release(s);
}

/* RFC 8323 section 7.1. */
static void
a_stream_has_no_order(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	observe_peer_start(s, 'a');
	observe_peer_notify(NON, 4, "lower");
	observe_peer_notify(NON, -2, "empty");
	observe_peer_notify(NON, 4, "same");
	world_expect('C',
	    "C notify 4 gap 0 lower\n"
	    "C notify - gap 0 empty\n"
	    "C notify 4 gap 0 same\n");
	assert_int_equal(observe_peer_info().reordered, 0);
	coap_session_release(s);
}

static void
is_asked_for_again_after_max_age(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		peer.max_age = 30;
		peer.asked = 0;
		observe_peer_start(s, 'a');
		world_advance(29000);
		world_expect('C', "");
		world_advance(2000);
		world_expect('C', "C state stale\n");
		assert_int_equal(observe_peer_info().state,
		    COAPX_OBSERVE_STALE);
		world_advance(3900);
		world_expect('C', "");
		assert_int_equal(peer.asked, 1);
		world_advance(10100);
		world_expect('C',
		    "C state asking\nC state registered\n"
		    "C notify 5 gap 0 answer hello\n");
		assert_int_equal(peer.asked, 2);
		assert_int_equal(peer.token, 'a');
		assert_int_equal(observe_peer_info().registrations, 2);
		/* A notification that comes late makes it fresh again. */
		world_advance(30000 - observe_peer_info().age_ms);
		world_expect('C', "C state stale\n");
		observe_peer_notify(NON, 6, "late");
		world_expect('C',
		    "C state registered\n"
		    "C notify 6 gap 0 late\n");
		world_advance(29000);
		world_expect('C', "");
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* RFC 7641 sections 3.3.1 and 3.6: what asks again, or ends it, has all options
 * of what began it. */
static void
options_are_the_same_each_time(void **state)
{
	static const char options[] = "11=x 15=q=1 17=2";

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		peer.max_age = 30;
		peer.asked = peer.cancelled = 0;
		peer.query = "q=1";
		peer.accept = '2';
		observe_peer_start(s, 'a');
		assert_string_equal(peer.options, options);
		peer.options[0] = '\0';
		world_advance(46000);
		assert_int_equal(peer.asked, 2);
		assert_string_equal(peer.options, options);
		peer.options[0] = '\0';
		stop(COAPX_OBSERVE_DEREGISTER);
		assert_int_equal(peer.cancelled, 1);
		assert_string_equal(peer.options, options);
		coap_session_release(s);
		world_settle();
	}
}

static void
without_refresh_it_only_becomes_stale(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	peer.params.flags = COAPX_OBSERVE_NO_REFRESH;
	observe_peer_start(s, 'a');
	world_advance(600000);
	world_expect('C', "C state stale\n");
	assert_int_equal(peer.asked, 1);
	coap_session_release(s);
}

static void
a_server_that_is_silent(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	peer.silent = true;
	peer.params.timeout_ms = 3000;
	assert_int_equal(observe_peer_begin(s, 'a'), 0);
	world_advance(2900);
	assert_int_equal(peer.ends, 0);
	world_advance(200);
	world_expect('C', "C end -11 0.00\n");
	assert_int_equal(observe_peer_count(s), 0);
	/* The same with what asks again, and with what deregisters. */
	peer.silent = false;
	observe_peer_start(s, 'b');
	peer.silent = true;
	world_advance(60000 + 15000 + 3100);
	world_expect('C', "C state stale\nC state asking\nC end -11 0.00\n");
	peer.silent = false;
	observe_peer_start(s, 'c');
	peer.silent = true;
	stop(COAPX_OBSERVE_DEREGISTER);
	assert_int_equal(coapx_observe_stop(peer.handle,
			     COAPX_OBSERVE_DEREGISTER),
	    -COAP_E_STATE);
	world_advance(3100);
	world_expect('C', "C end -11 0.00\n");
	coap_session_release(s);
}

static void
nobody_there_ends_it_by_icmp(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &nobody, UDP);

	(void)state;
	peer.params.flags = COAPX_OBSERVE_END_ON_ICMP;
	assert_int_equal(observe_peer_begin(s, 'a'), 0);
	world_wait("end");
	assert_int_equal(world_count("C end -9 0.00"), 1);
	coap_session_release(s);
}

/* What was on its way when it was cancelled is not the answer to that. */
static void
late_notifications_are_not_told(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		observe_peer_start(s, 'a');
		peer.silent = true;
		stop(COAPX_OBSERVE_DEREGISTER);
		assert_int_equal(observe_peer_info().state,
		    COAPX_OBSERVE_CANCELLING);
		observe_peer_notify(CON, 6, "late");
		assert_int_equal(world_count("S nack"), 0);
		world_expect('C', "");
		observe_peer_notify(CON, -1, "answer");
		world_expect('C', "C end 0 2.05\n");
		coap_session_release(s);
		world_settle();
		peer.silent = false;
		world_forget();
	}
}

static void
a_forgotten_one_is_reset(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	stop(COAPX_OBSERVE_FORGET);
	world_expect('C', "C end -24 0.00\n");
	assert_int_equal(peer.cancelled, 0);
	observe_peer_notify(CON, 6, "who");
	assert_int_equal(world_count("S nack rst a"), 1);
	world_expect('C', "");
	/* Dropped: not even the end. */
	world_forget();
	observe_peer_start(s, 'b');
	coapx_observe_drop(peer.handle);
	world_settle();
	observe_peer_notify(CON, 6, "who");
	world_expect('C', "");
	coap_session_release(s);
}

/* RFC 8323 section 7.4: there is no Reset. */
static void
a_forgotten_one_is_deregistered_on_a_stream(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	observe_peer_start(s, 'a');
	stop(COAPX_OBSERVE_FORGET);
	world_expect('C', "C end -24 0.00\n");
	assert_int_equal(peer.cancelled, 1);
	assert_int_equal(peer.token, 'a');
	observe_peer_start(s, 'b');
	coapx_observe_drop(peer.handle);
	world_settle();
	world_expect('C', "");
	assert_int_equal(peer.cancelled, 2);
	coap_session_release(s);
	world_settle();
	assert_int_equal(peer.cancelled, 2);
}

static void
dropped_while_it_deregisters(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	assert_int_equal(coapx_observe_stop(peer.handle,
			     COAPX_OBSERVE_DEREGISTER),
	    0);
	coapx_observe_drop(peer.handle);
	world_settle();
	world_expect('C', "");
	assert_int_equal(peer.cancelled, 1);
	coap_session_release(s);
}

static void
arguments(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coapx_observation_info_t info = { .size = sizeof info };
	coap_pdu_t *pdu;
	int err = 0;

	(void)state;
	assert_null(coapx_observe_start(NULL, NULL, &peer.params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	pdu = observe_peer_request(s, COAP_REQUEST_CODE_PUT, CON, 'a', -1);
	assert_null(coapx_observe_start(s, pdu, &peer.params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	pdu = observe_peer_request(s, GET, CON, 'a', 1);
	assert_null(coapx_observe_start(s, pdu, &peer.params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	observe_peer_start(s, 'a');
	pdu = observe_peer_request(s, GET, CON, 'a', 0);
	assert_null(coapx_observe_start(s, pdu, &peer.params, &err));
	assert_int_equal(err, -COAP_E_EXISTS);
	assert_int_equal(coap_send(s,
			     observe_peer_request(s, GET, CON, 'a', 0)),
	    COAP_INVALID_MID);
	assert_int_equal(coapx_observe_stop(NULL, COAPX_OBSERVE_FORGET),
	    -COAP_E_INVAL);
	assert_int_equal(coapx_observe_stop(peer.handle,
			     (coapx_observe_stop_t)7),
	    -COAP_E_INVAL);
	assert_int_equal(coapx_observation_info(NULL, &info), -COAP_E_INVAL);
	assert_int_equal(coapx_observation_info(peer.handle, NULL),
	    -COAP_E_INVAL);
	info = observe_peer_info();
	assert_ptr_equal(info.session, s);
	assert_int_equal(info.last_code, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(info.max_age, 60);
	assert_int_equal(info.has_number, 1);
	assert_string_equal(coapx_observe_state_name(COAPX_OBSERVE_LOST),
	    "lost");
	assert_string_equal(coapx_observe_state_name(99), "?");
	coapx_observe_drop(NULL);
	coap_session_release(s);
}

static void
a_notification_that_cannot_be_used(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	peer.critical = 65001;
	observe_peer_notify(CON, 6, "what");
	assert_int_equal(world_count("S nack rst a"), 1);
	world_expect('C', "C end -27 0.00\n");
	peer.critical = 0;
	observe_peer_plain(s, 'b');
	peer.critical = 65001;
	observe_peer_notify(CON, 6, "what");
	world_expect('C', "C nack bad-response b\n");
	assert_int_equal(observe_peer_count(s), 0);
	coap_session_release(s);
}

static void
as_many_as_there_may_be(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_pdu_t *pdu;
	int err;

	(void)state;
	for (int i = 0; i < OBSERVATIONS_MAX; i++) {
		pdu = coap_new_pdu(CON, GET, s);
		coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		    (const uint8_t *)"x");
		assert_non_null(coapx_observe_start(s, pdu,
		    &(coapx_observe_params_t){
			.size = sizeof(coapx_observe_params_t) },
		    NULL));
		if (i % 16 == 0)
			world_settle();
	}
	pdu = coap_new_pdu(CON, GET, s);
	assert_null(coapx_observe_start(s, pdu, &peer.params, &err));
	assert_int_equal(err, -COAP_E_LIMIT);
	WORLD_UNTIL(peer.asked == OBSERVATIONS_MAX && !s->requests.count);
	assert_int_equal(observe_peer_count(s), OBSERVATIONS_MAX);
	peer.asked = 0;
	w.quiet = true;
	world_advance(75000);
	assert_int_equal(peer.asked, OBSERVATIONS_MAX);
	coap_session_release(s);
	world_settle();
	assert_int_equal(peer.cancelled, OBSERVATIONS_MAX);
}

static void
on_every_protocol(void **state)
{
	coap_proto_t p;

	(void)state;
	world_all_protocols();
	for (p = world_next_proto(COAP_PROTO_NONE); p != COAP_PROTO_NONE;
	     p = world_next_proto(p)) {
		coap_session_t *s = world_session(p);

		/* Before there is a connection. */
		assert_int_equal(observe_peer_begin(s, 'a'), 0);
		world_wait("hello");
		observe_peer_notify(NON, 6, "one");
		world_wait("one");
		assert_int_equal(world_count("C notify"), 2);
		assert_int_equal(coapx_observe_stop(peer.handle,
				     COAPX_OBSERVE_DEREGISTER),
		    0);
		world_wait("end 0 2.05");
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* A device that connected to us. */
static void
of_a_peer_that_came_in(void **state)
{
	coap_session_t *c = world_connected(TCP);
	coap_session_t *s;
	coap_resource_t *x = coap_resource_init(coap_make_str_const("x"), 0);

	(void)state;
	world_send(c, CON, 'q');
	world_wait("hello");
	s = peer.session;
	assert_non_null(s);
	coap_register_request_handler(x, COAP_REQUEST_GET, on_get);
	coap_add_resource(w.client, x);
	assert_true(
	    coap_send(s, observe_peer_request(s, GET, CON, 'a', 0)) >= 0);
	world_wait("S 2.05 a there");
	assert_int_equal(observe_peer_count(s), 1);
	/* It is not idle: its resource is observed. */
	world_advance(1000000);
	assert_int_equal(w.deleted, 0);
	assert_int_equal(observe_peer_count(s), 1);
	coap_session_release(c);
	world_settle();
	assert_int_equal(world_count("S nack"), 1);
}

/* --- FETCH ---------------------------------------------------------------- */

/* The body goes with what registers again, and with what deregisters (RFC 8132
 * section 2.4). */
static void
fetch_has_its_body_each_time(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	observe_peer_start(s, 'z');
	coapx_observe_drop(peer.handle);
	pdu = observe_peer_request(s, COAP_REQUEST_CODE_FETCH, CON, 'a', -1);
	coap_add_data(pdu, 5, (const uint8_t *)"query");
	peer.handle = coapx_observe_start(s, pdu, &peer.params, NULL);
	assert_non_null(peer.handle);
	for (int i = 0; i < 2; i++) {
		world_wait("hello");
		assert_int_equal(peer.observe, 0);
		assert_int_equal(peer.payload_len, 5);
		assert_memory_equal(peer.payload, "query", 5);
		world_forget();
		world_advance(75000);
	}
	stop(COAPX_OBSERVE_DEREGISTER);
	assert_int_equal(peer.observe, 1);
	assert_int_equal(peer.payload_len, 5);
	assert_int_equal(peer.ends, 1);
	coap_session_release(s);
}

static unsigned released;

static void
release_body(coap_session_t *session, void *app)
{
	(void)session;
	(void)app;
	released++;
}

static void
fetch_with_a_large_body(void **state)
{
	static uint8_t body[3000];
	coap_session_t *s = world_connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	released = 0;
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	pdu = observe_peer_request(s, COAP_REQUEST_CODE_FETCH, CON, 'a', 0);
	assert_int_equal(coap_add_data_large_request(s, pdu, sizeof body, body,
			     release_body, NULL),
	    1);
	assert_true(coap_send(s, pdu) >= 0);
	world_wait("hello");
	assert_int_equal(released, 0);
	world_forget();
	assert_int_equal(peer.token, 'a');
	/* Sent once more, from its first block on. */
	world_advance(75000);
	assert_int_equal(world_count("C 2.05 a hello"), 1);
	assert_int_equal(released, 0);
	coap_session_release(s);
	world_settle();
	assert_int_equal(released, 1);
}

/* Observes with the first part, as some servers do, and notifies at once. */
static void
serve_parts(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	coap_block_b_t block = { .m = 0 };
	coap_pdu_t *pdu;

	(void)resource;
	(void)query;
	assert_int_equal(token.length, 1);
	assert_int_equal(token.s[0], 'a');
	peer.asked++;
	block_read(request, COAP_OPTION_BLOCK1, true, &block);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (!block.m) {
		block_add_uint(response, COAP_OPTION_OBSERVE, 5);
		coap_add_data(response, 5, (const uint8_t *)"hello");
		return;
	}
	pdu =
	    coap_new_pdu(COAP_MESSAGE_NON, COAP_RESPONSE_CODE_CONTENT, session);
	coap_add_token(pdu, token.length, token.s);
	block_add_uint(pdu, COAP_OPTION_OBSERVE, 6);
	coap_add_data(pdu, 5, (const uint8_t *)"early");
	assert_true(coap_send(session, pdu) >= 0);
}

/* All parts have one token; what comes with it meanwhile answers none. */
static void
notified_while_its_body_goes_up(void **state)
{
	static uint8_t body[3000];
	coap_session_t *s;
	coap_pdu_t *pdu;

	(void)state;
	coap_register_request_handler(coap_get_resource_from_uri_path(w.server,
					  coap_make_str_const("x")),
	    COAP_REQUEST_FETCH, serve_parts);
	coap_context_set_block_mode(w.server, COAP_BLOCK_USE_LIBCOAP);
	s = world_connected(UDP);
	pdu = observe_peer_request(s, COAP_REQUEST_CODE_FETCH, CON, 'a', 0);
	assert_int_equal(coap_add_data_large_request(s, pdu, sizeof body, body,
			     NULL, NULL),
	    1);
	assert_true(coap_send(s, pdu) >= 0);
	world_wait("hello");
	world_settle();
	/* Nothing was known before the answer. */
	assert_int_equal(world_count("early"), 0);
	assert_int_equal(peer.asked, 3);
	/* Asked for again: they are told. */
	world_advance(75000);
	assert_int_equal(world_count("C 2.05 a early"), 2);
	assert_int_equal(world_count("C 2.05 a hello"), 2);
	coap_session_release(s);
}

/* --- blocks --------------------------------------------------------------- */

static void
notifications_in_blocks(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		peer.body = 0;
		observe_peer_start(s, 'a');
		peer.body = 200;
		peer.blocks = 0;
		observe_peer_notify(CON, 6, "");
		world_wait("notify 6");
		world_expect('C', "C notify 6 gap 0 aaaaaaaaaaaaaaaa\n");
		assert_int_equal(peer.got, 200);
		assert_int_equal(peer.blocks, 3);
		/* The answer to what asks again comes in blocks, too. */
		world_advance(75000);
		world_expect('C',
		    "C state stale\nC state asking\nC state registered\n"
		    "C notify 5 gap 0 answer aaaaaaaaaaaaaaaa\n");
		assert_int_equal(peer.got, 200);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
	assert_int_equal(w.client->bodies.used, 0);
}

static void
a_newer_one_takes_the_place_of_what_is_fetched(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	peer.body = 200;
	/* The client's GET for the next block is not heard before the next. */
	observe_peer_notify(NON, 6, "");
	world_forget();
	peer.blocks = 0;
	{
		/* Both before the client reads the first. */
		coap_pdu_t *pdu;
		int i;

		for (i = 7; i <= 8; i++) {
			pdu = coap_new_pdu(NON, COAP_RESPONSE_CODE_CONTENT,
			    peer.session);
			coap_add_token(pdu, 1, (const uint8_t *)"a");
			coap_add_option(pdu, COAP_OPTION_OBSERVE, 1,
			    (const uint8_t[]){ (uint8_t)i });
			if (i == 7) {
				coap_add_option(pdu, COAP_OPTION_BLOCK2, 1,
				    (const uint8_t[]){ 8 | 2 });
				coap_add_data(pdu, 64,
				    (const uint8_t[64]){ 0 });
			} else {
				coap_add_data(pdu, 5, (const uint8_t *)"whole");
			}
			coap_send(peer.session, pdu);
		}
	}
	world_settle();
	world_expect('C', "C notify 8 gap 0 whole\n");
	assert_int_equal(s->requests.count, 0);
	assert_int_equal(w.client->bodies.used, 0);
	coap_session_release(s);
}

static void
blocks_that_do_not_come(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	peer.body = 200;
	peer.broken = true;
	observe_peer_notify(NON, 6, "");
	world_expect('C', "C state stale\n");
	peer.broken = false;
	world_advance(15000);
	world_expect('C',
	    "C state asking\nC state registered\n"
	    "C notify 5 gap 0 answer aaaaaaaaaaaaaaaa\n");
	coapx_observe_drop(peer.handle);
	/* Of the first one it is the end. */
	peer.broken = true;
	assert_int_equal(observe_peer_begin(s, 'b'), 0);
	world_wait("end");
	world_expect('C', "C end 0 4.04\n");
	/* Larger than what is taken. */
	peer.broken = false;
	peer.params.body_max = 100;
	assert_int_equal(observe_peer_begin(s, 'c'), 0);
	world_wait("end");
	world_expect('C', "C end -5 0.00\n");
	peer.params.flags = COAPX_OBSERVE_NO_BLOCKS;
	assert_int_equal(observe_peer_begin(s, 'd'), 0);
	world_wait("notify");
	assert_int_equal(peer.got, 64);
	coap_session_release(s);
}

/* Its new body may be that of a later notification, which only the answer to
 * another registration tells. */
static void
a_body_that_changes_meanwhile(void **state)
{
	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		coap_session_t *s = world_connected(UDP);

		peer.body = 0;
		if (plain)
			observe_peer_plain(s, 'a');
		else
			observe_peer_start(s, 'a');
		peer.body = 200;
		peer.etag = 1;
		peer.changes = true;
		observe_peer_notify(NON, 6, "");
		world_expect('C', plain ? "" : "C state stale\n");
		assert_int_equal(peer.etag, 2);
		world_advance(20000);
		world_expect('C',
		    plain ? "C 2.05 a aaaaaaaaaaaaaaaa\n"
			  : "C state asking\nC state registered\n"
			    "C notify 5 gap 0 answer aaaaaaaaaaaaaaaa\n");
		assert_int_equal(observe_peer_count(s), 1);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
ended_while_it_fetches(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	peer.body = 200;
	peer.silent = true;
	observe_peer_notify(NON, 6, "");
	assert_int_equal(peer.blocks, 1);
	world_expect('C', "");
	coap_session_release(s);
	world_expect('C', "C end -8 0.00\nC SESSION_CLOSED\n");
}

/* --- the session's end ---------------------------------------------------- */

static void
an_end_in_good_order_deregisters(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		coap_session_t *s = world_connected(i & 1 ? TCP : UDP);

		peer.cancelled = 0;
		if (i & 2) {
			observe_peer_start(s, 'a');
		} else {
			observe_peer_plain(s, 'a');
		}
		if (i & 4)
			coap_session_set_no_observe_cancel(s);
		if (i == 3)
			coapx_session_shutdown(s);
		coap_session_release(s);
		world_settle();
		assert_int_equal(peer.cancelled, i & 4 ? 0 : 1);
		assert_int_equal(world_count("C end -8 0.00"), i & 2 ? 1 : 0);
		assert_int_equal(world_count("C nack"), i & 2 ? 0 : 1);
		world_forget();
	}
}

static void
restored_after_a_reconnect(void **state)
{
	coap_proto_t p;

	(void)state;
	for (p = UDP; p != COAP_PROTO_NONE;
	     p = p == UDP ? TCP : COAP_PROTO_NONE) {
		coap_session_t *s = world_connected(p);

		assert_int_equal(coapx_session_set_reconnect(s, 5, 0), 0);
		observe_peer_start(s, 'a');
		observe_peer_plain(s, 'b');
		world_forget();
		peer.asked = 0;
		server_stop(p);
		if (p == UDP)
			coap_session_disconnected(s,
			    COAP_NACK_TOO_MANY_RETRIES);
		world_wait("RECONNECT_FAILED");
		assert_int_equal(world_count("C state lost"), 1);
		assert_int_equal(world_count("C nack"), 0);
		assert_int_equal(observe_peer_count(s), 2);
		assert_int_equal(observe_peer_info().state, COAPX_OBSERVE_LOST);
		world_forget();
		server_start(p);
		peer.number = 3;
		world_advance(5000);
		world_wait("C 2.05 b hello");
		world_wait("notify 3");
		assert_int_equal(world_count("C state asking"), 1);
		assert_int_equal(world_count("C notify 3 gap 0 answer hello"),
		    1);
		assert_int_equal(peer.asked, 2);
		world_forget();
		peer.token = 'a';
		observe_peer_notify(CON, 4, "on");
		world_expect('C', "C notify 4 gap 0 on\n");
		coap_session_release(s);
		world_settle();
		assert_int_equal(peer.ends, 1);
		peer.ends = 0;
		peer.number = 5;
		world_forget();
	}
}

static void
given_up_they_end(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	assert_int_equal(coapx_session_set_reconnect(s, 5, 1), 0);
	observe_peer_start(s, 'a');
	observe_peer_plain(s, 'b');
	world_forget();
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	assert_int_equal(world_count("C end"), 0);
	world_advance(5000);
	world_wait("RECONNECT_NO_MORE");
	assert_int_equal(world_count("C end"), 1);
	assert_int_equal(world_count("C nack not-deliverable b"), 1);
	assert_int_equal(observe_peer_count(s), 0);
	coap_session_release(s);
	assert_int_equal(peer.ends, 1);
}

/* What could not be sent yet is sent once. */
static void
begun_while_it_is_lost(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	assert_int_equal(coapx_session_set_reconnect(s, 5, 0), 0);
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	world_forget();
	assert_int_equal(observe_peer_begin(s, 'a'), 0);
	world_advance(5000);
	world_wait("RECONNECT_FAILED");
	world_forget();
	server_start(TCP);
	world_advance(5000);
	world_wait("notify");
	assert_int_equal(peer.asked, 1);
	assert_int_equal(world_count("C state"), 1);
	/* Stopped before anything was sent: at once. */
	world_forget();
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	stop(COAPX_OBSERVE_DEREGISTER);
	assert_int_equal(world_count("C end -24"), 1);
	server_start(TCP);
	world_advance(5000);
	world_wait("RECONNECT_SUCCESS");
	assert_int_equal(peer.asked, 1);
	coap_session_release(s);
}

static void
connected_anew_on_request(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	observe_peer_start(s, 'a');
	assert_int_equal(coapx_session_reconnect(s), 0);
	world_wait("notify");
	assert_int_equal(world_count("C end"), 0);
	assert_int_equal(world_count("C state lost"), 1);
	assert_int_equal(world_count("C notify 5 gap 0 answer hello"), 1);
	coap_session_release(s);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, observe_peer_up, world_down)
#define OUTAGE(name) cmocka_unit_test_setup_teardown(name, outage, world_down)

static int
outage(void **state)
{
	int r = outage_up(state);

	/* Servers that come back have the same handler. */
	return r == 0 ? observe_peer_again() : r;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_is_notified_and_deregisters),
		TEST(what_is_not_observed_ends_with_its_answer),
		TEST(a_notification_ends_it),
		TEST(old_ones_are_dropped_or_marked),
		TEST(a_stream_has_no_order),
		TEST(is_asked_for_again_after_max_age),
		TEST(options_are_the_same_each_time),
		TEST(without_refresh_it_only_becomes_stale),
		TEST(a_server_that_is_silent),
		TEST(nobody_there_ends_it_by_icmp),
		TEST(late_notifications_are_not_told),
		TEST(a_forgotten_one_is_reset),
		TEST(a_forgotten_one_is_deregistered_on_a_stream),
		TEST(dropped_while_it_deregisters),
		TEST(arguments),
		TEST(a_notification_that_cannot_be_used),
		TEST(as_many_as_there_may_be),
		TEST(on_every_protocol),
		TEST(of_a_peer_that_came_in),
		TEST(fetch_has_its_body_each_time),
		TEST(fetch_with_a_large_body),
		TEST(notified_while_its_body_goes_up),
		TEST(notifications_in_blocks),
		TEST(a_newer_one_takes_the_place_of_what_is_fetched),
		TEST(blocks_that_do_not_come),
		TEST(a_body_that_changes_meanwhile),
		TEST(ended_while_it_fetches),
		TEST(an_end_in_good_order_deregisters),
		TEST(connected_anew_on_request),
		OUTAGE(restored_after_a_reconnect),
		OUTAGE(given_up_they_end),
		OUTAGE(begun_while_it_is_lost),
	};

	return cmocka_run_group_tests_name("session_observe_client", tests,
	    NULL, NULL);
}
