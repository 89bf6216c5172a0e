/* SPDX-License-Identifier: BSD-2-Clause */
/* Patches of JSON documents. */
#ifndef CLI_DEVICE_JSON_PATCH_H
#define CLI_DEVICE_JSON_PATCH_H

#include <stdbool.h>

#include <jansson.h>

/* Of a document, and of what patches make of it. */
#define JSON_PATCH_MAX_SIZE  65536
#define JSON_PATCH_MAX_DEPTH 32
#define JSON_PATCH_MAX_OPS   100

enum patched {
	PATCHED,
	PATCH_IS_NONE,   /* well-formed JSON, but no patch */
	PATCH_CONFLICTS, /* with what the document is */
	PATCH_TOO_LARGE, /* itself, or what it would make */
	PATCH_NO_MEMORY,
};

/* Whether it keeps to the first two of these limits. */
bool json_patch_fits(json_t *document);
/*
 * A new document, a patch applied to one that stays as it is: all of it or
 * nothing. Otherwise *result is NULL and *why says what is wrong.
 */
/* RFC 7396. */
enum patched json_patch_merge(json_t *document, json_t *patch, json_t **result,
    const char **why);
/* RFC 6902. */
enum patched json_patch_apply(json_t *document, json_t *patch, json_t **result,
    const char **why);

#endif
