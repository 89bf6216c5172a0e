/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths on a device, as people type them. */
#include "cli/request/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may not stand in a URI as it is (RFC 3986 section 2). */
static bool
must_escape(unsigned char c)
{
	return c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}#[]", c) != NULL;
}

static char *
escape(const char *s)
{
	char *out = malloc(3 * strlen(s) + 1);
	char *o = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		if (must_escape((unsigned char)*s))
			o += sprintf(o, "%%%02X", (unsigned)(unsigned char)*s);
		else
			*o++ = *s;
	}
	*o = '\0';
	return out;
}

static bool
is_segment(const char *s, size_t len, const char *what)
{
	return len == strlen(what) && strncmp(s, what, len) == 0;
}

/* "." and ".." carried out in place; path begins with a slash. */
static void
remove_dots(char *path)
{
	char *out = path;
	const char *in = path;
	size_t len;
	bool last;

	while (*in == '/') {
		len = strcspn(in + 1, "/?");
		last = in[1 + len] != '/';
		if (is_segment(in + 1, len, "..")) {
			while (out > path && *--out != '/')
				;
			if (last)
				*out++ = '/';
		} else if (is_segment(in + 1, len, ".")) {
			if (last)
				*out++ = '/';
		} else {
			memmove(out, in, 1 + len);
			out += 1 + len;
		}
		in += 1 + len;
	}
	if (out == path)
		*out++ = '/';
	memmove(out, in, strlen(in) + 1);
}

char *
path_join(const char *base, const char *path)
{
	const char *slash = base[strlen(base) - 1] == '/' ? "" : "/";
	char *joined = NULL;
	char *escaped;

	if (*path == '/')
		base = slash = "";
	else if (*path == '\0' || *path == '?')
		slash = "";
	if (asprintf(&joined, "%s%s%s", base, slash, path) < 0)
		return NULL;
	remove_dots(joined);
	escaped = escape(joined);
	free(joined);
	return escaped;
}
