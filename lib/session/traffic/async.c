/* SPDX-License-Identifier: BSD-2-Clause */
/* Separate responses: handlers that are called once more, later. */
#include "session/traffic/async.h"

#include <coap3/coap_subscribe.h>

#include "base/err.h"
#include "exchange/observation.h"
#include "session/body/blockwise.h"
#include "session/observe/observe_server.h"
#include "session/proxy/proxy.h"
#include "session/traffic/amplify.h"
#include "session/traffic/serve.h"

/* After an answer that could not be made for want of memory. */
#define RETRY_WAIT COAP_TICKS_PER_SECOND

static struct asyncs *
asyncs(const coap_session_t *session)
{
	return session->extra ? &session->extra->asyncs : NULL;
}

static coap_tick_t
due_in(const coap_session_t *session, coap_tick_t delay)
{
	coap_tick_t now = context_now(session->context);

	return delay == 0 || delay >= TIMER_NEVER - now ? TIMER_NEVER
							: now + delay;
}

/* Takes it out, and gives its reference of the session back. First, for what the
 * proxy lets go of may tell the application, and that take it out again. */
static void
drop(coap_session_t *session, coap_async_t *async)
{
	struct forward *forward = async->forward;
	struct proxy_watcher *watcher = async->watcher;

	async->forward = NULL;
	async->watcher = NULL;
	async_remove(asyncs(session), async);
	proxy_forget(forward, watcher);
	coap_session_release(session);
}

/* --- from the session ----------------------------------------------------- */

bool
session_async_waits(const coap_session_t *session, const coap_pdu_t *request)
{
	const struct asyncs *a = asyncs(session);
	coap_async_t *async = a && a->count > 0
	    ? async_find(a, coap_pdu_get_token(request))
	    : NULL;

	if (!async)
		return false;
	/* The one answer to both does not register (RFC 7641 section 3.6). */
	if (observation_request_value(request) == COAP_OBSERVE_CANCEL)
		pdu_remove_option(async->request, COAP_OPTION_OBSERVE);
	return true;
}

void
session_async_deferred(coap_session_t *session, const coap_pdu_t *request,
    const coap_pdu_t *response)
{
	struct asyncs *a = asyncs(session);
	coap_async_t *async =
	    a ? async_find(a, coap_pdu_get_token(request)) : NULL;
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	if (!async)
		return;
	opt = coap_check_option(response, COAP_OPTION_BLOCK1, &oi);
	if (!opt || coap_opt_length(opt) > sizeof async->block1)
		return;
	async->has_block1 = true;
	async->block1_len = (uint8_t)coap_opt_length(opt);
	memcpy(async->block1, coap_opt_value(opt), async->block1_len);
}

void
session_async_forget(coap_session_t *session)
{
	struct asyncs *a = asyncs(session);

	while (a && a->list)
		drop(session, a->list);
}

coap_tick_t
session_async_next(const coap_session_t *session)
{
	const struct asyncs *a = asyncs(session);

	return a ? async_next(a) : TIMER_NEVER;
}

/* --- the second call ------------------------------------------------------ */

/* The body is there already; an answer's goes its usual way. */
static bool
begin_body(void *user, bool single, const coap_pdu_t **request,
    coap_pdu_t *response)
{
	coap_session_t *session = user;

	(void)single;
	(void)request;
	(void)response;
	if (session->extra->bodies)
		session->extra->bodies->fresh = NULL;
	return true;
}

static void
end_body(void *user, coap_pdu_t *response)
{
	coap_session_t *session = user;

	if (session->extra->bodies)
		bodies_settle(session->extra->bodies, response);
	blockwise_bury(session);
}

static const struct dispatch_bodies async_bodies = {
	.begin = begin_body,
	.end = end_body,
};

/* RFC 7252 section 5.2.3: what was asked by NON is answered by NON. */
static coap_pdu_t *
response_to(coap_session_t *session, const coap_async_t *async)
{
	const coap_pdu_t *request = async->request;
	coap_pdu_t *response =
	    pdu_new(request->type == COAP_MESSAGE_CON ? COAP_MESSAGE_CON
						      : COAP_MESSAGE_NON,
		0, coap_new_message_id(session),
		coap_session_max_pdu_size(session));
	bool ok = response &&
	    coap_add_token(response, request->token_len, request->token);

	if (ok && async->has_block1)
		ok = coap_add_option(response, COAP_OPTION_BLOCK1,
		    async->block1_len, async->block1);
	if (ok)
		return response;
	coap_delete_pdu(response);
	return NULL;
}

/* It is made again later. */
static void
try_later(coap_session_t *session, coap_async_t *async)
{
	session_set_error(session, -COAP_E_NOMEM, ERROR_LOCAL);
	async_set_due(asyncs(session), async, due_in(session, RETRY_WAIT));
}

/* Whether there was an answer, though it may not have gone out. */
static bool
answer(coap_session_t *session, coap_async_t *async)
{
	struct notify_turn turn = { .session = session };
	struct dispatch env = {
		.multicast = async->multicast,
		.observe = async->multicast ? NULL : &notify_dispatch,
		.turn = &turn,
		.bodies = async->multicast ? NULL : &async_bodies,
		.user = session,
	};
	coap_pdu_t *response = response_to(session, async);
	const struct layer *layer = session->layer;
	enum dispatch_result result;
	bool answered;

	if (!response) {
		try_later(session, async);
		return false;
	}
	result = dispatch_request(&session->context->resources, session, &env,
	    async->request, response);
	/* A handler that frees the entry itself has answered all the same. */
	answered =
	    layer && session->layer == layer && result == DISPATCH_RESPOND;
	if (result != DISPATCH_DEFERRED)
		notify_answered(&turn, async->request, response, answered);
	if (answered)
		amplify_cut(session, async->request, response);
	if (answered && session_respond(session, async->request, response) < 0)
		notify_unanswered(&turn, async->request);
	coap_delete_pdu(response);
	return result != DISPATCH_DEFERRED;
}

void
session_async_run(coap_session_t *session, coap_tick_t now)
{
	struct asyncs *a = asyncs(session);
	unsigned n = a ? a->count : 0;
	coap_async_t *async;
	bool answered;

	/* Not those that a handler sets anew, so that this ends. */
	for (; n > 0 && !session->context->doomed; n--) {
		async = async_begin(a, now);
		if (!async)
			return;
		answered = answer(session, async);
		if (async_end(async, answered))
			drop(session, async);
	}
}

/* --- libcoap's functions -------------------------------------------------- */

coap_async_t *
coap_register_async(coap_session_t *session, const coap_pdu_t *request,
    coap_tick_t delay)
{
	struct session_extra *extra;
	coap_async_t *async = NULL;
	int err = -COAP_E_CLOSED;

	if (!session || !request || !COAP_PDU_IS_REQUEST(request))
		return NULL;
	context_enter(session->context);
	if (session->layer && !session->ending) {
		extra = session_extra(session);
		err = !extra
		    ? -COAP_E_NOMEM
		    : async_add(&extra->asyncs, &session->context->asyncs,
			  request, due_in(session, delay), &async);
	}
	if (err < 0) {
		coap_log_warn("%s: no separate response: %s\n",
		    coap_session_str(session), err_text(err));
	} else {
		async->session = coap_session_reference(session);
		async->multicast = coap_is_mcast(&session->local) != 0;
		session_arm(session);
	}
	context_leave(session->context);
	return async;
}

static void
set_due(coap_async_t *async, coap_tick_t due)
{
	coap_session_t *session = async->session;

	context_enter(session->context);
	async_set_due(asyncs(session), async, due);
	session_arm(session);
	context_leave(session->context);
}

void
coap_async_set_delay(coap_async_t *async, coap_tick_t delay)
{
	if (async)
		set_due(async, due_in(async->session, delay));
}

void
coap_async_trigger(coap_async_t *async)
{
	if (async)
		set_due(async, context_now(async->session->context));
}

void
coap_free_async(coap_session_t *session, coap_async_t *async)
{
	coap_context_t *context;

	if (!async || async->dead)
		return;
	session = async->session;
	context = session->context;
	context_enter(context);
	drop(session, async);
	/* A peer that released the connection may have waited for it. */
	session_arm(session);
	context_leave(context);
}

coap_async_t *
coap_find_async(coap_session_t *session, coap_bin_const_t token)
{
	const struct asyncs *a = session ? asyncs(session) : NULL;

	return a && a->count > 0 ? async_find(a, token) : NULL;
}

void
coap_async_set_app_data(coap_async_t *async, void *app_data)
{
	if (async)
		async->app_data = app_data;
}

void *
coap_async_get_app_data(const coap_async_t *async)
{
	return async ? async->app_data : NULL;
}
