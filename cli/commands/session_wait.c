/* SPDX-License-Identifier: BSD-2-Clause */
/* session wait: until a session is in a state, an event comes, or somebody
 * opens a session to a listener. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/listeners.h"
#include "cli/session/opening.h"

/* The events that a user may wait for, by the library's names. */
static const char *const event_names[] = {
	"SESSION_CONNECTED",
	"SESSION_CLOSED",
	"SESSION_FAILED",
	"SERVER_SESSION_NEW",
	"SERVER_SESSION_CONNECTED",
	"SERVER_SESSION_DEL",
	"TCP_CONNECTED",
	"TCP_CLOSED",
	"TCP_FAILED",
	"BAD_PACKET",
	"MSG_RETRANSMITTED",
	"ICMP_ERROR",
	"KEEPALIVE_FAILURE",
	"RECONNECT_STARTED",
	"RECONNECT_FAILED",
	"RECONNECT_SUCCESS",
	"RECONNECT_NO_MORE",
	NULL,
};

struct waiting {
	struct observer observer;
	coap_session_t *session; /* this one, with a reference; NULL: any */
	const char *from;        /* any that came from here; NULL: anywhere */
	const char *event;       /* NULL: until the state */
	coap_session_state_t state;
};

static void
free_state(struct job *job)
{
	struct waiting *w = job->state;

	app_unobserve(job->app, &w->observer);
	coap_session_release(w->session);
	free(w);
}

/* --- which session ------------------------------------------------------- */

/* FROM is a listener's name, an address, or an address with a port. */
static bool
came_from(const struct named *named, const char *from)
{
	const coap_address_t *remote =
	    coap_session_get_addr_remote(named->session);
	char full[ADDR_SIZE];
	char ip[INET6_ADDRSTRLEN];

	if (named->from && strcmp(named->from->name, from) == 0)
		return true;
	coap_print_ip_addr(remote, ip, sizeof ip);
	return strcmp(ip, from) == 0 ||
	    strcmp(addr_text(remote, full), from) == 0;
}

static bool
is_candidate(const struct waiting *w, const struct named *named)
{
	if (w->session)
		return named->session == w->session;
	if (w->from)
		return came_from(named, w->from);
	return named->from != NULL;
}

/* Each session that came in is found once, so that a second wait finds the
 * next. */
static bool
is_there(const struct waiting *w, const struct named *named)
{
	coap_session_state_t state = coap_session_get_state(named->session);

	if (w->event || !is_candidate(w, named))
		return false;
	if (w->state == COAP_SESSION_STATE_NONE)
		return state == COAP_SESSION_STATE_NONE;
	return state >= w->state && (w->session || !named->met);
}

static int
found(struct job *job, struct named *named)
{
	const coap_session_t *s = named->session;
	char remote[ADDR_SIZE];

	named->met = true;
	front_use(job->front, named);
	output_note(job->out, "%s: %s (%s, %s)", named->name,
	    coapx_state_name(coap_session_get_state(s)),
	    coapx_proto_name(coap_session_get_proto(s)),
	    addr_text(coap_session_get_addr_remote(s), remote));
	output_named(job, named);
	return STATUS_OK;
}

/* With reconnect a loss is no end. */
static bool
is_end(const coap_session_t *session, coap_event_t event)
{
	return !session_reconnects(session) &&
	    (event == COAP_EVENT_SESSION_CLOSED ||
		event == COAP_EVENT_SESSION_FAILED ||
		event == COAP_EVENT_RECONNECT_NO_MORE);
}

static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct job *job = observer->user;
	struct waiting *w = job->state;
	struct named *named = app_find_session(job->app, session);

	if (!named || !is_candidate(w, named))
		return;
	if (w->event ? strcmp(w->event, coapx_event_name(event)) == 0
		     : is_there(w, named)) {
		job_end(job, found(job, named));
		return;
	}
	if (session != w->session)
		return;
	/* What was waited for will not come any more. */
	if (event == COAP_EVENT_SERVER_SESSION_DEL)
		job_end(job,
		    job_fail(job, STATUS_STATE, "%s is gone", named->name));
	else if (!w->event && is_end(session, event))
		job_end(job, session_failed(job, named->name, session));
}

/* --- what is asked for --------------------------------------------------- */

static bool
same_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (toupper((unsigned char)*a) != *b &&
		    !(*a == '-' && *b == '_'))
			return false;
	return *a == *b;
}

static int
read_event(struct job *job, struct waiting *w)
{
	const char *given = args_get(&job->args, "event");
	const char *const *name;

	if (!given)
		return STATUS_OK;
	for (name = event_names; *name; name++)
		if (same_word(given, *name))
			w->event = *name;
	if (w->event)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--event: '%s' is none; Tab or 'help session wait' lists them",
	    given);
}

static int
read_state(struct job *job, struct waiting *w)
{
	const char *given = args_get(&job->args, "state");
	coap_session_state_t s;

	w->state = COAP_SESSION_STATE_ESTABLISHED;
	if (!given)
		return STATUS_OK;
	if (w->event)
		return job_fail(job, STATUS_USAGE,
		    "--state and --event exclude each other");
	for (s = COAP_SESSION_STATE_NONE; s <= COAP_SESSION_STATE_ESTABLISHED;
	     s++) {
		if (strcmp(given, coapx_state_name(s)) == 0) {
			w->state = s;
			return STATUS_OK;
		}
	}
	return job_fail(job, STATUS_USAGE,
	    "--state: '%s' is no state; none, connecting, handshake, csm and "
	    "established are",
	    given);
}

/* NAME, or --from, or the current session, or whoever comes. */
static int
read_session(struct job *job, struct waiting *w)
{
	struct app *app = job->app;
	const char *name = args_operand(&job->args, 0);
	int status = STATUS_OK;
	struct named *named;

	w->from = args_get(&job->args, "from");
	if (name && w->from)
		return job_fail(job, STATUS_USAGE,
		    "NAME and --from exclude each other");
	if (w->from && !app->listeners)
		return job_fail(job, STATUS_STATE,
		    "nothing listens, so nobody can come; 'listen URI' does");
	if (w->from ||
	    (!name && !args_get(&job->args, "session") &&
		!job->front->session_name && !job->front->current &&
		app->listeners))
		return STATUS_OK;
	named = app_session_for(job, name, &status);
	if (named)
		w->session = coap_session_reference(named->session);
	return status;
}

static void
say_what(struct job *job, const struct waiting *w)
{
	const struct named *named =
	    w->session ? app_find_session(job->app, w->session) : NULL;
	const char *what = w->event ? w->event : coapx_state_name(w->state);

	if (named)
		job_waits_for(job, "%s: %s", named->name, what);
	else if (w->from)
		job_waits_for(job, "a session from %s: %s", w->from, what);
	else
		job_waits_for(job, "a session: %s", what);
}

static int
begin(struct job *job, struct waiting *w)
{
	struct named *named;

	DL_FOREACH(job->app->sessions, named)
		if (is_there(w, named))
			return found(job, named);
	if (w->session && !w->event && session_is_dead(w->session))
		return session_failed(job,
		    app_find_session(job->app, w->session)->name, w->session);
	say_what(job, w);
	return JOB_RUNNING;
}

static int
start(struct job *job)
{
	struct waiting *w = calloc(1, sizeof *w);
	int status;

	if (!w)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	job->state = w;
	job->free_state = free_state;
	w->observer.event = on_event;
	w->observer.user = job;
	app_observe(job->app, &w->observer);
	status = read_event(job, w);
	if (status == STATUS_OK)
		status = read_state(job, w);
	if (status == STATUS_OK)
		status = read_session(job, w);
	return status == STATUS_OK ? begin(job, w) : status;
}

static const struct option wait_options[] = {
	{ .name = "state",
	    .arg = "STATE",
	    .complete = COMPLETE_STATE,
	    .help = "until it is in that state (established)" },
	{ .name = "event",
	    .arg = "EVENT",
	    .complete = COMPLETE_WORDS,
	    .words = event_names,
	    .help = "until that event happens" },
	{ .name = "from",
	    .arg = "LISTENER|ADDR",
	    .complete = COMPLETE_LISTENER,
	    .help = "a session that comes in from there" },
	{ .name = NULL },
};

static const struct option *const options[] = { wait_options, NULL };
static const char *const examples[] = {
	"session wait --from home --state established",
	"session wait lamp --event SESSION_CLOSED -T 1m",
	NULL,
};

const struct command cmd_session_wait = {
	.name = "session wait",
	.group = "Sessions",
	.summary = "wait for a session, a state or an event",
	.details =
	    "The session found becomes the current one. Without NAME and "
	    "--from it is the current session, or, when there is none, the "
	    "next one that comes in. A session that came in is found once: the "
	    "next wait finds the next. Events: SESSION_CONNECTED, "
	    "SESSION_CLOSED, SESSION_FAILED, SERVER_SESSION_NEW, "
	    "SERVER_SESSION_CONNECTED, SERVER_SESSION_DEL, TCP_CONNECTED, "
	    "TCP_CLOSED, TCP_FAILED, BAD_PACKET, MSG_RETRANSMITTED, "
	    "ICMP_ERROR, KEEPALIVE_FAILURE, RECONNECT_STARTED, "
	    "RECONNECT_FAILED, RECONNECT_SUCCESS, RECONNECT_NO_MORE.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
