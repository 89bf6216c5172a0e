/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints: listening sockets and the server sessions that came in by them. */
#ifndef SESSION_ENDPOINT_H
#define SESSION_ENDPOINT_H

#include "session/session.h"

struct coap_endpoint_t {
	coap_endpoint_t *prev;
	coap_endpoint_t *next;
	coap_context_t *context;
	const struct proto *proto;
	struct udp_port *udp; /* one of the two */
	struct tcp_port *tcp;
	coap_address_t address;
	struct session_peer *peers; /* hashed by key */
	struct session_peer *gone;  /* of sessions without a transport */
	unsigned default_mtu;
	bool ending;
	void *app_data;
};

/* Takes a session out of its endpoint's table; nothing when it is in none. */
void endpoint_forget(coap_session_t *session);
/* The session was disconnected: what its peer sends begins another one. */
void endpoint_retire(coap_session_t *session);
/* NULL: that peer has no session here. */
coap_session_t *endpoint_find(const coap_endpoint_t *ep,
    const coap_address_t *remote);
/* Ends all its sessions (they tell), closes and frees it. */
void endpoint_end(coap_endpoint_t *ep);

#endif
