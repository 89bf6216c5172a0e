/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials for the world of session_support.h, with every callback that
 * there is. Each of them writes a line:
 *
 *     C hint                 a client's, asked for its key
 *     S identity | S name    a server's, asked for a key, or for credentials
 *     S pki-name             the same for certificates
 *     C cn 0 1 | S cn 0 1    depth and verdict of a certificate
 */
#ifndef SESSION_KEYS_H
#define SESSION_KEYS_H

#include "session_support.h"
#include "tls_pki.h"

/* The name that clients ask for; the certificates are for it. */
#define KEYS_NAME "localhost"

enum session_keys_fault {
	KEYS_GOOD,
	KEYS_WRONG_KEY,        /* of the client */
	KEYS_UNKNOWN_IDENTITY, /* the server's callback says NULL */
	KEYS_NO_KEY,           /* the client's callback says NULL */
	KEYS_UNKNOWN_NAME,     /* the server's callback of names says NULL */
	KEYS_NAME_NO_KEY,      /* it gives an empty key, and no other asks */
	KEYS_NOT_TRUSTED,      /* the client's callback of names says no */
};

struct keys {
	bool pki; /* certificates instead of a shared key */
	enum session_keys_fault fault;
	struct tls_pki
	    *certificates; /* made by the first session_keys_up(true) */
};
extern struct keys keys;

/* Endpoints of all protocols, after world_up(). */
void session_keys_up(bool pki, enum session_keys_fault fault);
/* A client session for it, to the server, or to another address. */
coap_session_t *session_keys_session(coap_proto_t proto);
coap_session_t *session_keys_session_to(coap_proto_t proto,
    const coap_address_t *address);
/* Certificate, its key and the CA, in memory. */
void session_keys_pki(coap_dtls_pki_t *pki, enum tls_pki_name name);
/* Group teardown: what was made once. */
int session_keys_free(void **state);

static inline bool
session_keys_secure(coap_proto_t proto)
{
	return proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TLS ||
	    proto == COAP_PROTO_WSS;
}

#endif
