/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials for tests of sessions, with every callback that there is. */
#include "session_keys.h"

#include <stdlib.h>

struct keys keys;

static coap_bin_const_t
bytes(const char *text)
{
	return (coap_bin_const_t){ strlen(text), (const uint8_t *)text };
}

/* --- shared keys ---------------------------------------------------------- */

static const coap_dtls_cpsk_info_t *
on_hint(coap_str_const_t *hint, coap_session_t *session, void *arg)
{
	static coap_dtls_cpsk_info_t info;

	(void)hint;
	(void)arg;
	info.identity = bytes(WORLD_IDENTITY);
	info.key = bytes(
	    keys.fault == KEYS_WRONG_KEY ? "fedcba9876543210" : WORLD_KEY);
	world_write(session, "hint");
	return keys.fault == KEYS_NO_KEY ? NULL : &info;
}

static const coap_bin_const_t *
on_identity(coap_bin_const_t *identity, coap_session_t *session, void *arg)
{
	static coap_bin_const_t key;

	(void)arg;
	assert_int_equal(identity->length, strlen(WORLD_IDENTITY));
	assert_memory_equal(identity->s, WORLD_IDENTITY, identity->length);
	key = bytes(WORLD_KEY);
	world_write(session, "identity");
	return keys.fault == KEYS_UNKNOWN_IDENTITY ? NULL : &key;
}

static const coap_dtls_spsk_info_t *
on_psk_name(const char *name, coap_session_t *session, void *arg)
{
	static coap_dtls_spsk_info_t info;

	(void)arg;
	assert_string_equal(name, KEYS_NAME);
	info.hint = bytes(WORLD_HINT);
	info.key = keys.fault == KEYS_NAME_NO_KEY
	    ? (coap_bin_const_t){ 0, NULL }
	    : bytes(WORLD_KEY);
	world_write(session, "name");
	return keys.fault == KEYS_UNKNOWN_NAME ? NULL : &info;
}

/* --- certificates --------------------------------------------------------- */

void
session_keys_pki(coap_dtls_pki_t *pki, enum tls_pki_name name)
{
	const struct tls_pki_pair *pair = &keys.certificates->pair[name];
	const struct tls_pki_bytes *ca =
	    &keys.certificates->pair[PKI_CA].cert_pem;
	coap_pki_key_pem_buf_t *pem = &pki->pki_key.key.pem_buf;

	pki->version = COAP_DTLS_PKI_SETUP_VERSION;
	pki->pki_key.key_type = COAP_PKI_KEY_PEM_BUF;
	*pem = (coap_pki_key_pem_buf_t){
		.ca_cert = ca->data,
		.ca_cert_len = ca->len,
		.public_cert = pair->cert_pem.data,
		.public_cert_len = pair->cert_pem.len,
		.private_key = pair->key_pem.data,
		.private_key_len = pair->key_pem.len,
	};
}

static int
on_cn(const char *cn, const uint8_t *der, size_t len, coap_session_t *session,
    unsigned depth, int validated, void *arg)
{
	(void)arg;
	assert_non_null(cn);
	assert_true(len > 0 && der[0] == 0x30);
	world_write(session, "cn %u %d", depth, validated);
	return keys.fault != KEYS_NOT_TRUSTED;
}

/* No session is given: it is the one whose handshake is at work. */
static coap_session_t *
at_work(void)
{
	const coap_endpoint_t *ep;
	const struct session_peer *p;

	for (ep = w.server->endpoints; ep; ep = ep->next)
		for (p = ep->peers; p; p = p->hh.next)
			if (p->session->in_layer)
				return p->session;
	fail();
	return NULL;
}

static coap_dtls_key_t *
on_pki_name(const char *name, void *arg)
{
	static coap_dtls_pki_t pki;

	(void)arg;
	assert_string_equal(name, KEYS_NAME);
	session_keys_pki(&pki, PKI_SERVER);
	world_write(at_work(), "pki-name");
	return keys.fault == KEYS_UNKNOWN_NAME ? NULL : &pki.pki_key;
}

/* --- both sides ----------------------------------------------------------- */

void
session_keys_up(bool pki, enum session_keys_fault fault)
{
	coap_dtls_spsk_t psk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_id_call_back = on_identity,
		.validate_sni_call_back = on_psk_name,
		.psk_info = { bytes(WORLD_HINT), bytes(WORLD_KEY) },
	};
	coap_dtls_pki_t p = {
		.verify_peer_cert = 1,
		.validate_cn_call_back = on_cn,
		.validate_sni_call_back = on_pki_name,
	};

	keys.pki = pki;
	keys.fault = fault;
	if (fault == KEYS_NAME_NO_KEY)
		psk.validate_id_call_back = NULL;
	world_all_protocols();
	if (!coap_dtls_psk_is_supported())
		return;
	if (!pki) {
		assert_int_equal(coap_context_set_psk2(w.server, &psk), 1);
		return;
	}
	if (!keys.certificates) {
		keys.certificates = calloc(1, sizeof *keys.certificates);
		assert_non_null(keys.certificates);
		assert_int_equal(tls_pki_new(keys.certificates), 0);
	}
	session_keys_pki(&p, PKI_SERVER);
	assert_int_equal(coap_context_set_pki(w.server, &p), 1);
}

coap_session_t *
session_keys_session_to(coap_proto_t proto, const coap_address_t *address)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.validate_ih_call_back = on_hint,
		.client_sni = (char[]){ KEYS_NAME },
		.psk_info = { bytes(WORLD_IDENTITY), bytes(WORLD_KEY) },
	};
	coap_dtls_pki_t pki = {
		.verify_peer_cert = 1,
		.validate_cn_call_back = on_cn,
		.client_sni = (char[]){ KEYS_NAME },
	};

	if (!session_keys_secure(proto))
		return coap_new_client_session(w.client, NULL, address, proto);
	if (!keys.pki)
		return coap_new_client_session_psk2(w.client, NULL, address,
		    proto, &psk);
	session_keys_pki(&pki, PKI_CLIENT);
	return coap_new_client_session_pki(w.client, NULL, address, proto,
	    &pki);
}

coap_session_t *
session_keys_session(coap_proto_t proto)
{
	return session_keys_session_to(proto, world_address(proto));
}

int
session_keys_free(void **state)
{
	(void)state;
	if (keys.certificates)
		tls_pki_free(keys.certificates);
	free(keys.certificates);
	keys.certificates = NULL;
	return 0;
}
