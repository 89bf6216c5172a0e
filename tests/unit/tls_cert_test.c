/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and raw public keys, good ones and each kind of bad one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>

#include "base/alloc.h"
#include "tls_support.h"

#define NO_CERT (-1)

static struct tls_pki pki;

struct world {
	struct tls_pair pair;
	struct tls_conf conf[2]; /* client, server */
	struct tls_ctx *client;
	struct tls_ctx *server;
	size_t before;
};

/* A server with the certificate of that name; a client that trusts PKI_CA and
 * wants device.example. */
static void
world_init(struct world *w, bool datagram, int server, int client)
{
	w->before = mem_outstanding();
	tls_pair_init(&w->pair, datagram);
	w->pair.name = "device.example";
	w->conf[0] = tls_conf_pki(false, datagram, &pki, client);
	w->conf[1] = tls_conf_pki(true, datagram, &pki, server);
}

static void
world_open(struct world *w)
{
	w->client = tls_ctx_of(&w->conf[0]);
	w->server = tls_ctx_of(&w->conf[1]);
	tls_pair_open(&w->pair, w->client, w->server);
}

static void
world_run(struct world *w)
{
	world_open(w);
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

static void
good(bool datagram, int name, const char *suite)
{
	const struct tls_pki_bytes *der = &pki.pair[name].cert_der;
	struct tls_bytes got;
	struct world w;
	bool rpk = true;

	world_init(&w, datagram, name, NO_CERT);
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_string_equal(tls_info_of(&w.pair.client).cipher, suite);
	assert_false(tls_info_of(&w.pair.client).psk);
	assert_int_equal(w.pair.client.problems, 0);
	assert_int_equal(w.pair.client.verified, 1);
	assert_int_equal(w.pair.server.verified, 0);
	assert_string_equal(w.pair.server.asked, "device.example");
	assert_int_equal(w.pair.server.names, 1);
	assert_int_equal(tls_be->peer_cert(w.pair.client.sess, 0, &got, &rpk),
	    0);
	assert_false(rpk);
	assert_int_equal(got.len, der->len);
	assert_memory_equal(got.data, der->data, got.len);
	assert_int_equal(tls_be->peer_cert(w.pair.client.sess, 1, &got, &rpk),
	    -COAP_E_NOTFOUND);
	assert_int_equal(tls_be->peer_cert(w.pair.server.sess, 0, &got, &rpk),
	    -COAP_E_NOTFOUND);
	world_free(&w);
}

static void
test_good(void **state)
{
	(void)state;
	good(true, PKI_SERVER, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
	good(true, PKI_SERVER_RSA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
	good(false, PKI_SERVER, "TLS_AES_128_GCM_SHA256");
	good(false, PKI_SERVER_RSA, "TLS_AES_128_GCM_SHA256");
}

/* Each problem is found, stops the handshake with the alert that fits, and can
 * be allowed. */
static void
problem(bool datagram, int server, unsigned problems, int alert)
{
	struct tls_info info;
	struct world w;

	world_init(&w, datagram, server, NO_CERT);
	if (server == PKI_REVOKED)
		w.conf[0].crl = tls_memory(&pki.crl);
	world_run(&w);
	assert_int_equal(w.pair.client.problems, problems);
	assert_int_equal(w.pair.client.result, -COAP_E_NOT_TRUSTED);
	info = tls_info_of(&w.pair.client);
	assert_true(info.alert_sent);
	assert_int_equal(info.alert, alert);
	assert_int_equal(w.pair.server.result, -COAP_E_TLS_ALERT);
	assert_int_equal(tls_info_of(&w.pair.server).alert, alert);
	assert_false(tls_info_of(&w.pair.client).suspect_key);
	/* What it showed can still be seen. */
	assert_int_equal(w.pair.client.chain_len, 1);
	world_free(&w);

	world_init(&w, datagram, server, NO_CERT);
	if (server == PKI_REVOKED)
		w.conf[0].crl = tls_memory(&pki.crl);
	w.pair.client.trusting = true;
	world_run(&w);
	assert_int_equal(w.pair.client.problems, problems);
	tls_pair_check(&w.pair);
	world_free(&w);
}

static void
test_problems(void **state)
{
	static const struct {
		int server;
		unsigned problems;
		int alert;
	} rows[] = {
		{ PKI_EXPIRED, COAPX_CERT_EXPIRED, 45 },
		{ PKI_NOT_YET, COAPX_CERT_NOT_YET, 45 },
		{ PKI_OTHER_NAME, COAPX_CERT_NAME, 42 },
		{ PKI_SELF_SIGNED,
		    COAPX_CERT_SELF_SIGNED | COAPX_CERT_UNTRUSTED, 48 },
		{ PKI_STRANGER, COAPX_CERT_UNTRUSTED, 48 },
		{ PKI_REVOKED, COAPX_CERT_REVOKED, 44 },
		{ PKI_WEAK, COAPX_CERT_WEAK, 42 },
		{ PKI_PURPOSE, COAPX_CERT_PURPOSE, 43 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n",
		    tls_pki_text((enum tls_pki_name)rows[i].server));
		problem(true, rows[i].server, rows[i].problems, rows[i].alert);
	}
}

/* A revocation list may stand behind its CA, as OpenSSL has it. */
static void
test_list_of_ca(void **state)
{
	const struct tls_pki_bytes *ca = &pki.pair[PKI_CA].cert_pem;
	struct tls_ctx *ctx = NULL;
	uint8_t both[4096];
	struct tls_conf conf;
	char why[128];
	struct world w;

	(void)state;
	assert_true(ca->len + pki.crl.len <= sizeof(both));
	memcpy(both, ca->data, ca->len);
	memcpy(both + ca->len, pki.crl.data, pki.crl.len);
	world_init(&w, true, PKI_REVOKED, NO_CERT);
	w.conf[0].ca.bytes.data = both;
	w.conf[0].ca.bytes.len = ca->len + pki.crl.len;
	world_run(&w);
	assert_int_equal(w.pair.client.problems, COAPX_CERT_REVOKED);
	world_free(&w);
	/* A list that is damaged is not left out silently. */
	both[ca->len + 60] = '!';
	conf = tls_conf_pki(false, true, &pki, NO_CERT);
	conf.ca.bytes.data = both;
	conf.ca.bytes.len = ca->len + pki.crl.len;
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_string_equal(why, "the CA: a revocation list in it is bad");
}

/* The same over TLS 1.3, where a client is done before the server knows. */
static void
test_problems_stream(void **state)
{
	(void)state;
	problem(false, PKI_EXPIRED, COAPX_CERT_EXPIRED, 45);
	problem(false, PKI_STRANGER, COAPX_CERT_UNTRUSTED, 48);
}

/* Several at once are all told. */
static void
test_all_problems(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, PKI_EXPIRED, NO_CERT);
	w.conf[0].ca = tls_memory(&pki.pair[PKI_OTHER_CA].cert_pem);
	w.pair.name = "nobody.example";
	world_run(&w);
	assert_int_equal(w.pair.client.problems,
	    COAPX_CERT_EXPIRED | COAPX_CERT_UNTRUSTED | COAPX_CERT_NAME);
	world_free(&w);
}

static void
test_nobody_is_trusted(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, PKI_SERVER, NO_CERT);
	w.conf[0].ca.kind = TLS_SOURCE_NONE;
	world_run(&w);
	assert_int_equal(w.pair.client.problems, COAPX_CERT_UNTRUSTED);
	world_free(&w);
}

/* A callback's error is the handshake's. */
static void
test_error_of_verify(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, PKI_SERVER, NO_CERT);
	w.pair.client.verify_err = -COAP_E_CANCELLED;
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_CANCELLED);
	assert_int_equal(tls_info_of(&w.pair.client).alert, 42);
	world_free(&w);
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		const char *asked; /* what the server sees */
		bool good;
	} rows[] = {
		{ "localhost", "localhost", true },
		{ "LocalHost", "LocalHost", true },
		{ "device.example.", "device.example", true },
		{ "127.0.0.1", "", true },
		{ "127.0.0.2", "", false },
		{ "::1", "", true },
		{ "::1%lo", "", true },
		{ "::2", "", false },
		{ "example", "example", false },
		{ "a.device.example", "a.device.example", false },
		{ NULL, "", true },
	};
	struct world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name ? rows[i].name : "none");
		world_init(&w, true, PKI_SERVER, NO_CERT);
		w.pair.name = rows[i].name;
		world_run(&w);
		assert_string_equal(w.pair.server.asked, rows[i].asked);
		assert_int_equal(w.pair.server.asked_none,
		    rows[i].asked[0] == '\0');
		assert_int_equal(w.pair.client.problems,
		    rows[i].good ? 0 : COAPX_CERT_NAME);
		world_free(&w);
	}
}

static void
test_bad_names(void **state)
{
	struct tls_conf conf = tls_conf_pki(false, true, &pki, NO_CERT);
	struct tls_ctx *ctx = tls_ctx_of(&conf);
	char name[TLS_NAME_MAX + 2];
	struct tls_sess_params params;
	struct tls_sess *s = NULL;
	struct tls_end end;

	(void)state;
	memset(&end, 0, sizeof(end));
	memset(&params, 0, sizeof(params));
	memset(name, 'n', sizeof(name));
	name[TLS_NAME_MAX + 1] = '\0';
	params.name = name;
	params.io = &tls_io_queue;
	params.host = &tls_host_all;
	params.io_user = params.host_user = &end;
	assert_int_equal(tls_be->sess_new(ctx, &params, &s), -COAP_E_INVAL);
	assert_null(s);
	/* Nothing would be left of it to check. */
	params.name = ".";
	assert_int_equal(tls_be->sess_new(ctx, &params, &s), -COAP_E_INVAL);
	assert_null(s);
	tls_be->ctx_free(ctx);
}

static void
client_cert(bool datagram)
{
	struct world w;

	world_init(&w, datagram, PKI_SERVER, PKI_CLIENT);
	w.conf[1].ask = TLS_ASK_REQUIRED;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_int_equal(w.pair.server.verified, 1);
	assert_int_equal(w.pair.server.problems, 0);
	assert_int_equal(w.pair.server.peer_len,
	    pki.pair[PKI_CLIENT].cert_der.len);
	world_free(&w);

	/* One that the server does not know is shown all the same. */
	world_init(&w, datagram, PKI_SERVER, PKI_STRANGER);
	w.conf[1].ask = TLS_ASK_CERT;
	world_run(&w);
	assert_int_equal(w.pair.server.problems, COAPX_CERT_UNTRUSTED);
	assert_int_equal(w.pair.server.result, -COAP_E_NOT_TRUSTED);
	world_free(&w);

	/* None. */
	world_init(&w, datagram, PKI_SERVER, NO_CERT);
	w.conf[1].ask = TLS_ASK_CERT;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_int_equal(w.pair.server.verified, 0);
	world_free(&w);
}

static void
test_client_cert(void **state)
{
	(void)state;
	client_cert(true);
	client_cert(false);
}

static void
test_client_cert_missing(void **state)
{
	uint8_t byte;
	struct world w;

	(void)state;
	world_init(&w, true, PKI_SERVER, NO_CERT);
	w.conf[1].ask = TLS_ASK_REQUIRED;
	w.pair.server.verify_err = -COAP_E_NO_PEER_CERT;
	world_run(&w);
	assert_int_equal(w.pair.server.problems, COAPX_CERT_NONE);
	assert_int_equal(w.pair.server.result, -COAP_E_NO_PEER_CERT);
	assert_int_equal(tls_info_of(&w.pair.server).alert, 40);
	assert_int_equal(w.pair.client.result, -COAP_E_CERT_REQUIRED);
	world_free(&w);

	/* Even if the owner would let it in. */
	world_init(&w, true, PKI_SERVER, NO_CERT);
	w.conf[1].ask = TLS_ASK_REQUIRED;
	w.pair.server.trusting = true;
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_NO_PEER_CERT);
	world_free(&w);

	/* In TLS 1.3 a client is done before the server has seen it. */
	world_init(&w, false, PKI_SERVER, NO_CERT);
	w.conf[1].ask = TLS_ASK_REQUIRED;
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_NOT_TRUSTED);
	assert_int_equal(tls_info_of(&w.pair.server).alert, 116);
	assert_int_equal(w.pair.client.result, 0);
	assert_int_equal(tls_be->read(w.pair.client.sess, &byte, 1),
	    -COAP_E_CERT_REQUIRED);
	assert_string_equal(tls_info_of(&w.pair.client).alert_name,
	    "certificate_required");
	world_free(&w);
}

/* The client shows a raw public key, too. */
static void
rpk(bool datagram, bool mutual, bool told)
{
	const struct tls_pki_pair *server = &pki.pair[PKI_RPK_SERVER];
	const struct tls_pki_pair *client = &pki.pair[PKI_RPK_CLIENT];
	struct tls_bytes der;
	struct world w;
	bool is_rpk = false;

	world_init(&w, datagram, NO_CERT, NO_CERT);
	w.conf[0].pki = w.conf[1].pki = false;
	w.conf[0].rpk = w.conf[1].rpk = true;
	w.conf[1].key = tls_memory(&server->key_pem);
	if (told)
		w.conf[1].cert = tls_memory(&server->cert_der);
	if (mutual) {
		w.conf[0].key = tls_memory(&client->key_der);
		w.conf[1].ask = TLS_ASK_REQUIRED;
	}
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_true(w.pair.client.rpk);
	assert_int_equal(w.pair.client.problems, 0);
	assert_int_equal(w.pair.client.peer_len, server->cert_der.len);
	assert_memory_equal(w.pair.client.peer, server->cert_der.data,
	    w.pair.client.peer_len);
	assert_int_equal(tls_be->peer_cert(w.pair.client.sess, 0, &der,
			     &is_rpk),
	    0);
	assert_true(is_rpk);
	assert_int_equal(w.pair.server.verified, mutual);
	if (mutual) {
		assert_true(w.pair.server.rpk);
		assert_int_equal(w.pair.server.peer_len, client->cert_der.len);
		assert_memory_equal(w.pair.server.peer, client->cert_der.data,
		    w.pair.server.peer_len);
	}
	if (datagram)
		assert_string_equal(tls_info_of(&w.pair.client).cipher,
		    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8");
	world_free(&w);
}

static void
test_rpk(void **state)
{
	(void)state;
	rpk(true, true, false);
	rpk(true, false, true);
	rpk(false, true, true);
	rpk(false, false, false);
}

/* A key that is not the one expected is the owner's to refuse. */
static void
test_rpk_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, true, NO_CERT, NO_CERT);
	w.conf[0].pki = w.conf[1].pki = false;
	w.conf[0].rpk = w.conf[1].rpk = true;
	w.conf[1].key = tls_memory(&pki.pair[PKI_RPK_SERVER].key_pem);
	w.pair.client.verify_err = -COAP_E_NOT_TRUSTED;
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_NOT_TRUSTED);
	assert_int_equal(w.pair.server.result, -COAP_E_TLS_ALERT);
	world_free(&w);
}

/* One server for clients with a shared key, a raw public key, a certificate. */
static void
test_one_server_for_all(void **state)
{
	struct tls_conf conf = tls_conf_pki(true, true, &pki, PKI_SERVER);
	struct tls_ctx *server, *client;
	struct tls_conf clients[2];
	struct tls_pair p;
	size_t i;

	(void)state;
	conf.psk = true;
	conf.ask = TLS_ASK_CERT;
	server = tls_ctx_of(&conf);
	clients[0] = tls_conf_psk(false, true);
	clients[1] = tls_conf_pki(false, true, &pki, PKI_CLIENT);
	for (i = 0; i < 2; i++) {
		client = tls_ctx_of(&clients[i]);
		tls_pair_init(&p, true);
		tls_pair_open(&p, client, server);
		tls_pair_run_untimed(&p);
		tls_pair_check(&p);
		assert_int_equal(tls_info_of(&p.server).psk, i == 0);
		tls_pair_close(&p);
		tls_be->ctx_free(client);
	}
	tls_be->ctx_free(server);
}

/* A client that has a shared key only. */
static void
no_suite(bool datagram)
{
	struct tls_info info;
	struct world w;

	world_init(&w, datagram, PKI_SERVER, NO_CERT);
	w.conf[0] = tls_conf_psk(false, datagram);
	world_run(&w);
	assert_int_equal(w.pair.client.result, -COAP_E_TLS_CIPHER);
	info = tls_info_of(&w.pair.client);
	assert_string_equal(info.alert_name, "handshake_failure");
	assert_string_equal(info.cipher, "");
	assert_false(info.suspect_key);
	assert_int_equal(info.alert_sent, !datagram);
	/* In TLS 1.3 it is the client who cannot go on. */
	assert_int_equal(w.pair.server.result,
	    datagram ? -COAP_E_TLS_CIPHER : -COAP_E_TLS_ALERT);
	world_free(&w);
}

static void
test_no_suite(void **state)
{
	(void)state;
	no_suite(true);
	no_suite(false);
}

static void
test_no_version(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, false, PKI_SERVER, NO_CERT);
	world_open(&w);
	assert_int_equal(gnutls_priority_set_direct(tls_be->native(
							w.pair.client.sess),
			     "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL),
	    0);
	tls_pair_run_untimed(&w.pair);
	assert_int_equal(w.pair.server.result, -COAP_E_TLS_VERSION);
	assert_int_equal(w.pair.client.result, -COAP_E_TLS_VERSION);
	assert_int_equal(tls_info_of(&w.pair.client).alert, 70);
	world_free(&w);
}

/* A server that is contacted by the name of one of its devices. */
static void
by_name(bool datagram)
{
	struct tls_conf other =
	    tls_conf_pki(true, datagram, &pki, PKI_OTHER_NAME);
	size_t before = mem_outstanding();
	struct tls_ctx *ctx = tls_ctx_of(&other);
	struct world w;

	world_init(&w, datagram, PKI_SERVER, NO_CERT);
	w.pair.server.want_name = w.pair.name = "other.example";
	w.pair.server.name_ctx = ctx;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_int_equal(w.pair.client.problems, 0);
	assert_int_equal(w.pair.client.peer_len,
	    pki.pair[PKI_OTHER_NAME].cert_der.len);
	/* The session is kept with the name. */
	tls_pair_close(&w.pair);
	tls_be->ctx_free(w.client);
	tls_be->ctx_free(w.server);

	/* The other names have the first context. */
	world_init(&w, datagram, PKI_SERVER, NO_CERT);
	w.pair.server.want_name = "other.example";
	w.pair.server.name_ctx = ctx;
	world_run(&w);
	tls_pair_check(&w.pair);
	world_free(&w);

	/* Or none. */
	world_init(&w, datagram, PKI_SERVER, NO_CERT);
	w.pair.server.name_err = -COAP_E_NAME_UNKNOWN;
	world_run(&w);
	assert_int_equal(w.pair.server.result, -COAP_E_NAME_UNKNOWN);
	assert_int_equal(w.pair.client.result, -COAP_E_NAME_UNKNOWN);
	assert_string_equal(tls_info_of(&w.pair.client).alert_name,
	    "unrecognized_name");
	world_free(&w);
	tls_be->ctx_free(ctx);
	assert_int_equal(mem_outstanding(), before);
}

static void
test_names_of_a_server(void **state)
{
	(void)state;
	by_name(true);
	by_name(false);
}

/* The context of a name may have another kind of credentials, and a hint. */
static void
test_name_with_hint(void **state)
{
	struct tls_conf other = tls_conf_psk(true, true);
	struct tls_ctx *ctx;
	struct world w;

	(void)state;
	other.hint.data = (const uint8_t *)"lamp";
	other.hint.len = 4;
	ctx = tls_ctx_of(&other);
	world_init(&w, true, PKI_SERVER, NO_CERT);
	w.conf[0] = tls_conf_psk(false, true);
	w.pair.server.want_name = w.pair.name;
	w.pair.server.name_ctx = ctx;
	world_run(&w);
	tls_pair_check(&w.pair);
	assert_string_equal(w.pair.client.hint, "lamp");
	world_free(&w);
	tls_be->ctx_free(ctx);
}

static void
alpn(const char *client, const char *server, int result, const char *agreed)
{
	struct world w;

	world_init(&w, false, PKI_SERVER, NO_CERT);
	w.conf[0].alpn = client;
	w.conf[1].alpn = server;
	world_run(&w);
	assert_int_equal(w.pair.server.result, result);
	if (result == 0)
		tls_pair_check(&w.pair);
	assert_string_equal(tls_info_of(&w.pair.server).alpn, agreed);
	assert_string_equal(tls_info_of(&w.pair.client).alpn, agreed);
	if (result != 0) {
		assert_int_equal(w.pair.client.result, result);
		assert_int_equal(tls_info_of(&w.pair.client).alert, 120);
	}
	world_free(&w);
}

static void
test_alpn(void **state)
{
	(void)state;
	alpn("coap", "coap", 0, "coap");
	alpn("h2", "coap", -COAP_E_TLS_ALPN, "");
	/* RFC 8323 section 8.2: a peer may leave it out. */
	alpn(NULL, "coap", 0, "");
	alpn("coap", NULL, 0, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_list_of_ca),
		cmocka_unit_test(test_problems_stream),
		cmocka_unit_test(test_all_problems),
		cmocka_unit_test(test_nobody_is_trusted),
		cmocka_unit_test(test_error_of_verify),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_client_cert),
		cmocka_unit_test(test_client_cert_missing),
		cmocka_unit_test(test_rpk),
		cmocka_unit_test(test_rpk_refused),
		cmocka_unit_test(test_one_server_for_all),
		cmocka_unit_test(test_no_suite),
		cmocka_unit_test(test_no_version),
		cmocka_unit_test(test_names_of_a_server),
		cmocka_unit_test(test_name_with_hint),
		cmocka_unit_test(test_alpn),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
