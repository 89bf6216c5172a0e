/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a session proves itself with and whom it believes: copied from the
 * structs of coap_dtls.h, and made into contexts of the TLS back-end when a
 * session needs one. Shared by all sessions that were made with them.
 */
#ifndef SESSION_CREDENTIALS_H
#define SESSION_CREDENTIALS_H

#include <coap3/coapx.h>

#include "session/connect/proto.h"
#include "tls/tls.h"

/* Credentials for names that a server's callbacks gave, kept at most. */
#define CREDENTIALS_NAMES_MAX 64

/* A copy of a tls_source. */
struct cred_source {
	enum tls_source_kind kind;
	char *name;
	coap_bin_const_t *bytes;
};

struct credentials {
	unsigned refs;
	bool server;
	/* A client's shared key. */
	bool has_cpsk;
	coap_dtls_ih_callback_t on_hint;
	void *on_hint_arg;
	coap_bin_const_t *identity;
	coap_bin_const_t *client_key;
	char *psk_name; /* client_sni of the struct */
	/* A server's. */
	bool has_spsk;
	coap_dtls_id_callback_t on_identity;
	void *on_identity_arg;
	coap_dtls_psk_sni_callback_t on_psk_name;
	void *on_psk_name_arg;
	coap_bin_const_t *hint;
	coap_bin_const_t *server_key;
	/* Certificates and raw public keys: flags and callbacks; the pointers
	 * to keys are NULL, what they showed is below. */
	bool has_pki;
	coap_dtls_pki_t pki;
	struct cred_source ca;
	struct cred_source cert;
	struct cred_source key;
	char *pin;
	char *pki_name; /* client_sni of the struct */
	/* Of the context. */
	char *root_file;
	char *root_dir;
	bool trust_store;
	/* Of coapx_credentials_t. */
	bool strict; /* it came from there: verify unless told otherwise */
	unsigned flags;
	char *server_name;
	coap_bin_const_t *peer_rpk;
	/* Whose contexts of the back-end are used, too; NULL: its own. */
	struct credentials *shared;
	/* Made at the first use. */
	struct tls_ctx *ctx[COAP_PROTO_LAST];
	const struct tls_backend *backend; /* of ctx */
	/* What callbacks gave for names, newest first. */
	struct credentials *names;
	struct credentials *next;
	char *name;
};

/* Frees a key, and leaves nothing of it; NULL is fine. */
void credentials_wipe(coap_bin_const_t **bytes);
/* Empty ones, one reference; NULL when out of memory. */
struct credentials *credentials_new(bool server);
struct credentials *credentials_ref(struct credentials *c);
void credentials_unref(struct credentials *c); /* NULL is fine; wipes keys */
/* Parts by copy, replacing what was there: 0, -COAP_E_NOMEM, -COAP_E_INVAL (a
 * version or kind that is not known, or what is too long), -COAP_E_NOTSUP. */
int credentials_set_cpsk(struct credentials *c, const coap_dtls_cpsk_t *psk);
int credentials_set_spsk(struct credentials *c, const coap_dtls_spsk_t *psk);
int credentials_set_pki(struct credentials *c, const coap_dtls_pki_t *pki);
int credentials_set_roots(struct credentials *c, const char *file,
    const char *dir);
int credentials_set_x(struct credentials *c, const coapx_credentials_t *given);
/* The same parts, without what was made of them; NULL: out of memory. */
struct credentials *credentials_copy(const struct credentials *c, bool server);

/*
 * The back-end's context for a protocol: 0, or an error and a sentence in why.
 */
int credentials_ctx(struct credentials *c, const struct proto *proto,
    struct tls_ctx **out, char *why, size_t size);
/*
 * A client that has a shared key and nothing else is asked for it in the
 * handshake, so one context of the back-end does for all such sessions of a
 * context; making one costs a third of a handshake. Without memory for that it
 * has its own.
 */
void credentials_share(struct credentials *c, coap_context_t *context);
/*
 * What a server has for the name that a client asks for: *out, borrowed, is c
 * itself when no callback is asked. -COAP_E_NAME_UNKNOWN: the callback said no.
 */
int credentials_for_name(struct credentials *c, const char *name,
    coap_session_t *session, struct credentials **out);
/* Whether the peer's proof is to be checked at all. */
bool credentials_verify(const struct credentials *c);
/* Whether the name is, too, by the library. */
bool credentials_check_name(const struct credentials *c);

/* What there is, empty for NULL. */
static inline struct tls_bytes
bytes_of(const coap_bin_const_t *b)
{
	return b ? (struct tls_bytes){ b->s, b->length }
		 : (struct tls_bytes){ NULL, 0 };
}

/* The context's, made at the first use; NULL when out of memory. */
struct credentials *context_credentials(coap_context_t *context, bool server);

#endif
