/* SPDX-License-Identifier: BSD-2-Clause */
/* A certificate and its key in a token (PKCS #11), which SoftHSM plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>

#include "skip.h"
#include "tls_support.h"

#define PIN    "1234"
#define TOKEN  "pkcs11:token=coap-test"
#define OBJECT TOKEN ";object=device"

static struct tls_pki pki;
static char dir[] = "/tmp/coap-tls-token-XXXXXX";
static bool ready;

static int
give_pin(void *user, int attempt, const char *url, const char *label,
    unsigned flags, char *pin, size_t size)
{
	(void)user;
	(void)attempt;
	(void)url;
	(void)label;
	(void)flags;
	snprintf(pin, size, "%s", PIN);
	return 0;
}

static int
fill_token(void)
{
	const struct tls_pki_pair *pair = &pki.pair[PKI_SERVER];
	gnutls_datum_t key_pem = { pair->key_pem.data,
		(unsigned)pair->key_pem.len };
	gnutls_datum_t cert_pem = { pair->cert_pem.data,
		(unsigned)pair->cert_pem.len };
	gnutls_datum_t id = { (void *)(uintptr_t) "\1", 1 };
	unsigned flags = GNUTLS_PKCS11_OBJ_FLAG_LOGIN |
	    GNUTLS_PKCS11_OBJ_FLAG_MARK_PRIVATE |
	    GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	int ret;

	if (gnutls_x509_privkey_init(&key) < 0 ||
	    gnutls_x509_crt_init(&crt) < 0)
		return -1;
	ret = gnutls_x509_privkey_import(key, &key_pem, GNUTLS_X509_FMT_PEM);
	if (ret == 0)
		ret =
		    gnutls_x509_crt_import(crt, &cert_pem, GNUTLS_X509_FMT_PEM);
	if (ret == 0)
		ret = gnutls_pkcs11_copy_x509_privkey2(TOKEN, key, "device",
		    &id, GNUTLS_KEY_DIGITAL_SIGNATURE, flags);
	if (ret == 0)
		ret = gnutls_pkcs11_copy_x509_crt2(TOKEN, crt, "device", &id,
		    GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return ret;
}

static int
setup(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	if (tls_pki_new(&pki) != 0 || !mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/softhsm2.conf", dir);
	f = fopen(path, "we");
	if (!f)
		return -1;
	fprintf(f,
	    "directories.tokendir = %s\nobjectstore.backend = file\n"
	    "log.level = ERROR\n",
	    dir);
	fclose(f);
	setenv("SOFTHSM2_CONF", path, 1);
	/* NOLINTNEXTLINE(cert-env33-c): a command of ours */
	if (system("softhsm2-util --init-token --free --label coap-test "
		   "--pin " PIN " --so-pin 123456 >/dev/null 2>&1") != 0)
		return 0;
	gnutls_pkcs11_set_pin_function(give_pin, NULL);
	if (gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_AUTO, NULL) < 0 ||
	    fill_token() != 0)
		return -1;
	/* From now on it is asked of who uses it. */
	gnutls_pkcs11_set_pin_function(NULL, NULL);
	ready = true;
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	tls_pki_free(&pki);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c) */
}

static struct tls_conf
token_conf(void)
{
	struct tls_conf conf;

	memset(&conf, 0, sizeof(conf));
	conf.server = conf.datagram = true;
	conf.cert.kind = conf.key.kind = TLS_SOURCE_PKCS11;
	conf.cert.name = OBJECT ";type=cert";
	conf.key.name = OBJECT ";type=private";
	conf.pin = PIN;
	return conf;
}

static void
handshake(const struct tls_conf *conf)
{
	struct tls_conf other = tls_conf_pki(false, true, &pki, -1);
	struct tls_ctx *client = tls_ctx_of(&other);
	struct tls_ctx *server = tls_ctx_of(conf);
	struct tls_pair p;

	tls_pair_init(&p, true);
	p.name = "device.example";
	tls_pair_open(&p, client, server);
	tls_pair_run_untimed(&p);
	tls_pair_check(&p);
	assert_int_equal(p.client.problems, 0);
	tls_pair_close(&p);
	tls_be->ctx_free(client);
	tls_be->ctx_free(server);
}

static void
test_token(void **state)
{
	struct tls_conf conf = token_conf();

	(void)state;
	if (!ready)
		skip_because("SoftHSM is not installed");
	handshake(&conf);
	/* A certificate from a file, for the key in the token. */
	conf.cert = tls_memory(&pki.pair[PKI_SERVER].cert_pem);
	handshake(&conf);
	/* The URI may hold the PIN. */
	conf.pin = NULL;
	conf.key.name = OBJECT ";type=private?pin-value=" PIN;
	handshake(&conf);
}

static void
test_wrong_pin(void **state)
{
	struct tls_conf conf = token_conf();
	struct tls_ctx *ctx = NULL;
	char why[256];

	(void)state;
	if (!ready)
		skip_because("SoftHSM is not installed");
	conf.cert = tls_memory(&pki.pair[PKI_SERVER].cert_pem);
	conf.pin = "4321";
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_string_equal(why,
	    OBJECT ";type=private: the PIN is missing or wrong");
	conf.pin = NULL;
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_string_equal(why,
	    OBJECT ";type=private: the PIN is missing or wrong");
}

static void
test_no_such_object(void **state)
{
	struct tls_conf conf = token_conf();
	struct tls_ctx *ctx = NULL;
	char why[256];

	(void)state;
	if (!ready)
		skip_because("SoftHSM is not installed");
	conf.key.name = TOKEN ";object=nothing;type=private";
	assert_int_equal(tls_be->ctx_new(&conf, &ctx, why, sizeof(why)),
	    -COAP_E_CREDENTIALS);
	assert_string_equal(why,
	    TOKEN ";object=nothing;type=private: no token has such an object");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_wrong_pin),
		cmocka_unit_test(test_no_such_object),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
