/* SPDX-License-Identifier: BSD-2-Clause */
/* Two contexts and what lies between them: retransmission, separate responses,
 * deduplication, NSTART, reset, ping, CSM, large messages, garbage. */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

/* --- a relay that loses, doubles and swaps datagrams ---------------------- */

static struct {
	int front; /* the client sends here */
	int back;  /* the server sees this one */
	coap_address_t address;
	coap_address_t client;
	uint32_t seed;
	unsigned drop; /* of 1000 */
	unsigned twice;
	unsigned swap;
	unsigned passed;
	unsigned dropped;
	uint8_t held[2048];
	size_t held_len;
} relay;

static unsigned
dice(void)
{
	relay.seed = relay.seed * 1664525 + 1013904223;
	return (relay.seed >> 8) % 1000;
}

static void
forward(int fd, const coap_address_t *to, const uint8_t *data, size_t len)
{
	if (dice() < relay.drop) {
		relay.dropped++;
		return;
	}
	relay.passed++;
	world_raw_send(fd, to, data, len);
	if (dice() < relay.twice)
		world_raw_send(fd, to, data, len);
}

static void
relay_pass(void)
{
	coap_address_t from;
	uint8_t data[2048];
	ssize_t n;

	for (;;) {
		coap_address_init(&from);
		n = recvfrom(relay.front, data, sizeof data, MSG_DONTWAIT,
		    &from.addr.sa, &from.size);
		if (n < 0)
			break;
		relay.client = from;
		if (dice() < relay.swap && !relay.held_len) {
			memcpy(relay.held, data, (size_t)n);
			relay.held_len = (size_t)n;
			continue;
		}
		forward(relay.back, &w.udp_address, data, (size_t)n);
		if (relay.held_len)
			forward(relay.back, &w.udp_address, relay.held,
			    relay.held_len);
		relay.held_len = 0;
	}
	for (;;) {
		n = recv(relay.back, data, sizeof data, MSG_DONTWAIT);
		if (n < 0)
			break;
		forward(relay.front, &relay.client, data, (size_t)n);
	}
}

static coap_session_t *
through_relay(uint32_t seed)
{
	coap_address_t other;
	coap_session_t *s;

	memset(&relay, 0, sizeof relay);
	relay.seed = seed;
	relay.front = world_raw(SOCK_DGRAM, &relay.address);
	relay.back = world_raw(SOCK_DGRAM, &other);
	w.relay = relay_pass;
	s = coap_new_client_session(w.client, NULL, &relay.address, UDP);
	assert_non_null(s);
	world_settle();
	world_forget();
	return s;
}

static void
relay_end(coap_session_t *s)
{
	coap_session_release(s);
	w.relay = NULL;
	close(relay.front);
	close(relay.back);
}

/* One CON after the other: each handler call once, each end once. */
static void
lossy(void **state)
{
	coap_session_t *s;
	unsigned i, ok = 0, lost = 0;
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 5; seed++) {
		s = through_relay(seed);
		relay.drop = 200;
		relay.twice = 100;
		relay.swap = 100;
		w.requests = 0;
		coap_session_set_nstart(s, 3);
		for (i = 0; i < 26; i++)
			world_send(s, CON, (char)('a' + i));
		world_advance(3000000);
		for (i = 0; i < 26; i++) {
			char good[] = { 'C', ' ', '2', '.', '0', '5', ' ',
				(char)('a' + i), 0 };
			char bad[] = "C nack too-many-retries ?";
			char got[] = { 'S', ' ', 'g', 'e', 't', ' ',
				(char)('a' + i), 0 };

			bad[sizeof bad - 2] = (char)('a' + i);
			assert_int_equal(world_count(good) + world_count(bad),
			    1);
			assert_true(world_count(got) <= 1);
			ok += world_count(good);
			lost += world_count(bad);
		}
		assert_true(relay.dropped > 0);
		relay_end(s);
		world_forget();
	}
	assert_true(ok > 100);
	assert_true(lost < 10);
}

static void
handler_runs_once_and_the_reply_is_the_same(void **state)
{
	uint8_t first[64], second[64];
	static const uint8_t get[] = { 0x41, 1, 0x12, 0x34, 'a', 0xb1, 'x' };
	coap_address_t address;
	size_t n;
	int fd = world_raw(SOCK_DGRAM, &address);

	(void)state;
	world_raw_send(fd, &w.udp_address, get, sizeof get);
	n = world_raw_recv(fd, first, sizeof first, NULL);
	world_advance(240000);
	world_raw_send(fd, &w.udp_address, get, sizeof get);
	assert_int_equal(world_raw_recv(fd, second, sizeof second, NULL), n);
	assert_memory_equal(first, second, n);
	assert_int_equal(w.requests, 1);
	world_advance(10000); /* EXCHANGE_LIFETIME is over: a new message */
	world_raw_send(fd, &w.udp_address, get, sizeof get);
	world_raw_recv(fd, second, sizeof second, NULL);
	assert_int_equal(w.requests, 2);
	close(fd);
}

static void
retransmission_times(void **state)
{
	coap_session_t *s = through_relay(1);
	coapx_session_info_t info = { .size = sizeof info };

	(void)state;
	relay.drop = 1000;
	coap_session_set_ack_random_factor(s, (coap_fixed_point_t){ 1, 0 });
	world_send(s, CON, 'a');
	world_advance(1990);
	assert_int_equal(relay.dropped, 1);
	world_advance(20);
	assert_int_equal(relay.dropped, 2);
	world_advance(27980);
	assert_int_equal(relay.dropped, 4);
	world_advance(20);
	assert_int_equal(relay.dropped, 5);
	world_advance(31900);
	world_expect(0, "");
	world_advance(200);
	world_expect(0, "C nack too-many-retries a\n");
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.retransmits, 4);
	assert_int_equal(info.timeouts, 1);
	assert_int_equal(info.tx, 5);
	assert_int_equal(info.requests, 0);
	relay_end(s);
}

/* --- separate responses --------------------------------------------------- */

static coap_pdu_t *separate;
static coap_pdu_type_t separate_type;

static void
serve_later(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);

	(void)response; /* its code stays 0 */
	separate =
	    coap_new_pdu(separate_type, COAP_RESPONSE_CODE_CONTENT, session);
	coap_add_token(separate, token.length, token.s);
	coap_add_data(separate, 5, (const uint8_t *)"later");
}

static void
separate_response(void **state)
{
	static const struct {
		coap_proto_t proto;
		coap_pdu_type_t request, response;
	} rows[] = {
		{ UDP, CON, CON },
		{ UDP, CON, NON },
		{ UDP, NON, CON },
		{ TCP, CON, CON },
	};
	coap_session_t *s;
	unsigned i;

	(void)state;
	w.serve = serve_later;
	for (i = 0; i < 4; i++) {
		separate_type = rows[i].response;
		s = world_connected(rows[i].proto);
		world_request(s, rows[i].request, 'a', 0, 0, NULL);
		world_wait("get a");
		world_settle();
		assert_int_equal(world_count("C acked a"), i < 2);
		world_advance(50000);
		assert_int_equal(world_count("C result"), 0);
		coap_send(w.last, separate);
		world_wait("result a 0 2.05");
		world_advance(400000);
		assert_int_equal(world_count("C result"), 1);
		assert_int_equal(world_count("S nack"), 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* A response that nobody wants, or that cannot be used, is rejected. */
static void
verdict_fail_sends_a_reset(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	w.serve = serve_later;
	w.verdict = COAP_RESPONSE_FAIL;
	separate_type = CON;
	world_send(s, CON, 'a');
	world_wait("get a");
	coap_send(w.last, separate);
	world_wait("S nack");
	assert_int_equal(world_count("C 2.05 a"), 1);
	assert_int_equal(world_count("S nack rst a"), 1);
	world_forget();
	separate = coap_new_pdu(CON, COAP_RESPONSE_CODE_CONTENT, w.last);
	coap_add_token(separate, 1, (const uint8_t *)"a");
	coap_send(w.last, separate); /* once more, to no request */
	world_wait("S nack rst a");
	world_settle();
	world_expect(0, "S nack rst a\n");
	coap_session_release(s);
}

static void
nstart_holds_back(void **state)
{
	coap_session_t *s = through_relay(1);

	(void)state;
	relay.drop = 1000;
	world_send(s, CON, 'a');
	world_send(s, CON, 'b');
	world_send(s, CON, 'c');
	world_settle();
	assert_int_equal(relay.dropped, 1);
	relay.drop = 0;
	world_advance(4000);
	world_expect('C', "C 2.05 a hello\nC 2.05 b hello\nC 2.05 c hello\n");
	relay_end(s);
}

static void
ping_and_pong(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *s;
	coapx_request_t *r;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = world_connected(protos[i]);
		assert_true(coap_session_send_ping(s) >= 0);
		world_wait("C pong");
		world_settle();
		assert_int_equal(world_count("S ping"), 1);
		assert_int_equal(world_count("C pong"), 1);
		assert_non_null(world_request(s, CON, '0', 0, 0, NULL));
		r = world_request(s, CON, '0', 0, 0, NULL);
		assert_non_null(world_request(s, CON, '0', 0, 0, NULL));
		coapx_request_cancel(r);
		WORLD_UNTIL(world_count("C result 0 0 0.00") == 2);
		world_advance(100000);
		assert_int_equal(world_count("C result"), 2);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
	assert_int_equal(coap_session_send_ping(NULL), COAP_INVALID_MID);
}

static void
keepalive(void **state)
{
	coap_session_t *s = through_relay(1);

	(void)state;
	coap_context_set_keepalive(w.client, 10); /* also what is there */
	world_advance(25000);
	assert_int_equal(world_count("C pong"), 2);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 0);
	relay.drop = 1000;
	world_advance(20000);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 1);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	relay.drop = 0;
	world_advance(100000);
	world_forget();
	world_advance(100000);
	assert_true(world_count("C pong") >= 9);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 0);
	assert_int_equal(coapx_session_set_keepalive(s, 0), 0);
	world_forget();
	world_advance(100000);
	assert_int_equal(world_count("C pong"), 0);
	assert_int_equal(coapx_session_set_keepalive(NULL, 0), -COAP_E_INVAL);
	relay_end(s);
}

/* "Three in a row": an outage that is shorter is got over, and counts for
 * nothing in the next one. */
static void
keepalive_after_an_outage(void **state)
{
	coap_session_t *s = through_relay(1);
	int i;

	(void)state;
	coapx_session_set_keepalive(s, 10);
	for (i = 0; i < 3; i++) {
		world_forget();
		relay.drop = 1000;
		world_advance(22000);
		relay.drop = 0;
		world_advance(100000);
		assert_in_range(world_count("C KEEPALIVE_FAILURE"), 1, 2);
	}
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	world_forget();
	world_advance(100000);
	assert_true(world_count("C pong") >= 9);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 0);
	relay_end(s);
}

/* "Three in a row, and the session is disconnected"; a CON that waits for its
 * ACK holds nothing up, nor does what is sent into the void. */
static void
keepalive_finds_the_dead(void **state)
{
	coap_session_t *s = through_relay(1);
	int i;

	(void)state;
	coapx_session_set_keepalive(s, 10);
	coap_session_set_ack_timeout(s, (coap_fixed_point_t){ 60, 0 });
	relay.drop = 1000;
	world_send(s, CON, 'a');
	world_send(s, CON, 'b');
	for (i = 0; i < 19; i++) {
		world_advance(2000);
		world_send(s, NON, (char)('c' + i));
	}
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 2);
	assert_int_equal(world_count("C nack"), 0);
	world_advance(2100);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 3);
	assert_int_equal(world_count("C nack too-many-retries"), 21);
	assert_int_equal(world_count("C SESSION_CLOSED"), 1);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	relay_end(s);
}

/* A stream whose peer reads nothing takes no ping either. */
static void
keepalive_on_a_full_stream(void **state)
{
	coap_address_t address;
	int fd = world_raw(SOCK_STREAM, &address);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &address, COAP_PROTO_TCP);
	int peer = world_raw_accept(fd);
	coap_pdu_t *pdu;
	char token;

	(void)state;
	world_raw_send(peer, NULL, "\x50\xe1\x24\x01\x00\x00\x00", 7);
	world_wait("SESSION_CONNECTED");
	coapx_session_set_keepalive(s, 10);
	for (token = 'a'; s->pending_last == NULL; token++) {
		pdu = coap_pdu_init(CON, COAP_REQUEST_CODE_PUT, 0, 8000000);
		coap_add_token(pdu, 1, (const uint8_t *)&token);
		assert_non_null(coap_add_data_after(pdu, 7000000));
		assert_true(coap_send(s, pdu) >= 0);
	}
	world_forget();
	world_advance(41000);
	assert_int_equal(world_count("C KEEPALIVE_FAILURE"), 3);
	assert_int_equal(world_count("C SESSION_CLOSED"), 1);
	coap_session_release(s);
	close(peer);
	close(fd);
}

/* The time begins when the session stands, whatever it has been through. */
static void
keepalive_begins_with_the_session(void **state)
{
	char uri[64];
	coapx_open_params_t params = { .size = sizeof params, .uri = uri };
	coap_session_t *s;

	(void)state;
	coap_context_set_keepalive(w.client, 10);
	snprintf(uri, sizeof uri, "coap+tcp://127.0.0.1:%u",
	    coap_address_get_port(&w.tcp_address));
	w.now_us += 3600u * 1000000;
	s = coapx_session_open(w.client, &params, NULL);
	world_wait("C SESSION_CONNECTED");
	world_advance(9900);
	assert_int_equal(world_count("C pong"), 0);
	world_advance(200);
	WORLD_UNTIL(world_count("C pong") == 1);
	coap_session_release(s);
}

/* "On a server's session only when it was set on the session." */
static void
keepalive_of_a_server(void **state)
{
	coap_address_t peer;
	int fd = world_raw(SOCK_DGRAM, &peer);
	uint8_t data[16];

	(void)state;
	coap_context_set_keepalive(w.server, 10);
	world_raw_send(fd, &w.udp_address, "\x50\x01\x00\x01\xb1x", 6);
	world_wait("S get");
	world_raw_recv(fd, data, sizeof data, NULL);
	coap_session_reference(w.last);
	world_forget();
	world_advance(100000);
	world_expect('S', "");
	coapx_session_set_keepalive(w.last, 10);
	world_advance(41000);
	world_expect('S',
	    "S KEEPALIVE_FAILURE\nS KEEPALIVE_FAILURE\n"
	    "S KEEPALIVE_FAILURE\nS SESSION_CLOSED\n");
	coap_session_release(w.last);
	world_settle();
	world_expect('S', "S SERVER_SESSION_DEL\n");
	close(fd);
}

/* "RST to a CON, nothing for others, no session." */
static void
garbage_datagrams(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		bool rst;
	} cases[] = {
		{ { 0 }, 1, false }, { { 0xff, 0xff, 0xff, 0xff }, 4, false },
		{ { 0x00, 1, 0, 1 }, 4, false },       /* version 0 */
		{ { 0x4f, 1, 0, 2 }, 4, true },        /* TKL 15 */
		{ { 0x41, 1, 0, 3 }, 4, true },        /* no token */
		{ { 0x40, 1, 0, 4, 0xff }, 5, true },  /* marker */
		{ { 0x40, 0, 0, 5, 1 }, 5, true },     /* not empty */
		{ { 0x50, 1, 0, 6, 0xff }, 5, false }, /* NON */
		{ { 0x60, 0x45, 0, 7 }, 4, false },    /* ACK */
		{ { 0x70, 0, 0, 8 }, 4, false },       /* RST */
		{ { 0x40, 0x45, 0, 9 }, 4, true },     /* response */
		{ { 0x50, 0x45, 0, 10 }, 4, false },
		{ { 0x40, 0x25, 0, 11 }, 4, true }, /* reserved */
		{ { 0x50, 0, 0, 12 }, 4, false },   /* empty NON */
	};
	coap_address_t address;
	uint8_t data[64];
	unsigned i;
	int fd = world_raw(SOCK_DGRAM, &address);

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world_raw_send(fd, &w.udp_address, cases[i].bytes,
		    cases[i].len);
		if (cases[i].rst) {
			assert_int_equal(world_raw_recv(fd, data, sizeof data,
					     NULL),
			    4);
			assert_int_equal(data[0], 0x70);
			assert_int_equal(data[3], cases[i].bytes[3]);
		} else {
			world_settle();
		}
		assert_true(recv(fd, data, sizeof data, MSG_DONTWAIT) < 0);
	}
	world_expect(0, "");
	assert_int_equal(w.server->n_idle, 0);
	close(fd);
}

static void
bad_packet_on_a_session(void **state)
{
	coap_address_t address;
	uint8_t data[64];
	int fd = world_raw(SOCK_DGRAM, &address);

	(void)state;
	world_raw_send(fd, &w.udp_address, "\x40\x01\0\1\xb1x", 6);
	world_wait("get");
	world_raw_recv(fd, data, sizeof data, NULL);
	world_forget();
	world_raw_send(fd, &w.udp_address, "\x40\x01\0\2\xff", 5);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 4);
	world_settle();
	world_expect(0, "S BAD_PACKET\n");
	assert_int_equal(coapx_session_error(w.last, NULL, 0), -COAP_E_FORMAT);
	close(fd);
}

/* A NON with a critical option that nobody knows (RFC 7252 5.4.1). */
static void
bad_option_in_a_non(void **state)
{
	coap_address_t address;
	uint8_t data[64];
	int fd = world_raw(SOCK_DGRAM, &address);

	(void)state;
	world_raw_send(fd, &w.udp_address, "\x50\x01\0\1\x90", 5);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 4);
	assert_memory_equal(data, "\x70\0\0\1", 4);
	assert_int_equal(w.requests, 0);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(lossy),
		T(handler_runs_once_and_the_reply_is_the_same),
		T(retransmission_times),
		T(separate_response),
		T(verdict_fail_sends_a_reset),
		T(nstart_holds_back),
		T(ping_and_pong),
		T(keepalive),
		T(keepalive_after_an_outage),
		T(keepalive_finds_the_dead),
		T(keepalive_on_a_full_stream),
		T(keepalive_begins_with_the_session),
		T(keepalive_of_a_server),
		T(garbage_datagrams),
		T(bad_packet_on_a_session),
		T(bad_option_in_a_non),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
