/* SPDX-License-Identifier: BSD-2-Clause */
/* What is observed: observations with a number, and who follows them. */
#include "cli/observe/observed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/body/input.h"
#include "cli/command.h"
#include "cli/failure.h"
#include "cli/observe/same.h"
#include "cli/output/option_text.h"
#include "cli/output/time_text.h"
#include "cli/request/group.h"
#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"

/* Where telling followers stands: whoever stops following moves it on. */
struct follow_telling {
	struct follow_telling *outer;
	struct follower *next;
};

/* --- what all observations have in common --------------------------------- */

static void
observe_params(struct job *job, const struct request_plan *plan,
    const struct target *target, coapx_observe_params_t *params)
{
	coap_proto_t proto = coap_session_get_proto(target->session);
	bool con = !plan->non && COAP_PROTO_NOT_RELIABLE(proto);
	const struct named *named = app_find_session(job->app, target->session);

	*params = (coapx_observe_params_t){
		.size = sizeof(*params),
		/* Those that are not shown are counted, and said. */
		.flags = COAPX_OBSERVE_ALL,
		.timeout_ms = con ? 0 : REQUEST_LIMIT_MS,
		.block_size = plan->block_size,
		.body_max = INPUT_MAX,
	};
	/* A session that reconnects outlives that nobody is there. */
	if (!named || named->reconnect == 0)
		params->flags |= COAPX_OBSERVE_END_ON_ICMP;
}

/* What a new state is called, and what it means; NULL: nothing is to be said of
 * it. */
static const char *
observe_event(struct observe_course *course, coapx_observe_state_t state,
    const char *uri, char *detail, size_t size)
{
	struct observe_course before = *course;

	course->stale = state == COAPX_OBSERVE_STALE;
	course->lost = state == COAPX_OBSERVE_LOST ||
	    (before.lost && state != COAPX_OBSERVE_REGISTERED);
	course->again += state == COAPX_OBSERVE_ASKING;
	if (state == COAPX_OBSERVE_ASKING && before.stale) {
		snprintf(detail, size,
		    "nothing came from %s within its Max-Age of %" PRIu32
		    " s; asking again",
		    uri, course->max_age);
		return "stale";
	}
	if (state == COAPX_OBSERVE_LOST) {
		snprintf(detail, size,
		    "no connection; %s is asked for again when there is one",
		    uri);
		return "observation lost";
	}
	snprintf(detail, size, "%s is observed again", uri);
	return before.lost && state == COAPX_OBSERVE_REGISTERED
	    ? "observation restored"
	    : NULL;
}

void
observe_tell(struct output *out, const struct follower *follower,
    struct observe_course *course, coapx_observe_state_t state, const char *uri)
{
	struct view_notification v = { .uri = NULL };
	char detail[512];
	const char *event =
	    observe_event(course, state, uri, detail, sizeof(detail));

	observed_view(follower->of, &v);
	if (event && out)
		output_event(out, v.session_name, event, detail);
}

/* --- followers ------------------------------------------------------------ */

void
observed_follow(struct observed *o, struct follower *follower)
{
	follower->of = o;
	DL_APPEND(o->followers, follower);
}

void
observed_unfollow(struct follower *follower)
{
	struct observed *o = follower->of;
	struct follow_telling *t;

	if (!o)
		return;
	for (t = o->telling; t; t = t->outer)
		if (t->next == follower)
			t->next = follower->next;
	DL_DELETE(o->followers, follower);
	follower->of = NULL;
}

static void
observed_free(struct observed *o)
{
	struct app *app = o->app;

	if (!o->gone)
		DL_DELETE(app->observed, o);
	o->gone = true;
	while (o->followers)
		observed_unfollow(o->followers);
	if (o->telling)
		return;
	coapx_observe_drop(o->observation);
	target_close(app, &o->target);
	kept_free(&o->last);
	kept_free(&o->before);
	free(o->path);
	free(o);
}

/* What followers are told: one of these. */
struct news {
	const struct view_notification *notification;
	coapx_observe_state_t state;
	const struct observed *observed; /* with result */
	const coapx_result_t *result;
};

static void
tell_one(struct follower *follower, const struct news *news)
{
	if (news->notification) {
		follower->notify(follower, news->notification);
	} else if (news->result) {
		observed_unfollow(follower);
		follower->end(follower, news->observed, news->result);
	} else if (follower->state) {
		follower->state(follower, news->state);
	}
}

/* It may be gone then. */
static void
tell(struct observed *o, const struct news *news)
{
	struct follow_telling telling = { o->telling, o->followers };
	struct follower *follower;

	o->telling = &telling;
	while (telling.next) {
		follower = telling.next;
		telling.next = follower->next;
		tell_one(follower, news);
	}
	o->telling = telling.outer;
	if (o->gone)
		observed_free(o);
}

/* --- what nobody follows -------------------------------------------------- */

static const char *
session_name(const struct observed *o)
{
	const struct named *named = app_find_session(o->app, o->target.session);

	if (named)
		return named->name;
	return *o->session_name ? o->session_name : NULL;
}

static void
say(const struct observed *o, const char *event, const char *detail)
{
	if (!o->silent && !o->followers && !o->app->control.agent)
		front_event(&o->app->own, session_name(o), event, detail);
}

static void
say_ended(const struct observed *o, const coapx_result_t *result)
{
	struct text why = { .s = NULL };
	char event[64];
	unsigned code;

	snprintf(event, sizeof(event), "observation %u ended", o->id);
	text_addf(&why, "%s: ", o->path);
	if (result->error < 0) {
		text_add(&why, coapx_strerror(result->error));
	} else {
		code = coap_pdu_get_code(result->response);
		code_text_named(&why, code);
		if (COAP_RESPONSE_CLASS(code) == 2)
			text_add(&why, ", without Observe");
	}
	say(o, event, text_string(&why));
	text_free(&why);
}

/* --- the library's calls --------------------------------------------------- */

void
observed_view(const struct observed *o, struct view_notification *v)
{
	v->session_name = session_name(o);
	v->session = o->target.session;
	v->insecure = session_is_insecure(o->target.session);
	v->uri = o->target.uri;
	v->item = o->id;
}

int
observed_ended(const struct observed *o, struct showing *showing,
    const coapx_result_t *result)
{
	const struct view_response view = {
		.session_name = session_name(o),
		.session = o->target.session,
		.request = result->sent,
		.response = result->response,
		.uri = o->target.uri,
		.rtt_us = result->rtt_us,
		.retransmits = result->retransmits,
		.insecure = session_is_insecure(o->target.session),
	};

	return showing_ended(showing, &o->target, result, &view);
}

static void
on_notify(coapx_observation_t *observation, coap_session_t *session,
    const coapx_notification_t *notification, void *arg)
{
	struct observed *o = arg;
	struct news news = { .notification = NULL };
	struct view_notification v;
	struct kept spare;

	(void)observation, (void)session;
	notification_view(notification->response, notification, &v);
	app_touch(o->app, o->target.session);
	o->course.max_age = v.max_age;
	/* It is the session's now, whatever becomes of this. */
	o->target.opened = o->target.opened && !o->target.named;
	v.count = o->last.view.count + 1;
	if (!v.reordered) {
		spare = o->before;
		o->before = o->last;
		o->last = spare;
		kept_set(&o->last, &v);
	}
	observed_view(o, &v);
	news.notification = &v;
	tell(o, &news);
}

static void
on_state(coapx_observation_t *observation, coap_session_t *session,
    coapx_observe_state_t state, void *arg)
{
	struct observed *o = arg;
	struct news news = { .state = state };
	const char *event;
	char detail[512];

	(void)observation, (void)session;
	event =
	    observe_event(&o->course, state, o->path, detail, sizeof(detail));
	if (event)
		say(o, event, detail);
	tell(o, &news);
}

static void
end(struct observed *o, const coapx_result_t *result)
{
	struct news news = { .observed = o, .result = result };

	o->observation = NULL;
	/* Whoever is told of its end does not find it any more. */
	DL_DELETE(o->app->observed, o);
	o->gone = true;
	say_ended(o, result);
	tell(o, &news);
}

static void
on_end(coapx_observation_t *observation, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)observation, (void)session;
	end(arg, result);
}

/* --- beginning and end ---------------------------------------------------- */

/* The first that is free, as of a shell's jobs. */
static unsigned
new_id(struct app *app)
{
	unsigned id = 1;

	while (observed_find(app, id))
		id++;
	return id;
}

static struct observed *
make(struct job *job, struct target *target, int *status)
{
	struct observed *o = calloc(1, sizeof(*o));
	char *path = target_shown(target);

	if (!o || !path) {
		free(o);
		free(path);
		*status = job_fail(job, STATUS_INTERNAL, "out of memory");
		return NULL;
	}
	o->app = job->app;
	o->path = path;
	o->id = new_id(job->app);
	o->began_ms = time_now_ms();
	o->target = *target;
	memset(target, 0, sizeof(*target));
	if (o->target.named)
		snprintf(o->session_name, sizeof(o->session_name), "%s",
		    o->target.named->name);
	DL_APPEND(job->app->observed, o);
	return o;
}

/* Another one of the same; one that is being stopped does not count. */
static const struct observed *
find_same(const struct observed *o)
{
	const struct observed *other;

	DL_FOREACH(o->app->observed, other)
		if (other != o && !other->stopping &&
		    other->target.session == o->target.session &&
		    strcmp(other->key, o->key) == 0)
			return other;
	return NULL;
}

static int
is_there(struct job *job, const struct observed *other)
{
	const char *name = session_name(other);

	return job_fail(job, STATUS_STATE,
	    "%s is observed already, as %u; 'observe tail %u%s%s' shows what "
	    "comes",
	    other->target.uri, other->id, other->id, name ? " -S " : "",
	    name ? name : "");
}

static int
send_it(struct job *job, struct observed *o, const struct request_plan *plan)
{
	coapx_result_t failed = { 0 };
	coapx_observe_params_t params;
	const struct observed *other;
	coap_pdu_t *pdu;
	int status = STATUS_INTERNAL;

	observe_params(job, plan, &o->target, &params);
	params.notify = on_notify;
	params.state = on_state;
	params.end = on_end;
	params.arg = o;
	pdu = plan_pdu(job, plan, &o->target, &status);
	if (!pdu)
		return status;
	same_key(pdu, plan, o->key);
	other = find_same(o);
	if (other) {
		coap_delete_pdu(pdu);
		return is_there(job, other);
	}
	o->observation =
	    coapx_observe_start(o->target.session, pdu, &params, &failed.error);
	if (o->observation)
		return STATUS_OK;
	return failure_target(job, &o->target, &failed, NULL);
}

struct observed *
observed_start(struct job *job, struct target *target,
    const struct request_plan *plan, struct follower *follower, int *status)
{
	struct observed *o = NULL;
	size_t n = 0;

	DL_COUNT(job->app->observed, o, n);
	o = NULL;
	if (target_is_group(target))
		*status = job_fail(job, STATUS_USAGE,
		    "%s is a group, and one device at a time is observed; "
		    "'get' asks all of them once",
		    target->uri);
	else if (n >= OBSERVED_MAX)
		*status = job_fail(job, STATUS_STATE,
		    "%d resources are observed already, and more are not; "
		    "'observe stop' makes room",
		    OBSERVED_MAX);
	else
		o = make(job, target, status);
	if (!o) {
		target_close(job->app, target);
		return NULL;
	}
	*status = send_it(job, o, plan);
	if (*status != STATUS_OK) {
		observed_free(o);
		return NULL;
	}
	observed_follow(o, follower);
	return o;
}

struct observed *
observed_find(struct app *app, unsigned id)
{
	struct observed *o;

	DL_FOREACH(app->observed, o)
		if (o->id == id)
			return o;
	return NULL;
}

void
observed_stop(struct observed *o)
{
	int err;

	o->stopping = true;
	err = coapx_observe_stop(o->observation, COAPX_OBSERVE_DEREGISTER);
	/* One that is being stopped already is waited for, too. */
	if (err != 0 && err != -COAP_E_STATE)
		coapx_observe_stop(o->observation, COAPX_OBSERVE_FORGET);
}

void
observed_forget(struct observed *o)
{
	const coapx_result_t cancelled = { .error = -COAP_E_CANCELLED };

	o->silent = true;
	coapx_observe_drop(o->observation);
	end(o, &cancelled);
}

void
observed_discard(struct observed *o)
{
	while (o->followers)
		observed_unfollow(o->followers);
	o->silent = true;
	observed_stop(o);
}

void
observed_hush(struct app *app)
{
	struct observed *o;

	DL_FOREACH(app->observed, o)
		o->silent = true;
}

void
observed_free_all(struct app *app)
{
	while (app->observed)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): not in the list */
		observed_free(app->observed);
}

bool
observed_has(const struct app *app, const coap_session_t *session)
{
	const struct observed *o;

	DL_FOREACH(app->observed, o)
		if (o->target.session == session)
			return true;
	return false;
}
