/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of a DTLS endpoint: whose session one belongs to, and whether one
 * who has none may have it. Until a peer has shown that it can hear us (RFC
 * 6347 section 4.2.1) nothing of it is kept.
 */
#include <string.h>

#include "session/connect/endpoint.h"
#include "session/secure/secure.h"

/* Record header, handshake header, version: then comes the random (RFC 5246
 * section 7.4.1.2). */
#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO     1
#define EPOCH_AT         3
#define HANDSHAKE_AT     13
#define RANDOM_AT        27
#define HELLO_MIN        60

struct credentials *
endpoint_credentials(const coap_endpoint_t *ep)
{
	return ep->credentials ? ep->credentials
			       : context_credentials(ep->context, true);
}

struct tls_prestate *
endpoint_prestate(const coap_session_t *session)
{
	return session->endpoint ? session->endpoint->prestate : NULL;
}

static bool
is_client_hello(const struct udp_datagram *d)
{
	return d->len >= HELLO_MIN && d->data[0] == RECORD_HANDSHAKE &&
	    d->data[EPOCH_AT] == 0 && d->data[EPOCH_AT + 1] == 0 &&
	    d->data[HANDSHAKE_AT] == CLIENT_HELLO;
}

struct reply {
	coap_endpoint_t *ep;
	const struct udp_datagram *d;
};

static int
reply(void *user, const void *data, size_t len)
{
	const struct reply *r = user;

	return udp_port_send(r->ep->udp, &r->d->remote, &r->d->local,
	    r->d->ifindex, data, len);
}

/* Whom a cookie is for. */
static size_t
peer_name(const struct udp_datagram *d, uint8_t *name, size_t size)
{
	const coap_address_t *ends[] = { &d->remote, &d->local };
	size_t len = 0;
	size_t i;

	for (i = 0; i < 2 && len + 18 <= size; i++) {
		const coap_address_t *a = ends[i];
		uint16_t port = coap_address_get_port(a);

		if (a->addr.sa.sa_family == AF_INET6) {
			memcpy(name + len, &a->addr.sin6.sin6_addr, 16);
			len += 16;
		} else {
			memcpy(name + len, &a->addr.sin.sin_addr, 4);
			len += 4;
		}
		memcpy(name + len, &port, 2);
		len += 2;
	}
	return len;
}

static enum tls_verdict
admit(coap_endpoint_t *ep, const struct udp_datagram *d,
    const struct tls_backend *backend, struct tls_prestate *state)
{
	struct credentials *c = endpoint_credentials(ep);
	struct reply r = { ep, d };
	uint8_t name[40];
	struct tls_hello hello = {
		.datagram = { d->data, d->len },
		.peer = { name, peer_name(d, name, sizeof name) },
		.now_ms = context_now(ep->context),
		.reply = reply,
		.user = &r,
	};
	struct tls_ctx *ctx;
	char why[128];

	if (!c || credentials_ctx(c, ep->proto, &ctx, why, sizeof why) < 0)
		return TLS_DROP;
	return backend->admit(ctx, &hello, state);
}

static void
begin(coap_endpoint_t *ep, const struct udp_datagram *d,
    const struct tls_backend *backend, struct tls_prestate *state)
{
	coap_session_t *session;

	ep->prestate = state;
	session = endpoint_new_session(ep, d);
	/* Used up by the TLS layer, unless there came none. */
	if (ep->prestate && backend->unadmit)
		backend->unadmit(state);
	ep->prestate = NULL;
	if (!session)
		return;
	layer_udp_server_feed(session->layer, NULL, 0);
	if (session_secure(session))
		memcpy(session_secure(session)->random, d->data + RANDOM_AT,
		    sizeof session_secure(session)->random);
}

/*
 * A ClientHello where there is a session: sent again, or the peer has begun
 * anew, and what it was before is gone (RFC 6347 section 4.2.8).
 */
static bool
is_sent_again(const coap_session_t *session, const struct udp_datagram *d)
{
	const struct session_secure *s = session_secure(session);

	return s &&
	    memcmp(s->random, d->data + RANDOM_AT, sizeof s->random) == 0;
}

static void
feed(coap_session_t *session, const struct udp_datagram *d)
{
	endpoint_follow(session, d);
	layer_udp_server_feed(session->layer, d->data, d->len);
	session_layer_events.readable(session);
	layer_udp_server_feed(session->layer, NULL, 0);
	session_arm(session);
}

void
endpoint_dtls_datagram(coap_endpoint_t *ep, const struct udp_datagram *d)
{
	const struct tls_backend *backend = tls_backend(NULL, 0);
	coap_session_t *session = endpoint_find(ep, &d->remote);
	struct tls_prestate state = { 0 };
	bool hello = is_client_hello(d);

	if (d->truncated || !backend)
		return;
	if (session && !(hello && !is_sent_again(session, d))) {
		feed(session, d);
		return;
	}
	if (!hello || coap_is_mcast(&d->local) ||
	    admit(ep, d, backend, &state) != TLS_ADMIT)
		return;
	if (session) {
		session_set_error(session, -COAP_E_PEER_CLOSED, ERROR_PEER);
		session_down(session, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_PEER_CLOSED, false);
	}
	/* Its address is its own: it may push out one that stands still. */
	if (ep->ending || !endpoint_has_room(ep)) {
		if (backend->unadmit)
			backend->unadmit(&state);
		return;
	}
	begin(ep, d, backend, &state);
}
