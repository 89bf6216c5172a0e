/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a client session gets its transport: name to addresses, addresses to a
 * layer. What is needed for it lives only so long.
 */
#include <utlist.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/dial.h"
#include "session/connect/reconnect.h"
#include "session/group/mcast.h"

#define CONNECT_TIMEOUT_MS 30000

struct session_connect {
	struct resolver_query *query;
	struct dial *dial; /* datagrams: the addresses that are left */
	coap_address_t local;
	bool have_local;
	coap_tick_t deadline; /* TIMER_NEVER once the transport stands */
};

void
connect_cancel(coap_session_t *session)
{
	struct session_connect *c = session->connect;

	if (!c)
		return;
	session->connect = NULL;
	if (c->query)
		resolver_cancel(c->query);
	dial_free(c->dial);
	coap_free_type(COAP_SESSION, c);
}

coap_tick_t
connect_deadline(const coap_session_t *session)
{
	return session->connect ? session->connect->deadline : TIMER_NEVER;
}

static coap_tick_t
dial_now(void *user)
{
	const coap_session_t *session = user;

	return context_now(session->context);
}

static void
connect_failed(coap_session_t *session, int err, enum error_source source)
{
	session_set_error(session, err, source);
	session_down(session, COAP_NACK_NOT_DELIVERABLE, err, false);
}

/* A stream stands, or no address could be reached. */
static void
dial_done(void *user, int err, struct layer *layer,
    const coap_address_t *remote)
{
	coap_session_t *session = user;
	coap_context_t *context = session->context;
	coap_tick_t limit;

	context_enter(context);
	if (err == 0) {
		session->remote = *remote;
		limit = session->connect->deadline;
		connect_cancel(session);
		session_up(session, layer, limit);
	} else {
		connect_failed(session, err, ERROR_NETWORK);
	}
	context_leave(context);
}

/* Datagrams: the transport stands at once; keep the addresses that are left,
 * for when an ICMP error says that this one is wrong. */
static void
datagram_stands(coap_session_t *session, struct layer *layer,
    const coap_address_t *remote, bool more)
{
	coap_tick_t limit = session->connect->deadline;

	session->remote = *remote;
	if (more)
		session->connect->deadline = TIMER_NEVER;
	else
		connect_cancel(session);
	session_up(session, layer, limit);
	mcast_stands(session);
}

static int
dial_addresses(coap_session_t *session, const coap_address_t *addrs, size_t n)
{
	struct session_connect *c = session->connect;
	struct layer *layer = NULL;
	coap_address_t remote;
	struct dial_params params = {
		.poller = &session->context->poller,
		.timers = &session->context->timers,
		.local = c->have_local ? &c->local : NULL,
		.addrs = addrs,
		.n = n,
		.stream = session_reliable(session),
		.now = dial_now,
		.events = &session_layer_events,
		.user = session,
		.done = dial_done,
	};
	int err;

	session->remote = addrs[0];
	err = dial_start(&params, &c->dial, &layer, &remote);
	if (err < 0)
		return err;
	if (params.stream)
		session_set_state(session, COAP_SESSION_STATE_CONNECTING);
	else
		datagram_stands(session, layer, &remote, n > 1);
	session_arm(session);
	return 0;
}

static void
resolved(void *user, int err, const char *detail, const coap_address_t *addrs,
    size_t n)
{
	coap_session_t *session = user;
	coap_context_t *context = session->context;

	context_enter(context);
	session->connect->query = NULL;
	if (err < 0) {
		trace_text(session, COAPX_TRACE_NOTE, detail);
		connect_failed(session, err, ERROR_RESOLVER);
	} else {
		err = mcast_begin(session, &addrs[0]);
		if (err == 0)
			err = dial_addresses(session, addrs, n);
		if (err < 0)
			connect_failed(session, err, ERROR_NETWORK);
	}
	context_leave(context);
}

static int
connect_begin(coap_session_t *session, const coap_address_t *local,
    unsigned timeout_ms)
{
	struct session_connect *c =
	    mem_new(COAP_SESSION, 1, sizeof(struct session_connect));

	if (!c)
		return -COAP_E_NOMEM;
	if (local) {
		c->local = *local;
		c->have_local = true;
	}
	if (timeout_ms == 0)
		timeout_ms = CONNECT_TIMEOUT_MS;
	c->deadline = context_now(session->context) + timeout_ms;
	session->connect = c;
	return 0;
}

int
connect_to_address(coap_session_t *session, const coap_address_t *local,
    const coap_address_t *remote)
{
	int err = connect_begin(session, local, 0);

	if (err == 0)
		err = reconnect_remember(session, local, NULL, 0, 0);
	if (err == 0)
		err = mcast_begin(session, remote);
	if (err == 0)
		err = dial_addresses(session, remote, 1);
	return err;
}

int
connect_to_name(coap_session_t *session, const coap_address_t *local,
    const char *host, size_t host_len, uint16_t port, unsigned timeout_ms)
{
	struct resolver *resolver;
	coap_address_t addr;
	char name[256];
	int err;

	if (host_len == 0 || host_len >= sizeof name)
		return -COAP_E_URI;
	memcpy(name, host, host_len);
	name[host_len] = '\0';
	err = connect_begin(session, local, timeout_ms);
	if (err == 0)
		err =
		    reconnect_remember(session, local, name, port, timeout_ms);
	if (err < 0)
		return err;
	err = addr_parse(&addr, name, port);
	if (err == 0) {
		err = mcast_begin(session, &addr);
		return err < 0 ? err : dial_addresses(session, &addr, 1);
	}
	if (err == -COAP_E_NOTFOUND)
		return err;
	resolver = context_resolver(session->context);
	if (!resolver)
		return -COAP_E_NOMEM;
	err = resolver_start(resolver, name, port, resolved, session,
	    &session->connect->query);
	session_arm(session);
	return err;
}

bool
connect_next_address(coap_session_t *session)
{
	struct session_connect *c = session->connect;
	struct layer *layer = NULL;
	coap_address_t remote;

	if (session_reliable(session) || !c || !c->dial || !session->layer ||
	    dial_next(c->dial, &layer, &remote) < 0)
		return false;
	session_retire_layer(session, session->layer, false);
	session->layer = layer;
	session->remote = remote;
	layer_local(layer, &session->local, NULL);
	trace_text(session, COAPX_TRACE_NOTE, "trying the next address");
	if (session->climbing) {
		session_up(session, layer, session->extra->deadline);
		return true;
	}
	dgram_kick(&session->msg.dgram, context_now(session->context));
	return true;
}
