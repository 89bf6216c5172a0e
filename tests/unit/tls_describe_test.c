/* SPDX-License-Identifier: BSD-2-Clause */
/* What a certificate says, also one that was made to be shown badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "tls_support.h"

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

static struct tls_bytes
der_of(enum tls_pki_name name)
{
	struct tls_bytes der = { pki.pair[name].cert_der.data,
		pki.pair[name].cert_der.len };

	return der;
}

static void
test_certificate(void **state)
{
	time_t now = time(NULL);
	coapx_cert_t cert;

	(void)state;
	memset(&cert, 0xff, sizeof(cert));
	cert.size = sizeof(cert);
	assert_int_equal(tls_be->describe(der_of(PKI_SERVER), false, &cert), 0);
	assert_int_equal(cert.size, sizeof(cert));
	assert_string_equal(cert.common_name, "device.example");
	assert_string_equal(cert.subject, "CN=device.example");
	assert_string_equal(cert.issuer, "CN=Test CA,O=Example");
	assert_string_equal(cert.san,
	    "DNS:localhost, DNS:device.example, IP:127.0.0.1, IP:::1, "
	    "URI:coaps://device.example/");
	assert_string_equal(cert.key, "EC/ECDSA 256 bits");
	assert_int_equal(strlen(cert.sha256), 64);
	assert_int_equal(strspn(cert.sha256, "0123456789abcdef"), 64);
	assert_in_range(now - cert.not_before, 86400 - 60, 86400 + 60);
	assert_in_range(cert.not_after - now, 30 * 86400 - 60, 30 * 86400 + 60);
	assert_int_equal(cert.is_rpk, 0);
	assert_int_equal(tls_be->describe(der_of(PKI_SERVER_RSA), false, &cert),
	    0);
	assert_string_equal(cert.key, "RSA 2048 bits");
}

static void
test_rpk(void **state)
{
	coapx_cert_t cert;

	(void)state;
	assert_int_equal(tls_be->describe(der_of(PKI_RPK_SERVER), true, &cert),
	    0);
	assert_string_equal(cert.common_name, "RPK");
	assert_string_equal(cert.subject, "");
	assert_string_equal(cert.issuer, "");
	assert_string_equal(cert.san, "");
	assert_string_equal(cert.key, "EC/ECDSA 256 bits");
	assert_int_equal(strlen(cert.sha256), 64);
	assert_int_equal(cert.is_rpk, 1);
	assert_true(cert.not_after == 0);
}

/* The known hash of a known text: "abc" is no certificate, but a hash has to
 * be that of the bytes. */
static void
test_hash(void **state)
{
	struct tls_bytes der = der_of(PKI_CLIENT);
	gnutls_datum_t datum = { (void *)(uintptr_t)der.data,
		(unsigned)der.len };
	uint8_t hash[32];
	size_t size = sizeof(hash), i;
	coapx_cert_t cert;
	char text[3];

	(void)state;
	assert_int_equal(gnutls_fingerprint(GNUTLS_DIG_SHA256, &datum, hash,
			     &size),
	    0);
	assert_int_equal(tls_be->describe(der, false, &cert), 0);
	for (i = 0; i < sizeof(hash); i++) {
		snprintf(text, sizeof(text), "%02x", hash[i]);
		assert_memory_equal(cert.sha256 + 2 * i, text, 2);
	}
}

static void
test_malformed(void **state)
{
	struct tls_bytes der = der_of(PKI_SERVER);
	struct tls_bytes none = { NULL, 0 };
	coapx_cert_t cert;
	size_t len = der.len;

	(void)state;
	assert_int_equal(tls_be->describe(none, false, &cert), -COAP_E_FORMAT);
	assert_int_equal(tls_be->describe(none, true, &cert), -COAP_E_FORMAT);
	assert_int_equal(tls_be->describe(der, true, &cert), -COAP_E_FORMAT);
	assert_int_equal(tls_be->describe(der_of(PKI_RPK_SERVER), false, &cert),
	    -COAP_E_FORMAT);
	for (der.len = 0; der.len < len; der.len++)
		assert_int_equal(tls_be->describe(der, false, &cert),
		    -COAP_E_FORMAT);
	assert_string_equal(cert.subject, "");
	assert_string_equal(cert.sha256, "");
}

/* A certificate with the names that are given, its own issuer. */
static void
make(const char *cn, const char *san, gnutls_x509_subject_alt_name_t kind,
    size_t san_len, unsigned times, gnutls_datum_t *out)
{
	const struct tls_pki_bytes *pem = &pki.pair[PKI_CA].key_pem;
	gnutls_datum_t datum = { pem->data, (unsigned)pem->len };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import(key, &datum,
			     GNUTLS_X509_FMT_PEM),
	    0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "1", 1);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, 4102444800);
	assert_int_equal(gnutls_x509_crt_set_dn_by_oid(crt,
			     GNUTLS_OID_X520_COMMON_NAME, 0, cn,
			     (unsigned)strlen(cn)),
	    0);
	while (times-- > 0)
		assert_int_equal(gnutls_x509_crt_set_subject_alt_name(crt, kind,
				     san, (unsigned)san_len,
				     GNUTLS_FSAN_APPEND),
		    0);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256,
			     0),
	    0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, out),
	    0);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void
describe(gnutls_datum_t *der, coapx_cert_t *cert)
{
	struct tls_bytes bytes = { der->data, der->size };

	assert_int_equal(tls_be->describe(bytes, false, cert), 0);
	gnutls_free(der->data);
}

/* Puts bytes in the place of others, of which there are as many. */
static void
forge(gnutls_datum_t *der, const char *old, const char *new, size_t len)
{
	uint8_t *at = memmem(der->data, der->size, old, len);

	assert_non_null(at);
	for (; at; at = memmem(der->data, der->size, old, len))
		memcpy(at, new, len);
}

/* Nothing in it steers a terminal. */
static void
test_control_characters(void **state)
{
	coapx_cert_t cert;
	gnutls_datum_t der;
	size_t i;

	(void)state;
	make("name-of-it", "uri-of-it", GNUTLS_SAN_URI, 9, 1, &der);
	forge(&der, "name-of-it", "\033[2Jb\r\n\a\0x", 10);
	forge(&der, "uri-of-it", "\033]0;y\a.e\x7f", 9);
	describe(&der, &cert);
	for (i = 0; i < sizeof(cert.subject) && cert.subject[i]; i++)
		assert_in_range(cert.subject[i], 0x20, 0x7e);
	assert_string_equal(cert.san, "URI:?]0;y?.e?");
	/* The library writes a name with a NUL in hexadecimal. */
	assert_string_equal(cert.common_name, "#130a1b5b324a620d0a070078");
}

/* A name that goes on behind a NUL is not the one in front of it. */
static void
test_nul_in_names(void **state)
{
	coapx_cert_t cert;
	gnutls_datum_t der;

	(void)state;
	make("good.example!evil", "fine.example!evil", GNUTLS_SAN_DNSNAME, 17,
	    1, &der);
	forge(&der, "good.example!evil", "good.example\0evil", 17);
	forge(&der, "fine.example!evil", "fine.example\0evil", 17);
	describe(&der, &cert);
	assert_string_equal(cert.common_name,
	    "#0c11676f6f642e6578616d706c65006576696c");
	assert_string_equal(cert.san, "DNS:fine.example?evil");
}

/* What does not fit is cut, between characters. */
static void
test_long_names(void **state)
{
	coapx_cert_t cert;
	gnutls_datum_t der;
	char cn[65];
	size_t i;

	(void)state;
	for (i = 0; i + 1 < sizeof(cn); i += 2)
		memcpy(cn + i, "\xc3\xa9", 2);
	cn[sizeof(cn) - 1] = '\0';
	make(cn, "device-with-a-long-name.example", GNUTLS_SAN_DNSNAME, 31, 30,
	    &der);
	describe(&der, &cert);
	assert_int_equal(strlen(cert.san), sizeof(cert.san) - 1);
	assert_memory_equal(cert.san,
	    "DNS:device-with-a-long-name.example, "
	    "DNS:device",
	    47);
	assert_memory_equal(cert.subject, "CN=\xc3\xa9", 5);
	assert_int_equal(strlen(cert.subject), 3 + 64);
	assert_string_equal(cert.common_name, cn);
}

static void
test_kinds_of_names(void **state)
{
	coapx_cert_t cert;
	gnutls_datum_t der;

	(void)state;
	make("x", "me@device.example", GNUTLS_SAN_RFC822NAME, 17, 1, &der);
	describe(&der, &cert);
	assert_string_equal(cert.san, "email:me@device.example");
	make("x", "\1\2\3", GNUTLS_SAN_IPADDRESS, 3, 1, &der);
	describe(&der, &cert);
	assert_string_equal(cert.san, "IP:?");
	make("x", "", GNUTLS_SAN_DNSNAME, 0, 0, &der);
	describe(&der, &cert);
	assert_string_equal(cert.san, "");
	assert_true(cert.not_before == 0);
	assert_true(cert.not_after == 4102444800);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_rpk),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_nul_in_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_kinds_of_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
