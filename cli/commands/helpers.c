/* SPDX-License-Identifier: BSD-2-Clause */
/* The small helpers of scripts: sleep, echo, set, source, exit. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/words/script.h"
#include "cli/words/vars.h"

static const char group[] = "Helpers";

/* --- sleep --------------------------------------------------------------- */

static void
sleep_free(struct job *job)
{
	coapx_timer_free(job->state);
}

static void
sleep_over(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	job_end(arg, STATUS_OK);
}

static int
sleep_start(struct job *job)
{
	const char *text = args_operand(&job->args, 0);
	int64_t ms = parse_duration(text);
	coapx_timer_t *timer;

	if (ms < 0)
		return job_fail(job, STATUS_USAGE,
		    "'%s' is no duration, such as 500ms, 5s or 2m", text);
	timer = coapx_timer_new(job->app->context, sleep_over, job);
	if (!timer)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	job->state = timer;
	job->free_state = sleep_free;
	coapx_timer_set(timer, (uint64_t)ms);
	return JOB_RUNNING;
}

const struct command cmd_sleep = {
	.name = "sleep",
	.group = group,
	.summary = "wait; sessions go on meanwhile",
	.operands = { { .name = "DURATION" } },
	.start = sleep_start,
};

/* --- echo ---------------------------------------------------------------- */

static int
echo_start(struct job *job)
{
	char *text = NULL;
	size_t i, size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	for (i = 0; i < job->args.n_operands; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", job->args.operands[i]);
	fputc('\n', out);
	if (fclose(out) == 0)
		output_text(job->out, "echo", text);
	free(text);
	return STATUS_OK;
}

const struct command cmd_echo = {
	.name = "echo",
	.group = group,
	.summary = "print words",
	.operands = { { .name = "WORD", .optional = true, .repeat = true } },
	.start = echo_start,
};

/* --- set ----------------------------------------------------------------- */

static int
set_list(struct job *job)
{
	static const char *const columns[] = { "name", "value", NULL };
	struct view_table view = { .type = "variable", .columns = columns };
	const char **cells;
	struct var *var;
	size_t n;

	DL_COUNT(job->front->vars, var, n);
	cells = calloc(2 * n + 1, sizeof(*cells));
	if (!cells)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	view.cells = cells;
	DL_FOREACH(job->front->vars, var) {
		cells[2 * view.rows] = var->name;
		cells[2 * view.rows + 1] = var->value;
		view.rows++;
	}
	output_table(job->out, &view);
	free(cells);
	return STATUS_OK;
}

static int
set_one(struct job *job, const char *word)
{
	size_t len = strcspn(word, "=");
	char *name;
	int result;

	if (word[len] != '=' || !var_is_name(word, len))
		return job_fail(job, STATUS_USAGE, "'%s' is not VAR=VALUE",
		    word);
	name = strndup(word, len);
	result = name ? vars_set(job->front, name, word + len + 1) : -1;
	free(name);
	if (result < 0)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	return STATUS_OK;
}

static int
set_start(struct job *job)
{
	int status = STATUS_OK;
	size_t i;

	if (job->args.n_operands == 0)
		return set_list(job);
	for (i = 0; i < job->args.n_operands && status == STATUS_OK; i++)
		status = set_one(job, job->args.operands[i]);
	return status;
}

static const char *const set_examples[] = {
	"set base=coap://[::1]",
	"get $base/time",
	NULL,
};

const struct command cmd_set = {
	.name = "set",
	.group = group,
	.summary = "give $VAR a value, or list those that have one",
	.examples = set_examples,
	.operands = { { .name = "VAR=VALUE",
	    .optional = true,
	    .repeat = true } },
	.start = set_start,
};

/* --- source -------------------------------------------------------------- */

/* Files that source themselves end here. */
#define SOURCE_DEPTH 16

struct sourced {
	struct script *script;
	int fd;
};

static void
source_free(struct job *job)
{
	struct sourced *sourced = job->state;

	close(sourced->fd);
	free(sourced);
	job->front->source_depth--;
}

static void
source_cancel(struct job *job)
{
	struct sourced *sourced = job->state;

	if (sourced->script)
		script_cancel(sourced->script, job->status);
}

static void
source_done(struct script *script, int status, void *arg)
{
	struct job *job = arg;
	struct sourced *sourced = job->state;

	(void)script;
	sourced->script = NULL;
	job_end(job, status);
}

static int
source_open(struct job *job, const char *path)
{
	struct sourced *sourced;
	int fd;

	if (job->front->source_depth >= SOURCE_DEPTH)
		return job_fail(job, STATUS_LOCAL,
		    "%s: files source each other too deeply", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return job_fail(job, STATUS_LOCAL, "%s: %s", path,
		    strerror(errno));
	sourced = calloc(1, sizeof(*sourced));
	if (!sourced) {
		close(fd);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	sourced->fd = fd;
	job->state = sourced;
	job->free_state = source_free;
	job->cancel = source_cancel;
	/* As a command in it may. */
	job->lingers = true;
	job->front->source_depth++;
	return STATUS_OK;
}

static int
source_start(struct job *job)
{
	const char *path = args_operand(&job->args, 0);
	struct script_source source = { .name = path,
		.args = job->args.operands + 1,
		.n_args = job->args.n_operands - 1,
		.keep_going = args_has(&job->args, "keep-going"),
		.background = job->background,
		.xtrace = args_has(&job->args, "xtrace") };
	struct sourced *sourced;
	int status = source_open(job, path);

	if (status != STATUS_OK)
		return status;
	sourced = job->state;
	source.fd = sourced->fd;
	sourced->script = script_start(job->front, &source, source_done, job);
	return JOB_RUNNING;
}

const struct command cmd_source = {
	.name = "source",
	.group = group,
	.summary = "run the commands of a file here",
	.operands = { { .name = "FILE", .complete = COMPLETE_FILE },
	    { .name = "ARG", .optional = true, .repeat = true } },
	.start = source_start,
};

/* --- exit ---------------------------------------------------------------- */

static int
exit_start(struct job *job)
{
	const char *text = args_operand(&job->args, 0);
	uint64_t status = (uint64_t)job->front->last_status;

	if (text && !parse_number(text, 255, &status))
		return job_fail(job, STATUS_USAGE,
		    "'%s' is no exit status (0 to 255)", text);
	job->front->exiting = true;
	job->front->exit_status = (int)status;
	return (int)status;
}

static const char *const exit_aliases[] = { "quit", NULL };

const struct command cmd_exit = {
	.name = "exit",
	.aliases = exit_aliases,
	.group = group,
	.summary = "leave, with the status of the last command or this one",
	.operands = { { .name = "STATUS", .optional = true } },
	.start = exit_start,
};
