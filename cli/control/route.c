/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process a command is for: by the session that its words name. */
#include "cli/control/route.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/control/control.h"
#include "cli/session/listeners.h"
#include "cli/session/opening.h"
#include "cli/words/names.h"

/* --- what the words name ------------------------------------------------- */

/* Names of one command, in order; all are looked at. */
struct names {
	char **list;
	size_t n;
	bool uri;  /* a URI is named: it is for this process */
	bool path; /* of several targets one is of what is current */
	bool away; /* the name is that of the front end's current session */
	bool failed;
};

static void
add_name(struct names *names, const char *name)
{
	char **longer =
	    realloc(names->list, (names->n + 1) * sizeof *names->list);

	if (longer) {
		names->list = longer;
		names->list[names->n] = strdup(name);
	}
	if (!longer || !names->list[names->n])
		names->failed = true;
	else
		names->n++;
}

static void
names_free(struct names *names)
{
	while (names->n > 0)
		free(names->list[--names->n]);
	free(names->list);
}

static bool
is_name(const char *word)
{
	char *problem = NULL;
	bool good = name_check(word, &problem);

	free(problem);
	return good;
}

/* Operands that have to be there from that one on. */
static size_t
required_from(const struct command *command, size_t i)
{
	size_t n = 0;

	for (; i < COMMAND_OPERANDS && command->operands[i].name; i++)
		n += !command->operands[i].optional;
	return n;
}

/* NAME:PATH, or a URI. */
static void
add_target(struct names *names, const char *word)
{
	char name[NAME_SIZE];

	if (looks_like_uri(word))
		names->uri = true;
	else if (name_of_target(word, name))
		add_name(names, name);
	else
		names->path = true;
}

/* An optional NAME in front of words that have to be there is none when there
 * are no more words than those, or when it is KEY=VALUE. */
static void
add_operands(const struct job *job, struct names *names)
{
	const struct operand *operand = job->command->operands;
	size_t n = job->args.n_operands;
	size_t at = 0, i;

	for (i = 0; i < COMMAND_OPERANDS && operand[i].name && at < n; i++) {
		const char *word = args_operand(&job->args, at);

		if (operand[i].optional &&
		    (n - at <= required_from(job->command, i) ||
			(operand[i].complete == COMPLETE_SESSION &&
			    strchr(word, '='))))
			continue;
		do {
			word = args_operand(&job->args, at++);
			if (operand[i].complete == COMPLETE_TARGET)
				add_target(names, word);
			else if (operand[i].complete == COMPLETE_SESSION ||
			    operand[i].complete == COMPLETE_LISTENER)
				add_name(names, word);
		} while (operand[i].repeat && at < n);
	}
}

/* --from LISTENER. */
static void
add_options(const struct job *job, struct names *names)
{
	const struct arg_option *given;
	size_t i;

	for (i = 0; i < job->args.n_options; i++) {
		given = &job->args.options[i];
		if (given->option->complete == COMPLETE_LISTENER &&
		    given->value && is_name(given->value))
			add_name(names, given->value);
	}
}

/* 'listen stop' is about no session. */
static bool
is_for_current(const struct job *job)
{
	return job->command->operands[0].complete != COMPLETE_LISTENER;
}

/* What is current is looked at first, for it is that which the owner is told
 * of. */
static void
add_current(struct names *names, const char *name)
{
	size_t last = names->n;
	char *added;

	add_name(names, name);
	if (names->failed)
		return;
	added = names->list[last];
	memmove(names->list + 1, names->list, last * sizeof *names->list);
	names->list[0] = added;
}

/* Without a name of its own a command is for -S, then for what is current; so
 * is a path among several targets. */
static void
find_names(const struct job *job, struct names *names)
{
	const struct front *front = job->front;
	const char *name = args_get(&job->args, "session");
	bool named;

	memset(names, 0, sizeof *names);
	add_operands(job, names);
	add_options(job, names);
	named = names->n > 0 || names->uri;
	if ((named && !names->path) || !is_for_current(job))
		return;
	if (!name)
		name = front->session_name;
	if (!name && named && front->current)
		name = front->current->name;
	if (!name && !front->current) {
		name = front->away;
		names->away = name != NULL;
	}
	if (name)
		add_current(names, name);
}

/* --- which socket -------------------------------------------------------- */

const char *
route_path(const struct job *job)
{
	const char *path = args_get(&job->args, "control");

	return path ? path : job->app->control.path;
}

static bool
is_off(const struct job *job)
{
	return job->app->control.off || args_has(&job->args, "no-agent");
}

/* Whether the socket of --control is this process's own. */
static bool
is_ours(const struct job *job)
{
	const struct control *control = &job->app->control;

	return control->server &&
	    (!route_path(job) ||
		(control->path && strcmp(route_path(job), control->path) == 0));
}

static void
failed(struct route *route, int status)
{
	route_close(route);
	route->to = ROUTE_FAILED;
	route->status = status;
}

static void
away(struct route *route, int fd)
{
	route->to = ROUTE_AWAY;
	route->fds[route->n++] = fd;
}

/* Why nobody can be asked: err is of folder_connect() and the like. */
static int
cannot_connect(struct job *job, const char *what, int err)
{
	switch (err) {
	case ENOENT:
		return job_fail(job, STATUS_STATE,
		    "%s: nobody listens there; 'agent start' does", what);
	case ECONNREFUSED:
		return job_fail(job, STATUS_STATE,
		    "%s: the process that had it has ended, and its sessions "
		    "with it",
		    what);
	case EAGAIN:
		return job_fail(job, STATUS_STATE,
		    "%s: the process that owns it does not answer; is it "
		    "stopped?",
		    what);
	case EPERM:
		return job_fail(job, STATUS_LOCAL,
		    "%s: what is there is no control socket of yours", what);
	default:
		return job_fail(job, STATUS_LOCAL, "%s: %s", what,
		    strerror(err));
	}
}

static void
to_path(struct job *job, struct route *route)
{
	int fd = control_connect(route_path(job));

	if (fd >= 0)
		away(route, fd);
	else
		failed(route, cannot_connect(job, route_path(job), -fd));
}

/* NULL: there is none; or failed. */
static struct folder *
open_folder(struct job *job, struct route *route)
{
	char *problem = NULL;
	struct folder *folder = NULL;
	int status = control_folder(job->app, false, &folder, &problem);

	if (status != STATUS_OK)
		failed(route,
		    job_fail(job, status, "%s",
			problem ? problem : "out of memory"));
	free(problem);
	return folder;
}

/* --- commands about sessions --------------------------------------------- */

static bool
is_here(struct app *app, const char *name)
{
	return app_find(app, name) || listener_find(app, name);
}

/* The front end's current session is that of another process, and is no more:
 * from now on there is none. */
static int
current_is_gone(struct job *job)
{
	struct front *front = job->front;
	int status = job_fail(job, STATUS_STATE,
	    "%s is gone: another process had it, and closed it or has ended; "
	    "'use NAME' chooses another session",
	    front->away);

	front_use(front, NULL);
	return status;
}

/* All names have to be of the same process, which then is fds[0]. */
static void
to_owner(struct job *job, const struct names *names, struct route *route)
{
	struct folder *folder = open_folder(job, route);
	pid_t owner = 0, other;
	size_t i;
	int fd;

	for (i = 0; i < names->n && folder; i++) {
		fd = folder_connect_session(folder, names->list[i]);
		if (names->away && (fd == -ENOENT || fd == -ECONNREFUSED)) {
			failed(route, current_is_gone(job));
			return;
		}
		/* Whoever runs it says that there is no such one. */
		if (fd == -ENOENT)
			continue;
		if (fd < 0) {
			failed(route, cannot_connect(job, names->list[i], -fd));
			return;
		}
		peer_is_ours(fd, &other);
		if (route->n == 0) {
			owner = other;
			away(route, fd);
			continue;
		}
		close(fd);
		if (owner == other)
			continue;
		failed(route,
		    job_fail(job, STATUS_STATE,
			"'%s' and '%s' belong to different processes; do them "
			"one by one",
			names->list[0], names->list[i]));
		return;
	}
}

/* Targets of which some are URIs, and so this process's, and others another
 * one's. */
static void
refuse_mixed(struct job *job, const struct names *names, struct route *route)
{
	struct folder *folder = open_folder(job, route);
	int fd =
	    folder ? folder_connect_session(folder, names->list[0]) : -ENOENT;

	if (fd < 0)
		return;
	close(fd);
	failed(route,
	    job_fail(job, STATUS_STATE,
		"'%s' belongs to another process, and what a URI opens to this "
		"one; do them one by one",
		names->list[0]));
}

/* --all is of this process; of one that has none, of the agent, and never of
 * somebody's prompt. */
static void
to_all_of(struct job *job, struct route *route)
{
	int fd;

	if (job->app->sessions || job->app->listeners ||
	    job->front->interactive)
		return;
	if (route_path(job)) {
		to_path(job, route);
		return;
	}
	fd = route_agent(job);
	if (fd >= 0)
		away(route, fd);
}

/* All observations of the session that -S names. */
static bool
is_all_of_one(const struct job *job)
{
	return job->command->operands[0].complete == COMPLETE_OBSERVED &&
	    app_asked_session(job);
}

static void
to_session(struct job *job, struct route *route)
{
	struct names names;
	bool here = false;
	size_t i;

	if (args_has(&job->args, "all") && !is_all_of_one(job)) {
		to_all_of(job, route);
		return;
	}
	find_names(job, &names);
	for (i = 0; i < names.n; i++)
		here = here || is_here(job->app, names.list[i]);
	if (names.failed)
		failed(route, job_fail(job, STATUS_INTERNAL, "out of memory"));
	else if (!names.uri && !here && route_path(job))
		to_path(job, route);
	else if (!names.uri && !here && names.n > 0)
		to_owner(job, &names, route);
	else if (names.uri && !here && names.n > 0)
		refuse_mixed(job, &names, route);
	if (names.n > 0 && route->to == ROUTE_AWAY) {
		route->session = names.list[0];
		names.list[0] = NULL;
	}
	names_free(&names);
}

/* --- commands that open, or are about a process -------------------------- */

static void
to_opener(struct job *job, struct route *route)
{
	if (args_has(&job->args, "persist") && !job->app->control.agent)
		route->to = ROUTE_AGENT;
	else if (route_path(job) && !is_ours(job))
		to_path(job, route);
}

/* "agent", or "prompt 1234". */
static char *
owner_text(const char *name)
{
	return strcmp(name, FOLDER_AGENT) == 0 ? strdup(name)
					       : text_format("prompt %s", name);
}

static bool
is_us(const struct control *control, const char *name)
{
	return control->name && strcmp(control->name, name) == 0;
}

/* The process of the one session that a list is about. */
static void
to_asked(struct job *job, const char *name, struct route *route)
{
	char *list[] = { (char *)(uintptr_t)name };
	const struct names names = { .list = list, .n = 1 };

	if (app_find(job->app, name))
		return;
	if (!route_path(job))
		to_owner(job, &names, route);
	else if (!is_ours(job))
		to_path(job, route);
}

/* What a process without sessions of its own is asked about is the others';
 * at a prompt only when it is asked so. */
static void
to_all(struct job *job, struct route *route)
{
	const struct app *app = job->app;
	struct folder *folder;
	char **names;
	size_t i;
	int fd;

	if (app_asked_session(job)) {
		to_asked(job, app_asked_session(job), route);
		return;
	}
	if (!args_has(&job->args, "all") &&
	    (app->sessions || app->listeners || job->front->interactive))
		return;
	if (route_path(job)) {
		if (!is_ours(job))
			to_path(job, route);
		return;
	}
	folder = open_folder(job, route);
	names = folder ? folder_owners(folder) : NULL;
	if (folder && !names)
		failed(route,
		    job_fail(job, STATUS_INTERNAL,
			"the control sockets cannot be listed"));
	for (i = 0; names && names[i] && route->n < ROUTE_MAX; i++) {
		if (is_us(&app->control, names[i]))
			continue;
		fd = folder_connect(folder, names[i]);
		if (fd < 0)
			continue;
		route->owners[route->n] = owner_text(names[i]);
		away(route, fd);
	}
	folder_names_free(names);
}

int
route_agent(struct job *job)
{
	struct folder *folder = NULL;
	char *problem = NULL;

	if (route_path(job))
		return control_connect(route_path(job));
	control_folder(job->app, false, &folder, &problem);
	free(problem);
	return folder ? folder_connect(folder, FOLDER_AGENT) : -ENOENT;
}

static void
to_agent(struct job *job, struct route *route)
{
	int fd = route_agent(job);

	if (fd >= 0)
		away(route, fd);
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		failed(route,
		    job_fail(job, STATUS_STATE,
			"no agent is running; 'agent start' starts one"));
	else
		failed(route, cannot_connect(job, "agent", -fd));
}

void
route_find(struct job *job, struct route *route)
{
	static void (*const finders[])(struct job * job,
	    struct route * route) = {
		[REACH_SESSION] = to_session,
		[REACH_OPENER] = to_opener,
		[REACH_ALL] = to_all,
		[REACH_AGENT] = to_agent,
	};

	memset(route, 0, sizeof *route);
	route->to = ROUTE_HERE;
	if (job->command->reach == REACH_HERE || job->front->guest ||
	    is_off(job) || (is_ours(job) && route_path(job)))
		return;
	finders[job->command->reach](job, route);
}

bool
route_leads_to(struct job *job, const struct route *route, const char *session)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	int fd = -ENOENT;

	if (route_path(job))
		return !route->session || strcmp(route->session, session) != 0;
	control_folder(job->app, false, &folder, &problem);
	free(problem);
	if (folder)
		fd = folder_connect_session(folder, session);
	if (fd >= 0)
		close(fd);
	return fd != -ENOENT && fd != -ECONNREFUSED;
}

void
route_close(struct route *route)
{
	while (route->n > 0)
		close(route->fds[--route->n]);
	route_free(route);
}

void
route_free(struct route *route)
{
	size_t i;

	for (i = 0; i < ROUTE_MAX; i++)
		free(route->owners[i]);
	memset(route->owners, 0, sizeof route->owners);
	free(route->session);
	route->session = NULL;
}
