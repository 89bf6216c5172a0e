/* SPDX-License-Identifier: BSD-2-Clause */
/* session open: makes a session and waits until it is established. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/observe/observed.h"
#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"
#include "cli/session/session_tunables.h"

struct opening {
	struct observer observer;
	struct job *job;
	coap_session_t *session; /* with a reference of the job's */
	coap_session_state_t wanted;
	bool given_up; /* its end is no news any more */
};

static void
free_state(struct job *job)
{
	struct opening *o = job->state;

	if (o->session) {
		app_unobserve(job->app, &o->observer);
		coap_session_release(o->session);
	}
	free(o);
}

/* What was begun for nothing leaves no name behind. */
static void
abandon(struct job *job)
{
	struct opening *o = job->state;
	struct named *named;

	if (!o->session)
		return;
	o->given_up = true;
	named = app_find_session(job->app, o->session);
	if (named)
		named_close(job->app, named);
}

/* After a second the library goes on as if the peer's CSM had come. */
static bool
lacks_csm(const coap_session_t *session)
{
	coapx_session_info_t info = { .size = sizeof info };

	coapx_session_get_info(session, &info);
	return COAP_PROTO_RELIABLE(coap_session_get_proto(session)) &&
	    coap_session_get_state(session) == COAP_SESSION_STATE_ESTABLISHED &&
	    !info.csm_received;
}

static void
say_opened(struct job *job, const struct named *named)
{
	const coap_session_t *s = named->session;
	coap_session_state_t state = coap_session_get_state(s);
	coap_proto_t proto = coap_session_get_proto(s);
	coapx_tls_info_t info = { .size = sizeof info };
	char trust_buf[PROBLEMS_SIZE];
	const char *trust = NULL;
	char remote[ADDR_SIZE];

	if (coapx_session_get_tls_info(s, &info) == 0)
		trust = trust_text(&info, trust_buf);
	if (state != COAP_SESSION_STATE_ESTABLISHED)
		output_note(job->out, "opening %s (%s), now %s", named->name,
		    named->uri, coapx_state_name(state));
	else
		output_note(job->out, "opened %s (%s, %s%s%s)", named->name,
		    coapx_proto_name(proto),
		    addr_text(coap_session_get_addr_remote(s), remote),
		    trust ? ", " : "", trust ? trust : "");
	if (proto == COAP_PROTO_UDP && !job->front->told_udp) {
		job->front->told_udp = true;
		output_note(job->out,
		    "udp: nothing was sent yet; 'ping' asks whether somebody "
		    "is there");
	}
	if (lacks_csm(s))
		output_note(job->out,
		    "%s: connected, but the peer has sent no CSM; does it "
		    "speak CoAP? 'ping' asks",
		    coapx_proto_name(proto));
	output_named(job, named);
}

static bool
arrived(const struct opening *o)
{
	return coap_session_get_state(o->session) >= o->wanted;
}

static int
finish(struct job *job, struct named *named)
{
	front_use(job->front, named);
	say_opened(job, named);
	return STATUS_OK;
}

static int
failed(struct job *job)
{
	struct opening *o = job->state;
	struct named *named = app_find_session(job->app, o->session);
	int status = session_failed(job,
	    named && named->uri ? named->uri : "open", o->session);

	abandon(job);
	return status;
}

static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct job *job = observer->user;
	struct opening *o = job->state;
	struct named *named;

	if (session != o->session || o->given_up)
		return;
	named = app_find_session(job->app, session);
	if ((event == COAP_EVENT_SESSION_FAILED ||
		event == COAP_EVENT_SESSION_CLOSED) &&
	    !session_reconnects(session))
		job_end(job, failed(job));
	else if (named &&
	    (arrived(o) ||
		(event == COAP_EVENT_TCP_CONNECTED &&
		    o->wanted == COAP_SESSION_STATE_CSM)))
		job_end(job, finish(job, named));
}

/* --- what is asked for --------------------------------------------------- */

static bool
find_state(const char *name, coap_session_state_t *state)
{
	coap_session_state_t s;

	for (s = COAP_SESSION_STATE_NONE; s <= COAP_SESSION_STATE_ESTABLISHED;
	     s++) {
		if (strcmp(name, coapx_state_name(s)) == 0) {
			*state = s;
			return true;
		}
	}
	return false;
}

/* --mtu and the like: settings as session set has them. */
static const char *const settings[] = { "mtu", "keepalive", "reconnect" };

#define N_SETTINGS (sizeof settings / sizeof settings[0])

static int
read_setting(struct job *job, const char *key, uint64_t *value)
{
	const char *given = args_get(&job->args, key);
	char *assignment;
	char *problem = NULL;
	const struct tunable *t;

	if (!given)
		return STATUS_OK;
	assignment = text_format("%s=%s", key, given);
	if (!assignment)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	t = tunable_parse(assignment, value, &problem);
	free(assignment);
	if (t)
		return STATUS_OK;
	job_fail(job, STATUS_USAGE, "--%s",
	    problem ? problem : "out of memory");
	free(problem);
	return STATUS_USAGE;
}

static void
apply_setting(struct job *job, struct named *named, const char *key,
    uint64_t value)
{
	if (args_get(&job->args, key))
		tunable_find(key, strlen(key))->set(named, value);
}

/* All that can be wrong is looked at before anything is begun. */
static int
check(struct job *job, coap_session_state_t *wanted, uint64_t *values)
{
	const char *name = args_get(&job->args, "name");
	const char *wait = args_get(&job->args, "wait");
	char *problem = NULL;
	int status = STATUS_OK;
	size_t i;

	*wanted = COAP_SESSION_STATE_ESTABLISHED;
	if (name && !app_name_is_free(job->app, name, &problem)) {
		status = app_find(job->app, name) ? STATUS_STATE : STATUS_USAGE;
		job_fail(job, status, "%s", problem ? problem : "no memory");
		free(problem);
		return status;
	}
	if (wait && !find_state(wait, wanted))
		return job_fail(job, STATUS_USAGE,
		    "--wait: '%s' is no state; none, connecting, handshake, "
		    "csm and established are",
		    wait);
	for (i = 0; status == STATUS_OK && i < N_SETTINGS; i++)
		status = read_setting(job, settings[i], &values[i]);
	return status;
}

/* --- the command --------------------------------------------------------- */

/* NULL: the job has been told. */
static struct named *
add(struct job *job, coap_session_t *session, const char *origin, int *status)
{
	const char *bind = args_get(&job->args, "bind");
	char *problem = NULL;
	struct named *named = app_add(job->app, args_get(&job->args, "name"),
	    session, true, &problem);

	if (!named) {
		coap_session_release(session);
		*status = problem ? STATUS_STATE : STATUS_INTERNAL;
		job_fail(job, *status, "%s",
		    problem ? problem : "out of memory");
		free(problem);
		return NULL;
	}
	free(named->path);
	free(named->home);
	named->shared = true;
	named->path = path_of_uri(args_operand(&job->args, 0));
	named->home = path_of_uri(args_operand(&job->args, 0));
	named->uri = strdup(origin);
	named->bind = bind ? strdup(bind) : NULL;
	named->credentials = keyring_id_of(&job->args);
	if (named->path && named->home && named->uri && (!bind || named->bind))
		return named;
	named_close(job->app, named);
	*status = job_fail(job, STATUS_INTERNAL, "out of memory");
	return NULL;
}

/* --- persist ------------------------------------------------------------- */

static bool
is_used(const struct app *app, const struct named *named)
{
	const struct job *job;

	DL_FOREACH(app->jobs, job)
		if (job->session == named->session && !job->ended)
			return true;
	return observed_has(app, named->session);
}

static void
on_persist(coapx_timer_t *timer, void *arg)
{
	coap_session_t *session = arg;
	struct app *app =
	    coap_context_get_app_data(coap_session_get_context(session));
	struct named *named = app_find_session(app, session);

	(void)timer;
	if (is_used(app, named))
		named_touch(named);
	else
		named_close(app, named);
}

/* 0: for ever. */
static int
read_persist(struct job *job, uint64_t *ms)
{
	const char *given = args_get(&job->args, "persist");
	int64_t parsed = 0;

	*ms = 0;
	if (!given)
		return STATUS_OK;
	if (!job->app->control.agent && job->front->guest)
		return job_fail(job, STATUS_STATE,
		    "--persist leaves the session to an agent, and it is a "
		    "prompt that listens there");
	if (!job->app->control.agent)
		return job_fail(job, STATUS_USAGE,
		    "--persist leaves the session to an agent, which "
		    "--no-agent forbids");
	if (strcmp(given, "forever") != 0)
		parsed = parse_duration(given);
	if (parsed < 0 || (parsed == 0 && strcmp(given, "forever") != 0))
		return job_fail(job, STATUS_USAGE,
		    "--persist wants a time such as 90s, 10m or 2h, or "
		    "'forever', not '%s'",
		    given);
	*ms = (uint64_t)parsed;
	return STATUS_OK;
}

static int
persist(struct job *job, struct named *named, uint64_t ms)
{
	named->persist_ms = ms;
	if (ms == 0)
		return STATUS_OK;
	named->persist =
	    coapx_timer_new(job->app->context, on_persist, named->session);
	if (!named->persist)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	named_touch(named);
	return STATUS_OK;
}

/* --- beginning ----------------------------------------------------------- */

static int
begin(struct job *job, struct named *named, coap_session_state_t wanted)
{
	struct opening *o = calloc(1, sizeof *o);

	if (!o) {
		named_close(job->app, named);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	job->state = o;
	job->free_state = free_state;
	job->cancel = abandon;
	o->job = job;
	o->wanted = wanted;
	o->observer.event = on_event;
	o->observer.user = job;
	o->session = coap_session_reference(named->session);
	job->session = named->session;
	app_observe(job->app, &o->observer);
	if (arrived(o))
		return finish(job, named);
	if (session_is_dead(o->session))
		return failed(job);
	job_waits_for(job, "%s to be %s", named->uri, coapx_state_name(wanted));
	job->waits_on = o->session;
	return JOB_RUNNING;
}

static int
start(struct job *job)
{
	coap_session_state_t wanted;
	uint64_t values[N_SETTINGS] = { 0 };
	coap_session_t *session;
	struct named *named;
	char *origin;
	uint64_t persist_ms;
	int status = check(job, &wanted, values);
	size_t i;

	if (status == STATUS_OK)
		status = read_persist(job, &persist_ms);
	if (status != STATUS_OK)
		return status;
	origin = origin_of_uri(job, args_operand(&job->args, 0), &status);
	if (!origin)
		return status;
	session =
	    origin_open(job, origin, args_get(&job->args, "bind"), &status);
	named = session ? add(job, session, origin, &status) : NULL;
	free(origin);
	if (!named)
		return status;
	for (i = 0; i < N_SETTINGS; i++)
		apply_setting(job, named, settings[i], values[i]);
	status = persist(job, named, persist_ms);
	if (status == STATUS_OK)
		return begin(job, named, wanted);
	named_close(job->app, named);
	return status;
}

static const char *const persist_words[] = { "forever", NULL };

static const struct option open_options[] = {
	{ .name = "name",
	    .arg = "NAME",
	    .help = "name of the session; else s1, s2 ..." },
	{ .name = "bind",
	    .arg = "ADDR[%IF][:PORT]",
	    .help = "address and port to send from" },
	{ .name = "wait",
	    .arg = "STATE",
	    .complete = COMPLETE_STATE,
	    .help = "wait until that state (established); none: do not wait" },
	{ .name = "mtu", .arg = "N", .help = "bytes of the largest datagram" },
	{ .name = "keepalive",
	    .arg = "S",
	    .help = "seconds of silence before a ping; 0: never" },
	{ .name = "reconnect",
	    .arg = "S",
	    .help = "seconds from a loss to the next attempt; 0: off" },
	{ .name = "persist",
	    .arg = "DUR",
	    .complete = COMPLETE_WORDS,
	    .words = persist_words,
	    .help = "keep it in the agent until it was not used for so long" },
	{ .name = NULL },
};

static const struct option *const options[] = {
	open_options,
	KEYRING_CLIENT,
	NULL,
};
static const char *const aliases[] = { "open", "connect", NULL };
static const char *const examples[] = {
	"open coap://[fd00::2] --name lamp",
	"open coap+tcp://plant.example/sensors -T 5s",
	"open coap://192.0.2.7 --bind :5683",
	"open coap+tcp://lamp --keepalive 30 --reconnect 5",
	"open coaps://lamp --psk-identity dev1 --psk-hex-file lamp.key",
	"open coaps+tcp://plant.example --ca factory.pem",
	"open coap+tcp://plant.example --name plant --persist 10m",
	NULL,
};

const struct command cmd_session_open = {
	.name = "session open",
	.aliases = aliases,
	.group = "Sessions",
	.summary = "open a session and wait until it is established",
	.details =
	    "The session becomes the current one; the URI's path becomes its "
	    "current path. Every address of the name is tried. Over UDP a "
	    "session is established as soon as the name resolves: nothing is "
	    "sent, so nothing is known of the peer; 'ping' asks it. A stream "
	    "whose peer sends no CSM within a second is used all the same, and "
	    "csm.received is false. With --reconnect this waits, and tries "
	    "again, until the peer is there. With --persist the session is "
	    "the agent's, which is started when there is none, and stays for "
	    "the commands that follow; 'forever' is until it is closed.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "URI", .complete = COMPLETE_URI } },
	.start = start,
	.reach = REACH_OPENER,
};
