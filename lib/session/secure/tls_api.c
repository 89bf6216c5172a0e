/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials as libcoap has them: for a context, for one client session. */
#include <string.h>

#include "base/alloc.h"
#include "session/secure/secure.h"
#include "session/session.h"

/* --- client sessions ----------------------------------------------------- */

/* One session with one part of credentials; set is credentials_set_...(). */
static coap_session_t *
client_with(coap_context_t *context, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto,
    const coap_dtls_cpsk_t *psk, const coap_dtls_pki_t *pki)
{
	struct credentials *c;
	coap_session_t *session;
	int err;

	if (!context || !server || (!psk && !pki) || context_check(context) < 0)
		return NULL;
	c = context->credentials ? credentials_copy(context->credentials, false)
				 : credentials_new(false);
	if (!c) {
		context_fail(context, -COAP_E_NOMEM, "no session");
		return NULL;
	}
	/* Only what is given counts; whom to trust is the context's, too. */
	c->has_pki = c->has_cpsk = false;
	err = psk ? credentials_set_cpsk(c, psk) : credentials_set_pki(c, pki);
	if (err < 0) {
		context_fail(context, err, "the credentials");
		credentials_unref(c);
		return NULL;
	}
	session = session_new_client(context, local_if, server, proto, c);
	credentials_unref(c);
	return session;
}

coap_session_t *
coap_new_client_session_psk2(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_cpsk_t *setup_data)
{
	return client_with(ctx, local_if, server, proto, setup_data, NULL);
}

coap_session_t *
coap_new_client_session_pki(coap_context_t *ctx, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto,
    coap_dtls_pki_t *setup_data)
{
	return client_with(ctx, local_if, server, proto, NULL, setup_data);
}

coap_session_t *
/* NOLINTNEXTLINE(readability-function-size): libcoap's signature */
coap_new_client_session_psk(coap_context_t *ctx, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto, const char *identity,
    const uint8_t *key, unsigned key_len)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info.key = { key_len, key },
	};

	if (identity) {
		psk.psk_info.identity.s = (const uint8_t *)identity;
		psk.psk_info.identity.length = strlen(identity);
	}
	return coap_new_client_session_psk2(ctx, local_if, server, proto, &psk);
}

/* --- contexts ------------------------------------------------------------ */

/* What was made of the old ones lives as long as its sessions. */
static void
renew(coap_context_t *context)
{
	credentials_unref(context->client_credentials);
	credentials_unref(context->server_credentials);
	context->client_credentials = NULL;
	context->server_credentials = NULL;
}

static struct credentials *
of_context(coap_context_t *context)
{
	if (!context)
		return NULL;
	if (!context->credentials)
		context->credentials = credentials_new(true);
	return context->credentials;
}

/* Whether the back-end can use them, so that the caller hears now. */
static int
check(coap_context_t *context, bool server)
{
	struct credentials *c = context_credentials(context, server);
	struct tls_ctx *ctx;
	char why[512] = "";
	int err = c ? credentials_ctx(c, proto_get(COAP_PROTO_DTLS), &ctx, why,
			  sizeof why)
		    : -COAP_E_NOMEM;

	if (err < 0)
		context_fail(context, err, "%s", why);
	return err == 0;
}

int
coap_context_set_psk2(coap_context_t *context, coap_dtls_spsk_t *setup_data)
{
	struct credentials *c = of_context(context);
	int err;

	if (!c || !setup_data)
		return 0;
	err = credentials_set_spsk(c, setup_data);
	renew(context);
	if (err < 0) {
		context_fail(context, err, "the credentials");
		return 0;
	}
	return check(context, true);
}

int
coap_context_set_psk(coap_context_t *context, const char *hint,
    const uint8_t *key, size_t key_len)
{
	coap_dtls_spsk_t psk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.psk_info.key = { key_len, key },
	};

	if (hint) {
		psk.psk_info.hint.s = (const uint8_t *)hint;
		psk.psk_info.hint.length = strlen(hint);
	}
	return coap_context_set_psk2(context, &psk);
}

int
coap_context_set_pki(coap_context_t *context, const coap_dtls_pki_t *setup_data)
{
	struct credentials *c = of_context(context);
	int err;

	if (!c || !setup_data)
		return 0;
	err = credentials_set_pki(c, setup_data);
	renew(context);
	if (err < 0) {
		context_fail(context, err, "the credentials");
		return 0;
	}
	return check(context,
	    c->cert.kind != TLS_SOURCE_NONE || c->key.kind != TLS_SOURCE_NONE);
}

int
coap_context_set_pki_root_cas(coap_context_t *context, const char *ca_file,
    const char *ca_dir)
{
	struct credentials *c = of_context(context);

	if (!c || (!ca_file && !ca_dir))
		return 0;
	renew(context);
	if (credentials_set_roots(c, ca_file, ca_dir) < 0) {
		context_fail(context, -COAP_E_NOMEM, "the roots");
		return 0;
	}
	return check(context, false);
}

int
coap_context_load_pki_trust_store(coap_context_t *context)
{
	struct credentials *c = of_context(context);

	if (!c)
		return 0;
	renew(context);
	c->trust_store = true;
	return check(context, false);
}

/* --- WebSocket ----------------------------------------------------------- */

int
coap_ws_set_host_request(coap_session_t *session, coap_str_const_t *ws_host)
{
	char *host;

	if (!session || !ws_host || ws_host->length == 0 ||
	    session->proto->framing != FRAMING_WS || session->endpoint ||
	    session->rung_put || session->rung > 0 ||
	    memchr(ws_host->s, '\0', ws_host->length) ||
	    memchr(ws_host->s, '\r', ws_host->length) ||
	    memchr(ws_host->s, '\n', ws_host->length) ||
	    !session_extra(session))
		return 0;
	host = coap_malloc_type(COAP_STRING, ws_host->length + 1);
	if (!host)
		return 0;
	memcpy(host, ws_host->s, ws_host->length);
	host[ws_host->length] = '\0';
	coap_free_type(COAP_STRING, session->extra->ws_host);
	session->extra->ws_host = host;
	return 1;
}
