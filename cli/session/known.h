/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device has listed in /.well-known/core, kept with its session for Tab
 * and for discover --known. */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

struct known;
struct named;

/* A longer list is not kept. */
#define KNOWN_MAX ((size_t)256 * 1024)
/* So long it is as good as new. */
#define KNOWN_MS 60000

/* All that the device lists, in link-format. */
void known_put(struct named *named, const void *text, size_t len);
/* What there is, until the loop runs again; NULL: nothing. */
const char *known_text(const struct named *named, size_t *len);
bool known_is_fresh(const struct named *named);
/* Asks for it where the session is established and nothing fresh is there. True:
 * an answer is awaited. */
bool known_ask(struct named *named);
bool known_is_asked(const struct named *named);
/* NULL is fine. */
void known_free(struct known *known);

#endif
