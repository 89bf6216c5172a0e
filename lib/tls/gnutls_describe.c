/* SPDX-License-Identifier: BSD-2-Clause */
/* What a certificate or a raw public key says, as text for people. All of it
 * is a stranger's: nothing in it can steer a terminal. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tls/gnutls_private.h"

/* A list of names has an end. */
#define NAMES_MAX 100
#define NAME_SIZE 512

#define SHA256_SIZE 32

/* Text of a fixed size that is cut when it is full. */
struct text {
	char *at;
	size_t size;
	size_t len;
};

static void
add(struct text *t, const char *data, size_t len)
{
	size_t i;
	char c;

	for (i = 0; i < len && t->len + 1 < t->size; i++) {
		c = data[i];
		t->at[t->len++] =
		    (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
	}
	/* Not within a character of UTF-8. */
	if (i < len)
		while (t->len > 0 && ((unsigned char)data[i] & 0xc0) == 0x80) {
			t->len--;
			i--;
		}
	t->at[t->len] = '\0';
}

static void
add_text(struct text *t, const char *text)
{
	add(t, text, strlen(text));
}

/* The library gives the length of a name without its NUL, or with it; a NUL
 * within is the certificate's, and is shown. */
static size_t
without_end(const char *name, size_t len)
{
	return len > 0 && name[len - 1] == '\0' ? len - 1 : len;
}

static void
add_dn(struct text *t, int ret, gnutls_datum_t *dn)
{
	if (ret < 0)
		return;
	add(t, (const char *)dn->data, dn->size);
	gnutls_free(dn->data);
}

/* An application may let somebody in by this name: a cut one, or one of two,
 * would be another's (RFC 6125 section 6.4.4 wants one), so it stays empty. */
static void
put_common_name(coapx_cert_t *cert, gnutls_x509_crt_t crt)
{
	struct text text = { cert->common_name, sizeof(cert->common_name), 0 };
	char name[sizeof(cert->common_name)];
	size_t len = sizeof(name);
	size_t none = 0;

	if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 1,
		0, NULL, &none) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	    gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
		0, name, &len) < 0)
		return;
	add(&text, name, len);
}

/* The prefix of each kind of name; the others are left out. */
static const char *
name_prefix(int kind)
{
	static const struct {
		int kind;
		const char *prefix;
	} rows[] = {
		{ GNUTLS_SAN_DNSNAME, "DNS:" },
		{ GNUTLS_SAN_IPADDRESS, "IP:" },
		{ GNUTLS_SAN_URI, "URI:" },
		{ GNUTLS_SAN_RFC822NAME, "email:" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == kind)
			return rows[i].prefix;
	return NULL;
}

static void
add_name(struct text *t, int kind, const char *name, size_t len)
{
	char address[INET6_ADDRSTRLEN] = "?";
	const char *prefix = name_prefix(kind);

	if (!prefix)
		return;
	if (t->len > 0)
		add_text(t, ", ");
	add_text(t, prefix);
	if (kind != GNUTLS_SAN_IPADDRESS) {
		add(t, name, len);
		return;
	}
	if (len == 4)
		(void)inet_ntop(AF_INET, name, address, sizeof(address));
	else if (len == 16)
		(void)inet_ntop(AF_INET6, name, address, sizeof(address));
	add_text(t, address);
}

static void
add_names(struct text *t, gnutls_x509_crt_t crt)
{
	char name[NAME_SIZE];
	unsigned i;
	size_t len;
	int kind;

	for (i = 0; i < NAMES_MAX; i++) {
		len = sizeof(name);
		kind = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len,
		    NULL);
		if (kind == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (kind < 0)
			return;
		if (kind != GNUTLS_SAN_IPADDRESS)
			len = without_end(name, len);
		add_name(t, kind, name, len);
	}
}

static void
put_key(coapx_cert_t *cert, int algorithm, unsigned bits)
{
	const char *name = NULL;

	if (algorithm >= 0)
		name = gnutls_pk_algorithm_get_name(
		    (gnutls_pk_algorithm_t)algorithm);
	snprintf(cert->key, sizeof(cert->key), "%s %u bits",
	    name ? name : "unknown", bits);
}

static int
put_hash(coapx_cert_t *cert, struct tls_bytes der)
{
	uint8_t hash[SHA256_SIZE];
	size_t i;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.len, hash) < 0)
		return -COAP_E_NOMEM;
	for (i = 0; i < sizeof(hash); i++)
		snprintf(cert->sha256 + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

static int
describe_x509(const gnutls_datum_t *der, coapx_cert_t *cert)
{
	struct text subject = { cert->subject, sizeof(cert->subject), 0 };
	struct text issuer = { cert->issuer, sizeof(cert->issuer), 0 };
	struct text san = { cert->san, sizeof(cert->san), 0 };
	gnutls_x509_crt_t crt;
	gnutls_datum_t dn;
	unsigned bits = 0;
	int algorithm;

	if (gnutls_x509_crt_init(&crt) < 0)
		return -COAP_E_NOMEM;
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(crt);
		return -COAP_E_FORMAT;
	}
	add_dn(&subject, gnutls_x509_crt_get_dn3(crt, &dn, 0), &dn);
	add_dn(&issuer, gnutls_x509_crt_get_issuer_dn3(crt, &dn, 0), &dn);
	put_common_name(cert, crt);
	add_names(&san, crt);
	algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
	put_key(cert, algorithm, bits);
	cert->not_before = gnutls_x509_crt_get_activation_time(crt);
	cert->not_after = gnutls_x509_crt_get_expiration_time(crt);
	gnutls_x509_crt_deinit(crt);
	return 0;
}

static int
describe_rpk(const gnutls_datum_t *der, coapx_cert_t *cert)
{
	gnutls_pubkey_t key;
	unsigned bits = 0;
	int algorithm;

	if (gnutls_pubkey_init(&key) < 0)
		return -COAP_E_NOMEM;
	if (gnutls_pubkey_import(key, der, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_pubkey_deinit(key);
		return -COAP_E_FORMAT;
	}
	algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);
	put_key(cert, algorithm, bits);
	cert->is_rpk = 1;
	snprintf(cert->common_name, sizeof(cert->common_name), "%s",
	    COAP_DTLS_RPK_CERT_CN);
	gnutls_pubkey_deinit(key);
	return 0;
}

int
tlsg_describe(struct tls_bytes der, bool rpk, coapx_cert_t *cert)
{
	gnutls_datum_t datum = { (void *)(uintptr_t)der.data,
		(unsigned)der.len };
	size_t size = cert->size;
	int ret;

	memset(cert, 0, sizeof(*cert));
	cert->size = size;
	if (der.len > UINT32_MAX)
		return -COAP_E_TOOBIG;
	ret = rpk ? describe_rpk(&datum, cert) : describe_x509(&datum, cert);
	return ret == 0 ? put_hash(cert, der) : ret;
}
