/* SPDX-License-Identifier: BSD-2-Clause */
/* A suggestion out of history. */
#include "shell/ghost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "shell/edit_library.h"

void
ghost_free(struct ghost *ghost)
{
	free(ghost->rest);
	ghost->rest = NULL;
}

/* What history adds to the line, or NULL. */
static char *
suggestion(const struct screen *screen, struct past *past)
{
	const LineInfoW *wide = edit()->el_wline(screen->el);
	const LineInfo *line;
	const char *match, *newline;
	char *typed, *rest = NULL;
	size_t n;

	if (wide->cursor != wide->lastchar || wide->cursor == wide->buffer ||
	    wmemchr(wide->buffer, L'\n',
		(size_t)(wide->lastchar - wide->buffer)))
		return NULL;
	line = edit()->el_line(screen->el);
	n = (size_t)(line->lastchar - line->buffer);
	typed = strndup(line->buffer, n);
	match = typed ? history_match(past, typed) : NULL;
	newline = match ? strchr(match, '\n') : NULL;
	if (match && !newline)
		rest = strdup(match + n);
	free(typed);
	return rest;
}

/* Bytes of s that fit in that many cells. */
static int
fitting(const char *s, unsigned cells)
{
	mbstate_t state = { 0 };
	const char *begin = s;
	unsigned used = 0;
	wchar_t c;
	size_t n;
	int width;

	while (*s != '\0') {
		n = mbrtowc(&c, s, MB_CUR_MAX, &state);
		if (n == (size_t)-1 || n == (size_t)-2)
			break;
		width = wcwidth(c);
		if (width < 0 || used + (unsigned)width > cells)
			break;
		used += (unsigned)width;
		s += n;
	}
	return (int)(s - begin);
}

void
ghost_show(struct ghost *ghost, const struct screen *screen, struct past *past)
{
	struct place cursor, end;

	ghost_free(ghost);
	ghost->rest = suggestion(screen, past);
	if (!ghost->rest)
		return;
	screen_measure(screen, &cursor, &end);
	printf("\0337\033[90m%.*s\033[0m\0338",
	    fitting(ghost->rest, screen->columns - 1 - cursor.column),
	    ghost->rest);
	fflush(stdout);
}

void
ghost_hide(struct ghost *ghost)
{
	if (ghost->rest)
		fputs("\033[K", stdout);
}

bool
ghost_take(struct ghost *ghost, EditLine *el)
{
	const LineInfoW *line = edit()->el_wline(el);

	if (!ghost->rest || line->cursor != line->lastchar)
		return false;
	edit()->el_insertstr(el, ghost->rest);
	ghost_free(ghost);
	return true;
}
