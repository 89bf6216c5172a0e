/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients of a proxy who observe. One waits for the first state as an async
 * entry, and is then an observer of the proxy's resource: for each of its
 * notifications the handler runs, and finds the state here.
 */
#include "session/proxy/proxy_watch.h"

#include <stdio.h>

#include <utlist.h>

#include "session/observe/observe_client.h"
#include "session/observe/observe_server.h"
#include "wire/block.h"

/* --- answering clients ---------------------------------------------------- */

/* Whether the client says that it has this state; then *tag is its ETag. */
static bool
is_known(const coap_pdu_t *state, const coap_pdu_t *request, coap_option_t *tag)
{
	return state->code == COAP_RESPONSE_CODE_CONTENT &&
	    pdu_find_option(state, COAP_OPTION_ETAG, tag) &&
	    pdu_has_value(request, COAP_OPTION_ETAG, tag);
}

static int
fill(const struct proxy_watch *watch, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_option_t tag;

	if (watch->ended)
		pdu_remove_option(response, COAP_OPTION_OBSERVE);
	if (!watch->state) {
		proxy_refuse(response, watch->code, watch->why);
		return 1;
	}
	if (!is_known(watch->state, request, &tag))
		return proxy_fill(session, request, response, watch->state,
		    proxy_watch_left(watch));
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_VALID);
	return coap_add_option(response, COAP_OPTION_ETAG, tag.length,
		   tag.value) > 0 &&
	    block_add_uint(response, COAP_OPTION_MAXAGE,
		proxy_watch_left(watch));
}

/* It is the one that the handler answers now, and none that it answered before
 * in the same call. */
static void
set_answered(struct proxy_watcher *watcher)
{
	struct proxy_watches *all = &watcher->watch->proxy->watches;
	struct proxy_watcher *before = all->answered;

	all->answered = watcher;
	if (before != watcher)
		proxy_observe_settle(before, NULL);
}

/* As fill(), and the client is to observe if the response says so. */
static int
fill_for(struct proxy_watcher *watcher, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response)
{
	struct proxy_watch *watch = watcher->watch;
	int ok = fill(watch, session, request, response);

	if (!watch->ended)
		set_answered(watcher);
	else if (!watcher->observer)
		proxy_watcher_free(watcher);
	return ok;
}

/* The second call for who has waited. */
static int
answer(struct proxy_watcher *watcher, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response)
{
	char why[PROXY_WHY];

	proxy_watcher_stop_waiting(watcher);
	if (watcher->done)
		return fill_for(watcher, session, request, response);
	snprintf(why, sizeof why, "No answer from %s in time",
	    watcher->watch->link->origin);
	proxy_refuse(response, COAP_RESPONSE_CODE_GATEWAY_TIMEOUT, why);
	proxy_watcher_free(watcher);
	return 1;
}

/* Its observer goes. */
static void
untie(void *tie)
{
	proxy_watcher_free(tie);
}

static struct observer *
find_observer(const coap_session_t *session, const coap_pdu_t *request)
{
	struct observer *o = session->extra
	    ? observer_find(session->extra->observing,
		  coap_pdu_get_token(request))
	    : NULL;

	return o && o->untie == untie ? o : NULL;
}

bool
proxy_observe_serve(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, int *ok)
{
	struct proxy *proxy = session->context->proxy;
	struct proxy_watcher *watcher;
	const coap_async_t *async;
	struct observer *o;

	if (!proxy || !proxy->watches.list)
		return false;
	async = coap_find_async(session, coap_pdu_get_token(request));
	watcher = async ? async->watcher : NULL;
	if (watcher) {
		*ok = answer(watcher, session, request, response);
		return true;
	}
	o = find_observer(session, request);
	watcher = o ? o->tie : NULL;
	/* A notification is due. */
	if (watcher && request == o->request) {
		*ok = fill_for(watcher, session, request, response);
		return true;
	}
	/* It takes its observation back. */
	if (!watcher || !proxy_watch_is_fresh(watcher->watch) ||
	    observation_request_value(request) != COAP_OBSERVE_CANCEL)
		return false;
	*ok = fill(watcher->watch, session, request, response);
	return true;
}

/* Until there is a state. */
static int
wait(struct proxy_watcher *watcher, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response)
{
	struct proxy_watch *watch = watcher->watch;

	watcher->async = coap_register_async(session, request,
	    (coap_tick_t)PROXY_TIMEOUT_MS * COAP_TICKS_PER_SECOND / 1000);
	if (!watcher->async) {
		proxy_watcher_free(watcher);
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "Too many requests wait in this proxy");
	}
	watcher->async->watcher = watcher;
	observe_hurry(watch->up);
	return 1;
}

bool
proxy_observe_begin(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct proxy_way *way,
    const coap_proxy_server_list_t *list, int *ok)
{
	struct proxy_watcher *watcher;
	struct proxy_watch *watch;
	struct proxy *proxy;
	coap_option_t observe;

	/* It is there when the client asks for it and may have it. */
	if (!notify_asks(request) ||
	    !pdu_find_option(response, COAP_OPTION_OBSERVE, &observe))
		return false;
	proxy = proxy_of(session->context);
	if (!proxy)
		return false;
	watch = proxy_watch_get(proxy, session, request, way, list);
	watcher = watch ? proxy_watcher_new(watch) : NULL;
	if (!watcher) {
		if (watch && watch->n == 0)
			coapx_timer_set(watch->unused, 0);
		return false;
	}
	*ok = proxy_watch_is_fresh(watch)
	    ? fill_for(watcher, session, request, response)
	    : wait(watcher, session, request, response);
	return true;
}

/* --- ends ----------------------------------------------------------------- */

bool
proxy_observe_has(const struct proxy *proxy, const coap_pdu_t *received)
{
	const struct proxy_watch *watch;

	DL_FOREACH(proxy->watches.list, watch)
		if (watch->received == received)
			return true;
	return false;
}

void
proxy_observe_free(struct proxy *proxy)
{
	while (proxy->watches.list)
		proxy_watch_free(proxy->watches.list);
}

/* --- a server's observers ------------------------------------------------- */

bool
proxy_observe_can(const coap_resource_t *resource)
{
	return resource->proxy || (resource->unknown && resource->reverse);
}

struct proxy_watcher *
proxy_observe_take(const coap_session_t *session)
{
	struct proxy *proxy = session->context->proxy;
	struct proxy_watcher *watcher = proxy ? proxy->watches.answered : NULL;

	if (watcher)
		proxy->watches.answered = NULL;
	return watcher;
}

void
proxy_observe_settle(struct proxy_watcher *watcher, struct observer *o)
{
	if (!watcher || watcher->observer)
		return;
	if (!o) {
		proxy_watcher_free(watcher);
		return;
	}
	watcher->observer = o;
	o->tie = watcher;
	o->untie = untie;
}
