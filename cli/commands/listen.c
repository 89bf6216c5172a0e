/* SPDX-License-Identifier: BSD-2-Clause */
/* listen, listen list, listen stop: sessions that others open to us. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/request/group.h"
#include "cli/session/diagnosis.h"
#include "cli/session/listeners.h"
#include "cli/session/opening.h"

static const char *const types[] = { "client", NULL };

static size_t
sessions_of(const struct app *app, const struct listener *listener)
{
	const struct named *named;
	size_t n = 0;

	DL_FOREACH(app->sessions, named)
		n += named->from == listener;
	return n;
}

/* --- the table ----------------------------------------------------------- */

#define COLUMNS 5

static const char *const columns[COLUMNS + 1] = { "name", "uri", "type",
	"sessions", "accepted", NULL };

struct numbers {
	char sessions[24];
	char accepted[16];
};

static void
fill_row(const struct app *app, const struct listener *listener,
    struct numbers *numbers, const char **cells)
{
	snprintf(numbers->sessions, sizeof numbers->sessions, "%zu",
	    sessions_of(app, listener));
	snprintf(numbers->accepted, sizeof numbers->accepted, "%u",
	    listener->accepted);
	cells[0] = listener->name;
	cells[1] = listener->uri;
	cells[2] = listener->to_client ? "client" : "server";
	cells[3] = numbers->sessions;
	cells[4] = numbers->accepted;
}

/* One listener, or all of them (only is NULL). */
static int
show(struct job *job, const struct listener *only)
{
	struct view_table table = { .type = "listener", .columns = columns };
	const struct listener *listener;
	struct numbers *numbers;
	const char **cells;
	size_t n = 0;

	DL_COUNT(job->app->listeners, listener, n);
	numbers = calloc(n + 1, sizeof *numbers);
	cells = calloc(n + 1, COLUMNS * sizeof *cells);
	if (!numbers || !cells) {
		free(numbers);
		free(cells);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	DL_FOREACH(job->app->listeners, listener) {
		if (only && listener != only)
			continue;
		fill_row(job->app, listener, &numbers[table.rows],
		    cells + COLUMNS * table.rows);
		table.rows++;
	}
	table.cells = cells;
	output_table(job->out, &table);
	free(numbers);
	free(cells);
	return STATUS_OK;
}

/* --- listen -------------------------------------------------------------- */

struct listening {
	struct observer observer;
};

static void
free_state(struct job *job)
{
	struct listening *l = job->state;

	app_unobserve(job->app, &l->observer);
	free(l);
}

/* In the foreground there is nobody else to tell of sessions. */
static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct job *job = observer->user;
	struct named *named = app_find_session(job->app, session);
	char remote[ADDR_SIZE];
	struct diagnosis d;
	char detail[200];
	int err;

	if (!named || !coapx_session_get_endpoint(session))
		return;
	addr_text(coap_session_get_addr_remote(session), remote);
	if (event == COAP_EVENT_SERVER_SESSION_CONNECTED) {
		snprintf(detail, sizeof detail, "%s from %s",
		    coapx_proto_name(coap_session_get_proto(session)), remote);
		output_event(job->out, named->name, "connected", detail);
	} else if (event == COAP_EVENT_SESSION_CLOSED ||
	    event == COAP_EVENT_SESSION_FAILED) {
		err = coapx_session_error(session, detail, sizeof detail);
		diagnose_session(session, err, &d);
		output_event(job->out, named->name, "closed",
		    err != 0 && d.handshake ? d.cause : detail);
	}
}

/* A port that the system chose is a result: programs have to know it. */
static int
announce(struct job *job, const struct listener *listener, bool chosen)
{
	struct view_field field = { .name = "uri", .type = FIELD_TEXT };

	output_note(job->out, "listening on %s as %s", listener->uri,
	    listener->name);
	if (output_form(job->out) == FORM_JSON)
		return show(job, listener);
	if (chosen && output_form(job->out) != FORM_HUMAN) {
		field.text = listener->uri;
		output_value(job->out, &field);
	}
	return STATUS_OK;
}

static bool
port_is_zero(const char *text)
{
	const char *authority = strstr(text, "://");
	const char *port;
	size_t len;

	if (!authority)
		return false;
	authority += 3;
	len = strcspn(authority, "/?#");
	port = memrchr(authority, ':', len);
	return port && strspn(port + 1, "0") > 0 &&
	    strspn(port + 1, "0") == (size_t)(authority + len - port - 1);
}

static int
stay(struct job *job)
{
	struct listening *l = calloc(1, sizeof *l);

	if (!l)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	l->observer.event = on_event;
	l->observer.user = job;
	job->state = l;
	job->free_state = free_state;
	app_observe(job->app, &l->observer);
	output_note(job->out, "Ctrl-C ends it");
	return JOB_RUNNING;
}

static int
start_listen(struct job *job)
{
	const char *uri = args_operand(&job->args, 0);
	struct listen_params params = { .uri = uri };
	const char *type = args_get(&job->args, "type");
	int status = STATUS_INTERNAL;
	struct listener *listener;
	char *problem = NULL;

	if (type && strcmp(type, "client") != 0)
		return job_fail(job, STATUS_USAGE,
		    "--type: '%s' is none; only client is", type);
	status = group_check(job);
	if (status != STATUS_OK)
		return status;
	params.name = args_get(&job->args, "name");
	params.keyring = job->keyring;
	listener = listener_open(job->app, &params, &status, &problem);
	if (!listener) {
		job_fail(job, status, "%s",
		    problem ? problem : "out of memory");
		free(problem);
		return status;
	}
	listener->to_client = type != NULL;
	status = group_join(job);
	if (status != STATUS_OK) {
		listener_close(job->app, listener);
		return status;
	}
	status = announce(job, listener, port_is_zero(uri));
	if (status != STATUS_OK || job->app->keep)
		return status;
	return stay(job);
}

static const struct option listen_options[] = {
	{ .name = "name",
	    .arg = "NAME",
	    .help = "name of the listener; else l1, l2 ..." },
	{ .name = "type",
	    .arg = "client",
	    .complete = COMPLETE_WORDS,
	    .words = types,
	    .help = "make each new session a client session (call-home)" },
	{ .name = NULL },
};

static const struct option *const options[] = {
	listen_options,
	group_options,
	KEYRING_SERVER,
	NULL,
};
static const char *const examples[] = {
	"listen coap://*:5683 --name home",
	"listen coaps://* --psk-table devices.psk --type client",
	"listen coap+tcp://[::1]:0",
	NULL,
};

const struct command cmd_listen = {
	.name = "listen",
	.group = "Listening",
	.summary = "accept sessions that others open",
	.details =
	    "The host is an address or a name of this machine, or * for all. "
	    "With port 0 the system chooses one, and its URI is printed. New "
	    "sessions are called as the listener with a number: home1, home2. "
	    "It runs until Ctrl-C; at a prompt and in a script it stays in the "
	    "background until 'listen stop'.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "URI", .complete = COMPLETE_URI } },
	.start = start_listen,
	.reach = REACH_OPENER,
};

/* --- listen list, listen stop -------------------------------------------- */

static int
start_list(struct job *job)
{
	if (job->app->listeners)
		return show(job, NULL);
	/* A guest asks several processes, and speaks for all of them. */
	if (!job->front->guest)
		output_note(job->out, "nothing listens; 'listen URI' does");
	return STATUS_OK;
}

const struct command cmd_listen_list = {
	.name = "listen list",
	.group = "Listening",
	.summary = "list the listeners of this process",
	.start = start_list,
	.reach = REACH_ALL,
};

static void
stop(struct job *job, struct listener *listener)
{
	size_t n = sessions_of(job->app, listener);

	output_note(job->out, "stopped %s, %zu session%s ended", listener->name,
	    n, n == 1 ? "" : "s");
	listener_close(job->app, listener);
}

static int
start_stop(struct job *job)
{
	struct app *app = job->app;
	const char *name = args_operand(&job->args, 0);
	struct listener *listener = app->listeners;

	if (args_has(&job->args, "all") && !name) {
		while (app->listeners)
			stop(job, app->listeners);
		return STATUS_OK;
	}
	if (!app->listeners)
		return job_fail(job, STATUS_STATE, "nothing listens");
	if (!name && app->listeners->next)
		return job_fail(job, STATUS_USAGE,
		    "which one? 'listen list' shows them; --all stops all");
	if (name)
		listener = listener_find(app, name);
	if (!listener)
		return job_fail(job, STATUS_STATE,
		    "no listener named '%s'; 'listen list' shows those there "
		    "are",
		    name);
	stop(job, listener);
	return STATUS_OK;
}

static const struct option stop_options[] = {
	{ .name = "all", .help = "every listener" },
	{ .name = NULL },
};

static const struct option *const stop_sets[] = { stop_options, NULL };

const struct command cmd_listen_stop = {
	.name = "listen stop",
	.group = "Listening",
	.summary = "stop listening and end the sessions that came in so",
	.options = stop_sets,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_LISTENER } },
	.start = start_stop,
	.reach = REACH_SESSION,
};
