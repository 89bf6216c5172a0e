/* SPDX-License-Identifier: BSD-2-Clause */
/* The back-end GnuTLS: its table, and contexts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tls/gnutls_private.h"
#include "tls/gnutls_session.h"

/* As GNUTLS_VERSION_NUMBER has it. */
static uint64_t
version(void)
{
	const char *text = gnutls_check_version(NULL);
	uint64_t number = 0;
	char *end;
	int i;

	for (i = 0; i < 3; i++) {
		number = number << 8 | (strtoul(text, &end, 10) & 255);
		text = *end == '.' ? end + 1 : end;
	}
	return number;
}

static const char *
version_text(void)
{
	return gnutls_check_version(NULL);
}

static void
free_key(gnutls_datum_t *key)
{
	if (key->data)
		gnutls_memset(key->data, 0, key->size);
	gnutls_free(key->data);
	key->data = NULL;
}

static void
ctx_free(struct tls_ctx *ctx)
{
	if (!ctx)
		return;
	tlsg_cache_free(&ctx->cache);
	if (ctx->cert)
		gnutls_certificate_free_credentials(ctx->cert);
	if (ctx->psk_server)
		gnutls_psk_free_server_credentials(ctx->psk_server);
	if (ctx->psk_client)
		gnutls_psk_free_client_credentials(ctx->psk_client);
	if (ctx->priority)
		gnutls_priority_deinit(ctx->priority);
	free_key(&ctx->cookie_key);
	free_key(&ctx->ticket_key);
	if (ctx->pin)
		tlsg_wipe(ctx->pin, strlen(ctx->pin));
	coap_free_type(COAP_DTLS_CONTEXT, ctx);
}

/* The secrets of a server. */
static int
make_keys(struct tls_ctx *ctx)
{
	int ret = 0;

	if (!ctx->server)
		return 0;
	if (ctx->datagram)
		ret = gnutls_key_generate(&ctx->cookie_key,
		    GNUTLS_COOKIE_KEY_SIZE);
	else if (ctx->any_cert)
		ret = gnutls_session_ticket_key_generate(&ctx->ticket_key);
	return ret < 0 ? -COAP_E_NOMEM : 0;
}

static int
ctx_fill(struct tls_ctx *ctx, const struct tls_conf *conf, char *why,
    size_t size)
{
	int ret;

	ctx->server = conf->server;
	ctx->datagram = conf->datagram;
	ctx->ask = conf->server ? conf->ask : TLS_ASK_NOTHING;
	if (conf->alpn && strlen(conf->alpn) > ALPN_MAX)
		return -COAP_E_INVAL;
	if (conf->alpn)
		memcpy(ctx->alpn, conf->alpn, strlen(conf->alpn));
	ret = tlsg_psk(ctx, conf, why, size);
	if (ret == 0)
		ret = tlsg_credentials(ctx, conf, why, size);
	if (ret != 0)
		return ret;
	if (!conf->psk && !ctx->any_cert) {
		snprintf(why, size, "there is neither a key nor a certificate");
		return -COAP_E_CREDENTIALS;
	}
	ret = tlsg_priority(ctx, conf);
	if (ret == 0)
		ret = make_keys(ctx);
	return ret;
}

static int
ctx_new(const struct tls_conf *conf, struct tls_ctx **out, char *why,
    size_t size)
{
	struct tls_ctx *ctx;
	int ret;

	if (size > 0)
		why[0] = '\0';
	ctx = mem_new(COAP_DTLS_CONTEXT, 1, sizeof(*ctx));
	ret = ctx ? ctx_fill(ctx, conf, why, size) : -COAP_E_NOMEM;
	if (ret == 0) {
		*out = ctx;
		return 0;
	}
	ctx_free(ctx);
	if (size > 0 && why[0] == '\0')
		snprintf(why, size, "%s", err_text(ret));
	return ret;
}

const struct tls_backend tls_backend_table = {
	.name = "GnuTLS",
	.type = COAP_TLS_LIBRARY_GNUTLS,
	.built_version = GNUTLS_VERSION_NUMBER,
	.version = version,
	.version_text = version_text,
	.caps = TLS_CAP_DTLS12 | TLS_CAP_TLS12 | TLS_CAP_TLS13 | TLS_CAP_PSK |
	    TLS_CAP_PKI | TLS_CAP_RPK | TLS_CAP_PKCS11 | TLS_CAP_RESUME |
	    TLS_CAP_KEYLOG,
	.ctx_new = ctx_new,
	.ctx_free = ctx_free,
	.admit = tlsg_admit,
	.sess_new = tlsg_sess_new,
	.sess_free = tlsg_sess_free,
	.advance = tlsg_advance,
	.read = tlsg_read,
	.write = tlsg_write,
	.pending = tlsg_pending,
	.timeout = tlsg_timeout,
	.set_mtu = tlsg_set_mtu,
	.data_mtu = tlsg_data_mtu,
	.close = tlsg_close,
	.info = tlsg_info,
	.peer_cert = tlsg_peer_cert,
	.native = tlsg_native,
	.describe = tlsg_describe,
};
