/* SPDX-License-Identifier: BSD-2-Clause */
/* Where observation, Echo, answers that come later and bodies that are read
 * meet, on loopback, with a client without library. */
#include "notify_peer.h"

#include "session/observe/observe_server.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define ACK COAP_MESSAGE_ACK
#define RST COAP_MESSAGE_RST
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static struct opeer p;

static void
answer(coap_pdu_t *response)
{
	char text[16];
	int n = snprintf(text, sizeof text, "v%d", oserver.value);

	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, (size_t)n, (const uint8_t *)text);
}

static void
serve_with(coap_method_handler_t handler)
{
	coap_register_request_handler(oserver.o, COAP_REQUEST_GET, handler);
}

/* --- Echo ----------------------------------------------------------------- */

static void
fresh(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	if (coapx_echo_check(session, request, response, 10))
		answer(response);
}

/* Sends the last answer's Echo with the same request. */
static void
observe_with_echo(char token)
{
	coap_pdu_t *pdu = opeer_pdu(&p, CON, GET, token, 0);
	coap_opt_iterator_t oi;
	coap_opt_t *echo = coap_check_option(p.last, COAP_OPTION_ECHO, &oi);

	assert_non_null(echo);
	coap_add_option(pdu, COAP_OPTION_ECHO, coap_opt_length(echo),
	    coap_opt_value(echo));
	opeer_send_pdu(&p, pdu);
}

/* A registration that was fresh stays one: what is notified is no request. */
static void
fresh_registration_is_notified(void **state)
{
	(void)state;
	serve_with(fresh);
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 4.01 a- ");
	assert_int_equal(oserver_observers(), 0);
	observe_with_echo('a');
	opeer_expect(&p, "ACK 2.05 a+ v0");
	world_advance(60000);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, ACK);
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

static void
later(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	if (coap_find_async(session, coap_pdu_get_token(request)))
		answer(response);
	else
		coap_register_async(session, request,
		    30 * COAP_TICKS_PER_SECOND);
}

static void
fresh_later(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	if (coapx_echo_check(session, request, response, 10))
		later(resource, session, request, query, response);
}

/* Nor is its answer a new request when it takes its time. */
static void
fresh_request_is_answered_later(void **state)
{
	(void)state;
	serve_with(fresh_later);
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 4.01 a- ");
	observe_with_echo('a');
	opeer_expect(&p, "ACK 0.00 0- ");
	world_advance(31000);
	opeer_expect(&p, "CON 2.05 a+ v0");
	opeer_reply(&p, ACK);
	world_settle();
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

/* Asked for after the handler took its time only: it has to be fresh then. */
static void
later_fresh(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	if (!coap_find_async(session, coap_pdu_get_token(request)))
		later(resource, session, request, query, response);
	else
		fresh(resource, session, request, query, response);
}

static void
unproven_request_is_not_fresh_later(void **state)
{
	(void)state;
	serve_with(later_fresh);
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 0.00 0- ");
	world_advance(31000);
	opeer_expect(&p, "CON 4.01 a- ");
	opeer_reply(&p, ACK);
	world_settle();
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* --- answers that come later ---------------------------------------------- */

/* RFC 7641 section 3.6: with the same token, also before there was an answer,
 * which is then the last message with it. */
static void
cancelled_before_the_answer(void **state)
{
	(void)state;
	serve_with(later);
	for (int i = 0; i < 2; i++) {
		opeer_open(&p, i ? TCP : UDP);
		opeer_observe(&p, 'a');
		if (i == 0)
			opeer_expect(&p, "ACK 0.00 0- ");
		opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
		if (i == 0)
			opeer_expect(&p, "ACK 0.00 0- ");
		world_settle();
		world_advance(31000);
		opeer_expect(&p, i ? "TCP 2.05 a- v0" : "CON 2.05 a- v0");
		if (i == 0)
			opeer_reply(&p, ACK);
		world_settle();
		assert_int_equal(oserver_observers(), 0);
		opeer_close(&p);
		world_settle();
	}
}

/* Without memory at its time it comes a little later, or says so: each
 * allocation fails once. */
static void
answer_that_cannot_be_made_comes_later(void **state)
{
	(void)state;
	serve_with(later);
	for (size_t n = 1; n < 9; n++) {
		opeer_open(&p, TCP);
		opeer_send(&p, CON, GET, 'a', -1, NULL, NULL);
		world_settle();
		opeer_silent(&p);
		mem_fail_at(n, 1);
		world_advance(30000);
		mem_fail_at(0, 0);
		world_advance(2000);
		opeer_next(&p);
		assert_true(p.last->code == COAP_RESPONSE_CODE_CONTENT ||
		    p.last->code == COAP_RESPONSE_CODE_INTERNAL_ERROR);
		opeer_close(&p);
		world_settle();
	}
}

static void
cancelled_while_a_notification_waits(void **state)
{
	(void)state;
	opeer_open(&p, TCP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "TCP 2.05 a+ v0");
	serve_with(later);
	oserver_change();
	world_settle();
	opeer_silent(&p);
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_silent(&p);
	world_advance(31000);
	opeer_expect(&p, "TCP 2.05 a- v1");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* --- notifying within a handler ------------------------------------------- */

static void
notify_now(coap_session_t *session, coap_pdu_t *response)
{
	(void)session;
	(void)response;
	if (oserver.calls > 1000)
		return;
	oserver_change();
	coap_check_notify(w.server);
}

/* A handler that changes what it tells is called again by the loop, not by
 * itself. */
static void
handlers_are_not_nested(void **state)
{
	unsigned calls;

	(void)state;
	opeer_open(&p, TCP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "TCP 2.05 a+ v0");
	oserver.hook = notify_now;
	calls = oserver.calls;
	oserver_change();
	coap_check_notify(w.server);
	assert_in_range(oserver.calls, calls + 1, calls + 64);
	oserver.hook = NULL;
	opeer_close(&p);
}

/* --- peers that do not read ----------------------------------------------- */

/* What observes is not idle, but what takes nothing is not waited for. */
static void
observer_that_reads_nothing(void **state)
{
	int i;

	(void)state;
	oserver.large = 1000;
	opeer_open(&p, TCP);
	p.may_end = true;
	opeer_observe(&p, 'a');
	opeer_expect(&p, "TCP 2.05 a+ aaaaaaaaaaaaaaaaaaaa");
	for (i = 0; i < 100000 && !w.last->blocked; i++) {
		oserver_change();
		world_settle();
	}
	assert_true(w.last->blocked);
	world_advance(299 * 1000);
	assert_int_equal(oserver_observers(), 1);
	world_advance(2 * 1000);
	assert_int_equal(oserver_observers(), 0);
	assert_int_equal(w.deleted, 1);
	opeer_close(&p);
}

/* Nor longer for what it sends meanwhile. */
static void
observer_that_talks_and_reads_nothing(void **state)
{
	int i;

	(void)state;
	oserver.large = 1000;
	opeer_open(&p, TCP);
	p.may_end = true;
	opeer_observe(&p, 'a');
	opeer_expect(&p, "TCP 2.05 a+ aaaaaaaaaaaaaaaaaaaa");
	for (i = 0; i < 100000 && !w.last->blocked; i++) {
		oserver_change();
		world_settle();
	}
	assert_true(w.last->blocked);
	for (i = 0; i < 2; i++) {
		world_advance(100 * 1000);
		/* An answer that nobody asked for. */
		opeer_send(&p, NON, COAP_RESPONSE_CODE_CONTENT, 'x', -1, NULL,
		    NULL);
		world_settle();
		assert_int_equal(oserver_observers(), 1);
	}
	world_advance(101 * 1000);
	assert_int_equal(oserver_observers(), 0);
	assert_int_equal(w.deleted, 1);
	opeer_close(&p);
}

/* --- forged addresses ----------------------------------------------------- */

/* Who was never heard again makes room, when there is none. */
static void
unproven_observers_make_room(void **state)
{
	struct opeer more[3];

	(void)state;
	for (int i = 0; i < 2; i++) {
		opeer_open(&more[i], UDP);
		opeer_observe(&more[i], 'a');
		opeer_expect(&more[i], "ACK 2.05 a+ v0");
	}
	/* The oldest is heard. */
	opeer_send(&more[0], CON, GET, 'b', -1, NULL, NULL);
	opeer_expect(&more[0], "ACK 2.05 b- v0");
	assert_int_equal(oserver_observers(), 2);
	w.server->observing.n += OBSERVERS_OF_CONTEXT_MAX - 2;
	opeer_open(&more[2], TCP);
	opeer_observe(&more[2], 'a');
	opeer_expect(&more[2], "TCP 2.05 a+ v0");
	/* The second has gone, and nobody else goes for another one. */
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a- v0");
	assert_int_equal(oserver_observers(), OBSERVERS_OF_CONTEXT_MAX);
	w.server->observing.n -= OBSERVERS_OF_CONTEXT_MAX - 2;
	oserver_change();
	opeer_expect(&more[0], "CON 2.05 a+ v1");
	opeer_reply(&more[0], ACK);
	opeer_silent(&more[1]);
	opeer_expect(&more[2], "TCP 2.05 a+ v1");
	for (int i = 0; i < 3; i++)
		opeer_close(&more[i]);
	opeer_close(&p);
}

/* --- bodies that are read ------------------------------------------------- */

static struct {
	coap_session_t *session;
	unsigned reads;
	unsigned end_at;
	unsigned released;
} reader;

static int
read_body(uint64_t offset, uint8_t *buf, size_t len, void *arg)
{
	(void)arg;
	if (++reader.reads == reader.end_at)
		coap_session_disconnected(reader.session,
		    COAP_NACK_NOT_DELIVERABLE);
	memset(buf, 'a' + (int)(offset / 1024), len);
	return (int)len;
}

static void
release_body(void *arg)
{
	(void)arg;
	reader.released++;
}

static void
serve_reader(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coapx_body_t body = {
		.size = sizeof body,
		.length = 5000,
		.read = read_body,
		.release = release_body,
		.etag = 7,
		.maxage = -1,
	};

	(void)resource;
	(void)query;
	reader.session = session;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coapx_add_body_response(session, request, response, &body);
}

static void
ask_for_block(unsigned num)
{
	coap_pdu_t *pdu = opeer_pdu(&p, CON, GET, 'b', -1);
	uint8_t block = (uint8_t)(num << 4 | 6);

	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, &block);
	opeer_send_pdu(&p, pdu);
	world_settle();
	while (opeer_take(&p))
		;
}

/* What reads may end the session, as every callback. */
static void
reading_ends_the_session(void **state)
{
	(void)state;
	serve_with(serve_reader);
	for (int i = 0; i < 2; i++)
		for (unsigned at = 1; at <= 5; at++) {
			memset(&reader, 0, sizeof reader);
			reader.end_at = at;
			opeer_open(&p, i ? TCP : UDP);
			p.may_end = true;
			opeer_observe(&p, 'a');
			world_settle();
			while (opeer_take(&p))
				;
			for (unsigned num = 1; num < 3; num++)
				ask_for_block(num);
			oserver_change();
			world_settle();
			while (opeer_take(&p))
				;
			ask_for_block(3);
			assert_true(reader.reads >= at);
			opeer_close(&p);
			world_settle();
		}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, oserver_up, oserver_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fresh_registration_is_notified),
		TEST(fresh_request_is_answered_later),
		TEST(unproven_request_is_not_fresh_later),
		TEST(cancelled_before_the_answer),
		TEST(answer_that_cannot_be_made_comes_later),
		TEST(cancelled_while_a_notification_waits),
		TEST(handlers_are_not_nested),
		TEST(observer_that_reads_nothing),
		TEST(observer_that_talks_and_reads_nothing),
		TEST(unproven_observers_make_room),
		TEST(reading_ends_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
