/* SPDX-License-Identifier: BSD-2-Clause */
/* A keyring as bytes, for the process that opens the session (KEYS in
 * coap-shell-control(7)). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control/bytes.h"
#include "cli/secrets/keyring.h"

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
	{ TAG_KEY, offsetof(struct keyring, key), COAP_DTLS_MAX_PSK },
	{ TAG_CA, offsetof(struct keyring, ca), KEYRING_PEM_FILE },
	{ TAG_CERTIFICATE, offsetof(struct keyring, cert), KEYRING_PEM_FILE },
	{ TAG_PRIVATE_KEY, offsetof(struct keyring, private_key),
	    KEYRING_PEM_FILE },
	{ TAG_RPK, offsetof(struct keyring, rpk), KEYRING_PEM_FILE },
	{ TAG_PEER_RPK, offsetof(struct keyring, peer_rpk), KEYRING_PEM_FILE },
	{ TAG_PIN, offsetof(struct keyring, pin), KEYRING_KEY_FILE },
};

#define N_SECRETS (sizeof secrets / sizeof secrets[0])

static const unsigned known_flags =
    COAPX_TLS_INSECURE | COAPX_TLS_SYSTEM_TRUST | COAPX_TLS_NO_ALPN;

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

/* Each returns 0; -1: malformed; -2: out of memory. */

static int
take_secret(struct keyring *k, uint8_t tag, const uint8_t *data, size_t len)
{
	struct secret *secret;
	size_t i;

	for (i = 0; i < N_SECRETS; i++) {
		if (secrets[i].tag != tag)
			continue;
		secret =
		    (struct secret *)(void *)((char *)k + secrets[i].offset);
		if (len > secrets[i].max || secret->data)
			return -1;
		return secret_set(secret, data, len) ? 0 : -2;
	}
	return -1;
}

static int
take_server_name(struct keyring *k, const uint8_t *data, size_t len)
{
	if (k->server_name || memchr(data, '\0', len))
		return -1;
	k->server_name = strndup((const char *)data, len);
	return k->server_name ? 0 : -2;
}

static int
take_flags(struct keyring *k, struct bytes_reader *r, bool *seen)
{
	k->flags = bytes_u32(r);
	if (*seen || r->failed || r->len > 0 || k->flags & ~known_flags)
		return -1;
	*seen = true;
	return 0;
}

static int
take_entry(struct keyring *k, struct bytes_reader *r)
{
	struct keyring_entry *entries;
	struct keyring_entry *entry;
	const uint8_t *identity, *key;
	size_t identity_len, key_len;

	identity = bytes_string(r, KEYRING_KEY_FILE, &identity_len);
	key = bytes_string(r, COAP_DTLS_MAX_PSK, &key_len);
	if (r->failed || r->len > 0 || k->n_entries >= KEYRING_ENTRIES)
		return -1;
	entries = realloc(k->entries, (k->n_entries + 1) * sizeof *k->entries);
	if (!entries)
		return -2;
	k->entries = entries;
	entry = &k->entries[k->n_entries++];
	memset(entry, 0, sizeof *entry);
	return secret_set(&entry->identity, identity, identity_len) &&
		secret_set(&entry->key, key, key_len)
	    ? 0
	    : -2;
}

int
keyring_unpack(bool server, const uint8_t *data, size_t len,
    struct keyring **out)
{
	struct bytes_reader value, r = { data, len, false };
	struct keyring *k = keyring_new(server);
	int result = k ? 0 : -2;
	bool flags = false;
	uint8_t tag;

	while (result == 0 && r.len > 0) {
		tag = bytes_u8(&r);
		value = (struct bytes_reader){ .failed = false };
		value.data = bytes_string(&r, KEYRING_PEM_FILE, &value.len);
		if (r.failed)
			result = -1;
		else if (tag == TAG_SERVER_NAME)
			result = take_server_name(k, value.data, value.len);
		else if (tag == TAG_FLAGS)
			result = take_flags(k, &value, &flags);
		else if (tag == TAG_ENTRY)
			result = take_entry(k, &value);
		else
			result = take_secret(k, tag, value.data, value.len);
	}
	if (result != 0) {
		keyring_unref(k);
		k = NULL;
	}
	*out = k;
	return result;
}
