/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys for tests. */
#include "tls_pki.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#define DAY (24 * 3600)

/* What is particular about a certificate. */
static const struct row {
	const char *text;
	const char *subject;
	enum tls_pki_name issuer;
	int from;         /* days from now */
	int until;        /* days from now */
	const char *host; /* NULL: the names of PKI_SERVER; "": none */
	const char *purpose;
	gnutls_digest_algorithm_t hash;
	unsigned char is_ca;
	unsigned char is_rsa;
	unsigned char is_rpk;
} rows[PKI_COUNT] = {
	[PKI_CA] = { .text = "ca",
	    .subject = "CN=Test CA,O=Example",
	    .issuer = PKI_CA,
	    .host = "",
	    .is_ca = 1 },
	[PKI_OTHER_CA] = { .text = "other-ca",
	    .subject = "CN=Other CA",
	    .issuer = PKI_OTHER_CA,
	    .host = "",
	    .is_ca = 1 },
	[PKI_SERVER] = { .text = "server", .subject = "CN=device.example" },
	[PKI_SERVER_RSA] = { .text = "server-rsa",
	    .subject = "CN=device.example",
	    .is_rsa = 1 },
	[PKI_CLIENT] = { .text = "client",
	    .subject = "CN=client-1",
	    .host = "",
	    .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
	[PKI_EXPIRED] = { .text = "expired",
	    .subject = "CN=device.example",
	    .from = -10,
	    .until = -1 },
	[PKI_NOT_YET] = { .text = "not-yet",
	    .subject = "CN=device.example",
	    .from = 1 },
	[PKI_OTHER_NAME] = { .text = "other-name",
	    .subject = "CN=other.example",
	    .host = "other.example" },
	[PKI_SELF_SIGNED] = { .text = "self-signed",
	    .subject = "CN=device.example,O=Self",
	    .issuer = PKI_SELF_SIGNED },
	[PKI_STRANGER] = { .text = "stranger",
	    .subject = "CN=device.example",
	    .issuer = PKI_OTHER_CA },
	[PKI_REVOKED] = { .text = "revoked", .subject = "CN=device.example" },
	[PKI_WEAK] = { .text = "weak",
	    .subject = "CN=device.example",
	    .hash = GNUTLS_DIG_SHA1 },
	[PKI_PURPOSE] = { .text = "purpose",
	    .subject = "CN=device.example",
	    .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
	[PKI_RPK_SERVER] = { .text = "rpk-server", .is_rpk = 1 },
	[PKI_RPK_CLIENT] = { .text = "rpk-client", .is_rpk = 1 },
};

struct maker {
	gnutls_x509_crt_t crt[PKI_COUNT];
	gnutls_x509_privkey_t key[PKI_COUNT];
};

/* Takes a result over from the library. */
static int
take(struct tls_pki_bytes *to, int ret, gnutls_datum_t *from)
{
	if (ret < 0)
		return ret;
	to->data = malloc(from->size + 1);
	if (!to->data) {
		gnutls_free(from->data);
		return -1;
	}
	memcpy(to->data, from->data, from->size);
	to->data[from->size] = '\0';
	to->len = from->size;
	gnutls_free(from->data);
	return 0;
}

static int
add_names(gnutls_x509_crt_t crt, const char *host)
{
	static const char *const names[] = { "localhost", "device.example" };
	static const char uri[] = "coaps://device.example/";
	struct in_addr v4 = { htonl(INADDR_LOOPBACK) };
	struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
	int ret = 0;
	size_t i;

	if (host && host[0] == '\0')
		return 0;
	if (host)
		return gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host), 0);
	for (i = 0; ret >= 0 && i < 2; i++)
		ret = gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_DNSNAME, names[i], (unsigned)strlen(names[i]),
		    GNUTLS_FSAN_APPEND);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_IPADDRESS, &v4, sizeof(v4), GNUTLS_FSAN_APPEND);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_IPADDRESS, &v6, sizeof(v6), GNUTLS_FSAN_APPEND);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI,
		    uri, sizeof(uri) - 1, GNUTLS_FSAN_APPEND);
	return ret;
}

static int
make_key(struct maker *m, struct tls_pki *pki, enum tls_pki_name name)
{
	struct tls_pki_pair *pair = &pki->pair[name];
	gnutls_datum_t out;
	int ret;

	ret = gnutls_x509_privkey_init(&m->key[name]);
	if (ret >= 0 && rows[name].is_rsa)
		ret = gnutls_x509_privkey_generate(m->key[name], GNUTLS_PK_RSA,
		    2048, 0);
	else if (ret >= 0)
		ret =
		    gnutls_x509_privkey_generate(m->key[name], GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (ret >= 0)
		ret = take(&pair->key_pem,
		    gnutls_x509_privkey_export2_pkcs8(m->key[name],
			GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &out),
		    &out);
	if (ret >= 0)
		ret = take(&pair->key_der,
		    gnutls_x509_privkey_export2_pkcs8(m->key[name],
			GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &out),
		    &out);
	return ret;
}

static int
fill(gnutls_x509_crt_t crt, enum tls_pki_name name)
{
	const struct row *row = &rows[name];
	unsigned char serial[2] = { 1, (unsigned char)name };
	time_t now = time(NULL);
	const char *err;
	int ret;

	ret = gnutls_x509_crt_set_version(crt, 3);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (ret >= 0)
		ret = gnutls_x509_crt_set_dn(crt, row->subject, &err);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_activation_time(crt,
		    now + (row->from ? row->from * DAY : -DAY));
	if (ret >= 0)
		ret = gnutls_x509_crt_set_expiration_time(crt,
		    now + (row->until ? row->until : 30) * DAY);
	if (ret >= 0)
		ret =
		    gnutls_x509_crt_set_basic_constraints(crt, row->is_ca, -1);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_key_usage(crt,
		    row->is_ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
			       : GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (ret >= 0 && row->purpose)
		ret = gnutls_x509_crt_set_key_purpose_oid(crt, row->purpose, 0);
	if (ret >= 0)
		ret = add_names(crt, row->host);
	return ret;
}

static int
make_cert(struct maker *m, struct tls_pki *pki, enum tls_pki_name name)
{
	struct tls_pki_pair *pair = &pki->pair[name];
	const struct row *row = &rows[name];
	gnutls_digest_algorithm_t hash = row->hash;
	gnutls_datum_t out;
	int ret;

	if (hash == GNUTLS_DIG_UNKNOWN)
		hash = GNUTLS_DIG_SHA256;
	ret = gnutls_x509_crt_init(&m->crt[name]);
	if (ret >= 0)
		ret = fill(m->crt[name], name);
	if (ret >= 0)
		ret = gnutls_x509_crt_set_key(m->crt[name], m->key[name]);
	if (ret >= 0)
		ret = gnutls_x509_crt_sign2(m->crt[name], m->crt[row->issuer],
		    m->key[row->issuer], hash, 0);
	if (ret >= 0)
		ret = take(&pair->cert_pem,
		    gnutls_x509_crt_export2(m->crt[name], GNUTLS_X509_FMT_PEM,
			&out),
		    &out);
	if (ret >= 0)
		ret = take(&pair->cert_der,
		    gnutls_x509_crt_export2(m->crt[name], GNUTLS_X509_FMT_DER,
			&out),
		    &out);
	return ret;
}

static int
make_rpk(struct maker *m, struct tls_pki *pki, enum tls_pki_name name)
{
	struct tls_pki_pair *pair = &pki->pair[name];
	gnutls_privkey_t priv = NULL;
	gnutls_pubkey_t pub = NULL;
	gnutls_datum_t out;
	int ret;

	ret = gnutls_privkey_init(&priv);
	if (ret >= 0)
		ret = gnutls_privkey_import_x509(priv, m->key[name], 0);
	if (ret >= 0)
		ret = gnutls_pubkey_init(&pub);
	if (ret >= 0)
		ret = gnutls_pubkey_import_privkey(pub, priv, 0, 0);
	if (ret >= 0)
		ret = take(&pair->cert_pem,
		    gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_PEM, &out),
		    &out);
	if (ret >= 0)
		ret = take(&pair->cert_der,
		    gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &out),
		    &out);
	gnutls_pubkey_deinit(pub);
	gnutls_privkey_deinit(priv);
	return ret;
}

static int
make_crl(struct maker *m, struct tls_pki *pki)
{
	time_t now = time(NULL);
	gnutls_x509_crl_t crl;
	gnutls_datum_t out;
	int ret;

	ret = gnutls_x509_crl_init(&crl);
	if (ret < 0)
		return ret;
	ret = gnutls_x509_crl_set_version(crl, 2);
	if (ret >= 0)
		ret = gnutls_x509_crl_set_this_update(crl, now - DAY);
	if (ret >= 0)
		ret = gnutls_x509_crl_set_next_update(crl, now + 30 * DAY);
	if (ret >= 0)
		ret = gnutls_x509_crl_set_number(crl, "\1", 1);
	if (ret >= 0)
		ret = gnutls_x509_crl_set_crt(crl, m->crt[PKI_REVOKED],
		    now - DAY);
	if (ret >= 0)
		ret = gnutls_x509_crl_sign2(crl, m->crt[PKI_CA], m->key[PKI_CA],
		    GNUTLS_DIG_SHA256, 0);
	if (ret >= 0)
		ret = take(&pki->crl,
		    gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &out),
		    &out);
	gnutls_x509_crl_deinit(crl);
	return ret;
}

int
tls_pki_new(struct tls_pki *pki)
{
	struct maker m;
	int i, ret = 0;

	memset(pki, 0, sizeof(*pki));
	memset(&m, 0, sizeof(m));
	for (i = 0; ret >= 0 && i < PKI_COUNT; i++) {
		ret = make_key(&m, pki, (enum tls_pki_name)i);
		if (ret >= 0 && rows[i].is_rpk)
			ret = make_rpk(&m, pki, (enum tls_pki_name)i);
		else if (ret >= 0)
			ret = make_cert(&m, pki, (enum tls_pki_name)i);
	}
	if (ret >= 0)
		ret = make_crl(&m, pki);
	for (i = 0; i < PKI_COUNT; i++) {
		gnutls_x509_crt_deinit(m.crt[i]);
		gnutls_x509_privkey_deinit(m.key[i]);
	}
	if (ret < 0)
		tls_pki_free(pki);
	return ret < 0 ? ret : 0;
}

void
tls_pki_free(struct tls_pki *pki)
{
	int i;

	for (i = 0; i < PKI_COUNT; i++) {
		free(pki->pair[i].cert_pem.data);
		free(pki->pair[i].cert_der.data);
		free(pki->pair[i].key_pem.data);
		free(pki->pair[i].key_der.data);
	}
	free(pki->crl.data);
	memset(pki, 0, sizeof(*pki));
}

const char *
tls_pki_text(enum tls_pki_name name)
{
	return rows[name].text;
}

/* Writes bytes, or with NULL removes the file. */
static int
put(const char *dir, const char *name, const char *end,
    const struct tls_pki_bytes *bytes)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
	if (!bytes)
		return unlink(path);
	f = fopen(path, "we");
	if (!f)
		return -1;
	n = fwrite(bytes->data, 1, bytes->len, f);
	return fclose(f) == 0 && n == bytes->len ? 0 : -1;
}

int
tls_pki_write(const struct tls_pki *pki, const char *dir)
{
	const struct tls_pki_pair *pair;
	int i, bad = 0;

	for (i = 0; i < PKI_COUNT; i++) {
		pair = &pki->pair[i];
		bad |= put(dir, rows[i].text, ".pem", &pair->cert_pem);
		bad |= put(dir, rows[i].text, ".der", &pair->cert_der);
		bad |= put(dir, rows[i].text, "-key.pem", &pair->key_pem);
		bad |= put(dir, rows[i].text, "-key.der", &pair->key_der);
	}
	bad |= put(dir, "crl", ".pem", &pki->crl);
	return bad ? -1 : 0;
}

void
tls_pki_remove(const char *dir)
{
	int i;

	for (i = 0; i < PKI_COUNT; i++) {
		(void)put(dir, rows[i].text, ".pem", NULL);
		(void)put(dir, rows[i].text, ".der", NULL);
		(void)put(dir, rows[i].text, "-key.pem", NULL);
		(void)put(dir, rows[i].text, "-key.der", NULL);
	}
	(void)put(dir, "crl", ".pem", NULL);
	(void)rmdir(dir);
}
