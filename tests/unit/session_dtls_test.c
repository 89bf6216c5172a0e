/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A DTLS endpoint: who gets a session and who does not, whose session a
 * datagram belongs to, and handshakes that meet what networks do.
 */
#include "session_keys.h"
#include "session_ledger.h"
#include "session_wire.h"
#include "skip.h"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DTLS         COAP_PROTO_DTLS
#define CLIENT_HELLO 1
#define HELLO_VERIFY 3

static void
hook(coap_session_t *session, const char *line)
{
	ledger_line(session, line);
}

static int
up(void **state)
{
	world_up(state);
	session_keys_up(false, KEYS_GOOD);
	if (!w.endpoint[DTLS])
		return 0;
	ledger_begin();
	w.hook = hook;
	wire_open(DTLS);
	return 0;
}

static int
down(void **state)
{
	if (wire.front > 0)
		wire_close();
	coap_free_context(w.client);
	coap_free_context(w.server);
	w.client = w.server = NULL;
	w.hook = NULL;
	ledger_check("DTLS");
	return world_down(state);
}

static void
skip_without(void)
{
	if (!w.endpoint[DTLS])
		skip_because("not in this build: dtls");
}

/* --- datagrams that are looked at on the wire ----------------------------- */

/* A handshake message in a record of its own; 0: something else. */
static unsigned
message_of(const uint8_t *data, size_t len)
{
	return len > 13 && data[0] == 22 && data[4] == 0 ? data[13] : 0;
}

struct caught {
	uint8_t data[2048];
	size_t len;
};

/* ClientHellos, without a cookie and with one. */
static struct caught hello[2];
static unsigned n_hellos;

static bool
catch_hellos(bool upwards, const uint8_t *data, size_t len)
{
	if (upwards && message_of(data, len) == CLIENT_HELLO && n_hellos < 2 &&
	    len <= sizeof hello[0].data) {
		memcpy(hello[n_hellos].data, data, len);
		hello[n_hellos++].len = len;
	}
	return false;
}

static coap_session_t *
connected(void)
{
	coap_session_t *s = session_keys_session_to(DTLS, &wire.address);

	assert_non_null(s);
	n_hellos = 0;
	wire.lose = catch_hellos;
	ledger_send(s, 'a');
	world_wait("C 2.05 a hello");
	wire.lose = NULL;
	assert_int_equal(n_hellos, 2);
	world_settle();
	world_forget();
	return s;
}

static unsigned
sessions(void)
{
	return w.endpoint[DTLS]->peers ? HASH_COUNT(w.endpoint[DTLS]->peers)
				       : 0;
}

/* A socket of its own that says something to the server. */
static int
stranger(void)
{
	coap_address_t address;

	return world_raw(SOCK_DGRAM, &address);
}

static bool
has_answer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	world_settle();
	return poll(&p, 1, 0) == 1;
}

static void
say(int fd, const void *data, size_t len)
{
	world_raw_send(fd, world_address(DTLS), data, len);
	world_settle();
}

/* --- cookies -------------------------------------------------------------- */

/* "Until a peer has shown that it can hear us nothing of it is kept." */
static void
nothing_before_the_cookie(void **state)
{
	coap_session_t *s;
	uint8_t data[2048];
	size_t memory;
	int fd, i;

	(void)state;
	skip_without();
	s = connected();
	memory = mem_outstanding();
	fd = stranger();
	for (i = 0; i < 200; i++) {
		say(fd, hello[0].data, hello[0].len);
		assert_true(has_answer(fd));
		assert_true(recv(fd, data, sizeof data, 0) > 13);
		assert_int_equal(data[13], HELLO_VERIFY);
	}
	assert_int_equal(mem_outstanding(), memory);
	assert_int_equal(sessions(), 1);
	world_expect('S', "");
	close(fd);
	coap_session_release(s);
}

/* A cookie is its owner's. */
static void
cookie_of_another(void **state)
{
	coap_session_t *s;
	uint8_t data[2048];
	int fd;

	(void)state;
	skip_without();
	s = connected();
	assert_true(hello[1].len > hello[0].len);
	fd = stranger();
	say(fd, hello[1].data, hello[1].len);
	assert_true(has_answer(fd));
	assert_true(recv(fd, data, sizeof data, 0) > 13);
	assert_int_equal(data[13], HELLO_VERIFY);
	assert_int_equal(sessions(), 1);
	world_expect('S', "");
	close(fd);
	coap_session_release(s);
}

/* Its sender may be anybody. */
static void
spoofed_hello(void **state)
{
	coap_session_t *s;
	size_t at;

	(void)state;
	skip_without();
	s = connected();
	hello[0].data[30] ^= 0xff; /* another random: a peer that began anew */
	wire_inject(hello[0].data, hello[0].len);
	world_settle();
	hello[1].data[31] ^= 0xff;
	for (at = 60; at < 80; at++)
		hello[1].data[at] ^= 0x55; /* and a cookie that is none */
	wire_inject(hello[1].data, hello[1].len);
	world_settle();
	assert_int_equal(sessions(), 1);
	world_expect(0, "");
	ledger_send(s, 'b');
	world_wait("C 2.05 b hello");
	world_expect('S', "S get b\n");
	coap_session_release(s);
}

/* What no peer can mean: no session, no answer, no memory. */
static void
strangers(void **state)
{
	static const char *const datagrams[] = {
		"\x40\x01\x12\x34\xb1x", /* CoAP without DTLS */
		"\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x05_____",
		"\x16\xfe\xfd", /* too short */
		"\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x02\x28",
		"GET / HTTP/1.1\r\n\r\n",
	};
	static const size_t lengths[] = { 6, 18, 3, 15, 18 };
	size_t memory;
	size_t i;
	int fd;

	(void)state;
	skip_without();
	coap_session_release(connected());
	world_settle();
	world_forget();
	memory = mem_outstanding();
	fd = stranger();
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		say(fd, datagrams[i], lengths[i]);
	/* A hello in pieces, and with lengths that lie. */
	for (i = 1; i < hello[0].len; i += 7)
		say(fd, hello[0].data, i);
	for (i = 11; i < 25; i++) {
		hello[0].data[i] ^= 0xff;
		say(fd, hello[0].data, hello[0].len);
		hello[0].data[i] ^= 0xff;
	}
	assert_int_equal(sessions(), 0);
	world_expect('S', "");
	assert_int_equal(mem_outstanding(), memory);
	close(fd);
}

/* --- one address, one peer ------------------------------------------------ */

/* RFC 6347 section 4.2.8: a peer that lost its state comes again. */
static void
restarted_peer(void **state)
{
	coap_session_t *old, *s, *first;

	(void)state;
	skip_without();
	old = connected();
	first = coap_session_reference(w.last);
	wire.stopped = true;
	coap_session_release(old); /* its goodbye is lost */
	world_settle();
	wire.stopped = false;
	world_forget();
	s = connected();
	assert_ptr_not_equal(w.last, first);
	assert_int_equal(coap_session_get_state(first),
	    COAP_SESSION_STATE_NONE);
	assert_int_equal(coapx_session_error(first, NULL, 0),
	    -COAP_E_PEER_CLOSED);
	assert_int_equal(sessions(), 1);
	ledger_send(s, 'b');
	world_wait("C 2.05 b hello");
	coap_session_release(first);
	world_settle();
	assert_int_equal(w.deleted, 1);
	coap_session_release(s);
}

/* It comes again while its first handshake is under way. */
static bool
lose_all_down(bool upwards, const uint8_t *data, size_t len)
{
	return !upwards && message_of(data, len) != HELLO_VERIFY;
}

static void
restarted_in_the_middle(void **state)
{
	coap_session_t *s;

	(void)state;
	skip_without();
	s = session_keys_session_to(DTLS, &wire.address);
	wire.lose = lose_all_down;
	WORLD_UNTIL(sessions() == 1);
	assert_int_equal(w.server->handshakes, 1);
	wire.stopped = true;
	coap_session_release(s);
	world_settle();
	wire.stopped = false;
	s = connected();
	assert_int_equal(w.server->handshakes, 0);
	assert_int_equal(sessions(), 1);
	coap_session_release(s);
}

/* Each datagram comes twice. */
static bool
repeat(bool upwards, const uint8_t *data, size_t len)
{
	if (upwards)
		wire_inject(data, len);
	return false;
}

static void
repeated(void **state)
{
	coap_session_t *s;

	(void)state;
	skip_without();
	wire.lose = repeat;
	s = session_keys_session_to(DTLS, &wire.address);
	ledger_send(s, 'a');
	world_wait("C 2.05 a hello");
	ledger_send(s, 'b');
	world_wait("C 2.05 b hello");
	world_settle();
	world_expect('S',
	    "S SERVER_SESSION_NEW\n"
	    "S name\n"
	    "S identity\n"
	    "S DTLS_CONNECTED\n"
	    "S SESSION_CONNECTED\n"
	    "S SERVER_SESSION_CONNECTED\n"
	    "S get a\n"
	    "S get b\n");
	coap_session_release(s);
}

static void
many_on_one_socket(void **state)
{
	coap_session_t *s[40];
	unsigned i;

	(void)state;
	skip_without();
	for (i = 0; i < 40; i++)
		s[i] = session_keys_session(DTLS);
	for (i = 0; i < 40; i++)
		ledger_send(s[i], (char)('A' + i));
	WORLD_UNTIL(w.requests == 40);
	world_settle();
	assert_int_equal(sessions(), 40);
	assert_int_equal(world_count("S DTLS_CONNECTED"), 40);
	for (i = 0; i < 40; i++)
		assert_int_equal(s[i]->requests.count, 0);
	/* One goes, the others do not hear of it. */
	world_forget();
	coap_session_release(s[7]);
	world_settle();
	assert_int_equal(sessions(), 39);
	assert_int_equal(world_count("S SESSION_CLOSED"), 1);
	for (i = 0; i < 40; i++)
		if (i != 7)
			coap_session_release(s[i]);
	world_settle();
	assert_int_equal(sessions(), 0);
}

/* --- limits --------------------------------------------------------------- */

/* Clients that have shown their cookie, and say nothing more. */
static void
half_open(coap_session_t **s, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		s[i] = session_keys_session(DTLS);
	/* Both sides twice: hello, and hello with the cookie. */
	for (i = 0; i < 1000 && sessions() < n; i++) {
		coap_io_process(w.client, COAP_IO_NO_WAIT);
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	}
}

static void
advance_server(uint64_t ms)
{
	int i;

	w.now_us += ms * 1000;
	for (i = 0; i < 30; i++)
		coap_io_process(w.server, COAP_IO_NO_WAIT);
}

static void
handshakes_are_limited(void **state)
{
	coap_session_t *s[3];
	coap_session_t *late;
	unsigned i;
	int fd;

	(void)state;
	skip_without();
	coap_session_release(connected());
	world_settle();
	world_forget();
	coap_context_set_max_handshake_sessions(w.server, 3);
	half_open(s, 3);
	assert_int_equal(w.server->handshakes, 3);
	/* They say nothing any more. */
	for (i = 0; i < 3; i++)
		coap_session_disconnected(s[i], COAP_NACK_RST);
	/* One without a cookie pushes nobody out. */
	fd = stranger();
	say(fd, hello[0].data, hello[0].len);
	assert_true(has_answer(fd));
	close(fd);
	assert_int_equal(w.server->handshakes, 3);
	assert_int_equal(world_count("S SESSION_FAILED"), 0);
	/* One with a cookie ends the one that is at it longest. */
	late = session_keys_session(DTLS);
	ledger_send(late, 'l');
	WORLD_UNTIL(w.requests > 1);
	assert_int_equal(w.server->handshakes, 2);
	assert_int_equal(world_count("S DTLS_ERROR"), 1);
	assert_int_equal(world_count("S SESSION_FAILED"), 1);
	assert_int_equal(world_count("S SERVER_SESSION_DEL"), 1);
	/* The others have 30 seconds. */
	advance_server(29000);
	assert_int_equal(w.server->handshakes, 2);
	advance_server(2000);
	assert_int_equal(w.server->handshakes, 0);
	assert_int_equal(world_count("S SESSION_FAILED"), 3);
	coap_session_release(late);
	coap_session_release(s[0]);
	coap_session_release(s[1]);
	coap_session_release(s[2]);
}

/* Those that are established do not count. */
static void
established_do_not_count(void **state)
{
	coap_session_t *s[6];
	unsigned i;

	(void)state;
	skip_without();
	coap_context_set_max_handshake_sessions(w.server, 1);
	for (i = 0; i < 6; i++) {
		s[i] = session_keys_session(DTLS);
		ledger_send(s[i], (char)('a' + i));
		WORLD_UNTIL(w.requests == i + 1);
		world_settle();
	}
	assert_int_equal(w.server->handshakes, 0);
	for (i = 0; i < 6; i++)
		coap_session_release(s[i]);
}

/* --- loss ----------------------------------------------------------------- */

/* The library's timers are on the real clock, so ours is it here, too. */
static uint64_t
real_clock(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void
until(const char *text)
{
	coap_tick_t hung = net_now() + NET_HUNG_MS;

	while (!strstr(w.log, text) && net_now() < hung) {
		coap_io_process(w.client, 5);
		if (w.relay)
			w.relay();
		coap_io_process(w.server, 5);
		if (w.relay)
			w.relay();
	}
	assert_non_null(strstr(w.log, text));
}

/* The datagrams that are lost, a bit each: those of the client from 0 on, of
 * the server from 8 on. */
static unsigned losses;
static unsigned count_up, count_down;

static bool
lose_some(bool upwards, const uint8_t *data, size_t len)
{
	unsigned n = upwards ? count_up++ : 8 + count_down++;

	(void)data;
	(void)len;
	return n < 16 && (losses & 1u << n);
}

/* The client's: hello, hello with its cookie, its key and Finished, a request.
 * The server's: a cookie, its hello, its Finished. */
static void
handshake_under_loss(void **state)
{
	static const unsigned cases[] = {
		0x0001, /* the first hello */
		0x0200, /* the server's flight */
		0x0004, /* the client's last flight */
		0x0400, /* the server's, which only the client's brings back */
	};
	coap_session_t *s;
	size_t i;

	(void)state;
	skip_without();
	w.client->clock = real_clock;
	w.server->clock = real_clock;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		losses = cases[i];
		count_up = count_down = 0;
		world_forget();
		wire.lose = lose_some;
		s = session_keys_session_to(DTLS, &wire.address);
		ledger_send(s, 'a');
		until("C 2.05 a hello");
		assert_int_equal(world_count("C DTLS_CONNECTED"), 1);
		assert_int_equal(world_count("C SESSION_CONNECTED"), 1);
		coap_session_release(s);
		until("S SESSION_CLOSED");
	}
}

/* "An ICMP error is an event", no more: who begins to listen is found. */
static void
icmp_in_a_handshake(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s;

	(void)state;
	skip_without();
	w.client->clock = real_clock;
	w.server->clock = real_clock;
	s = session_keys_session_to(DTLS, &nobody);
	ledger_send(s, 'a');
	until("C ICMP_ERROR");
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_HANDSHAKE);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	assert_non_null(coap_new_endpoint(w.server, &nobody, DTLS));
	until("C 2.05 a hello");
	coap_session_release(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(nothing_before_the_cookie),
		T(cookie_of_another),
		T(spoofed_hello),
		T(strangers),
		T(restarted_peer),
		T(restarted_in_the_middle),
		T(repeated),
		T(many_on_one_socket),
		T(handshakes_are_limited),
		T(established_do_not_count),
		T(handshake_under_loss),
		T(icmp_in_a_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
