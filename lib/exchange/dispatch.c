/* SPDX-License-Identifier: BSD-2-Clause */
/* From a request to the handler of its resource (RFC 7252 section 5). */
#include "exchange/dispatch.h"

#include <coap3/coap_block.h>
#include <coap3/coap_encode.h>
#include <coap3/coap_uri.h>

#include "base/err.h"
#include "exchange/path.h"
#include "exchange/proxy.h"
#include "exchange/resource.h"
#include "wire/pdu.h"

struct work {
	struct resources *resources;
	coap_session_t *session;
	const struct dispatch *env;
	const coap_pdu_t *request;
	coap_pdu_t *response;
	coap_resource_t *resource;
	coap_method_handler_t handler;
	coap_pdu_t *local; /* the request without its proxy; or NULL */
	bool forward;      /* a proxy's handler gets it */
	int flags;         /* of the resource: what multicast suppresses */
	bool silent;       /* it takes no requests to groups */
	struct refusal why;
};

/* Refusing */

/* Takes back what a handler put into the response. */
static void
clear_response(struct work *w)
{
	coap_bin_const_t token = coap_pdu_get_token(w->request);

	pdu_clear(w->response);
	coap_add_token(w->response, token.length, token.s);
}

static void
fill_refusal(struct work *w)
{
	if (w->response->used > w->response->token_len)
		clear_response(w);
	coap_pdu_set_code(w->response, (coap_pdu_code_t)w->why.code);
	/* Without the text it is still an answer. */
	if (w->why.text[0] != '\0' &&
	    pdu_reserve(w->response, strlen(w->why.text) + 1) == 0)
		coap_add_data(w->response, strlen(w->why.text),
		    (const uint8_t *)w->why.text);
}

/* Returns false, as the steps below do then. */
static bool
refuse(struct work *w, unsigned code, const char *text)
{
	w->why.code = (uint8_t)code;
	strncpy(w->why.text, text, sizeof(w->why.text) - 1);
	return false;
}

/* The table's own resource */

static bool
accepts(const coap_pdu_t *request, unsigned format)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	opt = coap_check_option(request, COAP_OPTION_ACCEPT, &oi);
	return opt == NULL ||
	    coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt)) ==
	    format;
}

/* The query of the request, decoded by nobody; *query is NULL without one. */
static bool
get_query(const coap_pdu_t *request, coap_string_t **query)
{
	coap_opt_iterator_t oi;

	*query = NULL;
	if (coap_check_option(request, COAP_OPTION_URI_QUERY, &oi) == NULL)
		return true;
	*query = coap_get_query(request);
	return *query != NULL;
}

static int
print_wellknown(struct work *w, struct buf *body)
{
	coap_string_t *query;
	int r;

	if (!get_query(w->request, &query))
		return -COAP_E_NOMEM;
	r = resources_print(w->resources,
	    query != NULL ? (const char *)query->s : "",
	    query != NULL ? query->length : 0, body);
	coap_delete_string(query);
	return r;
}

static bool
refuse_print(struct work *w, int err)
{
	if (err == -COAP_E_LIMIT)
		return refuse(w, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The query is too long");
	return refuse(w, COAP_RESPONSE_CODE_INTERNAL_ERROR, "Out of memory");
}

static bool
answer_wellknown(struct work *w)
{
	const uint8_t *body;
	struct buf text;
	int r;

	/* A group has no use for "nothing here" (RFC 7252 section 8.2). */
	w->flags = COAP_RESOURCE_FLAGS_LIB_ENA_MCAST_SUPPRESS_2_05;
	if (coap_pdu_get_code(w->request) != COAP_REQUEST_CODE_GET)
		return refuse(w, COAP_RESPONSE_CODE_NOT_ALLOWED,
		    "This resource can only be read");
	if (!accepts(w->request, COAP_MEDIATYPE_APPLICATION_LINK_FORMAT))
		return refuse(w, COAP_RESPONSE_CODE_NOT_ACCEPTABLE,
		    "This resource is in link-format (40)");
	buf_init(&text, RESOURCES_TEXT_MAX);
	r = print_wellknown(w, &text);
	if (r < 0) {
		buf_free(&text);
		return refuse_print(w, r);
	}
	body = text.len > 0 ? text.data : (const uint8_t *)"";
	coap_add_data_blocked_response(w->request, w->response,
	    COAP_MEDIATYPE_APPLICATION_LINK_FORMAT, -1, text.len, body);
	buf_free(&text);
	return true;
}

/* Finding */

static coap_method_handler_t
handler_of(const coap_resource_t *resource, const coap_pdu_t *request)
{
	if (resource == NULL)
		return NULL;
	return resource
	    ->handlers[coap_pdu_get_code(request) - COAP_REQUEST_CODE_GET];
}

static bool
is_wellknown(const struct buf *key)
{
	const size_t len = sizeof(COAP_DEFAULT_URI_WELLKNOWN) - 1;

	return key->len == len &&
	    memcmp(key->data, COAP_DEFAULT_URI_WELLKNOWN, len) == 0;
}

/* The unknown resource takes a request when it can handle it. */
static bool
unknown_takes(const struct work *w, bool wellknown)
{
	const coap_resource_t *unknown = w->resources->unknown;

	if (handler_of(unknown, w->request) == NULL)
		return false;
	return !wellknown ||
	    (unknown->flags & COAP_RESOURCE_HANDLE_WELLKNOWN_CORE);
}

/* RFC 7252 section 5.10.8.2: whatever the method is. */
static bool
check_absent(struct work *w, const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;

	if (w->resource->unknown || w->resource->proxy ||
	    !coap_check_option(request, COAP_OPTION_IF_NONE_MATCH, &oi))
		return true;
	return refuse(w, COAP_RESPONSE_CODE_PRECONDITION_FAILED,
	    "This resource exists");
}

/* What RFC 7252 asks of a resource that is there. */
static bool
check_resource(struct work *w)
{
	if (w->resource->flags & COAP_RESOURCE_FLAGS_OSCORE_ONLY)
		return refuse(w, COAP_RESPONSE_CODE_UNAUTHORIZED,
		    "This resource needs OSCORE");
	if (w->handler == NULL)
		return refuse(w, COAP_RESPONSE_CODE_NOT_ALLOWED,
		    "This resource has no such method");
	return check_absent(w, w->request);
}

/* RFC 7252 section 5.10.8.1: what is not there matches no If-Match; 5.8.4: and
 * is deleted already, which a group's members need not say. */
static bool
answer_missing(struct work *w)
{
	coap_opt_iterator_t oi;

	if (coap_check_option(w->request, COAP_OPTION_IF_MATCH, &oi))
		return refuse(w, COAP_RESPONSE_CODE_PRECONDITION_FAILED,
		    "There is no such resource to match");
	if (coap_pdu_get_code(w->request) == COAP_REQUEST_CODE_DELETE &&
	    !w->env->multicast) {
		coap_pdu_set_code(w->response, COAP_RESPONSE_CODE_DELETED);
		return true;
	}
	return refuse(w, COAP_RESPONSE_CODE_NOT_FOUND,
	    "There is no such resource");
}

/* Sets the handler, or answers and leaves it NULL. */
static bool
find_handler(struct work *w, const struct buf *key)
{
	bool wellknown = is_wellknown(key);

	w->resource = resources_find_key(w->resources, key->data, key->len);
	if (w->resource == NULL && unknown_takes(w, wellknown))
		w->resource = w->resources->unknown;
	if (w->resource == NULL && wellknown)
		return answer_wellknown(w);
	if (w->resource == NULL)
		return answer_missing(w);
	w->flags = w->resource->flags;
	w->silent = w->env->multicast && w->resources->mcast_per_resource &&
	    !(w->flags & COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT);
	if (w->silent)
		return false;
	w->handler = handler_of(w->resource, w->request);
	return check_resource(w);
}

/* A proxy's handler gets whatever path is asked for. What comes to a group is
 * not forwarded, for each member would. */
static bool
find_proxy(struct work *w)
{
	coap_opt_iterator_t oi;
	bool asks = coap_check_option(w->request, COAP_OPTION_PROXY_URI, &oi) ||
	    coap_check_option(w->request, COAP_OPTION_PROXY_SCHEME, &oi);

	w->resource = asks ? w->resources->proxy : w->resources->unknown;
	w->flags = w->resource->flags;
	w->silent = w->env->multicast;
	w->handler = handler_of(w->resource, w->request);
	return !w->silent && check_resource(w);
}

/* Whose it is. One for a host that we are goes on without the proxy. */
static bool
place(struct work *w)
{
	enum proxy_place place = proxy_place_of(w->resources, w->request);
	int r;

	w->forward = place == PROXY_FORWARD;
	if (place != PROXY_OWN)
		return true;
	r = proxy_localize(w->request, &w->local);
	if (r == 0) {
		w->request = w->local;
		return true;
	}
	if (r == -COAP_E_NOMEM)
		return refuse(w, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "Out of memory");
	return refuse(w, COAP_RESPONSE_CODE_BAD_REQUEST,
	    "Option 35 (Proxy-Uri) is no URI of ours");
}

static bool
find(struct work *w)
{
	struct buf key;
	bool ok;
	int r;

	if (coap_pdu_get_code(w->request) > COAP_REQUEST_CODE_IPATCH)
		return refuse(w, COAP_RESPONSE_CODE_NOT_ALLOWED,
		    "There is no such method");
	if (w->forward)
		return find_proxy(w);
	buf_init(&key, PATH_KEY_MAX);
	r = path_key_from_request(&key, w->request);
	if (r == 0)
		ok = find_handler(w, &key);
	else if (r == -COAP_E_URI)
		ok = refuse(w, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "A Uri-Path may not be \".\" or \"..\"");
	else if (r == -COAP_E_TOOBIG)
		ok = refuse(w, COAP_RESPONSE_CODE_NOT_FOUND,
		    "There is no such resource");
	else
		ok = refuse(w, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "Out of memory");
	buf_free(&key);
	return ok;
}

/* Running */

/* Whether a response answers a request for a later part with the whole. */
static bool
ignores_block2(const struct work *w)
{
	coap_option_t option;

	return COAP_RESPONSE_CLASS(coap_pdu_get_code(w->response)) == 2 &&
	    !pdu_find_option(w->response, COAP_OPTION_BLOCK2, &option) &&
	    options_block2_num(w->resources, w->request) > 0;
}

/*
 * After the handler nothing is looked at but the resource, which is held, and
 * the two messages, which are the caller's.
 */
static void
call_handler(struct work *w, const coap_pdu_t *request,
    const coap_string_t *query)
{
	const struct dispatch_observe *observe = w->env->observe;

	resource_hold(w->resource);
	if (observe)
		observe->begin(w->env->turn, w->resource, request, w->response);
	w->handler(w->resource, w->session, request, query, w->response);
	if (observe)
		observe->end(w->env->turn, w->resource, request, w->response);
	w->flags = w->resource->flags;
	resource_let_go(w->resource);
	w->resource = NULL;
}

static bool
run_handler(struct work *w)
{
	const struct dispatch_bodies *bodies = w->env->bodies;
	bool single = w->flags & COAP_RESOURCE_FLAGS_FORCE_SINGLE_BODY;
	const coap_pdu_t *request = w->request;
	coap_string_t *query;
	bool ok = true;

	if (!get_query(w->request, &query))
		return refuse(w, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "Out of memory");
	if (!bodies ||
	    bodies->begin(w->env->user, single, &request, w->response)) {
		/* It may have been made since the first part came. */
		ok = check_absent(w, request);
		if (ok)
			call_handler(w, request, query);
	}
	if (bodies)
		bodies->end(w->env->user, w->response);
	coap_delete_string(query);
	if (ok && ignores_block2(w))
		return refuse(w, COAP_RESPONSE_CODE_BAD_OPTION,
		    "Option 23 (Block2) asks for a later part");
	return ok;
}

/* Answering */

/* RFC 7967 section 2.1: a bit for each class; -1 when the client is silent. */
static int
no_response_bits(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	opt = coap_check_option(request, COAP_OPTION_NORESPONSE, &oi);
	if (opt == NULL || coap_opt_length(opt) > 1)
		return -1;
	return coap_opt_length(opt) == 0 ? 0 : coap_opt_value(opt)[0];
}

static bool
group_suppresses(const coap_pdu_t *response, int flags)
{
	unsigned code = coap_pdu_get_code(response);

	if (code == COAP_RESPONSE_CODE_CONTENT &&
	    pdu_payload_len(response) == 0 &&
	    (flags & COAP_RESOURCE_FLAGS_LIB_ENA_MCAST_SUPPRESS_2_05))
		return true;
	switch (COAP_RESPONSE_CLASS(code)) {
	case 2:
		return flags & COAP_RESOURCE_FLAGS_LIB_ENA_MCAST_SUPPRESS_2_XX;
	case 4:
		return !(
		    flags & COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_4_XX);
	case 5:
		return !(
		    flags & COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_5_XX);
	default:
		return false;
	}
}

static bool
is_suppressed(const struct work *w, bool multicast)
{
	unsigned class = COAP_RESPONSE_CLASS(coap_pdu_get_code(w->response));
	int bits = no_response_bits(w->request);

	/* Without it the body's next part would never come. */
	if (w->response->code == COAP_RESPONSE_CODE_CONTINUE)
		return false;
	if (bits >= 0)
		return class > 0 && (bits >> (class - 1) & 1);
	return multicast && group_suppresses(w->response, w->flags);
}

static bool
is_rejected(const struct work *w)
{
	return w->why.bad_option && w->request->framing == FRAMING_DATAGRAM &&
	    coap_pdu_get_type(w->request) == COAP_MESSAGE_NON;
}

static enum dispatch_result
conclude(struct work *w, bool ok)
{
	bool multicast = w->env->multicast;

	if (w->silent)
		return DISPATCH_SILENT;
	if (!ok && is_rejected(w))
		return multicast ? DISPATCH_SILENT : DISPATCH_REJECT;
	if (!ok)
		fill_refusal(w);
	if (coap_pdu_get_code(w->response) == COAP_EMPTY_CODE)
		return DISPATCH_DEFERRED;
	return is_suppressed(w, multicast) ? DISPATCH_SILENT : DISPATCH_RESPOND;
}

enum dispatch_result
dispatch_request(struct resources *r, coap_session_t *session,
    const struct dispatch *env, const coap_pdu_t *request, coap_pdu_t *response)
{
	struct work w = {
		.resources = r,
		.session = session,
		.env = env,
		.request = request,
		.response = response,
	};
	enum dispatch_result result;
	bool ok;

	ok = place(&w) && options_check(r, w.request, w.forward, &w.why) &&
	    (env->bodies || options_check_whole(r, w.request, &w.why)) &&
	    find(&w);
	if (ok && w.handler != NULL)
		ok = run_handler(&w);
	if (env->flags)
		*env->flags = w.flags;
	result = conclude(&w, ok);
	coap_delete_pdu(w.local);
	return result;
}
