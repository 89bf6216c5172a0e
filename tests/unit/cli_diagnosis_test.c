/* SPDX-License-Identifier: BSD-2-Clause */
/* From an error to a sentence and an exit status: each row of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/job.h"
#include "cli/output/time_text.h"
#include "cli/session/diagnosis.h"
#include "cli/session/diagnosis_table.h"

/* A handshake that has begun, as a client over TLS. */
static struct facts
begun(int error)
{
	struct facts f = {
		.error = error,
		.begun = true,
		.scheme = "coaps+tcp",
		.identity = "dev1",
		.why = "what the library says",
	};

	f.tls.size = sizeof f.tls;
	f.tls.alert = -1;
	strcpy(f.tls.name, "h.example");
	return f;
}

static void
expect(const struct facts *f, int status, const char *cause, const char *advice)
{
	struct diagnosis d;

	diagnose(f, &d);
	if (!strstr(d.cause, cause) || !strstr(d.advice, advice) ||
	    d.status != status)
		fail_msg("%d: %s; %s", d.status, d.cause, d.advice);
	assert_null(strchr(d.cause, '{'));
	assert_null(strchr(d.advice, '{'));
}

/* --- errors -------------------------------------------------------------- */

static void
errors_alone(void **state)
{
	static const struct {
		int error;
		int status;
		const char *cause;
		const char *advice;
	} cases[] = {
		{ COAP_E_PSK_IDENTITY, 35, "does not know identity \"dev1\"",
		    "--psk-identity" },
		{ COAP_E_PSK_KEY, 35, "the keys of \"dev1\" differ",
		    "--psk-hex-file" },
		{ COAP_E_TLS_VERSION, 35, "no version", "DTLS 1.2" },
		{ COAP_E_TLS_CIPHER, 35, "no cipher suite",
		    "does the server want" },
		{ COAP_E_TLS_ALPN, 35, "server does not agree", "CoAP" },
		{ COAP_E_TLS_NO_ALPN, 35, "(ALPN)", "port 5684" },
		{ COAP_E_CERT_REQUIRED, 35, "server wants a certificate",
		    "--cert and --key" },
		{ COAP_E_NO_PEER_CERT, 60, "sent no certificate", "does it" },
		{ COAP_E_NAME_UNKNOWN, 35, "the name \"h.example\"", "--sni" },
		{ COAP_E_TLS_ALERT, 35, "what the library says", "-vvv" },
		{ COAP_E_WS_UPGRADE, 7, "what the library says", "101" },
		{ COAP_E_WS_PROTOCOL, 8, "what the library says",
		    "subprotocol coap" },
		{ COAP_E_WS_FRAME, 8, "what the library says", "CoAP" },
		{ COAP_E_CREDENTIALS, 3, "cannot be used: what the library",
		    "help" },
		{ COAP_E_NO_MODULE, 1, "what the library says", "libgnutls30" },
		{ COAP_E_REFUSED, 7, "nothing listens", "port" },
		{ COAP_E_UNREACH, 7, "no way there", "routes" },
		{ COAP_E_RETRIES, 28, "no acknowledgement", "firewall" },
		{ COAP_E_RST, 8, "Reset", "" },
		{ COAP_E_PEER_ABORT, 8, "Abort", "-vv" },
		{ COAP_E_PEER_RELEASE, 7, "Release", "no more" },
		{ COAP_E_NO_CSM, 28, "no CSM", "CoAP" },
		{ COAP_E_BAD_CSM, 8, "CSM is not valid", "CoAP" },
		{ COAP_E_TOOBIG, 2, "larger", "csm" },
		{ COAP_E_RESOLVE, 6, "does not resolve", "name" },
		{ COAP_E_CLOSED, 7, "closed", "open it" },
		{ COAP_E_NOMEM, 1, "out of memory", "" },
	};
	struct facts f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		f = begun(cases[i].error);
		expect(&f, cases[i].status, cases[i].cause, cases[i].advice);
	}
}

/* The same error means something else where a handshake stands. */
static void
errors_by_phase(void **state)
{
	struct facts f = begun(COAP_E_TIMEOUT);

	(void)state;
	expect(&f, 28, "connected, but nothing answered", "TLS");
	f.datagrams = true;
	expect(&f, 28, "nothing answered the handshake", "firewall");
	strcpy(f.tls.version, "DTLS 1.2");
	strcpy(f.tls.cipher, "TLS_PSK_WITH_AES_128_CCM_8");
	expect(&f, 35, "stopped halfway", "--mtu");
	f.tls.suspect_key = 1;
	expect(&f, 35, "the keys of \"dev1\" differ", "check the key");
	f.tls.established = 1;
	expect(&f, 28, "no answer came in time", "-T");
	f = begun(COAP_E_TIMEOUT);
	f.begun = false;
	expect(&f, 28, "no answer came in time", "-T");
	f.connecting = true;
	expect(&f, 28, "no connection came about", "firewall");

	f = begun(COAP_E_TLS);
	strcpy(f.tls.detail, "An unexpected packet.");
	expect(&f, 35, "does not speak TLS (An unexpected packet)",
	    "is it coap+tcp that");
	f.datagrams = true;
	expect(&f, 35, "did not end (An unexpected packet)", "-vvv");

	f = begun(COAP_E_PEER_ABORT);
	f.tls.established = 1;
	f.why = "the peer sent Abort: too long";
	expect(&f, 8, "the peer sent Abort: too long", "-vv");
	f.why = "the peer sent Abort";
	expect(&f, 8, "the peer sent Abort", "-vv");

	f = begun(COAP_E_PEER_CLOSED);
	expect(&f, 35, "server closed the connection in the handshake",
	    "or coap+tcp?");
	f.tls.established = 1;
	expect(&f, 7, "the peer closed the connection", "is it CoAP");
	f.talked = true;
	expect(&f, 7, "the peer closed the connection", "ended or restarted");
	f = begun(COAP_E_RESET);
	expect(&f, 35, "reset the connection in the handshake", "coap+tcp");
	f.begun = false;
	expect(&f, 7, "reset the connection", "TLS");
	f = begun(COAP_E_FORMAT);
	expect(&f, 35, "does not speak TLS", "coap+tcp");
	f.begun = false;
	expect(&f, 8, "no CoAP message", "CoAP");
	f.websocket = true;
	expect(&f, 8, "not with HTTP", "WebSocket");
}

static void
words_of_the_library(void **state)
{
	struct facts f = begun(COAP_E_WS_UPGRADE);

	(void)state;
	f.begun = false;
	f.why = "the upgrade was refused: HTTP status 404";
	expect(&f, 7, "HTTP status 404", "no /.well-known/coap");
	f.error = COAP_E_NO_MODULE;
	f.why = "libwebsockets.so.17: cannot open";
	expect(&f, 1, "libwebsockets.so.17", "libwebsockets17");
}

static void
as_a_server(void **state)
{
	struct facts f = begun(COAP_E_PSK_IDENTITY);

	(void)state;
	f.server = true;
	expect(&f, 35, "client says that it is \"dev1\"", "--psk-table");
	f.error = COAP_E_NO_PEER_CERT;
	expect(&f, 60, "the client sent no certificate", "");
}

/* --- alerts -------------------------------------------------------------- */

static void
every_alert(void **state)
{
	const struct alert_info *a;
	struct diagnosis d;
	struct facts f;
	char said[64];
	int before = 0;

	(void)state;
	for (a = alert_rows; a->name; a++) {
		assert_true(a->number > before && a->number < 256);
		before = a->number;
		f = begun(COAP_E_TLS_ALERT);
		f.tls.alert = a->number;
		snprintf(f.tls.alert_name, sizeof f.tls.alert_name, "%s",
		    a->name);
		snprintf(said, sizeof said,
		    "handshake failed: server sent alert %d (%s); ", a->number,
		    a->name);
		expect(&f, 35, said, "");
		diagnose(&f, &d);
		assert_true(*d.advice != '\0');
		assert_true(d.handshake);
	}
	f = begun(COAP_E_TLS_ALERT);
	f.tls.alert = 200;
	expect(&f, 35, "server sent alert 200 (not registered)", "-vvv");
}

static void
alerts_and_errors(void **state)
{
	struct facts f = begun(COAP_E_PSK_IDENTITY);

	(void)state;
	/* The library may have an error for it. */
	f.tls.alert = 115;
	strcpy(f.tls.alert_name, "unknown_psk_identity");
	expect(&f, 35,
	    "server sent alert 115 (unknown_psk_identity); it does not know "
	    "identity \"dev1\"",
	    "--psk-identity");
	/* With a key this is what TLS 1.3 says of a wrong one. */
	f.tls.alert = 47;
	expect(&f, 35, "alert 47 (", "check the key");
	f.identity = NULL;
	expect(&f, 35, "it found our handshake wrong", "");
	f = begun(COAP_E_PSK_IDENTITY);
	/* TLS 1.3: after the client's own end of the handshake. */
	f.error = COAP_E_CERT_REQUIRED;
	f.tls.alert = 116;
	strcpy(f.tls.alert_name, "certificate_required");
	f.tls.established = 1;
	expect(&f, 35, "server sent alert 116", "--cert");
	/* close_notify and an old one are no reason. */
	f.error = COAP_E_PEER_CLOSED;
	expect(&f, 7, "the peer closed", "");
	/* Ours is told, too. */
	f = begun(COAP_E_NOT_TRUSTED);
	f.tls.problems = COAPX_CERT_UNTRUSTED;
	f.tls.alert = 48;
	f.tls.alert_sent = 1;
	strcpy(f.tls.alert_name, "unknown_ca");
	expect(&f, 60, "(we sent alert 48 (unknown_ca))", "--ca");
}

/* --- certificates -------------------------------------------------------- */

static void
every_problem(void **state)
{
	static const struct {
		unsigned bit;
		const char *cause;
		const char *advice;
	} cases[] = {
		{ COAPX_CERT_NONE, "sent none", "" },
		{ COAPX_CERT_UNTRUSTED, "issuer is not trusted", "--ca" },
		{ COAPX_CERT_SELF_SIGNED, "signed by itself", "--ca" },
		{ COAPX_CERT_NAME,
		    "is for DNS:a.example, not for \"h.example\"", "--sni" },
		{ COAPX_CERT_EXPIRED, "expired on 2026-01-31T00:00:00Z",
		    "clock" },
		{ COAPX_CERT_NOT_YET, "only from 2025-01-31T00:00:00Z",
		    "clock" },
		{ COAPX_CERT_REVOKED, "revoked", "new one" },
		{ COAPX_CERT_WEAK, "too weak", "" },
		{ COAPX_CERT_SIGNATURE, "signature", "forged" },
		{ COAPX_CERT_PURPOSE, "another use", "" },
		{ COAPX_CERT_UNKNOWN_KEY, "raw public key", "--peer-rpk" },
		{ COAPX_CERT_CALLBACK, "said no", "" },
		{ COAPX_CERT_OTHER, "cannot be used", "-vvv" },
	};
	struct facts f = begun(COAP_E_NOT_TRUSTED);
	unsigned all = 0;

	(void)state;
	f.cert.size = sizeof f.cert;
	strcpy(f.cert.san, "DNS:a.example");
	f.cert.not_before = 1738281600;
	f.cert.not_after = 1769817600;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		f.tls.problems = cases[i].bit;
		expect(&f, 60, cases[i].cause, cases[i].advice);
		all |= cases[i].bit;
	}
	assert_int_equal(all, 2 * COAPX_CERT_OTHER - 1);
	f.tls.problems = 0;
	expect(&f, 60, "is not trusted", "-vvv");
}

static void
several_problems(void **state)
{
	struct facts f = begun(COAP_E_NOT_TRUSTED);
	struct diagnosis d;

	(void)state;
	f.tls.problems = COAPX_CERT_UNTRUSTED | COAPX_CERT_NAME;
	expect(&f, 60, "issuer is not trusted; it is for another name", "--ca");
	f.tls.problems = COAPX_CERT_UNTRUSTED | COAPX_CERT_SELF_SIGNED;
	diagnose(&f, &d);
	assert_non_null(strstr(d.cause, "signed by itself"));
	assert_null(strstr(d.cause, "issuer"));
	f.cert.size = sizeof f.cert;
	strcpy(f.cert.subject, "CN=old");
	f.tls.problems = COAPX_CERT_NAME;
	expect(&f, 60, "is for CN=old, not for", "--sni");
}

/* --- words --------------------------------------------------------------- */

static void
trust(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	char buf[PROBLEMS_SIZE];

	(void)state;
	assert_null(trust_text(&info, buf));
	info.established = 1;
	assert_string_equal(trust_text(&info, buf),
	    "the peer was not asked who it is");
	info.auth = COAPX_AUTH_PSK;
	assert_string_equal(trust_text(&info, buf), "pre-shared key");
	info.auth = COAPX_AUTH_PKI;
	assert_string_equal(trust_text(&info, buf), "not checked (--insecure)");
	info.checked = info.trusted = 1;
	assert_string_equal(trust_text(&info, buf), "trusted");
	info.auth = COAPX_AUTH_RPK;
	assert_string_equal(trust_text(&info, buf), "raw public key");
	info.trusted = 0;
	info.problems = 2 * COAPX_CERT_OTHER - 1;
	assert_int_equal(strncmp(trust_text(&info, buf), "not trusted: ", 13),
	    0);
	assert_true(strlen(buf) < PROBLEMS_SIZE);
}

static void
dates(void **state)
{
	char buf[DATE_SIZE];

	(void)state;
	assert_string_equal(date_text(0, buf), "1970-01-01T00:00:00Z");
	assert_string_equal(date_text(253402300799, buf),
	    "9999-12-31T23:59:59Z");
	date_text(INT64_MAX, buf);
}

/* What explain shows has no holes, and each status is one of ours. */
static void
for_explain(void **state)
{
	const struct alert_info *a;
	struct diagnosis d;
	size_t n = 0;

	(void)state;
	for (; diagnosis_at(n, &d); n++) {
		assert_true(*d.cause != '\0');
		assert_null(strchr(d.cause, '{'));
		assert_null(strchr(d.advice, '{'));
		assert_true(d.status > 0);
	}
	assert_true(n > 40);
	for (n = 0, a = alert_at(0, &d); a; a = alert_at(++n, &d))
		assert_null(strchr(d.cause, '{'));
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_alone),
		cmocka_unit_test(errors_by_phase),
		cmocka_unit_test(words_of_the_library),
		cmocka_unit_test(as_a_server),
		cmocka_unit_test(every_alert),
		cmocka_unit_test(alerts_and_errors),
		cmocka_unit_test(every_problem),
		cmocka_unit_test(several_problems),
		cmocka_unit_test(trust),
		cmocka_unit_test(dates),
		cmocka_unit_test(for_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
