/* SPDX-License-Identifier: BSD-2-Clause */
/* session set-type: call-home, a session that came in becomes a client one. */
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

static int
refused(struct job *job, const struct named *named)
{
	coap_session_type_t type = coap_session_get_type(named->session);

	if (type == COAP_SESSION_TYPE_CLIENT) {
		output_note(job->out, "%s is a client session already",
		    named->name);
		return STATUS_OK;
	}
	if (type == COAP_SESSION_TYPE_HELLO)
		return job_fail(job, STATUS_STATE,
		    "%s has sent no verified ClientHello yet; 'session wait "
		    "%s' waits for it",
		    named->name, named->name);
	return job_fail(job, STATUS_STATE,
	    "%s is no server session, so it cannot become a client session",
	    named->name);
}

static int
start(struct job *job)
{
	const char *type = args_operand(&job->args, 0);
	int status = STATUS_OK;
	struct named *named;

	if (strcmp(type, "client") != 0)
		return job_fail(job, STATUS_USAGE,
		    "'%s': a session can only become a client session: "
		    "'session set-type client'",
		    type);
	named = app_session_for(job, args_operand(&job->args, 1), &status);
	if (!named)
		return status;
	/* The library notes a refusal as the session's last error, so what is
	 * known to be refused is not asked. */
	if (coap_session_get_type(named->session) != COAP_SESSION_TYPE_SERVER ||
	    !coap_session_set_type_client(named->session))
		return refused(job, named);
	/* Its new reference is the program's. */
	named->owned = true;
	return STATUS_OK;
}

static const char *const types[] = { "client", NULL };
static const char *const examples[] = {
	"session set-type client",
	"session set-type client home1",
	NULL,
};

const struct command cmd_session_set_type = {
	.name = "session set-type",
	.group = "Sessions",
	.summary = "make a session that came in a client session (call-home)",
	.details =
	    "The device opened the session to a listener of ours; from now on "
	    "we are the ones who ask. 'listen --type client' does it by itself "
	    "with each new session.",
	.examples = examples,
	.operands = { { .name = "client",
			  .complete = COMPLETE_WORDS,
			  .words = types },
	    { .name = "NAME",
		.optional = true,
		.complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
