/* SPDX-License-Identifier: BSD-2-Clause */
/* session reference, release: the user's own references. */
#include "cli/app.h"
#include "cli/commands/commands.h"

static void
show_count(struct job *job, const struct named *named)
{
	coapx_session_info_t info = { .size = sizeof info };
	struct view_field field = { .name = "refs", .type = FIELD_NUMBER };

	coapx_session_get_info(named->session, &info);
	field.number = info.references;
	output_value(job->out, &field);
}

static int
start_reference(struct job *job)
{
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);

	if (!named)
		return status;
	coap_session_reference(named->session);
	named->references++;
	show_count(job, named);
	return STATUS_OK;
}

static int
start_release(struct job *job)
{
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);

	if (!named)
		return status;
	if (named->references == 0)
		return job_fail(job, STATUS_STATE,
		    "no reference of yours is left on %s; 'close %s' ends it",
		    named->name, named->name);
	named->references--;
	coap_session_release(named->session);
	show_count(job, named);
	return STATUS_OK;
}

const struct command cmd_session_reference = {
	.name = "session reference",
	.group = "Sessions",
	.summary = "hold a session with one more reference",
	.details =
	    "Prints how many references there are now. A session that came in "
	    "by a listener stays as long as it is held, even when it is idle "
	    "or lost.",
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start_reference,
	.reach = REACH_SESSION,
};

const struct command cmd_session_release = {
	.name = "session release",
	.group = "Sessions",
	.summary = "let go of a reference that 'session reference' took",
	.details = "Prints how many references there are now. The last one, "
		   "which is the program's own, goes with 'close'.",
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start_release,
	.reach = REACH_SESSION,
};
