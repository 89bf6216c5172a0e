/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading certificates and keys: each kind of source, and what is said when it
 * does not work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/alloc.h"
#include "tls_support.h"

static struct tls_pki pki;
static char dir[] = "/tmp/coap-tls-load-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	if (tls_pki_new(&pki) != 0 || !mkdtemp(dir))
		return -1;
	return tls_pki_write(&pki, dir);
}

static int
teardown(void **state)
{
	(void)state;
	tls_pki_remove(dir);
	tls_pki_free(&pki);
	return 0;
}

/* A file of the folder; up to eight names live at a time. */
static const char *
in_dir(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static struct tls_source
from_file(const char *name)
{
	struct tls_source src = { TLS_SOURCE_FILE, in_dir(name), { NULL, 0 } };

	return src;
}

static struct tls_source
from_text(const char *text)
{
	struct tls_source src = { TLS_SOURCE_MEMORY, NULL,
		{ (const uint8_t *)text, strlen(text) } };

	return src;
}

static void
loads(const struct tls_conf *conf)
{
	size_t before = mem_outstanding();

	tls_be->ctx_free(tls_ctx_of(conf));
	assert_int_equal(mem_outstanding(), before);
}

/* It does not, and the sentence is text, with the folder's name in front when
 * that begins with a slash. */
static void
does_not(const struct tls_conf *conf, const char *text)
{
	size_t before = mem_outstanding();
	struct tls_ctx *ctx = NULL;
	char why[256], wanted[256];

	snprintf(wanted, sizeof(wanted), "%s%s", text[0] == '/' ? dir : "",
	    text);
	assert_int_equal(tls_be->ctx_new(conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_null(ctx);
	assert_string_equal(why, wanted);
	assert_int_equal(mem_outstanding(), before);
}

static struct tls_conf
server_conf(void)
{
	struct tls_conf conf;

	memset(&conf, 0, sizeof(conf));
	conf.server = conf.datagram = true;
	return conf;
}

static void
test_files(void **state)
{
	struct tls_conf conf = server_conf();

	(void)state;
	conf.cert = from_file("server.pem");
	conf.key = from_file("server-key.pem");
	loads(&conf);
	conf.cert = from_file("server.der");
	loads(&conf);
	conf.key = from_file("server-key.der");
	loads(&conf);
	conf.ca = from_file("ca.der");
	conf.ca_file = in_dir("other-ca.pem");
	conf.ca_dir = dir;
	conf.system_trust = true;
	conf.crl = from_file("crl.pem");
	loads(&conf);
}

static void
test_memory(void **state)
{
	const struct tls_pki_pair *pair = &pki.pair[PKI_SERVER];
	struct tls_conf conf = server_conf();

	(void)state;
	conf.cert = tls_memory(&pair->cert_pem);
	conf.key = tls_memory(&pair->key_der);
	loads(&conf);
	conf.cert = tls_memory(&pair->cert_der);
	conf.key = tls_memory(&pair->key_pem);
	conf.ca = tls_memory(&pki.pair[PKI_CA].cert_der);
	loads(&conf);
}

/* A file with the certificate, its issuer and the key. */
static void
test_all_in_one(void **state)
{
	const struct tls_pki_pair *pair = &pki.pair[PKI_SERVER];
	struct tls_conf conf = server_conf();
	char *text = NULL;

	(void)state;
	assert_true(asprintf(&text, "%s%s%s", (char *)pair->key_pem.data,
			(char *)pair->cert_pem.data,
			(char *)pki.pair[PKI_CA].cert_pem.data) > 0);
	conf.cert = from_text(text);
	loads(&conf);
	free(text);
}

static void
test_rpk(void **state)
{
	struct tls_conf conf = server_conf();

	(void)state;
	conf.rpk = true;
	conf.key = from_file("rpk-server-key.pem");
	loads(&conf);
	conf.cert = from_file("rpk-server.pem");
	loads(&conf);
	conf.cert = from_file("rpk-server.der");
	loads(&conf);
	conf.cert = from_file("rpk-client.der");
	does_not(&conf, "the key does not belong to the certificate");
	conf.cert = from_file("server-key.pem");
	does_not(&conf, "/server-key.pem: not a public key");
	conf.cert.kind = TLS_SOURCE_NONE;
	conf.key = from_file("rpk-server.pem");
	does_not(&conf, "/rpk-server.pem: not a private key");
}

static void
test_no_file(void **state)
{
	struct tls_conf conf = server_conf();

	(void)state;
	conf.cert = from_file("none.pem");
	conf.key = from_file("server-key.pem");
	does_not(&conf, "/none.pem: no such file");
	conf.cert = from_file("server.pem");
	conf.key = from_file("none.pem");
	does_not(&conf, "/none.pem: no such file");
	conf.key = from_file("");
	does_not(&conf, "/: cannot be read");
	conf.key = from_file("server-key.pem");
	conf.ca = from_file("none.pem");
	does_not(&conf, "/none.pem: no such file");
	conf.ca.kind = TLS_SOURCE_NONE;
	conf.ca_file = in_dir("none.pem");
	does_not(&conf, "/none.pem: no such file");
	conf.ca_file = NULL;
	conf.ca_dir = in_dir("none");
	does_not(&conf, "/none: no certificates there");
	conf.ca_dir = NULL;
	conf.crl = from_file("none.pem");
	does_not(&conf, "/none.pem: no such file");
}

/* Root may read all, so somebody else tries. */
static int
try_as_nobody(const struct tls_conf *conf)
{
	struct tls_ctx *ctx = NULL;
	char why[256];

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 2;
	if (tls_be->ctx_new(conf, &ctx, why, sizeof(why)) !=
	    -COAP_E_CREDENTIALS)
		return 3;
	return strstr(why, "/weak-key.pem: not permitted to read it") ? 0 : 4;
}

static void
test_unreadable(void **state)
{
	struct tls_conf conf = server_conf();
	int status = -1;
	pid_t child;

	(void)state;
	conf.cert = tls_memory(&pki.pair[PKI_WEAK].cert_pem);
	conf.key = from_file("weak-key.pem");
	assert_int_equal(chmod(in_dir("weak-key.pem"), 0), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(try_as_nobody(&conf));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(in_dir("weak-key.pem"), 0600), 0);
}

static void
test_something_else(void **state)
{
	struct tls_conf conf = server_conf();

	(void)state;
	conf.cert = from_file("server-key.pem");
	conf.key = from_file("server-key.pem");
	does_not(&conf, "/server-key.pem: not a certificate");
	conf.cert = from_file("server.pem");
	conf.key = from_file("server.pem");
	does_not(&conf, "/server.pem: not a private key");
	conf.key = from_text("a key");
	does_not(&conf, "the key: not a private key");
	conf.key = from_file("server-key.pem");
	conf.cert = from_text("");
	does_not(&conf, "the certificate: not a certificate");
	conf.cert = from_text("-----BEGIN CERTIFICATE-----\nAAAA\n");
	does_not(&conf, "the certificate: not a certificate");
	conf.cert = from_file("server.pem");
	conf.ca = from_file("server-key.pem");
	does_not(&conf, "/server-key.pem: no certificate in it");
	conf.ca = from_text("nobody");
	does_not(&conf, "the CA: not a certificate");
	conf.ca.kind = TLS_SOURCE_NONE;
	conf.crl = from_file("server.pem");
	does_not(&conf, "/server.pem: not a revocation list");
}

static void
test_pairs(void **state)
{
	struct tls_conf conf = server_conf();

	(void)state;
	does_not(&conf, "there is neither a key nor a certificate");
	conf.cert = from_file("server.pem");
	does_not(&conf, "/server.pem: not a private key");
	conf.key = from_file("client-key.pem");
	does_not(&conf, "the key does not belong to the certificate");
	conf.cert.kind = TLS_SOURCE_NONE;
	does_not(&conf, "a key is given, but no certificate");
}

static void
test_too_long(void **state)
{
	const struct tls_pki_bytes *pem = &pki.pair[PKI_SERVER].cert_pem;
	struct tls_conf conf = server_conf();
	char *text = malloc((TLS_CHAIN_MAX + 1) * pem->len + 1);
	size_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < TLS_CHAIN_MAX + 1; i++)
		memcpy(text + i * pem->len, pem->data, pem->len + 1);
	conf.cert = from_text(text);
	conf.key = from_file("server-key.pem");
	does_not(&conf, "the certificate: the chain is too long");
	text[TLS_CHAIN_MAX * pem->len] = '\0';
	conf.cert = from_text(text);
	loads(&conf);
	free(text);
	/* A file without an end. */
	conf.cert.kind = TLS_SOURCE_FILE;
	conf.cert.name = "/dev/zero";
	assert_int_equal(symlink("/dev/zero", in_dir("endless")), 0);
	conf.cert = from_file("endless");
	does_not(&conf, "/endless: too large");
	assert_int_equal(unlink(in_dir("endless")), 0);
}

/* A key with a pass phrase, which comes as the PIN. */
static void
test_encrypted(void **state)
{
	const struct tls_pki_bytes *pem = &pki.pair[PKI_SERVER].key_pem;
	gnutls_datum_t datum = { pem->data, (unsigned)pem->len }, out;
	struct tls_conf conf = server_conf();
	gnutls_x509_privkey_t key;

	(void)state;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_import(key, &datum,
			     GNUTLS_X509_FMT_PEM),
	    0);
	assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key,
			     GNUTLS_X509_FMT_PEM, "sesame",
			     GNUTLS_PKCS_PBES2_AES_128, &out),
	    0);
	gnutls_x509_privkey_deinit(key);
	conf.cert = from_file("server.pem");
	conf.key.kind = TLS_SOURCE_MEMORY;
	conf.key.bytes.data = out.data;
	conf.key.bytes.len = out.size;
	does_not(&conf,
	    "the key: it is encrypted, and the pass phrase is missing or "
	    "wrong");
	conf.pin = "open";
	does_not(&conf,
	    "the key: it is encrypted, and the pass phrase is missing or "
	    "wrong");
	conf.pin = "sesame";
	loads(&conf);
	gnutls_free(out.data);
}

/* A token that nobody has. */
static void
test_no_token(void **state)
{
	static const char uri[] = "pkcs11:token=no-such-token;object=key";
	struct tls_conf conf = server_conf();
	struct tls_ctx *ctx = NULL;
	char why[256];

	(void)state;
	conf.cert = from_file("server.pem");
	conf.key.kind = TLS_SOURCE_PKCS11;
	conf.key.name = uri;
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_memory_equal(why, uri, sizeof(uri) - 1);
	assert_non_null(strstr(why, "no token has such an object"));
	conf.key.name = "pkcs11:;=";
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_memory_equal(why, "pkcs11:;=: ", 11);
}

/* A PIN in a URI is in no sentence. */
static void
test_pin_in_uri(void **state)
{
	static const char *const uris[] = {
		"pkcs11:token=no-such-token?pin-value=geheim",
		"pkcs11:token=no-such-token;pin-value=geheim",
		"pkcs11:;=?pin-value=geheim",
	};
	struct tls_conf conf = server_conf();
	struct tls_ctx *ctx = NULL;
	char why[256];
	size_t i;

	(void)state;
	conf.cert = from_file("server.pem");
	conf.key.kind = TLS_SOURCE_PKCS11;
	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		conf.key.name = uris[i];
		assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
		    -COAP_E_CREDENTIALS);
		assert_memory_equal(why, "pkcs11:", 7);
		assert_null(strstr(why, "geheim"));
	}
}

/* Each allocation fails once; nothing is left. */
static void
test_no_memory(void **state)
{
	struct tls_conf conf = server_conf();
	size_t before = mem_outstanding(), n;
	struct tls_ctx *ctx = NULL;
	char why[256];
	int ret = -1;

	(void)state;
	conf.cert = from_file("server.pem");
	conf.key = from_file("server-key.pem");
	conf.ca = from_file("ca.pem");
	conf.crl = from_file("crl.pem");
	conf.pin = "1234";
	for (n = 1; ret != 0; n++) {
		assert_true(n < 100);
		mem_fail_at(n, 0);
		ret = tls_be->ctx_new(&conf, &ctx, why, sizeof(why));
		mem_fail_at(0, 0);
		if (ret != 0) {
			assert_int_equal(ret, -COAP_E_NOMEM);
			assert_non_null(strstr(why, "out of memory"));
			assert_int_equal(mem_outstanding(), before);
		}
	}
	assert_true(n > 5);
	tls_be->ctx_free(ctx);
	tls_be->ctx_free(NULL);
	assert_int_equal(mem_outstanding(), before);
}

static void
test_long_alpn(void **state)
{
	struct tls_conf conf = tls_conf_psk(true, false);
	struct tls_ctx *ctx = NULL;
	char why[256];

	(void)state;
	conf.alpn = "0123456789abcdef";
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_INVAL);
	assert_string_equal(why, "an argument is not valid");
	/* Nobody need listen to the sentence. */
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, NULL, 0), -COAP_E_INVAL);
}

static void
test_version(void **state)
{
	(void)state;
	assert_string_equal(tls_be->name, "GnuTLS");
	assert_true(tls_be->version() >= 0x030700);
	assert_true(tls_be->built_version >= 0x030700);
	assert_int_equal(tls_be->version_text()[0], '3');
	assert_ptr_equal(tls_backend(NULL, 0), tls_be);
	assert_string_equal(tls_backend_name(), "GnuTLS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_all_in_one),
		cmocka_unit_test(test_rpk),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_something_else),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_pin_in_uri),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_long_alpn),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
