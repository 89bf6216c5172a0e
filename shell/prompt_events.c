/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to sessions while somebody types: told above the line. */
#include "shell/prompt_events.h"

#include <string.h>

#include <utlist.h>

#include "cli/command.h"
#include "cli/output/output_form.h"

static void
tell_event(struct prompt_events *events, const char *name, const char *event,
    const char *detail)
{
	front_event(&events->app->own, name, event, detail);
}

/* Whether a command tells of its sessions itself: one in the foreground, or one
 * of another process that does this now. */
static bool
somebody_else_tells(const struct prompt_events *events,
    const struct named *named)
{
	const struct job *job;

	DL_FOREACH(events->app->jobs, job) {
		if (job->front->guest && job->held &&
		    job->session == named->session)
			return true;
		if (*events->running && job->front == &events->app->own &&
		    strcmp(job->command->name, "sleep") != 0)
			return true;
	}
	return false;
}

static void
tell_lost(struct prompt_events *events, const struct named *named,
    const char *event)
{
	char why[256];

	if (somebody_else_tells(events, named))
		return;
	if (coapx_session_error(named->session, why, sizeof(why)) == 0)
		why[0] = '\0';
	tell_event(events, named->name, event, why[0] != '\0' ? why : NULL);
}

static void
tell_new(struct prompt_events *events, const struct named *named)
{
	char peer[PEER_TEXT_SIZE];

	/* Those who use our own device are of no interest. */
	if (named->from && named->from->device)
		return;
	tell_event(events, named->name, "new session",
	    peer_text(named->session, peer));
}

static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct prompt_events *events = observer->user;
	const struct named *named = app_find_session(events->app, session);
	bool client;

	if (!named)
		return;
	client = coap_session_get_type(session) == COAP_SESSION_TYPE_CLIENT;
	if (event == COAP_EVENT_SERVER_SESSION_NEW)
		tell_new(events, named);
	else if (event == COAP_EVENT_SERVER_SESSION_DEL &&
	    !(named->from && named->from->device))
		tell_event(events, named->name, "session ended", NULL);
	else if (event == COAP_EVENT_SESSION_CLOSED && client)
		tell_lost(events, named, "lost");
	else if (event == COAP_EVENT_SESSION_FAILED && client)
		tell_lost(events, named, "failed");
	else if (event == COAP_EVENT_RECONNECT_SUCCESS &&
	    !somebody_else_tells(events, named))
		tell_event(events, named->name, "connected again", NULL);
	else if (event == COAP_EVENT_RECONNECT_NO_MORE)
		tell_lost(events, named, "given up");
	/* The prompt may look different now. */
	if (named == events->app->own.current)
		screen_hide(events->screen);
}

void
prompt_events_begin(struct prompt_events *events)
{
	events->observer.event = on_event;
	events->observer.user = events;
	app_observe(events->app, &events->observer);
}

void
prompt_events_end(struct prompt_events *events)
{
	app_unobserve(events->app, &events->observer);
}
