/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Tab offers: the common part is typed, the candidates are shown below
 * the line with their descriptions, and Tab again goes through them.
 */
#ifndef SHELL_MENU_H
#define SHELL_MENU_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/words/complete.h"
#include "shell/screen.h"

struct menu {
	struct completions found;
	bool open;
	bool drawn;
	size_t selected; /* found.n: none yet */
	size_t typed;    /* characters of the word that stand in the line */
	wchar_t *line;   /* what the last Tab left, to know it again */
	size_t line_n;
	size_t cursor;
	bool color;
};

/* Tab (1) or Shift-Tab (-1). What libedit is told. */
unsigned char menu_tab(struct menu *menu, struct screen *screen,
    struct app *app, int direction);
/* On any other key. */
void menu_close(struct menu *menu);
/* Below the line; erasing leaves the line as it is. */
void menu_draw(struct menu *menu, const struct screen *screen);
void menu_erase(struct menu *menu, const struct screen *screen);

/* The beginning that all values share, in bytes, without half a character. */
size_t menu_common(const struct completion *items, size_t n);

#endif
