/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions that get a new transport when theirs was lost. */
#include "session/connect/reconnect.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "session/observe/observe_client.h"

/* How long a peer is asked whether it is there, as long as a connect takes. */
#define PROBE_TIMEOUT_MS 30000

/* What happens next, as far as it is in our hands. */
enum step {
	STEP_NONE,
	STEP_WAIT,  /* at `at` a new transport is made */
	STEP_DIAL,  /* it is under way, or stands and is not proven */
	STEP_PROBE, /* it stands, the peer is asked until `at` */
};

struct session_reconnect {
	coap_tick_t at;
	coap_tick_t not_before; /* the peer asked for it; 0: it did not */
	uint32_t seconds;       /* of this session, when own is set; 0: off */
	uint32_t retries;       /* 0: without limit */
	uint32_t count;         /* attempts since the last success */
	enum step step;
	bool own;    /* the context's settings do not count */
	bool forced; /* coapx_session_reconnect(): now, once */
	/* What is dialled. */
	bool remembered;
	bool have_local;
	uint16_t port;
	unsigned timeout_ms;
	char *host; /* NULL: the session's remote address */
	coap_address_t local;
};

static struct session_reconnect *
reconnect_of(const coap_session_t *session)
{
	return session->extra ? session->extra->reconnect : NULL;
}

/* NULL when out of memory. */
static struct session_reconnect *
reconnect_get(coap_session_t *session)
{
	struct session_extra *extra = session_extra(session);

	if (extra && !extra->reconnect)
		extra->reconnect =
		    mem_new(COAP_SESSION, 1, sizeof *extra->reconnect);
	return extra ? extra->reconnect : NULL;
}

void
reconnect_free(coap_session_t *session)
{
	struct session_reconnect *r = reconnect_of(session);

	if (!r)
		return;
	session->extra->reconnect = NULL;
	coap_free_type(COAP_STRING, r->host);
	coap_free_type(COAP_SESSION, r);
}

/* --- what is dialled ------------------------------------------------------ */

int
reconnect_remember(coap_session_t *session, const coap_address_t *local,
    const char *host, uint16_t port, unsigned timeout_ms)
{
	struct session_reconnect *r = reconnect_of(session);
	size_t len;

	/* The plain case needs nothing but the address it has. */
	if ((r && r->remembered) || (!host && !local))
		return 0;
	r = reconnect_get(session);
	if (!r)
		return -COAP_E_NOMEM;
	if (host) {
		len = strlen(host) + 1;
		r->host = coap_malloc_type(COAP_STRING, len);
		if (!r->host)
			return -COAP_E_NOMEM;
		memcpy(r->host, host, len);
	}
	if (local) {
		r->local = *local;
		r->have_local = true;
	}
	r->port = port;
	r->timeout_ms = timeout_ms;
	r->remembered = true;
	return 0;
}

static int
dial(coap_session_t *session, const struct session_reconnect *r)
{
	const coap_address_t *local = r->have_local ? &r->local : NULL;
	coap_address_t remote;

	if (r->host)
		return connect_to_name(session, local, r->host, strlen(r->host),
		    r->port, r->timeout_ms);
	remote =
	    session_is_mcast(session) ? session->extra->mcast : session->remote;
	return connect_to_address(session, local, &remote);
}

/* --- settings ------------------------------------------------------------- */

static uint32_t
seconds_of(const coap_session_t *session)
{
	const struct session_reconnect *r = reconnect_of(session);

	if (r && r->own)
		return r->seconds;
	return session->context->set.reconnect_seconds;
}

static uint32_t
retries_of(const coap_session_t *session)
{
	const struct session_reconnect *r = reconnect_of(session);

	if (r && r->own)
		return r->retries;
	return session->context->set.reconnect_retries;
}

/* A session that came in has nothing that could be dialled. */
static bool
can_dial(const coap_session_t *session)
{
	return session->type == COAP_SESSION_TYPE_CLIENT && !session->endpoint;
}

/* --- the way from one transport to the next ------------------------------- */

static coap_tick_t
later(coap_tick_t a, coap_tick_t b)
{
	return a > b ? a : b;
}

/* Who wants it now does not wait for what the peer asked for. */
static void
wait_for(coap_session_t *session, struct session_reconnect *r,
    coap_tick_t delay)
{
	r->step = STEP_WAIT;
	r->at = context_now(session->context) + delay;
	if (!r->forced)
		r->at = later(r->at, r->not_before);
	session->reconnecting = true;
}

void
reconnect_hold_off(coap_session_t *session, uint32_t seconds)
{
	struct session_reconnect *r;

	if (!can_dial(session) || seconds_of(session) == 0)
		return;
	r = reconnect_get(session);
	if (r)
		r->not_before = context_now(session->context) +
		    (coap_tick_t)seconds * COAP_TICKS_PER_SECOND;
}

void
reconnect_decide(coap_session_t *session)
{
	struct session_reconnect *r = reconnect_of(session);
	bool tried = r && r->step != STEP_NONE;
	bool on = seconds_of(session) > 0;

	session->reconnecting = false;
	if (r)
		r->step = STEP_NONE;
	if (session->ending || session->stay_down)
		return;
	if (on && !can_dial(session)) {
		trace_text(session, COAPX_TRACE_NOTE,
		    "no reconnect: the peer connected to us");
		return;
	}
	if (r && r->forced) {
		wait_for(session, r, 0);
		return;
	}
	if (!on && !tried)
		return;
	session->owed |= OWED_LOST;
	r = on ? reconnect_get(session) : NULL;
	if (!r || (retries_of(session) > 0 && r->count >= retries_of(session)))
		session->owed |= OWED_NO_MORE;
	else
		wait_for(session, r,
		    (coap_tick_t)seconds_of(session) * COAP_TICKS_PER_SECOND);
}

void
reconnect_stop(coap_session_t *session)
{
	struct session_reconnect *r = reconnect_of(session);

	session->stay_down = true;
	session->owed &= (uint8_t)~OWED_LOST;
	if (!session->reconnecting || !r)
		return;
	session->reconnecting = false;
	r->forced = false;
	r->step = STEP_NONE;
	/* The messages that wait are ended by session_down(), which otherwise
	 * may find nothing to do. */
	session->owed |= OWED_SESSION | OWED_NO_MORE;
}

bool
reconnect_is_trying(const coap_session_t *session)
{
	return session->reconnecting && reconnect_of(session)->step > STEP_WAIT;
}

/* There will be no further attempt. */
static void
give_up(coap_session_t *session)
{
	reconnect_of(session)->step = STEP_NONE;
	session->reconnecting = false;
	session->owed |= OWED_SESSION | OWED_NO_MORE;
	session_down(session, COAP_NACK_NOT_DELIVERABLE, session->error, false);
}

static void
attempt(coap_session_t *session, struct session_reconnect *r)
{
	int err;

	r->step = STEP_DIAL;
	r->at = TIMER_NEVER;
	r->forced = false;
	r->count++;
	session_event(session, COAP_EVENT_RECONNECT_STARTED);
	/* The handler may have ended the session, or the attempt. */
	if (!session->reconnecting || r->step != STEP_DIAL)
		return;
	err = dial(session, r);
	if (err == 0)
		return;
	session_set_error(session, err, ERROR_NETWORK);
	session_down(session, COAP_NACK_NOT_DELIVERABLE, err, false);
}

coap_tick_t
reconnect_next(const coap_session_t *session)
{
	return session->reconnecting ? reconnect_of(session)->at : TIMER_NEVER;
}

void
reconnect_timer(coap_session_t *session, coap_tick_t now)
{
	struct session_reconnect *r = reconnect_of(session);

	if (reconnect_next(session) > now)
		return;
	if (r->step == STEP_PROBE) {
		session_set_error(session, -COAP_E_TIMEOUT, ERROR_NETWORK);
		session_down(session, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_TIMEOUT, false);
	} else if (!r->forced && seconds_of(session) == 0) {
		give_up(session);
	} else {
		attempt(session, r);
	}
}

/* --- proof ---------------------------------------------------------------- */

bool
reconnect_probe(coap_session_t *session)
{
	coap_tick_t now = context_now(session->context);
	struct session_reconnect *r;

	if (!session->reconnecting || session->proto->secure ||
	    session_is_mcast(session) ||
	    dgram_ping(&session->msg.dgram, now) < 0)
		return false;
	r = reconnect_of(session);
	r->step = STEP_PROBE;
	r->at = now + PROBE_TIMEOUT_MS;
	session_set_state(session, COAP_SESSION_STATE_CONNECTING);
	session_arm(session);
	return true;
}

static void
proven(coap_session_t *session)
{
	struct session_reconnect *r = reconnect_of(session);

	session->reconnecting = false;
	r->step = STEP_NONE;
	r->count = 0;
	session_event(session, COAP_EVENT_RECONNECT_SUCCESS);
	observe_restore(session);
}

void
reconnect_heard(coap_session_t *session)
{
	struct session_reconnect *r = reconnect_of(session);

	if (!session->reconnecting)
		return;
	if (r->step == STEP_PROBE) {
		r->step = STEP_DIAL;
		r->at = TIMER_NEVER;
		session_established(session);
	} else if (session->state == COAP_SESSION_STATE_ESTABLISHED &&
	    !session->announce) {
		proven(session);
	}
}

void
reconnect_established(coap_session_t *session)
{
	if (!session->reconnecting || !session->layer)
		return;
	if (session->heard || session->proto->secure)
		proven(session);
}

void
reconnect_info(const coap_session_t *session, coapx_session_info_t *info)
{
	const struct session_reconnect *r = reconnect_of(session);
	coap_tick_t now = context_now(session->context);

	if (!session->reconnecting)
		return;
	info->reconnecting = 1;
	info->reconnect_attempts = r->count;
	if (r->step == STEP_WAIT && r->at > now)
		info->reconnect_in_ms = r->at - now;
}

/* --- public --------------------------------------------------------------- */

/* Those that wait look at the context's settings again. */
static void
settings_changed(coap_context_t *context)
{
	coap_tick_t now = context_now(context);
	struct session_reconnect *r;
	coap_session_t *session;
	coap_tick_t at;

	DL_FOREACH(context->clients, session) {
		r = reconnect_of(session);
		if (!session->reconnecting || r->step != STEP_WAIT || r->own)
			continue;
		at = later(now +
			(coap_tick_t)seconds_of(session) *
			    COAP_TICKS_PER_SECOND,
		    r->not_before);
		if (at < r->at)
			r->at = at;
		session_arm(session);
	}
}

void
coap_context_set_session_reconnect_time(coap_context_t *context,
    unsigned int reconnect_time)
{
	coap_context_set_session_reconnect_time2(context, reconnect_time, 0);
}

void
coap_context_set_session_reconnect_time2(coap_context_t *context,
    unsigned int reconnect_time, uint8_t retry_count)
{
	if (!context)
		return;
	context_enter(context);
	context->set.reconnect_seconds = reconnect_time;
	context->set.reconnect_retries = retry_count;
	settings_changed(context);
	context_leave(context);
}

int
coapx_session_set_reconnect(coap_session_t *session, unsigned seconds,
    unsigned retries)
{
	struct session_reconnect *r;

	if (!session)
		return -COAP_E_INVAL;
	if (!can_dial(session) || session->ending)
		return -COAP_E_STATE;
	r = reconnect_get(session);
	if (!r)
		return -COAP_E_NOMEM;
	context_enter(session->context);
	r->own = true;
	r->seconds = seconds;
	r->retries = retries;
	if (session->reconnecting && r->step == STEP_WAIT && !r->forced) {
		wait_for(session, r,
		    (coap_tick_t)seconds * COAP_TICKS_PER_SECOND);
		session_arm(session);
	}
	context_leave(session->context);
	return 0;
}

int
coapx_session_reconnect(coap_session_t *session)
{
	struct session_reconnect *r;

	if (!session)
		return -COAP_E_INVAL;
	if (!can_dial(session) || session->ending)
		return -COAP_E_STATE;
	r = reconnect_get(session);
	if (!r)
		return -COAP_E_NOMEM;
	context_enter(session->context);
	session->stay_down = false;
	r->forced = true;
	r->count = 0;
	session_down(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_CLOSED, true);
	/* A handler may have ended it for good. */
	if (!session->ending && !session->stay_down &&
	    (!session->reconnecting || r->step == STEP_WAIT)) {
		wait_for(session, r, 0);
		session_arm(session);
	}
	context_leave(session->context);
	return 0;
}
