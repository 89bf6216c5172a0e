/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations of a proxy at next hops: their begin, what comes, their end. */
#include "session/proxy/proxy_watch.h"

#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/copy.h"
#include "exchange/proxy.h"
#include "session/observe/observe_client.h"
#include "session/proxy/proxy_cache.h"

/* --- watchers ------------------------------------------------------------- */

void
proxy_watcher_stop_waiting(struct proxy_watcher *watcher)
{
	if (watcher->async)
		watcher->async->watcher = NULL;
	watcher->async = NULL;
}

void
proxy_watcher_free(struct proxy_watcher *watcher)
{
	struct proxy_watch *watch = watcher->watch;
	struct proxy_watches *all = &watch->proxy->watches;

	proxy_watcher_stop_waiting(watcher);
	if (all->answered == watcher)
		all->answered = NULL;
	if (watcher->observer) {
		watcher->observer->tie = NULL;
		watcher->observer->untie = NULL;
	}
	DL_DELETE(watch->watchers, watcher);
	coap_free_type(COAP_NODE, watcher);
	/* Not at once: this may be anywhere in the end of a session. */
	if (--watch->n == 0 && !watch->dead)
		coapx_timer_set(watch->unused, 0);
}

struct proxy_watcher *
proxy_watcher_new(struct proxy_watch *watch)
{
	struct proxy_watcher *watcher;

	if (watch->n >= PROXY_WATCHERS_MAX)
		return NULL;
	watcher = mem_new(COAP_NODE, 1, sizeof *watcher);
	if (!watcher)
		return NULL;
	watcher->watch = watch;
	DL_APPEND(watch->watchers, watcher);
	watch->n++;
	return watcher;
}

/* All of them have something to be told. */
static void
announce(struct proxy_watch *watch)
{
	struct proxy_watcher *watcher;

	DL_FOREACH(watch->watchers, watcher) {
		if (watcher->observer) {
			observer_owe(watcher->observer);
			session_arm(watcher->observer->peer->session);
		}
		if (watcher->async && !watcher->done) {
			watcher->done = true;
			coap_async_trigger(watcher->async);
		}
	}
}

/* --- the life of one ------------------------------------------------------ */

static bool
shares_link(const struct proxy_watch *watch)
{
	const struct proxy_watch *other;

	DL_FOREACH(watch->proxy->watches.list, other)
		if (other != watch && other->link == watch->link)
			return true;
	return false;
}

/* What is observed is to outlive a connection that breaks, unless the
 * application has its own idea of that. */
static void
set_reconnect(const struct proxy_watch *watch, bool on)
{
	if (watch->proxy->context->set.reconnect_seconds > 0 ||
	    (!on && shares_link(watch)))
		return;
	coapx_session_set_reconnect(watch->link->session,
	    on ? PROXY_RETURN_SECONDS : 0, on ? PROXY_RETURN_TRIES : 0);
}

/* The way to the next hop is not needed any more; what is asked to stop goes on
 * without us. */
static void
let_go(struct proxy_watch *watch)
{
	struct proxy_link *link = watch->link;

	if (watch->up)
		coapx_observe_stop(watch->up, COAPX_OBSERVE_DEREGISTER);
	/* on_end() may have been called. */
	if (watch->up)
		coapx_observe_drop(watch->up);
	watch->up = NULL;
	if (!link)
		return;
	set_reconnect(watch, false);
	watch->link = NULL;
	proxy_link_put(link);
}

static void
forget_state(struct proxy_watch *watch)
{
	watch->proxy->watches.bytes -= watch->bytes;
	watch->bytes = 0;
	coap_delete_pdu(watch->state);
	watch->state = NULL;
}

void
proxy_watch_free(struct proxy_watch *watch)
{
	struct proxy_watches *all = &watch->proxy->watches;

	if (!watch->dead) {
		watch->dead = true;
		while (watch->watchers)
			proxy_watcher_free(watch->watchers);
		let_go(watch);
		DL_DELETE(all->list, watch);
		all->n--;
	}
	if (watch->busy)
		return;
	forget_state(watch);
	coapx_timer_free(watch->unused);
	coap_delete_cache_key(watch->key);
	proxy_ask_free(watch->ask);
	coap_delete_pdu(watch->request);
	coap_free_type(COAP_NODE, watch);
}

static void
on_unused(coapx_timer_t *timer, void *arg)
{
	struct proxy_watch *watch = arg;

	(void)timer;
	if (watch->n == 0)
		proxy_watch_free(watch);
}

/* There will be nothing new; whoever asks from now on begins anew. */
static void
end_watch(struct proxy_watch *watch)
{
	watch->ended = true;
	let_go(watch);
	announce(watch);
}

/* --- what comes ----------------------------------------------------------- */

/* Takes the place of the state before. False: it cannot be passed on, and code
 * and why are set. */
static bool
keep_state(struct proxy_watch *watch, const coap_pdu_t *response)
{
	struct proxy_watches *all = &watch->proxy->watches;
	coap_context_t *context = watch->proxy->context;

	forget_state(watch);
	if (copy_size(response) > PROXY_WATCH_BYTES - all->bytes) {
		watch->code = COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE;
		snprintf(watch->why, sizeof watch->why,
		    "What is observed takes too much of this proxy's memory");
		return false;
	}
	watch->state =
	    proxy_keep_answer(watch->proxy, response, &watch->code, watch->why);
	if (!watch->state)
		return false;
	watch->bytes = copy_size(watch->state);
	all->bytes += watch->bytes;
	watch->came = context_now(context);
	watch->max_age = observation_max_age(response);
	/* With nobody left it may be for a client that is gone. */
	if (watch->n > 0)
		proxy_cache_told(watch->proxy, watch->ask, watch->state);
	return true;
}

/* The application may look at it, as at any answer. Whether the watch is there
 * still. */
static bool
tell(struct proxy_watch *watch, coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *response)
{
	coap_response_handler_t handler = session->context->on.response;

	if (!handler)
		return true;
	watch->busy = true;
	watch->received = response;
	handler(session, sent, response, response->mid);
	watch->received = NULL;
	watch->busy = false;
	if (!watch->dead)
		return true;
	proxy_watch_free(watch);
	return false;
}

static void
on_notify(coapx_observation_t *up, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	struct proxy_watch *watch = arg;
	bool good;

	(void)up;
	if (!watch->state)
		set_reconnect(watch, true);
	good = keep_state(watch, n->response);
	if (!tell(watch, session, n->sent, n->response))
		return;
	if (good)
		announce(watch);
	else
		end_watch(watch);
}

static void
on_end(coapx_observation_t *up, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct proxy_watch *watch = arg;

	(void)up;
	watch->up = NULL;
	if (watch->dead || watch->ended)
		return;
	if (result->error == 0) {
		keep_state(watch, result->response);
		if (!tell(watch, session, result->sent, result->response))
			return;
	} else {
		forget_state(watch);
		watch->code = proxy_code_of_error(result->error);
		snprintf(watch->why, sizeof watch->why, "No answer from %s: %s",
		    watch->link->origin, err_text(result->error));
	}
	end_watch(watch);
}

/* --- beginning one -------------------------------------------------------- */

/* What is asked of the next hop, with its body as payload. Which state a client
 * has already, it is told by us; and that a request is fresh is shown for all
 * of them or for none. */
static coap_pdu_t *
make_request(const struct proxy *proxy, const coap_pdu_t *request,
    const struct proxy_way *way)
{
	coap_pdu_t *pdu =
	    pdu_new(COAP_MESSAGE_CON, request->code, 0, PDU_MAX_SIZE);
	size_t len = 0, offset, total;
	const uint8_t *data;
	bool ok = pdu && proxy_add_options(proxy, request, way, pdu) == 0;

	if (ok) {
		pdu_remove_option(pdu, COAP_OPTION_ETAG);
		pdu_remove_option(pdu, COAP_OPTION_ECHO);
	}
	if (ok && coap_get_data_large(request, &len, &data, &offset, &total))
		ok = len == 0 || coap_add_data(pdu, len, data);
	if (ok)
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

static bool
start(struct proxy_watch *watch)
{
	coap_session_t *session = watch->link->session;
	coapx_observe_params_t params = {
		.size = sizeof params,
		.flags = COAPX_OBSERVE_END_ON_ICMP,
		.timeout_ms = PROXY_TIMEOUT_MS,
		.notify = on_notify,
		.end = on_end,
		.arg = watch,
	};
	size_t len = pdu_payload_len(watch->request);
	coap_pdu_t *pdu =
	    pdu_duplicate(watch->request, coap_new_message_id(session),
		coap_session_max_pdu_size(session), 0, NULL, NULL);

	if (!pdu)
		return false;
	if (len > 0 &&
	    !coap_add_data_large_request(session, pdu, len,
		watch->request->data, proxy_release, pdu_ref(watch->request))) {
		coap_delete_pdu(pdu);
		return false;
	}
	watch->up = coapx_observe_start(session, pdu, &params, NULL);
	return watch->up != NULL;
}

/* What one stands for: the request, but how far it may go; and the client,
 * where it is for no other. */
static coap_cache_key_t *
key_of(const coap_pdu_t *request, const coap_session_t *client,
    const struct proxy_way *way)
{
	static const uint16_t ignored[] = { COAP_OPTION_HOP_LIMIT };

	return cache_key_new(request,
	    proxy_is_secure(client, way) ? client->id : 0, ignored, 1);
}

/* A cache key has the body of a FETCH alone, but a server may look at that of a
 * GET, and what one client sent must not choose what others get. */
static bool
brings_same(const coap_pdu_t *a, const coap_pdu_t *b)
{
	size_t len = pdu_payload_len(a);

	return len == pdu_payload_len(b) &&
	    (len == 0 || memcmp(a->data, b->data, len) == 0);
}

/* Where nothing came yet, one that may go less far may be the same request,
 * back here: waiting for itself it would not end by its Hop-Limit. */
static struct proxy_watch *
find(const struct proxy *proxy, const struct proxy_link *link,
    const coap_cache_key_t *key, const coap_pdu_t *request)
{
	unsigned hops = proxy_hop_limit(request);
	struct proxy_watch *watch;

	DL_FOREACH(proxy->watches.list, watch)
		if (!watch->ended && watch->link == link &&
		    (watch->state || hops >= watch->hops) &&
		    watch->key->len == key->len &&
		    memcmp(watch->key->bytes, key->bytes, key->len) == 0 &&
		    brings_same(watch->request, request))
			return watch;
	return NULL;
}

/* Takes request, key and the use of link, if there is room for one more. */
static struct proxy_watch *
watch_new(struct proxy *proxy, struct proxy_link *link, coap_pdu_t *request,
    coap_cache_key_t *key)
{
	struct proxy_watch *watch = proxy->watches.n < PROXY_WATCHES_MAX
	    ? mem_new(COAP_NODE, 1, sizeof *watch)
	    : NULL;

	if (!watch)
		return NULL;
	watch->proxy = proxy;
	watch->link = link;
	watch->request = request;
	watch->hops = proxy_hop_limit(request);
	watch->key = key;
	watch->unused = coapx_timer_new(proxy->context, on_unused, watch);
	if (!watch->unused || !start(watch)) {
		coapx_timer_free(watch->unused);
		coap_free_type(COAP_NODE, watch);
		return NULL;
	}
	DL_APPEND(proxy->watches.list, watch);
	proxy->watches.n++;
	return watch;
}

struct proxy_watch *
proxy_watch_get(struct proxy *proxy, const coap_session_t *session,
    const coap_pdu_t *request, const struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	coap_pdu_t *pdu = make_request(proxy, request, way);
	coap_cache_key_t *key = NULL;
	struct proxy_watch *watch = NULL;
	struct proxy_watch *made = NULL;
	struct proxy_link *link = NULL;
	int err;

	if (pdu)
		link = proxy_reach(proxy, session, way, list, &err);
	if (link)
		key = key_of(pdu, session, way);
	if (key)
		watch = find(proxy, link, key, pdu);
	if (key && !watch)
		watch = made = watch_new(proxy, link, pdu, key);
	if (made) {
		made->ask = proxy_cache_ask(proxy, session, request, way, list);
		return made;
	}
	if (link)
		proxy_link_put(link);
	coap_delete_cache_key(key);
	coap_delete_pdu(pdu);
	return watch;
}

/* --- how fresh it is ------------------------------------------------------ */

uint32_t
proxy_watch_left(const struct proxy_watch *watch)
{
	uint64_t age = (context_now(watch->proxy->context) - watch->came) /
	    COAP_TICKS_PER_SECOND;

	return age < watch->max_age ? (uint32_t)(watch->max_age - age) : 0;
}

bool
proxy_watch_is_fresh(const struct proxy_watch *watch)
{
	return !watch->ended && watch->state && proxy_watch_left(watch) > 0 &&
	    !(watch->ask &&
		proxy_cache_has_changed(&watch->proxy->cache, watch->ask));
}
