/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line being typed, as it stands on the screen. libedit does not tell
 * where it drew what; this follows what it does, so that other text can be
 * printed above the line, and menus below it.
 */
#ifndef SHELL_SCREEN_H
#define SHELL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include <histedit.h>

#include "cli/output/output.h"

/* Cells from the upper left corner of the block: prompt and line. */
struct place {
	unsigned row;
	unsigned column;
};

struct screen {
	EditLine *el;
	struct sink under; /* where the bytes go in the end */
	unsigned rows;
	unsigned columns;
	unsigned prompt_width;
	bool editing; /* libedit has a line on the screen */
	bool hidden;  /* it was erased to print something */
	bool midline; /* the last thing printed had no newline */
	bool started; /* something was printed since that was looked at */
};

/* Takes the place of the app's sink until screen_close(). */
void screen_open(struct screen *screen, EditLine *el, struct sink *sink);
void screen_close(struct screen *screen, struct sink *sink);

/* How the prompt, with its \1...\1 parts, is as wide as libedit counts it. */
void screen_set_prompt(struct screen *screen, const char *prompt);

/*
 * Where text ends that begins in column `column` and is n characters long, in
 * a terminal of that many columns; `behind` tells whether another character
 * follows, *text_n then.
 */
struct place place_of(const wchar_t *text, size_t n, bool behind,
    unsigned column, unsigned columns);
void screen_measure(const struct screen *screen, struct place *cursor,
    struct place *end);

/* Erases the line; the next output is above it. Nothing when there is none. */
void screen_hide(struct screen *screen);
/* Draws it again. True: it was hidden. */
bool screen_show(struct screen *screen);
/* Behind the last row of the line, for what ends it ("^C"). */
void screen_leave_line(struct screen *screen, const char *text);
/* A new line, unless the cursor is at the beginning of one. */
void screen_fresh_line(struct screen *screen);
/* The terminal has another size. */
void screen_resize(struct screen *screen, struct sink *sink);

#endif
