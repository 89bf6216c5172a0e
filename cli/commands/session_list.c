/* SPDX-License-Identifier: BSD-2-Clause */
/* session list: one row a session. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/opening.h"

#define OWNER_SIZE 32

struct addresses {
	char local[ADDR_SIZE];
	char remote[ADDR_SIZE];
};

static bool
wanted(const struct job *job, const struct view_session *v)
{
	const char *name = app_asked_session(job);
	const char *state = args_get(&job->args, "state");
	const char *type = args_get(&job->args, "type");

	return (!name || strcmp(name, v->name) == 0) &&
	    (!state || strcmp(state, v->state) == 0) &&
	    (!type || strcmp(type, v->type) == 0);
}

static bool
is_state(const char *name)
{
	coap_session_state_t s;

	for (s = COAP_SESSION_STATE_NONE; s <= COAP_SESSION_STATE_ESTABLISHED;
	     s++)
		if (strcmp(name, coapx_state_name(s)) == 0)
			return true;
	return false;
}

static bool
is_type(const char *name)
{
	coap_session_type_t t;

	for (t = COAP_SESSION_TYPE_CLIENT; t <= COAP_SESSION_TYPE_HELLO; t++)
		if (strcmp(name, coapx_type_name(t)) == 0)
			return true;
	return false;
}

/* What others call this process. */
static const char *
owner_text(const struct app *app, char buf[static OWNER_SIZE])
{
	if (app->control.agent)
		return "agent";
	snprintf(buf, OWNER_SIZE, "%s %ld",
	    app->own.interactive ? "prompt" : "process", (long)getpid());
	return buf;
}

static int
list(struct job *job, size_t count)
{
	bool all = args_has(&job->args, "all");
	char owner[OWNER_SIZE];
	struct view_session *views = calloc(count, sizeof *views);
	struct addresses *addresses = calloc(count, sizeof *addresses);
	int status = STATUS_OK;
	struct named *named;
	size_t n = 0;

	if (!views || !addresses) {
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
		goto out;
	}
	DL_FOREACH(job->app->sessions, named) {
		named_view(job->front, named, &views[n], addresses[n].local,
		    addresses[n].remote);
		views[n].owner = all ? owner_text(job->app, owner) : NULL;
		if (wanted(job, &views[n]))
			n++;
	}
	output_sessions(job->out, views, n);
out:
	free(views);
	free(addresses);
	return status;
}

static int
start(struct job *job)
{
	const char *state = args_get(&job->args, "state");
	const char *type = args_get(&job->args, "type");
	struct named *named;
	size_t count = 0;

	if (state && !is_state(state))
		return job_fail(job, STATUS_USAGE,
		    "--state: '%s' is no state; none, connecting, handshake, "
		    "csm and established are",
		    state);
	if (type && !is_type(type))
		return job_fail(job, STATUS_USAGE,
		    "--type: '%s' is no type; client, server and hello are",
		    type);
	if (app_check_asked(job) != STATUS_OK)
		return STATUS_STATE;
	DL_COUNT(job->app->sessions, named, count);
	if (count > 0)
		return list(job, count);
	/* A guest asks several processes, and speaks for all of them. */
	if (!job->front->guest)
		output_note(job->out,
		    "no session is open%s; 'open URI' opens "
		    "one",
		    job->front->interactive && !args_has(&job->args, "all")
			? " here ('session list --all' asks other processes)"
			: "");
	return STATUS_OK;
}

static const struct option list_options[] = {
	{ .name = "state",
	    .arg = "STATE",
	    .complete = COMPLETE_STATE,
	    .help = "only those in that state" },
	{ .name = "type",
	    .arg = "TYPE",
	    .complete = COMPLETE_TYPE,
	    .help = "only those of that type" },
	{ .name = "all", .help = "those of other processes, too" },
	{ .name = NULL },
};

static const struct option *const options[] = { list_options, NULL };
static const char *const aliases[] = { "sessions", NULL };

const struct command cmd_session_list = {
	.name = "session list",
	.aliases = aliases,
	.group = "Sessions",
	.summary = "list sessions: of this process, or of all others",
	.details =
	    "Where this process has none and there is no prompt, those of all "
	    "others are listed. With --all the last column in raw form, and a "
	    "member in JSON, is the owner: the agent, or a prompt and its pid. "
	    "With -S it is about that session alone, whoever has it.",
	.options = options,
	.start = start,
	.reach = REACH_ALL,
};
