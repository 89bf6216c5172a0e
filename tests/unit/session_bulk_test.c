/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams with much to carry: messages of 1 MiB in one piece, peers that stop
 * reading and go on, and how often the kernel is called for it.
 */
#include "session_keys.h"
#include "session_ledger.h"
#include "session_wire.h"
#include "tls_peek.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIG ((size_t)1024 * 1024)

static coap_proto_t proto;

/* The next protocol with streams, in a world of its own. */
static bool
next_world(void **state)
{
	world_down(state);
	world_up(state);
	session_keys_up(false, KEYS_GOOD);
	do
		proto = world_next_proto(proto);
	while (proto != COAP_PROTO_NONE && !COAP_PROTO_RELIABLE(proto));
	return proto != COAP_PROTO_NONE;
}

#define EACH_STREAM(state) for (proto = COAP_PROTO_NONE; next_world(state);)

static bool
is_secure(void)
{
	return session_keys_secure(proto);
}

/* --- payloads ------------------------------------------------------------- */

static void
fill(uint8_t *data, size_t len, uint32_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (uint8_t)(seed >> 24);
	}
}

static bool
is_filled(const uint8_t *data, size_t len, uint32_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		if (data[i] != (uint8_t)(seed >> 24))
			return false;
	}
	return true;
}

static coap_pdu_t *
put_of(coap_session_t *s, char token, size_t len)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, s);
	uint8_t *data = malloc(len);

	assert_non_null(pdu);
	assert_non_null(data);
	fill(data, len, (uint8_t)token);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)&token));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
			(const uint8_t *)"x") > 0);
	assert_true(coap_add_data(pdu, len, data));
	free(data);
	return pdu;
}

static size_t answer_len;
static char order[512]; /* tokens of the requests, as they came */
static size_t n_order;

/* Looks at what came, and answers with as much as the test asks for. */
static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	const uint8_t *data;
	uint8_t *answer;
	size_t len;

	(void)session;
	assert_true(n_order < sizeof order - 1);
	order[n_order++] = (char)token.s[0];
	if (coap_get_data(request, &len, &data))
		assert_true(is_filled(data, len, token.s[0]));
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (answer_len == 0)
		return;
	answer = malloc(answer_len);
	assert_non_null(answer);
	fill(answer, answer_len, ~(uint32_t)token.s[0]);
	assert_true(coap_add_data(response, answer_len, answer));
	free(answer);
}

static char answered[512];
static size_t n_answered;

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	coap_bin_const_t token = coap_pdu_get_token(received);
	const uint8_t *data;
	size_t len = 0;

	(void)session;
	(void)sent;
	(void)mid;
	assert_int_equal(coap_pdu_get_code(received),
	    COAP_RESPONSE_CODE_CONTENT);
	if (coap_get_data(received, &len, &data))
		assert_true(is_filled(data, len, ~(uint32_t)token.s[0]));
	assert_int_equal(len, answer_len);
	assert_true(n_answered < sizeof answered - 1);
	answered[n_answered++] = (char)token.s[0];
	return COAP_RESPONSE_OK;
}

static void
begin(size_t answers)
{
	memset(order, 0, sizeof order);
	memset(answered, 0, sizeof answered);
	n_order = n_answered = 0;
	answer_len = answers;
	w.serve = serve;
	coap_register_response_handler(w.client, on_response);
}

static coap_session_t *
connected_to(const coap_address_t *address)
{
	coap_session_t *s = session_keys_session_to(proto, address);

	assert_non_null(s);
	world_wait("C SESSION_CONNECTED");
	world_settle();
	world_forget();
	return s;
}

/* --- one piece ------------------------------------------------------------ */

static void
one_mebibyte(void **state)
{
	coap_session_t *s;
	size_t before;

	EACH_STREAM(state)
	{
		begin(BIG);
		s = connected_to(world_address(proto));
		assert_true(coap_session_max_pdu_size(s) > BIG);
		before = tls_peek_sends(s->layer);
		assert_true(
		    coap_send(s, put_of(s, 'a', BIG)) != COAP_INVALID_MID);
		if (is_secure()) {
			print_message("%s: %zu sends for 1 MiB\n",
			    coapx_proto_name(proto),
			    tls_peek_sends(s->layer) - before);
			assert_int_equal(tls_peek_sends(s->layer) - before, 1);
		}
		WORLD_UNTIL(n_answered == 1);
		assert_int_equal(w.requests, 1);
		/* And small ones after it. */
		answer_len = 5;
		assert_true(
		    coap_send(s, put_of(s, 'b', 5)) != COAP_INVALID_MID);
		WORLD_UNTIL(n_answered == 2);
		assert_int_equal(coap_session_get_state(s),
		    COAP_SESSION_STATE_ESTABLISHED);
		coap_session_release(s);
	}
}

/* What the peer's CSM does not allow is refused before it is sent. */
static void
more_than_the_peer_takes(void **state)
{
	static const uint8_t data[3000] = { 0 };
	coap_session_t *s;
	coap_pdu_t *pdu;
	size_t room;

	EACH_STREAM(state)
	{
		begin(0);
		coap_context_set_csm_max_message_size(w.server, 2000);
		s = connected_to(world_address(proto));
		room = coap_session_max_pdu_size(s);
		assert_true(room <= 2000 && room > 1500);
		pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, s);
		assert_non_null(pdu);
		assert_int_equal(coap_add_data(pdu, sizeof data, data), 0);
		coap_delete_pdu(pdu);
		assert_true(
		    coap_send(s, put_of(s, 'a', 1500)) != COAP_INVALID_MID);
		WORLD_UNTIL(n_answered == 1);
		coap_session_release(s);
	}
}

/* --- calls ---------------------------------------------------------------- */

/* Every connected TCP socket of the process: how many there are. */
static unsigned
check_nodelay(void)
{
	struct sockaddr_storage peer;
	unsigned n = 0;
	socklen_t size;
	int fd, on;

	for (fd = 0; fd < 256; fd++) {
		size = sizeof peer;
		if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 ||
		    peer.ss_family != AF_INET)
			continue;
		size = sizeof on;
		if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) < 0)
			continue;
		assert_true(on);
		n++;
	}
	return n;
}

static void
nodelay(void **state)
{
	coap_session_t *s;

	EACH_STREAM(state)
	{
		begin(5);
		s = connected_to(world_address(proto));
		assert_int_equal(check_nodelay(), 2);
		coap_session_release(s);
	}
}

/* A flight is one send, and so is a message. */
static void
sends(void **state)
{
	coap_session_t *s;
	size_t up, down;
	int i;

	EACH_STREAM(state)
	{
		if (!is_secure())
			continue;
		begin(5);
		s = connected_to(world_address(proto));
		up = tls_peek_sends(s->layer);
		down = tls_peek_sends(w.last->layer);
		print_message("%s: %zu sends of the client, %zu of the server "
			      "until it is established\n",
		    coapx_proto_name(proto), up, down);
		/* Hello; Finished; upgrade; CSM. Hello to Finished; tickets;
		 * upgrade; CSM. */
		assert_true(up <= 4);
		assert_true(down <= 4);
		for (i = 0; i < 5; i++) {
			coap_send(s, put_of(s, (char)('a' + i), 5));
			WORLD_UNTIL(n_answered == (size_t)i + 1);
		}
		assert_int_equal(tls_peek_sends(s->layer) - up, 5);
		assert_int_equal(tls_peek_sends(w.last->layer) - down, 5);
		coap_session_release(s);
	}
}

/* --- peers that stop reading ---------------------------------------------- */

#define N_BULK   60
#define BULK_LEN ((size_t)256 * 1024)

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234567";

/* The client asks for much and takes nothing: the server stops to answer, and
 * does not keep what it cannot say. */
static void
client_stops_reading(void **state)
{
	coap_session_t *s;
	unsigned held;
	int i;

	EACH_STREAM(state)
	{
		wire_open(proto);
		begin(BULK_LEN);
		s = connected_to(&wire.address);
		wire.deaf = true;
		for (i = 0; i < N_BULK; i++)
			assert_true(coap_send(s, put_of(s, letters[i], 5)) !=
			    COAP_INVALID_MID);
		WORLD_UNTIL(w.last->msg.stream.held);
		world_settle();
		held = w.requests;
		print_message("%s: %u of %d answered to a deaf peer\n",
		    coapx_proto_name(proto), held, N_BULK);
		assert_true(held > 0 && held < N_BULK);
		assert_true(layer_backlog(w.last->layer) <=
		    LAYER_BACKLOG_MAX + 2 * BULK_LEN);
		assert_int_equal(n_answered, 0);
		wire.deaf = false;
		WORLD_UNTIL(n_answered == N_BULK);
		assert_int_equal(w.requests, N_BULK);
		assert_string_equal(order, letters);
		assert_string_equal(answered, letters);
		assert_int_equal(coap_session_get_state(s),
		    COAP_SESSION_STATE_ESTABLISHED);
		coap_session_release(s);
		world_settle();
		wire_close();
	}
}

/* The server does not get to read: the client's messages wait, each once. */
static void
server_stops_reading(void **state)
{
	coap_session_t *s;
	int i;

	EACH_STREAM(state)
	{
		wire_open(proto);
		begin(5);
		s = connected_to(&wire.address);
		wire.stopped = true;
		for (i = 0; i < N_BULK; i++)
			assert_true(
			    coap_send(s, put_of(s, letters[i], BULK_LEN)) !=
			    COAP_INVALID_MID);
		for (i = 0; i < 10; i++)
			world_settle();
		assert_int_equal(w.requests, 0);
		assert_true(s->n_pending > 0);
		assert_true(layer_backlog(s->layer) <=
		    LAYER_BACKLOG_MAX + 2 * BULK_LEN);
		wire.stopped = false;
		WORLD_UNTIL(n_answered == N_BULK);
		assert_string_equal(order, letters);
		assert_string_equal(answered, letters);
		assert_int_equal(s->n_pending, 0);
		coap_session_release(s);
		world_settle();
		wire_close();
	}
}

/* Both at once. */
static void
both_stop_reading(void **state)
{
	coap_session_t *s;
	int i;

	EACH_STREAM(state)
	{
		wire_open(proto);
		begin(BULK_LEN);
		s = connected_to(&wire.address);
		wire.deaf = true;
		for (i = 0; i < N_BULK; i++)
			assert_true(
			    coap_send(s, put_of(s, letters[i], BULK_LEN)) !=
			    COAP_INVALID_MID);
		WORLD_UNTIL(w.last->msg.stream.held);
		world_settle();
		assert_true(w.requests < N_BULK);
		wire.deaf = false;
		WORLD_UNTIL(n_answered == N_BULK);
		assert_string_equal(order, letters);
		assert_string_equal(answered, letters);
		coap_session_release(s);
		world_settle();
		wire_close();
	}
}

/* Nobody holds its session, and it takes nothing: it ends. */
static void
deaf_for_ever(void **state)
{
	coap_session_t *s;
	int i;

	EACH_STREAM(state)
	{
		wire_open(proto);
		begin(BULK_LEN);
		s = connected_to(&wire.address);
		wire.deaf = true;
		for (i = 0; i < N_BULK; i++)
			coap_send(s, put_of(s, letters[i], 5));
		WORLD_UNTIL(w.last->msg.stream.held);
		assert_int_equal(w.deleted, 0);
		world_advance(301000);
		assert_int_equal(w.deleted, 1);
		world_advance(61000); /* what lingers is cut */
		assert_null(w.server->lingering);
		coap_session_release(s);
		world_settle();
		wire_close();
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(one_mebibyte),
		T(more_than_the_peer_takes),
		T(nodelay),
		T(sends),
		T(client_stops_reading),
		T(server_stops_reading),
		T(both_stop_reading),
		T(deaf_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
