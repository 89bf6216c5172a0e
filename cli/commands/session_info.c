/* SPDX-License-Identifier: BSD-2-Clause */
/* session info: everything known of a session. */
#include <stdlib.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/session_fields.h"

/* People see what applies; programs get the same fields each time. */
static bool
is_shown(const struct job *job, const struct view_field *field)
{
	return field->type != FIELD_NULL || output_form(job->out) != FORM_HUMAN;
}

static int
start(struct job *job)
{
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);
	struct field_value *values = NULL;
	struct view_field *fields = NULL;
	size_t n = 0;
	size_t shown = 0;
	size_t i;

	if (!named)
		return status;
	values = fields_read_all(named, job->front,
	    args_has(&job->args, "reveal"), &n);
	if (values)
		fields = calloc(n, sizeof *fields);
	if (!fields) {
		fields_free(values, n);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	for (i = 0; i < n; i++)
		if (is_shown(job, &values[i].view))
			fields[shown++] = values[i].view;
	output_fields(job->out, named->name, fields, shown);
	free(fields);
	fields_free(values, n);
	return status;
}

static const struct option *const options[] = { reveal_options, NULL };
static const char *const aliases[] = { "info", NULL };

const struct command cmd_session_info = {
	.name = "session info",
	.aliases = aliases,
	.group = "Sessions",
	.summary = "show everything known of a session",
	.details = "One field a line, as 'session get' gives them one by one.",
	.options = options,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
