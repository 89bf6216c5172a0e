/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands one after the other. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/secrets/secret.h"
#include "cli/signals.h"
#include "cli/words/lexer.h"
#include "cli/words/lines.h"
#include "cli/words/script.h"
#include "cli/words/vars.h"

struct script {
	struct front *front;
	struct script_source source;
	void (*done)(struct script *script, int status, void *arg);
	void *arg;
	struct lines lines;
	char *line; /* what is taken apart: one line, or more that belong
	               together */
	size_t line_len;
	unsigned line_number; /* of its beginning */
	unsigned next_number;
	struct lex lex;
	size_t token; /* the next one */
	struct job *job;
	char number[16]; /* $? */
	int status;      /* of the last command, or the highest */
	bool started;    /* words: they were run */
	bool running;    /* a job is */
	bool stepping;   /* step() is on the stack */
	bool stopped;
};

static bool step(struct script *script);

/* --- the end ------------------------------------------------------------- */

static void
end(struct script *script)
{
	lines_free(&script->lines);
	lex_free(&script->lex);
	/* Keys may have been among the words. */
	if (script->line)
		explicit_bzero(script->line, script->line_len);
	free(script->line);
	script->done(script, script->status, script->arg);
	free(script);
}

static void
say(struct script *script, const char *text)
{
	struct sink *sink = &script->front->sink;

	if (text)
		sink->err(sink->user, text, strlen(text));
}

/* Whether a text has more commands; of a file that is not looked at. */
static bool
is_last(const struct script *script)
{
	return script->token >= script->lex.n && lines_are_over(&script->lines);
}

/* The end before the end. */
static void
stop(struct script *script)
{
	char *text;

	script->stopped = true;
	if (!script->source.name || is_last(script))
		return;
	text = text_format("%s:%u: stopped (status %d)\n", script->source.name,
	    script->line_number, script->status);
	say(script, text);
	free(text);
}

/* A command ended. */
static void
record(struct script *script, int status)
{
	bool interrupted =
	    status == STATUS_INTERRUPTED || status == STATUS_TERMINATED;

	if (script->stopped)
		return;
	if (!script->source.keep_going || interrupted ||
	    status > script->status)
		script->status = status;
	if (script->front->exiting) {
		script->status = script->front->exit_status;
		script->stopped = true;
	} else if (interrupted) {
		script->stopped = true;
	} else if (status != STATUS_OK && !script->source.keep_going) {
		stop(script);
	}
}

/* --- lines --------------------------------------------------------------- */

static void
on_ready(void *arg)
{
	step(arg);
}

/* One line, or as many as a quote or a backslash joins, as tokens. */
static enum lines_next
take_lines(struct script *script)
{
	enum lines_next next;

	if (script->lex.open == LEX_PLAIN) {
		script->line_len = 0;
		script->line_number = script->next_number + 1;
	}
	do {
		next = lines_take(&script->lines, &script->line,
		    &script->line_len);
		if (next != LINES_LINE)
			return next;
		script->next_number++;
		lex_free(&script->lex);
		script->token = 0;
		/* Without the last line end: a backslash before it counts. */
		if (lex_text(&script->lex, script->line,
			script->line_len -
			    (script->line[script->line_len - 1] == '\n')) < 0)
			return LINES_FAILED;
		if (script->line_len > LINE_MAX_BYTES)
			return LINES_FAILED;
	} while (script->lex.open != LEX_PLAIN);
	return LINES_LINE;
}

/* The end of the input, or an error of it. */
static void
no_more(struct script *script, enum lines_next next)
{
	const char *name = script->source.name ? script->source.name : "input";
	bool open = script->lex.open != LEX_PLAIN;

	script->stopped = true;
	if (next == LINES_FAILED)
		script->status = front_fail(script->front, STATUS_LOCAL,
		    "%s: %s", name, strerror(errno ? errno : EFBIG));
	else if (open)
		script->status = front_fail(script->front, STATUS_USAGE,
		    "%s:%u: %s", name, script->line_number,
		    script->lex.open == LEX_ESCAPE
			? "nothing follows the backslash"
			: "a quote is not closed");
}

/* --- commands ------------------------------------------------------------ */

static const char *
lookup(void *arg, const char *name)
{
	struct script *script = arg;
	uint64_t n;

	if (strcmp(name, "?") == 0) {
		snprintf(script->number, sizeof(script->number), "%d",
		    script->front->last_status);
		return script->number;
	}
	if (!parse_number(name, SIZE_MAX, &n))
		return vars_get(script->front, name);
	if (n == 0)
		return script->source.name;
	return n <= script->source.n_args ? script->source.args[n - 1] : NULL;
}

static void
trace(struct script *script, char *const *words, size_t n)
{
	char *text = NULL, *quoted;
	size_t i, size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	fputc('+', out);
	for (i = 0; i < n; i++) {
		if (secret_begin(i > 0 ? words[i - 1] : NULL, words[i]) !=
		    SIZE_MAX) {
			fputs(" ...", out);
			continue;
		}
		quoted = lex_quote(words[i], LEX_PLAIN, 1);
		fprintf(out, " %s", quoted ? quoted : words[i]);
		free(quoted);
	}
	fputc('\n', out);
	if (fclose(out) == 0)
		say(script, text);
	free(text);
}

static void
on_done(struct job *job, int status, void *arg)
{
	struct script *script = arg;

	(void)job;
	script->running = false;
	script->job = NULL;
	record(script, status);
	step(script);
}

static void
run_words(struct script *script, char *const *words, size_t n)
{
	struct job *job;

	if (script->source.xtrace)
		trace(script, words, n);
	script->running = true;
	script->front->background = script->source.background;
	job = job_start(script->front, words, n, on_done, script);
	/* on_done() does not free the script while step() is on the stack. */
	script->job = job;
}

static void
complain(struct script *script, const char *problem)
{
	int status = problem ? STATUS_USAGE : STATUS_INTERNAL;

	front_fail(script->front, status, "%s",
	    problem ? problem : "out of memory");
	script->front->last_status = status;
	record(script, status);
}

/* The words from the next token on, as many as there are in a row. 0, or -1
 * and *problem. */
static int
collect(struct script *script, char **words, size_t n, char **problem)
{
	const struct lex_token *token = &script->lex.tokens[script->token];
	size_t i;

	*problem = NULL;
	for (i = 0; i < n; i++) {
		words[i] =
		    lex_word(script->line, &token[i], lookup, script, problem);
		if (!words[i])
			return -1;
	}
	return 0;
}

static size_t
count_words(const struct script *script)
{
	size_t i = script->token;

	while (i < script->lex.n && script->lex.tokens[i].kind == LEX_WORD)
		i++;
	return i - script->token;
}

/* What may not stand behind a command here. */
static const char *
operator_problem(const struct script *script, size_t i)
{
	if (i >= script->lex.n)
		return NULL;
	switch (script->lex.tokens[i].kind) {
	case LEX_BACKGROUND:
		return "'&' is not known here; quote it if it is a word";
	case LEX_PIPE:
		return "'|' is not known here; quote it if it is a word";
	case LEX_REDIRECT:
		return "'>' is not known here; -o FILE takes the payload";
	default:
		return NULL;
	}
}

static void
run_tokens(struct script *script)
{
	size_t i, n = count_words(script);
	char **words = calloc(n + 1, sizeof(*words));
	const char *wrong = operator_problem(script, script->token + n);
	char *problem = NULL;

	if (!words) {
		complain(script, NULL);
		script->token += n;
		return;
	}
	if (wrong) {
		script->token = script->lex.n;
		complain(script, wrong);
	} else if (collect(script, words, n, &problem) < 0) {
		script->token += n;
		complain(script, problem);
	} else {
		script->token += n;
		run_words(script, words, n);
	}
	for (i = 0; i < n; i++)
		secret_free_text(words[i]);
	free(words);
	free(problem);
}

/* --- the way through ----------------------------------------------------- */

/* One command more, or one line. */
static void
advance(struct script *script)
{
	enum lines_next next;

	if (script->source.words) {
		if (script->started) {
			script->stopped = true;
			return;
		}
		script->started = true;
		run_words(script, script->source.words, script->source.n_words);
		return;
	}
	while (script->token < script->lex.n &&
	    script->lex.tokens[script->token].kind != LEX_WORD &&
	    !operator_problem(script, script->token))
		script->token++;
	if (script->token < script->lex.n) {
		run_tokens(script);
		return;
	}
	errno = 0;
	next = take_lines(script);
	if (next == LINES_LINE &&
	    memchr(script->line, '\0', script->line_len)) {
		script->token = script->lex.n;
		complain(script, "this is not text");
	} else if (next == LINES_END || next == LINES_FAILED) {
		no_more(script, next);
	}
}

/* As far as it goes without waiting. False when it is over, and gone. */
static bool
step(struct script *script)
{
	if (script->stepping)
		return true;
	script->stepping = true;
	while (
	    !script->stopped && !script->running && !lines_wait(&script->lines))
		advance(script);
	script->stepping = false;
	if (!script->stopped || script->running)
		return true;
	end(script);
	return false;
}

struct script *
script_start(struct front *front, const struct script_source *source,
    void (*done)(struct script *script, int status, void *arg), void *arg)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script) {
		done(NULL, front_fail(front, STATUS_INTERNAL, "out of memory"),
		    arg);
		return NULL;
	}
	script->front = front;
	script->source = *source;
	script->done = done;
	script->arg = arg;
	script->lines.context = front->app->context;
	script->lines.ready = on_ready;
	script->lines.arg = script;
	if (!source->text) {
		lines_of_file(&script->lines, source->fd);
	} else if (!lines_of_text(&script->lines, source->text)) {
		script->stopped = true;
		script->status = STATUS_INTERNAL;
	}
	return step(script) ? script : NULL;
}

void
script_cancel(struct script *script, int status)
{
	script->stopped = true;
	script->status = status;
	if (script->job)
		job_cancel(script->job, status);
	else
		step(script);
}

/* --- for front ends ------------------------------------------------------ */

struct run {
	struct script *script;
	int status;
	bool over;
};

static void
on_over(struct script *script, int status, void *arg)
{
	struct run *run = arg;

	(void)script;
	run->status = status;
	run->over = true;
	run->script = NULL;
}

static void
on_signal(int signo, void *arg)
{
	struct run *run = arg;

	if (!run->script)
		return;
	if (signo == SIGINT)
		front_interrupted(run->script->front);
	script_cancel(run->script, signals_status(signo));
}

int
script_run(struct front *front, const struct script_source *source)
{
	struct run run = { .script = NULL };
	struct signals *signals =
	    signals_open(front->app->context, on_signal, &run);
	struct script *script = script_start(front, source, on_over, &run);

	if (!run.over)
		run.script = script;
	while (!run.over)
		app_step(front->app, -1);
	signals_close(signals);
	return run.status;
}

int
script_run_file(struct front *front, const char *path,
    struct script_source *source)
{
	int fd = STDIN_FILENO, status;

	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	else if (!source->name)
		source->name = "stdin";
	if (fd < 0)
		return front_fail(front, STATUS_LOCAL, "%s: %s", path,
		    strerror(errno));
	if (!source->name)
		source->name = path;
	source->fd = fd;
	front->script_on_stdin = fd == STDIN_FILENO;
	status = script_run(front, source);
	front->script_on_stdin = false;
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}
