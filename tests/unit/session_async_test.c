/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Separate responses between a client and a server on loopback: the handler is
 * called twice, the client answered once.
 */
#include "session_support.h"

#include <unistd.h>

#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

#define LARGE 5000

/* What the handler does, and what it saw. */
static struct {
	coap_tick_t delay;
	coap_async_t *async; /* the last that was registered */
	unsigned registered;
	unsigned again; /* calls that set a new time */
	bool large;
	unsigned added; /* large answers */
	size_t got;     /* bytes of the request, in the last call */
	void (*then)(coap_session_t *session); /* in the second call */
	unsigned block1; /* of what the client got; 0: none */
} s;

static uint8_t body[LARGE];
static unsigned releases;

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	(void)app;
	releases++;
}

static void
begin(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	s.async = coap_register_async(session, request, s.delay);
	if (!s.async) {
		coap_pdu_set_code(response,
		    COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
		return;
	}
	s.registered++;
	assert_null(coap_async_get_app_data(s.async));
	coap_async_set_app_data(s.async, &s);
	/* One request is answered once. */
	assert_null(coap_register_async(session, request, s.delay));
}

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_async_t *async =
	    coap_find_async(session, coap_pdu_get_token(request));
	size_t offset, total;
	const uint8_t *data;

	coap_get_data_large(request, &s.got, &data, &offset, &total);
	if (!async) {
		begin(session, request, response);
		return;
	}
	assert_ptr_equal(coap_async_get_app_data(async), &s);
	if (s.again > 0) {
		s.again--;
		if (s.delay > 0)
			coap_async_set_delay(async, s.delay);
		else
			coap_async_trigger(async);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	s.added += s.large;
	if (s.large)
		coap_add_data_large_response(NULL, session, request, response,
		    NULL, 42, -1, 0, LARGE, body, on_release, NULL);
	else
		coap_add_data(response, 5, (const uint8_t *)"hello");
	if (s.then)
		s.then(session);
}

static int
up(void **state)
{
	world_up(state);
	memset(&s, 0, sizeof s);
	for (size_t i = 0; i < LARGE; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	releases = 0;
	s.delay = 3000;
	w.serve = serve;
	return 0;
}

static int
down(void **state)
{
	int r = world_down(state);

	assert_int_equal(releases, s.added);
	return r;
}

/* --- when ----------------------------------------------------------------- */

static void
after_the_delay(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *c = world_connected(*p);

		assert_int_not_equal(world_send(c, CON, 'a'), -1);
		world_advance(2999);
		assert_int_equal(world_count("S get a"), 1);
		assert_int_equal(world_count("C 2.05"), 0);
		assert_int_equal(w.last->references, 1);
		world_advance(1);
		assert_int_equal(world_count("S get a"), 2);
		assert_int_equal(world_count("C 2.05 a hello"), 1);
		assert_int_equal(w.last->references, 0);
		assert_int_equal(w.server->asyncs.entries, 0);
		world_advance(400000);
		assert_int_equal(world_count("C 2.05"), 1);
		assert_int_equal(world_count("S get a"), 2);
		coap_session_release(c);
		world_settle();
		world_forget();
	}
}

static void
not_before_it_is_said(void **state)
{
	(void)state;
	s.delay = 0;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_advance(100000);
	assert_int_equal(world_count("S get a"), 1);
	coap_async_trigger(s.async);
	world_wait("C 2.05 a hello");
	assert_int_equal(world_count("S get a"), 2);

	world_forget();
	world_send(c, CON, 'b');
	world_settle();
	coap_async_set_delay(s.async, 500);
	world_advance(499);
	assert_int_equal(world_count("S get b"), 1);
	coap_async_set_delay(s.async, 0);
	world_advance(10000);
	assert_int_equal(world_count("S get b"), 1);
	coap_async_set_delay(s.async, (coap_tick_t)-1);
	world_advance(10000);
	assert_int_equal(world_count("S get b"), 1);
	coap_async_set_delay(s.async, 1);
	world_advance(1);
	assert_int_equal(world_count("C 2.05 b hello"), 1);
	coap_session_release(c);
}

static void
a_handler_may_take_longer(void **state)
{
	(void)state;
	s.again = 2;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_advance(8999);
	assert_int_equal(world_count("S get a"), 3);
	assert_int_equal(world_count("C 2.05"), 0);
	world_advance(1);
	assert_int_equal(world_count("S get a"), 4);
	assert_int_equal(world_count("C 2.05 a hello"), 1);
	coap_session_release(c);
}

static void
triggered_in_its_call_it_waits_for_the_next_pass(void **state)
{
	(void)state;
	s.delay = 0;
	s.again = 1000;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_settle();
	coap_async_trigger(s.async);
	coap_io_process(w.server, COAP_IO_NO_WAIT);
	assert_in_range(s.again, 990, 999);
	s.again = 0;
	world_wait("C 2.05 a hello");
	assert_int_equal(w.server->asyncs.entries, 0);
	coap_session_release(c);
}

/* What is answered is over, whatever else the handler did. */
static void
trigger(coap_session_t *session)
{
	(void)session;
	coap_async_trigger(s.async);
}

static void
an_answer_ends_it(void **state)
{
	(void)state;
	s.then = trigger;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_advance(100000);
	assert_int_equal(world_count("S get a"), 2);
	assert_int_equal(world_count("C 2.05"), 1);
	coap_session_release(c);
}

/* --- on the wire ---------------------------------------------------------- */

/* Bytes of a GET /x with the token t. */
static size_t
raw_get(uint8_t *data, coap_pdu_type_t type, uint16_t mid)
{
	const uint8_t get[] = { (uint8_t)(0x41 | type << 4), 1,
		(uint8_t)(mid >> 8), (uint8_t)mid, 't', 0xB1, 'x' };

	memcpy(data, get, sizeof get);
	return sizeof get;
}

static void
a_con_is_acknowledged_and_answered_by_con(void **state)
{
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t data[100];
	size_t n = raw_get(data, CON, 0x1234);

	(void)state;
	world_raw_send(fd, &w.udp_address, data, n);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 4);
	assert_memory_equal(data, "\x60\0\x12\x34", 4);
	world_advance(3000);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 11);
	assert_int_equal(data[0], 0x41);
	assert_int_equal(data[1], 0x45);
	assert_int_equal(data[4], 't');
	/* The message id is the server's own. */
	data[0] = 0x60;
	data[1] = 0;
	world_raw_send(fd, &w.udp_address, data, 4);
	world_advance(100000);
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	assert_int_equal(world_count("S nack"), 0);
	/* The request is known still, though its answer has come. */
	n = raw_get(data, CON, 0x1234);
	world_raw_send(fd, &w.udp_address, data, n);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 4);
	assert_memory_equal(data, "\x60\0\x12\x34", 4);
	assert_int_equal(world_count("S get t"), 2);
	close(fd);
}

static void
a_non_is_answered_by_non(void **state)
{
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t data[100];
	size_t n = raw_get(data, NON, 0x1234);

	(void)state;
	world_raw_send(fd, &w.udp_address, data, n);
	world_settle();
	assert_int_equal(world_count("S get t"), 1);
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	world_advance(3000);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 11);
	assert_int_equal(data[0], 0x51);
	assert_int_equal(data[1], 0x45);
	close(fd);
}

/* Also long after the server has forgotten its message id, or under a new
 * one: it is asked for with the same token, so one response is awaited. */
static void
the_same_request_is_acknowledged_only(void **state)
{
	static const struct {
		unsigned wait_ms;
		uint16_t mid;
	} rows[] = { { 0, 7 }, { 2000, 7 }, { 300000, 7 }, { 0, 8 } };
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t data[100];
	size_t i, n;

	(void)state;
	s.delay = 0;
	for (i = 0; i < 4; i++) {
		world_advance(rows[i].wait_ms);
		n = raw_get(data, CON, rows[i].mid);
		world_raw_send(fd, &w.udp_address, data, n);
		n = world_raw_recv(fd, data, sizeof data, NULL);
		assert_int_equal(n, 4);
		assert_int_equal(data[0], 0x60);
		assert_int_equal(data[3], rows[i].mid);
	}
	assert_int_equal(world_count("S get t"), 1);
	coap_async_trigger(s.async);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 11);
	assert_int_equal(world_count("S get t"), 2);
	close(fd);
}

/* --- bodies --------------------------------------------------------------- */

static coap_response_t
on_large(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	size_t len, offset, total;
	coap_opt_iterator_t oi;
	const uint8_t *data;

	(void)mid;
	(void)sent;
	s.block1 = coap_check_option(received, COAP_OPTION_BLOCK1, &oi) != NULL;
	assert_true(
	    coap_get_data_large(received, &len, &data, &offset, &total));
	assert_int_equal(len, s.large ? LARGE : 5);
	assert_memory_equal(data, s.large ? body : (const uint8_t *)"hello",
	    len);
	world_write(session, "large");
	return COAP_RESPONSE_OK;
}

static void
blocks(uint32_t server_mode)
{
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;

	coap_context_set_block_mode(w.client, mode);
	coap_context_set_block_mode(w.server, server_mode);
}

static void
a_large_answer(void **state)
{
	(void)state;
	blocks(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coap_register_response_handler(w.client, on_large);
	s.large = true;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_advance(3000);
	world_wait("C large");
	/* The rest of it costs no further call. */
	assert_int_equal(world_count("S get"), 2);
	assert_int_equal(world_count("C large"), 1);
	assert_int_equal(releases, 0);
	world_forget();
	/* The next one takes its place. */
	world_send(c, CON, 'b');
	world_advance(3000);
	world_wait("C large");
	assert_int_equal(releases, 1);
	coap_session_release(c);
}

static void
put_large(coap_session_t *c, char token)
{
	coap_pdu_t *pdu = world_get(c, CON, token);

	coap_pdu_set_code(pdu, COAP_REQUEST_CODE_PUT);
	assert_true(
	    coap_add_data_large_request(c, pdu, LARGE, body, NULL, NULL));
	assert_int_not_equal(coap_send(c, pdu), COAP_INVALID_MID);
}

static void
a_large_request(void **state)
{
	(void)state;
	blocks(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coap_register_response_handler(w.client, on_large);
	coap_session_t *c = world_connected(UDP);

	put_large(c, 'a');
	world_advance(2999);
	assert_int_equal(world_count("S get"), 1);
	assert_int_equal(s.got, LARGE);
	s.got = 0;
	world_advance(1);
	world_wait("C large");
	assert_int_equal(world_count("S get"), 2);
	assert_int_equal(s.got, LARGE);
	assert_int_equal(w.server->asyncs.bytes, 0);
	coap_session_release(c);
}

/* RFC 7959 section 2.3: the answer to the last part says which it was. */
static void
the_answer_names_the_last_part(void **state)
{
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t put[] = { 0x41, 3, 0, 1, 't', 0xB1, 'x', 0xD1, 3, 0x08, 0xFF, 1,
		2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	uint8_t data[100];
	size_t n;

	(void)state;
	blocks(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	world_raw_send(fd, &w.udp_address, put, sizeof put);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_true(n > 4);
	assert_int_equal(data[1], 0x5F);
	put[3] = 2;
	put[9] = 0x10;
	world_raw_send(fd, &w.udp_address, put, sizeof put - 8);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(n, 4);
	world_advance(3000);
	n = world_raw_recv(fd, data, sizeof data, NULL);
	assert_int_equal(data[1], 0x45);
	assert_int_equal(n, 14);
	assert_memory_equal(data + 5, "\xD1\x0E\x10\xFFhello", 9);
	assert_int_equal(s.got, 24);
	close(fd);
}

static void
each_part_but_the_last_is_answered_at_once(void **state)
{
	(void)state;
	blocks(COAP_BLOCK_USE_LIBCOAP);
	s.delay = 1;
	coap_session_t *c = world_connected(UDP);

	put_large(c, 'a');
	world_wait("C 5.03 a");
	assert_int_equal(s.registered, 0);
	coap_session_release(c);
	world_settle();
}

/* --- observing ------------------------------------------------------------ */

/* GET /x with Observe: 0 and the token t, or what is left of it. */
static void
raw_observe(int fd, uint8_t type, uint16_t mid)
{
	const uint8_t get[] = { (uint8_t)(0x41 | type << 4), 1,
		(uint8_t)(mid >> 8), (uint8_t)mid, 't', 0x60, 0x51, 'x' };

	world_raw_send(fd, &w.udp_address, get, sizeof get);
}

/* A response with Observe; it is acknowledged. */
static void
raw_notified(int fd)
{
	uint8_t data[100];
	size_t n = world_raw_recv(fd, data, sizeof data, NULL);

	assert_true(n > 8);
	assert_int_equal(data[1], 0x45);
	assert_int_equal(data[4], 't');
	assert_int_equal(data[5] >> 4, 6);
	if ((data[0] & 0x30) != 0)
		return;
	data[0] = 0x60;
	data[1] = 0;
	world_raw_send(fd, &w.udp_address, data, 4);
	world_settle();
}

/* The client observes from the answer on; and each notification may be late,
 * too. */
static void
an_observation_begins_with_the_answer(void **state)
{
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	coap_resource_t *x =
	    coap_get_resource_from_uri_path(w.server, coap_make_str_const("x"));
	uint8_t data[100];
	int i;

	(void)state;
	coap_resource_set_get_observable(x, 1);
	raw_observe(fd, CON, 1);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 4);
	/* Nobody observes yet. */
	coap_resource_notify_observers(x, NULL);
	world_settle();
	assert_int_equal(world_count("S get t"), 1);
	world_advance(3000);
	raw_notified(fd);
	for (i = 0; i < 3; i++) {
		world_forget();
		coap_resource_notify_observers(x, NULL);
		world_advance(2999);
		assert_int_equal(world_count("S get t"), 1);
		assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
		world_advance(1);
		raw_notified(fd);
		assert_int_equal(world_count("S get t"), 2);
	}
	close(fd);
	coap_session_disconnected(w.last, COAP_NACK_NOT_DELIVERABLE);
}

/* --- ends ----------------------------------------------------------------- */

static void
forgotten(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_settle();
	coap_free_async(w.last, s.async);
	assert_int_equal(w.last->references, 0);
	world_advance(100000);
	assert_int_equal(world_count("S get a"), 1);
	assert_int_equal(w.server->asyncs.entries, 0);
	coap_session_release(c);
	coap_free_async(w.last, NULL);
	coap_async_trigger(NULL);
	coap_async_set_delay(NULL, 1);
	coap_async_set_app_data(NULL, &s);
	assert_null(coap_async_get_app_data(NULL));
	assert_null(coap_find_async(NULL, (coap_bin_const_t){ 0, NULL }));
}

static void
free_it(coap_session_t *session)
{
	coap_free_async(session, s.async);
	assert_null(coap_find_async(session,
	    (coap_bin_const_t){ 1, (const uint8_t *)"a" }));
}

static void
free_endpoint(coap_session_t *session)
{
	(void)session;
	coap_free_endpoint(w.udp);
	w.udp = NULL;
}

static void
disconnect(coap_session_t *session)
{
	coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
}

static void
free_resource(coap_session_t *session)
{
	(void)session;
	assert_true(coap_delete_resource(w.server,
	    coap_get_resource_from_uri_path(w.server,
		coap_make_str_const("x"))));
}

static void
free_context(coap_session_t *session)
{
	(void)session;
	coap_free_context(w.server);
	w.server = NULL;
}

/* Then the second that is due has no call. */
static void
no_call_after_the_end_of_the_context(void **state)
{
	(void)state;
	s.then = free_context;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_send(c, CON, 'b');
	world_advance(2999);
	assert_int_equal(world_count("S get"), 2);
	world_advance(1);
	assert_int_equal(world_count("S get"), 3);
	coap_session_release(c);
	world_settle();
}

/* What the handler frees in its second call, on both kinds of transport. */
static void
the_second_call_may_free_anything(void **state)
{
	static void (*const all[])(coap_session_t *) = { free_it, free_endpoint,
		disconnect, free_resource, free_context };
	static const coap_proto_t protos[] = { UDP, TCP };
	size_t i;

	for (i = 0; i < 10; i++) {
		down(state);
		up(state);
		s.then = all[i / 2];
		coap_session_t *c = world_connected(protos[i % 2]);

		world_send(c, CON, 'a');
		world_advance(2999);
		assert_int_equal(world_count("S get a"), 1);
		world_advance(1);
		assert_int_equal(world_count("S get a"), 2);
		/* Nothing was wrong with the way to the client. */
		if (s.then == free_it || s.then == free_resource)
			assert_int_equal(world_count("C 2.05 a"), 1);
		coap_session_release(c);
		world_settle();
		if (w.server)
			assert_int_equal(w.server->asyncs.entries, 0);
	}
}

static void
the_end_of_a_session_frees_its_entries(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };

	(void)state;
	s.delay = 0;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *c = world_connected(*p);

		world_send(c, CON, 'a');
		world_send(c, CON, 'b');
		world_settle();
		assert_int_equal(w.server->asyncs.entries, 2);
		/* It is held: no time ends it. */
		world_advance(1000000);
		assert_int_equal(w.deleted, *p == UDP ? 0 : 1);
		if (*p == UDP)
			coap_session_disconnected(w.last,
			    COAP_NACK_NOT_DELIVERABLE);
		else
			coap_session_release(c);
		world_settle();
		assert_int_equal(w.server->asyncs.entries, 0);
		assert_int_equal(w.server->asyncs.bytes, 0);
		world_advance(1000);
		assert_int_equal(w.deleted, *p == UDP ? 1 : 2);
		if (*p == UDP)
			coap_session_release(c);
		world_settle();
	}
}

/* Nobody is there any more that could be answered. */
static void
no_entry_without_a_transport(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(TCP);
	coap_pdu_t *pdu = world_get(c, CON, 'a');
	coap_session_t *server;

	assert_null(coap_register_async(NULL, pdu, 1));
	assert_null(coap_register_async(c, NULL, 1));
	coap_pdu_set_code(pdu, COAP_RESPONSE_CODE_CONTENT);
	assert_null(coap_register_async(c, pdu, 1));
	coap_pdu_set_code(pdu, COAP_REQUEST_CODE_GET);
	world_send(c, CON, 'b');
	world_settle();
	server = coap_session_reference(w.last);
	coap_session_disconnected(server, COAP_NACK_NOT_DELIVERABLE);
	assert_null(coap_register_async(server, pdu, 1));
	coap_session_release(server);
	coap_delete_pdu(pdu);
	coap_session_release(c);
	world_settle();
}

static void
after_the_limit_5_03(void **state)
{
	(void)state;
	s.delay = 0;
	w.server->asyncs.entries = ASYNC_CONTEXT_MAX;
	coap_session_t *c = world_connected(UDP);

	world_send(c, CON, 'a');
	world_wait("C 5.03 a");
	w.server->asyncs.entries = 0;
	coap_session_release(c);
	world_settle();
}

/* Every allocation of the server fails once: one answer, or none. */
static void
out_of_memory(void **state)
{
	size_t n;

	for (n = 1; n < 60; n++) {
		down(state);
		up(state);
		s.large = true;
		blocks(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
		coap_session_t *c = world_connected(UDP);

		world_send(c, CON, 'a');
		coap_io_process(w.client, COAP_IO_NO_WAIT);
		mem_fail_at(n, 0);
		world_advance(400000);
		mem_fail_at(0, 0);
		assert_int_equal(w.server->asyncs.entries, 0);
		/* A transfer begins anew once. */
		assert_in_range(world_count("S get"), 0, 4);
		coap_session_release(c);
		world_settle();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_the_delay),
		TEST(not_before_it_is_said),
		TEST(a_handler_may_take_longer),
		TEST(triggered_in_its_call_it_waits_for_the_next_pass),
		TEST(an_answer_ends_it),
		TEST(a_con_is_acknowledged_and_answered_by_con),
		TEST(a_non_is_answered_by_non),
		TEST(the_same_request_is_acknowledged_only),
		TEST(a_large_answer),
		TEST(a_large_request),
		TEST(the_answer_names_the_last_part),
		TEST(each_part_but_the_last_is_answered_at_once),
		TEST(an_observation_begins_with_the_answer),
		TEST(forgotten),
		TEST(no_call_after_the_end_of_the_context),
		TEST(the_second_call_may_free_anything),
		TEST(the_end_of_a_session_frees_its_entries),
		TEST(no_entry_without_a_transport),
		TEST(after_the_limit_5_03),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
