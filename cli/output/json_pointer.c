/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON pointers (RFC 6901). */
#include "cli/output/json_pointer.h"

#include <string.h>

#include "cli/words/args.h"

bool
json_pointer_is_valid(const char *pointer)
{
	if (*pointer != '\0' && *pointer != '/')
		return false;
	for (; *pointer != '\0'; pointer++)
		if (pointer[0] == '~' && pointer[1] != '0' && pointer[1] != '1')
			return false;
	return true;
}

/* "~1" is a slash, "~0" a tilde; in place. */
static void
unescape(char *piece)
{
	char *out = piece;

	for (; *piece; piece++) {
		if (piece[0] == '~' && (piece[1] == '0' || piece[1] == '1')) {
			*out++ = piece[1] == '0' ? '~' : '/';
			piece++;
		} else {
			*out++ = *piece;
		}
	}
	*out = '\0';
}

bool
json_pointer_index(const char *piece, size_t *index)
{
	uint64_t n;

	if ((piece[0] == '0' && piece[1] != '\0') ||
	    !parse_number(piece, SIZE_MAX, &n))
		return false;
	*index = (size_t)n;
	return true;
}

static json_t *
step(json_t *value, const char *piece)
{
	size_t index;

	if (!json_is_array(value))
		return json_object_get(value, piece);
	return json_pointer_index(piece, &index) ? json_array_get(value, index)
						 : NULL;
}

json_t *
json_pointer_get(json_t *root, char *pointer)
{
	char *last;
	json_t *parent;

	if (*pointer != '/')
		return root;
	parent = json_pointer_parent(root, pointer, &last);
	return parent ? step(parent, last) : NULL;
}

json_t *
json_pointer_parent(json_t *root, char *pointer, char **last)
{
	json_t *value = root;
	char *piece = pointer + 1;
	char *next = strchr(piece, '/');

	for (; value && next; next = strchr(piece, '/')) {
		*next = '\0';
		unescape(piece);
		value = step(value, piece);
		piece = next + 1;
	}
	unescape(piece);
	*last = piece;
	return value;
}
