/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines that were typed: in memory for libedit, and in a file that several
 * shells append to. One line of the file is one entry; a newline in it is \n, a
 * backslash \\.
 */
#ifndef SHELL_HISTORY_H
#define SHELL_HISTORY_H

#include <stdbool.h>

#include <histedit.h>

/* Entries that are kept. */
#define HISTORY_MAX 1000

struct past {
	History *list;
	char *path; /* NULL: in memory alone */
};

/* The file of the user: COAP_SHELL_HISTORY (empty: none), else below
 * XDG_STATE_HOME or ~/.local/state. malloc()ed, or NULL. */
char *history_path(void);
/* Reads the file; path is taken over, NULL: no file. 0, or -1 when out of
 * memory. */
int history_open(struct past *past, char *path);
void history_close(struct past *past);
/* Keeps a line, unless it is one not to be kept. 0, or an errno of the file. */
int history_keep(struct past *past, const char *line);
/* Whether a line is kept: not one with a leading space, nor with a key. */
bool history_wants(const char *line);
/* The newest entry that begins with that text and has more, or NULL; valid
 * until the next change. */
const char *history_match(struct past *past, const char *text);

#endif
