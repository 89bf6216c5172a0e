/* SPDX-License-Identifier: BSD-2-Clause */
/* WebSocket layers that talk to each other, over layers in memory. */
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

#define MIB ((size_t)1 << 20)

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

/* Numbers that differ and are the same in each run. */
static uint32_t
next_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
fill(uint8_t *data, size_t len, uint32_t seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)next_number(&seed);
}

static void
upgrade_and_messages(void **state)
{
	struct ws_end client, server;
	char message[] = "hello";
	uint8_t data[16];

	(void)state;
	ws_pair_open(&client, &server);
	assert_int_equal(layer_send(client.layer, message, 5), 0);
	/* The mask is laid over a copy. */
	assert_string_equal(message, "hello");
	ws_pair_move(&client, &server);
	ws_assert_message(&server, "hello", 5);
	ws_assert_says(&server, -COAP_E_AGAIN);
	assert_int_equal(layer_send(server.layer, "world!", 6), 0);
	ws_pair_move(&client, &server);
	assert_int_equal(layer_recv(client.layer, data, sizeof data), 6);
	assert_memory_equal(data, "world!", 6);
	assert_int_equal(layer_recv(client.layer, data, sizeof data),
	    -COAP_E_AGAIN);
	assert_int_equal(layer_send(server.layer, "world!", 6), 0);
	ws_pair_move(&client, &server);
	assert_int_equal(layer_recv(client.layer, data, 5), -COAP_E_TOOBIG);
	assert_int_equal(layer_connect(client.layer), 0);
	assert_int_equal(layer_connect(server.layer), 0);
	ws_end_free(&client);
	ws_end_free(&server);
}

static void
every_length(void **state)
{
	static const size_t lengths[] = { 1, 2, 100, 125, 126, 127, 2032, 2047,
		2048, 2049, 2064, 4095, 4096, 8191, 8192, 8193, 16370, 16383,
		16384, 16385, 65535, 65536, 65537, 212992, 300000 };
	struct ws_end client, server;
	uint8_t *data = malloc(300000);
	size_t i;

	(void)state;
	assert_non_null(data);
	fill(data, 300000, 1);
	ws_pair_open(&client, &server);
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		assert_int_equal(layer_send(client.layer, data, lengths[i]), 0);
		assert_int_equal(layer_send(server.layer, data, lengths[i]), 0);
		/* All bytes of a message went down in one piece. */
		assert_int_equal(client.below.sends, i + 1);
		assert_int_equal(server.below.sends, i + 1);
		ws_pair_move(&client, &server);
		ws_assert_message(&server, data, lengths[i]);
		ws_assert_message(&client, data, lengths[i]);
	}
	ws_assert_says(&server, -COAP_E_AGAIN);
	ws_assert_says(&client, -COAP_E_AGAIN);
	free(data);
	ws_end_free(&client);
	ws_end_free(&server);
}

/* Reads until a message is there; many bytes take several calls. */
static ssize_t
patient_message(struct ws_end *e, const uint8_t **data)
{
	ssize_t n;

	do
		n = layer_message(e->layer, data);
	while (n == -COAP_E_AGAIN && e->below.in.len > 0);
	return n;
}

static void
large_messages(void **state)
{
	static const size_t lengths[] = { MIB, 8 * MIB };
	struct ws_end client, server;
	uint8_t *data = malloc(8 * MIB + 1);
	const uint8_t *message = NULL;
	size_t i;

	(void)state;
	assert_non_null(data);
	fill(data, 8 * MIB, 2);
	ws_pair_open(&client, &server);
	for (i = 0; i < 2; i++) {
		assert_int_equal(layer_send(client.layer, data, lengths[i]), 0);
		assert_int_equal(layer_send(server.layer, data, lengths[i]), 0);
		assert_int_equal(client.below.sends, i + 1);
		ws_pair_move(&client, &server);
		assert_int_equal(patient_message(&server, &message),
		    lengths[i]);
		assert_true(memcmp(message, data, lengths[i]) == 0);
		assert_int_equal(patient_message(&client, &message),
		    lengths[i]);
		assert_true(memcmp(message, data, lengths[i]) == 0);
	}
	/* One byte more than is taken. */
	assert_int_equal(layer_send(client.layer, data, 8 * MIB + 1), 0);
	ws_pair_move(&client, &server);
	assert_int_equal(patient_message(&server, &message),
	    -COAP_E_PEER_TOOBIG);
	ws_pair_move(&client, &server);
	assert_int_equal(patient_message(&client, &message), 0);
	{
		struct layer_ws_info info;

		assert_int_equal(layer_ws_info(client.layer, &info), 0);
		assert_int_equal(info.close_code, 1009);
	}
	assert_int_equal(layer_send(server.layer, data, LAYER_SEND_MAX),
	    -COAP_E_PEER_TOOBIG);
	free(data);
	ws_end_free(&client);
	ws_end_free(&server);
}

static void
masks_differ(void **state)
{
	struct ws_end client, server;
	uint8_t frames[2][10];
	int i;

	(void)state;
	ws_pair_open(&client, &server);
	for (i = 0; i < 2; i++) {
		assert_int_equal(layer_send(client.layer, "same", 4), 0);
		assert_int_equal(client.below.out.len, sizeof frames[i]);
		memcpy(frames[i], client.below.out.data, sizeof frames[i]);
		buf_clear(&client.below.out);
	}
	assert_memory_not_equal(frames[0] + 2, frames[1] + 2, 4);
	ws_end_free(&client);
	ws_end_free(&server);
}

/* Many messages in one piece of the stream. */
static void
many_messages_at_once(void **state)
{
	struct ws_end client, server;
	uint32_t i;

	(void)state;
	ws_pair_open(&client, &server);
	for (i = 0; i < 10000; i++)
		assert_int_equal(layer_send(client.layer, &i, sizeof i), 0);
	ws_pair_move(&client, &server);
	for (i = 0; i < 10000; i++)
		ws_assert_message(&server, &i, sizeof i);
	ws_assert_says(&server, -COAP_E_AGAIN);
	ws_end_free(&client);
	ws_end_free(&server);
}

/* What is read has an end, also when there is more and no message in it. */
static void
a_call_has_an_end(void **state)
{
	struct ws_end e;
	size_t before;
	int i;

	(void)state;
	ws_server_open(&e);
	for (i = 0; i < 300000; i++)
		ws_frame(&e, true, 0x82, "", 0);
	before = e.below.in.len;
	ws_assert_says(&e, -COAP_E_AGAIN);
	assert_true(e.below.in.len > 0 && e.below.in.len < before);
	ws_end_free(&e);
}

/* The layer below takes little, and nothing for a while. */
static void
back_pressure(void **state)
{
	struct ws_end client, server;
	uint8_t data[3000];
	size_t kept;

	(void)state;
	fill(data, sizeof data, 3);
	ws_pair_open(&client, &server);
	client.below.room = 0;
	/* One is kept, and no more. */
	assert_int_equal(layer_send(client.layer, data, sizeof data), 0);
	kept = layer_backlog(client.layer);
	assert_int_equal(kept, 7 + sizeof data + 8);
	assert_int_equal(layer_send(client.layer, data, 1), -COAP_E_AGAIN);
	assert_int_equal(layer_send(client.layer, data, 1), -COAP_E_AGAIN);
	assert_int_equal(layer_backlog(client.layer), kept);
	assert_int_equal(client.below.out.len, 0);
	client.below.room = 1;
	/* The owner was told that it is writable, and calls message(). */
	ws_assert_says(&client, -COAP_E_AGAIN);
	assert_int_equal(layer_backlog(client.layer), 7);
	client.below.room = SIZE_MAX;
	assert_int_equal(layer_send(client.layer, data, 1), 0);
	ws_pair_move(&client, &server);
	ws_assert_message(&server, data, sizeof data);
	ws_assert_message(&server, data, 1);
	ws_assert_says(&server, -COAP_E_AGAIN);
	ws_end_free(&client);
	ws_end_free(&server);
}

/* Both send much, in pieces of any size, over layers that stop at times. */
static void
random_pieces(void **state)
{
	struct ws_end ends[2];
	uint8_t *data = malloc(70000);
	unsigned sent[2] = { 0, 0 }, got[2] = { 0, 0 };
	uint32_t seed = 4;
	const uint8_t *message;
	size_t len[2][300];
	unsigned i, k;
	ssize_t n;

	(void)state;
	assert_non_null(data);
	fill(data, 70000, 5);
	ws_pair_open(&ends[0], &ends[1]);
	while (got[0] < 300 || got[1] < 300) {
		k = next_number(&seed) & 1;
		ends[k].below.room = next_number(&seed) % 3 ? 100000 : 0;
		ends[k].below.piece = next_number(&seed) % 20000;
		if (sent[k] < 300) {
			size_t l = 1 +
			    next_number(&seed) %
				(next_number(&seed) % 8 ? 200 : 70000);

			n = layer_send(ends[k].layer, data, l);
			assert_true(n == 0 || n == -COAP_E_AGAIN);
			if (n == 0)
				len[k][sent[k]++] = l;
		}
		ws_below_move(&ends[k].below, &ends[!k].below,
		    next_number(&seed) % 100000);
		for (i = next_number(&seed) % 4; i > 0; i--) {
			n = layer_message(ends[k].layer, &message);
			if (n == -COAP_E_AGAIN)
				break;
			assert_true(got[k] < sent[!k]);
			assert_int_equal(n, len[!k][got[k]]);
			assert_true(memcmp(message, data, (size_t)n) == 0);
			got[k]++;
		}
	}
	free(data);
	ws_end_free(&ends[0]);
	ws_end_free(&ends[1]);
}

static void
passes_through(void **state)
{
	struct ws_end e;

	(void)state;
	ws_server_open(&e);
	layer_want_read(e.layer, false);
	assert_true(e.below.paused);
	layer_want_read(e.layer, true);
	assert_false(e.below.paused);
	assert_int_equal(layer_backlog(e.layer), 7);
	ws_end_free(&e);
}

static void
info_needs_the_layer(void **state)
{
	struct layer_ws_info info;
	struct ws_below b;

	(void)state;
	ws_below_init(&b);
	assert_int_equal(layer_ws_info(&b.layer, &info), -COAP_E_NOTFOUND);
	assert_int_equal(layer_ws_info(NULL, &info), -COAP_E_NOTFOUND);
}

static void
the_engine_has_a_name(void **state)
{
	char why[100] = "";

	(void)state;
	assert_non_null(ws_engine_name());
	assert_non_null(ws_engine(why, sizeof why));
	assert_string_equal(ws_engine(NULL, 0)->name, ws_engine_name());
	assert_true(ws_engine(NULL, 0)->version()[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade_and_messages),
		cmocka_unit_test(every_length),
		cmocka_unit_test(large_messages),
		cmocka_unit_test(masks_differ),
		cmocka_unit_test(many_messages_at_once),
		cmocka_unit_test(a_call_has_an_end),
		cmocka_unit_test(back_pressure),
		cmocka_unit_test(random_pieces),
		cmocka_unit_test(passes_through),
		cmocka_unit_test(info_needs_the_layer),
		cmocka_unit_test(the_engine_has_a_name),
	};

	if (ws_missing())
		return 0;
	return cmocka_run_group_tests(tests, setup, teardown);
}
