/* SPDX-License-Identifier: BSD-2-Clause */
/* What an application says of resources that are observed. */
#include <utlist.h>

#include <coap3/coap_subscribe.h>

#include "session/observe/observe_server.h"

int
coap_resource_notify_observers(coap_resource_t *resource,
    const coap_string_t *query)
{
	coap_context_t *context = resource ? resource->context : NULL;
	struct observer *o;
	unsigned n;

	if (!context || !resource->observers.list)
		return 0;
	context_enter(context);
	n = observers_owe(&resource->observers, query);
	if (n > 0)
		DL_FOREACH2(resource->observers.list, o, res_next)
			if (o->owes)
				session_arm(o->peer->session);
	context_leave(context);
	return n > 0;
}

int
coap_resource_set_dirty(coap_resource_t *r, const coap_string_t *query)
{
	return coap_resource_notify_observers(r, query);
}

void
coap_check_notify(coap_context_t *context)
{
	struct observer_peer *peer;
	coap_session_t *session;
	unsigned n;

	/* Within a handler nothing is dispatched: the loop comes to it. */
	if (!context || context->freeing || context->depth > 0)
		return;
	context_enter(context);
	for (n = context->observing.n_owing; n > 0; n--) {
		peer = context->observing.owing;
		if (!peer || context->doomed)
			break;
		/* Round once: the list may change under a handler. */
		DL_DELETE(context->observing.owing, peer);
		DL_APPEND(context->observing.owing, peer);
		session = peer->session;
		notify_run(session, context_now(context));
		session_arm(session);
	}
	context_leave(context);
}

void
coap_persist_set_observe_num(coap_resource_t *resource, uint32_t observe_num)
{
	if (resource)
		resource->observers.number = observe_num & OBSERVE_NUMBER_MASK;
}
