/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a session: coming back, loss, cookies, long messages, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>

#include "base/alloc.h"
#include "tls_support.h"

#define NO_CERT (-1)
#define MIB     ((size_t)1024 * 1024)

static struct tls_pki pki;

static int
setup(void **state)
{
	(void)state;
	return tls_pki_new(&pki);
}

static int
teardown(void **state)
{
	(void)state;
	tls_pki_free(&pki);
	return 0;
}

/* Contexts of a client with a certificate and a server that asks for it. */
struct world {
	struct tls_pair pair;
	struct tls_ctx *client;
	struct tls_ctx *server;
	size_t before;
};

static void
world_init(struct world *w, bool datagram, int client, bool psk)
{
	struct tls_conf conf;

	w->before = mem_outstanding();
	tls_pair_init(&w->pair, datagram);
	w->pair.name = "device.example";
	conf = psk ? tls_conf_psk(false, datagram)
		   : tls_conf_pki(false, datagram, &pki, client);
	w->client = tls_ctx_of(&conf);
	conf = psk ? tls_conf_psk(true, datagram)
		   : tls_conf_pki(true, datagram, &pki, PKI_SERVER);
	conf.ask = client >= 0 ? TLS_ASK_REQUIRED : TLS_ASK_NOTHING;
	w->server = tls_ctx_of(&conf);
}

static void
world_run(struct world *w)
{
	tls_pair_open(&w->pair, w->client, w->server);
	tls_pair_run_untimed(&w->pair);
}

/* Sessions go; what the client may come back with stays. */
static void
world_end_session(struct world *w)
{
	uint8_t *resume = w->pair.client.resume;
	size_t len = w->pair.client.resume_len;

	w->pair.client.resume = NULL;
	tls_pair_close(&w->pair);
	w->pair.client.resume = resume;
	w->pair.client.resume_len = len;
	w->pair.client.verified = w->pair.server.verified = 0;
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
resume(bool datagram)
{
	struct world w;

	world_init(&w, datagram, PKI_CLIENT, false);
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_false(tls_info_of(&w.pair.client).resumed);
	assert_int_equal(w.pair.client.resumables, 1);
	world_end_session(&w);

	world_run(&w);
	tls_pair_check(&w.pair);
	assert_true(tls_info_of(&w.pair.client).resumed);
	assert_true(tls_info_of(&w.pair.server).resumed);
	/* Both have looked at the other's certificate again. */
	assert_int_equal(w.pair.client.verified, 1);
	assert_int_equal(w.pair.server.verified, 1);
	assert_int_equal(w.pair.server.peer_len,
	    pki.pair[PKI_CLIENT].cert_der.len);
	assert_int_equal(w.pair.client.peer_len,
	    pki.pair[PKI_SERVER].cert_der.len);
	world_end_session(&w);

	/* And may say no. */
	w.pair.server.verify_err = -COAP_E_NOT_TRUSTED;
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_NOT_TRUSTED);
	world_end_session(&w);
	w.pair.server.verify_err = 0;
	w.pair.client.verify_err = -COAP_E_NOT_TRUSTED;
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_NOT_TRUSTED);
	world_free(&w);
}

static void
test_resume(void **state)
{
	(void)state;
	resume(true);
	resume(false);
}

/* What a client cannot come back with makes a whole handshake. */
static void
test_resume_in_vain(void **state)
{
	struct world w;
	uint8_t *data;
	size_t i;

	(void)state;
	world_init(&w, true, PKI_CLIENT, false);
	world_run(&w);
	world_end_session(&w);
	data = w.pair.client.resume;
	/* Another library's, cut, and changed in many places. */
	data[0] ^= 1;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_false(tls_info_of(&w.pair.client).resumed);
	world_free(&w);

	world_init(&w, true, PKI_CLIENT, false);
	world_run(&w);
	world_end_session(&w);
	w.pair.client.resume_len /= 2;
	world_run(&w);
	tls_pair_check(&w.pair);
	world_free(&w);

	for (i = 4; i < 200; i += 7) {
		world_init(&w, true, PKI_CLIENT, false);
		world_run(&w);
		world_end_session(&w);
		w.pair.client.resume[i] ^= 0x55;
		world_run(&w);
		world_free(&w);
	}
}

/* Another server, or another context of it, knows nothing of the session. */
static void
test_resume_elsewhere(void **state)
{
	struct world w, other;

	(void)state;
	world_init(&w, true, PKI_CLIENT, false);
	world_run(&w);
	world_init(&other, true, PKI_CLIENT, false);
	other.pair.client.resume = w.pair.client.resume;
	other.pair.client.resume_len = w.pair.client.resume_len;
	w.pair.client.resume = NULL;
	world_run(&other);
	tls_pair_check(&other.pair);
	assert_false(tls_info_of(&other.pair.client).resumed);
	tls_pair_close(&other.pair);
	tls_be->ctx_free(other.client);
	tls_be->ctx_free(other.server);
	world_free(&w);
}

/* A server keeps sessions within bounds: the first ones go. */
static void
test_cache_is_bounded(void **state)
{
	size_t kept = 0, i, first_len;
	struct world w;
	uint8_t *first;

	(void)state;
	world_init(&w, true, NO_CERT, false);
	world_run(&w);
	world_end_session(&w);
	first = w.pair.client.resume;
	first_len = w.pair.client.resume_len;
	for (i = 0; i < 1100; i++) {
		w.pair.client.resume = NULL;
		w.pair.client.resume_len = 0;
		world_run(&w);
		assert_int_equal(w.pair.client.result, 0);
		tls_pair_close(&w.pair);
		if (mem_outstanding() > kept)
			kept = mem_outstanding();
	}
	assert_true(kept - w.before <= 1030);
	assert_true(kept - w.before >= 1000);
	w.pair.client.resume = first;
	w.pair.client.resume_len = first_len;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_false(tls_info_of(&w.pair.client).resumed);
	world_free(&w);
}

/* A shared key is not gone around by coming back. */
static void
test_no_resume_with_psk(void **state)
{
	int datagram;
	struct world w;

	(void)state;
	for (datagram = 0; datagram < 2; datagram++) {
		world_init(&w, datagram != 0, NO_CERT, true);
		world_run(&w);
		tls_pair_check(&w.pair);
		assert_int_equal(w.pair.client.resumables, 0);
		world_free(&w);
	}
}

/* Not even by a client that keeps the session by itself. */
static void
resume_by_force(bool datagram, const char *suites)
{
	gnutls_datum_t data;
	struct world w;
	int i;

	world_init(&w, datagram, NO_CERT, true);
	for (i = 0; i < 2; i++) {
		w.pair.server.seen_identity_len = 0;
		tls_pair_open(&w.pair, w.client, w.server);
		if (suites)
			assert_int_equal(gnutls_priority_set_direct(
					     tls_be->native(w.pair.client.sess),
					     suites, NULL),
			    0);
		if (i == 1)
			assert_int_equal(gnutls_session_set_data(tls_be->native(
								     w.pair
									 .client
									 .sess),
					     data.data, data.size),
			    0);
		tls_pair_run_untimed(&w.pair);
		tls_pair_check(&w.pair);
		assert_false(tls_info_of(&w.pair.server).resumed);
		assert_int_equal(w.pair.server.seen_identity_len, 6);
		if (i == 0)
			assert_int_equal(gnutls_session_get_data2(
					     tls_be->native(w.pair.client.sess),
					     &data),
			    0);
		tls_pair_close(&w.pair);
	}
	gnutls_free(data.data);
	world_free(&w);
}

static void
test_no_resume_by_force(void **state)
{
	(void)state;
	resume_by_force(true, NULL);
	resume_by_force(false, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK");
}

/* Each datagram of a handshake is lost once, of one side or of the other. */
static void
lose_each(int client, bool psk)
{
	unsigned up, down, n, i;
	struct world w;

	world_init(&w, true, client, psk);
	world_run(&w);
	tls_pair_check(&w.pair);
	up = w.pair.up.total;
	down = w.pair.down.total;
	world_free(&w);
	for (i = 0; i < up + down; i++) {
		world_init(&w, true, client, psk);
		n = i < up ? i : i - up;
		(i < up ? &w.pair.up : &w.pair.down)->drop = (int)n;
		tls_pair_open(&w.pair, w.client, w.server);
		tls_pair_run(&w.pair);
		/* The check's own messages are not lost. */
		w.pair.up.drop = w.pair.down.drop = -1;
		tls_pair_check(&w.pair);
		world_free(&w);
	}
}

static void
test_loss(void **state)
{
	(void)state;
	lose_each(NO_CERT, true);
	lose_each(NO_CERT, false);
	lose_each(PKI_CLIENT, false);
}

static void
mtu(unsigned bytes)
{
	struct world w;
	uint8_t data[2048];
	unsigned most;

	memset(data, 'd', sizeof(data));
	world_init(&w, true, PKI_CLIENT, false);
	w.pair.mtu = bytes;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_true(w.pair.up.longest <= bytes);
	assert_true(w.pair.down.longest <= bytes);
	most = tls_info_of(&w.pair.client).data_mtu;
	assert_int_equal(most, bytes - tls_info_of(&w.pair.client).overhead);
	tls_pair_send(&w.pair.client, &w.pair.server, data, most);
	assert_int_equal(w.pair.up.longest, bytes);
	assert_int_equal(tls_be->write(w.pair.client.sess, data, most + 1),
	    -COAP_E_TOOBIG);
	/* That is not the end. */
	tls_pair_send(&w.pair.client, &w.pair.server, data, most);
	assert_int_equal(tls_be->set_mtu(w.pair.client.sess, bytes + 10), 0);
	tls_pair_send(&w.pair.client, &w.pair.server, data, most + 10);
	assert_int_equal(tls_be->set_mtu(w.pair.client.sess, 10),
	    -COAP_E_INVAL);
	world_free(&w);
}

static void
test_mtu(void **state)
{
	(void)state;
	mtu(1280);
	mtu(512);
	mtu(256);
}

/* Several records may come in one datagram. */
static void
test_records_in_a_datagram(void **state)
{
	uint8_t joined[256], got[64];
	struct tls_piece *pieces;
	struct world w;
	size_t len;

	(void)state;
	world_init(&w, true, NO_CERT, true);
	world_run(&w);
	assert_int_equal(tls_be->write(w.pair.client.sess, "one", 3), 0);
	assert_int_equal(tls_be->write(w.pair.client.sess, "second", 6), 0);
	pieces = w.pair.up.pieces;
	assert_int_equal(w.pair.up.n, 2);
	len = pieces[0].len;
	memcpy(joined, pieces[0].data, len);
	memcpy(joined + len, pieces[1].data, pieces[1].len);
	len += pieces[1].len;
	tls_queue_clear(&w.pair.up);
	tls_queue_put(&w.pair.up, joined, len);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)), 3);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)), 6);
	assert_memory_equal(got, "second", 6);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_AGAIN);
	assert_false(tls_be->pending(w.pair.server.sess));
	world_free(&w);
}

/* A message that does not fit is lost, and the next one is not. */
static void
test_short_buffer(void **state)
{
	struct world w;
	uint8_t got[8];

	(void)state;
	world_init(&w, true, NO_CERT, true);
	world_run(&w);
	assert_int_equal(tls_be->write(w.pair.client.sess, "too long", 8), 0);
	assert_int_equal(tls_be->write(w.pair.client.sess, "ok", 2), 0);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, 7),
	    -COAP_E_TOOBIG);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, 7), 2);
	world_free(&w);
}

/* What is forged, changed or repeated is dropped without a word. */
static void
test_bad_datagrams(void **state)
{
	struct tls_piece copy;
	struct world w;
	uint8_t got[64];
	unsigned i;

	(void)state;
	world_init(&w, true, NO_CERT, true);
	world_run(&w);
	assert_int_equal(tls_be->write(w.pair.client.sess, "hello", 5), 0);
	copy = w.pair.up.pieces[0];
	w.pair.up.n = 0;
	for (i = 0; i < copy.len; i++) {
		copy.data[i] ^= 0x10;
		tls_queue_put(&w.pair.up, copy.data, copy.len);
		tls_queue_put(&w.pair.up, copy.data, i);
		copy.data[i] ^= 0x10;
	}
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_AGAIN);
	assert_int_equal(w.pair.up.n, 0);
	tls_queue_put(&w.pair.up, copy.data, copy.len);
	tls_queue_put(&w.pair.up, copy.data, copy.len);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)), 5);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_AGAIN);
	assert_int_equal(w.pair.down.n, 0);
	free(copy.data);
	tls_pair_check(&w.pair);
	world_free(&w);
}

/* A stream takes what is longer than any record. */
static void
test_long_message(void **state)
{
	uint8_t *data = malloc(MIB), *got = malloc(MIB);
	size_t i, at = 0;
	struct world w;
	ssize_t n;

	(void)state;
	assert_non_null(data);
	assert_non_null(got);
	for (i = 0; i < MIB; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	world_init(&w, false, NO_CERT, true);
	world_run(&w);
	w.pair.up.longest = 0;
	assert_int_equal(tls_be->write(w.pair.client.sess, data, MIB), 0);
	assert_in_range(w.pair.up.longest, 16384, 16384 + 256);
	while (at < MIB) {
		n = tls_be->read(w.pair.server.sess, got + at, MIB - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	assert_memory_equal(data, got, MIB);
	world_free(&w);
	free(data);
	free(got);
}

/* A reader with little room finds the rest without the transport. */
static void
test_pending(void **state)
{
	struct world w;
	uint8_t got[4];

	(void)state;
	world_init(&w, false, NO_CERT, true);
	tls_pair_open(&w.pair, w.client, w.server);
	assert_false(tls_be->pending(w.pair.server.sess));
	tls_pair_run_untimed(&w.pair);
	assert_int_equal(tls_be->write(w.pair.client.sess, "12345678", 8), 0);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, 4), 4);
	assert_true(tls_be->pending(w.pair.server.sess));
	assert_int_equal(w.pair.up.n, 0);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, 4), 4);
	assert_false(tls_be->pending(w.pair.server.sess));
	world_free(&w);
}

static void
closing(bool datagram)
{
	struct world w;
	uint8_t got[8];

	world_init(&w, datagram, NO_CERT, true);
	world_run(&w);
	tls_be->close(w.pair.client.sess, 0);
	tls_be->close(w.pair.client.sess, 0);
	assert_int_equal(w.pair.up.n, 1);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)), 0);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)), 0);
	world_free(&w);

	/* With an alert. */
	world_init(&w, datagram, NO_CERT, true);
	world_run(&w);
	tls_be->close(w.pair.client.sess, 80);
	assert_int_equal(tls_info_of(&w.pair.client).alert, 80);
	assert_true(tls_info_of(&w.pair.client).alert_sent);
	assert_int_equal(tls_be->read(w.pair.client.sess, got, sizeof(got)),
	    -COAP_E_CLOSED);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_TLS_ALERT);
	assert_int_equal(tls_info_of(&w.pair.server).alert, 80);
	assert_string_equal(tls_info_of(&w.pair.server).alert_name,
	    "internal_error");
	world_free(&w);
}

static void
test_close(void **state)
{
	(void)state;
	closing(true);
	closing(false);
}

/* A session that has not begun has nobody to say goodbye to. */
static void
test_close_early(void **state)
{
	struct world w;
	uint8_t got[8];

	(void)state;
	world_init(&w, true, NO_CERT, true);
	tls_pair_open(&w.pair, w.client, w.server);
	assert_int_equal(tls_be->timeout(w.pair.client.sess), 0);
	assert_int_equal(tls_be->write(w.pair.client.sess, "x", 1),
	    -COAP_E_STATE);
	assert_int_equal(tls_be->read(w.pair.client.sess, got, 8),
	    -COAP_E_STATE);
	tls_be->close(w.pair.client.sess, 0);
	assert_int_equal(w.pair.up.n, 0);
	/* In the middle of a handshake there is somebody. */
	assert_int_equal(tls_be->advance(w.pair.client.sess, false),
	    -COAP_E_AGAIN);
	assert_int_equal(w.pair.up.n, 1);
	tls_be->close(w.pair.client.sess, 0);
	assert_int_equal(w.pair.up.n, 2);
	tls_pair_run_untimed(&w.pair);
	assert_int_equal(w.pair.server.result, -COAP_E_PEER_CLOSED);
	world_free(&w);
}

/* A stream that ends without a goodbye. */
static void
test_stream_ends(void **state)
{
	struct world w;
	uint8_t got[8];

	(void)state;
	world_init(&w, false, NO_CERT, true);
	world_run(&w);
	w.pair.up.ended = true;
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_PEER_CLOSED);
	assert_int_equal(tls_info_of(&w.pair.server).alert, -1);
	world_free(&w);

	world_init(&w, false, NO_CERT, true);
	tls_pair_open(&w.pair, w.client, w.server);
	w.pair.up.ended = true;
	assert_int_equal(tls_be->advance(w.pair.server.sess, false),
	    -COAP_E_PEER_CLOSED);
	world_free(&w);
}

/* What the transport says is the session's end. */
static void
test_send_fails(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, NO_CERT, true);
	w.pair.up.fail = -COAP_E_UNREACH;
	tls_pair_open(&w.pair, w.client, w.server);
	assert_int_equal(tls_be->advance(w.pair.client.sess, false),
	    -COAP_E_UNREACH);
	world_free(&w);

	world_init(&w, false, NO_CERT, true);
	world_run(&w);
	w.pair.up.fail = -COAP_E_RESET;
	assert_int_equal(tls_be->write(w.pair.client.sess, "x", 1),
	    -COAP_E_RESET);
	assert_int_equal(tls_be->write(w.pair.client.sess, "x", 1),
	    -COAP_E_RESET);
	world_free(&w);
}

/* Each allocation of ours fails once, wherever it is: nothing is left, and what
 * fails says so. */
static void
no_memory(bool datagram, bool psk)
{
	struct tls_sess_params params;
	size_t n, kept;
	struct world w;
	int ret;

	for (n = 1; n < 20; n++) {
		world_init(&w, datagram, psk ? NO_CERT : PKI_CLIENT, psk);
		memset(&params, 0, sizeof(params));
		params.io = &tls_io_queue;
		params.host = &tls_host_all;
		params.io_user = params.host_user = &w.pair.server;
		kept = mem_outstanding();
		mem_fail_at(n, 0);
		ret = tls_be->sess_new(w.server, &params, &w.pair.server.sess);
		if (ret != 0) {
			assert_int_equal(ret, -COAP_E_NOMEM);
			assert_int_equal(mem_outstanding(), kept);
			assert_null(w.pair.server.sess);
		} else {
			params.io_user = params.host_user = &w.pair.client;
			params.name = w.pair.name;
			ret = tls_be->sess_new(w.client, &params,
			    &w.pair.client.sess);
		}
		w.pair.client.result = w.pair.server.result = -COAP_E_AGAIN;
		if (ret == 0) {
			/* What a session could be resumed with is a favour. */
			tls_pair_run_untimed(&w.pair);
			mem_fail_at(0, 0);
			tls_pair_check(&w.pair);
		}
		mem_fail_at(0, 0);
		world_free(&w);
	}
}

static void
test_no_memory(void **state)
{
	(void)state;
	no_memory(true, false);
	no_memory(false, false);
	no_memory(true, true);
}

/* Something else than TLS. */
static void
test_garbage(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct world w;

	(void)state;
	world_init(&w, false, NO_CERT, true);
	tls_pair_open(&w.pair, w.client, w.server);
	tls_queue_put(&w.pair.up, http, sizeof(http) - 1);
	assert_int_equal(tls_be->advance(w.pair.server.sess, false),
	    -COAP_E_TLS);
	assert_string_not_equal(tls_info_of(&w.pair.server).error, "");
	world_free(&w);
}

/* A key that is wrong shows in TLS 1.2 as a record that cannot be read. */
static void
test_wrong_key_tls12(void **state)
{
	static const char only[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK";
	struct world w;

	(void)state;
	world_init(&w, false, NO_CERT, true);
	w.pair.server.key = "another";
	tls_pair_open(&w.pair, w.client, w.server);
	assert_int_equal(gnutls_priority_set_direct(tls_be->native(
							w.pair.client.sess),
			     only, NULL),
	    0);
	tls_pair_run_untimed(&w.pair);
	assert_int_equal(w.pair.server.result, -COAP_E_PSK_KEY);
	assert_int_equal(w.pair.client.result, -COAP_E_PSK_KEY);
	assert_int_equal(tls_info_of(&w.pair.client).alert, 20);
	world_free(&w);
}

/* A peer that wants to begin anew is told no, and the session goes on. */
static void
test_renegotiation(void **state)
{
	gnutls_session_t client;
	struct world w;
	uint8_t got[8];

	(void)state;
	world_init(&w, true, NO_CERT, true);
	world_run(&w);
	client = tls_be->native(w.pair.client.sess);
	assert_int_equal(gnutls_handshake(client), GNUTLS_E_AGAIN);
	assert_int_equal(tls_be->read(w.pair.server.sess, got, sizeof(got)),
	    -COAP_E_AGAIN);
	assert_int_equal(gnutls_handshake(client),
	    GNUTLS_E_WARNING_ALERT_RECEIVED);
	assert_int_equal(gnutls_alert_get(client), GNUTLS_A_NO_RENEGOTIATION);
	world_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_resume_in_vain),
		cmocka_unit_test(test_resume_elsewhere),
		cmocka_unit_test(test_cache_is_bounded),
		cmocka_unit_test(test_no_resume_with_psk),
		cmocka_unit_test(test_no_resume_by_force),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_records_in_a_datagram),
		cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_bad_datagrams),
		cmocka_unit_test(test_long_message),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_close_early),
		cmocka_unit_test(test_stream_ends),
		cmocka_unit_test(test_send_fails),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_wrong_key_tls12),
		cmocka_unit_test(test_renegotiation),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
