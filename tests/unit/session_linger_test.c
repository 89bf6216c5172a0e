/* SPDX-License-Identifier: BSD-2-Clause */
/* "Bytes that the kernel has not taken yet are not lost when a stream is shut
 * down or released: they are flushed, until the peer ends, or for a while." */
#include "session_support.h"

#include <stdlib.h>

#include <unistd.h>

#include "session/connect/linger.h"

#define CON COAP_MESSAGE_CON
#define TCP COAP_PROTO_TCP
/* More than any kernel takes at once, and less than a CSM allows. */
#define BODY ((size_t)6 * 1024 * 1024)

/* A listening socket of the test's, and one connection to it. */
static struct {
	coap_session_t *session;
	int listener;
	int peer;
	size_t got;
	uint8_t tail[2]; /* the last bytes that came */
} pair;

static void
pair_open_narrow(int window)
{
	/* A CSM with Max-Message-Size 16 MiB. */
	static const uint8_t csm[] = { 0x50, 0xe1, 0x24, 1, 0, 0, 0 };
	coap_address_t address;

	memset(&pair, 0, sizeof pair);
	pair.listener = world_raw(SOCK_STREAM, &address);
	if (window)
		setsockopt(pair.listener, SOL_SOCKET, SO_RCVBUF, &window,
		    sizeof window);
	pair.session = coap_new_client_session(w.client, NULL, &address, TCP);
	assert_non_null(pair.session);
	pair.peer = world_raw_accept(pair.listener);
	world_raw_send(pair.peer, NULL, csm, sizeof csm);
	world_wait("SESSION_CONNECTED");
	world_forget();
}

static void
pair_open(void)
{
	pair_open_narrow(0);
}

static void
pair_close(void)
{
	if (pair.peer >= 0)
		close(pair.peer);
	close(pair.listener);
}

static void
send_large(void)
{
	coap_pdu_t *pdu = coap_pdu_init(CON, COAP_REQUEST_CODE_PUT,
	    coap_new_message_id(pair.session), BODY + 64);
	uint8_t *body = calloc(1, BODY);

	assert_non_null(body);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"a"));
	assert_true(coap_add_data(pdu, BODY, body));
	free(body);
	assert_true(coap_send(pair.session, pdu) >= 0);
}

/* What has come; -1 at the end. */
static ssize_t
take(void)
{
	static uint8_t data[256 * 1024];
	ssize_t n = recv(pair.peer, data, sizeof data, MSG_DONTWAIT);

	if (n > 1)
		memcpy(pair.tail, data + n - 2, 2);
	if (n > 0)
		pair.got += (size_t)n;
	return n;
}

/* Reads to the end of the stream. */
static bool
read_all(void)
{
	ssize_t n = take();

	while (n > 0)
		n = take();
	return n == 0;
}

/* Each way in which the application ends it. */

static void
end_release(void)
{
	coap_session_release(pair.session);
}

static void
end_shutdown(void)
{
	coapx_session_shutdown(pair.session);
	coap_session_release(pair.session);
}

static void
all_of_it_arrives(void **state)
{
	static void (*const ends[])(void) = { end_release, end_shutdown };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pair_open();
		send_large();
		assert_true(layer_backlog(pair.session->layer) > 0);
		assert_true(coap_io_pending(w.client));
		ends[i]();
		assert_null(w.client->clients);
		assert_int_equal(w.client->n_lingering, 1);
		assert_true(coap_io_pending(w.client)); /* still */
		WORLD_UNTIL(read_all());
		/* Release (7.04) is the last message. */
		assert_true(pair.got > BODY);
		assert_int_equal(pair.tail[0], 0x00);
		assert_int_equal(pair.tail[1], 0xe4);
		assert_false(coap_io_pending(w.client));
		/* It waits for the peer's end, and no longer. */
		assert_int_equal(w.client->n_lingering, 1);
		close(pair.peer);
		pair.peer = -1;
		WORLD_UNTIL(w.client->n_lingering == 0);
		pair_close();
		world_forget();
	}
}

/* "A close with unread bytes is a reset": what the peer sent is read away. */
static void
unread_bytes_do_not_reset(void **state)
{
	uint8_t data[64];

	(void)state;
	pair_open();
	world_raw_recv(pair.peer, data, sizeof data, NULL); /* CSM */
	world_raw_send(pair.peer, NULL, "\x00\xe2\x00\xe2", 4);
	coap_session_release(pair.session);
	assert_int_equal(world_raw_recv(pair.peer, data, sizeof data, NULL), 2);
	assert_int_equal(data[1], 0xe4);
	assert_int_equal(world_raw_recv(pair.peer, data, sizeof data, NULL), 0);
	world_raw_send(pair.peer, NULL, "\x00\xe3", 2); /* no EPIPE */
	world_settle();
	world_raw_send(pair.peer, NULL, "\x00\xe3", 2);
	assert_int_equal(w.client->n_lingering, 1);
	pair_close();
	WORLD_UNTIL(w.client->n_lingering == 0);
}

static void
a_peer_that_takes_nothing(void **state)
{
	(void)state;
	pair_open();
	send_large();
	coap_session_release(pair.session);
	world_advance(LINGER_QUIET_MS - 100);
	assert_int_equal(w.client->n_lingering, 1);
	world_advance(200);
	assert_int_equal(w.client->n_lingering, 0);
	assert_false(coap_io_pending(w.client));
	pair_close();
}

/* Takes so many bytes every four seconds as long as any are kept here. */
static void
take_slowly(size_t at_once)
{
	size_t before;

	pair_open_narrow(32768);
	send_large();
	coap_session_release(pair.session);
	while (coap_io_pending(w.client)) {
		before = pair.got;
		WORLD_UNTIL(take() != 0 && pair.got > before + at_once);
		world_advance(4000);
	}
}

/* A peer that takes some now and then gets all of it, in longer than 5 s. */
static void
a_slow_peer(void **state)
{
	uint64_t before = w.now_us;

	(void)state;
	take_slowly(400000);
	assert_true(w.now_us - before > 2 * LINGER_QUIET_MS * 1000);
	/* The rest is the kernel's. */
	world_advance(LINGER_TOTAL_MS);
	assert_int_equal(w.client->n_lingering, 0);
	WORLD_UNTIL(read_all());
	assert_true(pair.got > BODY);
	assert_int_equal(pair.tail[1], 0xe4);
	pair_close();
}

/* But not for ever. */
static void
a_very_slow_peer(void **state)
{
	uint64_t before = w.now_us;

	(void)state;
	take_slowly(60000);
	assert_in_range(w.now_us - before, LINGER_TOTAL_MS * 1000ull - 5000000,
	    LINGER_TOTAL_MS * 1000ull + 5000000);
	assert_int_equal(w.client->n_lingering, 0);
	WORLD_UNTIL(read_all());
	assert_true(pair.got < BODY);
	pair_close();
}

static void
a_peer_that_resets(void **state)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)state;
	pair_open();
	send_large();
	coap_session_release(pair.session);
	setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(pair.peer);
	pair.peer = -1;
	WORLD_UNTIL(w.client->n_lingering == 0);
	pair_close();
}

static void
serve_large(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	(void)session;
	(void)request;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_non_null(coap_add_data_after(response, 1000));
}

/* The peer ended its side first; what is left for it still goes out. */
static void
a_peer_that_ended_its_side(void **state)
{
	(void)state;
	pair_open();
	send_large();
	coap_session_release(pair.session);
	shutdown(pair.peer, SHUT_WR);
	world_settle();
	assert_int_equal(w.client->n_lingering, 1);
	WORLD_UNTIL(read_all());
	assert_true(pair.got > BODY);
	WORLD_UNTIL(w.client->n_lingering == 0);
	pair_close();
}

/* One that asked and did not read was held back; now it is read on. */
static void
a_peer_that_was_held_back(void **state)
{
	static const uint8_t get[] = { 0x21, 0x01, 'a', 0xb1, 'x' };
	int fd = world_raw_connect(&w.tcp_address);
	struct stream *stream;
	int size = 65536;
	int i;

	(void)state;
	w.serve = serve_large;
	world_wait("S SESSION_CONNECTED");
	stream = &coap_session_reference(w.last)->msg.stream;
	/* The kernel must not take more and more. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	while (!stream->held) {
		for (i = 0; i < 64; i++)
			world_raw_send(fd, NULL, get, sizeof get);
		world_settle();
	}
	coapx_session_shutdown(w.last);
	coap_session_release(w.last);
	assert_int_equal(w.server->n_lingering, 1);
	pair.peer = fd;
	WORLD_UNTIL(read_all());
	assert_int_equal(w.server->n_lingering, 1);
	close(fd);
	WORLD_UNTIL(w.server->n_lingering == 0);
}

/* "With coap_free_context() they are cut." */
static void
cut_with_the_context(void **state)
{
	(void)state;
	pair_open();
	send_large();
	coap_session_release(pair.session);
	coap_free_context(w.client);
	w.client = NULL;
	WORLD_UNTIL(take() < 0 || read_all());
	assert_true(pair.got < BODY);
	pair_close();
}

/* "Works for any layer stack": the server gets the whole of it, and the
 * Release, after the session was freed. */
static void
on_every_protocol(void **state)
{
	coap_proto_t p = TCP;
	coap_session_t *s;
	coap_pdu_t *pdu;
	uint8_t *body = calloc(1, BODY);

	(void)state;
	world_all_protocols();
	for (; p != COAP_PROTO_NONE; p = world_next_proto(p)) {
		s = world_connected(p);
		pdu = coap_pdu_init(CON, COAP_REQUEST_CODE_PUT, 0, BODY + 64);
		assert_true(coap_add_token(pdu, 1, (const uint8_t *)"a"));
		assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
				(const uint8_t *)"x") > 0);
		assert_true(coap_add_data(pdu, BODY, body));
		assert_true(coap_send(s, pdu) >= 0);
		assert_true(layer_backlog(s->layer) > 0);
		coap_session_release(s);
		assert_null(w.client->clients);
		w.requests = 0;
		WORLD_UNTIL(world_count("S SERVER_SESSION_DEL") == 1);
		assert_int_equal(w.requests, 1);
		WORLD_UNTIL(w.client->n_lingering == 0);
		WORLD_UNTIL(w.server->n_lingering == 0);
		world_forget();
	}
	free(body);
}

/* From a handler, in the middle of what the layer tells. */
static void
hook_release(coap_session_t *session, const char *line)
{
	if (session == pair.session && strcmp(line, "ping") == 0) {
		send_large();
		coap_session_release(session);
		pair.session = NULL;
	}
}

static void
released_by_a_handler(void **state)
{
	(void)state;
	pair_open();
	w.hook = hook_release;
	world_raw_send(pair.peer, NULL, "\x00\xe2\x00\xe2\x00\xe2", 6);
	WORLD_UNTIL(pair.session == NULL);
	WORLD_UNTIL(read_all());
	assert_true(pair.got > BODY);
	pair_close();
	WORLD_UNTIL(w.client->n_lingering == 0);
}

/* "An orderly end": coap_session_disconnected() is none. */
static void
disconnected_is_cut(void **state)
{
	(void)state;
	pair_open();
	send_large();
	coap_session_disconnected(pair.session, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(w.client->n_lingering, 0);
	coap_session_release(pair.session);
	assert_int_equal(w.client->n_lingering, 0);
	pair_close();
}

/* Each costs a descriptor, so there is a limit; the oldest goes. */
static void
many(void **state)
{
	coap_address_t address;
	int listener = world_raw(SOCK_STREAM, &address);
	int before = net_open_fds();
	int peers[LINGER_MAX + 8];
	coap_session_t *s;
	unsigned i;

	(void)state;
	for (i = 0; i < LINGER_MAX + 8; i++) {
		s = coap_new_client_session(w.client, NULL, &address, TCP);
		peers[i] = world_raw_accept(listener);
		world_raw_send(peers[i], NULL, "\x00\xe1", 2);
		world_wait("SESSION_CONNECTED");
		world_forget();
		coap_session_release(s);
		assert_true(w.client->n_lingering <= LINGER_MAX);
	}
	assert_int_equal(w.client->n_lingering, LINGER_MAX);
	assert_int_equal(net_open_fds(), before + 2 * LINGER_MAX + 8);
	for (i = 0; i < LINGER_MAX + 8; i++)
		close(peers[i]);
	WORLD_UNTIL(w.client->n_lingering == 0);
	close(listener);
}

/* Without memory for it the transport is cut, as it always was. */
static void
out_of_memory(void **state)
{
	(void)state;
	pair_open();
	send_large();
	mem_fail_at(1, 1);
	coap_session_release(pair.session);
	mem_fail_at(0, 0);
	assert_int_equal(w.client->n_lingering, 0);
	world_expect('C',
	    "C nack not-deliverable a\nC TCP_CLOSED\n"
	    "C SESSION_CLOSED\n");
	pair_close();
}

/* Nothing of a session that is gone is told any more. */
static void
nothing_is_told(void **state)
{
	(void)state;
	pair_open();
	coap_session_release(pair.session);
	world_expect('C', "C TCP_CLOSED\nC SESSION_CLOSED\n");
	world_raw_send(pair.peer, NULL, "\x00\xe2garbage", 9);
	world_advance(1000);
	pair_close();
	WORLD_UNTIL(w.client->n_lingering == 0);
	world_expect('C', "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_of_it_arrives),
		T(unread_bytes_do_not_reset),
		T(a_peer_that_takes_nothing),
		T(a_slow_peer),
		T(a_very_slow_peer),
		T(a_peer_that_resets),
		T(a_peer_that_ended_its_side),
		T(a_peer_that_was_held_back),
		T(cut_with_the_context),
		T(on_every_protocol),
		T(released_by_a_handler),
		T(disconnected_is_cut),
		T(many),
		T(out_of_memory),
		T(nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
