/* SPDX-License-Identifier: BSD-2-Clause */
/* session reconnect: connects anew, now, and waits until it is done. */
#include <stdlib.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/opening.h"

struct reconnecting {
	struct observer observer;
	coap_session_t *session; /* with a reference of the job's */
};

static void
free_state(struct job *job)
{
	struct reconnecting *r = job->state;

	app_unobserve(job->app, &r->observer);
	coap_session_release(r->session);
	free(r);
}

static int
finish(struct job *job, const struct named *named)
{
	char remote[ADDR_SIZE];

	output_note(job->out, "reconnected %s (%s, %s)", named->name,
	    coapx_proto_name(coap_session_get_proto(named->session)),
	    addr_text(coap_session_get_addr_remote(named->session), remote));
	output_named(job, named);
	return STATUS_OK;
}

static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct job *job = observer->user;
	struct reconnecting *r = job->state;
	struct named *named = app_find_session(job->app, session);

	if (session != r->session || !named)
		return;
	if (event == COAP_EVENT_SESSION_CONNECTED)
		job_end(job, finish(job, named));
	else if (event == COAP_EVENT_RECONNECT_NO_MORE)
		job_end(job, session_failed(job, named->name, session));
}

static int
start(struct job *job)
{
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);
	struct reconnecting *r;
	coap_session_t *session;
	int err;

	if (!named)
		return status;
	if (coapx_session_get_endpoint(named->session))
		return job_fail(job, STATUS_STATE,
		    "%s came in, and cannot be opened by us", named->name);
	r = calloc(1, sizeof *r);
	if (!r)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	session = coap_session_reference(named->session);
	r->session = session;
	r->observer.event = on_event;
	r->observer.user = job;
	job->state = r;
	job->free_state = free_state;
	job_waits_for(job, "%s to be connected again", named->name);
	job->waits_on = session;
	front_tell(job->front, named->name,
	    "connecting anew, as another process asked");
	/* Those who hear of the end may close it, and then it is too late. */
	err = coapx_session_reconnect(session);
	app_observe(job->app, &r->observer);
	if (err == 0 && app_find_session(job->app, session))
		return JOB_RUNNING;
	return job_fail(job, STATUS_STATE, "the session is closed");
}

static const char *const examples[] = {
	"session reconnect",
	"session reconnect lamp -T 10s",
	NULL,
};

const struct command cmd_session_reconnect = {
	.name = "session reconnect",
	.group = "Sessions",
	.summary = "connect a session anew",
	.details =
	    "What stands is closed in good order, the name is resolved again, "
	    "and this waits until the session is established. A session that "
	    "was lost, or disconnected, can be had back so. Requests under way "
	    "end; name, settings and data stay. It is one attempt, unless "
	    "reconnect is set.",
	.examples = examples,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
