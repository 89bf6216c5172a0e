/* SPDX-License-Identifier: BSD-2-Clause */
/* Pre-shared keys: the owner of the session knows them. */
#include <stdio.h>
#include <string.h>

#include "tls/gnutls_private.h"

/* A copy that the library frees. */
static int
copy(gnutls_datum_t *to, struct tls_bytes from)
{
	to->data = gnutls_malloc(from.len > 0 ? from.len : 1);
	if (!to->data)
		return GNUTLS_E_MEMORY_ERROR;
	if (from.len > 0)
		memcpy(to->data, from.data, from.len);
	to->size = (unsigned)from.len;
	return 0;
}

static bool
usable(struct tls_bytes bytes)
{
	return bytes.len > 0 && bytes.len <= TLS_PSK_MAX;
}

/* The library calls this with the client's identity. */
static int
server_key(gnutls_session_t tls, const gnutls_datum_t *identity,
    gnutls_datum_t *key)
{
	struct tls_sess *s = gnutls_session_get_ptr(tls);
	struct tls_bytes who = { identity->data, identity->size };
	struct tls_psk psk;
	int err;

	memset(&psk, 0, sizeof(psk));
	if (who.len > TLS_PSK_MAX || !s->host->psk_server)
		return tlsg_refuse(s, -COAP_E_PSK_IDENTITY,
		    GNUTLS_A_UNKNOWN_PSK_IDENTITY);
	if (who.len > 0)
		memcpy(s->identity, who.data, who.len);
	s->identity_len = who.len;
	err = s->host->psk_server(s->host_user, who, &psk);
	if (err == -COAP_E_PSK_IDENTITY)
		return tlsg_refuse(s, err, GNUTLS_A_UNKNOWN_PSK_IDENTITY);
	if (err == 0 && !usable(psk.key))
		err = -COAP_E_CREDENTIALS;
	if (err != 0)
		return tlsg_refuse(s, err, GNUTLS_A_INTERNAL_ERROR);
	s->psk_used = true;
	return copy(key, psk.key);
}

static int
client_key(gnutls_session_t tls, gnutls_datum_t *identity, gnutls_datum_t *key)
{
	struct tls_sess *s = gnutls_session_get_ptr(tls);
	const char *text = gnutls_psk_client_get_hint(tls);
	struct tls_bytes hint = { NULL, 0 };
	struct tls_psk psk;
	int err = -COAP_E_CREDENTIALS;

	memset(&psk, 0, sizeof(psk));
	if (text) {
		hint.data = (const uint8_t *)text;
		hint.len = strlen(text);
	}
	if (s->host->psk_client)
		err = s->host->psk_client(s->host_user, hint, &psk);
	if (err == 0 && (!usable(psk.key) || psk.identity.len > TLS_PSK_MAX))
		err = -COAP_E_CREDENTIALS;
	if (err != 0)
		return tlsg_refuse(s, err, GNUTLS_A_INTERNAL_ERROR);
	if (copy(identity, psk.identity) != 0)
		return GNUTLS_E_MEMORY_ERROR;
	if (copy(key, psk.key) != 0) {
		gnutls_free(identity->data);
		identity->data = NULL;
		return GNUTLS_E_MEMORY_ERROR;
	}
	s->psk_used = true;
	return 0;
}

static int
set_hint(struct tls_ctx *ctx, struct tls_bytes hint, char *why, size_t size)
{
	char text[TLS_PSK_MAX + 1];

	if (hint.len == 0)
		return 0;
	if (hint.len > TLS_PSK_MAX || memchr(hint.data, 0, hint.len)) {
		snprintf(why, size,
		    "a hint has at most %d bytes, and none is zero",
		    TLS_PSK_MAX);
		return -COAP_E_CREDENTIALS;
	}
	memcpy(text, hint.data, hint.len);
	text[hint.len] = '\0';
	if (gnutls_psk_set_server_credentials_hint(ctx->psk_server, text) < 0)
		return -COAP_E_NOMEM;
	return 0;
}

int
tlsg_psk(struct tls_ctx *ctx, const struct tls_conf *conf, char *why,
    size_t size)
{
	if (!conf->psk)
		return 0;
	if (!conf->server) {
		if (gnutls_psk_allocate_client_credentials(&ctx->psk_client) <
		    0)
			return -COAP_E_NOMEM;
		gnutls_psk_set_client_credentials_function2(ctx->psk_client,
		    client_key);
		return 0;
	}
	if (gnutls_psk_allocate_server_credentials(&ctx->psk_server) < 0)
		return -COAP_E_NOMEM;
	gnutls_psk_set_server_credentials_function2(ctx->psk_server,
	    server_key);
	return set_hint(ctx, conf->hint, why, size);
}
