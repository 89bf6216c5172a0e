/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a command, runs it, and so on; tells what happens meanwhile. */
#include "shell/prompt.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/output/charset.h"
#include "cli/output/output_form.h"
#include "cli/secrets/secret.h"
#include "cli/words/lexer.h"
#include "cli/words/script.h"
#include "shell/edit_library.h"
#include "shell/editor.h"
#include "shell/prompt_events.h"
#include "shell/prompt_text.h"
#include "shell/tty_signals.h"

/* A command that runs in the background. */
struct item {
	struct item *prev;
	struct item *next;
	struct prompt *prompt;
	struct script *script;
	unsigned number;
	char *text;
};

struct prompt {
	struct app *app;
	struct editor editor;
	struct tty_signals *signals;
	struct prompt_events events;
	struct script *script; /* in the foreground */
	bool running;
	bool leaving;
	int status; /* $?, which the background does not change */
	int signo;  /* that ends the prompt; 0: none */
	char *text; /* the first lines of a command that goes on */
	struct item *items;
	char prompt_text[PROMPT_TEXT_SIZE];
};

/* --- what is told -------------------------------------------------------- */

static void
note(struct prompt *prompt, const char *text)
{
	struct output *out =
	    output_new(&prompt->app->own.sink, &prompt->app->own.defaults);

	if (!out)
		return;
	output_note(out, "%s", text);
	output_close(out);
}

/* libedit asks for it before each drawing. */
static const char *
give_text(void *arg)
{
	struct prompt *prompt = arg;

	if (prompt->text)
		return "... ";
	return prompt_text(&prompt->app->own, prompt->editor.color,
	    prompt->prompt_text);
}

/* --- commands ------------------------------------------------------------ */

static void
on_over(struct script *script, int status, void *arg)
{
	struct prompt *prompt = arg;

	(void)script;
	(void)status;
	prompt->running = false;
	prompt->script = NULL;
}

static void
run_source(struct prompt *prompt, const struct script_source *source)
{
	struct script *script;

	prompt->running = true;
	script = script_start(&prompt->app->own, source, on_over, prompt);
	if (prompt->running)
		prompt->script = script;
	while (prompt->running)
		app_step(prompt->app, -1);
	prompt->status = prompt->app->own.last_status;
}

static void
run(struct prompt *prompt, const char *text)
{
	/* A failure does not end what is typed. */
	struct script_source source = { .text = text, .keep_going = true };

	run_source(prompt, &source);
}

/* A prompt with -S begins in that session, and may go to others. */
static void
go_to_session(struct prompt *prompt)
{
	struct front *own = &prompt->app->own;
	char use[] = "use";
	char *words[] = { use, NULL };
	struct script_source source = {
		.words = words,
		.n_words = 2,
		.keep_going = true,
	};

	if (!own->session_name)
		return;
	words[1] = strdup(own->session_name);
	own->session_name = NULL;
	if (words[1])
		run_source(prompt, &source);
	free(words[1]);
}

static void
on_item_over(struct script *script, int status, void *arg)
{
	struct item *item = arg;
	struct prompt *prompt = item->prompt;
	char *said;

	(void)script;
	DL_DELETE(prompt->items, item);
	if (!prompt->running)
		prompt->app->own.last_status = prompt->status;
	if (!prompt->leaving) {
		said = status == STATUS_OK
		    ? text_format("[%u] done: %s", item->number, item->text)
		    : text_format("[%u] ended with status %d: %s", item->number,
			  status, item->text);
		if (said)
			note(prompt, said);
		free(said);
	}
	secret_free_text(item->text);
	free(item);
}

/* The text is the item's from here on. */
static void
run_in_background(struct prompt *prompt, char *text)
{
	struct item *item = text ? calloc(1, sizeof(*item)) : NULL;
	struct script_source source = {
		.text = text,
		.keep_going = true,
		.background = true,
	};
	const struct item *other;
	struct script *script;

	if (!item) {
		free(text);
		front_fail(&prompt->app->own, STATUS_INTERNAL, "out of memory");
		return;
	}
	item->number = 1;
	DL_FOREACH(prompt->items, other)
		item->number = other->number + 1;
	item->prompt = prompt;
	item->text = text;
	DL_APPEND(prompt->items, item);
	script = script_start(&prompt->app->own, &source, on_item_over, item);
	if (script)
		item->script = script;
}

/* The length without an & at the end; 0: there is none. */
static size_t
background_length(const char *text, const struct lex *lex)
{
	size_t len;

	if (lex->n < 2 || lex->tokens[lex->n - 1].kind != LEX_BACKGROUND ||
	    lex->tokens[lex->n - 2].kind != LEX_WORD)
		return 0;
	len = lex->tokens[lex->n - 1].begin;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

static void
run_text(struct prompt *prompt, const char *text)
{
	struct lex lex;
	size_t len = 0;

	if (lex_text(&lex, text, strlen(text)) == 0)
		len = background_length(text, &lex);
	lex_free(&lex);
	if (len > 0)
		run_in_background(prompt, strndup(text, len));
	else
		run(prompt, text);
}

/* --- reading ------------------------------------------------------------- */

/* Whether a quote or a backslash says that the command goes on. */
static bool
goes_on(const char *text)
{
	struct lex lex;
	bool open =
	    lex_text(&lex, text, strlen(text)) == 0 && lex.open != LEX_PLAIN;

	lex_free(&lex);
	return open;
}

/* A whole command, malloc()ed; "" when it was given up; NULL at the end. */
static char *
read_command(struct prompt *prompt)
{
	char *line, *joined;

	for (;;) {
		line = editor_read(&prompt->editor);
		if (!line || prompt->editor.interrupted)
			break;
		if (prompt->text) {
			joined = text_format("%s\n%s", prompt->text, line);
			free(line);
			line = joined;
		}
		free(prompt->text);
		prompt->text = NULL;
		if (!line || !goes_on(line))
			return line;
		prompt->text = line;
	}
	free(prompt->text);
	prompt->text = NULL;
	if (prompt->editor.interrupted)
		prompt->status = prompt->app->own.last_status =
		    STATUS_INTERRUPTED;
	return line;
}

static void
read_and_run(struct prompt *prompt)
{
	bool told = false;
	char *text;
	int err;

	while (!prompt->app->own.exiting && prompt->signo == 0) {
		text = read_command(prompt);
		if (!text)
			return;
		err = history_keep(&prompt->editor.past, text);
		if (err != 0 && !told) {
			told = true;
			front_fail(&prompt->app->own, STATUS_LOCAL,
			    "history is not kept in '%s': %s",
			    prompt->editor.past.path, strerror(err));
		}
		if (*text != '\0')
			run_text(prompt, text);
		secret_free_text(text);
	}
}

/* --- signals ------------------------------------------------------------- */

static void
give_up(struct prompt *prompt, int status)
{
	if (!prompt->running) {
		editor_interrupt(&prompt->editor);
		return;
	}
	front_interrupted(&prompt->app->own);
	if (prompt->script)
		script_cancel(prompt->script, status);
}

static void
on_signal(int signo, void *arg)
{
	struct prompt *prompt = arg;

	switch (signo) {
	case SIGWINCH:
		editor_resize(&prompt->editor);
		break;
	case SIGTSTP:
		editor_suspend(&prompt->editor);
		break;
	case SIGINT:
	case SIGQUIT:
		give_up(prompt, STATUS_INTERRUPTED);
		break;
	default:
		prompt->signo = signo;
		editor_end(&prompt->editor);
		if (prompt->script)
			script_cancel(prompt->script, STATUS_TERMINATED);
		break;
	}
}

/* --- beginning and end --------------------------------------------------- */

static void
greet(struct prompt *prompt)
{
	if (!prompt->app->sessions)
		note(prompt,
		    "coap-shell " COAPX_VERSION
		    ": 'help' lists the commands, Tab completes, Ctrl-D "
		    "leaves");
}

static void
say_goodbye(struct prompt *prompt)
{
	struct named *named;
	const struct item *item;
	size_t n = 0, n_items = 0;
	char *said;

	DL_COUNT(prompt->app->sessions, named, n);
	DL_COUNT(prompt->items, item, n_items);
	if (!prompt->app->own.exiting && prompt->signo == 0)
		prompt->editor.screen.midline = true; /* behind the prompt */
	screen_fresh_line(&prompt->editor.screen);
	if (n_items > 0) {
		said = text_format("stopping %zu background command%s", n_items,
		    n_items == 1 ? "" : "s");
		if (said)
			note(prompt, said);
		free(said);
	}
	if (n == 0)
		return;
	said = text_format("closing %zu session%s", n, n == 1 ? "" : "s");
	if (said)
		note(prompt, said);
	free(said);
}

static int
leave(struct prompt *prompt)
{
	struct app *app = prompt->app;
	int status = app->own.last_status;

	if (app->own.exiting)
		status = app->own.exit_status;
	if (prompt->signo != 0)
		status = STATUS_TERMINATED;
	if (prompt->signo != SIGHUP)
		say_goodbye(prompt);
	prompt->leaving = true;
	/* One that lingers has to be told twice. */
	while (prompt->items)
		script_cancel(prompt->items->script, STATUS_INTERRUPTED);
	prompt_events_end(&prompt->events);
	return status;
}

static bool
wants_color(const struct app *app)
{
	struct output *out = output_new(&app->own.sink, &app->own.defaults);
	bool color = out && out->color && app->own.sink.out_is_terminal;

	output_close(out);
	return color;
}

static int
open_prompt(struct prompt *prompt)
{
	charset_take();
	/* libedit drops what is not ASCII in the C locale. */
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	prompt->signals =
	    tty_signals_open(prompt->app->context, on_signal, prompt);
	if (!prompt->signals ||
	    editor_open(&prompt->editor, prompt->app, give_text, prompt) < 0)
		return -1;
	prompt->editor.color = wants_color(prompt->app);
	prompt->editor.menu.color = prompt->editor.color;
	prompt->events.app = prompt->app;
	prompt->events.screen = &prompt->editor.screen;
	prompt->events.running = &prompt->running;
	return 0;
}

/* Others may use the sessions of this prompt. It is one without that, too. */
static void
serve(struct prompt *prompt)
{
	struct app *app = prompt->app;
	char *problem = NULL;
	char *said;
	int status =
	    app->control.off ? STATUS_OK : control_serve(app, &problem);

	/* Where somebody listens at the path of --control, that is used. */
	if (status != STATUS_OK &&
	    !(app->control.path && status == STATUS_STATE)) {
		said = text_format("other processes cannot use the sessions of "
				   "this prompt: %s",
		    problem ? problem : "out of memory");
		if (said)
			note(prompt, said);
		free(said);
	}
	free(problem);
}

/* Without cursor movement: lines as they come. */
static int
run_plain(struct app *app)
{
	struct script_source source = { .keep_going = true };

	return script_run_file(&app->own, "-", &source);
}

static bool
can_edit(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term &&
	    *term != '\0' && strcmp(term, "dumb") != 0;
}

int
prompt_run(struct app *app)
{
	struct prompt prompt = { .app = app };
	char why[512];
	int status;

	app->keep = true;
	if (!can_edit())
		return run_plain(app);
	if (edit_open(why, sizeof(why)) < 0)
		return front_fail(&app->own, STATUS_INTERNAL, "%s", why);
	app->own.interactive = true;
	if (open_prompt(&prompt) == 0) {
		prompt_events_begin(&prompt.events);
		serve(&prompt);
		greet(&prompt);
		go_to_session(&prompt);
		read_and_run(&prompt);
		status = leave(&prompt);
	} else {
		status = front_fail(&app->own, STATUS_INTERNAL,
		    "the terminal cannot be used for a prompt");
	}
	editor_close(&prompt.editor);
	tty_signals_close(prompt.signals);
	app->own.interactive = false;
	return status;
}
