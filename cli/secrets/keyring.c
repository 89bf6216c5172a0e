/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials in memory, and as the library takes them. */
#include "cli/secrets/keyring.h"

#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

/* --- birth and death ----------------------------------------------------- */

struct keyring *
keyring_new(bool server)
{
	struct keyring *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->refs = 1;
	k->server = server;
	return k;
}

struct keyring *
keyring_ref(struct keyring *k)
{
	if (k)
		k->refs++;
	return k;
}

static void
wipe(struct keyring *k)
{
	struct secret *const secrets[] = { &k->identity, &k->hint, &k->key,
		&k->ca, &k->cert, &k->private_key, &k->rpk, &k->peer_rpk,
		&k->pin };

	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		secret_free(secrets[i]);
	for (size_t i = 0; i < k->n_entries; i++) {
		secret_free(&k->entries[i].identity);
		secret_free(&k->entries[i].key);
	}
	free(k->entries);
	free(k->server_name);
	explicit_bzero(k, sizeof *k);
}

void
keyring_unref(struct keyring *k)
{
	if (!k || --k->refs > 0)
		return;
	wipe(k);
	free(k);
}

/* --- keys by identity ---------------------------------------------------- */

static bool
is_same(const struct secret *s, const uint8_t *data, size_t len)
{
	return s->len == len && (len == 0 || memcmp(s->data, data, len) == 0);
}

const struct secret *
keyring_find(const struct keyring *k, const uint8_t *id, size_t len)
{
	for (size_t i = 0; i < k->n_entries; i++)
		if (is_same(&k->entries[i].identity, id, len))
			return &k->entries[i].key;
	/* A key without an identity is everybody's. */
	if (k->key.data &&
	    (!k->identity.data || is_same(&k->identity, id, len)))
		return &k->key;
	return NULL;
}

static const coap_bin_const_t *
on_identity(coap_bin_const_t *identity, coap_session_t *session, void *arg)
{
	struct keyring *k = arg;
	const struct secret *key =
	    keyring_find(k, identity->s, identity->length);

	(void)session;
	if (!key)
		return NULL;
	k->found = (coap_bin_const_t){ key->len, key->data };
	return &k->found;
}

/* --- tables -------------------------------------------------------------- */

/* Takes the key over. The table has room for all that it may have. */
static bool
add_entry(struct keyring *k, const char *id, size_t id_len, struct secret *key)
{
	struct keyring_entry *entry;

	if (!k->entries)
		k->entries = calloc(KEYRING_ENTRIES, sizeof *k->entries);
	if (!k->entries)
		return false;
	entry = &k->entries[k->n_entries];
	if (!secret_set(&entry->identity, id, id_len))
		return false;
	entry->key = *key;
	*key = (struct secret){ NULL, 0 };
	k->n_entries++;
	return true;
}

/* What is wrong with a line, never the line itself; NULL: nothing. */
static const char *
read_entry(struct keyring *k, const char *line, size_t len, bool *no_memory)
{
	const char *colon = memrchr(line, ':', len);
	struct secret key = { NULL, 0 };
	size_t id_len = colon ? (size_t)(colon - line) : 0;
	const char *wrong = NULL;

	if (!colon || id_len == 0)
		return "is not of the form IDENTITY:HEXKEY";
	if (id_len > COAP_DTLS_MAX_PSK_IDENTITY)
		return "has an identity longer than 64 bytes";
	if (k->n_entries == KEYRING_ENTRIES)
		return "is one more than the 4096 identities that there may be";
	for (size_t i = 0; i < k->n_entries; i++)
		if (is_same(&k->entries[i].identity, (const uint8_t *)line,
			id_len))
			return "has an identity that was there before";
	*no_memory = !secret_set(&key, colon + 1, len - id_len - 1);
	if (!*no_memory && !secret_from_hex(&key))
		wrong = "has a key that is not in hex";
	else if (key.len == 0 || key.len > COAP_DTLS_MAX_PSK)
		wrong = "has a key that is not of 1 to 64 bytes";
	else
		*no_memory = !add_entry(k, line, id_len, &key);
	secret_free(&key);
	return wrong;
}

bool
keyring_read_table(struct keyring *k, const struct secret *text, char **problem)
{
	const char *s = (const char *)text->data;
	const char *stop = s + text->len;
	const char *wrong = NULL;
	bool no_memory = false;
	unsigned number = 0;
	size_t len;

	*problem = NULL;
	for (; s < stop && !wrong && !no_memory; s += len + 1) {
		const char *newline = memchr(s, '\n', (size_t)(stop - s));
		size_t used;

		len = (size_t)((newline ? newline : stop) - s);
		used = len > 0 && s[len - 1] == '\r' ? len - 1 : len;
		number++;
		if (used > 0 && *s != '#')
			wrong = read_entry(k, s, used, &no_memory);
	}
	if (wrong)
		*problem = text_format("line %u %s", number, wrong);
	else if (k->n_entries == 0 && !no_memory)
		*problem = text_format("has no line of the form "
				       "IDENTITY:HEXKEY");
	return !wrong && !no_memory && k->n_entries > 0;
}

/* --- for the library ----------------------------------------------------- */

static bool
is_uri(const struct secret *s)
{
	return s->data && strncmp((const char *)s->data, "pkcs11:", 7) == 0;
}

static coap_pki_define_t
define_of(const struct secret *s)
{
	if (is_uri(s))
		return COAP_PKI_KEY_DEF_PKCS11;
	return s->data && strstr((const char *)s->data, "-----BEGIN ")
	    ? COAP_PKI_KEY_DEF_PEM_BUF
	    : COAP_PKI_KEY_DEF_DER_BUF;
}

static void
fill_pki(struct keyring *k)
{
	coap_pki_key_define_t *d = &k->pki.pki_key.key.define;
	/* One file may hold both. */
	const struct secret *key =
	    k->private_key.data ? &k->private_key : &k->cert;

	k->pki.version = COAP_DTLS_PKI_SETUP_VERSION;
	k->pki.verify_peer_cert =
	    !(k->flags & COAPX_TLS_INSECURE) && (!k->server || k->ca.data);
	k->pki.pki_key.key_type = COAP_PKI_KEY_DEFINE;
	d->ca.u_byte = k->ca.data;
	d->ca_len = k->ca.len;
	d->ca_def = define_of(&k->ca);
	d->public_cert.u_byte = k->cert.data;
	d->public_cert_len = k->cert.len;
	d->public_cert_def = define_of(&k->cert);
	d->private_key.u_byte = key->data;
	d->private_key_len = key->len;
	d->private_key_def = define_of(key);
	d->user_pin = (const char *)k->pin.data;
	k->pki.is_rpk_not_cert = k->rpk.data || k->peer_rpk.data;
	if (!k->rpk.data)
		return;
	d->private_key.u_byte = k->rpk.data;
	d->private_key_len = k->rpk.len;
	d->private_key_def = is_uri(&k->rpk) ? COAP_PKI_KEY_DEF_PKCS11_RPK
					     : COAP_PKI_KEY_DEF_RPK_BUF;
}

static void
fill_keys(struct keyring *k)
{
	coap_dtls_cpsk_info_t *client = &k->cpsk.psk_info;

	k->cpsk.version = COAP_DTLS_CPSK_SETUP_VERSION;
	client->identity =
	    (coap_bin_const_t){ k->identity.len, k->identity.data };
	client->key = (coap_bin_const_t){ k->key.len, k->key.data };
	k->spsk.version = COAP_DTLS_SPSK_SETUP_VERSION;
	k->spsk.psk_info.hint = (coap_bin_const_t){ k->hint.len, k->hint.data };
	k->spsk.validate_id_call_back = on_identity;
	k->spsk.id_call_back_arg = k;
}

const coapx_credentials_t *
keyring_library(struct keyring *k)
{
	coapx_credentials_t *l;
	bool key;

	if (!k)
		return NULL;
	l = &k->library;
	*l = (coapx_credentials_t){ .size = sizeof *l, .flags = k->flags };
	key = k->key.data || k->n_entries > 0;
	fill_keys(k);
	if (key && k->server)
		l->server_psk = &k->spsk;
	else if (key)
		l->client_psk = &k->cpsk;
	/* Without a key a client trusts certificates, whatever is given. */
	if (k->ca.data || k->cert.data || k->rpk.data || k->peer_rpk.data ||
	    (k->flags & COAPX_TLS_SYSTEM_TRUST) || !key) {
		fill_pki(k);
		l->pki = &k->pki;
	}
	l->server_name = k->server_name;
	l->peer_rpk = k->peer_rpk.data;
	l->peer_rpk_len = k->peer_rpk.len;
	return l;
}

bool
keyring_proves(const struct keyring *k)
{
	return k &&
	    (k->key.data || k->n_entries > 0 || k->cert.data || k->rpk.data);
}
