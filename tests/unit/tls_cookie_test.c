/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that show their address first, with a clock that is made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "tls_support.h"

#define MINUTE 60000

struct world {
	struct tls_pair pair;
	struct tls_ctx *client;
	struct tls_ctx *server;
	struct tls_prestate state;
	uint64_t now;
	const char *address;
	unsigned replies;
};

static int
on_reply(void *user, const void *data, size_t len)
{
	struct world *w = user;

	w->replies++;
	tls_queue_put(&w->pair.down, data, len);
	return 0;
}

static enum tls_verdict
admit(struct world *w, const void *data, size_t len)
{
	struct tls_hello hello;

	memset(&hello, 0, sizeof(hello));
	hello.datagram.data = data;
	hello.datagram.len = len;
	hello.peer.data = (const uint8_t *)w->address;
	hello.peer.len = strlen(w->address);
	hello.now_ms = w->now;
	hello.reply = on_reply;
	hello.user = w;
	return tls_be->admit(w->server, &hello, &w->state);
}

/* The datagram that the client has sent last. */
static enum tls_verdict
admit_next(struct world *w)
{
	struct tls_piece *piece = &w->pair.up.pieces[w->pair.up.n - 1];

	return admit(w, piece->data, piece->len);
}

/* The client's first datagram, and one more after each answer. */
static void
advance_client(struct world *w)
{
	tls_queue_clear(&w->pair.up);
	assert_int_equal(tls_be->advance(w->pair.client.sess, false),
	    -COAP_E_AGAIN);
	assert_int_equal(w->pair.up.n, 1);
}

static void
world_init(struct world *w)
{
	struct tls_conf conf = tls_conf_psk(false, true);

	memset(w, 0, sizeof(*w));
	tls_pair_init(&w->pair, true);
	w->client = tls_ctx_of(&conf);
	conf = tls_conf_psk(true, true);
	w->server = tls_ctx_of(&conf);
	w->now = 100 * MINUTE;
	w->address = "192.0.2.1:1024-192.0.2.2:5684";
	tls_pair_open(&w->pair, w->client, w->server);
	tls_be->sess_free(w->pair.server.sess);
	w->pair.server.sess = NULL;
	advance_client(w);
}

static void
world_free(struct world *w)
{
	tls_pair_close(&w->pair);
	tls_be->ctx_free(w->client);
	tls_be->ctx_free(w->server);
}

/* A session for the client whose cookie was good. */
static void
open_server(struct world *w)
{
	struct tls_sess_params params;

	memset(&params, 0, sizeof(params));
	params.mtu = 1280;
	params.prestate = &w->state;
	params.io = &tls_io_queue;
	params.host = &tls_host_all;
	params.io_user = params.host_user = &w->pair.server;
	assert_int_equal(tls_be->sess_new(w->server, &params,
			     &w->pair.server.sess),
	    0);
}

static void
test_cookie(void **state)
{
	size_t before = mem_outstanding();
	struct world w;

	(void)state;
	world_init(&w);
	before = mem_outstanding();
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	/* Nothing is kept, and little was sent. */
	assert_int_equal(mem_outstanding(), before);
	assert_int_equal(w.replies, 1);
	assert_true(w.pair.down.pieces[0].len < w.pair.up.pieces[0].len);
	advance_client(&w);
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	assert_int_equal(w.replies, 1);
	open_server(&w);
	tls_pair_run_untimed(&w.pair);
	tls_pair_check(&w.pair);
	world_free(&w);
}

/* It is good for one to two minutes. */
static void
test_age(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.now += MINUTE - 1;
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	w.now += 1;
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	w.now += MINUTE - 1;
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	w.now += 1;
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	/* The client takes the new one, though it had one before. */
	advance_client(&w);
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	open_server(&w);
	tls_pair_run_untimed(&w.pair);
	tls_pair_check(&w.pair);
	world_free(&w);
}

/* The clock may begin at nothing. */
static void
test_first_minute(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.now = 0;
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	world_free(&w);
}

static void
test_other_address(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	w.address = "192.0.2.3:1024-192.0.2.2:5684";
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	w.address = "192.0.2.1:1024-192.0.2.2:568";
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	w.address = "";
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	world_free(&w);
}

static void
test_other_server(void **state)
{
	struct tls_conf conf = tls_conf_psk(true, true);
	struct tls_ctx *server, *other;
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	server = w.server;
	w.server = other = tls_ctx_of(&conf);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	w.server = server;
	tls_be->ctx_free(other);
	world_free(&w);
}

/* What is no ClientHello is not answered. */
static void
test_something_else(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {
		{ 0, 23 }, /* type of the record */
		{ 0, 20 },
		{ 3, 1 }, /* epoch */
		{ 4, 1 },
		{ 13, 2 }, /* message */
		{ 19, 1 }, /* fragment */
		{ 21, 9 },
	};
	struct tls_piece *piece;
	struct world w;
	uint8_t saved;
	size_t i;

	(void)state;
	world_init(&w);
	piece = &w.pair.up.pieces[0];
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		saved = piece->data[rows[i].at];
		piece->data[rows[i].at] = rows[i].value;
		assert_int_equal(admit_next(&w), TLS_DROP);
		piece->data[rows[i].at] = saved;
	}
	for (i = 0; i < 60; i++)
		assert_int_equal(admit(&w, piece->data, i), TLS_DROP);
	assert_int_equal(w.replies, 0);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	world_free(&w);
}

/* A cookie that is cut or changed is none. */
static void
test_changed_cookie(void **state)
{
	struct tls_piece *piece;
	struct world w;
	size_t i;

	(void)state;
	world_init(&w);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	piece = &w.pair.up.pieces[0];
	/* After the header, version and random: an empty session ID. */
	assert_int_equal(piece->data[59], 0);
	assert_int_equal(piece->data[60], 16);
	for (i = 60; i < 77; i++) {
		piece->data[i] ^= 1;
		assert_int_equal(admit_next(&w), TLS_REPLIED);
		piece->data[i] ^= 1;
	}
	for (i = 60; i < 77; i++)
		assert_int_equal(admit(&w, piece->data, i), TLS_REPLIED);
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	world_free(&w);
}

/* Nor is one of a ClientHello with another random: a copy of a client's that
 * was changed would end its session. */
static void
test_other_random(void **state)
{
	struct tls_piece *piece;
	struct world w;
	size_t i;

	(void)state;
	world_init(&w);
	assert_int_equal(admit_next(&w), TLS_REPLIED);
	advance_client(&w);
	piece = &w.pair.up.pieces[0];
	for (i = 27; i < 59; i++) {
		piece->data[i] ^= 1;
		assert_int_equal(admit_next(&w), TLS_REPLIED);
		piece->data[i] ^= 1;
	}
	assert_int_equal(admit_next(&w), TLS_ADMIT);
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_first_minute),
		cmocka_unit_test(test_other_address),
		cmocka_unit_test(test_other_server),
		cmocka_unit_test(test_something_else),
		cmocka_unit_test(test_changed_cookie),
		cmocka_unit_test(test_other_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
