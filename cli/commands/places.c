/* SPDX-License-Identifier: BSD-2-Clause */
/* cd, pwd: the current path of a session. */
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/request/path.h"
#include "cli/session/opening.h"
#include "cli/words/names.h"

/* The session of "lamp:/x", which is the current one from now on and leaves
 * "/x", or the one that is current. NULL: the job has been told. */
static struct named *
session_of(struct job *job, const char **path, int *status)
{
	char name[NAME_SIZE];
	const char *behind = name_of_target(*path, name);
	struct named *named =
	    app_session_for(job, behind ? name : NULL, status);

	if (behind)
		*path = behind;
	if (behind && named)
		front_use(job->front, named);
	return named;
}

/* "cd .." leaves a slash at the end, which is only meant where it was typed. */
static void
trim(char *joined, const char *typed)
{
	size_t len = strlen(joined);
	size_t n = strlen(typed);

	if (len > 1 && joined[len - 1] == '/' &&
	    (n == 0 || typed[n - 1] != '/'))
		joined[len - 1] = '\0';
}

static int
start_cd(struct job *job)
{
	const char *path = args_operand(&job->args, 0);
	int status = STATUS_OK;
	struct named *named;
	char *joined;

	if (!path)
		path = "/";
	if (looks_like_uri(path))
		return job_fail(job, STATUS_USAGE,
		    "cd takes a path of the session; 'open %s' opens another",
		    path);
	if (strchr(path, '?'))
		return job_fail(job, STATUS_USAGE,
		    "'%s' has a query; a place is a path alone", path);
	named = session_of(job, &path, &status);
	if (!named)
		return status;
	joined = path_join(front_path(job->front, named), path);
	if (!joined)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	trim(joined, path);
	if (front_go(job->front, named, joined) < 0)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	return STATUS_OK;
}

static int
start_pwd(struct job *job)
{
	struct view_field field = { .name = "path", .type = FIELD_TEXT };
	int status = STATUS_OK;
	struct named *named = app_session_for(job, NULL, &status);

	if (!named)
		return status;
	field.text = front_path(job->front, named);
	output_value(job->out, &field);
	return STATUS_OK;
}

static const char *const cd_examples[] = {
	"cd /sensors",
	"cd ..",
	"cd lamp:/3/0",
	NULL,
};

const struct command cmd_cd = {
	.name = "cd",
	.group = "Discovery and places",
	.summary = "change the current path of a session",
	.details = "Paths of requests are relative to it. Nothing is asked of "
		   "the peer. NAME:PATH also makes that session the current "
		   "one. Without PATH it is the root.",
	.examples = cd_examples,
	.operands = { { .name = "PATH",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start_cd,
	.reach = REACH_SESSION,
};

const struct command cmd_pwd = {
	.name = "pwd",
	.group = "Discovery and places",
	.summary = "print the current path of a session",
	.start = start_pwd,
	.reach = REACH_SESSION,
};
