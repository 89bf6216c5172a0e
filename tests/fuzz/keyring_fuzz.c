/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client says its keys are (KEYS of the control socket). A keyring that
 * is good packs to bytes that unpack to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/control/bytes.h"
#include "cli/secrets/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void
check_entries(const struct keyring *k)
{
	const struct keyring_entry *entry;

	MUST(k->n_entries <= KEYRING_ENTRIES);
	for (size_t i = 0; i < k->n_entries; i++) {
		entry = &k->entries[i];
		MUST(entry->key.len <= COAP_DTLS_MAX_PSK);
		MUST(
		    keyring_find(k, entry->identity.data, entry->identity.len));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes first = { .data = NULL }, second = { .data = NULL };
	struct keyring *k, *again;
	bool server;
	int result;

	if (size == 0)
		return 0;
	server = data[0] & 1;
	result = keyring_unpack(server, data + 1, size - 1, &k);
	MUST(result == 0 || result == -1);
	MUST((result == 0) == (k != NULL));
	if (!k)
		return 0;
	check_entries(k);
	MUST(keyring_library(k));
	MUST(keyring_pack(k, &first));
	MUST(keyring_unpack(server, bytes_front(&first), first.len, &again) ==
	    0);
	MUST(keyring_pack(again, &second));
	MUST(first.len == second.len);
	MUST(memcmp(bytes_front(&first), bytes_front(&second), first.len) == 0);
	bytes_free(&first);
	bytes_free(&second);
	keyring_unref(k);
	keyring_unref(again);
	return 0;
}
