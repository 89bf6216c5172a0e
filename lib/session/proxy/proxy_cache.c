/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers that a proxy has already. */
#include "session/proxy/proxy_cache.h"

#include <stdio.h>

#include <coap3/coap_address.h>

#include "wire/pdu.h"

static const struct resources *
resources_of(const struct proxy *proxy)
{
	return &proxy->context->resources;
}

/* For that client alone: also what comes by a session that is his. */
static bool
is_private(const coap_session_t *session, const struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	return list->track_client_session || proxy_is_secure(session, way);
}

/* Servers that take turns are one: the first stands for all. */
static struct proxy_scope
scope_of(const coap_session_t *session, const struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	const coap_proxy_server_t *server =
	    list->entry_count > 0 ? &list->entry[0] : NULL;
	const coap_uri_t *hop = way->direct ? &way->hop : &server->uri;

	return (struct proxy_scope){
		.asked = way->text ? &way->asked : hop,
		.hop = hop,
		.strip = way->strip,
		.client = is_private(session, way, list) ? session->id : 0,
		.proof = { server ? server->dtls_pki : NULL,
		    server ? server->dtls_cpsk : NULL },
	};
}

struct proxy_ask *
proxy_cache_ask(struct proxy *proxy, const coap_session_t *session,
    const coap_pdu_t *request, const struct proxy_way *way,
    const coap_proxy_server_list_t *list)
{
	struct proxy_scope scope;

	/* A group's answers are many (section 8.2.1). */
	if (!proxy || coap_is_mcast(&session->local))
		return NULL;
	scope = scope_of(session, way, list);
	return proxy_ask_new(&proxy->cache, resources_of(proxy), request,
	    &scope, context_now(proxy->context));
}

/* --- from what is kept ---------------------------------------------------- */

static void
give(struct proxy *proxy, coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct proxy_entry *entry)
{
	bool known = proxy_entry_is_known(entry, request);

	if (!proxy_entry_head(entry, resources_of(proxy), known,
		context_now(proxy->context), response)) {
		proxy_refuse(response, COAP_RESPONSE_CODE_BAD_GATEWAY,
		    "The options of the answer are too long");
		return;
	}
	if (!known)
		proxy_give_body(session, request, response, entry->answer);
}

static void
note(coap_session_t *session, const char *text)
{
	trace_text(session, COAPX_TRACE_NOTE, text);
	coap_log_debug("%s: %s\n", coap_session_str(session), text);
}

bool
proxy_cache_answers(struct proxy *proxy, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response,
    const struct proxy_way *way)
{
	struct proxy_entry *entry;
	coap_opt_iterator_t oi;
	coap_tick_t now;
	char text[80];

	if (!way->ask || coap_check_option(request, COAP_OPTION_OBSERVE, &oi))
		return false;
	now = context_now(proxy->context);
	entry = proxy_cache_find(&proxy->cache, way->ask, now);
	if (!entry)
		return false;
	snprintf(text, sizeof text, "answered from the cache, age %u s",
	    proxy_entry_age(entry, now));
	note(session, text);
	give(proxy, session, request, response, entry);
	return true;
}

void
proxy_cache_confirmed(struct proxy *proxy, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response,
    const struct proxy_ask *ask)
{
	note(session, "answered from the cache, validated");
	give(proxy, session, request, response, ask->stale);
}

/* --- to be kept ----------------------------------------------------------- */

void
proxy_cache_failed(struct proxy *proxy, const struct proxy_ask *ask)
{
	if (ask)
		proxy_cache_unanswered(&proxy->cache, ask);
}

bool
proxy_cache_settle(struct proxy *proxy, const coap_session_t *hop,
    const struct proxy_ask *ask, const coap_pdu_t *request, coap_pdu_t **answer,
    char why[PROXY_WHY])
{
	enum proxy_use use;

	if (!*answer)
		proxy_cache_failed(proxy, ask);
	/* Many may answer for a group. */
	if (!*answer || !ask || (!ask->changing && coap_is_mcast(&hop->remote)))
		return false;
	use = proxy_cache_take(&proxy->cache, resources_of(proxy), ask, request,
	    *answer);
	if (use == PROXY_USE_ANSWER)
		return false;
	coap_delete_pdu(*answer);
	*answer = NULL;
	snprintf(why, PROXY_WHY, "The answer confirms an unknown ETag");
	return use == PROXY_USE_STALE;
}

void
proxy_cache_told(struct proxy *proxy, struct proxy_ask *ask,
    coap_pdu_t *notification)
{
	if (ask)
		proxy_cache_notified(&proxy->cache, resources_of(proxy), ask,
		    notification, context_now(proxy->context));
}

/* --- settings ------------------------------------------------------------- */

void
coapx_context_set_proxy_cache(coap_context_t *context, unsigned max_entries,
    size_t max_bytes)
{
	if (!context)
		return;
	context->set.proxy_entries = max_entries;
	context->set.proxy_bytes = max_bytes;
	if (context->proxy)
		proxy_cache_limit(&context->proxy->cache, max_entries,
		    max_bytes);
}
