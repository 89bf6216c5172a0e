/* SPDX-License-Identifier: BSD-2-Clause */
/* Pre-shared keys over datagrams and streams, right ones and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "tls_support.h"

/* A pair of contexts of the kind that most tests take. */
struct world {
	struct tls_pair pair;
	struct tls_conf conf[2]; /* client, server */
	struct tls_ctx *client;
	struct tls_ctx *server;
	size_t before;
};

static void
world_init(struct world *w, bool datagram)
{
	w->before = mem_outstanding();
	tls_pair_init(&w->pair, datagram);
	w->conf[0] = tls_conf_psk(false, datagram);
	w->conf[1] = tls_conf_psk(true, datagram);
}

static void
world_run(struct world *w)
{
	w->client = tls_ctx_of(&w->conf[0]);
	w->server = tls_ctx_of(&w->conf[1]);
	tls_pair_open(&w->pair, w->client, w->server);
	tls_pair_run_untimed(&w->pair);
}

static void
world_free(struct world *w)
{
	tls_pair_close(&w->pair);
	tls_be->ctx_free(w->client);
	tls_be->ctx_free(w->server);
	assert_int_equal(mem_outstanding(), w->before);
}

static void
test_datagram(void **state)
{
	struct tls_info info;
	struct world w;

	(void)state;
	world_init(&w, true);
	world_run(&w);
	tls_pair_check(&w.pair);
	info = tls_info_of(&w.pair.client);
	assert_string_equal(info.version, "DTLS 1.2");
	assert_string_equal(info.cipher, "TLS_PSK_WITH_AES_128_CCM_8");
	assert_true(info.psk);
	assert_false(info.resumed);
	assert_false(info.suspect_key);
	assert_int_equal(info.alert, -1);
	assert_null(info.alert_name);
	assert_string_equal(info.alpn, "");
	assert_int_equal(info.overhead, 29);
	assert_int_equal(info.data_mtu, 1280 - 29);
	assert_int_equal(tls_be->data_mtu(w.pair.client.sess), 1280 - 29);
	info = tls_info_of(&w.pair.server);
	assert_int_equal(info.identity_len, 6);
	assert_memory_equal(info.identity, "client", 6);
	assert_string_equal(w.pair.client.hint, "");
	assert_int_equal(w.pair.client.hints, 1);
	assert_int_equal(w.pair.server.verified, 0);
	assert_int_equal(w.pair.client.verified, 0);
	assert_int_equal(w.pair.client.resumables, 0);
	world_free(&w);
}

static void
test_stream(void **state)
{
	struct tls_info info;
	struct world w;

	(void)state;
	world_init(&w, false);
	w.conf[0].alpn = w.conf[1].alpn = "coap";
	world_run(&w);
	tls_pair_check(&w.pair);
	info = tls_info_of(&w.pair.client);
	assert_string_equal(info.version, "TLS 1.3");
	assert_string_equal(info.cipher, "TLS_AES_128_GCM_SHA256");
	assert_string_equal(info.alpn, "coap");
	assert_true(info.psk);
	assert_int_equal(info.data_mtu, 0);
	assert_int_equal(tls_be->data_mtu(w.pair.client.sess), 0);
	assert_int_equal(info.overhead, 22);
	info = tls_info_of(&w.pair.server);
	assert_int_equal(info.identity_len, 6);
	assert_true(info.psk);
	assert_int_equal(w.pair.client.resumables, 0);
	world_free(&w);
}

static void
test_hint(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	w.conf[1].hint.data = (const uint8_t *)"which lamp";
	w.conf[1].hint.len = 10;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_string_equal(w.pair.client.hint, "which lamp");
	assert_int_equal(w.pair.client.hints, 1);
	world_free(&w);
}

static void
test_bad_hint(void **state)
{
	static const uint8_t long_hint[TLS_PSK_MAX + 1] = { 1 };
	struct tls_conf conf = tls_conf_psk(true, true);
	struct tls_ctx *ctx = NULL;
	char why[100];

	(void)state;
	conf.hint.data = (const uint8_t *)"a\0b";
	conf.hint.len = 3;
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_string_equal(why,
	    "a hint has at most 128 bytes, and none is zero");
	conf.hint.data = long_hint;
	conf.hint.len = sizeof(long_hint);
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_null(ctx);
}

static void
binary(bool datagram)
{
	static const char identity[] = "\0\xff\n\x80 \0";
	struct tls_info info;
	struct world w;

	world_init(&w, datagram);
	w.pair.client.identity = identity;
	w.pair.client.identity_len = sizeof(identity);
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_int_equal(w.pair.server.seen_identity_len, sizeof(identity));
	assert_memory_equal(w.pair.server.seen_identity, identity,
	    sizeof(identity));
	info = tls_info_of(&w.pair.server);
	assert_int_equal(info.identity_len, sizeof(identity));
	assert_memory_equal(info.identity, identity, sizeof(identity));
	world_free(&w);
}

static void
test_binary_identity(void **state)
{
	(void)state;
	binary(true);
	binary(false);
}

static void
longest(bool datagram)
{
	char identity[TLS_PSK_MAX + 1];
	struct world w;

	memset(identity, 'i', sizeof(identity));
	identity[TLS_PSK_MAX] = '\0';
	world_init(&w, datagram);
	w.pair.client.identity = identity;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_int_equal(tls_info_of(&w.pair.server).identity_len, TLS_PSK_MAX);
	world_free(&w);
	/* One more is not sent. */
	identity[TLS_PSK_MAX] = 'i';
	world_init(&w, datagram);
	w.pair.client.identity = identity;
	w.pair.client.identity_len = sizeof(identity);
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_CREDENTIALS);
	world_free(&w);
}

static void
test_longest_identity(void **state)
{
	(void)state;
	longest(true);
	longest(false);
}

static void
unknown(bool datagram)
{
	struct tls_info info;
	struct world w;

	world_init(&w, datagram);
	w.pair.server.key = NULL;
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_PSK_IDENTITY);
	assert_int_equal(w.pair.client.result, -COAP_E_PSK_IDENTITY);
	info = tls_info_of(&w.pair.server);
	assert_int_equal(info.alert, 115);
	assert_true(info.alert_sent);
	assert_int_equal(info.identity_len, 6);
	info = tls_info_of(&w.pair.client);
	assert_int_equal(info.alert, 115);
	assert_false(info.alert_sent);
	assert_string_equal(info.alert_name, "unknown_psk_identity");
	assert_string_not_equal(info.error, "");
	assert_false(info.psk);
	/* It stays that way, and nothing is said twice. */
	tls_queue_clear(&w.pair.up);
	assert_int_equal(tls_be->advance(w.pair.client.sess, true),
	    -COAP_E_PSK_IDENTITY);
	assert_int_equal(tls_be->write(w.pair.client.sess, "x", 1),
	    -COAP_E_PSK_IDENTITY);
	tls_be->close(w.pair.client.sess, 0);
	assert_int_equal(w.pair.up.n, 0);
	assert_int_equal(tls_be->timeout(w.pair.client.sess), -1);
	world_free(&w);
}

static void
test_unknown_identity(void **state)
{
	(void)state;
	unknown(true);
	unknown(false);
}

static void
test_no_key_for_hint(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	w.pair.client.identity = NULL;
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_CREDENTIALS);
	assert_int_equal(w.pair.server.result, -COAP_E_TLS_ALERT);
	world_free(&w);
}

/* In DTLS nobody says a word; both can be asked for a suspicion. */
static void
test_wrong_key_datagram(void **state)
{
	struct tls_info info;
	struct world w;

	(void)state;
	world_init(&w, true);
	w.pair.server.key = "another";
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_AGAIN);
	assert_int_equal(w.pair.server.result, -COAP_E_AGAIN);
	info = tls_info_of(&w.pair.client);
	assert_true(info.suspect_key);
	assert_int_equal(info.alert, -1);
	info = tls_info_of(&w.pair.server);
	assert_true(info.suspect_key);
	assert_true(info.bad_records > 0);
	assert_true(tls_be->timeout(w.pair.client.sess) >= 0);
	world_free(&w);
}

/* A server that waits for what only the client can send does so quietly. */
static void
test_wrong_key_waits(void **state)
{
	struct timespec ts = { .tv_nsec = 1000000 };
	struct world w;
	int64_t ms;

	(void)state;
	world_init(&w, true);
	w.pair.server.key = "another";
	world_run(&w);
	for (ms = tls_be->timeout(w.pair.server.sess); ms > 0; ms--)
		nanosleep(&ts, NULL);
	assert_int_equal(tls_be->advance(w.pair.server.sess, true),
	    -COAP_E_AGAIN);
	assert_true(tls_be->timeout(w.pair.server.sess) > 0);
	world_free(&w);
}

/* The server gives up first, and what it says then is not encrypted: that is
 * no reason of its own. */
static void
test_wrong_key_given_up(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	w.pair.server.key = "another";
	world_run(&w);
	tls_be->close(w.pair.server.sess, 0);
	tls_pair_run_untimed(&w.pair);
	assert_int_equal(w.pair.client.result, -COAP_E_PSK_KEY);
	assert_true(tls_info_of(&w.pair.client).suspect_key);
	world_free(&w);
}

static void
test_wrong_key_tls13(void **state)
{
	struct tls_info info;
	struct world w;

	(void)state;
	world_init(&w, false);
	w.pair.server.key = "another";
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_PSK_KEY);
	assert_int_equal(w.pair.client.result, -COAP_E_PSK_KEY);
	info = tls_info_of(&w.pair.client);
	assert_int_equal(info.alert, 51);
	assert_string_equal(info.alert_name, "decrypt_error");
	assert_true(info.suspect_key);
	world_free(&w);
}

static void
test_messages(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	world_run(&w);
	assert_string_equal(w.pair.client.messages,
	    ">client_hello <server_hello <server_hello_done "
	    ">client_key_exchange >finished <finished ");
	assert_string_equal(w.pair.server.messages,
	    "<client_hello >server_hello >server_hello_done "
	    "<client_key_exchange <finished >finished ");
	world_free(&w);
}

static void
test_keylog(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true);
	world_run(&w);
	assert_string_equal(w.pair.client.keylog, w.pair.server.keylog);
	assert_memory_equal(w.pair.client.keylog, "CLIENT_RANDOM ", 14);
	assert_int_equal(strlen(w.pair.client.keylog), 14 + 64 + 1 + 96 + 1);
	world_free(&w);
	world_init(&w, false);
	world_run(&w);
	assert_non_null(
	    strstr(w.pair.client.keylog, "CLIENT_TRAFFIC_SECRET_0 "));
	assert_non_null(
	    strstr(w.pair.client.keylog, "SERVER_HANDSHAKE_TRAFFIC_SECRET "));
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagram),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_bad_hint),
		cmocka_unit_test(test_binary_identity),
		cmocka_unit_test(test_longest_identity),
		cmocka_unit_test(test_unknown_identity),
		cmocka_unit_test(test_no_key_for_hint),
		cmocka_unit_test(test_wrong_key_datagram),
		cmocka_unit_test(test_wrong_key_waits),
		cmocka_unit_test(test_wrong_key_given_up),
		cmocka_unit_test(test_wrong_key_tls13),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_keylog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
