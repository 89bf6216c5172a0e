/* SPDX-License-Identifier: BSD-2-Clause */
/* session disconnect, close: by force, or in good order. */
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

/* --- disconnect ---------------------------------------------------------- */

static bool
find_reason(const char *name, coap_nack_reason_t *reason)
{
	coap_nack_reason_t r;

	for (r = COAP_NACK_TOO_MANY_RETRIES; r <= COAP_NACK_WS_FAILED; r++) {
		if (strcmp(name, coapx_nack_name(r)) == 0) {
			*reason = r;
			return true;
		}
	}
	return false;
}

static int
unknown_reason(struct job *job, const char *name)
{
	struct nearest nearest;
	coap_nack_reason_t r;

	nearest_begin(&nearest, name);
	for (r = COAP_NACK_TOO_MANY_RETRIES; r <= COAP_NACK_WS_FAILED; r++)
		nearest_try(&nearest, coapx_nack_name(r));
	if (nearest.best)
		return job_fail(job, STATUS_USAGE,
		    "--reason: '%s' is none; did you mean '%s'?", name,
		    nearest.best);
	return job_fail(job, STATUS_USAGE,
	    "--reason: '%s' is none; 'help disconnect' lists them", name);
}

static int
start_disconnect(struct job *job)
{
	const char *why = args_get(&job->args, "reason");
	coap_nack_reason_t reason = COAP_NACK_NOT_DELIVERABLE;
	coapx_session_info_t info = { .size = sizeof info };
	int status = STATUS_OK;
	struct named *named;
	coap_session_t *session;

	if (why && !find_reason(why, &reason))
		return unknown_reason(job, why);
	named = app_session_for(job, args_operand(&job->args, 0), &status);
	if (!named)
		return status;
	if (coap_session_get_state(named->session) == COAP_SESSION_STATE_NONE)
		return job_fail(job, STATUS_STATE,
		    "%s is not connected; 'close %s' removes it", named->name,
		    named->name);
	front_tell(job->front, named->name, "disconnected by another process");
	/* Those who hear of it may close it. */
	session = coap_session_reference(named->session);
	coapx_session_get_info(session, &info);
	coap_session_disconnected(session, reason);
	named = app_find_session(job->app, session);
	if (named && info.requests > 0)
		output_note(job->out, "disconnected %s (%s), %u under way",
		    named->name, coapx_nack_name(reason), info.requests);
	else if (named)
		output_note(job->out, "disconnected %s (%s)", named->name,
		    coapx_nack_name(reason));
	coap_session_release(session);
	return STATUS_OK;
}

static const struct option disconnect_options[] = {
	{ .name = "reason",
	    .arg = "REASON",
	    .complete = COMPLETE_REASON,
	    .help = "what requests under way are told (not-deliverable)" },
	{ .name = NULL },
};

static const struct option *const end_options[] = { disconnect_options, NULL };
static const char *const disconnect_aliases[] = { "disconnect", NULL };
static const char *const disconnect_examples[] = {
	"disconnect lamp --reason tls-failed",
	NULL,
};

const struct command cmd_session_disconnect = {
	.name = "session disconnect",
	.aliases = disconnect_aliases,
	.group = "Sessions",
	.summary = "end a connection at once, for a reason",
	.details =
	    "The peer is not told. Requests under way end with the reason: "
	    "too-many-retries, not-deliverable, rst, tls-failed, icmp-issue, "
	    "bad-response, tls-layer-failed, ws-layer-failed or ws-failed. The "
	    "session stays in the list, in state none, until it is closed.",
	.examples = disconnect_examples,
	.options = end_options,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start_disconnect,
	.reach = REACH_SESSION,
};

/* --- close --------------------------------------------------------------- */

static void
close_one(struct job *job, struct named *named)
{
	job->session = named->session;
	output_note(job->out, "closed %s", named->name);
	front_tell(job->front, named->name, "closed by another process");
	named_close(job->app, named);
}

static int
close_named(struct job *job)
{
	size_t n = job->args.n_operands;
	struct named *named;
	int status = STATUS_OK;
	size_t i;

	/* All names are looked at before any session goes. */
	for (i = 0; i < n; i++)
		if (!app_session_for(job, args_operand(&job->args, i), &status))
			return status;
	for (i = 0; i < n; i++) {
		named = app_find(job->app, args_operand(&job->args, i));
		if (named)
			close_one(job, named);
	}
	return STATUS_OK;
}

static int
start_close(struct job *job)
{
	bool all = args_has(&job->args, "all");
	int status = STATUS_OK;
	struct named *named;

	if (all && job->args.n_operands > 0)
		return job_fail(job, STATUS_USAGE,
		    "--all and a name exclude each other");
	if (job->args.n_operands > 0)
		return close_named(job);
	if (all) {
		while (job->app->sessions)
			close_one(job, job->app->sessions);
		return STATUS_OK;
	}
	named = app_session_for(job, NULL, &status);
	if (named)
		close_one(job, named);
	return status;
}

static const struct option close_options[] = {
	{ .name = "all",
	    .help = "every session of this process, or else of the agent" },
	{ .name = NULL },
};

static const struct option *const close_sets[] = { close_options, NULL };
static const char *const close_aliases[] = { "close", NULL };

const struct command cmd_session_close = {
	.name = "session close",
	.aliases = close_aliases,
	.group = "Sessions",
	.summary = "end sessions in good order",
	.details = "Over streams the peer is told with Release (RFC 8323 "
		   "section 5.5).",
	.options = close_sets,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .repeat = true,
	    .complete = COMPLETE_SESSION } },
	.start = start_close,
	.reach = REACH_SESSION,
};
