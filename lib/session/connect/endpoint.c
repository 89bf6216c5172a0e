/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints: from a datagram or a connection to its server session. */
#include "exchange/hash.h"

#include "session/connect/endpoint.h"

#include <stdio.h>
#include <unistd.h>

#include <utlist.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/sized.h"
#include "session/group/mcast.h"
#include "session/secure/secure.h"
#include "session/traffic/serve.h"

/* Who a peer is, without what differs between equal addresses. */
static void
peer_key(uint8_t key[static 24], const coap_address_t *remote)
{
	uint16_t port = coap_address_get_port(remote);

	memset(key, 0, 24);
	if (remote->addr.sa.sa_family == AF_INET6) {
		memcpy(key, &remote->addr.sin6.sin6_addr, 16);
		memcpy(key + 16, &remote->addr.sin6.sin6_scope_id, 4);
	} else {
		memcpy(key, &remote->addr.sin.sin_addr, 4);
	}
	memcpy(key + 20, &port, 2);
	key[22] = (uint8_t)remote->addr.sa.sa_family;
}

coap_session_t *
endpoint_find(const coap_endpoint_t *ep, const coap_address_t *remote)
{
	struct session_peer *peer;
	uint8_t key[24];

	peer_key(key, remote);
	HASH_FIND(hh, ep->peers, key, sizeof key, peer);
	return peer ? peer->session : NULL;
}

static int
remember(coap_endpoint_t *ep, coap_session_t *session)
{
	struct session_peer *peer = mem_new(COAP_NODE, 1, sizeof *peer);

	if (!peer)
		return -COAP_E_NOMEM;
	peer->session = session;
	peer_key(peer->key, &session->remote);
	HASH_ADD(hh, ep->peers, key, sizeof peer->key, peer);
	if (!hash_added(&peer->hh)) {
		coap_free_type(COAP_NODE, peer);
		return -COAP_E_NOMEM;
	}
	session->peer = peer;
	return 0;
}

void
endpoint_forget(coap_session_t *session)
{
	struct session_peer *peer = session->peer;

	if (!peer)
		return;
	session->peer = NULL;
	if (peer->gone)
		DL_DELETE(session->endpoint->gone, peer);
	else
		HASH_DELETE(hh, session->endpoint->peers, peer);
	coap_free_type(COAP_NODE, peer);
}

void
endpoint_retire(coap_session_t *session)
{
	struct session_peer *peer = session->peer;

	if (!peer || peer->gone)
		return;
	HASH_DELETE(hh, session->endpoint->peers, peer);
	peer->gone = true;
	DL_APPEND(session->endpoint->gone, peer);
}

/* Room for one more: the longest idle session goes when the limit is met.
 * Whoever is still in a handshake has not shown who it is, and does not push
 * out one that has. */
static void
make_room(coap_context_t *context)
{
	unsigned max = context->set.max_idle_sessions;

	while (max > 0 && context->n_idle >= max)
		session_end(context->half_open ? context->half_open
					       : context->idle,
		    COAP_NACK_NOT_DELIVERABLE, -COAP_E_LIMIT);
}

/* What a server session over a secure protocol has beside. */
static int
secure_server(coap_session_t *session)
{
	coap_endpoint_t *ep = session->endpoint;
	struct credentials *c = endpoint_credentials(ep);

	if (!ep->proto->secure)
		return 0;
	return c ? secure_new(session, c, NULL, 0) : -COAP_E_NOMEM;
}

/*
 * Whether one more peer may begin a handshake. At the limit the one that is at
 * it longest makes room: who says nothing must not keep others out.
 */
bool
endpoint_has_room(coap_endpoint_t *ep)
{
	coap_context_t *context = ep->context;
	unsigned max = context->set.max_handshake_sessions;

	if (max == 0)
		max = COAP_DEFAULT_MAX_HANDSHAKE_SESSIONS;
	if (ep->proto->rungs[0] == RUNG_NONE)
		return true;
	while (context->handshakes >= max && context->half_open)
		session_end(context->half_open, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_LIMIT);
	return context->handshakes < max && !ep->ending && !context->doomed;
}

static coap_session_t *
add_session(coap_endpoint_t *ep, const coap_address_t *remote,
    const coap_address_t *local, int ifindex)
{
	coap_session_t *session;

	make_room(ep->context);
	if (ep->ending)
		return NULL;
	session =
	    session_new(ep->context, ep->proto, COAP_SESSION_TYPE_SERVER, ep);
	if (!session)
		return NULL;
	session->remote = *remote;
	session->local = *local;
	session->ifindex = ifindex;
	session->mtu = ep->default_mtu;
	if (secure_server(session) < 0 || remember(ep, session) < 0) {
		session_destroy(session);
		return NULL;
	}
	return session;
}

/* Tells of a session and begins it; NULL when a handler ended it. */
static coap_session_t *
start_session(coap_session_t *session, struct layer *layer)
{
	bool hello = !session_reliable(session) && session->proto->secure;
	coap_tick_t limit =
	    context_now(session->context) + ENDPOINT_HANDSHAKE_MS;

	session->layer = layer;
	if (!session_reliable(session) && !hello)
		session_set_state(session, COAP_SESSION_STATE_ESTABLISHED);
	/* Nothing of its ClientHello has been looked at but the cookie. */
	if (hello)
		session->type = COAP_SESSION_TYPE_HELLO;
	session_event(session, COAP_EVENT_SERVER_SESSION_NEW);
	if (hello) {
		session->type = COAP_SESSION_TYPE_SERVER;
		session_idle_check(session);
	}
	if (session->layer)
		session_up(session, session->layer, limit);
	return session->layer ? session : NULL;
}

/* --- datagrams ----------------------------------------------------------- */

/* A CON that belongs to no session and starts none is rejected. */
static void
reject(coap_endpoint_t *ep, const struct udp_datagram *d, const coap_pdu_t *pdu)
{
	uint8_t rst[4] = { 0x70, 0, (uint8_t)(pdu->mid >> 8),
		(uint8_t)pdu->mid };

	if (pdu->type != COAP_MESSAGE_CON)
		return;
	udp_port_send(ep->udp, &d->remote, &d->local, d->ifindex, rst,
	    sizeof rst);
}

/* Requests and pings begin a session, nothing else does. */
static bool
begins_session(const coap_pdu_t *pdu)
{
	if (pdu->code == 0)
		return pdu->type == COAP_MESSAGE_CON;
	return pdu->code < 32 &&
	    (pdu->type == COAP_MESSAGE_CON || pdu->type == COAP_MESSAGE_NON);
}

coap_session_t *
endpoint_new_session(coap_endpoint_t *ep, const struct udp_datagram *d)
{
	coap_session_t *session;
	struct layer *layer = NULL;

	session = add_session(ep, &d->remote, &d->local, d->ifindex);
	if (!session)
		return NULL;
	if (layer_udp_server(ep->udp, &d->remote,
		coap_is_mcast(&d->local) ? NULL : &d->local, d->ifindex,
		&session_layer_events, session, &layer) < 0) {
		session_destroy(session);
		return NULL;
	}
	/* What it is for; its layers take it. */
	if (ep->proto->secure)
		layer_udp_server_feed(layer, d->data, d->len);
	return start_session(session, layer);
}

void
endpoint_follow(coap_session_t *session, const struct udp_datagram *d)
{
	if (!coap_address_equals(&session->local, &d->local) ||
	    session->ifindex != d->ifindex) {
		session->local = d->local;
		layer_udp_server_local(session->layer,
		    coap_is_mcast(&d->local) ? NULL : &d->local, d->ifindex);
	}
	session->ifindex = d->ifindex;
}

static void
handle_datagram(coap_endpoint_t *ep, const struct udp_datagram *d,
    coap_pdu_t *pdu)
{
	coap_session_t *session = endpoint_find(ep, &d->remote);
	int err = pdu_decode(pdu, FRAMING_DATAGRAM,
	    session_datagram_token_max(ep->context), d->data, d->len);

	if (err == 0 && d->truncated)
		err = -COAP_E_TOOBIG;
	if (mcast_unfit(d, pdu, err))
		return;
	if (!session) {
		if (err < 0 || !begins_session(pdu)) {
			if (err != -COAP_E_FORMAT || d->len >= 4)
				reject(ep, d, pdu);
			return;
		}
		session = endpoint_new_session(ep, d);
	}
	if (!session)
		return;
	endpoint_follow(session, d);
	session_datagram_pdu(session, pdu, err, d->data, d->len);
	session_arm(session);
}

static void
on_datagram(void *user, const struct udp_datagram *d)
{
	coap_endpoint_t *ep = user;
	coap_context_t *context = ep->context;
	coap_pdu_t *pdu;

	if (context->doomed)
		return;
	if (ep->proto->secure) {
		context_enter(context);
		endpoint_dtls_datagram(ep, d);
		context_leave(context);
		return;
	}
	pdu = pdu_new(COAP_MESSAGE_RST, 0, 0, d->len);
	if (!pdu)
		return;
	context_enter(context);
	handle_datagram(ep, d, pdu);
	coap_delete_pdu(pdu);
	context_leave(context);
}

static void
on_port_failed(void *user, const coap_address_t *remote, int err)
{
	coap_endpoint_t *ep = user;
	coap_session_t *session = endpoint_find(ep, remote);

	if (session)
		session_layer_events.failed(session, err);
}

static const struct udp_port_events port_events = {
	.datagram = on_datagram,
	.failed = on_port_failed,
};

/* --- connections --------------------------------------------------------- */

static void
on_accepted(void *user, int fd, const coap_address_t *remote,
    const coap_address_t *local)
{
	coap_endpoint_t *ep = user;
	coap_session_t *session;
	struct layer *layer = NULL;

	session = ep->context->doomed || !endpoint_has_room(ep)
	    ? NULL
	    : add_session(ep, remote, local, 0);
	if (!session) {
		close(fd);
		return;
	}
	if (layer_tcp_server(&ep->context->poller, fd, &session_layer_events,
		session, &layer) < 0) {
		close(fd);
		session_destroy(session);
		return;
	}
	layer_local(layer, &session->local, &session->ifindex);
	start_session(session, layer);
}

static const struct tcp_port_events listener_events = {
	.accepted = on_accepted,
};

/* --- public -------------------------------------------------------------- */

static int
open_port(coap_endpoint_t *ep, const coap_address_t *listen_addr)
{
	struct poller *poller = &ep->context->poller;
	int err;

	if (!ep->proto->reliable) {
		err = udp_port_open(poller, listen_addr, &port_events, ep,
		    &ep->udp);
		if (err == 0)
			ep->address = *udp_port_local(ep->udp);
		return err;
	}
	err =
	    tcp_port_open(poller, listen_addr, &listener_events, ep, &ep->tcp);
	if (err == 0)
		ep->address = *tcp_port_local(ep->tcp);
	return err;
}

/* The context of the TLS library is made now, so that who listens hears what
 * is wrong with the credentials. */
static int
prepare(coap_endpoint_t *ep, const coapx_listen_params_t *params)
{
	struct tls_ctx *ctx;
	char why[512] = "";
	int err = 0;

	if (!ep->proto->secure)
		return 0;
	if (params->credentials) {
		ep->credentials = credentials_new(true);
		err = ep->credentials
		    ? credentials_set_x(ep->credentials, params->credentials)
		    : -COAP_E_NOMEM;
	}
	if (err == 0 && !endpoint_credentials(ep))
		err = -COAP_E_NOMEM;
	if (err == 0)
		err = credentials_ctx(endpoint_credentials(ep), ep->proto, &ctx,
		    why, sizeof why);
	if (err < 0)
		context_fail(ep->context, err, "%s", why);
	return err;
}

static int
new_endpoint(coap_context_t *context, const coapx_listen_params_t *params,
    coap_endpoint_t **out)
{
	const struct proto *row = proto_get(params->proto);
	coap_endpoint_t *ep;
	char text[64];
	int err;

	coap_print_ip_addr(params->address, text, sizeof text);
	if (!proto_is_supported(row))
		return context_fail(context, -COAP_E_NOTSUP,
		    "cannot listen over %s", row->name);
	ep = mem_new(COAP_ENDPOINT, 1, sizeof(coap_endpoint_t));
	if (!ep)
		return context_fail(context, -COAP_E_NOMEM, "cannot listen");
	ep->context = context;
	ep->proto = row;
	ep->default_mtu = COAP_DEFAULT_MTU;
	ep->app_data = params->app_data;
	err = prepare(ep, params);
	if (err == 0) {
		err = open_port(ep, params->address);
		if (err < 0)
			context_fail(context, err,
			    "cannot listen on %s port %u", text,
			    coap_address_get_port(params->address));
	}
	if (err < 0) {
		credentials_unref(ep->credentials);
		coap_free_type(COAP_ENDPOINT, ep);
		return err;
	}
	DL_APPEND(context->endpoints, ep);
	*out = ep;
	return 0;
}

coap_endpoint_t *
coapx_endpoint_open(coap_context_t *context,
    const coapx_listen_params_t *params, int *err)
{
	coap_endpoint_t *ep = NULL;
	coapx_listen_params_t p;
	int e = -COAP_E_INVAL;

	if (context && sized_take(&p, sizeof p, params) && p.address) {
		e = context_check(context);
		if (e == 0)
			e = new_endpoint(context, &p, &ep);
	}
	if (err)
		*err = e;
	return ep;
}

coap_endpoint_t *
coap_new_endpoint(coap_context_t *context, const coap_address_t *listen_addr,
    coap_proto_t proto)
{
	coapx_listen_params_t params = {
		.size = sizeof params,
		.address = listen_addr,
		.proto = proto,
	};

	return coapx_endpoint_open(context, &params, NULL);
}

void
endpoint_end(coap_endpoint_t *ep)
{
	coap_context_t *context = ep->context;

	if (ep->ending)
		return;
	ep->ending = true;
	DL_DELETE(context->endpoints, ep);
	/* A handler may end any session; none is added any more. */
	while (ep->peers)
		session_end(ep->peers->session, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_CLOSED);
	while (ep->gone)
		session_end(ep->gone->session, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_CLOSED);
	udp_port_free(ep->udp);
	tcp_port_free(ep->tcp);
	ep->udp = NULL;
	ep->tcp = NULL;
	DL_APPEND(context->dead_endpoints, ep);
}

void
coap_free_endpoint(coap_endpoint_t *endpoint)
{
	coap_context_t *context;

	if (!endpoint)
		return;
	context = endpoint->context;
	context_enter(context);
	endpoint_end(endpoint);
	context_leave(context);
}

void
coap_endpoint_set_default_mtu(coap_endpoint_t *endpoint, unsigned mtu)
{
	if (endpoint)
		endpoint->default_mtu = mtu < 64 ? 64 : mtu;
}

const coap_address_t *
coapx_endpoint_get_address(const coap_endpoint_t *endpoint)
{
	return endpoint ? &endpoint->address : NULL;
}

coap_proto_t
coapx_endpoint_get_proto(const coap_endpoint_t *endpoint)
{
	return endpoint ? endpoint->proto->proto : COAP_PROTO_NONE;
}

void *
coap_endpoint_set_app_data2(coap_endpoint_t *endpoint, void *data,
    coap_app_data_free_callback_t callback)
{
	void *old;

	if (!endpoint)
		return NULL;
	old = endpoint->app_data;
	endpoint->app_data = data;
	endpoint->app_free = callback;
	return old;
}

void *
coap_endpoint_get_app_data(const coap_endpoint_t *endpoint)
{
	return endpoint ? endpoint->app_data : NULL;
}

void
coapx_endpoint_set_app_data(coap_endpoint_t *endpoint, void *data)
{
	coap_endpoint_set_app_data2(endpoint, data, NULL);
}

void *
coapx_endpoint_get_app_data(const coap_endpoint_t *endpoint)
{
	return coap_endpoint_get_app_data(endpoint);
}

const char *
coap_endpoint_str(const coap_endpoint_t *endpoint)
{
	static _Thread_local char text[96];
	char addr[80];

	if (!endpoint)
		return "Endpoint not defined";
	addr_format(&endpoint->address, addr, sizeof addr);
	snprintf(text, sizeof text, "%s %s", addr, endpoint->proto->label);
	return text;
}
