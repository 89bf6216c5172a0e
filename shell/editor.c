/* SPDX-License-Identifier: BSD-2-Clause */
/* libedit, fed with keys by the app's loop. */
#include "shell/editor.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/edit_library.h"

static struct editor *
editor_of(EditLine *el)
{
	void *data = NULL;

	edit()->el_get(el, EL_CLIENTDATA, &data);
	return data;
}

/* --- what is around the line --------------------------------------------- */

static void
decorate(struct editor *editor)
{
	if (editor->menu.open)
		menu_draw(&editor->menu, &editor->screen);
	else if (editor->color)
		ghost_show(&editor->ghost, &editor->screen, &editor->past);
}

static void
undecorate(struct editor *editor, wchar_t key)
{
	menu_erase(&editor->menu, &editor->screen);
	ghost_hide(&editor->ghost);
	if (key != L'\t' && key != KEY_BACKTAB)
		menu_close(&editor->menu);
}

/* --- keys ---------------------------------------------------------------- */

/* One byte, so that nothing is taken that belongs to a later reader. */
static void
on_terminal(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct editor *editor = arg;
	unsigned char byte;
	ssize_t n = read(fd, &byte, 1);

	(void)watch;
	(void)what;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		editor->ended = true;
		return;
	}
	keys_feed(&editor->keys, byte);
	if (keys_waiting(&editor->keys))
		coapx_timer_set(editor->escape, KEYS_ESCAPE_MS);
	else
		coapx_timer_stop(editor->escape);
}

static void
on_escape(coapx_timer_t *timer, void *arg)
{
	struct editor *editor = arg;

	(void)timer;
	keys_timeout(&editor->keys);
}

static bool
next_key(struct editor *editor, wchar_t *key)
{
	if (!editor->pressed)
		return keys_next(&editor->keys, key);
	editor->pressed = false;
	*key = KEY_INTERRUPT;
	return true;
}

/* libedit's source of keys: 1, or 0 at the end. */
static int
get_key(EditLine *el, wchar_t *key)
{
	struct editor *editor = editor_of(el);

	decorate(editor);
	while (!next_key(editor, key)) {
		if (editor->ended || editor->app->own.exiting) {
			undecorate(editor, 0);
			return 0;
		}
		app_step(editor->app, -1);
		if (screen_show(&editor->screen))
			decorate(editor);
	}
	undecorate(editor, *key);
	return 1;
}

/* --- functions that keys are bound to ------------------------------------ */

static unsigned char
on_interrupt(EditLine *el, int key)
{
	struct editor *editor = editor_of(el);

	(void)key;
	editor->interrupted = true;
	screen_leave_line(&editor->screen, "^C");
	/* Out of el_gets() with an empty line: what came before it, in a
	 * command of several lines, is given up as well. */
	edit()->el_deletestr1(el, 0, INT_MAX);
	return CC_NEWLINE;
}

static unsigned char
on_tab(EditLine *el, int key)
{
	struct editor *editor = editor_of(el);

	(void)key;
	return menu_tab(&editor->menu, &editor->screen, editor->app, 1);
}

static unsigned char
on_backtab(EditLine *el, int key)
{
	struct editor *editor = editor_of(el);

	(void)key;
	return menu_tab(&editor->menu, &editor->screen, editor->app, -1);
}

static unsigned char
on_paste(EditLine *el, int key)
{
	struct editor *editor = editor_of(el);
	const char *text = text_string(&editor->keys.paste);

	(void)key;
	if (!text || *text == '\0')
		return CC_NORM;
	return edit()->el_insertstr(el, text) < 0 ? CC_ERROR : CC_REFRESH;
}

static unsigned char
on_literal(EditLine *el, int key)
{
	struct editor *editor = editor_of(el);
	wchar_t text[2] = { editor->keys.literal, L'\0' };

	(void)key;
	return edit()->el_winsertstr(el, text) < 0 ? CC_ERROR : CC_REFRESH;
}

static unsigned char
on_right(EditLine *el, int key)
{
	const LineInfoW *line = edit()->el_wline(el);

	(void)key;
	if (ghost_take(&editor_of(el)->ghost, el))
		return CC_REFRESH;
	if (line->cursor == line->lastchar)
		return CC_ERROR;
	edit()->el_cursor(el, 1);
	return CC_CURSOR;
}

static unsigned char
on_end(EditLine *el, int key)
{
	const LineInfoW *line = edit()->el_wline(el);

	(void)key;
	if (ghost_take(&editor_of(el)->ghost, el))
		return CC_REFRESH;
	edit()->el_cursor(el, (int)(line->lastchar - line->cursor));
	return CC_CURSOR;
}

static void
add_functions(EditLine *el)
{
	/* Through the wide function, which does not leak the strings. */
	edit()->el_wset(el, EL_ADDFN, L"coap-interrupt", L"", on_interrupt);
	edit()->el_wset(el, EL_ADDFN, L"coap-complete", L"", on_tab);
	edit()->el_wset(el, EL_ADDFN, L"coap-complete-back", L"", on_backtab);
	edit()->el_wset(el, EL_ADDFN, L"coap-paste", L"", on_paste);
	edit()->el_wset(el, EL_ADDFN, L"coap-literal", L"", on_literal);
	edit()->el_wset(el, EL_ADDFN, L"coap-right", L"", on_right);
	edit()->el_wset(el, EL_ADDFN, L"coap-end", L"", on_end);
}

/* After el_source() and every change of mode, which reset them all. */
static void
bind_keys(EditLine *el, bool vi)
{
	keys_bind(el);
	keys_bind_one(el, KEY_INTERRUPT, L"coap-interrupt");
	keys_bind_one(el, KEY_BACKTAB, L"coap-complete-back");
	keys_bind_one(el, KEY_PASTE, L"coap-paste");
	keys_bind_one(el, KEY_LITERAL, L"coap-literal");
	keys_bind_one(el, KEY_RIGHT, L"coap-right");
	keys_bind_one(el, KEY_END, L"coap-end");
	edit()->el_wset(el, EL_BIND, L"^I", L"coap-complete", NULL);
	edit()->el_wset(el, EL_BIND, L"^R", L"em-inc-search-prev", NULL);
	if (vi)
		return;
	edit()->el_wset(el, EL_BIND, L"^F", L"coap-right", NULL);
	edit()->el_wset(el, EL_BIND, L"^E", L"coap-end", NULL);
	edit()->el_wset(el, EL_BIND, L"^W", L"ed-delete-prev-word", NULL);
}

/* --- a line -------------------------------------------------------------- */

static char *
give_prompt(EditLine *el)
{
	struct editor *editor = editor_of(el);

	snprintf(editor->prompt_text, sizeof(editor->prompt_text), "%s",
	    editor->prompt(editor->arg));
	screen_set_prompt(&editor->screen, editor->prompt_text);
	return editor->prompt_text;
}

static int
begin(struct editor *editor)
{
	editor->watch = coapx_watch_new(editor->app->context, STDIN_FILENO,
	    COAPX_READ, on_terminal, editor, NULL);
	if (!editor->watch)
		return -1;
	screen_fresh_line(&editor->screen);
	fputs("\033[?2004h", stdout);
	edit()->el_resize(editor->el);
	editor->screen.editing = true;
	editor->interrupted = false;
	editor->pressed = false;
	return 0;
}

static void
finish(struct editor *editor)
{
	coapx_watch_free(editor->watch);
	editor->watch = NULL;
	coapx_timer_stop(editor->escape);
	editor->screen.editing = false;
	fputs("\033[?2004l", stdout);
	fflush(stdout);
}

char *
editor_read(struct editor *editor)
{
	const char *line;
	char *copy = NULL;
	int n = 0;

	if (begin(editor) < 0)
		return NULL;
	line = edit()->el_gets(editor->el, &n);
	finish(editor);
	if (editor->ended || editor->app->own.exiting)
		return NULL;
	if (editor->interrupted)
		return strdup("");
	if (line && n > 0)
		copy = strdup(line);
	/* The last line end is Enter; others were pasted. */
	if (copy && copy[0] != '\0' && copy[strlen(copy) - 1] == '\n')
		copy[strlen(copy) - 1] = '\0';
	return copy;
}

/* --- signals ------------------------------------------------------------- */

void
editor_interrupt(struct editor *editor)
{
	editor->pressed = true;
}

void
editor_end(struct editor *editor)
{
	editor->ended = true;
}

void
editor_resize(struct editor *editor)
{
	screen_resize(&editor->screen, &editor->app->own.sink);
	if (editor->screen.editing)
		decorate(editor);
}

/*
 * By the signal itself, not SIGSTOP: the system drops it where no shell is
 * there to go on with us (a terminal that was opened for this program alone).
 */
static void
stop_here(void)
{
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	kill(getpid(), SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
editor_suspend(struct editor *editor)
{
	bool editing = editor->screen.editing;

	if (editing) {
		undecorate(editor, 0);
		screen_leave_line(&editor->screen, "^Z");
		fputs("\033[?2004l", stdout);
		fflush(stdout);
		edit()->el_set(editor->el, EL_PREP_TERM, 0);
	}
	stop_here();
	if (!editing)
		return;
	edit()->el_set(editor->el, EL_PREP_TERM, 1);
	fputs("\033[?2004h", stdout);
	/* Others wrote below it; it is drawn anew where the cursor is now. */
	editor->screen.hidden = true;
	editor_resize(editor);
}

/* --- the whole ----------------------------------------------------------- */

static bool
wants_vi(void)
{
	const char *program = getenv("VISUAL");

	if (!program || *program == '\0')
		program = getenv("EDITOR");
	return program && strstr(program, "vi") != NULL;
}

int
editor_open(struct editor *editor, struct app *app,
    const char *(*prompt)(void *arg), void *arg)
{
	bool vi = wants_vi();

	editor->app = app;
	editor->prompt = prompt;
	editor->arg = arg;
	editor->el = edit()->el_init("coap-shell", stdin, stdout, stderr);
	editor->escape = coapx_timer_new(app->context, on_escape, editor);
	if (!editor->el || !editor->escape ||
	    history_open(&editor->past, history_path()) < 0)
		return -1;
	screen_open(&editor->screen, editor->el, &app->own.sink);
	edit()->el_set(editor->el, EL_CLIENTDATA, editor);
	edit()->el_set(editor->el, EL_SIGNAL, 0);
	edit()->el_set(editor->el, EL_PROMPT_ESC, give_prompt, '\1');
	edit()->el_set(editor->el, EL_HIST, edit()->history, editor->past.list);
	edit()->el_set(editor->el, EL_GETCFN, get_key);
	edit()->el_set(editor->el, EL_EDITOR, vi ? "vi" : "emacs");
	add_functions(editor->el);
	edit()->el_source(editor->el, NULL);
	bind_keys(editor->el, vi);
	return 0;
}

void
editor_close(struct editor *editor)
{
	if (editor->screen.el)
		screen_close(&editor->screen, &editor->app->own.sink);
	menu_close(&editor->menu);
	ghost_free(&editor->ghost);
	keys_free(&editor->keys);
	coapx_timer_free(editor->escape);
	if (editor->el)
		edit()->el_end(editor->el);
	history_close(&editor->past);
}
