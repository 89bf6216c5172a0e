/* SPDX-License-Identifier: BSD-2-Clause */
/* session use, rename: which session, and what it is called. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

static int
start_use(struct job *job)
{
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);

	if (named)
		front_use(job->front, named);
	return status;
}

/* Guests that were somewhere in it are there under the new name, also those
 * whose commands go on meanwhile. */
static void
stay_there(const struct app *app, const char *old, const char *name)
{
	struct front *front;
	const char *place;

	DL_FOREACH(app->fronts, front) {
		place = front->guest ? front_place(front, old) : NULL;
		if (place)
			front_set_place(front, name, place);
	}
}

static void
tell_renamed(struct job *job, const char *old, const char *name)
{
	char *event = text_format("renamed to %s by another process", name);

	if (event)
		front_tell(job->front, old, event);
	free(event);
}

static int
start_rename(struct job *job)
{
	const char *name = args_operand(&job->args, 1);
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);
	char *problem = NULL;
	char *copy;
	char *old;
	int err;

	if (!named || strcmp(named->name, name) == 0)
		return status;
	if (!app_name_is_free(job->app, name, &problem)) {
		status = app_find(job->app, name) ? STATUS_STATE : STATUS_USAGE;
		job_fail(job, status, "%s", problem ? problem : "no memory");
		free(problem);
		return status;
	}
	copy = strdup(name);
	if (!copy)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	err = control_claim(job->app, name);
	if (err != 0) {
		free(copy);
		return err == -EEXIST
		    ? job_fail(job, STATUS_STATE,
			  "another process has a session named '%s'; close "
			  "it, or choose another name",
			  name)
		    : job_fail(job, STATUS_LOCAL,
			  "others could not find a session named '%s': %s",
			  name, strerror(-err));
	}
	old = named->name;
	named->name = copy;
	stay_there(job->app, old, name);
	tell_renamed(job, old, name);
	control_release(job->app, old);
	free(old);
	return STATUS_OK;
}

static const char *const use_aliases[] = { "use", NULL };

const struct command cmd_session_use = {
	.name = "session use",
	.aliases = use_aliases,
	.group = "Sessions",
	.summary = "make a session the current one",
	.details = "Also one of another process: of another prompt, or of the "
		   "agent. 'session list --all' shows them.",
	.operands = { { .name = "NAME", .complete = COMPLETE_SESSION } },
	.start = start_use,
	.reach = REACH_SESSION,
};

const struct command cmd_session_rename = {
	.name = "session rename",
	.group = "Sessions",
	.summary = "give a session another name",
	.operands = { { .name = "NAME", .complete = COMPLETE_SESSION },
	    { .name = "NEWNAME" } },
	.start = start_rename,
	.reach = REACH_SESSION,
};
