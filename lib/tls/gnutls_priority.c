/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which versions, suites and kinds of certificates are offered. Nothing is,
 * that the credentials cannot do: GnuTLS would take it and fail.
 *
 * Of datagrams the suites of RFC 7252 section 9.1.3 come first. Of streams
 * the ones with a longer tag and with forward secrecy do; there a byte more
 * does not matter.
 */
#include <stdio.h>
#include <string.h>

#include "tls/gnutls_private.h"

#define COMMON                                                             \
	"NONE:+COMP-NULL:+AEAD:+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:" \
	"+GROUP-SECP256R1:+GROUP-X25519:+GROUP-SECP384R1:+GROUP-SECP521R1:"

static const char datagram[] =
    COMMON "+VERS-DTLS1.2:+AES-128-CCM-8:+AES-128-CCM:+AES-128-GCM:"
	   "+CHACHA20-POLY1305:+AES-256-CCM:+AES-256-GCM";
static const char stream[] =
    COMMON "+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+CHACHA20-POLY1305:"
	   "+AES-256-GCM:+AES-128-CCM:+AES-128-CCM-8";

struct choice {
	bool wanted;
	const char *text;
};

int
tlsg_priority(struct tls_ctx *ctx, const struct tls_conf *conf)
{
	bool client = !conf->server;
	bool own = ctx->own_cert;
	/* Whose kinds of certificates: ours, and what we take of the peer. */
	bool own_rpk = own && conf->rpk;
	bool own_x509 = own && !conf->rpk;
	bool asks = client || conf->ask != TLS_ASK_NOTHING;
	bool peer_rpk = asks && conf->rpk;
	bool peer_x509 = asks && conf->pki;
	const struct choice choices[] = {
		{ true, conf->datagram ? datagram : stream },
		{ conf->psk,
		    conf->datagram ? ":+PSK:+ECDHE-PSK" : ":+ECDHE-PSK:+PSK" },
		{ ctx->any_cert, ":+ECDHE-ECDSA:+ECDHE-RSA" },
		{ client ? own_rpk : peer_rpk, ":+CTYPE-CLI-RAWPK" },
		{ client ? own_x509 || !own : peer_x509, ":+CTYPE-CLI-X509" },
		{ client ? peer_rpk : own_rpk, ":+CTYPE-SRV-RAWPK" },
		{ client ? peer_x509 : own_x509, ":+CTYPE-SRV-X509" },
		{ true, ":%SERVER_PRECEDENCE:%PROFILE_MEDIUM" },
	};
	char text[768] = "";
	size_t i, n, len = 0;

	for (i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (!choices[i].wanted)
			continue;
		if (len + strlen(choices[i].text) >= sizeof(text))
			return -COAP_E_TOOBIG;
		n = strlen(choices[i].text);
		memcpy(text + len, choices[i].text, n + 1);
		len += n;
	}
	if (gnutls_priority_init(&ctx->priority, text, NULL) < 0)
		return -COAP_E_NOTSUP;
	return 0;
}
