/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that go on to another server, and their answers back. A request
 * waits as an async entry; its handler is called again when the answer is
 * there, and coap_proxy_forward_request() then fills the response with it.
 */
#include "session/proxy/proxy_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "exchange/copy.h"
#include "exchange/proxy.h"
#include "session/body/blockwise.h"
#include "session/proxy/proxy_cache.h"
#include "session/traffic/amplify.h"
#include "wire/block.h"
#include "wire/pdu.h"

/* Bytes of the names in a 5.08: what a datagram has for a payload (RFC 7252
 * section 4.6). */
#define HOP_NAMES_MAX 1024

struct forward {
	struct forward *prev;
	struct forward *next;
	struct proxy *proxy;
	coap_async_t *async;      /* NULL: gone, and this is dead */
	struct proxy_link *link;  /* while the request is under way */
	coapx_request_t *request; /* likewise */
	coap_cache_key_t *key;
	const coap_pdu_t *received; /* while its handler is called */
	coap_pdu_t *answer;         /* a copy, with its body */
	struct proxy_ask *ask;      /* for the cache; or NULL */
	unsigned code;              /* without an answer: what we say */
	char why[PROXY_WHY];
	bool done;
	bool confirmed; /* the answer is what the cache has */
	bool busy; /* handlers may be called: it stays until that is over */
	bool dead;
};

/* --- words ---------------------------------------------------------------- */

unsigned
proxy_code_of_error(int err)
{
	switch (err) {
	case -COAP_E_NOMEM:
		return COAP_RESPONSE_CODE_INTERNAL_ERROR;
	case -COAP_E_LIMIT:
		return COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE;
	case -COAP_E_BAD_RESPONSE:
	case -COAP_E_FORMAT:
	case -COAP_E_TOOBIG:
		return COAP_RESPONSE_CODE_BAD_GATEWAY;
	case -COAP_E_NOTSUP:
	case -COAP_E_MCAST:
		return COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED;
	default:
		return COAP_RESPONSE_CODE_GATEWAY_TIMEOUT;
	}
}

/* Names this proxy, without a space (RFC 8768 section 4). */
static void
identify(const coap_session_t *session, char text[ADDR_TEXT_SIZE])
{
	if (addr_format(&session->local, text, ADDR_TEXT_SIZE) == 0)
		snprintf(text, ADDR_TEXT_SIZE, "proxy");
}

/* --- their life ----------------------------------------------------------- */

struct proxy *
proxy_of(coap_context_t *context)
{
	if (!context->proxy) {
		context->proxy = mem_new(COAP_NODE, 1, sizeof *context->proxy);
		if (!context->proxy)
			return NULL;
		context->proxy->context = context;
		proxy_cache_init(&context->proxy->cache,
		    context->set.proxy_entries, context->set.proxy_bytes);
	}
	return context->proxy;
}

/* The way to the next hop is not needed any more. */
static void
let_go(struct forward *f)
{
	struct proxy_link *link = f->link;

	coapx_request_cancel(f->request);
	f->request = NULL;
	f->link = NULL;
	if (link)
		proxy_link_put(link);
}

static void
forward_free(struct forward *f)
{
	if (!f->dead) {
		if (!f->done)
			proxy_cache_failed(f->proxy, f->ask);
		DL_DELETE(f->proxy->forwards, f);
		if (f->async)
			f->async->forward = NULL;
		f->dead = true;
		let_go(f);
	}
	if (f->busy)
		return;
	coap_delete_cache_key(f->key);
	coap_delete_pdu(f->answer);
	proxy_ask_free(f->ask);
	coap_free_type(COAP_NODE, f);
}

/* A time in which it is busy is over: whether it is there still. */
static bool
settle(struct forward *f)
{
	f->busy = false;
	if (!f->dead)
		return true;
	let_go(f);
	forward_free(f);
	return false;
}

void
proxy_forget(struct forward *f, struct proxy_watcher *watcher)
{
	if (f) {
		f->async = NULL;
		forward_free(f);
	}
	if (watcher) {
		watcher->async = NULL;
		proxy_watcher_free(watcher);
	}
}

void
proxy_client_gone(coap_session_t *session)
{
	struct proxy *proxy = session->context->proxy;
	struct proxy_link *link;

	if (!proxy)
		return;
	proxy_cache_forget(&proxy->cache, session->id);
	link = proxy->links;
	while (link) {
		if (link->client != session->id || link->orphan) {
			link = link->next;
			continue;
		}
		link->orphan = true;
		if (link->users == 0)
			proxy_link_close(link);
		/* Who is told of it may end others. */
		link = proxy->links;
	}
}

void
proxy_free(coap_context_t *context)
{
	struct proxy *proxy = context->proxy;

	if (!proxy)
		return;
	while (proxy->forwards)
		forward_free(proxy->forwards);
	proxy_observe_free(proxy);
	while (proxy->links)
		proxy_link_close(proxy->links);
	proxy_cache_clear(&proxy->cache);
	context->proxy = NULL;
	coap_free_type(COAP_NODE, proxy);
}

/* --- answers from the next hop -------------------------------------------- */

/* Whether a body is there with all its parts. */
static bool
is_whole(const coap_pdu_t *response)
{
	coap_block_t block;

	return response->body ||
	    !coap_get_block(response, COAP_OPTION_BLOCK2, &block) ||
	    (block.num == 0 && !block.m);
}

coap_pdu_t *
proxy_keep_answer(const struct proxy *proxy, const coap_pdu_t *response,
    unsigned *code, char why[PROXY_WHY])
{
	const struct resources *r = &proxy->context->resources;
	unsigned bad = proxy_bad_response(r, response);
	size_t len, offset, total;
	const uint8_t *data;
	coap_pdu_t *answer;

	*code = COAP_RESPONSE_CODE_BAD_GATEWAY;
	if (bad > 0) {
		snprintf(why, PROXY_WHY,
		    "Option %u of the answer is not known to this proxy", bad);
		return NULL;
	}
	coap_get_data_large(response, &len, &data, &offset, &total);
	if (offset > 0 || total > len || !is_whole(response)) {
		snprintf(why, PROXY_WHY, "The answer is not complete");
		return NULL;
	}
	answer = copy_pdu(response);
	if (!answer) {
		*code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		snprintf(why, PROXY_WHY, "Out of memory");
	}
	return answer;
}

/* The application may look at it, as libcoap has it. */
static void
tell(struct forward *f, coap_session_t *session, const coapx_result_t *result)
{
	coap_response_handler_t handler = session->context->on.response;

	if (!handler || !result->response)
		return;
	f->received = result->response;
	handler(session, result->sent, result->response, result->response->mid);
	f->received = NULL;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct forward *f = arg;

	(void)request;
	f->request = NULL;
	f->busy = true;
	if (result->error == 0) {
		f->answer = proxy_keep_answer(f->proxy, result->response,
		    &f->code, f->why);
	} else {
		f->code = proxy_code_of_error(result->error);
		snprintf(f->why, sizeof f->why, "No answer from %s: %s",
		    f->link->origin, err_text(result->error));
	}
	f->confirmed = proxy_cache_settle(f->proxy, session, f->ask,
	    f->async->request, &f->answer, f->why);
	f->done = true;
	tell(f, session, result);
	let_go(f);
	if (settle(f))
		coap_async_trigger(f->async);
}

/* --- the answer to the client --------------------------------------------- */

/* Whether an answer is a list of the proxies that it passed. */
static bool
names_proxies(const coap_pdu_t *answer)
{
	coap_option_t option;

	return answer->code == COAP_RESPONSE_CODE_HOP_LIMIT_REACHED &&
	    !pdu_find_option(answer, COAP_OPTION_CONTENT_FORMAT, &option);
}

/*
 * RFC 8768 section 4: each proxy on the way puts its name in front, where there
 * is room, and passes on none that has its name already: the way is a circle.
 * False: the answer goes on as it is.
 */
static bool
relay_hop_limit(coap_session_t *session, const coap_pdu_t *answer,
    coap_pdu_t *response)
{
	static const char circle[] = "Requests go round in a circle of proxies";
	size_t len = pdu_payload_len(answer);
	char text[ADDR_TEXT_SIZE + HOP_NAMES_MAX];
	size_t n;

	identify(session, text);
	if (proxy_is_named(answer, text)) {
		coap_log_warn("%s: %s\n", coap_session_str(session), circle);
		proxy_refuse(response, COAP_RESPONSE_CODE_BAD_GATEWAY, circle);
		return true;
	}
	n = strlen(text);
	if (n + 1 + len > HOP_NAMES_MAX)
		return false;
	snprintf(text + n, sizeof text - n, "%s%.*s", len > 0 ? " " : "",
	    (int)len, len > 0 ? (const char *)answer->data : "");
	proxy_refuse(response, COAP_RESPONSE_CODE_HOP_LIMIT_REACHED, text);
	return true;
}

void
proxy_release(coap_session_t *session, void *app)
{
	(void)session;
	coap_delete_pdu(app);
}

int
proxy_give_body(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_t *answer)
{
	size_t len = 0, offset, total;
	const uint8_t *data;

	coap_get_data_large(answer, &len, &data, &offset, &total);
	if (len == 0)
		return 1;
	return blockwise_add_answer(session, request, response,
	    &(struct blockwise_answer){ data, len, proxy_release,
		pdu_ref(answer) });
}

/* Seconds that are left of what the answer said. */
static bool
put_max_age(coap_pdu_t *response, int64_t seconds)
{
	if (seconds < 0)
		return true;
	pdu_remove_option(response, COAP_OPTION_MAXAGE);
	return block_add_uint(response, COAP_OPTION_MAXAGE, (uint64_t)seconds);
}

int
proxy_fill(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_t *answer, int64_t max_age)
{
	const struct resources *r = &session->context->resources;

	if (names_proxies(answer) && relay_hop_limit(session, answer, response))
		return 1;
	coap_pdu_set_code(response, (coap_pdu_code_t)answer->code);
	if (!proxy_response_options(r, answer, response) ||
	    !put_max_age(response, max_age))
		return proxy_refuse(response, COAP_RESPONSE_CODE_BAD_GATEWAY,
		    "The options of the answer are too long");
	return proxy_give_body(session, request, response, answer);
}

/* The second call of the handler. The response has what there is to say, so the
 * key is taken. */
static int
finish(struct forward *f, coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_cache_key_t *key)
{
	if (key != f->key)
		coap_delete_cache_key(key);
	/* Whatever was asked for, nothing is observed. */
	pdu_remove_option(response, COAP_OPTION_OBSERVE);
	if (f->confirmed)
		proxy_cache_confirmed(f->proxy, session, request, response,
		    f->ask);
	else if (f->answer)
		proxy_fill(session, request, response, f->answer, -1);
	else
		proxy_refuse(response, f->code, f->why);
	return 1;
}

/* --- sending it on -------------------------------------------------------- */

int
proxy_add_options(const struct proxy *proxy, const coap_pdu_t *request,
    const struct proxy_way *way, coap_pdu_t *pdu)
{
	const struct resources *r = &proxy->context->resources;
	coap_optlist_t *chain = NULL;
	int err =
	    proxy_request_options(r, request, way->strip ? &way->asked : NULL,
		&way->hop, proxy_hop_limit(request), &chain);

	if (err == 0 && chain && !coap_add_optlist_pdu(pdu, &chain))
		err = -COAP_E_NOMEM;
	coap_delete_optlist(chain);
	return err;
}

static int
send_on(struct forward *f, const struct proxy_way *way)
{
	const coap_pdu_t *request = f->async->request;
	coap_session_t *session = f->link->session;
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = PROXY_TIMEOUT_MS,
		.flags = COAPX_REQUEST_END_ON_ICMP | COAPX_REQUEST_EACH_BLOCK,
		.result = on_result,
		.arg = f,
	};
	coap_pdu_t *pdu = coap_new_pdu((coap_pdu_type_t)request->type,
	    (coap_pdu_code_t)request->code, session);
	size_t len, offset, total;
	const uint8_t *data;
	int err = pdu ? proxy_add_options(f->proxy, request, way, pdu)
		      : -COAP_E_NOMEM;

	if (err == 0)
		amplify_strip(f->async->session, request, pdu);
	if (err == 0 && !proxy_ask_validate(f->ask, pdu))
		err = -COAP_E_NOMEM;
	if (err == 0 &&
	    coap_get_data_large(request, &len, &data, &offset, &total) &&
	    !coap_add_data_large_request(session, pdu, len, data, NULL, NULL))
		err = -COAP_E_NOMEM;
	if (err < 0) {
		coap_delete_pdu(pdu);
		return err;
	}
	f->request = coapx_request_send(session, pdu, &params, &err);
	if (f->request)
		f->request->forwarded = true;
	return err;
}

static struct forward *
forward_new(coap_session_t *session, const coap_pdu_t *request)
{
	struct proxy *proxy = proxy_of(session->context);
	struct forward *f = proxy ? mem_new(COAP_NODE, 1, sizeof *f) : NULL;

	if (!f)
		return NULL;
	f->proxy = proxy;
	f->async = coap_register_async(session, request, 0);
	if (!f->async) {
		coap_free_type(COAP_NODE, f);
		return NULL;
	}
	f->async->forward = f;
	DL_APPEND(proxy->forwards, f);
	return f;
}

static int
begin(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response,
    coap_cache_key_t *key, struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	struct forward *f = forward_new(session, request);
	int err;

	if (!f)
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "Too many requests wait in this proxy");
	f->ask = way->ask;
	way->ask = NULL;
	/* A session that is opened, or makes room, tells of it. */
	f->busy = true;
	f->link = proxy_reach(f->proxy, session, way, list, &err);
	if (f->link && !f->dead)
		err = send_on(f, way);
	if (!settle(f))
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "The request was given up");
	if (err == 0) {
		f->key = key;
		return 1;
	}
	/* Takes f along. */
	coap_free_async(session, f->async);
	return proxy_refuse(response, proxy_code_of_error(err), err_text(err));
}

/* With success the key is ours. */
static int
took(int ok, coap_cache_key_t *key)
{
	if (ok)
		coap_delete_cache_key(key);
	return ok;
}

/* With what is kept, or to the next hop. */
static int
go_on(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response,
    coap_cache_key_t *key, struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	struct proxy *proxy = proxy_of(session->context);

	way->ask = proxy_cache_ask(proxy, session, request, way, list);
	if (proxy_cache_answers(proxy, session, request, response, way))
		return took(1, key);
	return begin(session, request, response, key, way, list);
}

static int
forward(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_cache_key_t *key, coap_proxy_server_list_t *list)
{
	const coap_async_t *async =
	    coap_find_async(session, coap_pdu_get_token(request));
	struct forward *f = async ? async->forward : NULL;
	struct proxy_way way = { .text = NULL };
	char text[ADDR_TEXT_SIZE];
	int ok;

	if (f && f->done)
		return finish(f, session, request, response, key);
	if (proxy_observe_serve(session, request, response, &ok))
		return took(ok, key);
	if (context_check(session->context) < 0)
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "The proxy is ending");
	if (proxy_hop_limit(request) == 0) {
		identify(session, text);
		coap_log_info("%s: a request's Hop-Limit is used up\n",
		    coap_session_str(session));
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_HOP_LIMIT_REACHED, text);
	}
	ok = proxy_find_way(session, request, response, list, &way);
	if (ok &&
	    proxy_observe_begin(session, request, response, &way, list, &ok))
		ok = took(ok, key);
	else if (ok)
		ok = go_on(session, request, response, key, &way, list);
	proxy_ask_free(way.ask);
	coap_delete_string(way.text);
	return ok;
}

/* --- libcoap's functions -------------------------------------------------- */

int
coap_verify_proxy_scheme_supported(coap_uri_scheme_t scheme)
{
	const struct proto *proto = proto_by_scheme(scheme);

	return proto && proto_is_supported(proto);
}

int
coap_proxy_forward_request(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_resource_t *resource,
    coap_cache_key_t *cache_key, coap_proxy_server_list_t *server_list)
{
	int ok;

	(void)resource;
	if (!response)
		return 0;
	if (!session || !request || !server_list ||
	    (server_list->entry_count > 0 && !server_list->entry))
		return proxy_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "");
	context_enter(session->context);
	ok = forward(session, request, response, cache_key, server_list);
	context_leave(session->context);
	return ok;
}

coap_response_t
coap_proxy_forward_response(coap_session_t *session, const coap_pdu_t *received,
    coap_cache_key_t **cache_key)
{
	struct proxy *proxy = session ? session->context->proxy : NULL;
	struct forward *f = NULL;

	if (cache_key)
		*cache_key = NULL;
	if (proxy && received)
		DL_SEARCH_SCALAR(proxy->forwards, f, received, received);
	if (!f)
		return received && proxy && proxy_observe_has(proxy, received)
		    ? COAP_RESPONSE_OK
		    : COAP_RESPONSE_FAIL;
	if (cache_key) {
		*cache_key = f->key;
		f->key = NULL;
	}
	return COAP_RESPONSE_OK;
}
