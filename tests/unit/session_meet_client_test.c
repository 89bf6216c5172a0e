/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a client's observations meet Echo, full streams and want of memory. */
#include "observe_peer.h"

#include <coap3/coap_subscribe.h>

#include "session_wire.h"
#include "wire/block.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static unsigned
observations(const coap_session_t *s)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(s, &info), 0);
	return info.observations;
}

/* --- Echo ----------------------------------------------------------------- */

static struct {
	void (*serve)(coap_session_t *session, const coap_pdu_t *request,
	    coap_pdu_t *response);
	bool gives;
	unsigned echoed; /* requests with an Echo */
	bool late;       /* the rest of a body comes by send_rest() */
	coap_session_t *session;
	uint8_t token[8]; /* of who asked for it */
	size_t token_len;
} e;

static void
serve_echo(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_opt_iterator_t oi;

	e.echoed += coap_check_option(request, COAP_OPTION_ECHO, &oi) != NULL;
	e.serve(session, request, response);
	if (e.gives)
		pdu_put_option(response, COAP_OPTION_ECHO, 4,
		    (const uint8_t *)"good");
}

/* RFC 9175 section 2.3: an Echo is for the next request, and for that peer;
 * what registers again is neither. */
static void
echo_is_given_once(void **state)
{
	coap_session_t *s = world_connected(UDP);
	int err;

	(void)state;
	e.serve = w.serve;
	e.echoed = 0;
	w.serve = serve_echo;
	e.gives = true;
	world_request(s, CON, 'e', 0, 0, &err);
	world_wait("result");
	world_forget();
	e.gives = false;
	peer.max_age = 1;
	observe_peer_start(s, 'a');
	assert_int_equal(e.echoed, 1);
	world_advance(20000);
	assert_true(peer.asked > 1);
	assert_int_equal(e.echoed, 1);
	coap_session_release(s);
}

/* A server that wants an Echo for what it notifies gets it, and the answer is
 * a notification as any. */
static void
echo_for_a_notification(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coapx_observation_info_t info;
	coap_pdu_t *pdu;

	(void)state;
	observe_peer_start(s, 'a');
	peer.number = 9;
	pdu = coap_new_pdu(NON, COAP_RESPONSE_CODE_UNAUTHORIZED, peer.session);
	assert_non_null(pdu);
	coap_add_token(pdu, 1, (const uint8_t *)"a");
	coap_add_option(pdu, COAP_OPTION_ECHO, 4, (const uint8_t *)"good");
	coap_send(peer.session, pdu);
	world_wait("C notify 9");
	info = observe_peer_info();
	assert_int_equal(info.number, 9);
	assert_int_equal(info.state, COAPX_OBSERVE_REGISTERED);
	coap_session_release(s);
}

/* What it asks for because of it is newer, whatever its number: it was not
 * asked for again when it came with a low one, nor for its Max-Age. */
static void
number_after_an_echo(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	peer.max_age = 60;
	observe_peer_start(s, 'a');
	peer.number = 2;
	pdu = coap_new_pdu(NON, COAP_RESPONSE_CODE_UNAUTHORIZED, peer.session);
	assert_non_null(pdu);
	coap_add_token(pdu, 1, (const uint8_t *)"a");
	coap_add_option(pdu, COAP_OPTION_ECHO, 4, (const uint8_t *)"good");
	coap_send(peer.session, pdu);
	WORLD_UNTIL(peer.asked == 2 && s->requests.count == 0);
	assert_int_equal(world_count("C notify 2 gap 0 answer"), 1);
	world_advance(76000);
	assert_int_equal(peer.asked, 3);
	coap_session_release(s);
}

/* --- the last one, in blocks ---------------------------------------------- */

/* The rest of it is fetched once, however often it is said. */
static void
last_one_in_blocks(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	peer.body = 200;
	peer.silent = true;
	for (int i = 0; i < 3; i++)
		observe_peer_notify(NON, -1, "");
	assert_int_equal(s->requests.count, 1);
	coap_session_release(s);
	world_settle();
	assert_int_equal(peer.ends, 1);
}

/* A handler of parts that rejects one has no use for the rest, nor for what
 * was to be observed. */
static void
rejected_part(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	peer.body = 200;
	w.verdict = COAP_RESPONSE_FAIL;
	for (int i = 0; i < 2; i++) {
		peer.number = i ? 5 : -1;
		assert_true(
		    coap_send(s, observe_peer_request(s, GET, CON, 'a', 0)) >=
		    0);
		WORLD_UNTIL(s->requests.count == 0);
		assert_int_equal(observations(s), 0);
	}
	coap_session_release(s);
}

static void
serve_observed_end(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	e.serve(session, request, response);
	if (peer.blocks == 3)
		pdu_put_option(response, COAP_OPTION_OBSERVE, 1,
		    (const uint8_t *)"\7");
}

static void
serve_observed_anew(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	e.serve(session, request, response);
	if (peer.etag > 1)
		pdu_put_option(response, COAP_OPTION_OBSERVE, 1,
		    (const uint8_t *)"\7");
}

/* The first part says whether it is a notification, not the last. */
static void
observe_in_the_last_part(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	e.serve = w.serve;
	w.serve = serve_observed_end;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	peer.body = 200;
	peer.number = -1;
	assert_true(
	    coap_send(s, observe_peer_request(s, GET, CON, 'a', 0)) >= 0);
	WORLD_UNTIL(s->requests.count == 0);
	assert_int_equal(peer.blocks, 3);
	assert_int_equal(observations(s), 0);
	coap_session_release(s);
}

/* Nor is what begins anew, as the body has changed, one. */
static void
observe_after_a_change(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	e.serve = w.serve;
	w.serve = serve_observed_anew;
	peer.body = 200;
	peer.number = -1;
	peer.etag = 1;
	peer.changes = true;
	assert_int_equal(observe_peer_begin(s, 'a'), 0);
	world_wait("C end");
	assert_int_equal(world_count("C notify"), 0);
	assert_int_equal(observations(s), 0);
	coap_session_release(s);
}

/* --- order ---------------------------------------------------------------- */

static void
serve_old(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_pdu_t *pdu;

	e.serve(session, request, response);
	if (peer.blocks != 1)
		return;
	pdu = coap_new_pdu(NON, COAP_RESPONSE_CODE_CONTENT, session);
	assert_non_null(pdu);
	coap_add_token(pdu, 1, (const uint8_t *)"a");
	coap_add_option(pdu, COAP_OPTION_OBSERVE, 1, (const uint8_t *)"\3");
	coap_send(session, pdu);
}

/* While the rest of the newest is fetched an older one comes. */
static void
old_one_while_the_newest_is_fetched(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_start(s, 'a');
	e.serve = w.serve;
	w.serve = serve_old;
	peer.body = 200;
	observe_peer_notify(NON, 8, "");
	WORLD_UNTIL(s->requests.count == 0);
	assert_int_equal(world_count("C notify 8"), 1);
	assert_int_equal(observe_peer_info().reordered, 1);
	coap_session_release(s);
}

static void
put_text(coap_pdu_t *pdu, unsigned number, bool parts, const char *text)
{
	uint8_t bytes[64] = { 0 };

	block_add_uint(pdu, COAP_OPTION_OBSERVE, number);
	/* Size exponent 2: blocks of 64 bytes. */
	if (parts)
		block_add_uint(pdu, COAP_OPTION_BLOCK2, 8 | 2);
	memcpy(bytes, text, strlen(text));
	coap_add_data(pdu, parts ? sizeof bytes : strlen(text), bytes);
}

static void
send_rest(void)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(NON, COAP_RESPONSE_CODE_CONTENT, e.session);

	assert_non_null(pdu);
	coap_add_token(pdu, e.token_len, e.token);
	block_add_uint(pdu, COAP_OPTION_BLOCK2, 1U << 4 | 2);
	coap_add_data(pdu, 4, (const uint8_t *)"rest");
	coap_send(e.session, pdu);
	world_settle();
}

/* Notifies while the body of the request comes; its answer is older. */
static void
serve_old_answer(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	coap_block_b_t block = { .m = 0 };
	coap_pdu_t *pdu;

	(void)resource;
	(void)query;
	if (block_read(request, COAP_OPTION_BLOCK2, true, &block) &&
	    block.num > 0) {
		e.session = session;
		e.token_len = token.length;
		memcpy(e.token, token.s, token.length);
		if (e.late)
			return;
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
		block_add_uint(response, COAP_OPTION_BLOCK2, 1U << 4 | 2);
		coap_add_data(response, 4, (const uint8_t *)"rest");
		return;
	}
	block_read(request, COAP_OPTION_BLOCK1, true, &block);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (!block.m) {
		block_add_uint(response, COAP_OPTION_BLOCK1,
		    block.num << 4 | block.szx);
		put_text(response, 5, e.gives, "hello");
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTINUE);
	block_add_uint(response, COAP_OPTION_BLOCK1,
	    block.num << 4 | 8 | block.szx);
	pdu = coap_new_pdu(NON, COAP_RESPONSE_CODE_CONTENT, session);
	assert_non_null(pdu);
	coap_add_token(pdu, token.length, token.s);
	put_text(pdu, 6, true, "early");
	assert_true(coap_send(session, pdu) >= 0);
}

/* What is fetched goes on when an older answer comes, which in parts is worth
 * nothing. */
static void
older_answer_while_the_newest_is_fetched(void **state)
{
	static uint8_t body[3000];

	(void)state;
	coap_register_request_handler(coap_get_resource_from_uri_path(w.server,
					  coap_make_str_const("x")),
	    COAP_REQUEST_FETCH, serve_old_answer);
	/* Its handler has blocks of its own. */
	coap_context_set_block_mode(w.server, 0);
	coap_register_option(w.server, COAP_OPTION_BLOCK1);
	coap_register_option(w.server, COAP_OPTION_BLOCK2);
	for (int i = 0; i < 2; i++) {
		coap_session_t *s = world_connected(UDP);
		coap_pdu_t *pdu = observe_peer_request(s,
		    COAP_REQUEST_CODE_FETCH, CON, 'a', 0);

		e.gives = i == 1;
		e.late = false;
		coap_add_data_large_request(s, pdu, sizeof body, body, NULL,
		    NULL);
		assert_true(coap_send(s, pdu) >= 0);
		world_wait("hello");
		world_settle();
		e.late = true;
		world_advance(75000);
		assert_int_equal(world_count("C 2.05 a hello"), i ? 1 : 2);
		assert_int_equal(world_count("C 2.05 a early"), 0);
		assert_int_equal(s->requests.count, 1);
		send_rest();
		assert_int_equal(world_count("C 2.05 a early"), 1);
		assert_int_equal(s->requests.count, 0);
		assert_int_equal(observations(s), 1);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* A request of the application's own that has its token stays. */
static void
same_token_for_something_else(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_binary_t token = { 1, (uint8_t[]){ 'a' } };

	(void)state;
	assert_true(
	    coap_send(s, observe_peer_request(s, GET, CON, 'a', 0)) >= 0);
	world_wait("hello");
	peer.silent = true;
	assert_true(
	    coap_send(s, observe_peer_request(s, GET, CON, 'a', -1)) >= 0);
	assert_int_equal(coap_cancel_observe(s, &token, CON), 0);
	assert_int_equal(s->requests.count, 1);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	assert_true(world_count("C nack") > 0);
	assert_int_equal(observations(s), 0);
	coap_session_release(s);
}

/* --- full streams --------------------------------------------------------- */

static void
fill(coap_session_t *s)
{
	static uint8_t bytes[60000];
	uint8_t token[8];
	size_t len;
	coap_pdu_t *pdu;
	int i;

	for (i = 0; i < 1000 && !s->blocked; i++) {
		pdu = coap_new_pdu(NON, COAP_REQUEST_CODE_PUT, s);
		assert_non_null(pdu);
		coap_session_new_token(s, &len, token);
		assert_true(coap_add_token(pdu, len, token));
		coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		    (const uint8_t *)"n");
		assert_true(coap_add_data(pdu, sizeof bytes, bytes));
		assert_true(coap_send(s, pdu) >= 0);
		world_settle();
	}
	assert_true(s->blocked);
}

/* Over a stream nothing but this message ends it at the server. */
static void
server_is_told_when_it_reads_again(void **state)
{
	coap_session_t *s;

	(void)state;
	wire_open(TCP);
	s = coap_new_client_session(w.client, NULL, &wire.address, TCP);
	assert_non_null(s);
	world_wait("C SESSION_CONNECTED");
	world_forget();
	observe_peer_start(s, 'a');
	wire.stopped = true;
	fill(s);
	coapx_observe_drop(peer.handle);
	assert_int_equal(observations(s), 0);
	wire.stopped = false;
	WORLD_UNTIL(peer.cancelled > 0);
	assert_int_equal(peer.cancelled, 1);
	coap_session_release(s);
	world_settle();
	wire_close();
}

/* All of it, when it has a body in parts; the application hears nothing of its
 * answer. */
static void
server_is_told_in_parts(void **state)
{
	static uint8_t body[300];
	coap_session_t *s;
	coap_pdu_t *pdu;

	(void)state;
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	assert_int_equal(coap_context_set_max_block_size(w.client, 64), 1);
	s = world_connected(TCP);
	pdu = observe_peer_request(s, COAP_REQUEST_CODE_FETCH, CON, 'a', -1);
	coap_add_data_large_request(s, pdu, sizeof body, body, NULL, NULL);
	peer.handle = coapx_observe_start(s, pdu, &peer.params, NULL);
	assert_non_null(peer.handle);
	WORLD_UNTIL(s->requests.count == 0);
	assert_int_equal(peer.asked, 1);
	coapx_observe_drop(peer.handle);
	WORLD_UNTIL(peer.cancelled > 0);
	WORLD_UNTIL(s->requests.count == 0);
	assert_int_equal(world_count("C 2.05"), 0);
	coap_session_release(s);
}

/* Nor does the application hear of it when it never leaves. */
static void
what_nobody_sent_has_no_nack(void **state)
{
	coap_session_t *s;

	(void)state;
	wire_open(TCP);
	s = coap_new_client_session(w.client, NULL, &wire.address, TCP);
	assert_non_null(s);
	world_wait("C SESSION_CONNECTED");
	world_forget();
	observe_peer_start(s, 'a');
	wire.stopped = true;
	fill(s);
	coapx_observe_drop(peer.handle);
	world_forget();
	wire_cut(true);
	world_wait("C SESSION_CLOSED");
	assert_int_equal(world_count("C nack not_deliverable a"), 0);
	assert_true(world_count("C nack") > 0);
	coap_session_release(s);
	world_settle();
	wire_close();
}

/* --- want of memory ------------------------------------------------------- */

/* What cannot be cancelled goes on: it is asked for again. */
static void
what_was_not_cancelled_goes_on(void **state)
{
	unsigned n, kept = 0;

	(void)state;
	for (n = 1; n < 20; n++) {
		coap_session_t *s = world_connected(UDP);
		uint8_t token = (uint8_t)('a' + n);
		coap_binary_t t = { 1, &token };
		unsigned asked;
		int done;

		peer.silent = false;
		peer.max_age = 1;
		assert_true(coap_send(s,
				observe_peer_request(s, GET, CON, (char)token,
				    0)) >= 0);
		world_wait("hello");
		peer.silent = true;
		asked = peer.asked;
		world_advance(16500);
		assert_int_equal(peer.asked, asked + 1);
		mem_fail_at(n, 0);
		done = coap_cancel_observe(s, &t, CON);
		mem_fail_at(0, 0);
		peer.silent = false;
		asked = peer.asked;
		if (!done) {
			kept++;
			world_advance(400000);
			assert_true(peer.asked > asked || observations(s) == 0);
		}
		coap_session_release(s);
		world_settle();
		world_forget();
		if (done)
			break;
	}
	assert_true(kept > 2);
	assert_true(n < 20);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, observe_peer_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(echo_is_given_once),
		TEST(echo_for_a_notification),
		TEST(number_after_an_echo),
		TEST(last_one_in_blocks),
		TEST(rejected_part),
		TEST(observe_in_the_last_part),
		TEST(observe_after_a_change),
		TEST(old_one_while_the_newest_is_fetched),
		TEST(older_answer_while_the_newest_is_fetched),
		TEST(same_token_for_something_else),
		TEST(server_is_told_when_it_reads_again),
		TEST(server_is_told_in_parts),
		TEST(what_nobody_sent_has_no_nack),
		TEST(what_was_not_cancelled_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
