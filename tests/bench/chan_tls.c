/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials and sessions of GnuTLS. */
#include "tests/bench/chan.h"

#include <gnutls/dtls.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/suite.h"

static void
must(int result, const char *what)
{
	if (result < 0)
		die(what);
}

static const gnutls_datum_t *
the_key(void)
{
	static unsigned char bytes[] = BENCH_KEY;
	static const gnutls_datum_t key = { bytes, sizeof bytes - 1 };

	return &key;
}

static int
key_of(gnutls_session_t session, const char *identity, gnutls_datum_t *key)
{
	(void)session;
	(void)identity;
	key->size = the_key()->size;
	key->data = gnutls_malloc(key->size);
	if (!key->data)
		return -1;
	memcpy(key->data, the_key()->data, key->size);
	return 0;
}

static void
prepare_psk(struct floor *floor, bool server)
{
	if (server) {
		must(gnutls_psk_allocate_server_credentials(&floor->psk_server),
		    "credentials");
		gnutls_psk_set_server_credentials_function(floor->psk_server,
		    key_of);
		return;
	}
	must(gnutls_psk_allocate_client_credentials(&floor->psk_client),
	    "credentials");
	must(gnutls_psk_set_client_credentials(floor->psk_client,
		 BENCH_IDENTITY, the_key(), GNUTLS_PSK_KEY_RAW),
	    "key");
}

static void
prepare_certificate(struct floor *floor, bool server)
{
	char cert[1024];
	char key[1024];

	must(gnutls_certificate_allocate_credentials(&floor->cert),
	    "credentials");
	if (server) {
		snprintf(cert, sizeof cert, "%s/cert.pem", floor->set.keys);
		snprintf(key, sizeof key, "%s/key.pem", floor->set.keys);
		must(gnutls_certificate_set_x509_key_file(floor->cert, cert,
			 key, GNUTLS_X509_FMT_PEM),
		    "cert.pem or key.pem");
		return;
	}
	snprintf(cert, sizeof cert, "%s/ca.pem", floor->set.keys);
	must(gnutls_certificate_set_x509_trust_file(floor->cert, cert,
		 GNUTLS_X509_FMT_PEM),
	    "ca.pem");
}

void
tls_prepare(struct floor *floor, bool server)
{
	if (!floor->proto.secure)
		return;
	floor->priority = suite_priority(floor->set.suite);
	if (floor->proto.ecdsa)
		prepare_certificate(floor, server);
	else
		prepare_psk(floor, server);
}

gnutls_session_t
tls_new(struct floor *floor, bool server)
{
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
	gnutls_session_t tls;

	flags |= server ? GNUTLS_SERVER : GNUTLS_CLIENT;
	if (!floor->proto.stream)
		flags |= GNUTLS_DATAGRAM;
	must(gnutls_init(&tls, flags), "gnutls_init");
	must(gnutls_priority_set(tls, floor->priority), "priorities");
	if (floor->proto.ecdsa)
		gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE,
		    floor->cert);
	else if (server)
		gnutls_credentials_set(tls, GNUTLS_CRD_PSK, floor->psk_server);
	else
		gnutls_credentials_set(tls, GNUTLS_CRD_PSK, floor->psk_client);
	if (floor->proto.ecdsa && !server)
		gnutls_session_set_verify_cert(tls, "localhost", 0);
	if (!floor->proto.stream)
		gnutls_dtls_set_timeouts(tls, 1000, 60000);
	return tls;
}

bool
tls_handshake(gnutls_session_t tls)
{
	int n;

	do
		n = gnutls_handshake(tls);
	while (n < 0 && n != GNUTLS_E_AGAIN && !gnutls_error_is_fatal(n));
	if (n < 0 && n != GNUTLS_E_AGAIN)
		die(gnutls_strerror(n));
	return n == 0;
}
