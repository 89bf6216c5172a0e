/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows. A failure sticks, so that it is looked at once, at the
 * end. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one. */
struct text {
	char *s; /* no NUL behind it; NULL while len is 0 */
	size_t len;
	size_t room;
	bool failed; /* out of memory: something is missing at the end */
};

void text_add(struct text *text, const char *s);
void text_add_bytes(struct text *text, const void *data, size_t len);
void text_add_char(struct text *text, char c, size_t times);
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A NUL behind it, which does not count; NULL when out of memory. */
const char *text_string(struct text *text);
/* Releases it and makes it empty. */
void text_free(struct text *text);

#endif
