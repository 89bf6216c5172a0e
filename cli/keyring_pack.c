/* SPDX-License-Identifier: BSD-2-Clause */
/* A keyring as bytes, for the process that opens the session (KEYS in
 * coap-shell-control(7)). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control/bytes.h"
#include "cli/keyring.h"

enum tag {
	TAG_IDENTITY = 1,
	TAG_HINT,
	TAG_KEY,
	TAG_CA,
	TAG_CERTIFICATE,
	TAG_PRIVATE_KEY,
	TAG_RPK,
	TAG_PEER_RPK,
	TAG_PIN,
	TAG_SERVER_NAME,
	TAG_FLAGS,
	TAG_ENTRY,
};

static const struct {
	uint8_t tag;
	size_t offset;
	size_t max;
} secrets[] = {
	{ TAG_IDENTITY, offsetof(struct keyring, identity), 65535 },
	{ TAG_HINT, offsetof(struct keyring, hint), 65535 },
	{ TAG_KEY, offsetof(struct keyring, key), KEYRING_KEY_FILE },
	{ TAG_CA, offsetof(struct keyring, ca), KEYRING_PEM_FILE },
	{ TAG_CERTIFICATE, offsetof(struct keyring, cert), KEYRING_PEM_FILE },
	{ TAG_PRIVATE_KEY, offsetof(struct keyring, private_key),
	    KEYRING_PEM_FILE },
	{ TAG_RPK, offsetof(struct keyring, rpk), KEYRING_PEM_FILE },
	{ TAG_PEER_RPK, offsetof(struct keyring, peer_rpk), KEYRING_PEM_FILE },
	{ TAG_PIN, offsetof(struct keyring, pin), KEYRING_KEY_FILE },
};

#define N_SECRETS (sizeof secrets / sizeof secrets[0])

/* --- packing ------------------------------------------------------------- */

static void
add(struct bytes *out, uint8_t tag, const void *data, size_t len)
{
	bytes_add_u8(out, tag);
	bytes_add_string(out, data, len);
}

static void
add_entry(struct bytes *out, const struct keyring_entry *entry)
{
	struct bytes both = { .data = NULL };

	bytes_add_string(&both, entry->identity.data, entry->identity.len);
	bytes_add_string(&both, entry->key.data, entry->key.len);
	if (both.failed)
		out->failed = true;
	else
		add(out, TAG_ENTRY, bytes_front(&both), both.len);
	bytes_free(&both);
}

bool
keyring_pack(const struct keyring *k, struct bytes *out)
{
	const struct secret *secret;
	struct bytes flags = { .data = NULL };
	size_t i;

	for (i = 0; i < N_SECRETS; i++) {
		secret = (const struct secret *)(const void *)((const char *)k +
		    secrets[i].offset);
		if (secret->data)
			add(out, secrets[i].tag, secret->data, secret->len);
	}
	if (k->server_name)
		add(out, TAG_SERVER_NAME, k->server_name,
		    strlen(k->server_name));
	bytes_add_u32(&flags, k->flags);
	if (flags.failed)
		out->failed = true;
	else
		add(out, TAG_FLAGS, bytes_front(&flags), flags.len);
	bytes_free(&flags);
	for (i = 0; i < k->n_entries; i++)
		add_entry(out, &k->entries[i]);
	return !out->failed;
}

/* --- and back ------------------------------------------------------------ */

/* Each returns false when it is malformed, or out of memory. */

static bool
take_secret(struct keyring *k, uint8_t tag, const uint8_t *data, size_t len)
{
	struct secret *secret;
	size_t i;

	for (i = 0; i < N_SECRETS; i++) {
		if (secrets[i].tag != tag)
			continue;
		secret =
		    (struct secret *)(void *)((char *)k + secrets[i].offset);
		return len <= secrets[i].max && secret_set(secret, data, len);
	}
	return false;
}

static bool
take_entry(struct keyring *k, struct bytes_reader *r)
{
	struct keyring_entry *entries;
	struct keyring_entry *entry;
	const uint8_t *identity, *key;
	size_t identity_len, key_len;

	identity = bytes_string(r, KEYRING_KEY_FILE, &identity_len);
	key = bytes_string(r, COAP_DTLS_MAX_PSK, &key_len);
	if (r->failed || r->len > 0 || k->n_entries >= KEYRING_ENTRIES)
		return false;
	entries = realloc(k->entries, (k->n_entries + 1) * sizeof *k->entries);
	if (!entries)
		return false;
	k->entries = entries;
	entry = &k->entries[k->n_entries++];
	memset(entry, 0, sizeof *entry);
	return secret_set(&entry->identity, identity, identity_len) &&
	    secret_set(&entry->key, key, key_len);
}

static bool
take(struct keyring *k, uint8_t tag, const uint8_t *data, size_t len)
{
	struct bytes_reader r = { data, len, false };

	switch (tag) {
	case TAG_SERVER_NAME:
		if (k->server_name || memchr(data, '\0', len))
			return false;
		k->server_name = strndup((const char *)data, len);
		return k->server_name != NULL;
	case TAG_FLAGS:
		k->flags = bytes_u32(&r);
		return !r.failed && r.len == 0;
	case TAG_ENTRY:
		return take_entry(k, &r);
	default:
		return take_secret(k, tag, data, len);
	}
}

struct keyring *
keyring_unpack(bool server, const uint8_t *data, size_t len)
{
	struct bytes_reader r = { data, len, false };
	struct keyring *k = keyring_new(server);
	const uint8_t *value;
	size_t n;
	uint8_t tag;

	while (k && r.len > 0) {
		tag = bytes_u8(&r);
		value = bytes_string(&r, KEYRING_PEM_FILE, &n);
		if (!r.failed && take(k, tag, value, n))
			continue;
		keyring_unref(k);
		return NULL;
	}
	return k;
}
