/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON pointers (RFC 6901). */
#ifndef CLI_JSON_POINTER_H
#define CLI_JSON_POINTER_H

#include <stdbool.h>

#include <jansson.h>

/* Whether the text is one: empty, or begins with a slash, and each tilde is
 * followed by 0 or 1. */
bool json_pointer_is_valid(const char *pointer);
/* The value it leads to, which its owner keeps; NULL: there is none. pointer is
 * cut to pieces. */
json_t *json_pointer_get(json_t *root, char *pointer);
/* The same for all but the last piece, which *last is set to. The pointer may
 * not be empty. */
json_t *json_pointer_parent(json_t *root, char *pointer, char **last);
/* Whether a piece is the index of an array: no sign, no leading zero. */
bool json_pointer_index(const char *piece, size_t *index);

#endif
