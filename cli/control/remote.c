/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side: words there, output here. */
#include "cli/control/remote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/control/folder.h"
#include "cli/control/remote_private.h"
#include "cli/control/spawn.h"

/* A process that lives says so at once. */
#define HELLO_MS 5000
/* After Ctrl-C, and behind -T, the owner has so long to end the job. */
#define GRACE_MS 2000
/* An agent that ended just when it was called is called again. */
#define ATTEMPTS 3

static void next_process(struct remote *remote);

/* --- the end ------------------------------------------------------------- */

static void
free_state(struct job *job)
{
	struct remote *remote = job->state;

	agent_spawn_free(remote->spawn);
	conn_free(remote->conn);
	start_free(remote->start);
	coapx_timer_free(remote->patience);
	remote_forget_data(remote);
	if (remote->line)
		output_pass_line(job->out, "", 0);
	for (; remote->next < remote->route.n; remote->next++)
		close(remote->route.fds[remote->next]);
	route_free(&remote->route);
	free(remote);
}

static void
cancel(struct job *job)
{
	struct remote *remote = job->state;
	struct message m = { .type = MESSAGE_CANCEL };

	if (!remote->conn || !remote->start) {
		/* Nothing is under way yet, or nobody waits any more. */
		job->lingers = false;
		job_end(job, job->status);
		return;
	}
	remote->stopping = true;
	keyring_stop(job);
	remote_forget_data(remote);
	m.status =
	    (uint32_t)(job->status == STATUS_INTERRUPTED ? STATUS_INTERRUPTED
							 : STATUS_TERMINATED);
	remote_send(remote, &m);
	coapx_timer_set(remote->patience, GRACE_MS);
}

/* --- several processes ---------------------------------------------------- */

/* One of several is asked after the other, whatever becomes of one. */
static void
give_up(struct remote *remote, int status)
{
	struct job *job = remote->job;

	if (job->command->reach != REACH_ALL || remote->stopping) {
		job_end(job, status);
		return;
	}
	if (status > remote->status)
		remote->status = status;
	next_process(remote);
}

/* What people see next is of that process. */
static void
tell_owner(const struct remote *remote, const char *owner)
{
	struct job *job = remote->job;
	size_t n = remote->route.n + (job->app->sessions ? 1 : 0);

	if (owner && n > 1 && output_form(job->out) == FORM_HUMAN)
		output_note(job->out, "%s:", owner);
}

/* With --all: this process's own sessions are the first ones. */
static void
list_own(struct remote *remote)
{
	struct job *job = remote->job;

	if (job->command->reach != REACH_ALL || !job->app->sessions ||
	    app_asked_session(job))
		return;
	tell_owner(remote,
	    job->front->interactive ? "this prompt" : "this process");
	remote->status = job->command->start(job);
	remote->printed = true;
}

/* All were asked. When nobody had anything, this process says so, but of a
 * session that is another's. */
static void
end_of_all(struct remote *remote)
{
	struct job *job = remote->job;

	if (job->command->reach == REACH_ALL && !remote->printed &&
	    remote->status == STATUS_OK && !app_asked_session(job))
		remote->status = job->command->start(job);
	job_end(job, remote->status);
}

static void
on_patience(coapx_timer_t *timer, void *arg)
{
	struct remote *remote = arg;
	struct job *job = remote->job;

	(void)timer;
	if (remote->stopping)
		job_end(job, job->status);
	else
		give_up(remote,
		    remote_fail(remote, STATUS_STATE,
			"does not answer; is it stopped?"));
}

/* --- what the owner says ------------------------------------------------- */

static void
misbehaves(struct remote *remote)
{
	conn_error(remote->conn, 0, ERROR_MALFORMED,
	    "that message is not allowed now");
	job_end(remote->job,
	    remote_fail(remote, STATUS_INTERNAL,
		"does not keep to the control protocol"));
}

static void
on_hello(struct remote *remote, const struct message *m)
{
	char what[128];

	if (m->hello.version != CONTROL_VERSION) {
		snprintf(what, sizeof what,
		    "speaks version %u of the control protocol, and this "
		    "program version %d; end it, or use the program it is from",
		    m->hello.version, CONTROL_VERSION);
		conn_error_version(remote->conn);
		job_end(remote->job, remote_fail(remote, STATUS_STATE, what));
		return;
	}
	remote->greeted = true;
	if (!remote->stopping)
		coapx_timer_stop(remote->patience);
}

/* What cannot be written of the standard error is not missed. */
static const struct {
	void (*pass)(struct output *out, const void *data, size_t len);
	bool matters;
} streams[] = {
	[STREAM_OUT] = { output_pass_out, true },
	[STREAM_ERR] = { output_pass_err, false },
	[STREAM_FILE] = { output_pass_file, true },
	[STREAM_PART] = { output_pass_part, true },
	[STREAM_LINE] = { output_pass_line, false },
};

static void
on_output(struct remote *remote, const struct message *m)
{
	struct output *out = remote->job->out;
	unsigned stream = m->output.stream;
	struct message reply;

	if (!remote->headed && remote->next > 0)
		tell_owner(remote, remote->route.owners[remote->next - 1]);
	remote->headed = true;
	remote->printed = true;
	remote->line =
	    stream == STREAM_LINE ? m->output.data.len > 0 : remote->line;
	streams[stream].pass(out, m->output.data.data, m->output.data.len);
	if (streams[stream].matters && output_failed(out) &&
	    !(remote->broken & 1U << stream)) {
		remote->broken |= 1U << stream;
		reply = (struct message){ .type = MESSAGE_BROKEN };
		reply.stream = stream;
		remote_send(remote, &reply);
	}
	remote->written += m->output.data.len;
	if (remote->written < MESSAGE_WINDOW / 4)
		return;
	reply = (struct message){ .type = MESSAGE_CREDIT };
	reply.credit = (uint32_t)remote->written;
	remote->written = 0;
	remote_send(remote, &reply);
}

/* --- the end of a command ------------------------------------------------ */

/* Whether the command was for the session that is current here. */
static bool
is_current(const struct remote *remote)
{
	const char *away = remote->job->front->away;

	return away && remote->route.session &&
	    strcmp(remote->route.session, away) == 0;
}

/* Whether the owner can know where the client is in the session that it calls
 * current: it was told only of the one that the command is about. */
static bool
knows_place(const struct remote *remote, const char *session)
{
	const char *sent = remote->start->session;
	const char *about = remote->route.session;

	return !about || !sent || strcmp(sent, session) != 0 ||
	    strcmp(about, session) == 0;
}

/* What is current there is so here from now on. A process that was asked about
 * something else does not know what is current here. False: out of memory. */
static bool
follow(struct remote *remote, const struct message *m)
{
	struct front *front = remote->job->front;
	const char *sent = remote->start->session;
	char *session =
	    strndup((const char *)m->exit.session.data, m->exit.session.len);
	char *path = strndup((const char *)m->exit.path.data, m->exit.path.len);
	bool good = session && path;

	if (good && *session != '\0') {
		if (*path != '\0' && knows_place(remote, session))
			good = front_set_place(front, session, path) == 0;
		if (good && (!sent || strcmp(sent, session) != 0))
			good = front_use_away(front, session) == 0;
	} else if (good && sent && front->away &&
	    strcmp(sent, front->away) == 0 &&
	    !route_leads_to(remote->job, &remote->route, sent)) {
		front_use(front, front->current);
	}
	free(session);
	free(path);
	return good;
}

static void
on_status(struct remote *remote, const struct message *m)
{
	int status = (int)(m->exit.status & 0xff);

	if (!follow(remote, m))
		status =
		    job_fail(remote->job, STATUS_INTERNAL, "out of memory");
	if (status > remote->status)
		remote->status = status;
	if (remote->stopping) {
		job_end(remote->job, remote->job->status);
		return;
	}
	next_process(remote);
}

static void
on_error(struct remote *remote, const struct message *m)
{
	char what[256];
	size_t len = m->error.text.len;
	bool fault =
	    m->error.code == ERROR_MALFORMED || m->error.code == ERROR_MEMORY;

	if (len > 0)
		snprintf(what, sizeof what, "says: %.*s",
		    (int)(len < 200 ? len : 200),
		    (const char *)m->error.text.data);
	else
		snprintf(what, sizeof what,
		    "refuses the command, and does not say why (code %u)",
		    m->error.code);
	give_up(remote,
	    remote_fail(remote, fault ? STATUS_INTERNAL : STATUS_STATE, what));
}

static void
on_message(void *user, struct message *m)
{
	struct remote *remote = user;

	if (m->type == MESSAGE_ERROR) {
		/* What it does not know it does without. */
		if (m->error.code != ERROR_UNKNOWN)
			on_error(remote, m);
		return;
	}
	if (m->type == MESSAGE_HELLO && !remote->greeted) {
		on_hello(remote, m);
		return;
	}
	if (!remote->greeted || m->request != REQUEST) {
		misbehaves(remote);
		return;
	}
	switch (m->type) {
	case MESSAGE_OUTPUT:
		on_output(remote, m);
		break;
	case MESSAGE_READ:
		if (!remote_read(remote, m))
			misbehaves(remote);
		break;
	case MESSAGE_REWIND:
		if (!remote_rewind(remote, m))
			misbehaves(remote);
		break;
	case MESSAGE_WANT_KEYS:
		if (!remote_want_keys(remote))
			misbehaves(remote);
		break;
	case MESSAGE_EXIT:
		on_status(remote, m);
		break;
	default:
		misbehaves(remote);
		break;
	}
}

/* A newer owner may say more than we know. */
static void
on_unknown(void *user, unsigned type, uint32_t request)
{
	struct remote *remote = user;

	(void)type;
	if (remote->greeted)
		conn_error(remote->conn, request, ERROR_UNKNOWN, "");
	else
		misbehaves(remote);
}

static void start_agent(struct remote *remote);

static void
on_ended(void *user, enum conn_end why)
{
	struct remote *remote = user;

	if (why == CONN_GONE && !remote->greeted &&
	    remote->route.to == ROUTE_AGENT && remote->attempts < ATTEMPTS &&
	    !remote->stopping) {
		conn_free(remote->conn);
		remote->conn = NULL;
		start_agent(remote);
		return;
	}
	/* So is the session that was current. */
	if (why == CONN_GONE && is_current(remote))
		front_use(remote->job->front, NULL);
	if (why == CONN_MALFORMED)
		misbehaves(remote);
	else if (remote->stopping)
		job_end(remote->job, remote->job->status);
	else if (why == CONN_GONE)
		give_up(remote,
		    remote_fail(remote, STATUS_STATE,
			"ended before the command did"));
	else
		job_end(remote->job,
		    job_fail(remote->job, STATUS_INTERNAL, "out of memory"));
}

static const struct conn_ops ops = { on_message, on_unknown, on_ended };

/* --- the beginning ------------------------------------------------------- */

/* STATUS_OK, or the job has been told. Takes fd over. */
static int
talk(struct remote *remote, int fd)
{
	struct message start = { .type = MESSAGE_START, .request = REQUEST };

	remote->greeted = remote->keys_asked = false;
	remote->written = 0;
	remote->broken = 0;
	remote_forget_data(remote);
	peer_is_ours(fd, &remote->owner);
	conn_free(remote->conn);
	remote->conn = conn_new(remote->job->app->context, fd, &ops, remote);
	if (!remote->conn)
		return job_fail(remote->job, STATUS_INTERNAL, "out of memory");
	start.start = remote->start;
	conn_hello(remote->conn);
	if (!conn_send(remote->conn, &start))
		return job_fail(remote->job, STATUS_USAGE,
		    "the command is too long for the control socket (32 MiB)");
	coapx_timer_set(remote->patience, HELLO_MS);
	return STATUS_OK;
}

static void
next_process(struct remote *remote)
{
	int status;

	if (remote->next == remote->route.n) {
		end_of_all(remote);
		return;
	}
	remote->headed = false;
	status = talk(remote, remote->route.fds[remote->next++]);
	if (status != STATUS_OK)
		job_end(remote->job, status);
}

static void
on_agent(void *arg, int status, const char *problem)
{
	struct remote *remote = arg;
	struct job *job = remote->job;
	int fd;

	remote->spawn = NULL;
	if (status != STATUS_OK) {
		job_end(job, job_fail(job, status, "%s", problem));
		return;
	}
	fd = route_agent(job);
	status = fd < 0
	    ? job_fail(job, STATUS_STATE,
		  "the agent was started, and cannot be reached: %s",
		  strerror(-fd))
	    : talk(remote, fd);
	if (status != STATUS_OK)
		job_end(job, status);
}

/* Where there is one already it is asked. */
static void
start_agent(struct remote *remote)
{
	struct job *job = remote->job;
	int fd = route_agent(job);
	int status, err;

	remote->attempts++;
	if (fd >= 0) {
		status = talk(remote, fd);
	} else {
		err = agent_spawn(job->app->context, route_path(job), NULL,
		    on_agent, remote, &remote->spawn);
		status = err == 0
		    ? STATUS_OK
		    : job_fail(job, STATUS_INTERNAL,
			  "the agent could not be started: %s", strerror(-err));
	}
	if (status != STATUS_OK)
		job_end(job, status);
}

/* The owner keeps the time; this process only when it does not. */
static void
set_times(struct job *job)
{
	job_is_quiet(job, true);
	job_waits_for(job, "the process that owns the session");
	if (job->deadline)
		coapx_timer_set(job->deadline, job->timeout_ms + GRACE_MS);
}

static int
begin(struct job *job, struct route *route)
{
	struct remote *remote = calloc(1, sizeof *remote);

	if (!remote) {
		route_close(route);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	job->state = remote;
	job->free_state = free_state;
	job->cancel = cancel;
	job->lingers = true;
	remote->job = job;
	remote->route = *route;
	remote->start = remote_make_start(job, route->session);
	remote->patience =
	    coapx_timer_new(job->app->context, on_patience, remote);
	if (!remote->start || !remote->patience)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	set_times(job);
	list_own(remote);
	if (route->to == ROUTE_AGENT)
		start_agent(remote);
	else
		next_process(remote);
	return JOB_RUNNING;
}

int
remote_start(struct job *job)
{
	struct route route;
	int status;

	route_find(job, &route);
	if (route.to == ROUTE_HERE)
		return REMOTE_HERE;
	if (route.to == ROUTE_FAILED)
		return route.status;
	status = output_prepare(job->out);
	if (status == STATUS_OK)
		return begin(job, &route);
	route_close(&route);
	return status;
}
