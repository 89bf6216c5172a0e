/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner of named sessions, listeners and jobs. */
#include "cli/app.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/command.h"
#include "cli/device/device.h"
#include "cli/failure.h"
#include "cli/observe/observed.h"
#include "cli/secrets/demo_key.h"
#include "cli/session/diagnosis.h"
#include "cli/session/known.h"
#include "cli/session/listeners.h"
#include "cli/words/names.h"

/* Where the telling of an event stands: whoever unobserves moves it on. */
struct telling {
	struct telling *outer;
	struct observer *next;
};

static void
tell(struct app *app, coap_session_t *session, coap_event_t event)
{
	struct telling telling = { app->telling, app->observers };
	struct observer *o;

	app->telling = &telling;
	while (telling.next) {
		o = telling.next;
		telling.next = o->next;
		o->event(o, session, event);
	}
	app->telling = telling.outer;
}

static struct job *
waiting_job(struct app *app, const coap_session_t *session)
{
	struct job *job;

	DL_FOREACH(app->jobs, job)
		if (job->waits_on == session && !job->ended && !job->held)
			return job;
	return NULL;
}

/* The network says that nobody is there: ends the jobs that wait for the
 * handshake of that session. */
static void
end_unheard(struct app *app, const coap_session_t *session)
{
	const struct named *named = app_find_session(app, session);
	struct job *job = waiting_job(app, session);
	char peer[PEER_SIZE];
	struct diagnosis d;

	/* The library tries again by itself when it is to. */
	if (!job || (named && named->reconnect > 0) ||
	    !diagnose_wait(session, &d) || d.status != STATUS_UNREACHABLE)
		return;
	failure_peer(session, peer);
	/* One that ends may end others. */
	for (; job; job = waiting_job(app, session)) {
		job_fail(job, d.status, "%s: %s; %s", peer, d.cause, d.advice);
		job_cancel(job, d.status);
	}
}

/* A new session has its name before anybody hears of it, one that goes keeps
 * it until everybody has. */
static void
on_event(coap_session_t *session, coap_event_t event, void *arg)
{
	struct app *app = arg;
	bool goes = event == COAP_EVENT_SERVER_SESSION_DEL;

	if (!goes)
		listeners_event(app, session, event);
	tell(app, session, event);
	if (event == COAPX_EVENT_ICMP_ERROR)
		end_unheard(app, session);
	if (goes)
		listeners_event(app, session, event);
}

/* A guest hears of the session that it works on; what is traced while one is
 * opened is of that. */
static bool
is_told(const struct job *job, const coap_session_t *session)
{
	return !job->front->guest || job->opens || job->session == session;
}

/* Counted in the library, told by whatever job is running. */
static void
on_trace(const coapx_trace_t *trace, void *arg)
{
	struct app *app = arg;
	struct named *named = app_find_session(app, trace->session);
	struct job *job;

	DL_FOREACH(app->jobs, job)
		if (output_verbose(job->out) > 0 &&
		    is_told(job, trace->session))
			output_trace(job->out, named ? named->name : NULL,
			    trace);
}

/* The library's warnings are for its users' logs; people get the command's own
 * sentence, unless they ask for more. */
static void
on_log(coap_log_t level, const char *message)
{
	(void)level;
	fputs(message, stderr);
}

int
app_open(struct app *app)
{
	coap_startup();
	coap_set_log_handler(on_log);
	coap_set_log_level(
	    app->own.defaults.verbose > 1 ? COAP_LOG_INFO : COAP_LOG_CRIT);
	app->context = coap_new_context(NULL);
	if (!app->context)
		return STATUS_INTERNAL;
	front_open(&app->own, app);
	coap_context_set_app_data(app->context, app);
	coap_context_set_block_mode(app->context,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY |
		COAPX_BLOCK_SERVE_Q_BLOCK);
	coapx_context_set_event_handler(app->context, on_event, app);
	app_trace(app);
	return STATUS_OK;
}

/* A trace costs: it is on only while somebody listens. */
void
app_trace(struct app *app)
{
	struct job *job;
	bool wanted = false;

	DL_FOREACH(app->jobs, job)
		wanted = wanted || output_verbose(job->out) > 0;
	coapx_context_set_trace(app->context, wanted ? on_trace : NULL, app);
}

void
app_close(struct app *app)
{
	if (!app->context)
		return;
	control_close(app);
	while (app->jobs)
		job_cancel(app->jobs, STATUS_INTERRUPTED);
	observed_hush(app);
	/* Closing one tells events, which may take another away. */
	while (app->sessions)
		named_close(app, app->sessions);
	observed_free_all(app);
	listeners_free(app);
	device_free(app);
	relay_free(app);
	demo_key_delete(app);
	coap_free_context(app->context);
	app->context = NULL;
	front_close(&app->own);
	coap_cleanup();
}

void
app_step(struct app *app, int ms)
{
	uint32_t wait = ms < 0 ? COAP_IO_WAIT : (uint32_t)ms;

	if (ms == 0)
		wait = COAP_IO_NO_WAIT;
	coap_io_process(app->context, wait);
}

/* --- sessions ------------------------------------------------------------ */

struct named *
app_find(struct app *app, const char *name)
{
	struct named *named;

	if (!name)
		return NULL;
	DL_FOREACH(app->sessions, named)
		if (strcmp(named->name, name) == 0)
			return named;
	return NULL;
}

/* A session that nobody named has no application data. */
struct named *
app_find_session(struct app *app, const coap_session_t *session)
{
	(void)app;
	return coap_session_get_app_data(session);
}

bool
app_name_is_free(struct app *app, const char *name, char **problem)
{
	*problem = NULL;
	if (!name_check(name, problem))
		return false;
	if (!app_find(app, name))
		return true;
	*problem = text_format("there is a session named '%s' already; close "
			       "it, or choose another name",
	    name);
	return false;
}

/* s1, s2 ...: the first number that was never used. As control_claim(). */
static int
invent_name(struct app *app, char text[NAME_SIZE])
{
	int err;

	do {
		snprintf(text, NAME_SIZE, "s%u", ++app->next_number);
		err = app_find(app, text) ? -EEXIST : control_claim(app, text);
	} while (err == -EEXIST);
	return err;
}

/* The name of a new session, malloc()ed; NULL as app_add(). */
static char *
take_name(struct app *app, const char *name, char **problem)
{
	char invented[NAME_SIZE];
	int err;

	*problem = NULL;
	if (name && !app_name_is_free(app, name, problem))
		return NULL;
	err = name ? control_claim(app, name) : invent_name(app, invented);
	if (!name)
		name = invented;
	if (err == 0)
		return strdup(name);
	*problem = err == -EEXIST
	    ? text_format("another process has a session named '%s'; close it, "
			  "or choose another name",
		  name)
	    : text_format("others could not find a session named '%s': %s",
		  name, strerror(-err));
	return NULL;
}

struct named *
app_add(struct app *app, const char *name, coap_session_t *session, bool owned,
    char **problem)
{
	char *its = take_name(app, name, problem);
	struct named *named = its ? calloc(1, sizeof *named) : NULL;

	if (!named) {
		free(its);
		return NULL;
	}
	named->name = its;
	named->path = strdup("/");
	named->home = strdup("/");
	if (!named->path || !named->home) {
		free(named->name);
		free(named->path);
		free(named->home);
		free(named);
		return NULL;
	}
	named->session = session;
	named->owned = owned;
	coap_session_set_app_data(session, named);
	DL_APPEND(app->sessions, named);
	return named;
}

static void
data_free(struct named *named)
{
	struct datum *d;
	struct datum *next;

	DL_FOREACH_SAFE(named->data, d, next) {
		free(d->key);
		free(d->value);
		free(d);
	}
}

void
named_forget(struct app *app, struct named *named)
{
	coap_session_t *session = named->session;
	unsigned references = named->references + (named->owned ? 1 : 0);
	struct front *front;

	DL_DELETE(app->sessions, named);
	DL_FOREACH(app->fronts, front)
		if (front->current == named)
			front->current = NULL;
	coap_session_set_app_data(session, NULL);
	known_free(named->known);
	while (references-- > 0)
		coap_session_release(session);
	data_free(named);
	coapx_timer_free(named->persist);
	control_release(app, named->name);
	free(named->name);
	free(named->path);
	free(named->home);
	free(named->uri);
	free(named->bind);
	free(named);
}

void
named_touch(struct named *named)
{
	if (named->persist && named->persist_ms > 0)
		coapx_timer_set(named->persist, named->persist_ms);
}

void
app_touch(struct app *app, const coap_session_t *session)
{
	struct named *named;

	DL_FOREACH(app->sessions, named)
		if (named->session == session)
			named_touch(named);
}

void
named_close(struct app *app, struct named *named)
{
	/* Shutting down tells events, and one of them may forget the name. */
	coap_session_t *session = coap_session_reference(named->session);

	coapx_session_shutdown(session);
	named = app_find_session(app, session);
	if (named)
		named_forget(app, named);
	coap_session_release(session);
}

void
app_observe(struct app *app, struct observer *o)
{
	DL_APPEND(app->observers, o);
}

void
app_unobserve(struct app *app, struct observer *o)
{
	struct telling *t;

	for (t = app->telling; t; t = t->outer)
		if (t->next == o)
			t->next = o->next;
	DL_DELETE(app->observers, o);
}

static int
no_such(struct job *job, const char *name)
{
	return job_fail(job, STATUS_STATE,
	    "no session named '%s'; 'session list' shows those there are",
	    name);
}

const char *
app_asked_session(const struct job *job)
{
	const char *name = args_get(&job->args, "session");

	return name || !job->front->session_asked ? name
						  : job->front->session_name;
}

int
app_check_asked(struct job *job)
{
	const char *name = app_asked_session(job);

	return !name || app_find(job->app, name) ? STATUS_OK
						 : no_such(job, name);
}

struct named *
app_session_for(struct job *job, const char *name, int *status)
{
	struct app *app = job->app;
	struct named *named;

	if (!name)
		name = args_get(&job->args, "session");
	if (!name)
		name = job->front->session_name;
	if (!name && job->front->current) {
		job->session = job->front->current->session;
		named_touch(job->front->current);
		return job->front->current;
	}
	if (!name && app->sessions) {
		*status = job_fail(job, STATUS_STATE,
		    "no session is the current one; choose one with 'use NAME' "
		    "or -S");
		return NULL;
	}
	if (!name) {
		*status = job_fail(job, STATUS_STATE,
		    "no session is open; open one with 'open URI', or name one "
		    "with -S");
		return NULL;
	}
	named = app_find(app, name);
	if (!named)
		*status = no_such(job, name);
	if (named) {
		job->session = named->session;
		named_touch(named);
	}
	return named;
}
