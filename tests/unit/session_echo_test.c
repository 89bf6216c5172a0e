/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo (RFC 9175 section 2): a request is repeated with it by itself, and a
 * server tells fresh requests from others. */
#include "session_support.h"

#include "block_support.h"
#include "observe_peer.h"
#include "session/traffic/echo.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP

static struct {
	unsigned max_age;
	unsigned asked;    /* handlers called */
	unsigned done;     /* requests that were fresh */
	size_t payload;    /* of the last fresh one */
	uint8_t given[40]; /* Echo of the last request */
	size_t given_len;
	const char *gift; /* Echo of a 2.05 */
	bool never;       /* every request is refused with another value */
} e;

static int
echo_up(void **state)
{
	memset(&e, 0, sizeof(e));
	e.max_age = 10;
	return block_up(state);
}

static void
note_echo(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt =
	    coap_check_option(request, COAP_OPTION_ECHO, &oi);

	e.given_len = opt ? coap_opt_length(opt) : 0;
	assert_true(e.given_len <= sizeof(e.given));
	if (e.given_len > 0)
		memcpy(e.given, coap_opt_value(opt), e.given_len);
}

static void
refuse_always(coap_pdu_t *response)
{
	uint8_t value = (uint8_t)e.asked;

	coap_pdu_set_code(response, COAP_RESPONSE_CODE_UNAUTHORIZED);
	coap_add_option(response, COAP_OPTION_ECHO, 1, &value);
}

static void
serve_fresh(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	const uint8_t *data;

	e.asked++;
	note_echo(request);
	if (e.never) {
		refuse_always(response);
		return;
	}
	if (e.max_age > 0 &&
	    !coapx_echo_check(session, request, response, e.max_age))
		return;
	e.done++;
	coap_get_data(request, &e.payload, &data);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (e.gift)
		coap_add_option(response, COAP_OPTION_ECHO, strlen(e.gift),
		    (const uint8_t *)e.gift);
}

/* One request, its end written down and forgotten. */
static void
ask(coap_session_t *s, coap_pdu_type_t type, const char *end)
{
	int err = 0;

	assert_non_null(world_request(s, type, 'a', 0, 0, &err));
	world_wait("result");
	assert_int_equal(world_count(end), 1);
	assert_int_equal(world_count("C result"), 1);
	world_forget();
}

/* RFC 9175 section 2.3: over every protocol, CON and NON. */
static void
a_request_is_repeated_with_echo(void **state)
{
	coap_proto_t p = COAP_PROTO_NONE;

	(void)state;
	w.serve = serve_fresh;
	world_all_protocols();
	while ((p = world_next_proto(p)) != COAP_PROTO_NONE) {
		coap_session_t *s = world_connected(p);

		e.asked = e.done = 0;
		ask(s, CON, "C result a 0 2.05");
		assert_int_equal(e.asked, 2);
		assert_int_equal(e.done, 1);
		/* The next one brings it at once. */
		ask(s, NON, "C result a 0 2.05");
		assert_int_equal(e.asked, 3);
		assert_int_equal(e.done, 2);
		assert_true(e.given_len > 0);
		coap_session_release(s);
		world_settle();
	}
}

/* The application sees its own token, request and one response. */
static void
handlers_see_one_exchange(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	coap_session_t *s = world_connected(UDP);

	block_send(s, COAP_REQUEST_CODE_PUT, 'b', 100);
	world_wait("C 2.05 b");
	assert_int_equal(world_count("C 2.05"), 1);
	assert_int_equal(world_count("C 4.01"), 0);
	assert_int_equal(e.payload, 100);
	coap_session_release(s);
}

static void
without_the_mode_echo_is_the_applications(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	coap_context_set_block_mode(w.client, 0);
	coap_session_t *s = world_connected(UDP);

	block_send(s, COAP_REQUEST_CODE_PUT, 'b', 100);
	world_wait("C 4.01 b");
	world_settle();
	assert_int_equal(e.asked, 1);
	block_send(s, COAP_REQUEST_CODE_PUT, 'c', 100);
	world_wait("C 4.01 c");
	assert_int_equal(e.given_len, 0);
	coap_session_release(s);
}

/* A body in blocks, whose handler asks once all of it is there. */
static void
a_body_is_repeated_with_echo(void **state)
{
	uint64_t sent;

	(void)state;
	w.serve = serve_fresh;
	for (int i = 0; i < 2; i++) {
		coap_session_t *s =
		    world_connected(i ? COAP_PROTO_TCP : COAP_PROTO_UDP);

		e.asked = e.done = 0;
		sent = s->stats.tx;
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(e.done, 1);
		assert_int_equal(e.asked, 2);
		assert_int_equal(e.payload, 20000);
		/* Of its blocks the last alone comes twice. */
		sent = s->stats.tx - sent;
		if (i == 0)
			assert_int_equal(sent, (20000 + 1023) / 1024 + 1);
		else
			assert_in_range(sent, 2, 12);
		/* The next one has an Echo from its first block on. */
		world_forget();
		block_request(s, COAP_REQUEST_CODE_PUT, 'b', 20000);
		world_wait("result");
		assert_int_equal(e.done, 2);
		assert_int_equal(e.asked, 3);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* Takes each part, and none but the first without an Echo. */
static void
serve_parts(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	e.asked++;
	coap_get_data_large(request, &len, &data, &offset, &total);
	if (offset > 0 && !coapx_echo_check(session, request, response, 10))
		return;
	assert_int_equal(offset, e.payload);
	e.payload += len;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
a_part_is_repeated_with_echo(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	coap_context_set_block_mode(w.server, COAP_BLOCK_USE_LIBCOAP);
	w.serve = serve_parts;
	block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
	world_wait("result");
	assert_int_equal(world_count("C result a 0 2.04"), 1);
	assert_int_equal(e.payload, 20000);
	/* The second one came twice. */
	assert_int_equal(e.asked, (20000 + 1023) / 1024 + 1);
	coap_session_release(s);
}

static void
a_server_that_never_believes_is_asked_twice(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	e.never = true;
	coap_session_t *s = world_connected(UDP);

	ask(s, CON, "C result a 0 4.01");
	assert_int_equal(e.asked, 2);
	assert_int_equal(e.given_len, 1);
	assert_int_equal(e.given[0], 1);
	coap_session_release(s);
}

/* RFC 9175 section 2.3: any other response with an Echo. */
static void
a_value_given_along_comes_with_the_next_request_alone(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	e.max_age = 0;
	e.gift = "given";
	coap_session_t *s = world_connected(UDP);

	ask(s, CON, "C result a 0 2.05");
	assert_int_equal(e.given_len, 0);
	e.gift = NULL;
	/* In front of a payload that is there already. */
	block_request(s, COAP_REQUEST_CODE_PUT, 'a', 100);
	world_wait("result");
	assert_int_equal(e.given_len, 5);
	assert_memory_equal(e.given, "given", 5);
	assert_int_equal(e.payload, 100);
	world_forget();
	ask(s, CON, "C result a 0 2.05");
	assert_int_equal(e.given_len, 0);
	coap_session_release(s);
}

static void
a_value_of_a_wrong_length_is_none(void **state)
{
	static const char long_one[] =
	    "0123456789012345678901234567890123456789x";

	(void)state;
	w.serve = serve_fresh;
	e.max_age = 0;
	e.gift = long_one;
	coap_session_t *s = world_connected(UDP);

	ask(s, CON, "C result a 0 2.05");
	e.gift = "";
	ask(s, CON, "C result a 0 2.05");
	e.gift = NULL;
	ask(s, CON, "C result a 0 2.05");
	assert_int_equal(e.given_len, 0);
	coap_session_release(s);
}

/* RFC 9175 section 2.3: only to the endpoint that it came from. */
static void
a_value_is_not_for_another_session_or_connection(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	e.max_age = 0;
	e.gift = "mine";
	coap_session_t *s = world_connected(UDP);
	coap_session_t *other = world_connected(COAP_PROTO_TCP);

	ask(s, CON, "C result a 0 2.05");
	e.gift = NULL;
	ask(other, CON, "C result a 0 2.05");
	assert_int_equal(e.given_len, 0);
	echo_forget(s);
	ask(s, CON, "C result a 0 2.05");
	assert_int_equal(e.given_len, 0);
	coap_session_release(s);
	coap_session_release(other);
}

/* RFC 9175 section 2.3: a value is good for as long as the server says. */
static void
a_value_gets_old(void **state)
{
	(void)state;
	w.serve = serve_fresh;
	coap_session_t *s = world_connected(UDP);

	ask(s, CON, "C result a 0 2.05");
	world_advance(e.max_age * 1000 + 1);
	world_forget();
	e.asked = 0;
	ask(s, CON, "C result a 0 2.05");
	/* What was kept is too old, so it takes another one. */
	assert_int_equal(e.asked, 2);
	coap_session_release(s);
}

/* --- with observations ---------------------------------------------------- */

static void (*serve_observed)(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response);

static void
serve_fresh_observed(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	e.asked++;
	if (coapx_echo_check(session, request, response, 10))
		serve_observed(session, request, response);
}

static int
observed_up(void **state)
{
	int r = observe_peer_up(state);

	memset(&e, 0, sizeof(e));
	serve_observed = w.serve;
	w.serve = serve_fresh_observed;
	return r;
}

/* Notifications have the token that the application knows. */
static void
an_observation_is_asked_for_again_with_echo(void **state)
{
	static const coap_proto_t protos[] = { UDP, COAP_PROTO_TCP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		coap_session_t *s = world_connected(protos[i]);

		e.asked = 0;
		observe_peer_start(s, 'o');
		assert_int_equal(e.asked, 2);
		assert_int_equal(peer.token, 'o');
		world_forget();
		observe_peer_notify(NON, 6, "again");
		world_wait("C notify 6");
		assert_int_equal(world_count("C notify 6 gap 0 again"), 1);
		assert_int_equal(coapx_observe_stop(peer.handle,
				     COAPX_OBSERVE_DEREGISTER),
		    0);
		world_wait("C end 0 2.05");
		assert_int_equal(peer.cancelled, 1);
		coap_session_release(s);
		world_settle();
		world_forget();
		peer.cancelled = 0;
	}
}

/* --- values that somebody makes up ---------------------------------------- */

static coap_pdu_t *
request_with(const uint8_t *echo, size_t len)
{
	coap_pdu_t *p =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 100);

	assert_non_null(p);
	assert_true(coap_add_option(p, COAP_OPTION_ECHO, len, echo) > 0);
	return p;
}

static int
check(coap_session_t *s, const uint8_t *echo, size_t len, coap_pdu_t **answer)
{
	coap_pdu_t *p = request_with(echo, len);
	int r;

	*answer = coap_pdu_init(COAP_MESSAGE_ACK, 0, 1, 100);
	assert_non_null(*answer);
	r = coapx_echo_check(s, p, *answer, 10);
	assert_int_equal(coap_pdu_get_code(*answer),
	    r ? 0 : COAP_RESPONSE_CODE_UNAUTHORIZED);
	coap_delete_pdu(p);
	return r;
}

static size_t
challenge_of(coap_session_t *s, uint8_t *value)
{
	coap_pdu_t *answer;
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;
	size_t len;

	assert_int_equal(check(s, (const uint8_t *)"?", 1, &answer), 0);
	opt = coap_check_option(answer, COAP_OPTION_ECHO, &oi);
	assert_non_null(opt);
	len = coap_opt_length(opt);
	memcpy(value, coap_opt_value(opt), len);
	coap_delete_pdu(answer);
	return len;
}

static void
a_changed_value_is_not_fresh(void **state)
{
	coap_pdu_t *answer;
	uint8_t value[40];
	size_t len;

	(void)state;
	coap_session_t *s = world_connected(UDP);
	len = challenge_of(s, value);
	assert_in_range(len, 16, 40);
	assert_int_equal(check(s, value, len, &answer), 1);
	coap_delete_pdu(answer);
	for (size_t bit = 0; bit < len * 8; bit++) {
		value[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(check(s, value, len, &answer), 0);
		coap_delete_pdu(answer);
		value[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(check(s, value, len - 1, &answer), 0);
	coap_delete_pdu(answer);
	coap_session_release(s);
}

static void
a_value_of_another_peer_is_not_fresh(void **state)
{
	coap_pdu_t *answer;
	uint8_t value[40];
	size_t len;

	(void)state;
	coap_session_t *s = world_connected(UDP);
	len = challenge_of(s, value);
	/* A session of the same peer that comes anew knows it over UDP; */
	s->id++;
	assert_int_equal(check(s, value, len, &answer), 1);
	coap_delete_pdu(answer);
	/* from another port or address it is another peer. */
	coap_address_set_port(&s->remote,
	    (uint16_t)(coap_address_get_port(&s->remote) + 1));
	assert_int_equal(check(s, value, len, &answer), 0);
	coap_delete_pdu(answer);
	coap_session_release(s);

	coap_session_t *tcp = world_connected(COAP_PROTO_TCP);
	len = challenge_of(tcp, value);
	assert_int_equal(check(tcp, value, len, &answer), 1);
	coap_delete_pdu(answer);
	tcp->id++;
	assert_int_equal(check(tcp, value, len, &answer), 0);
	coap_delete_pdu(answer);
	coap_session_release(tcp);
}

static void
without_arguments_nothing_is_fresh(void **state)
{
	(void)state;
	assert_int_equal(coapx_echo_check(NULL, NULL, NULL, 10), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, echo_up, block_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_repeated_with_echo),
		TEST(handlers_see_one_exchange),
		TEST(without_the_mode_echo_is_the_applications),
		TEST(a_body_is_repeated_with_echo),
		TEST(a_part_is_repeated_with_echo),
		TEST(a_server_that_never_believes_is_asked_twice),
		TEST(a_value_given_along_comes_with_the_next_request_alone),
		TEST(a_value_of_a_wrong_length_is_none),
		TEST(a_value_is_not_for_another_session_or_connection),
		TEST(a_value_gets_old),
		cmocka_unit_test_setup_teardown(
		    an_observation_is_asked_for_again_with_echo, observed_up,
		    world_down),
		TEST(a_changed_value_is_not_fresh),
		TEST(a_value_of_another_peer_is_not_fresh),
		TEST(without_arguments_nothing_is_fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
