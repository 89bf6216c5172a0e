/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a job: from its words to its exit status. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/control/remote.h"
#include "cli/failure.h"
#include "cli/secrets/keyring.h"
#include "cli/session/diagnosis.h"
#include "cli/words/globals.h"

/* After this long a command says what it waits for. */
#define NOTICE_MS 300

/* More words than any command's name has. */
#define NAME_WORDS 4

/* --- time ---------------------------------------------------------------- */

static void
format_ms(uint64_t ms, char *buf, size_t size)
{
	if (ms % 1000 != 0)
		snprintf(buf, size, "%" PRIu64 " ms", ms);
	else
		snprintf(buf, size, "%" PRIu64 " s", ms / 1000);
}

/* A handshake that stands still may have its own reason, and status. */
static void
on_deadline(coapx_timer_t *timer, void *arg)
{
	struct job *job = arg;
	char peer[PEER_SIZE];
	struct diagnosis d;
	char limit[32];
	char *left;
	int status;

	(void)timer;
	format_ms(job->timeout_ms, limit, sizeof(limit));
	if (job->waits_on && diagnose_wait(job->waits_on, &d)) {
		job_fail(job, d.status, "timed out after %s: %s: %s; %s", limit,
		    failure_peer(job->waits_on, peer), d.cause, d.advice);
		job_cancel(job, d.status);
		return;
	}
	left = job->left ? job->left(job) : NULL;
	status = left ? STATUS_INCOMPLETE : STATUS_TIMEOUT;
	job_fail(job, status, "timed out after %s waiting for %s%s%s", limit,
	    job->waiting_for ? job->waiting_for : "the command to end",
	    left ? "; " : "", left ? left : "");
	free(left);
	job_cancel(job, status);
}

/* Straight to stderr: for people who look at a terminal while the data goes
 * down a pipe. */
static void
say_waiting(struct job *job)
{
	struct sink *sink = &job->front->sink;
	coapx_session_info_t info = { .size = sizeof info };
	bool held = job->waits_on &&
	    coapx_session_get_info(job->waits_on, &info) == 0 && info.held > 0;
	char *text = text_format("waiting for %s ...\n",
	    held ? "PROBING_RATE, as nothing was answered yet"
		 : job->waiting_for);

	if (text)
		sink->err(sink->user, text, strlen(text));
	free(text);
}

static void
on_notice(coapx_timer_t *timer, void *arg)
{
	struct job *job = arg;

	(void)timer;
	if (!job->waiting_for)
		return;
	say_waiting(job);
	job->told = true;
}

static int
start_timers(struct job *job, const struct output_options *options)
{
	coap_context_t *context = job->app->context;

	if (job->timeout_ms > 0) {
		job->deadline = coapx_timer_new(context, on_deadline, job);
		if (!job->deadline)
			return -1;
		coapx_timer_set(job->deadline, job->timeout_ms);
	}
	if (!options->quiet &&
	    (options->verbose > 0 || job->front->sink.err_is_terminal)) {
		job->notice = coapx_timer_new(context, on_notice, job);
		if (!job->notice)
			return -1;
		coapx_timer_set(job->notice, NOTICE_MS);
	}
	return 0;
}

/* --- the end ------------------------------------------------------------- */

static void
finish(struct job *job)
{
	struct app *app = job->app;

	coapx_timer_free(job->deadline);
	coapx_timer_free(job->notice);
	keyring_stop(job);
	if (job->free_state)
		job->free_state(job);
	keyring_unref(job->keyring);
	job->keyring = NULL;
	if (output_close(job->out) < 0 && job->status == STATUS_OK)
		job->status = STATUS_OUTPUT;
	DL_DELETE(app->jobs, job);
	app_trace(app);
	app_touch(app, job->session);
	job->front->last_status = job->status;
	job->done(job, job->status, job->done_arg);
	args_free(&job->args);
	free(job->waiting_for);
	free(job);
}

void
job_end(struct job *job, int status)
{
	if (job->ended)
		return;
	job->ended = true;
	job->status = status;
	if (!job->held)
		finish(job);
}

/* Who gives up wants to know what that costs. */
static void
say_left(struct job *job, int status)
{
	char *left = job->left ? job->left(job) : NULL;

	if (left)
		job_fail(job, status, "%s; %s",
		    status == STATUS_INTERRUPTED ? "interrupted" : "terminated",
		    left);
	free(left);
}

void
job_cancel(struct job *job, int status)
{
	bool ends = !job->lingers || job->cancelled;

	if (job->ended || job->held)
		return;
	job->cancelled = true;
	job->status = status;
	job->held = true;
	if (status == STATUS_INTERRUPTED || status == STATUS_TERMINATED)
		say_left(job, status);
	if (job->cancel)
		job->cancel(job);
	job->held = false;
	if (!ends && !job->ended)
		return;
	/* Whatever cancel() made of it, it ends for this reason. */
	job->ended = false;
	job_end(job, status);
}

/* --- the beginning ------------------------------------------------------- */

/* The job's words without those that name the command. */
struct call {
	const struct command *command;
	char **words;
	size_t n;
};

/* Which command it is. 0, or -1 and *problem. call->words is the caller's to
 * free in both cases. */
static int
find_call(const struct front *front, char *const *words, size_t n,
    struct call *call, char **problem)
{
	size_t at[NAME_WORDS], n_name, used, i, next = 0;
	char *name[NAME_WORDS];

	*problem = NULL;
	call->words = malloc((n + 1) * sizeof(*call->words));
	if (!call->words)
		return -1;
	n_name = args_command_words(words, n, at, NAME_WORDS);
	for (i = 0; i < n_name; i++)
		name[i] = words[at[i]];
	call->command =
	    command_find(name, n_name, front->interactive, &used, problem);
	if (!call->command)
		return -1;
	call->n = 0;
	for (i = 0; i < n; i++) {
		if (next < used && at[next] == i)
			next++;
		else
			call->words[call->n++] = words[i];
	}
	return 0;
}

/*
 * Takes the job's words apart; its output is made also when they are wrong, so
 * that the form asked for tells it.
 */
static int
prepare(struct job *job, const struct call *call)
{
	struct front *front = job->front;
	struct output_options options = front->defaults;
	char *parse_problem = NULL, *problem = NULL;
	int parsed, applied;

	job->command = call->command;
	job->timeout_ms = front->timeout_ms;
	parsed = args_parse(&job->args, call->command, call->words, call->n,
	    &parse_problem);
	applied =
	    globals_apply(&job->args, &options, &job->timeout_ms, &problem);
	job->out = output_new(&front->sink, &options);
	if (parsed == 0 && applied == 0 && job->out &&
	    start_timers(job, &options) == 0)
		return 0;
	if (parsed < 0) {
		free(problem);
		problem = parse_problem;
	}
	job->status = problem ? STATUS_USAGE : STATUS_INTERNAL;
	if (job->out)
		output_error(job->out, job->status,
		    problem ? problem : "out of memory");
	free(problem);
	return -1;
}

/* JOB_RUNNING, or how it ended. */
static int
begin(struct job *job)
{
	int status;

	if (args_has(&job->args, "help"))
		return help_command(job, job->command);
	if (args_has(&job->args, "version"))
		return cmd_version.start(job);
	if (job->command->prompt_only && !job->front->interactive)
		return job_fail(job, STATUS_USAGE,
		    "'%s' is a command of the prompt only", job->command->name);
	status = remote_start(job);
	if (status != REMOTE_HERE)
		return status;
	if (job->front->guest && job->command->reach == REACH_HERE)
		return job_fail(job, STATUS_USAGE,
		    "'%s' runs in the process that asks, not here",
		    job->command->name);
	status = keyring_start(job);
	return status == STATUS_OK ? job->command->start(job) : status;
}

/* False when it is over, and gone. */
static bool
run(struct job *job, int (*start)(struct job *job))
{
	int status;

	job->held = true;
	status = start(job);
	job->held = false;
	if (!job->ended && status == JOB_RUNNING)
		return true;
	if (!job->ended)
		job->status = status;
	job->ended = true;
	finish(job);
	return false;
}

void
job_go_on(struct job *job, int status)
{
	if (status == STATUS_OK)
		run(job, job->command->start);
	else
		job_end(job, status);
}

/* Ends before there is a job to speak of. */
static struct job *
refuse(struct job *job, int status)
{
	job->front->last_status = status;
	job->ended = true;
	job->status = status;
	output_close(job->out);
	job->done(job, status, job->done_arg);
	args_free(&job->args);
	coapx_timer_free(job->deadline);
	coapx_timer_free(job->notice);
	free(job);
	return NULL;
}

struct job *
job_start(struct front *front, char *const *words, size_t n,
    void (*done)(struct job *job, int status, void *arg), void *arg)
{
	struct call call = { NULL, NULL, 0 };
	struct app *app = front->app;
	struct job *job = calloc(1, sizeof(*job));
	char *problem;
	int status;
	bool runs;

	if (!job) {
		done(NULL, front_fail(front, STATUS_INTERNAL, "out of memory"),
		    arg);
		return NULL;
	}
	job->app = app;
	job->front = front;
	job->background = front->background;
	job->done = done;
	job->done_arg = arg;
	if (find_call(front, words, n, &call, &problem) < 0) {
		status =
		    front_fail(front, problem ? STATUS_USAGE : STATUS_INTERNAL,
			"%s", problem ? problem : "out of memory");
		free(call.words);
		free(problem);
		return refuse(job, status);
	}
	if (prepare(job, &call) < 0) {
		free(call.words);
		return refuse(job, job->status);
	}
	job->words = call.words;
	job->n_words = call.n;
	DL_APPEND(app->jobs, job);
	app_trace(app);
	runs = run(job, begin);
	if (runs)
		job->words = NULL;
	free(call.words);
	return runs ? job : NULL;
}

/* --- what commands say --------------------------------------------------- */

void
job_is_quiet(struct job *job, bool quiet)
{
	job->quiet = quiet;
	if (!job->notice)
		return;
	if (quiet)
		coapx_timer_stop(job->notice);
	else if (!job->told)
		coapx_timer_set(job->notice, NOTICE_MS);
}

void
job_waits_for(struct job *job, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_vformat(format, ap);
	va_end(ap);
	/* It is said once, however often it is waited for. */
	if (!text || !job->waiting_for || strcmp(text, job->waiting_for) != 0)
		job->told = false;
	free(job->waiting_for);
	job->waiting_for = text;
	if (job->notice && !job->quiet && !job->told)
		coapx_timer_set(job->notice, NOTICE_MS);
}

int
job_fail(struct job *job, int status, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_vformat(format, ap);
	va_end(ap);
	output_error(job->out, status, text ? text : "out of memory");
	free(text);
	return status;
}
