/* SPDX-License-Identifier: BSD-2-Clause */
/* session get: one bare value, for scripts. */
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/session_fields.h"

static int
unknown_field(struct job *job, const char *name)
{
	const char *nearest = field_nearest(name);

	if (nearest)
		return job_fail(job, STATUS_USAGE,
		    "no field '%s'; did you mean '%s'?", name, nearest);
	return job_fail(job, STATUS_USAGE,
	    "no field '%s'; 'session info' shows those there are", name);
}

static int
start(struct job *job)
{
	const char *field = args_operand(&job->args, 0);
	int status = STATUS_OK;
	struct named *named;
	struct field_value v;

	named = app_session_for(job, args_operand(&job->args, 1), &status);
	if (!named)
		return status;
	if (!field_read(named, job->front, field,
		args_has(&job->args, "reveal"), &v))
		return unknown_field(job, field);
	output_value(job->out, &v.view);
	explicit_bzero(&v, sizeof v);
	return STATUS_OK;
}

static const struct option *const options[] = { reveal_options, NULL };
static const char *const examples[] = {
	"session get state",
	"session get stats.rtt-avg lamp",
	"session get data.room lamp",
	"session get tls.verify",
	NULL,
};

const struct command cmd_session_get = {
	.name = "session get",
	.group = "Sessions",
	.summary = "print one field of a session",
	.details =
	    "Prints the bare value and a newline. A field that does not apply "
	    "to the session (csm.* of a UDP session, addr.mcast of a peer "
	    "that is no group) is an empty line, and null in JSON. psk.key is "
	    "the length of the key alone, unless --reveal is given.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "FIELD", .complete = COMPLETE_FIELD },
	    { .name = "NAME",
		.optional = true,
		.complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
