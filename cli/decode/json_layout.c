/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON for people: only what is between the values changes, so that no number
 * is rounded and no name of two is lost. */
#include "cli/decode/json_layout.h"

#include <stdbool.h>
#include <string.h>

/* A container that is longer has its items on lines of their own. */
#define SHORT_MAX 64
#define INDENT    2
/* What is nested more deeply is not indented further: the result would grow
 * with the square of the text. */
#define DEPTH_MAX 64

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of the string at s. */
static size_t
string_end(const char *s, size_t len)
{
	size_t i = 1;

	while (i < len && s[i] != '"')
		i += s[i] == '\\' ? 2 : 1;
	return i < len ? i + 1 : len;
}

/* The end of the token at s: a string, a mark, or a number or word. */
static size_t
token_end(const char *s, size_t len)
{
	size_t i = 1;

	if (s[0] == '"')
		return string_end(s, len);
	if (strchr("[]{},:", s[0]))
		return 1;
	while (i < len && !is_blank(s[i]) && !strchr("[]{},:\"", s[i]))
		i++;
	return i;
}

static size_t
skip_blanks(const char *s, size_t len, size_t i)
{
	while (i < len && is_blank(s[i]))
		i++;
	return i;
}

/* Whether the container at s ends soon. */
static bool
is_short(const char *s, size_t len)
{
	size_t depth = 0;
	size_t i = 0;

	len = len < SHORT_MAX ? len : SHORT_MAX;
	while (i < len) {
		if (s[i] == '[' || s[i] == '{')
			depth++;
		if (s[i] == ']' || s[i] == '}')
			depth--;
		i += token_end(s + i, len - i);
		if (depth == 0)
			return true;
	}
	return false;
}

static void
new_line(struct text *out, size_t depth)
{
	depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	text_add_char(out, '\n', 1);
	text_add_char(out, ' ', depth * INDENT);
}

void
json_layout(struct text *out, const char *s, size_t len)
{
	size_t depth = 0;
	size_t flat = 0; /* containers of which all is on one line */
	size_t i = skip_blanks(s, len, 0);
	size_t n;

	for (; i < len && !out->failed; i = skip_blanks(s, len, i + n)) {
		bool opens = s[i] == '[' || s[i] == '{';
		bool closes = s[i] == ']' || s[i] == '}';
		size_t next;

		n = token_end(s + i, len - i);
		next = skip_blanks(s, len, i + n);
		if (opens && (flat > 0 || is_short(s + i, len - i)))
			flat++;
		if (opens)
			depth++;
		if (closes && depth > 0)
			depth--;
		if (closes && flat == 0)
			new_line(out, depth);
		if (closes && flat > 0)
			flat--;
		text_add_bytes(out, s + i, n);
		if (s[i] == ':' || (s[i] == ',' && flat > 0))
			text_add_char(out, ' ', 1);
		else if (flat == 0 && next < len && (opens || s[i] == ','))
			new_line(out, depth);
	}
}
