/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials at work: a back-end's context for each protocol and name. */
#include <stdio.h>
#include <string.h>

#include "session/context.h"
#include "session/secure/credentials.h"

/* ALPN of RFC 8323 section 8.2; over WebSocket it is HTTP's. */
static const char *
alpn_of(const struct proto *proto)
{
	if (!proto->reliable)
		return NULL;
	return proto->framing == FRAMING_WS ? "http/1.1" : "coap";
}

static struct tls_source
source_of(const struct cred_source *s)
{
	return (struct tls_source){ s->kind, s->name, bytes_of(s->bytes) };
}

bool
credentials_verify(const struct credentials *c)
{
	if (c->strict)
		return (c->flags & COAPX_TLS_INSECURE) == 0;
	/* Nothing was said at all: the safe way. */
	return !c->has_pki || c->pki.verify_peer_cert;
}

bool
credentials_check_name(const struct credentials *c)
{
	return credentials_verify(c) && !c->server &&
	    !(c->strict && (c->flags & COAPX_TLS_NO_NAME)) &&
	    !(c->has_pki && c->pki.validate_cn_call_back);
}

static bool
has_roots(const struct credentials *c)
{
	return c->ca.kind != TLS_SOURCE_NONE || c->root_file || c->root_dir ||
	    c->trust_store;
}

/* A server asks for certificates when it is able to judge them. */
static enum tls_ask
ask_of(const struct credentials *c)
{
	if (!c->has_pki || !credentials_verify(c))
		return TLS_ASK_NOTHING;
	if (!c->strict)
		return TLS_ASK_REQUIRED;
	return has_roots(c) || c->peer_rpk ? TLS_ASK_REQUIRED : TLS_ASK_NOTHING;
}

/* A client with a shared key and nothing else has no use for certificates. */
static bool
uses_pki(const struct credentials *c)
{
	if (c->server)
		return c->has_pki && c->cert.kind + c->key.kind > 0;
	return c->has_pki || !c->has_cpsk;
}

static bool
trusts_system(const struct credentials *c)
{
	if (c->server || !uses_pki(c))
		return c->trust_store;
	return c->trust_store || (c->flags & COAPX_TLS_SYSTEM_TRUST) ||
	    (!has_roots(c) && !c->peer_rpk && credentials_verify(c));
}

static void
fill(const struct credentials *c, const struct proto *proto,
    struct tls_conf *conf)
{
	bool common = c->has_pki && c->pki.check_common_ca;
	/* A copy may have what goes with the context's other kind. */
	static const struct cred_source none;
	const struct cred_source *cert = c->has_pki ? &c->cert : &none;
	const struct cred_source *key = c->has_pki ? &c->key : &none;

	*conf = (struct tls_conf){
		.server = c->server,
		.datagram = !proto->reliable,
		.psk = c->server ? c->has_spsk : c->has_cpsk,
		.hint = bytes_of(c->hint),
		.cert = source_of(cert),
		.key = source_of(key),
		.pin = c->pin,
		.rpk = (c->has_pki && c->pki.is_rpk_not_cert) || c->peer_rpk,
		.pki = uses_pki(c),
		.ask = ask_of(c),
		.ca = source_of(&c->ca),
		.ca_file = common ? NULL : c->root_file,
		.ca_dir = common ? NULL : c->root_dir,
		.system_trust = !common && trusts_system(c),
		.alpn = alpn_of(proto),
	};
}

int
credentials_ctx(struct credentials *c, const struct proto *proto,
    struct tls_ctx **out, char *why, size_t size)
{
	const struct tls_backend *backend = tls_backend(why, size);
	const struct credentials *from = c->shared ? c->shared : c;
	struct tls_ctx **at =
	    c->shared ? &c->shared->ctx[proto->proto] : &c->ctx[proto->proto];
	struct tls_conf conf;
	int err;

	if (!backend)
		return tls_backend_name() ? -COAP_E_NO_MODULE : -COAP_E_NOTSUP;
	c->backend = backend;
	if (c->shared)
		c->shared->backend = backend;
	if (!*at) {
		if (c->server && !c->has_spsk && !uses_pki(c)) {
			snprintf(why, size,
			    "a server needs a key or a certificate");
			return -COAP_E_CREDENTIALS;
		}
		fill(from, proto, &conf);
		err = backend->ctx_new(&conf, at, why, size);
		if (err < 0)
			return err;
	}
	*out = *at;
	return 0;
}

void
credentials_share(struct credentials *c, coap_context_t *context)
{
	struct credentials **at = &context->psk_credentials;

	if (c->shared || c->server || !c->has_cpsk || c->has_pki || c->peer_rpk)
		return;
	if (!*at) {
		*at = credentials_new(false);
		if (!*at)
			return;
		(*at)->has_cpsk = true;
	}
	c->shared = credentials_ref(*at);
}

/* --- names --------------------------------------------------------------- */

static void
forget_oldest(struct credentials *c)
{
	struct credentials **at = &c->names;
	struct credentials *last;
	unsigned n = 0;

	while (*at && (*at)->next) {
		at = &(*at)->next;
		n++;
	}
	if (n + 1 < CREDENTIALS_NAMES_MAX || !*at)
		return;
	last = *at;
	*at = NULL;
	credentials_unref(last);
}

/* What the callbacks say of a name, put into new credentials. */
static int
ask_callbacks(struct credentials *c, const char *name, coap_session_t *session,
    struct credentials *new)
{
	const coap_dtls_spsk_info_t *psk;
	coap_dtls_pki_t pki = c->pki;
	coap_dtls_spsk_t spsk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_id_call_back = c->on_identity,
		.id_call_back_arg = c->on_identity_arg,
	};
	coap_dtls_key_t *key;
	int err = 0;

	if (c->has_spsk && c->on_psk_name) {
		psk = c->on_psk_name(name, session, c->on_psk_name_arg);
		if (!psk)
			return -COAP_E_NAME_UNKNOWN;
		spsk.psk_info = *psk;
		err = credentials_set_spsk(new, &spsk);
	}
	if (err == 0 && c->has_pki && c->pki.validate_sni_call_back) {
		key = c->pki.validate_sni_call_back(name,
		    c->pki.sni_call_back_arg);
		if (!key)
			return -COAP_E_NAME_UNKNOWN;
		pki.pki_key = *key;
		err = credentials_set_pki(new, &pki);
	}
	return err;
}

int
credentials_for_name(struct credentials *c, const char *name,
    coap_session_t *session, struct credentials **out)
{
	size_t size = strlen(name) + 1;
	struct credentials *new;
	int err;

	*out = c;
	if (!(c->has_spsk && c->on_psk_name) &&
	    !(c->has_pki && c->pki.validate_sni_call_back))
		return 0;
	for (new = c->names; new; new = new->next) {
		if (strcmp(new->name, name) == 0) {
			*out = new;
			return 0;
		}
	}
	new = credentials_copy(c, true);
	if (!new)
		return -COAP_E_NOMEM;
	err = ask_callbacks(c, name, session, new);
	if (err == 0) {
		new->name = coap_malloc_type(COAP_STRING, size);
		err = new->name ? 0 : -COAP_E_NOMEM;
	}
	if (err < 0) {
		credentials_unref(new);
		return err;
	}
	memcpy(new->name, name, size);
	forget_oldest(c);
	new->next = c->names;
	c->names = new;
	*out = new;
	return 0;
}

/* --- the context's ------------------------------------------------------- */

struct credentials *
context_credentials(coap_context_t *context, bool server)
{
	struct credentials **at = server ? &context->server_credentials
					 : &context->client_credentials;

	if (!*at)
		*at = context->credentials
		    ? credentials_copy(context->credentials, server)
		    : credentials_new(server);
	return *at;
}
