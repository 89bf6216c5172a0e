/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations that outlive the process: who is told, and bringing one back. */
#include "session/observe/persist.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/copy.h"
#include "exchange/path.h"
#include "session/connect/endpoint.h"
#include "session/proxy/proxy_observe.h"
#include "wire/pdu.h"

/* A request that is kept, at most. */
#define REQUEST_MAX OBSERVER_BYTES_MAX

static bool
to_raw(coap_pdu_t *pdu, coap_bin_const_t *raw)
{
	return pdu &&
	    pdu_encode(pdu, FRAMING_DATAGRAM, &raw->s, &raw->length) == 0;
}

/* --- telling --------------------------------------------------------------- */

bool
persist_keeps(const struct observer *o)
{
	const coap_session_t *session = o->peer->session;

	/* By their paths, requests to a proxy would be those of other resources. */
	return session->endpoint && session->proto->proto == COAP_PROTO_UDP &&
	    !proxy_observe_can(o->resource);
}

static void
observer_changed(struct observer *o, bool added)
{
	coap_session_t *session = o->peer->session;
	struct persist *p = session->context->persist;
	coap_subscription_t *key = (coap_subscription_t *)o;
	coap_addr_tuple_t tuple = { session->remote, session->local };
	coap_address_t listen;
	coap_bin_const_t raw;

	if (!p || !persist_keeps(o))
		return;
	persist_touch(p, PERSIST_OBSERVERS);
	if (!added && p->on.observe_deleted)
		p->on.observe_deleted(session, key, p->on.user);
	if (!added || !p->on.observe_added || !to_raw(o->request, &raw))
		return;
	listen = session->endpoint->address;
	p->on.observe_added(session, key, COAP_PROTO_UDP, &listen, &tuple, &raw,
	    NULL, p->on.user);
}

void
persist_counted(coap_resource_t *resource)
{
	struct persist *p = resource->context->persist;
	uint32_t number = resource->observers.number;

	if (!p)
		return;
	if (p->names[PERSIST_NUMBERS] && number % p->file_freq == 0)
		persist_touch(p, PERSIST_NUMBERS);
	if (p->on.value && number % p->on_freq == 0)
		p->on.value(p->context, resource->uri_path, number, p->on.user);
}

void
persist_removed(coap_resource_t *resource)
{
	struct persist *p = resource->context->persist;

	if (!p || resource->unknown)
		return;
	persist_drop_made(p, resource->uri_path);
	persist_touch(p, PERSIST_NUMBERS);
	if (p->on.resource_deleted)
		p->on.resource_deleted(p->context, resource->uri_path,
		    p->on.user);
}

coap_resource_t *
persist_resource(const coap_context_t *context, const coap_pdu_t *request)
{
	coap_resource_t *resource = NULL;
	struct buf key;

	buf_init(&key, PATH_KEY_MAX);
	if (path_key_from_request(&key, request) == 0)
		resource =
		    resources_find_key(&context->resources, key.data, key.len);
	buf_free(&key);
	return resource;
}

void
persist_made(coap_session_t *session, const coap_pdu_t *request)
{
	struct persist *p = session->context->persist;
	coap_resource_t *resource =
	    p ? persist_resource(p->context, request) : NULL;
	coap_bin_const_t raw;
	coap_pdu_t *whole;

	if (!resource)
		return;
	whole = copy_whole(request, REQUEST_MAX);
	if (to_raw(whole, &raw)) {
		persist_keep_made(p, resource->uri_path, whole);
		if (p->on.resource_added)
			p->on.resource_added(session, resource->uri_path, &raw,
			    p->on.user);
	}
	coap_delete_pdu(whole);
}

/* --- life ------------------------------------------------------------------ */

struct persist *
persist_of(coap_context_t *context)
{
	struct persist *p = context->persist;

	if (p)
		return p;
	p = mem_new(COAP_CONTEXT, 1, sizeof *p);
	if (!p)
		return NULL;
	p->context = context;
	p->on_freq = 1;
	p->file_freq = 1;
	context->persist = p;
	context->observing.changed = observer_changed;
	return p;
}

void
persist_end(coap_context_t *context)
{
	struct persist *p = context->persist;

	if (!p)
		return;
	p->dirty |= 1U << PERSIST_NUMBERS;
	persist_save(p);
	timers_cancel(&context->timers, &p->timer);
	context->persist = NULL;
	context->observing.changed = NULL;
	persist_free_files(p);
	coap_free_type(COAP_CONTEXT, p);
}

/* --- bringing back --------------------------------------------------------- */

static coap_endpoint_t *
find_endpoint(const coap_context_t *context, const coap_address_t *listen)
{
	coap_endpoint_t *ep;

	DL_FOREACH(context->endpoints, ep)
		if (ep->proto->proto == COAP_PROTO_UDP && !ep->ending &&
		    coap_address_equals(&ep->address, listen))
			return ep;
	return NULL;
}

/* The session of that peer, a new one if need be. */
static coap_session_t *
find_session(coap_endpoint_t *ep, const coap_addr_tuple_t *tuple)
{
	const struct udp_datagram d = {
		.remote = tuple->remote,
		.local = tuple->local,
	};
	coap_session_t *session = endpoint_find(ep, &tuple->remote);

	return session ? session : endpoint_new_session(ep, &d);
}

static coap_resource_t *
find_observable(const coap_context_t *context, const coap_pdu_t *request)
{
	coap_resource_t *resource = persist_resource(context, request);

	return resource && resource->observable ? resource : NULL;
}

/* A request of that kind; NULL when it is none. */
static coap_pdu_t *
read_request(const coap_context_t *context, const coap_bin_const_t *raw)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, REQUEST_MAX);

	if (pdu &&
	    pdu_decode(pdu, FRAMING_DATAGRAM, context->set.max_token_size,
		raw->s, raw->length) == 0 &&
	    notify_asks(pdu))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

static coap_subscription_t *
bring_back(coap_context_t *context, coap_endpoint_t *ep,
    const coap_addr_tuple_t *tuple, const coap_bin_const_t *raw)
{
	coap_pdu_t *request = read_request(context, raw);
	struct observer *o = NULL;
	coap_session_t *session;
	coap_resource_t *resource;

	session = request && find_observable(context, request)
	    ? find_session(ep, tuple)
	    : NULL;
	/* Looked for once more: an event handler may have been called. */
	resource = session ? find_observable(context, request) : NULL;
	if (resource && session->layer)
		o = notify_bring_back(session, resource, request);
	coap_delete_pdu(request);
	return (coap_subscription_t *)o;
}

coap_subscription_t *
coap_persist_observe_add(coap_context_t *context, coap_proto_t e_proto,
    const coap_address_t *e_listen_addr, const coap_addr_tuple_t *s_addr_info,
    const coap_bin_const_t *raw_packet, const coap_bin_const_t *oscore_info)
{
	coap_subscription_t *o = NULL;
	coap_endpoint_t *ep;

	/* What was protected is not taken up without its protection. */
	if (!context || e_proto != COAP_PROTO_UDP || !e_listen_addr ||
	    !s_addr_info || !raw_packet || oscore_info || context->freeing ||
	    context->doomed)
		return NULL;
	context_enter(context);
	ep = find_endpoint(context, e_listen_addr);
	if (ep &&
	    s_addr_info->remote.addr.sa.sa_family ==
		s_addr_info->local.addr.sa.sa_family)
		o = bring_back(context, ep, s_addr_info, raw_packet);
	context_leave(context);
	return o;
}

void
/* NOLINTNEXTLINE(readability-function-size): libcoap's signature */
coap_persist_track_funcs(coap_context_t *context,
    coap_observe_added_t observe_added, coap_observe_deleted_t observe_deleted,
    coap_track_observe_value_t track_observe_value,
    coap_dyn_resource_added_t dyn_resource_added,
    coap_resource_deleted_t resource_deleted, uint32_t save_freq,
    void *user_data)
{
	struct persist *p =
	    context && !context->freeing ? persist_of(context) : NULL;

	if (!p)
		return;
	p->on = (struct persist_funcs){
		.observe_added = observe_added,
		.observe_deleted = observe_deleted,
		.value = track_observe_value,
		.resource_added = dyn_resource_added,
		.resource_deleted = resource_deleted,
		.user = user_data,
	};
	p->on_freq = save_freq > 0 ? save_freq : 1;
}

void
coap_persist_stop(coap_context_t *context)
{
	if (!context)
		return;
	context_enter(context);
	persist_end(context);
	context_leave(context);
}
