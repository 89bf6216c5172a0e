/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our certificate or raw public key with its key, and whom we trust. What
 * cannot be loaded is said in one sentence that begins with its name.
 */
#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>

#include "base/alloc.h"
#include "tls/gnutls_file.h"

/* Where a sentence goes. */
struct why {
	char *text;
	size_t size;
};

/* The bytes of a label that may be shown: a token's URI may have a PIN. */
static int
shown(const char *label)
{
	size_t len = strlen(label);
	const char *pin;

	if (strncmp(label, "pkcs11:", 7) != 0)
		return (int)len;
	len = strcspn(label, "?");
	pin = strstr(label, "pin-value=");
	if (pin && (size_t)(pin - label) < len)
		len = (size_t)(pin - label);
	return (int)len;
}

static int
say(const struct why *why, const char *label, const char *text)
{
	snprintf(why->text, why->size, "%.*s: %s", shown(label), label, text);
	return -COAP_E_CREDENTIALS;
}

/* What went wrong in the library; otherwise what it is not ("not a
 * certificate"). */
static int
say_why(const struct why *why, const char *label, int ret,
    const char *otherwise)
{
	static const struct {
		int ret;
		const char *text;
	} rows[] = {
		{ GNUTLS_E_DECRYPTION_FAILED,
		    "it is encrypted, and the pass phrase is missing or "
		    "wrong" },
		{ GNUTLS_E_SHORT_MEMORY_BUFFER, "the chain is too long" },
		{ GNUTLS_E_PKCS11_PIN_ERROR, "the PIN is missing or wrong" },
		{ GNUTLS_E_PKCS11_PIN_LOCKED, "the PIN is locked" },
		{ GNUTLS_E_PKCS11_PIN_EXPIRED, "the PIN has expired" },
		{ GNUTLS_E_PKCS11_LOAD_ERROR,
		    "the token's module cannot be loaded" },
		{ GNUTLS_E_PKCS11_TOKEN_ERROR, "the token does not answer" },
	};
	size_t i;

	if (ret == GNUTLS_E_MEMORY_ERROR) {
		(void)say(why, label, "out of memory");
		return -COAP_E_NOMEM;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].ret == ret)
			return say(why, label, rows[i].text);
	return say(why, label, otherwise);
}

/* The result for what is in a token: 0, or an error and a sentence. */
static int
token_result(const struct why *why, const struct tls_source *src, int ret)
{
	if (ret >= 0)
		return 0;
	if (ret == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	    ret == GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE)
		return say(why, src->name, "no token has such an object");
	return say_why(why, src->name, ret, gnutls_strerror(ret));
}

/* A wrong PIN is not tried twice: that would lock the token. */
static int
/* NOLINTNEXTLINE(readability-function-size): the library's signature */
give_pin(void *user, int attempt, const char *url, const char *label,
    unsigned flags, char *pin, size_t size)
{
	const char *text = user;

	(void)url;
	(void)label;
	if (!text || attempt > 0 ||
	    (flags & (GNUTLS_PIN_WRONG | GNUTLS_PIN_FINAL_TRY)) != 0 ||
	    strlen(text) >= size)
		return -1;
	memcpy(pin, text, strlen(text) + 1);
	return 0;
}

static int
load_key(struct tls_ctx *ctx, const struct tls_source *src,
    gnutls_privkey_t key, const struct why *why)
{
	struct source_data d;
	gnutls_datum_t datum;
	int ret;

	if (src->kind == TLS_SOURCE_PKCS11) {
		gnutls_privkey_set_pin_function(key, give_pin, ctx->pin);
		ret = gnutls_privkey_import_url(key, src->name, 0);
		return token_result(why, src, ret);
	}
	ret = source_read(src, "the key", &d, why->text, why->size);
	if (ret == 0) {
		datum = source_datum(&d);
		ret = gnutls_privkey_import_x509_raw(key, &datum,
		    source_format(&d), ctx->pin, 0);
		if (ret < 0)
			ret = say_why(why, d.label, ret, "not a private key");
	}
	source_free(&d);
	return ret;
}

/* The certificates in a source, *n at most: 0 or an error. */
static int
load_chain(struct tls_ctx *ctx, const struct tls_source *src,
    gnutls_pcert_st *chain, unsigned *n, const struct why *why)
{
	struct source_data d;
	gnutls_datum_t datum;
	int ret;

	if (src->kind == TLS_SOURCE_PKCS11) {
		ret = gnutls_pcert_list_import_x509_file(chain, n, src->name,
		    GNUTLS_X509_FMT_DER, give_pin, ctx->pin, 0);
		return token_result(why, src, ret);
	}
	ret = source_read(src, "the certificate", &d, why->text, why->size);
	if (ret == 0) {
		datum = source_datum(&d);
		ret = gnutls_pcert_list_import_x509_raw(chain, n, &datum,
		    source_format(&d),
		    GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
		if (ret < 0)
			ret = say_why(why, d.label, ret, "not a certificate");
		else if (*n == 0)
			ret = say(why, d.label, "no certificate in it");
	}
	source_free(&d);
	return ret;
}

/* A public key, of a source that may also be a PKCS #11 URI. */
static int
import_pubkey(struct tls_ctx *ctx, const struct tls_source *src,
    gnutls_pubkey_t pub, const struct why *why)
{
	struct source_data d;
	gnutls_datum_t datum;
	int ret;

	if (src->kind == TLS_SOURCE_PKCS11) {
		gnutls_pubkey_set_pin_function(pub, give_pin, ctx->pin);
		ret = gnutls_pubkey_import_url(pub, src->name, 0);
		return token_result(why, src, ret);
	}
	ret = source_read(src, "the public key", &d, why->text, why->size);
	if (ret == 0) {
		datum = source_datum(&d);
		ret = gnutls_pubkey_import(pub, &datum, source_format(&d));
		if (ret < 0)
			ret = say_why(why, d.label, ret, "not a public key");
	}
	source_free(&d);
	return ret;
}

/* The raw public key: given, or told from the private one. */
static int
load_rpk(struct tls_ctx *ctx, const struct tls_conf *conf, gnutls_privkey_t key,
    gnutls_pcert_st *pcert, const struct why *why)
{
	gnutls_pubkey_t pub;
	int ret;

	if (gnutls_pubkey_init(&pub) < 0)
		return -COAP_E_NOMEM;
	if (conf->cert.kind != TLS_SOURCE_NONE)
		ret = import_pubkey(ctx, &conf->cert, pub, why);
	else {
		ret = gnutls_pubkey_import_privkey(pub, key, 0, 0);
		if (ret < 0)
			ret = say_why(why, "the key", ret,
			    "its public key cannot be told");
	}
	if (ret == 0) {
		/* It takes the public key over. */
		ret = gnutls_pcert_import_rawpk(pcert, pub, 0);
		if (ret >= 0)
			return 0;
		ret = say_why(why, "the public key", ret, "cannot be used");
	}
	gnutls_pubkey_deinit(pub);
	return ret;
}

/* Puts the chain of n and the key together; both are the context's then. */
static int
join(struct tls_ctx *ctx, gnutls_pcert_st *chain, unsigned n,
    gnutls_privkey_t key, const struct why *why)
{
	int ret;

	ret =
	    gnutls_certificate_set_key(ctx->cert, NULL, 0, chain, (int)n, key);
	if (ret == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
		snprintf(why->text, why->size,
		    "the key does not belong to the certificate");
		return -COAP_E_CREDENTIALS;
	}
	if (ret < 0)
		return say_why(why, "the certificate", ret,
		    "cannot be used with this key");
	ctx->own_cert = true;
	return 0;
}

static int
load_own(struct tls_ctx *ctx, const struct tls_conf *conf,
    const struct why *why)
{
	const struct tls_source *from = &conf->key;
	gnutls_pcert_st chain[TLS_CHAIN_MAX];
	gnutls_privkey_t key;
	unsigned i, n = 0;
	int ret;

	/* A file may hold both. */
	if (from->kind == TLS_SOURCE_NONE && !conf->rpk)
		from = &conf->cert;
	if (from->kind == TLS_SOURCE_NONE)
		return 0;
	if (conf->cert.kind == TLS_SOURCE_NONE && !conf->rpk) {
		snprintf(why->text, why->size,
		    "a key is given, but no certificate");
		return -COAP_E_CREDENTIALS;
	}
	if (gnutls_privkey_init(&key) < 0)
		return -COAP_E_NOMEM;
	ret = load_key(ctx, from, key, why);
	if (ret == 0 && conf->rpk) {
		ret = load_rpk(ctx, conf, key, &chain[0], why);
		n = ret == 0 ? 1 : 0;
	} else if (ret == 0) {
		n = TLS_CHAIN_MAX;
		ret = load_chain(ctx, &conf->cert, chain, &n, why);
		n = ret == 0 ? n : 0;
	}
	if (ret == 0)
		ret = join(ctx, chain, n, key, why);
	if (ret == 0)
		return 0;
	for (i = 0; i < n; i++)
		gnutls_pcert_deinit(&chain[i]);
	gnutls_privkey_deinit(key);
	return ret;
}

/* Revocation lists that stand in the file of a CA, as other tools keep them. */
static int
load_lists_of(struct tls_ctx *ctx, const gnutls_datum_t *pem)
{
	static const char begin[] = "-----BEGIN X509 CRL-----";

	if (!memmem(pem->data, pem->size, begin, sizeof(begin) - 1))
		return 0;
	return gnutls_certificate_set_x509_crl_mem(ctx->cert, pem,
	    GNUTLS_X509_FMT_PEM);
}

static int
load_trust(struct tls_ctx *ctx, const struct tls_source *src,
    const struct why *why)
{
	struct source_data d;
	gnutls_datum_t datum;
	int ret;

	if (src->kind == TLS_SOURCE_NONE)
		return 0;
	if (src->kind == TLS_SOURCE_PKCS11) {
		ret = gnutls_certificate_set_x509_trust_file(ctx->cert,
		    src->name, GNUTLS_X509_FMT_DER);
		if (ret < 0)
			return token_result(why, src, ret);
		return ret > 0 ? 0
			       : say(why, src->name, "no certificate in it");
	}
	ret = source_read(src, "the CA", &d, why->text, why->size);
	if (ret == 0) {
		datum = source_datum(&d);
		ret = gnutls_certificate_set_x509_trust_mem(ctx->cert, &datum,
		    source_format(&d));
		if (ret < 0)
			ret = say_why(why, d.label, ret, "not a certificate");
		else if (ret == 0)
			ret = say(why, d.label, "no certificate in it");
		else if (load_lists_of(ctx, &datum) < 0)
			ret =
			    say(why, d.label, "a revocation list in it is bad");
		else
			ret = 0;
	}
	source_free(&d);
	return ret;
}

static int
load_crl(struct tls_ctx *ctx, const struct tls_source *src,
    const struct why *why)
{
	struct source_data d;
	gnutls_datum_t datum;
	int ret;

	if (src->kind == TLS_SOURCE_NONE)
		return 0;
	ret = source_read(src, "the revocation list", &d, why->text, why->size);
	if (ret == 0) {
		datum = source_datum(&d);
		ret = gnutls_certificate_set_x509_crl_mem(ctx->cert, &datum,
		    source_format(&d));
		if (ret < 0)
			ret =
			    say_why(why, d.label, ret, "not a revocation list");
		else
			ret = 0;
	}
	source_free(&d);
	return ret;
}

/* Whom to trust. A system without certificates trusts nobody, which the first
 * peer will tell. */
static int
load_trusted(struct tls_ctx *ctx, const struct tls_conf *conf,
    const struct why *why)
{
	struct tls_source file = { TLS_SOURCE_FILE, conf->ca_file,
		{ NULL, 0 } };
	int ret;

	ret = load_trust(ctx, &conf->ca, why);
	if (ret == 0 && conf->ca_file)
		ret = load_trust(ctx, &file, why);
	if (ret == 0 && conf->ca_dir &&
	    gnutls_certificate_set_x509_trust_dir(ctx->cert, conf->ca_dir,
		GNUTLS_X509_FMT_PEM) <= 0)
		ret = say(why, conf->ca_dir, "no certificates there");
	if (ret == 0)
		ret = load_crl(ctx, &conf->crl, why);
	if (ret == 0 && conf->system_trust)
		(void)gnutls_certificate_set_x509_system_trust(ctx->cert);
	return ret;
}

static int
keep_pin(struct tls_ctx *ctx, const char *pin)
{
	if (!pin)
		return 0;
	ctx->pin = coap_malloc_type(COAP_STRING, strlen(pin) + 1);
	if (!ctx->pin)
		return -COAP_E_NOMEM;
	memcpy(ctx->pin, pin, strlen(pin) + 1);
	return 0;
}

int
/* NOLINTNEXTLINE(readability-non-const-parameter): it is written through to */
tlsg_credentials(struct tls_ctx *ctx, const struct tls_conf *conf, char *why,
    size_t size)
{
	const struct why to = { why, size };
	int ret;

	ret = keep_pin(ctx, conf->pin);
	if (ret == 0 && gnutls_certificate_allocate_credentials(&ctx->cert) < 0)
		ret = -COAP_E_NOMEM;
	if (ret != 0)
		return ret;
	gnutls_certificate_set_pin_function(ctx->cert, give_pin, ctx->pin);
	gnutls_certificate_set_verify_limits(ctx->cert, 16384, TLS_CHAIN_MAX);
	ret = load_own(ctx, conf, &to);
	if (ret == 0)
		ret = load_trusted(ctx, conf, &to);
	/* A client shows certificates only if it has one; a server needs one
	 * for each suite with certificates. */
	ctx->any_cert =
	    ctx->own_cert || (!conf->server && (conf->pki || conf->rpk));
	return ret;
}
