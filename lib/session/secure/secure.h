/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a session over DTLS, TLS or WSS has beside: its credentials, what the
 * handshake found out, and what it was asked. Made when the session is.
 */
#ifndef SESSION_SECURE_H
#define SESSION_SECURE_H

#include "net/layer_tls.h"
#include "session/secure/credentials.h"
#include "session/session.h"

struct session_secure {
	struct credentials *credentials;
	struct credentials *named; /* for the client's SNI; may be NULL */
	char *name;                /* that is asked for and checked; NULL */
	/* What getters give. */
	coap_bin_const_t *hint;
	coap_bin_const_t *identity;
	coap_bin_const_t *key;
	/* Of the last handshake. */
	unsigned problems; /* COAPX_CERT_... */
	int icmp;          /* the last ICMP error; 0: none */
	bool checked;
	bool trusted;
	uint8_t auth;          /* coapx_auth_t */
	coapx_cert_t *cert;    /* the peer's, when it was not liked */
	struct tls_info *last; /* taken when the transport went */
	bool last_done;        /* ... after the handshake */
	/* For the next handshake with the same peer. */
	coap_bin_const_t *resume;
	uint8_t random[32]; /* a DTLS server's: of the ClientHello */
};

/* A client session to come, of any secure protocol; see coap_new_client_session.
 * The parameters are good, credentials is NULL for a plain protocol. */
coap_session_t *session_new_client(coap_context_t *context,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, struct credentials *credentials);
/* As secure_new(), and looks whether the credentials can be used: an error is
 * the context's, too, with words. */
int secure_client(coap_session_t *session, struct credentials *credentials,
    const char *name, size_t name_len);
/* 0 or -COAP_E_NOMEM; credentials: a reference of its own is taken. name may
 * be NULL. */
int secure_new(coap_session_t *session, struct credentials *credentials,
    const char *name, size_t name_len);
void secure_free(coap_session_t *session);
/* Puts TLS on a stack: 0, or an error that is the session's, with words in the
 * trace. */
int secure_put(coap_session_t *session, struct layer *lower,
    struct tls_prestate *state, struct layer **out);
/* Keeps what is known of a handshake, before its layer goes. */
void secure_remember(coap_session_t *session);
/* The handshake is done: who the peer is. -COAP_E_TLS_NO_ALPN: it need not
 * speak CoAP. */
int secure_done(coap_session_t *session);
/* The error that a handshake has which came to no end. */
int secure_timeout(const coap_session_t *session);

/* The handshake's session, and its library; NULL: not begun, or over. */
static inline struct tls_sess *
secure_tls(const coap_session_t *session, const struct tls_backend **backend)
{
	return session ? layer_tls_session(session->layer, backend) : NULL;
}

static inline struct session_secure *
session_secure(const coap_session_t *session)
{
	return session->extra ? session->extra->secure : NULL;
}

#endif
