/* SPDX-License-Identifier: BSD-2-Clause */
/* agent start, stop, status: the process that keeps sessions for others. */
#include "cli/control/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/control/route.h"
#include "cli/control/server.h"
#include "cli/control/spawn.h"

static const char group[] = "Agent";

static bool
is_forbidden(const struct job *job)
{
	return job->app->control.off || args_has(&job->args, "no-agent");
}

static int
forbidden(struct job *job)
{
	return job_fail(job, STATUS_USAGE, "--no-agent forbids what '%s' does",
	    job->command->name);
}

/* --- start --------------------------------------------------------------- */

static void
start_free(struct job *job)
{
	agent_spawn_free(job->state);
}

static void
on_ready(void *arg, int status, const char *problem)
{
	struct job *job = arg;

	job->state = NULL;
	if (status == STATUS_OK)
		output_note(job->out, "the agent is running");
	else
		job_fail(job, status, "%s", problem);
	job_end(job, status);
}

static int
start_other(struct job *job)
{
	struct agent_spawn *spawn = NULL;
	int fd = route_agent(job);
	int err;

	if (fd >= 0) {
		close(fd);
		output_note(job->out, "an agent is running already");
		return STATUS_OK;
	}
	job_waits_for(job, "the agent to be ready");
	err = agent_spawn(job->app->context, route_path(job),
	    args_get(&job->args, "idle"), on_ready, job, &spawn);
	if (err < 0)
		return job_fail(job, STATUS_INTERNAL,
		    "the agent could not be started: %s", strerror(-err));
	job->state = spawn;
	job->free_state = start_free;
	return JOB_RUNNING;
}

/* --idle and --ready-fd. STATUS_OK, or the job has been told. */
static int
read_params(struct job *job, struct agent_params *params)
{
	const char *idle = args_get(&job->args, "idle");
	const char *ready = args_get(&job->args, "ready-fd");
	uint64_t fd = 0;
	int64_t ms = AGENT_IDLE_MS;

	if (idle)
		ms = parse_duration(idle);
	if (ms < 0)
		return job_fail(job, STATUS_USAGE,
		    "--idle wants a time such as 10s or 5m, not '%s'", idle);
	if (ready && !parse_number(ready, INT32_MAX, &fd))
		return job_fail(job, STATUS_USAGE,
		    "--ready-fd wants the number of a descriptor, not '%s'",
		    ready);
	/* Ours are closed when a program is run, what we were given is not. */
	if (ready && fcntl((int)fd, F_GETFD) != 0)
		return job_fail(job, STATUS_USAGE,
		    "--ready-fd %s: this process was given no such descriptor",
		    ready);
	params->idle_ms = (uint64_t)ms;
	params->ready_fd = ready ? (int)fd : -1;
	return STATUS_OK;
}

static int
start_start(struct job *job)
{
	struct agent_params params;
	int status = read_params(job, &params);

	if (is_forbidden(job))
		return forbidden(job);
	if (status != STATUS_OK)
		return status;
	if (!args_has(&job->args, "foreground"))
		return start_other(job);
	if (job->front->interactive || job->app->control.server)
		return job_fail(job, STATUS_STATE,
		    "this process serves already; 'agent start' without "
		    "--foreground starts another");
	return agent_run(job, &params);
}

static const struct option start_options[] = {
	{ .name = "foreground",
	    .help = "be the agent, instead of starting one" },
	{ .name = "idle",
	    .arg = "DUR",
	    .help = "end after so long without sessions and clients (1m)" },
	{ .name = "ready-fd",
	    .arg = "N",
	    .help = "write R to that descriptor when it serves" },
	{ .name = NULL },
};

static const struct option *const start_sets[] = { start_options, NULL };
static const char *const start_examples[] = {
	"agent start",
	"open coap://[fd00::2] --name lamp --persist 10m",
	"-S lamp get /time",
	NULL,
};

const struct command cmd_agent_start = {
	.name = "agent start",
	.group = group,
	.summary = "start the process that keeps sessions for others",
	.details =
	    "'open --persist' starts it by itself. It ends when it has had no "
	    "sessions, listeners and clients for a while. With --control PATH "
	    "it listens there, apart from all others.",
	.examples = start_examples,
	.options = start_sets,
	.start = start_start,
};

/* --- stop ---------------------------------------------------------------- */

static int
stop_start(struct job *job)
{
	if (is_forbidden(job))
		return forbidden(job);
	if (!agent_stop(job->app))
		return job_fail(job, STATUS_STATE,
		    "the process that listens there is no agent; it ends by "
		    "itself");
	output_note(job->out, "the agent ends");
	return STATUS_OK;
}

const struct command cmd_agent_stop = {
	.name = "agent stop",
	.group = group,
	.summary = "end the agent and close its sessions",
	.start = stop_start,
	.reach = REACH_AGENT,
};

/* --- status -------------------------------------------------------------- */

static int
status_start(struct job *job)
{
	struct app *app = job->app;
	const struct named *named;
	const struct listener *listener;
	size_t sessions, listeners;
	const char *path = app->control.path;
	char *socket = NULL;

	if (is_forbidden(job))
		return forbidden(job);
	DL_COUNT(app->sessions, named, sessions);
	DL_COUNT(app->listeners, listener, listeners);
	if (!path && app->control.name) {
		socket = text_format("%s/%s", folder_path(app->control.folder),
		    app->control.name);
		path = socket;
	}
	const struct view_field fields[] = {
		{ .name = "pid",
		    .type = FIELD_NUMBER,
		    .number = (double)getpid() },
		{ .name = "socket", .type = FIELD_TEXT, .text = path },
		{ .name = "sessions",
		    .type = FIELD_NUMBER,
		    .number = (double)sessions },
		{ .name = "listeners",
		    .type = FIELD_NUMBER,
		    .number = (double)listeners },
		/* Who asks is no use of it. */
		{ .name = "clients",
		    .type = FIELD_NUMBER,
		    .number = (double)server_clients(app->control.server) -
			(job->front->guest ? 1 : 0) },
	};
	output_fields(job->out, "agent", fields,
	    sizeof fields / sizeof fields[0]);
	free(socket);
	return STATUS_OK;
}

const struct command cmd_agent_status = {
	.name = "agent status",
	.group = group,
	.summary = "show whether an agent is running, and what it holds",
	.details = "Exit status 9 says that there is none.",
	.start = status_start,
	.reach = REACH_AGENT,
};
