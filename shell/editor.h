/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Editing a line while the app's loop runs. libedit's reading of a line blocks;
 * the loop runs inside the function that gives it keys, which is the one way
 * that keeps all of its own functions (search, macros) whole.
 */
#ifndef SHELL_EDITOR_H
#define SHELL_EDITOR_H

#include <stdbool.h>

#include <histedit.h>

#include "cli/app.h"
#include "shell/ghost.h"
#include "shell/history.h"
#include "shell/keys.h"
#include "shell/menu.h"
#include "shell/screen.h"

struct editor {
	struct app *app;
	EditLine *el;
	struct screen screen;
	struct keys keys;
	struct menu menu;
	struct ghost ghost;
	struct past past;
	coapx_watch_t *watch;  /* of the terminal, only while a line is typed:
	                          keys for later stay in the kernel */
	coapx_timer_t *escape; /* whether more follows an ESC */
	const char *(*prompt)(void *arg);
	void *arg;
	char prompt_text[256]; /* libedit reads it until the next one */
	bool color;
	bool pressed;     /* Ctrl-C, not yet handed on */
	bool interrupted; /* the line was given up for it */
	bool ended;       /* the terminal is gone, or somebody said so */
};

/* prompt() gives the text with \1...\1 around what has no width; it is asked
 * each time the line is drawn. 0, or -1. editor_close() in both cases. */
int editor_open(struct editor *editor, struct app *app,
    const char *(*prompt)(void *arg), void *arg);
void editor_close(struct editor *editor);

/*
 * A line without its end, malloc()ed; "" and editor->interrupted when it was
 * given up; NULL when there are no more: Ctrl-D, or editor->ended.
 */
char *editor_read(struct editor *editor);

/* From signals: Ctrl-C; the end; a new size; Ctrl-Z. */
void editor_interrupt(struct editor *editor);
void editor_end(struct editor *editor);
void editor_resize(struct editor *editor);
void editor_suspend(struct editor *editor);

#endif
