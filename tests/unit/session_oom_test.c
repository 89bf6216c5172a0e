/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Every allocation of ours may fail: an error, nothing lost, nothing leaked."
 * On each protocol the n-th allocation of both sides fails, for every n, and
 * then every allocation from the n-th on.
 */
#include "session_keys.h"
#include "session_ledger.h"
#include "skip.h"

#include <stdlib.h>
#include <unistd.h>

#define MANY 2000

/* Whether the n-th allocation was reached: then no other fails, or all do. */
static bool
has_failed(size_t n, int forever)
{
	size_t tries = forever ? 1 : n;
	bool failed = false;
	void *p;

	while (tries-- > 0 && !failed) {
		p = coap_malloc_type(COAP_STRING, 1);
		failed = !p;
		coap_free_type(COAP_STRING, p);
	}
	return failed == (forever != 0);
}

static coap_proto_t proto;
static int pki;
static int seen_error; /* of any side, the first */

static void
hook(coap_session_t *session, const char *line)
{
	int err = coapx_session_error(session, NULL, 0);

	ledger_line(session, line);
	if (!seen_error && err != -COAP_E_CLOSED &&
	    strncmp(line, "SESSION_", 8) == 0)
		seen_error = err; /* else it is the end that was asked for */
}

/* --- one exchange --------------------------------------------------------- */

static void
send_one(coap_session_t *s, char token)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, s);

	if (!pdu)
		return;
	if (!coap_add_token(pdu, 1, (const uint8_t *)&token) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)"x")) {
		coap_delete_pdu(pdu);
		return;
	}
	if (coap_send(s, pdu) != COAP_INVALID_MID)
		ledger_taken(token);
	else if (session_is_open(s))
		assert_int_equal(coapx_session_error(s, NULL, 0),
		    -COAP_E_NOMEM);
}

static void
exchange(size_t n, int forever)
{
	coap_session_t *s;

	mem_fail_at(n, forever);
	s = session_keys_session(proto);
	if (!s) {
		seen_error = coapx_context_error(w.client, NULL, 0);
		return;
	}
	send_one(s, 'a');
	world_advance(1000);
	send_one(s, 'b');
	world_advance(400000);
	coap_session_release(s);
	world_advance(400000);
}

/* The errors that may be seen: out of memory, where it happened; what it looks
 * like to the other side. */
static void
check_error(const char *what)
{
	const int good[] = { 0, -COAP_E_NOMEM, -COAP_E_PEER_CLOSED,
		-COAP_E_RESET, -COAP_E_PEER_ABORT, -COAP_E_PEER_RELEASE,
		-COAP_E_TIMEOUT, -COAP_E_RETRIES, -COAP_E_TLS_ALERT,
		-COAP_E_CLOSED, -COAP_E_RST, -COAP_E_REFUSED,
		/* A handshake over datagrams came to a stand: one was lost,
		 * and the library's clock, which is not ours, stood still. */
		proto == COAP_PROTO_DTLS ? -COAP_E_TLS : 0,
		proto == COAP_PROTO_DTLS && !pki ? -COAP_E_PSK_KEY : 0 };
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		if (seen_error == good[i])
			return;
	print_error("%s: %s\n", what, coapx_strerror(-seen_error));
	fail();
}

/* False: no allocation failed. */
static bool
exchange_with(void **state, size_t n, int forever)
{
	char what[80];
	bool failed;

	snprintf(what, sizeof what, "%s, %zu%s", coapx_proto_name(proto), n,
	    forever ? " and all that follow" : "");
	world_down(state);
	world_up(state);
	session_keys_up(pki, KEYS_GOOD);
	ledger_begin();
	seen_error = 0;
	w.hook = hook;
	exchange(n, forever);
	failed = has_failed(n, forever);
	mem_fail_at(0, 0);
	coap_free_context(w.client);
	coap_free_context(w.server);
	w.client = w.server = NULL;
	w.hook = NULL;
	ledger_check(what);
	check_error(what);
	if (!failed)
		assert_string_equal(world_count("C 2.05 a") &&
			    world_count("C 2.05 b")
			? "both answered"
			: w.log,
		    "both answered");
	return failed;
}

static void
exchanges(void **state, coap_proto_t p, bool with_pki)
{
	int forever;
	size_t n;

	proto = p;
	pki = with_pki;
	world_all_protocols();
	if (!w.endpoint[p])
		skip_because("not in this build: %s", coapx_proto_name(p));
	for (forever = 0; forever <= 1; forever++) {
		for (n = 1; exchange_with(state, n, forever); n++)
			assert_true(n < MANY);
		print_message("%s: %zu allocations\n", coapx_proto_name(p),
		    n - 1);
		assert_true(n > 10);
	}
}

#define EXCHANGE(name, proto, pki)            \
	static void name(void **state)        \
	{                                     \
		exchanges(state, proto, pki); \
	}
EXCHANGE(udp, COAP_PROTO_UDP, false)
EXCHANGE(dtls, COAP_PROTO_DTLS, false)
EXCHANGE(tcp, COAP_PROTO_TCP, false)
EXCHANGE(tls, COAP_PROTO_TLS, false)
EXCHANGE(ws, COAP_PROTO_WS, false)
EXCHANGE(wss, COAP_PROTO_WSS, false)
EXCHANGE(dtls_pki, COAP_PROTO_DTLS, true)
EXCHANGE(tls_pki, COAP_PROTO_TLS, true)

/* --- one call ------------------------------------------------------------- */

static bool
call_psk(void)
{
	return coap_context_set_psk(w.server, "hint", (const uint8_t *)"key",
		   3) == 1;
}

static bool
call_pki(void)
{
	coap_dtls_pki_t p = { .verify_peer_cert = 1,
		.client_sni = (char[]){ "a.example" } };

	session_keys_pki(&p, PKI_SERVER);
	return coap_context_set_pki(w.server, &p) == 1;
}

static char folder[] = "/tmp/session_oom_XXXXXX";
static char ca_file[64];

static bool
call_roots(void)
{
	return coap_context_set_pki_root_cas(w.server, ca_file, NULL) == 1;
}

static bool
call_endpoint(void)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_dtls_spsk_t psk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.psk_info = { { 1, (const uint8_t *)"h" },
		    { 1, (const uint8_t *)"k" } },
	};
	coapx_credentials_t c = { .size = sizeof c, .server_psk = &psk };
	coapx_listen_params_t params = { .size = sizeof params,
		.address = &any,
		.proto = COAP_PROTO_DTLS,
		.credentials = &c };
	int err = 0;
	coap_endpoint_t *ep = coapx_endpoint_open(w.server, &params, &err);

	if (!ep)
		assert_int_equal(err, -COAP_E_NOMEM);
	coap_free_endpoint(ep);
	return ep != NULL;
}

static bool
call_host(void)
{
	coap_str_const_t host = { 9, (const uint8_t *)"a.example" };
	coap_session_t *s;
	bool ok;

	s = coap_new_client_session(w.server, NULL, &w.tcp_address,
	    COAP_PROTO_WS);
	ok = s && coap_ws_set_host_request(s, &host) == 1;
	if (s && !ok)
		coap_session_release(s);
	/* The only one that has no error to ask for. */
	if (!ok)
		context_fail(w.server, -COAP_E_NOMEM, "host");
	return ok;
}

static bool
call_session(void)
{
	coap_dtls_pki_t p = { .verify_peer_cert = 1,
		.client_sni = (char[]){ "a.example" } };
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.client_sni = (char[]){ "a.example" },
		.psk_info = { { 1, (const uint8_t *)"h" },
		    { 1, (const uint8_t *)"k" } },
	};
	coapx_credentials_t c = { .size = sizeof c,
		.client_psk = &psk,
		.pki = &p,
		.server_name = "b.example" };
	coapx_open_params_t params = { .size = sizeof params,
		.uri = "coaps+ws://127.0.0.1:9",
		.credentials = &c };
	coap_session_t *s;
	int err = 0;

	session_keys_pki(&p, PKI_CLIENT);
	s = coapx_session_open(w.server, &params, &err);
	if (!s)
		assert_int_equal(err, -COAP_E_NOMEM);
	coap_session_release(s);
	return s != NULL;
}

static const struct {
	bool (*call)(void);
	/* Allocations that it can do without: datagrams one by one; a way to a
	 * transport that fails later, and says so. */
	unsigned spare;
} calls[] = {
	{ call_psk, 0 },
	{ call_pki, 0 },
	{ call_roots, 0 },
	{ call_endpoint, 1 },
	{ call_host, 1 },
	{ call_session, 1 },
};

/* With the n-th allocation failing: false when there was none. */
static bool
call_fails(void **state, bool (*call)(void), size_t n, unsigned *spared)
{
	bool failed;

	world_down(state);
	world_up(state);
	session_keys_up(true, KEYS_GOOD);
	mem_fail_at(n, 0);
	if (call()) {
		failed = has_failed(n, 0);
		*spared += failed;
	} else {
		failed = true;
		assert_int_equal(coapx_context_error(w.server, NULL, 0),
		    -COAP_E_NOMEM);
	}
	mem_fail_at(0, 0);
	if (failed)
		assert_true(call());
	return failed;
}

/* The call says no, and why; and another one is good. */
static void
single_calls(void **state)
{
	unsigned spared;
	size_t i, n;

	if (!coap_dtls_psk_is_supported())
		skip_because("not in this build: TLS");
	session_keys_up(true, KEYS_GOOD);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(tls_pki_write(keys.certificates, folder), 0);
	snprintf(ca_file, sizeof ca_file, "%s/ca.pem", folder);
	for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		spared = 0;
		for (n = 1; call_fails(state, calls[i].call, n, &spared); n++)
			assert_true(n < MANY);
		assert_true(n > 2);
		assert_int_equal(spared, calls[i].spare);
	}
	tls_pki_remove(folder);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(udp),
		T(dtls),
		T(tcp),
		T(tls),
		T(ws),
		T(wss),
		T(dtls_pki),
		T(tls_pki),
		T(single_calls),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
