/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests with handlers of their own: "the result exactly once, never inside
 * coapx_request_send()", and the progress before it in its order. */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

/* A UDP peer that never says anything, and the session to it. */
static coap_session_t *
silent(int *fd)
{
	coap_address_t address;
	coap_session_t *s;

	*fd = world_raw(SOCK_DGRAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, UDP);
	assert_non_null(s);
	world_settle();
	world_expect(0, "C SESSION_CONNECTED\n");
	return s;
}

static void
progress_and_result_in_order(void **state)
{
	coap_session_t *s;
	uint8_t data[64];
	coap_address_t from;
	size_t n;
	int fd;

	(void)state;
	s = silent(&fd);
	assert_non_null(world_request(s, CON, 'a', 0, 0, NULL));
	world_expect('C', "");
	world_advance(10000);
	n = world_raw_recv(fd, data, sizeof data, &from);
	assert_true(n > 4);
	data[0] = 0x60;
	data[1] = 0;
	world_raw_send(fd, &from, data, 4);
	world_wait("acked");
	data[0] = 0x51; /* NON 2.05 with the token */
	data[1] = 0x45;
	data[4] = 'a';
	world_raw_send(fd, &from, data, 5);
	world_wait("result");
	world_expect('C',
	    "C sent a\nC again a 1\nC again a 2\nC acked a\n"
	    "C result a 0 2.05\n");
	world_advance(400000);
	world_expect('C', "");
	coap_session_release(s);
	close(fd);
}

static void
serve_critical(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	(void)session;
	(void)request;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_option(response, 65001, 1, (const uint8_t *)"x");
}

/* RFC 7252 section 5.4.1: a response with a critical option that is not known
 * is rejected; the request ends all the same. */
static void
unknown_critical_option_in_a_response(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };

	(void)state;
	w.serve = serve_critical;
	for (size_t i = 0; i < 2; i++) {
		coap_session_t *s = world_connected(protos[i]);

		assert_non_null(world_request(s, CON, 'a', 0, 0, NULL));
		world_wait("result");
		world_expect('C', "C sent a\nC result a -27 0.00\n");
		world_send(s, CON, 'b');
		world_wait("nack");
		world_expect('C', "C nack bad-response b\n");
		coap_session_release(s);
		world_settle();
		world_forget();
	}
	coap_register_option(w.client, 65001);
	coap_session_t *s = world_connected(UDP);
	world_send(s, CON, 'c');
	world_wait("2.05");
	coap_session_release(s);
}

static void
promised_response_that_never_comes(void **state)
{
	coap_session_t *s;
	uint8_t data[64];
	coap_address_t from;
	int fd;

	(void)state;
	s = silent(&fd);
	world_send(s, CON, 'a');
	world_raw_recv(fd, data, sizeof data, &from);
	world_raw_send(fd, &from, (uint8_t[]){ 0x60, 0, data[2], data[3] }, 4);
	world_advance(400000);
	world_expect('C', "C nack too-many-retries a\n");
	coap_session_release(s);
	close(fd);
}

static void
nobody_wants_a_response(void **state)
{
	coap_session_t *s;
	coap_session_t *t;
	int fd;

	(void)state;
	s = silent(&fd);
	assert_non_null(
	    world_request(s, NON, 'a', 0, COAPX_REQUEST_NO_RESPONSE, NULL));
	world_expect('C', "");
	world_settle();
	world_expect('C', "C sent a\nC result a 0 0.00\n");
	t = world_session(TCP);
	assert_non_null(
	    world_request(t, NON, 'b', 0, COAPX_REQUEST_NO_RESPONSE, NULL));
	world_wait("result b");
	assert_int_equal(world_count("C result b 0 0.00"), 1);
	coap_session_release(s);
	coap_session_release(t);
	close(fd);
}

static void
refused_at_once(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coapx_request_params_t params = { .size = sizeof params };
	coap_pdu_t *pdu;
	int err = 0;

	(void)state;
	assert_non_null(world_request(s, CON, 'a', 0, 0, &err));
	assert_int_equal(err, 0);
	assert_null(world_request(s, CON, 'a', 0, 0, &err));
	assert_int_equal(err, -COAP_E_EXISTS);
	pdu = coap_new_pdu(CON, COAP_RESPONSE_CODE_CONTENT, s);
	assert_null(coapx_request_send(s, pdu, &params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	assert_null(coapx_request_send(NULL, NULL, &params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	params.size = 0;
	assert_null(
	    coapx_request_send(s, world_get(s, CON, 'b'), &params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	world_wait("result a 0 2.05");
	coap_session_release(s);
}

static coapx_request_t *other;

static void
hook_cancel(coap_session_t *session, const char *line)
{
	(void)session;
	if (strncmp(line, "result", 6) == 0 && other) {
		coapx_request_cancel(other);
		other = NULL;
	}
}

/* Its own handle is dead with the return of result(), not before. */
static void
cancel_inside_its_own_result(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	w.hook = hook_cancel;
	other = world_request(s, CON, 'a', 0, 0, NULL);
	world_wait("result");
	other = world_request(s, CON, '0', 0, 0, NULL);
	world_wait("result 0");
	assert_null(other);
	coap_session_release(s);
}

static void
hook_ping_again(coap_session_t *session, const char *line)
{
	if (strncmp(line, "result 0 -", 10) == 0 && other) {
		other = NULL;
		assert_non_null(world_request(session, CON, '0', 0, 0, NULL));
	}
}

static void
ping_again_inside_its_failure(void **state)
{
	static coapx_request_t *any = (coapx_request_t *)&any;
	coap_session_t *s;
	int fd;

	(void)state;
	s = silent(&fd);
	other = any;
	w.hook = hook_ping_again;
	coap_session_set_max_retransmit(s, 1);
	coap_session_set_ack_random_factor(s, (coap_fixed_point_t){ 1, 0 });
	world_request(s, CON, '0', 0, 0, NULL);
	world_advance(7000);
	world_expect('C', "C result 0 -18 0.00\n");
	world_advance(10000);
	world_expect('C', "C result 0 -18 0.00\n");
	coap_session_release(s);
	close(fd);
}

/* Each ping to where nobody listens has its own end, and at once. */
static void
pings_to_a_closed_port(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &nobody, UDP);
	coapx_request_t *r;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		world_request(s, CON, '0', 0, COAPX_REQUEST_END_ON_ICMP, NULL);
		world_wait("C result 0 -9 0.00");
		world_forget();
	}
	/* Also those that wait for it, and after one that was cancelled or
	 * was late. */
	r = world_request(s, CON, '0', 0, 0, NULL);
	world_request(s, CON, '0', 1, 0, NULL);
	world_request(s, CON, '0', 0, COAPX_REQUEST_END_ON_ICMP, NULL);
	coapx_request_cancel(r);
	world_advance(5);
	WORLD_UNTIL(world_count("C result 0 -11") == 1);
	WORLD_UNTIL(world_count("C result 0 -9") == 1);
	coap_session_release(s);
	assert_int_equal(world_count("C result"), 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(progress_and_result_in_order),
		T(unknown_critical_option_in_a_response),
		T(promised_response_that_never_comes),
		T(nobody_wants_a_response),
		T(refused_at_once),
		T(cancel_inside_its_own_result),
		T(ping_again_inside_its_failure),
		T(pings_to_a_closed_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
