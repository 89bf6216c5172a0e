/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands one after the other. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/secrets/secret.h"
#include "cli/signals.h"
#include "cli/words/lexer.h"
#include "cli/words/script.h"
#include "cli/words/vars.h"

/* A line longer than this is no script. */
#define LINE_MAX_BYTES (64U << 20)
#define CHUNK          4096

/* Bytes that were read, or are in memory anyway, and not yet taken. */
struct input {
	char *data;
	size_t len;
	size_t room;
	size_t pos;
	bool ended;
};

struct script {
	struct front *front;
	struct script_source source;
	void (*done)(struct script *script, int status, void *arg);
	void *arg;
	struct input input;
	coapx_watch_t *watch; /* while input is waited for */
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

/* What there is to do next. */
enum next {
	NEXT_LINE,
	NEXT_WAIT,
	NEXT_END,
	NEXT_FAILED,
};

static bool step(struct script *script);

/* --- the end ------------------------------------------------------------- */

static void
end(struct script *script)
{
	coapx_watch_free(script->watch);
	lex_free(&script->lex);
	/* Keys may have been among the words. */
	if (script->line)
		explicit_bzero(script->line, script->line_len);
	if (script->input.data)
		explicit_bzero(script->input.data, script->input.room);
	free(script->line);
	free(script->input.data);
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
	const struct input *input = &script->input;

	return script->source.text && script->token >= script->lex.n &&
	    input->pos >= input->len;
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
on_input(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct script *script = arg;

	(void)fd;
	(void)what;
	coapx_watch_free(watch);
	script->watch = NULL;
	step(script);
}

/* Whether a read would wait; then on_input() follows. */
static bool
must_wait(struct script *script)
{
	struct pollfd pfd = { .fd = script->source.fd, .events = POLLIN };

	if (poll(&pfd, 1, 0) != 0)
		return false;
	script->watch = coapx_watch_new(script->front->app->context,
	    script->source.fd, COAPX_READ, on_input, script, NULL);
	return script->watch != NULL;
}

/* More bytes of the file. NEXT_LINE: there are some. */
static enum next
fill(struct script *script)
{
	struct input *input = &script->input;
	ssize_t n;
	char *grown;

	if (input->room - input->len < CHUNK) {
		if (input->room > LINE_MAX_BYTES)
			return NEXT_FAILED;
		grown = realloc(input->data, 2 * input->room + CHUNK);
		if (!grown)
			return NEXT_FAILED;
		input->data = grown;
		input->room = 2 * input->room + CHUNK;
	}
	if (must_wait(script))
		return NEXT_WAIT;
	do
		n = read(script->source.fd, input->data + input->len,
		    input->room - input->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return NEXT_FAILED;
	input->ended = n == 0;
	input->len += (size_t)n;
	return NEXT_LINE;
}

/* Adds a line, its end included, to those that wait to be taken apart. */
static enum next
take_line(struct script *script)
{
	struct input *input = &script->input;
	const char *begin, *newline;
	enum next next;
	size_t len;
	char *grown;

	for (;;) {
		begin = input->len > 0 ? input->data + input->pos : "";
		len = input->len - input->pos;
		newline = len > 0 ? memchr(begin, '\n', len) : NULL;
		if (newline || input->ended)
			break;
		next = fill(script);
		if (next != NEXT_LINE)
			return next;
	}
	if (newline)
		len = (size_t)(newline - begin) + 1;
	if (len == 0)
		return NEXT_END;
	grown = realloc(script->line, script->line_len + len + 1);
	if (!grown)
		return NEXT_FAILED;
	memcpy(grown + script->line_len, begin, len);
	script->line = grown;
	script->line_len += len;
	script->next_number++;
	input->pos += len;
	if (input->pos == input->len && !script->source.text)
		input->pos = input->len = 0;
	return NEXT_LINE;
}

/* One line, or as many as a quote or a backslash joins, as tokens. */
static enum next
take_lines(struct script *script)
{
	enum next next;

	if (script->lex.open == LEX_PLAIN) {
		script->line_len = 0;
		script->line_number = script->next_number + 1;
	}
	do {
		next = take_line(script);
		if (next != NEXT_LINE)
			return next;
		lex_free(&script->lex);
		script->token = 0;
		/* Without the last line end: a backslash before it counts. */
		if (lex_text(&script->lex, script->line,
			script->line_len -
			    (script->line[script->line_len - 1] == '\n')) < 0)
			return NEXT_FAILED;
		if (script->line_len > LINE_MAX_BYTES)
			return NEXT_FAILED;
	} while (script->lex.open != LEX_PLAIN);
	return NEXT_LINE;
}

/* The end of the input, or an error of it. */
static void
no_more(struct script *script, enum next next)
{
	const char *name = script->source.name ? script->source.name : "input";
	bool open = script->lex.open != LEX_PLAIN;

	script->stopped = true;
	if (next == NEXT_FAILED)
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
	enum next next;

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
	if (next == NEXT_LINE && memchr(script->line, '\0', script->line_len)) {
		script->token = script->lex.n;
		complain(script, "this is not text");
	} else if (next == NEXT_END || next == NEXT_FAILED) {
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
	while (!script->stopped && !script->running && !script->watch)
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
	if (source->text) {
		script->input.data = strdup(source->text);
		script->input.len = strlen(source->text);
		script->input.room = script->input.len;
		script->input.ended = true;
		script->stopped = !script->input.data;
		script->status = script->stopped ? STATUS_INTERNAL : STATUS_OK;
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

	if (run->script)
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
