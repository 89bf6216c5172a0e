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
	struct credentials *credentials; /* its own; NULL: the context's */
	struct tls_prestate *prestate;   /* of the ClientHello at hand */
	coap_app_data_free_callback_t app_free;
};

/* How long a peer may take until its session can be used. */
#define ENDPOINT_HANDSHAKE_MS 30000

/* Takes a session out of its endpoint's table; nothing when it is in none. */
void endpoint_forget(coap_session_t *session);
/* The session was disconnected: what its peer sends begins another one. */
void endpoint_retire(coap_session_t *session);
/* NULL: that peer has no session here. */
coap_session_t *endpoint_find(const coap_endpoint_t *ep,
    const coap_address_t *remote);
/* NULL: out of memory. */
struct credentials *endpoint_credentials(const coap_endpoint_t *ep);
/* What admit() found out of the peer that is about to be a session's. */
struct tls_prestate *endpoint_prestate(const coap_session_t *session);
bool endpoint_has_room(coap_endpoint_t *ep);
/* NULL when there is no memory, or a handler ended it. */
coap_session_t *endpoint_new_session(coap_endpoint_t *ep,
    const struct udp_datagram *d);
/* Answers leave from the address that the peer writes to. */
void endpoint_follow(coap_session_t *session, const struct udp_datagram *d);
/* endpoint_dtls.c: whose it is, or whether its sender may become a session. */
void endpoint_dtls_datagram(coap_endpoint_t *ep, const struct udp_datagram *d);
/* Ends all its sessions (they tell), closes and frees it. */
void endpoint_end(coap_endpoint_t *ep);

#endif
