/* SPDX-License-Identifier: BSD-2-Clause */
/* WebSocket frames of peers, good ones and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "ws_support.h"

static int
setup(void **state)
{
	static int before[2];

	before[0] = net_open_fds();
	before[1] = (int)mem_outstanding();
	*state = before;
	return 0;
}

static int
teardown(void **state)
{
	const int *before = *state;

	assert_int_equal(net_open_fds(), before[0]);
	assert_int_equal(mem_outstanding(), before[1]);
	assert_null(*ws_shared_slot());
	return 0;
}

/* An end of which the peer is a server or a client. */
static void
open_end(struct ws_end *e, bool server)
{
	if (server)
		ws_server_open(e);
	else
		ws_client_open(e);
}

static void
fragments_are_joined(void **state)
{
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		ws_frame(&e, server, 0x02, "abc", 3);
		ws_assert_says(&e, -COAP_E_AGAIN);
		ws_frame(&e, server, 0x00, "", 0);
		ws_frame(&e, server, 0x00, "d", 1);
		ws_assert_says(&e, -COAP_E_AGAIN);
		assert_false(layer_pending(e.layer));
		/* A Ping and a Pong between them. */
		ws_frame(&e, server, 0x89, "p", 1);
		ws_frame(&e, server, 0x8a, "q", 1);
		ws_frame(&e, server, 0x80, "efg", 3);
		ws_frame(&e, server, 0x82, "x", 1);
		ws_assert_message(&e, "abcdefg", 7);
		ws_assert_message(&e, "x", 1);
		ws_assert_says(&e, -COAP_E_AGAIN);
		/* Empty ends. */
		ws_frame(&e, server, 0x02, "", 0);
		ws_frame(&e, server, 0x00, "y", 1);
		ws_frame(&e, server, 0x80, "", 0);
		ws_assert_message(&e, "y", 1);
		ws_assert_says(&e, -COAP_E_AGAIN);
		ws_end_free(&e);
	}
}

static void
empty_messages_are_left_out(void **state)
{
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		ws_frame(&e, server, 0x82, "", 0);
		ws_assert_says(&e, -COAP_E_AGAIN);
		assert_false(layer_pending(e.layer));
		ws_frame(&e, server, 0x82, "", 0);
		ws_frame(&e, server, 0x02, "", 0);
		ws_frame(&e, server, 0x80, "", 0);
		ws_frame(&e, server, 0x82, "a", 1);
		ws_frame(&e, server, 0x82, "", 0);
		ws_frame(&e, server, 0x82, "b", 1);
		ws_assert_message(&e, "a", 1);
		ws_assert_message(&e, "b", 1);
		ws_assert_says(&e, -COAP_E_AGAIN);
		ws_end_free(&e);
	}
}

static void
pings_are_answered(void **state)
{
	struct ws_end e;
	uint8_t data[200];
	char text[125];
	uint8_t first;
	size_t len, i;
	int server;

	(void)state;
	memset(text, 'p', sizeof text);
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		for (len = 0; len <= 125; len += 25) {
			ws_frame(&e, server, 0x89, text, len);
			ws_assert_says(&e, -COAP_E_AGAIN);
			assert_true(ws_sent(&e, &first, data, sizeof data, &i));
			assert_int_equal(first, 0x8a);
			assert_int_equal(i, len);
			assert_memory_equal(data, text, len);
			assert_int_equal(e.below.out.len, 0);
		}
		/* Many at once: at least one answer, none of them twice. */
		for (i = 0; i < 10; i++)
			ws_frame(&e, server, 0x89, &text[i], i);
		ws_frame(&e, server, 0x82, "m", 1);
		ws_assert_message(&e, "m", 1);
		for (i = 0; ws_sent(&e, &first, data, sizeof data, &len); i++)
			assert_int_equal(first, 0x8a);
		assert_true(i >= 1 && i <= 10);
		/* A Pong that nobody asked for. */
		ws_frame(&e, server, 0x8a, "", 0);
		ws_frame(&e, server, 0x8a, text, 100);
		ws_assert_says(&e, -COAP_E_AGAIN);
		assert_int_equal(e.below.out.len, 0);
		ws_end_free(&e);
	}
}

/* Answers to Pings are not piled up for a peer that does not read. */
static void
pings_of_a_deaf_peer(void **state)
{
	struct ws_end e;
	char text[125] = { 0 };
	int i;

	(void)state;
	ws_server_open(&e);
	e.below.room = 0;
	for (i = 0; i < 10000; i++) {
		ws_frame(&e, true, 0x89, text, sizeof text);
		ws_assert_says(&e, -COAP_E_AGAIN);
	}
	assert_true(layer_backlog(e.layer) < 1000);
	/* Messages come in all the same. */
	ws_frame(&e, true, 0x82, "m", 1);
	ws_assert_message(&e, "m", 1);
	e.below.room = SIZE_MAX;
	ws_assert_says(&e, -COAP_E_AGAIN);
	assert_true(e.below.out.len > 0);
	assert_int_equal(layer_backlog(e.layer), 7);
	ws_end_free(&e);
}

/* --- what must not be sent ------------------------------------------------ */

struct fault_case {
	const char *what;
	uint8_t bytes[14]; /* a frame of a server, or of a client (masked) */
	uint8_t len;
	uint16_t code; /* it is closed with */
	int err;
	bool fragment; /* in a message that has begun */
};

#define BAD(n, ...) { __VA_ARGS__ }, (n), 1002, -COAP_E_WS_FRAME

static const struct fault_case of_clients[] = {
	{ "no mask", BAD(3, 0x82, 0x01, 'a'), false },
	{ "a Ping without mask", BAD(2, 0x89, 0x00), false },
	{ "a Close without mask", BAD(4, 0x88, 0x02, 3, 0xe8), false },
	{ "a reserved bit", BAD(2, 0xc2, 0x81), false },
	{ "another", BAD(1, 0xa2), false },
	{ "and the last", BAD(1, 0x92), false },
	{ "a reserved bit in a Ping", BAD(1, 0xc9), false },
	{ "opcode 3", BAD(1, 0x83), false },
	{ "opcode 7", BAD(1, 0x87), false },
	{ "opcode 11", BAD(1, 0x8b), false },
	{ "opcode 15", BAD(1, 0x8f), false },
	{ "a fragment of nothing", BAD(1, 0x80), false },
	{ "a fragment of nothing, not the last", BAD(1, 0x00), false },
	{ "a message inside another", BAD(1, 0x82), true },
	{ "a fragment of a Ping", BAD(1, 0x09), false },
	{ "a fragment of a Close", BAD(1, 0x08), true },
	{ "a long Ping", BAD(4, 0x89, 0xfe, 0, 126), false },
	{ "a longer Ping", BAD(2, 0x89, 0xff), false },
	{ "a Close of one byte", BAD(2, 0x88, 0x81), false },
	{ "125 in 16 bits", BAD(4, 0x82, 0xfe, 0, 125), false },
	{ "0 in 16 bits", BAD(4, 0x82, 0xfe, 0, 0), false },
	{ "65535 in 64 bits", BAD(10, 0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255),
	    false },
	{ "2^64-1", BAD(10, 0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255),
	    false },
	{ "2^63", BAD(10, 0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0), false },
	{ "a text", { 0x81, 0x81 }, 2, 1003, -COAP_E_WS_FRAME, false },
	{ "a fragment of a text", { 0x01 }, 1, 1003, -COAP_E_WS_FRAME, false },
	/* 1000 bytes are taken. */
	{ "1001 bytes", { 0x82, 0xfe, 3, 0xe9 }, 4, 1009, -COAP_E_PEER_TOOBIG,
	    false },
	{ "2^63-1", { 0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255 }, 10,
	    1009, -COAP_E_PEER_TOOBIG, false },
	{ "900 and 101", { 0x80, 0x80 + 101 }, 2, 1009, -COAP_E_PEER_TOOBIG,
	    true },
	{ "900, and much", { 0x00, 0xff, 0, 0, 0, 255, 0, 0, 0, 0 }, 10, 1009,
	    -COAP_E_PEER_TOOBIG, true },
};

static const struct fault_case of_servers[] = {
	{ "a mask", BAD(2, 0x82, 0x81), false },
	{ "a masked Ping", BAD(2, 0x89, 0x80), false },
	{ "a masked Close", BAD(2, 0x88, 0x82), false },
	{ "a masked message of 126", BAD(2, 0x82, 0xfe), false },
	{ "a reserved bit", BAD(1, 0xc2), false },
	{ "opcode 5", BAD(1, 0x85), false },
	{ "a fragment of nothing", BAD(1, 0x80), false },
	{ "a message inside another", BAD(1, 0x82), true },
	{ "a fragment of a Ping", BAD(1, 0x09), false },
	{ "a long Ping", BAD(2, 0x89, 126), false },
	{ "a Close of one byte", BAD(2, 0x88, 0x01), false },
	{ "126 in 64 bits", BAD(10, 0x82, 127, 0, 0, 0, 0, 0, 0, 0, 126),
	    false },
	{ "a text", { 0x81, 0x01 }, 2, 1003, -COAP_E_WS_FRAME, false },
	{ "1001 bytes", { 0x82, 126, 3, 0xe9 }, 4, 1009, -COAP_E_PEER_TOOBIG,
	    false },
	{ "900 and 101", { 0x80, 101 }, 2, 1009, -COAP_E_PEER_TOOBIG, true },
};

/* Opens an end that takes messages of up to 1000 bytes. */
static void
open_small(struct ws_end *e, bool server)
{
	assert_int_equal(ws_try_open(e, server, 1000), 0);
	if (server) {
		ws_request(e, NULL, NULL);
	} else {
		assert_int_equal(layer_connect(e->layer), -COAP_E_AGAIN);
		ws_response(e, NULL, NULL);
	}
	assert_int_equal(layer_connect(e->layer), 0);
	buf_clear(&e->below.out);
}

static void
check_fault(const struct fault_case *c, bool server, size_t piece)
{
	struct layer_ws_info info;
	char filler[900] = { 0 };
	struct ws_end e;
	const uint8_t *message;
	ssize_t n;

	open_small(&e, server);
	ws_frame(&e, server, 0x82, "good", 4);
	if (c->fragment)
		ws_frame(&e, server, 0x02, filler, sizeof filler);
	ws_below_feed(&e.below, c->bytes, c->len);
	/* Nothing after it counts. */
	ws_frame(&e, server, 0x82, "late", 4);
	e.below.piece = piece;
	do
		n = layer_message(e.layer, &message);
	while (n == -COAP_E_AGAIN && e.below.in.len > 0);
	assert_int_equal(n, 4);
	assert_memory_equal(message, "good", 4);
	do
		n = layer_message(e.layer, &message);
	while (n == -COAP_E_AGAIN && e.below.in.len > 0);
	if (n != c->err)
		fail_msg("%s: %zd", c->what, n);
	ws_assert_says(&e, c->err);
	if (e.below.out.len == 0)
		fail_msg("%s: no Close (server %d, piece %zu)", c->what, server,
		    piece);
	ws_assert_sent_close(&e, c->code);
	assert_int_equal(e.below.out.len, 0);
	assert_int_equal(e.below.closes, 1);
	assert_int_equal(layer_ws_info(e.layer, &info), 0);
	assert_int_equal(info.close_code, 0);
	assert_true(info.detail[0]);
	assert_int_equal(layer_send(e.layer, "x", 1), c->err);
	assert_false(layer_pending(e.layer));
	layer_close(e.layer);
	assert_int_equal(e.below.closes, 1);
	assert_int_equal(layer_next(e.layer), TIMER_NEVER);
	ws_end_free(&e);
}

static void
faults_are_found(void **state)
{
	static const size_t pieces[] = { 0, 1, 3 };
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < sizeof of_clients / sizeof of_clients[0]; i++)
			check_fault(&of_clients[i], true, pieces[k]);
		for (i = 0; i < sizeof of_servers / sizeof of_servers[0]; i++)
			check_fault(&of_servers[i], false, pieces[k]);
	}
}

/* A message that is too long is refused before any of it is kept. */
static void
too_long_is_not_collected(void **state)
{
	struct ws_end e;
	size_t before;

	(void)state;
	open_small(&e, true);
	before = mem_outstanding();
	ws_below_feed(&e.below, "\x82\xff\0\0\0\0\0\x10\0\0", 10);
	ws_assert_says(&e, -COAP_E_PEER_TOOBIG);
	assert_true(mem_outstanding() <= before);
	ws_end_free(&e);
	/* The longest one. */
	open_small(&e, true);
	{
		char data[1000];

		memset(data, 7, sizeof data);
		ws_frame(&e, true, 0x82, data, sizeof data);
		ws_assert_message(&e, data, sizeof data);
		ws_frame(&e, true, 0x02, data, 999);
		ws_frame(&e, true, 0x80, data, 1);
		ws_assert_message(&e, data, sizeof data);
	}
	ws_end_free(&e);
}

/* --- closing -------------------------------------------------------------- */

static void
peer_closes(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		unsigned code;
		unsigned echo;
	} cases[] = {
		{ "\x03\xe8", 2, 1000, 1000 },
		{ "\x03\xe9 bye", 6, 1001, 1001 },
		{ "\x03\xf1", 2, 1009, 1009 },
		{ "\x0b\xb8", 2, 3000, 3000 },
		{ "", 0, 0, 0 },
		/* No valid codes: the answer says so. */
		{ "\x03\xed", 2, 1005, 1002 },
		{ "\x00\x01", 2, 1, 1002 },
	};
	struct layer_ws_info info;
	uint8_t data[16];
	uint8_t first;
	struct ws_end e;
	size_t i, len;
	int server;

	(void)state;
	for (i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		server = i & 1;
		open_end(&e, server);
		ws_frame(&e, server, 0x82, "last", 4);
		ws_frame(&e, server, 0x88, cases[i / 2].data, cases[i / 2].len);
		ws_frame(&e, server, 0x82, "late", 4);
		ws_assert_message(&e, "last", 4);
		assert_true(layer_pending(e.layer));
		ws_assert_says(&e, 0);
		assert_false(layer_pending(e.layer));
		assert_true(ws_sent(&e, &first, data, sizeof data, &len));
		assert_int_equal(first, 0x88);
		assert_true(len == cases[i / 2].len);
		if (len >= 2)
			assert_int_equal(data[0] << 8 | data[1],
			    cases[i / 2].echo);
		assert_int_equal(e.below.out.len, 0);
		assert_int_equal(layer_ws_info(e.layer, &info), 0);
		assert_int_equal(info.close_code, cases[i / 2].code);
		assert_int_equal(layer_send(e.layer, "x", 1), -COAP_E_CLOSED);
		assert_int_equal(e.below.closes, 0);
		layer_close(e.layer);
		assert_int_equal(e.below.closes, 1);
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		ws_assert_says(&e, 0);
		ws_end_free(&e);
	}
}

static void
we_close(void **state)
{
	struct layer_ws_info info;
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		layer_close(e.layer);
		ws_assert_sent_close(&e, 1000);
		assert_int_equal(e.below.closes, 0);
		assert_int_equal(layer_next(e.layer), ws_now + 5000);
		assert_int_equal(layer_send(e.layer, "x", 1), -COAP_E_CLOSED);
		ws_assert_says(&e, -COAP_E_AGAIN);
		layer_close(e.layer);
		layer_timer(e.layer, ws_now + 4999);
		assert_int_equal(e.below.closes, 0);
		ws_frame(&e, server, 0x88, "\x03\xe8", 2);
		ws_assert_says(&e, 0);
		assert_int_equal(e.below.closes, 1);
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		assert_int_equal(layer_ws_info(e.layer, &info), 0);
		assert_int_equal(info.close_code, 1000);
		assert_int_equal(e.below.out.len, 0);
		ws_end_free(&e);
	}
}

static void
peer_ignores_our_close(void **state)
{
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		layer_close(e.layer);
		ws_assert_sent_close(&e, 1000);
		layer_timer(e.layer, ws_now + 5000);
		assert_int_equal(e.below.closes, 1);
		assert_true(layer_pending(e.layer));
		ws_assert_says(&e, 0);
		assert_false(layer_pending(e.layer));
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		ws_end_free(&e);

		/* It hangs up without a Close frame. */
		open_end(&e, server);
		layer_close(e.layer);
		e.below.eof = true;
		ws_assert_says(&e, 0);
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		ws_end_free(&e);

		/* It goes on sending messages, and Pings. */
		open_end(&e, server);
		layer_close(e.layer);
		ws_assert_sent_close(&e, 1000);
		ws_frame(&e, server, 0x82, "abc", 3);
		ws_frame(&e, server, 0x89, "abc", 3);
		ws_frame(&e, server, 0x88, "\x03\xe8", 2);
		ws_assert_says(&e, 0);
		ws_end_free(&e);

		/* It sends nonsense. */
		open_end(&e, server);
		layer_close(e.layer);
		ws_assert_sent_close(&e, 1000);
		ws_below_feed(&e.below, "\xff\xff", 2);
		ws_assert_says(&e, -COAP_E_WS_FRAME);
		assert_int_equal(e.below.out.len, 0);
		assert_int_equal(e.below.closes, 1);
		ws_end_free(&e);
	}
}

static void
both_close(void **state)
{
	struct ws_end client, server;

	(void)state;
	ws_pair_open(&client, &server);
	layer_close(client.layer);
	layer_close(server.layer);
	ws_pair_move(&client, &server);
	ws_assert_says(&client, 0);
	ws_assert_says(&server, 0);
	assert_int_equal(client.below.closes, 1);
	assert_int_equal(server.below.closes, 1);
	ws_end_free(&client);
	ws_end_free(&server);
}

static void
peer_hangs_up(void **state)
{
	struct layer_ws_info info;
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		open_end(&e, server);
		ws_frame(&e, server, 0x82, "last", 4);
		ws_frame(&e, server, 0x02, "half", 4);
		e.below.eof = true;
		ws_assert_message(&e, "last", 4);
		ws_assert_says(&e, 0);
		assert_int_equal(layer_ws_info(e.layer, &info), 0);
		assert_int_equal(info.close_code, 0);
		ws_end_free(&e);

		open_end(&e, server);
		e.below.recv_err = -COAP_E_RESET;
		ws_assert_says(&e, -COAP_E_RESET);
		assert_int_equal(layer_send(e.layer, "x", 1), -COAP_E_RESET);
		ws_end_free(&e);

		open_end(&e, server);
		e.below.send_err = -COAP_E_RESET;
		assert_int_equal(layer_send(e.layer, "x", 1), -COAP_E_RESET);
		assert_true(layer_pending(e.layer));
		ws_assert_says(&e, -COAP_E_RESET);
		ws_end_free(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments_are_joined),
		cmocka_unit_test(empty_messages_are_left_out),
		cmocka_unit_test(pings_are_answered),
		cmocka_unit_test(pings_of_a_deaf_peer),
		cmocka_unit_test(faults_are_found),
		cmocka_unit_test(too_long_is_not_collected),
		cmocka_unit_test(peer_closes),
		cmocka_unit_test(we_close),
		cmocka_unit_test(peer_ignores_our_close),
		cmocka_unit_test(both_close),
		cmocka_unit_test(peer_hangs_up),
	};

	if (ws_missing())
		return 0;
	return cmocka_run_group_tests(tests, setup, teardown);
}
