/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a transport that stands to a session that can be used: the layers of
 * the protocol's row are put on the stack one after the other, each when the
 * one below is connected.
 */
#include "session/session.h"

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/layer_ws.h"
#include "session/connect/endpoint.h"
#include "session/secure/secure.h"

struct rung {
	int (*put)(coap_session_t *session, struct layer **out);
	/* It is connected: 0 or an error. NULL: nothing to do. */
	int (*done)(coap_session_t *session);
	int event;           /* when it stands */
	unsigned owed;       /* and is lost again */
	unsigned owed_error; /* when it never stood */
	coap_nack_reason_t failed;
	coap_nack_reason_t not_put;
	bool handshake; /* the state while it connects */
};

/* --- what is put --------------------------------------------------------- */

static int
put_tls(coap_session_t *session, struct layer **out)
{
	int err = secure_put(session, session->layer,
	    endpoint_prestate(session), out);

	if (err == 0 && session->endpoint)
		session->endpoint->prestate = NULL;
	return err;
}

static int
put_ws(coap_session_t *session, struct layer **out)
{
	char address[ADDR_TEXT_SIZE];
	struct layer_ws_params params = {
		.server = session->endpoint != NULL,
		.shared = &session->context->ws_shared,
		.host = session->extra->ws_host,
		.max_message = session->context->set.csm_max_message_size,
		.now = context_layer_now,
		/* The layer may outlive the session. */
		.now_user = session->context,
	};

	if (!params.host &&
	    addr_format(&session->remote, address, sizeof address) > 0)
		params.host = address;
	return layer_ws_new(session->layer, &params, out);
}

static const struct rung rungs[] = {
	[RUNG_TLS] = {
	    .put = put_tls,
	    .done = secure_done,
	    .event = COAP_EVENT_DTLS_CONNECTED,
	    .owed = OWED_TLS,
	    .owed_error = OWED_TLS_ERROR,
	    .failed = COAP_NACK_TLS_FAILED,
	    .not_put = COAP_NACK_TLS_LAYER_FAILED,
	    .handshake = true,
	},
	[RUNG_WS] = {
	    .put = put_ws,
	    .event = COAP_EVENT_WS_CONNECTED,
	    .owed = OWED_WS,
	    .failed = COAP_NACK_WS_LAYER_FAILED,
	    .not_put = COAP_NACK_WS_LAYER_FAILED,
	},
};

static const struct rung *
rung_of(const coap_session_t *session)
{
	uint8_t rung = session->proto->rungs[session->rung];

	return rung == RUNG_NONE ? NULL : &rungs[rung];
}

/* --- calls into the stack ------------------------------------------------ */

void
session_retire_layer(coap_session_t *session, struct layer *layer, bool orderly)
{
	if (!layer)
		return;
	if (session->in_layer) {
		/* One session has one stack, so there is one at most. */
		session->extra->retired = layer;
		return;
	}
	if (orderly)
		layer_close(layer);
	layer_free(layer);
}

/* A handshake calls handlers, and they may end the session. */
static int
connect_stack(coap_session_t *session)
{
	struct layer *retired;
	int err;

	session->in_layer = true;
	err = layer_connect(session->layer);
	session->in_layer = false;
	retired = session->extra->retired;
	session->extra->retired = NULL;
	layer_free(retired);
	return err;
}

/* --- the way up ---------------------------------------------------------- */

static enum error_source
source_of(const coap_session_t *session, int err)
{
	const struct session_secure *s = session_secure(session);

	switch (err) {
	case -COAP_E_REFUSED:
	case -COAP_E_RESET:
	case -COAP_E_UNREACH:
	case -COAP_E_TIMEOUT:
		return ERROR_NETWORK;
	case -COAP_E_PEER_CLOSED:
	case -COAP_E_WS_UPGRADE:
	case -COAP_E_WS_PROTOCOL:
	case -COAP_E_TLS_NO_ALPN:
		return ERROR_PEER;
	default:
		return s && s->last && s->last->alert >= 0 &&
			!s->last->alert_sent
		    ? ERROR_PEER
		    : ERROR_LOCAL;
	}
}

/* What the upgrade said, for who asks why. */
static void
remember_ws(coap_session_t *session)
{
	struct session_extra *extra = session->extra;
	struct layer_ws_info info;

	if (layer_ws_info(session->layer, &info) < 0)
		return;
	if (!extra->ws)
		extra->ws = mem_new(COAP_SESSION, 1, sizeof *extra->ws);
	if (extra->ws)
		*extra->ws = info;
}

static void
failed(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	secure_remember(session);
	remember_ws(session);
	session_set_error(session, err, source_of(session, err));
	session_down(session, reason, err, true);
}

/* One step: 0 when there is more to do at once. */
static int
step(coap_session_t *session, const struct rung *rung)
{
	int err;

	if (!session->rung_put) {
		err = rung->put(session, &session->layer);
		if (err < 0) {
			failed(session, rung->not_put, err);
			return err;
		}
		session->rung_put = true;
		if (rung->handshake)
			session_set_state(session,
			    COAP_SESSION_STATE_HANDSHAKE);
	}
	err = connect_stack(session);
	if (!session->layer)
		return -COAP_E_CLOSED;
	if (err == -COAP_E_AGAIN)
		return err;
	if (err == 0 && rung->done)
		err = rung->done(session);
	if (err < 0) {
		failed(session, rung->failed, err);
		return err;
	}
	session->rung++;
	session->rung_put = false;
	session_event(session, rung->event);
	return session->layer ? 0 : -COAP_E_CLOSED;
}

void
climb(coap_session_t *session)
{
	const struct rung *rung;

	session->climb_due = false;
	while (session->climbing && !session->in_layer && session->layer &&
	    !session->context->doomed) {
		rung = rung_of(session);
		if (!rung) {
			climb_end(session);
			connect_cancel(session);
			session_stands(session);
			break;
		}
		if (step(session, rung) < 0)
			break;
	}
	session_arm(session);
}

void
climb_begin(coap_session_t *session, coap_tick_t limit)
{
	if (!session_extra(session)) {
		session_down(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_NOMEM,
		    false);
		return;
	}
	session->extra->deadline = limit;
	session->rung = 0;
	session->rung_put = false;
	session->climbing = true;
	session->climb_due = true;
	if (session->endpoint && !session->counted) {
		session->counted = true;
		session->context->handshakes++;
		session_idle_check(session);
	}
	if (!session_reliable(session))
		session_set_state(session, COAP_SESSION_STATE_HANDSHAKE);
}

void
climb_end(coap_session_t *session)
{
	session->climbing = false;
	session->climb_due = false;
	if (session->extra)
		session->extra->deadline = 0;
	if (!session->counted)
		return;
	session->counted = false;
	session->context->handshakes--;
	if (session->is_idle)
		session_idle_check(session);
}

coap_tick_t
climb_next(const coap_session_t *session)
{
	if (!session->climbing)
		return TIMER_NEVER;
	if (session->climb_due)
		return 0;
	return session->extra->deadline;
}

/* Why it came to no end in time. */
static void
too_late(coap_session_t *session)
{
	const struct rung *rung = rung_of(session);
	int err = secure_timeout(session);
	coap_nack_reason_t reason =
	    rung ? rung->failed : COAP_NACK_NOT_DELIVERABLE;

	if (err == -COAP_E_REFUSED || err == -COAP_E_UNREACH)
		reason = COAP_NACK_ICMP_ISSUE;
	failed(session, reason, err);
}

void
climb_timer(coap_session_t *session, coap_tick_t now)
{
	if (!session->climbing)
		return;
	if (now >= session->extra->deadline)
		too_late(session);
	else
		climb(session);
}

unsigned
climb_owed(const coap_session_t *session)
{
	unsigned owed = 0;
	unsigned i;

	for (i = 0; i < session->rung; i++)
		owed |= rungs[session->proto->rungs[i]].owed;
	if (session->rung_put)
		owed |= rungs[session->proto->rungs[i]].owed_error;
	return owed;
}
