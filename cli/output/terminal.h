/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's own stdout and stderr. On a terminal they may have a last line
 * that is not finished (struct sink, line): whatever else is written there is
 * above it.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct sink;

/* Bytes of the line that is not finished; the rest is cut off. */
#define TERMINAL_LINE 256
/* Columns that it leaves free at the end of its row: the terminal writes ^C
 * there, and some go to the next row behind the last column. */
#define TERMINAL_MARGIN 3

struct terminal {
	bool out; /* stdout is one */
	bool err;
	bool midline; /* the last that was printed has no newline */
	size_t drawn; /* columns that the line has had since it was erased */
	size_t len;   /* 0: there is none */
	char line[TERMINAL_LINE];
};

/* The sink of stdout and stderr, as long as the terminal is there. SIGPIPE is to
 * be ignored, else it ends the program before the exit status says so. */
void sink_stdio(struct sink *sink, struct terminal *terminal);

/* Whether the text leaves the cursor behind something. Sequences that set
 * colours at its end do not move it. */
bool ends_midline(const char *text, size_t len);

#endif
