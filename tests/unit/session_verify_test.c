/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom a client believes: each kind of certificate against each way of giving
 * credentials, and what can be asked afterwards, also when it was refused.
 */
#include "session_keys.h"
#include "skip.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/session_verify_XXXXXX";
static char ca_file[64];     /* PKI_CA */
static char ca_crl_file[64]; /* and the list of what it has revoked */

static const struct tls_pki_pair *
pair(enum tls_pki_name name)
{
	return &keys.certificates->pair[name];
}

/* --- once ----------------------------------------------------------------- */

static void
write_file(const char *path, const struct tls_pki_bytes *a,
    const struct tls_pki_bytes *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(a->data, 1, a->len, f), a->len);
	if (b)
		assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
	assert_int_equal(fclose(f), 0);
}

static int
group_up(void **state)
{
	(void)state;
	keys.certificates = calloc(1, sizeof *keys.certificates);
	if (!keys.certificates || tls_pki_new(keys.certificates) < 0 ||
	    !mkdtemp(folder))
		return -1;
	snprintf(ca_file, sizeof ca_file, "%s/ca.pem", folder);
	snprintf(ca_crl_file, sizeof ca_crl_file, "%s/ca-crl.pem", folder);
	write_file(ca_file, &pair(PKI_CA)->cert_pem, NULL);
	write_file(ca_crl_file, &pair(PKI_CA)->cert_pem,
	    &keys.certificates->crl);
	return 0;
}

static int
group_down(void **state)
{
	unlink(ca_file);
	unlink(ca_crl_file);
	rmdir(folder);
	return session_keys_free(state);
}

/* --- a server with one certificate ---------------------------------------- */

static coap_endpoint_t *
serve(coap_proto_t proto, enum tls_pki_name name, unsigned flags)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_dtls_pki_t pki = { 0 };
	coapx_credentials_t c = { .size = sizeof c,
		.pki = &pki,
		.flags = flags };
	coapx_listen_params_t params = { .size = sizeof params,
		.address = &any,
		.proto = proto,
		.credentials = &c };
	coap_pki_key_pem_buf_t *pem = &pki.pki_key.key.pem_buf;
	coap_endpoint_t *ep;
	int err = 0;

	session_keys_pki(&pki, name);
	/* A server that has whom to trust asks for a certificate. */
	pem->ca_cert = NULL;
	pem->ca_cert_len = 0;
	pki.is_rpk_not_cert = name == PKI_RPK_SERVER;
	ep = coapx_endpoint_open(w.server, &params, &err);
	assert_int_equal(err, 0);
	assert_non_null(ep);
	return ep;
}

/* --- ways to give a client its credentials -------------------------------- */

static unsigned asked;
static int verdict;
static int said_valid;
static char said_name[64];

static int
on_cn(const char *cn, const uint8_t *der, size_t len, coap_session_t *session,
    unsigned depth, int validated, void *arg)
{
	assert_ptr_equal(arg, &asked);
	assert_non_null(cn);
	assert_true(len > 0 && der != NULL);
	assert_ptr_equal(coap_session_get_context(session), w.client);
	/* From the far end to the peer's own. */
	assert_true(asked == 0 || depth < 8);
	asked++;
	if (depth == 0) {
		said_valid = validated;
		snprintf(said_name, sizeof said_name, "%s", cn);
	}
	return verdict;
}

/* As libcoap's programs do it. */
static coap_session_t *
with_pki(coap_proto_t proto, const coap_address_t *to, coap_dtls_pki_t *pki)
{
	const struct tls_pki_bytes *ca = &pair(PKI_CA)->cert_pem;
	coap_pki_key_pem_buf_t *pem = &pki->pki_key.key.pem_buf;

	pki->version = COAP_DTLS_PKI_SETUP_VERSION;
	pki->pki_key.key_type = COAP_PKI_KEY_PEM_BUF;
	pem->ca_cert = ca->data;
	pem->ca_cert_len = ca->len;
	return coap_new_client_session_pki(w.client, NULL, to, proto, pki);
}

static coap_session_t *
way_nothing(coap_proto_t proto, const coap_address_t *to)
{
	return coap_new_client_session(w.client, NULL, to, proto);
}

static coap_session_t *
way_roots(coap_proto_t proto, const coap_address_t *to)
{
	assert_int_equal(coap_context_set_pki_root_cas(w.client, ca_file, NULL),
	    1);
	return coap_new_client_session(w.client, NULL, to, proto);
}

static coap_session_t *
way_verify(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1 };

	return with_pki(proto, to, &pki);
}

static coap_session_t *
way_name(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1,
		.client_sni = (char[]){ "device.example" } };

	return with_pki(proto, to, &pki);
}

static coap_session_t *
way_no_verify(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { 0 };

	return with_pki(proto, to, &pki);
}

static coap_session_t *
way_allow(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1,
		.allow_self_signed = 1,
		.allow_expired_certs = 1,
		.allow_bad_md_hash = 1 };

	return with_pki(proto, to, &pki);
}

static coap_session_t *
way_callback(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1,
		.validate_cn_call_back = on_cn,
		.cn_call_back_arg = &asked };

	return with_pki(proto, to, &pki);
}

static coap_session_t *
way_revocation(coap_proto_t proto, const coap_address_t *to)
{
	coap_dtls_pki_t pki = { .verify_peer_cert = 1,
		.check_cert_revocation = 1 };

	assert_int_equal(coap_context_set_pki_root_cas(w.client, ca_crl_file,
			     NULL),
	    1);
	return with_pki(proto, to, &pki);
}

static coap_session_t *
with_x(coap_proto_t proto, const coap_address_t *to,
    const coapx_credentials_t *c)
{
	coapx_open_params_t params = { .size = sizeof params,
		.credentials = c };
	char uri[64];
	coap_session_t *s;
	int err = 0;

	snprintf(uri, sizeof uri, "%s://127.0.0.1:%u",
	    coapx_proto_scheme(proto), coap_address_get_port(to));
	params.uri = uri;
	s = coapx_session_open(w.client, &params, &err);
	assert_int_equal(err, 0);
	return s;
}

static coap_session_t *
way_x(coap_proto_t proto, const coap_address_t *to)
{
	coapx_credentials_t c = { .size = sizeof c };

	assert_int_equal(coap_context_set_pki_root_cas(w.client, ca_file, NULL),
	    1);
	return with_x(proto, to, &c);
}

static coap_session_t *
with_x_pki(coap_proto_t proto, const coap_address_t *to, const char *name,
    unsigned flags)
{
	const struct tls_pki_bytes *ca = &pair(PKI_CA)->cert_pem;
	coap_dtls_pki_t pki = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.pki_key.key_type = COAP_PKI_KEY_PEM_BUF,
		.pki_key.key.pem_buf = { .ca_cert = ca->data,
		    .ca_cert_len = ca->len },
	};
	coapx_credentials_t c = { .size = sizeof c,
		.pki = &pki,
		.server_name = name,
		.flags = flags };

	return with_x(proto, to, &c);
}

static coap_session_t *
way_x_ca(coap_proto_t proto, const coap_address_t *to)
{
	return with_x_pki(proto, to, NULL, 0);
}

static coap_session_t *
way_x_insecure(coap_proto_t proto, const coap_address_t *to)
{
	return with_x_pki(proto, to, NULL, COAPX_TLS_INSECURE);
}

static coap_session_t *
way_x_no_name(coap_proto_t proto, const coap_address_t *to)
{
	return with_x_pki(proto, to, NULL, COAPX_TLS_NO_NAME);
}

static coap_session_t *
way_x_other_name(coap_proto_t proto, const coap_address_t *to)
{
	return with_x_pki(proto, to, "other.example", 0);
}

static coap_session_t *
with_rpk(coap_proto_t proto, const coap_address_t *to, enum tls_pki_name name)
{
	coapx_credentials_t c = { .size = sizeof c,
		.peer_rpk = pair(name)->cert_der.data,
		.peer_rpk_len = pair(name)->cert_der.len };

	return with_x(proto, to, &c);
}

static coap_session_t *
way_rpk(coap_proto_t proto, const coap_address_t *to)
{
	return with_rpk(proto, to, PKI_RPK_SERVER);
}

static coap_session_t *
way_other_rpk(coap_proto_t proto, const coap_address_t *to)
{
	return with_rpk(proto, to, PKI_RPK_CLIENT);
}

/* --- what must come of it ------------------------------------------------- */

#define UNTRUSTED   COAPX_CERT_UNTRUSTED
#define SELF_SIGNED (COAPX_CERT_SELF_SIGNED | COAPX_CERT_UNTRUSTED)
#define REFUSED     (-COAP_E_NOT_TRUSTED)

static const struct row {
	coap_session_t *(*way)(coap_proto_t, const coap_address_t *);
	const char *what;
	enum tls_pki_name server;
	int err;
	unsigned problems;
	bool checked;
} rows[] = {
	/* Nothing was said: the system's certificates, which do not help. */
	{ way_nothing, "nothing", PKI_SERVER, REFUSED, UNTRUSTED, true },
	{ way_roots, "roots", PKI_SERVER, 0, 0, true },
	{ way_roots, "roots", PKI_SERVER_RSA, 0, 0, true },
	{ way_roots, "roots", PKI_STRANGER, REFUSED, UNTRUSTED, true },
	{ way_roots, "roots", PKI_OTHER_NAME, REFUSED, COAPX_CERT_NAME, true },
	{ way_verify, "verify", PKI_SERVER, 0, 0, true },
	{ way_verify, "verify", PKI_EXPIRED, REFUSED, COAPX_CERT_EXPIRED,
	    true },
	{ way_verify, "verify", PKI_NOT_YET, REFUSED, COAPX_CERT_NOT_YET,
	    true },
	{ way_verify, "verify", PKI_OTHER_NAME, REFUSED, COAPX_CERT_NAME,
	    true },
	{ way_verify, "verify", PKI_SELF_SIGNED, REFUSED, SELF_SIGNED, true },
	{ way_verify, "verify", PKI_STRANGER, REFUSED, UNTRUSTED, true },
	{ way_verify, "verify", PKI_WEAK, REFUSED, COAPX_CERT_WEAK, true },
	{ way_verify, "verify", PKI_PURPOSE, REFUSED, COAPX_CERT_PURPOSE,
	    true },
	{ way_name, "a name", PKI_SERVER, 0, 0, true },
	{ way_name, "a name", PKI_OTHER_NAME, REFUSED, COAPX_CERT_NAME, true },
	/* As libcoap: verify_peer_cert is off unless it is set. */
	{ way_no_verify, "no verify", PKI_SERVER, 0, 0, false },
	{ way_no_verify, "no verify", PKI_STRANGER, 0, UNTRUSTED, false },
	{ way_no_verify, "no verify", PKI_EXPIRED, 0, COAPX_CERT_EXPIRED,
	    false },
	{ way_no_verify, "no verify", PKI_OTHER_NAME, 0, COAPX_CERT_NAME,
	    false },
	{ way_allow, "allow", PKI_SELF_SIGNED, 0, SELF_SIGNED, true },
	{ way_allow, "allow", PKI_EXPIRED, 0, COAPX_CERT_EXPIRED, true },
	{ way_allow, "allow", PKI_NOT_YET, 0, COAPX_CERT_NOT_YET, true },
	{ way_allow, "allow", PKI_WEAK, 0, COAPX_CERT_WEAK, true },
	{ way_allow, "allow", PKI_STRANGER, REFUSED, UNTRUSTED, true },
	{ way_allow, "allow", PKI_OTHER_NAME, REFUSED, COAPX_CERT_NAME, true },
	{ way_allow, "allow", PKI_PURPOSE, REFUSED, COAPX_CERT_PURPOSE, true },
	{ way_verify, "verify", PKI_REVOKED, 0, 0, true },
	{ way_revocation, "revocation", PKI_REVOKED, REFUSED,
	    COAPX_CERT_REVOKED, true },
	{ way_revocation, "revocation", PKI_SERVER, 0, 0, true },
	{ way_x, "the context's", PKI_SERVER, REFUSED, UNTRUSTED, true },
	{ way_x_ca, "a CA", PKI_SERVER, 0, 0, true },
	{ way_x_ca, "a CA", PKI_STRANGER, REFUSED, UNTRUSTED, true },
	{ way_x_ca, "a CA", PKI_OTHER_NAME, REFUSED, COAPX_CERT_NAME, true },
	{ way_x_ca, "a CA", PKI_EXPIRED, REFUSED, COAPX_CERT_EXPIRED, true },
	{ way_x_insecure, "INSECURE", PKI_STRANGER, 0, UNTRUSTED, false },
	{ way_x_insecure, "INSECURE", PKI_EXPIRED, 0, COAPX_CERT_EXPIRED,
	    false },
	{ way_x_insecure, "INSECURE", PKI_OTHER_NAME, 0, COAPX_CERT_NAME,
	    false },
	{ way_x_no_name, "NO_NAME", PKI_OTHER_NAME, 0, COAPX_CERT_NAME, true },
	{ way_x_no_name, "NO_NAME", PKI_STRANGER, REFUSED, UNTRUSTED, true },
	{ way_x_other_name, "another name", PKI_OTHER_NAME, 0, 0, true },
	{ way_x_other_name, "another name", PKI_SERVER, REFUSED,
	    COAPX_CERT_NAME, true },
	{ way_rpk, "a key", PKI_RPK_SERVER, 0, 0, true },
	{ way_other_rpk, "another key", PKI_RPK_SERVER, REFUSED,
	    COAPX_CERT_UNKNOWN_KEY, true },
};

/* Before the handshake, and for a protocol without any. */
static void
check_before(coap_session_t *s, bool datagram)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coapx_cert_t cert = { .size = sizeof cert };
	const uint8_t *der;
	size_t len;

	assert_int_equal(coapx_session_get_tls_info(s, &info), -COAP_E_STATE);
	assert_int_equal(coapx_session_get_peer_cert(s, 0, &cert),
	    -COAP_E_NOTFOUND);
	assert_int_equal(coapx_session_get_peer_der(s, 0, &der, &len),
	    -COAP_E_NOTFOUND);
	assert_int_equal(coap_session_get_state(s),
	    datagram ? COAP_SESSION_STATE_HANDSHAKE
		     : COAP_SESSION_STATE_CONNECTING);
}

static void
check_cert(coap_session_t *s, const struct row *row)
{
	coapx_cert_t cert = { .size = sizeof cert };
	bool rpk = row->server == PKI_RPK_SERVER;

	assert_int_equal(coapx_session_get_peer_cert(s, 0, &cert), 0);
	assert_int_equal(cert.is_rpk, rpk);
	assert_int_equal(strlen(cert.sha256), 64);
	assert_string_equal(cert.common_name,
	    rpk                                 ? "RPK"
		: row->server == PKI_OTHER_NAME ? "other.example"
						: "device.example");
	assert_int_equal(coapx_session_get_peer_cert(s, 1, &cert),
	    -COAP_E_NOTFOUND);
}

static void
check_after(coap_session_t *s, const struct row *row)
{
	const struct tls_pki_bytes *own = &pair(row->server)->cert_der;
	coapx_tls_info_t info = { .size = sizeof info };
	const uint8_t *der;
	size_t len;
	bool good = row->err == 0;

	assert_int_equal(coapx_session_get_tls_info(s, &info), 0);
	assert_int_equal(info.problems, row->problems);
	assert_int_equal(info.checked, row->checked);
	assert_int_equal(info.trusted, row->checked && good);
	assert_int_equal(info.established, good);
	assert_int_equal(info.auth,
	    row->server == PKI_RPK_SERVER ? COAPX_AUTH_RPK : COAPX_AUTH_PKI);
	assert_int_equal(info.alert >= 0, !good);
	assert_int_equal(info.alert_sent, !good);
	check_cert(s, row);
	if (!good) {
		assert_null(coap_session_get_tls(s, NULL));
		assert_int_equal(coapx_session_get_peer_der(s, 0, &der, &len),
		    -COAP_E_NOTFOUND);
		return;
	}
	assert_int_equal(coapx_session_get_peer_der(s, 0, &der, &len), 0);
	assert_int_equal(len, own->len);
	assert_memory_equal(der, own->data, len);
}

static void
try_row(const struct row *row, coap_proto_t proto)
{
	coap_endpoint_t *ep = serve(proto, row->server, 0);
	coap_session_t *s = row->way(proto, coapx_endpoint_get_address(ep));
	int err;

	print_message("# %s, %s, %s\n", coapx_proto_name(proto), row->what,
	    tls_pki_text(row->server));
	assert_non_null(s);
	check_before(s, proto == COAP_PROTO_DTLS);
	world_send(s, COAP_MESSAGE_CON, 'a');
	WORLD_UNTIL(world_count("C 2.05 a") || world_count("C nack"));
	world_settle();
	err = coapx_session_error(s, NULL, 0);
	if (err != row->err)
		print_error("%s, not %s\n", coapx_strerror(-err),
		    coapx_strerror(-row->err));
	assert_int_equal(err, row->err);
	check_after(s, row);
	coap_session_release(s);
	world_settle();
}

static void
all_rows(void **state, coap_proto_t proto)
{
	size_t i;

	if (!coap_dtls_pki_is_supported() || !coapx_proto_is_supported(proto))
		skip_because("not in this build: TLS");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		world_down(state);
		world_up(state);
		try_row(&rows[i], proto);
	}
}

static void
dtls(void **state)
{
	all_rows(state, COAP_PROTO_DTLS);
}

static void
tls(void **state)
{
	all_rows(state, COAP_PROTO_TLS);
}

static void
wss(void **state)
{
	all_rows(state, COAP_PROTO_WSS);
}

/* --- the application judges ----------------------------------------------- */

/* It hears what was found, and its word counts in one direction only: what is
 * not valid stays refused. */
static void
callback_judges(void **state)
{
	static const struct {
		enum tls_pki_name server;
		int verdict;
		int valid;
		int err;
		unsigned problems;
	} cases[] = {
		{ PKI_SERVER, 1, 1, 0, 0 },
		{ PKI_SERVER, 0, 1, REFUSED, COAPX_CERT_CALLBACK },
		/* The name is for the callback to judge. */
		{ PKI_OTHER_NAME, 1, 1, 0, COAPX_CERT_NAME },
		{ PKI_STRANGER, 1, 0, REFUSED, UNTRUSTED },
		{ PKI_EXPIRED, 1, 0, REFUSED, COAPX_CERT_EXPIRED },
		{ PKI_EXPIRED, 0, 0, REFUSED,
		    COAPX_CERT_EXPIRED | COAPX_CERT_CALLBACK },
	};
	struct row row;
	size_t i;

	if (!coap_dtls_pki_is_supported())
		skip_because("not in this build: TLS");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		world_down(state);
		world_up(state);
		asked = 0;
		said_valid = -1;
		verdict = cases[i].verdict;
		row = (struct row){ way_callback, "callback", cases[i].server,
			cases[i].err, cases[i].problems, true };
		try_row(&row, COAP_PROTO_DTLS);
		assert_int_equal(asked, 1);
		assert_int_equal(said_valid, cases[i].valid);
		assert_string_equal(said_name,
		    cases[i].server == PKI_OTHER_NAME ? "other.example"
						      : "device.example");
	}
}

/* --- a server judges, too ------------------------------------------------- */

static void
client_without_certificate(void **state)
{
	static const coap_proto_t protos[] = { COAP_PROTO_DTLS, COAP_PROTO_TLS,
		COAP_PROTO_WSS };
	coap_dtls_pki_t pki = { .verify_peer_cert = 1 };
	coap_session_t *s;
	size_t i;

	if (!coap_dtls_pki_is_supported())
		skip_because("not in this build: TLS");
	for (i = 0; i < 3; i++) {
		if (!coapx_proto_is_supported(protos[i]))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		session_keys_pki(&pki, PKI_SERVER);
		assert_int_equal(coap_context_set_pki(w.server, &pki), 1);
		s = way_verify(protos[i], world_address(protos[i]));
		world_send(s, COAP_MESSAGE_CON, 'a');
		world_wait("C nack");
		world_settle();
		assert_int_equal(coapx_session_error(s, NULL, 0),
		    -COAP_E_CERT_REQUIRED);
		assert_int_equal(w.requests, 0);
		assert_int_equal(world_count("S SERVER_SESSION_DEL"), 1);
		coap_session_release(s);
	}
}

/* Its certificate is shown to the server, and can be asked for there. */
static void
client_with_certificate(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coapx_cert_t cert = { .size = sizeof cert };
	coap_session_t *s;

	(void)state;
	if (!coap_dtls_pki_is_supported())
		skip_because("not in this build: TLS");
	session_keys_up(true, KEYS_GOOD);
	s = session_keys_session(COAP_PROTO_DTLS);
	world_send(s, COAP_MESSAGE_CON, 'a');
	world_wait("C 2.05 a");
	assert_int_equal(coapx_session_get_peer_cert(w.last, 0, &cert), 0);
	assert_string_equal(cert.common_name, "client-1");
	assert_int_equal(coapx_session_get_tls_info(w.last, &info), 0);
	assert_int_equal(info.auth, COAPX_AUTH_PKI);
	assert_true(info.checked && info.trusted && info.established);
	coap_session_release(s);
}

/* A plain session has nothing of the kind. */
static void
plain(void **state)
{
	coapx_tls_info_t info = { .size = sizeof info };
	coapx_cert_t cert = { .size = sizeof cert };
	coap_session_t *s = world_connected(COAP_PROTO_UDP);
	const uint8_t *der;
	size_t len;

	(void)state;
	assert_int_equal(coapx_session_get_tls_info(s, &info), -COAP_E_NOTSUP);
	assert_int_equal(coapx_session_get_tls_info(NULL, &info),
	    -COAP_E_INVAL);
	assert_int_equal(coapx_session_get_tls_info(s, NULL), -COAP_E_INVAL);
	assert_int_equal(coapx_session_get_peer_cert(s, 0, &cert),
	    -COAP_E_NOTFOUND);
	assert_int_equal(coapx_session_get_peer_cert(s, 0, NULL),
	    -COAP_E_INVAL);
	assert_int_equal(coapx_session_get_peer_der(s, 0, &der, &len),
	    -COAP_E_NOTFOUND);
	assert_int_equal(coapx_session_get_peer_der(s, 0, NULL, &len),
	    -COAP_E_INVAL);
	coap_session_release(s);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(dtls),
		T(tls),
		T(wss),
		T(callback_judges),
		T(client_without_certificate),
		T(client_with_certificate),
		T(plain),
	};

	return cmocka_run_group_tests(tests, group_up, group_down);
}
