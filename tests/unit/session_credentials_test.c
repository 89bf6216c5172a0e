/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials: what the functions take and refuse, servers with several names,
 * credentials that change under sessions, what getters say of keys, the key
 * log, and that keys do not stay in memory.
 */
#include "session/secure/credentials.h"
#include "session/secure/secure.h"
#include "session_keys.h"
#include "skip.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static coap_bin_const_t
bytes(const char *text)
{
	return (coap_bin_const_t){ strlen(text), (const uint8_t *)text };
}

static const coap_proto_t secure[] = { COAP_PROTO_DTLS, COAP_PROTO_TLS,
	COAP_PROTO_WSS };

static void
skip_without(void)
{
	if (!coap_dtls_psk_is_supported())
		skip_because("not in this build: TLS");
}

static coap_session_t *
dial(coap_proto_t proto, const char *name, const char *identity,
    const char *key)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.client_sni = (char *)(uintptr_t)name,
		.psk_info = { bytes(identity), bytes(key) },
	};
	coap_session_t *s = coap_new_client_session_psk2(w.client, NULL,
	    world_address(proto), proto, &psk);

	assert_non_null(s);
	world_send(s, COAP_MESSAGE_CON, 'a');
	return s;
}

/* How a handshake ends: 0, or the session's error. */
static int
outcome(coap_session_t *s)
{
	WORLD_UNTIL(world_count("C 2.05 a") || world_count("C nack"));
	world_settle();
	return coapx_session_error(s, NULL, 0);
}

/* Over DTLS a wrong key is silence, until the time is over. */
static int
outcome_in_time(coap_session_t *s)
{
	world_advance(31000);
	return outcome(s);
}

/* --- what is taken -------------------------------------------------------- */

static void
refused_arguments(void **state)
{
	coap_dtls_cpsk_t cpsk = { .version = COAP_DTLS_CPSK_SETUP_VERSION };
	coap_dtls_spsk_t spsk = { .version = COAP_DTLS_SPSK_SETUP_VERSION };
	coap_dtls_pki_t pki = { .version = COAP_DTLS_PKI_SETUP_VERSION };
	const coap_address_t *to = &w.udp_address;
	static const uint8_t junk[200] = { 0 };

	(void)state;
	skip_without();
	assert_int_equal(coap_context_set_psk2(NULL, &spsk), 0);
	assert_int_equal(coap_context_set_psk2(w.server, NULL), 0);
	assert_int_equal(coap_context_set_pki(NULL, &pki), 0);
	assert_int_equal(coap_context_set_pki(w.server, NULL), 0);
	assert_int_equal(coap_context_set_pki_root_cas(NULL, "x", "y"), 0);
	assert_int_equal(coap_context_set_pki_root_cas(w.server, NULL, NULL),
	    0);
	assert_int_equal(coap_context_load_pki_trust_store(NULL), 0);
	assert_null(coap_new_client_session_psk2(NULL, NULL, to,
	    COAP_PROTO_DTLS, &cpsk));
	assert_null(coap_new_client_session_psk2(w.client, NULL, NULL,
	    COAP_PROTO_DTLS, &cpsk));
	assert_null(coap_new_client_session_psk2(w.client, NULL, to,
	    COAP_PROTO_DTLS, NULL));
	assert_null(coap_new_client_session_pki(w.client, NULL, to,
	    COAP_PROTO_DTLS, NULL));

	/* A version of the struct that is not known. */
	cpsk.version = spsk.version = pki.version = 99;
	assert_int_equal(coap_context_set_psk2(w.server, &spsk), 0);
	assert_int_equal(coapx_context_error(w.server, NULL, 0), -COAP_E_INVAL);
	assert_int_equal(coap_context_set_pki(w.server, &pki), 0);
	assert_int_equal(coapx_context_error(w.server, NULL, 0), -COAP_E_INVAL);
	assert_null(coap_new_client_session_psk2(w.client, NULL, to,
	    COAP_PROTO_DTLS, &cpsk));
	assert_int_equal(coapx_context_error(w.client, NULL, 0), -COAP_E_INVAL);
	assert_null(coap_new_client_session_pki(w.client, NULL, to,
	    COAP_PROTO_DTLS, &pki));
	assert_int_equal(coapx_context_error(w.client, NULL, 0), -COAP_E_INVAL);

	/* Too long (128 bytes are the limit). */
	cpsk.version = COAP_DTLS_CPSK_SETUP_VERSION;
	spsk.version = COAP_DTLS_SPSK_SETUP_VERSION;
	cpsk.psk_info.key = (coap_bin_const_t){ 129, junk };
	spsk.psk_info.key = (coap_bin_const_t){ 129, junk };
	assert_int_equal(coap_context_set_psk2(w.server, &spsk), 0);
	assert_null(coap_new_client_session_psk2(w.client, NULL, to,
	    COAP_PROTO_DTLS, &cpsk));
	assert_int_equal(coapx_context_error(w.client, NULL, 0), -COAP_E_INVAL);

	/* EC-JPAKE is another way to use a key than a pre-shared one. */
	cpsk.psk_info.key.length = spsk.psk_info.key.length = 1;
	cpsk.ec_jpake = spsk.ec_jpake = 1;
	assert_int_equal(coap_context_set_psk2(w.server, &spsk), 0);
	assert_int_equal(coapx_context_error(w.server, NULL, 0),
	    -COAP_E_NOTSUP);
	assert_null(coap_new_client_session_psk2(w.client, NULL, to,
	    COAP_PROTO_DTLS, &cpsk));
	assert_int_equal(coapx_context_error(w.client, NULL, 0),
	    -COAP_E_NOTSUP);
	assert_null(w.client->clients);
}

/* What cannot be used is said when it is given, with words. */
static void
useless_credentials(void **state)
{
	coap_dtls_pki_t pki = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.verify_peer_cert = 1,
		.pki_key.key_type = COAP_PKI_KEY_PEM,
		.pki_key.key.pem = { .ca_file = "/nonexistent/ca.pem" },
	};
	coap_address_t any = net_address("127.0.0.1", 0);
	char text[256];

	(void)state;
	skip_without();
	assert_null(coap_new_client_session_pki(w.client, NULL, &any,
	    COAP_PROTO_TLS, &pki));
	assert_true(coapx_context_error(w.client, text, sizeof text) < 0);
	assert_non_null(strstr(text, "/nonexistent/ca.pem"));
	assert_int_equal(coap_context_set_pki_root_cas(w.client,
			     "/nonexistent/roots.pem", NULL),
	    0);
	assert_true(coapx_context_error(w.client, text, sizeof text) < 0);
	assert_non_null(strstr(text, "/nonexistent/roots.pem"));
	/* A server has nothing to show by itself. */
	assert_null(coap_new_endpoint(w.server, &any, COAP_PROTO_DTLS));
	assert_int_equal(coapx_context_error(w.server, text, sizeof text),
	    -COAP_E_CREDENTIALS);
	assert_non_null(strstr(text, "a key or a certificate"));
	assert_int_equal(coap_context_set_psk(w.server, NULL,
			     (const uint8_t *)"k", 1),
	    1);
	assert_non_null(coap_new_endpoint(w.server, &any, COAP_PROTO_DTLS));
}

/* The old way to give them. */
static void
simple_psk(void **state)
{
	coap_session_t *s;
	size_t i;

	(void)state;
	skip_without();
	world_all_protocols();
	assert_int_equal(coap_context_set_psk(w.server, "old hint",
			     (const uint8_t *)"old key", 7),
	    1);
	for (i = 0; i < 3; i++) {
		if (!w.endpoint[secure[i]])
			continue;
		s = coap_new_client_session_psk(w.client, NULL,
		    world_address(secure[i]), secure[i], "me",
		    (const uint8_t *)"old key", 7);
		assert_non_null(s);
		world_send(s, COAP_MESSAGE_CON, 'a');
		assert_int_equal(outcome(s), 0);
		assert_memory_equal(coap_session_get_psk_identity(s)->s, "me",
		    2);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* --- names ---------------------------------------------------------------- */

static unsigned asked;
static char last_name[300];

/* Each name has a hint and a key of its own. */
static const coap_dtls_spsk_info_t *
on_name(const char *name, coap_session_t *session, void *arg)
{
	static coap_dtls_spsk_info_t info;
	static char hint[300];
	static char key[300];

	assert_ptr_equal(arg, &asked);
	assert_ptr_equal(coap_session_get_context(session), w.server);
	asked++;
	snprintf(last_name, sizeof last_name, "%s", name);
	if (strcmp(name, "unknown.example") == 0)
		return NULL;
	snprintf(hint, sizeof hint, "hint %.60s", name);
	snprintf(key, sizeof key, "key %.60s", name);
	info.hint = bytes(hint);
	info.key = bytes(key);
	return &info;
}

static void
serve_names(void)
{
	coap_dtls_spsk_t psk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_sni_call_back = on_name,
		.sni_call_back_arg = &asked,
		.psk_info = { bytes("the hint"), bytes("the key") },
	};

	world_all_protocols();
	assert_int_equal(coap_context_set_psk2(w.server, &psk), 1);
	asked = 0;
}

static void
names_have_keys(void **state)
{
	static const char *const names[] = { "a.example", "b.example" };
	coap_session_t *s;
	char text[80];
	size_t i, k;

	skip_without();
	for (i = 0; i < 3; i++) {
		if (!coapx_proto_is_supported(secure[i]))
			continue;
		world_down(state);
		world_up(state);
		serve_names();
		for (k = 0; k < 2; k++) {
			snprintf(text, sizeof text, "key %s", names[k]);
			s = dial(secure[i], names[k], "me", text);
			assert_int_equal(outcome(s), 0);
			assert_string_equal(last_name, names[k]);
			assert_int_equal(asked, k + 1);
			/* What this session uses, on both sides. */
			assert_memory_equal(coap_session_get_psk_key(w.last)->s,
			    text, strlen(text));
			snprintf(text, sizeof text, "hint %s", names[k]);
			assert_memory_equal(coap_session_get_psk_hint(w.last)
						->s,
			    text, strlen(text));
			if (secure[i] == COAP_PROTO_DTLS)
				assert_memory_equal(coap_session_get_psk_hint(s)
							->s,
				    text, strlen(text));
			coap_session_release(s);
			world_settle();
			world_forget();
		}
		/* The key of one name is not good for the other. */
		s = dial(secure[i], "a.example", "me", "key b.example");
		assert_int_equal(outcome_in_time(s), -COAP_E_PSK_KEY);
		assert_int_equal(asked, 2); /* it was known by then */
		coap_session_release(s);
		world_settle();
		world_forget();
		s = dial(secure[i], "unknown.example", "me", "key");
		assert_int_equal(outcome(s), -COAP_E_NAME_UNKNOWN);
		coap_session_release(s);
		world_settle();
		world_forget();
		/* One who asks for no name. */
		s = dial(secure[i], NULL, "me", "key ");
		assert_int_equal(outcome(s), 0);
		assert_string_equal(last_name, "");
		coap_session_release(s);
	}
}

/* Whoever asks for names does not fill our memory with them. */
static void
names_are_limited(void **state)
{
	const struct credentials *c;
	coap_session_t *first;
	coap_session_t *s;
	char name[40], key[60];
	unsigned i, n;

	(void)state;
	skip_without();
	serve_names();
	first =
	    dial(COAP_PROTO_DTLS, "name-0.example", "me", "key name-0.example");
	assert_int_equal(outcome(first), 0);
	for (i = 1; i < CREDENTIALS_NAMES_MAX + 8; i++) {
		world_settle();
		world_forget();
		snprintf(name, sizeof name, "name-%u.example", i);
		snprintf(key, sizeof key, "key %s", name);
		s = dial(COAP_PROTO_DTLS, name, "me", key);
		assert_int_equal(outcome(s), 0);
		coap_session_release(s);
	}
	for (n = 0, c = w.server->server_credentials->names; c; c = c->next)
		n++;
	assert_int_equal(n, CREDENTIALS_NAMES_MAX);
	/* The first was forgotten, but its session goes on. */
	world_forget();
	world_send(first, COAP_MESSAGE_CON, 'a');
	assert_int_equal(outcome(first), 0);
	asked = 0;
	world_forget();
	s = dial(COAP_PROTO_DTLS, "name-0.example", "me", "key name-0.example");
	assert_int_equal(outcome(s), 0);
	assert_int_equal(asked, 1);
	coap_session_release(s);
	coap_session_release(first);
}

/* --- certificates by name ------------------------------------------------- */

static coap_dtls_key_t *
on_pki_name(const char *name, void *arg)
{
	static coap_dtls_pki_t pki;

	assert_ptr_equal(arg, &asked);
	asked++;
	if (strcmp(name, "unknown.example") == 0)
		return NULL;
	session_keys_pki(&pki,
	    strcmp(name, "other.example") == 0 ? PKI_OTHER_NAME : PKI_SERVER);
	return &pki.pki_key;
}

static coap_session_t *
dial_pki(coap_proto_t proto, const char *name)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1,
		.client_sni = (char *)(uintptr_t)name };
	coap_session_t *s;

	session_keys_pki(&pki, PKI_CLIENT);
	s = coap_new_client_session_pki(w.client, NULL, world_address(proto),
	    proto, &pki);
	assert_non_null(s);
	world_send(s, COAP_MESSAGE_CON, 'a');
	return s;
}

static void
names_have_certificates(void **state)
{
	static const struct {
		const char *name;
		const char *common_name; /* NULL: refused */
	} cases[] = {
		{ "other.example", "other.example" },
		{ "device.example", "device.example" },
		{ "localhost", "device.example" },
		{ "unknown.example", NULL },
		{ "other.example", "other.example" },
	};
	coap_dtls_pki_t pki = { .validate_sni_call_back = on_pki_name,
		.sni_call_back_arg = &asked };
	coapx_cert_t cert = { .size = sizeof cert };
	coapx_tls_info_t info = { .size = sizeof info };
	coap_session_t *s;
	size_t i, k;

	skip_without();
	for (i = 0; i < 3; i++) {
		if (!coapx_proto_is_supported(secure[i]))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		asked = 0;
		session_keys_pki(&pki, PKI_SERVER);
		assert_int_equal(coap_context_set_pki(w.server, &pki), 1);
		for (k = 0; k < sizeof cases / sizeof cases[0]; k++) {
			s = dial_pki(secure[i], cases[k].name);
			assert_int_equal(outcome(s),
			    cases[k].common_name ? 0 : -COAP_E_NAME_UNKNOWN);
			assert_int_equal(coapx_session_get_tls_info(s, &info),
			    0);
			assert_string_equal(info.name, cases[k].name);
			if (cases[k].common_name) {
				assert_int_equal(coapx_session_get_peer_cert(s,
						     0, &cert),
				    0);
				assert_string_equal(cert.common_name,
				    cases[k].common_name);
			}
			coap_session_release(s);
			world_settle();
			world_forget();
		}
		assert_int_equal(asked, 4); /* known names are not asked for */
	}
}

/* Both kinds at one endpoint, as the client can. */
static void
both_kinds(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coap_dtls_pki_t pki = { .verify_peer_cert = 0 };
	coap_session_t *s;
	size_t i;

	(void)state;
	skip_without();
	world_all_protocols();
	session_keys_pki(&pki, PKI_SERVER);
	assert_int_equal(coap_context_set_pki(w.server, &pki), 1);
	for (i = 0; i < 3; i++) {
		if (!w.endpoint[secure[i]])
			continue;
		world_forget();
		s = dial(secure[i], NULL, WORLD_IDENTITY, WORLD_KEY);
		assert_int_equal(outcome(s), 0);
		assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
		assert_int_equal(info.auth, COAPX_AUTH_PSK);
		coap_session_release(s);
		world_settle();
		world_forget();
		s = dial_pki(secure[i], "localhost");
		assert_int_equal(outcome(s), 0);
		assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
		assert_int_equal(info.auth, COAPX_AUTH_PKI);
		coap_session_release(s);
		world_settle();
	}
}

/* A session with a key of its own does not take up the certificates of its
 * context: it would prove itself, and check its peer, in another way. */
static void
only_what_is_given(void **state)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 0 };
	coapx_credentials_t c = { .size = sizeof c, .pki = &pki };
	coapx_listen_params_t params = { .size = sizeof params,
		.credentials = &c };
	coap_dtls_cpsk_t psk = { .version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info = { bytes("me"), bytes(WORLD_KEY) } };
	coapx_tls_info_t info = { .size = sizeof info };
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_endpoint_t *endpoint;
	coap_session_t *s;
	size_t i;

	(void)state;
	skip_without();
	session_keys_pki(&pki, PKI_SERVER);
	params.address = &any;
	for (i = 0; i < 2; i++) {
		params.proto = secure[i];
		endpoint = coapx_endpoint_open(w.server, &params, NULL);
		assert_non_null(endpoint);
		assert_int_equal(coap_context_set_pki(w.client, &pki), 1);
		world_forget();
		s = coap_new_client_session_psk2(w.client, NULL,
		    coapx_endpoint_get_address(endpoint), secure[i], &psk);
		assert_non_null(s);
		world_send(s, COAP_MESSAGE_CON, 'a');
		assert_true(outcome(s) < 0);
		assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
		assert_int_equal(info.established, 0);
		coap_session_release(s);
	}
}

static void *set_up;
static int set_up_result;

static int
on_set_up(void *tls, coap_dtls_pki_t *pki)
{
	assert_null(pki->pki_key.key.pem_buf.private_key);
	set_up = tls;
	return set_up_result;
}

/* The application may change the library's handle, and refuse. */
static void
last_changes(void **state)
{
	coap_dtls_pki_t pki = { .additional_tls_setup_call_back = on_set_up };
	coap_session_t *s;
	size_t i;
	int ok;

	(void)state;
	skip_without();
	world_all_protocols();
	session_keys_pki(&pki, PKI_SERVER);
	assert_int_equal(coap_context_set_pki(w.server, &pki), 1);
	for (i = 0; i < 2; i++) {
		for (ok = 0; ok < 2; ok++) {
			set_up = NULL;
			set_up_result = ok;
			world_forget();
			pki.additional_tls_setup_call_back = on_set_up;
			s = coap_new_client_session_pki(w.client, NULL,
			    world_address(secure[i]), secure[i], &pki);
			assert_non_null(s);
			world_send(s, COAP_MESSAGE_CON, 'a');
			assert_int_equal(outcome(s),
			    ok ? 0 : -COAP_E_CREDENTIALS);
			assert_non_null(set_up);
			coap_session_release(s);
			world_settle();
		}
	}
}

/* "Only what is given counts": a session with a shared key does not show the
 * certificate of its context, nor take one for a proof. */
static void
psk_means_psk(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coapx_cert_t cert = { .size = sizeof cert };
	coap_dtls_pki_t pki = { .verify_peer_cert = 0 };
	coap_dtls_pki_t own = { .verify_peer_cert = 1 };
	coap_session_t *s;
	size_t i;

	(void)state;
	skip_without();
	world_all_protocols();
	session_keys_pki(&pki, PKI_SERVER);
	assert_int_equal(coap_context_set_pki(w.server, &pki), 1);
	session_keys_pki(&own, PKI_CLIENT);
	assert_int_equal(coap_context_set_pki(w.client, &own), 1);
	for (i = 0; i < 3; i++) {
		if (!w.endpoint[secure[i]])
			continue;
		world_forget();
		s = dial(secure[i], NULL, WORLD_IDENTITY, WORLD_KEY);
		assert_int_equal(outcome(s), 0);
		assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
		assert_int_equal(info.auth, COAPX_AUTH_PSK);
		assert_int_equal(coapx_session_get_peer_cert(w.last, 0, &cert),
		    -COAP_E_NOTFOUND);
		coap_session_release(s);
		world_settle();
		world_forget();
		/* And with a key that is wrong it does not help either. */
		s = dial(secure[i], NULL, WORLD_IDENTITY, "wrong");
		assert_int_equal(outcome_in_time(s), -COAP_E_PSK_KEY);
		coap_session_release(s);
		world_settle();
	}
}

/* --- credentials that change ---------------------------------------------- */

/* Sessions go on with what they began with; who comes afterwards needs the
 * new. */
static void
replaced_while_sessions_live(void **state)
{
	coap_session_t *s, *t, *u;
	size_t i;

	skip_without();
	for (i = 0; i < 3; i++) {
		if (!coapx_proto_is_supported(secure[i]))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		s = dial(secure[i], NULL, "me", WORLD_KEY);
		assert_int_equal(outcome(s), 0);
		world_forget();
		assert_int_equal(coap_context_set_psk(w.server, "new",
				     (const uint8_t *)"new key", 7),
		    1);
		world_send(s, COAP_MESSAGE_CON, 'a');
		assert_int_equal(outcome(s), 0);
		world_forget();
		t = dial(secure[i], NULL, "me", WORLD_KEY);
		assert_int_equal(outcome_in_time(t), -COAP_E_PSK_KEY);
		world_forget();
		u = dial(secure[i], NULL, "me", "new key");
		assert_int_equal(outcome(u), 0);
		assert_memory_equal(coap_session_get_psk_key(w.last)->s,
		    "new key", 7);
		/* Bad ones change nothing. */
		assert_int_equal(coap_context_set_psk(w.server, "x",
				     (const uint8_t *)"0123456789", 4000),
		    0);
		world_forget();
		world_send(u, COAP_MESSAGE_CON, 'a');
		assert_int_equal(outcome(u), 0);
		coap_session_release(u);
		world_settle();
		world_forget();
		u = dial(secure[i], NULL, "me", "new key");
		assert_int_equal(outcome(u), 0);
		coap_session_release(s);
		coap_session_release(t);
		coap_session_release(u);
		world_settle();
	}
}

/* --- getters -------------------------------------------------------------- */

static void
what_is_known_of_a_failure(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coap_session_t *s;
	size_t i;

	skip_without();
	for (i = 0; i < 3; i++) {
		if (!coapx_proto_is_supported(secure[i]))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		s = dial(secure[i], "me.example", "me", "another key");
		assert_int_equal(coapx_session_get_tls_info(s, &info),
		    -COAP_E_STATE);
		assert_int_equal(outcome_in_time(s), -COAP_E_PSK_KEY);
		assert_null(coap_session_get_tls(s, NULL));
		assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
		assert_int_equal(info.established, 0);
		assert_int_equal(info.trusted, 0);
		assert_int_equal(info.suspect_key, 1);
		assert_string_equal(info.name, "me.example");
		assert_true(strlen(info.library) > 0);
		if (secure[i] == COAP_PROTO_DTLS) {
			assert_string_equal(info.version, "DTLS 1.2");
			assert_int_equal(info.alert, -1);
			assert_memory_equal(coap_session_get_psk_hint(s)->s,
			    WORLD_HINT, strlen(WORLD_HINT));
		} else {
			assert_string_equal(info.alert_name, "decrypt_error");
			assert_int_equal(info.alert_sent, 0);
		}
		assert_memory_equal(coap_session_get_psk_identity(s)->s, "me",
		    2);
		coap_session_release(s);
		world_settle();
	}
}

static void
what_is_known_of_a_success(void **state)
{
	static const char *const versions[] = { "DTLS 1.2", "TLS 1.3",
		"TLS 1.3" };
	static const char *const alpns[] = { "", "coap", "http/1.1" };
	coapx_tls_info_t info = { .size = sizeof info };
	coap_session_t *s;
	int round;
	size_t i;

	(void)state;
	skip_without();
	world_all_protocols();
	for (i = 0; i < 3; i++) {
		if (!w.endpoint[secure[i]])
			continue;
		world_forget();
		s = dial(secure[i], NULL, "me", WORLD_KEY);
		assert_int_equal(outcome(s), 0);
		/* The same once it is over. */
		for (round = 0; round < 2; round++) {
			memset(&info, 0, sizeof info);
			info.size = sizeof info;
			assert_int_equal(coapx_session_get_tls_info(s, &info),
			    0);
			assert_string_equal(info.version, versions[i]);
			assert_string_equal(info.alpn, alpns[i]);
			assert_true(strlen(info.cipher) > 8);
			assert_int_equal(info.auth, COAPX_AUTH_PSK);
			assert_true(
			    info.established && info.checked && info.trusted);
			assert_int_equal(info.problems, 0);
			assert_int_equal(info.suspect_key, 0);
			coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
		}
		coap_session_release(s);
		world_settle();
	}
}

/* A program that was built with a shorter struct gets what it knows. */
static void
shorter_struct(void **state)
{
	struct {
		coapx_tls_info_t info;
		char after[16];
	} room;
	coap_session_t *s;

	(void)state;
	skip_without();
	world_all_protocols();
	s = dial(COAP_PROTO_DTLS, NULL, "me", WORLD_KEY);
	assert_int_equal(outcome(s), 0);
	memset(&room, 0x55, sizeof room);
	room.info.size = offsetof(coapx_tls_info_t, cipher);
	assert_int_equal(coapx_session_get_tls_info(s, &room.info), 0);
	assert_string_equal(room.info.version, "DTLS 1.2");
	assert_int_equal(room.info.cipher[0], 0x55);
	assert_int_equal(room.info.size, offsetof(coapx_tls_info_t, cipher));
	coap_session_release(s);
}

/* --- the key log ---------------------------------------------------------- */

static char keylog[] = "/tmp/session_keylog_XXXXXX";

static size_t
keylog_lines(const char *begin)
{
	FILE *f = fopen(keylog, "r");
	char line[1024];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		assert_int_equal(line[strlen(line) - 1], '\n');
		n += strncmp(line, begin, strlen(begin)) == 0;
	}
	fclose(f);
	return n;
}

static void
key_log(void **state)
{
	coap_session_t *s;
	struct stat st;
	size_t lines;
	int fd;

	(void)state;
	skip_without();
	world_all_protocols();
	fd = mkstemp(keylog);
	assert_true(fd >= 0);
	close(fd);
	unlink(keylog);
	assert_int_equal(coapx_context_set_keylog(NULL, keylog), -COAP_E_INVAL);
	assert_true(coapx_context_set_keylog(w.client, "/nonexistent/log") < 0);
	assert_int_equal(coapx_context_set_keylog(w.client, keylog), 0);
	/* It holds secrets. */
	assert_int_equal(stat(keylog, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = dial(COAP_PROTO_DTLS, NULL, "me", WORLD_KEY);
	assert_int_equal(outcome(s), 0);
	coap_session_release(s);
	assert_int_equal(keylog_lines("CLIENT_RANDOM "), 1);
	world_forget();
	s = dial(COAP_PROTO_TLS, NULL, "me", WORLD_KEY);
	assert_int_equal(outcome(s), 0);
	coap_session_release(s);
	assert_int_equal(keylog_lines("CLIENT_TRAFFIC_SECRET_0 "), 1);
	assert_int_equal(keylog_lines("SERVER_TRAFFIC_SECRET_0 "), 1);
	lines = keylog_lines("");
	assert_int_equal(coapx_context_set_keylog(w.client, NULL), 0);
	world_forget();
	s = dial(COAP_PROTO_TLS, NULL, "me", WORLD_KEY);
	assert_int_equal(outcome(s), 0);
	coap_session_release(s);
	assert_int_equal(keylog_lines(""), lines);
	unlink(keylog);
}

/* --- secrets -------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
#define HEAP_IS_KNOWN 0
#else
#define HEAP_IS_KNOWN 1
#endif

/* How often the bytes of mask ^ 0x5a are in the heap; they are nowhere else in
 * this program. */
static unsigned
found_in_heap(const uint8_t *mask, size_t len)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	const uint8_t *p;
	char line[512];
	unsigned n = 0;
	size_t i;

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (!strstr(line, "[heap]") ||
		    sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		for (p = (const uint8_t *)from; p + len <= (uint8_t *)to; p++) {
			for (i = 0; i < len && p[i] == (mask[i] ^ 0x5a); i++)
				;
			n += i == len;
		}
	}
	fclose(f);
	return n;
}

static void
secrets_are_wiped(void **state)
{
	static const uint8_t mask[16] = { 0x11, 0x92, 0x33, 0xa4, 0x55, 0x16,
		0x77, 0xe8, 0x29, 0x3a, 0xbb, 0x0c, 0x1d, 0xce, 0x6f, 0x70 };
	coap_session_t *s;
	char key[17];
	size_t i, p;

	if (!HEAP_IS_KNOWN)
		skip_because("freed memory cannot be looked at here");
	skip_without();
	for (p = 0; p < 3; p++) {
		if (!coapx_proto_is_supported(secure[p]))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		for (i = 0; i < 16; i++)
			key[i] = (char)(mask[i] ^ 0x5a);
		key[16] = '\0';
		assert_int_equal(coap_context_set_psk(w.server, NULL,
				     (const uint8_t *)key, 16),
		    1);
		s = dial(secure[p], NULL, "me", key);
		assert_int_equal(outcome(s), 0);
		assert_true(found_in_heap(mask, 16) >= 4);
		coap_session_release(s);
		world_settle();
		assert_int_equal(coap_context_set_psk(w.server, NULL,
				     (const uint8_t *)"x", 1),
		    1);
		coap_free_context(w.client);
		coap_free_context(w.server);
		w.client = w.server = NULL;
		explicit_bzero(key, sizeof key);
		assert_int_equal(found_in_heap(mask, 16), 0);
	}
}

static int
group_up(void **state)
{
	(void)state;
	keys.certificates = calloc(1, sizeof *keys.certificates);
	return keys.certificates ? tls_pki_new(keys.certificates) : -1;
}

/* Clients with a shared key each have their own, and one context of the
 * back-end serves them all; what they have in common outlives each of them. */
static void
keys_share_a_context(void **state)
{
	static const char *const keys_of[] = { WORLD_KEY, "another key", NULL };
	const struct credentials *shared = NULL;
	coap_session_t *s;
	size_t p, i;

	(void)state;
	skip_without();
	world_all_protocols();
	for (p = 0; p < sizeof secure / sizeof secure[0]; p++) {
		if (!w.endpoint[secure[p]])
			continue;
		for (i = 0; keys_of[i]; i++) {
			s = dial(secure[p], NULL, WORLD_IDENTITY, keys_of[i]);
			if (!shared)
				shared = session_secure(s)->credentials->shared;
			assert_non_null(shared);
			assert_ptr_equal(session_secure(s)->credentials->shared,
			    shared);
			assert_int_equal(outcome_in_time(s),
			    i == 0 ? 0 : -COAP_E_PSK_KEY);
			coap_session_release(s);
			world_settle();
			world_forget();
		}
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(refused_arguments),
		T(useless_credentials),
		T(simple_psk),
		T(keys_share_a_context),
		T(names_have_keys),
		T(names_are_limited),
		T(names_have_certificates),
		T(both_kinds),
		T(psk_means_psk),
		T(only_what_is_given),
		T(last_changes),
		T(replaced_while_sessions_live),
		T(what_is_known_of_a_failure),
		T(what_is_known_of_a_success),
		T(shorter_struct),
		T(key_log),
		T(secrets_are_wiped),
	};

	return cmocka_run_group_tests(tests, group_up, session_keys_free);
}
