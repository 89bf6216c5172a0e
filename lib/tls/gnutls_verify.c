/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with a peer's certificate: all of it, for the library stops at
 * the first thing. Whether that matters the owner of the session says.
 */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "tls/gnutls_private.h"

static const struct {
	unsigned status;
	unsigned problem;
} from_status[] = {
	{ GNUTLS_CERT_REVOKED, COAPX_CERT_REVOKED },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, COAPX_CERT_UNTRUSTED },
	{ GNUTLS_CERT_SIGNER_NOT_CA, COAPX_CERT_UNTRUSTED },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, COAPX_CERT_WEAK },
	{ GNUTLS_CERT_NOT_ACTIVATED, COAPX_CERT_NOT_YET },
	{ GNUTLS_CERT_EXPIRED, COAPX_CERT_EXPIRED },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, COAPX_CERT_SIGNATURE },
	{ GNUTLS_CERT_UNEXPECTED_OWNER, COAPX_CERT_NAME },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, COAPX_CERT_PURPOSE },
	{ GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_MISMATCH, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_MISSING_OCSP_STATUS, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_INVALID_OCSP_STATUS, COAPX_CERT_OTHER },
	{ GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, COAPX_CERT_OTHER },
};

/* The alert for the first problem that a peer has (RFC 8446 section 6.2). */
static const struct {
	unsigned problem;
	int alert;
} alerts[] = {
	{ COAPX_CERT_REVOKED, GNUTLS_A_CERTIFICATE_REVOKED },
	{ COAPX_CERT_EXPIRED, GNUTLS_A_CERTIFICATE_EXPIRED },
	{ COAPX_CERT_NOT_YET, GNUTLS_A_CERTIFICATE_EXPIRED },
	{ COAPX_CERT_UNTRUSTED, GNUTLS_A_UNKNOWN_CA },
	{ COAPX_CERT_PURPOSE, GNUTLS_A_UNSUPPORTED_CERTIFICATE },
	{ COAPX_CERT_UNKNOWN_KEY, GNUTLS_A_CERTIFICATE_UNKNOWN },
};

static int
alert_for(const struct tls_sess *s, unsigned problems)
{
	size_t i;

	/* Before TLS 1.3 there was no word for it (RFC 5246 section 7.4.6). */
	if ((problems & COAPX_CERT_NONE) != 0)
		return gnutls_protocol_get_version(s->tls) == GNUTLS_TLS1_3
		    ? GNUTLS_A_CERTIFICATE_REQUIRED
		    : GNUTLS_A_HANDSHAKE_FAILURE;
	for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if ((problems & alerts[i].problem) != 0)
			return alerts[i].alert;
	return GNUTLS_A_BAD_CERTIFICATE;
}

/* The name is a DNS name or an address; what is after "%" is of no concern to
 * a certificate. */
static bool
has_name(gnutls_x509_crt_t crt, const char *name)
{
	char text[TLS_NAME_MAX + 1];
	struct in6_addr v6;
	struct in_addr v4;
	char *zone;

	memcpy(text, name, strlen(name) + 1);
	if (inet_pton(AF_INET, text, &v4) == 1)
		return gnutls_x509_crt_check_ip(crt, (const uint8_t *)&v4,
			   sizeof(v4), 0) != 0;
	zone = strchr(text, '%');
	if (zone)
		*zone = '\0';
	if (inet_pton(AF_INET6, text, &v6) == 1)
		return gnutls_x509_crt_check_ip(crt, (const uint8_t *)&v6,
			   sizeof(v6), 0) != 0;
	return gnutls_x509_crt_check_hostname2(crt, name, 0) != 0;
}

/* What can be seen of one certificate of the chain. */
static unsigned
look_at_one(gnutls_x509_crt_t crt, time_t now)
{
	time_t from = gnutls_x509_crt_get_activation_time(crt);
	time_t until = gnutls_x509_crt_get_expiration_time(crt);
	unsigned problems = 0;

	if (from == (time_t)-1 || from > now)
		problems |= COAPX_CERT_NOT_YET;
	if (until == (time_t)-1 || until < now)
		problems |= COAPX_CERT_EXPIRED;
	return problems;
}

/* What the peer's own one must be besides. */
static unsigned
look_at_own(const struct tls_sess *s, gnutls_x509_crt_t crt)
{
	const char *purpose =
	    s->server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
	unsigned problems = 0;

	if (!gnutls_x509_crt_check_key_purpose(crt, purpose, 0))
		problems |= COAPX_CERT_PURPOSE;
	if (!s->server && s->name[0] != '\0' && !has_name(crt, s->name))
		problems |= COAPX_CERT_NAME;
	return problems;
}

static unsigned
look_at_chain(const struct tls_sess *s, const struct tls_peer *peer)
{
	time_t now = time(NULL);
	unsigned problems = 0;
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;
	size_t i;

	for (i = 0; i < peer->n; i++) {
		if (gnutls_x509_crt_init(&crt) < 0)
			return problems | COAPX_CERT_OTHER;
		der.data = (void *)(uintptr_t)peer->chain[i].data;
		der.size = (unsigned)peer->chain[i].len;
		if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0)
			problems |= COAPX_CERT_OTHER;
		else
			problems |= look_at_one(crt, now) |
			    (i == 0 ? look_at_own(s, crt) : 0);
		if (i == 0 && peer->n == 1 &&
		    gnutls_x509_crt_check_issuer(crt, crt))
			problems |= COAPX_CERT_SELF_SIGNED;
		gnutls_x509_crt_deinit(crt);
	}
	return problems;
}

/* What the library finds on the way to somebody who is trusted. */
static unsigned
look_for_trust(const struct tls_sess *s)
{
	const char *purpose =
	    s->server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
	gnutls_typed_vdata_st want = { GNUTLS_DT_KEY_PURPOSE_OID, NULL, 0 };
	unsigned status = 0, problems = 0;
	size_t i;

	want.data = (void *)(uintptr_t)purpose;
	if (gnutls_certificate_verify_peers(s->tls, &want, 1, &status) < 0)
		return COAPX_CERT_OTHER;
	for (i = 0; i < sizeof(from_status) / sizeof(from_status[0]); i++)
		if ((status & from_status[i].status) != 0)
			problems |= from_status[i].problem;
	if ((status & GNUTLS_CERT_INVALID) != 0 && problems == 0)
		problems = COAPX_CERT_OTHER;
	return problems;
}

static unsigned
find_problems(const struct tls_sess *s, const struct tls_peer *peer)
{
	unsigned problems;

	if (peer->n == 0)
		return COAPX_CERT_NONE;
	/* Whether it is the key that is expected its owner knows. */
	if (peer->rpk)
		return 0;
	problems = look_for_trust(s) | look_at_chain(s, peer);
	/* A root of ours signs itself, too. */
	if ((problems & COAPX_CERT_UNTRUSTED) == 0)
		problems &= ~COAPX_CERT_SELF_SIGNED;
	return problems;
}

/* The peer's chain, or raw public key; as much as there is room for. */
static void
get_peer(const struct tls_sess *s, struct tls_bytes chain[TLS_CHAIN_MAX],
    struct tls_peer *peer)
{
	const gnutls_datum_t *list;
	unsigned i, n = 0;

	memset(peer, 0, sizeof(*peer));
	list = gnutls_certificate_get_peers(s->tls, &n);
	if (!list)
		return;
	peer->rpk = gnutls_certificate_type_get2(s->tls, GNUTLS_CTYPE_PEERS) ==
	    GNUTLS_CRT_RAWPK;
	for (i = 0; i < n && i < TLS_CHAIN_MAX; i++) {
		chain[i].data = list[i].data;
		chain[i].len = list[i].size;
	}
	peer->chain = chain;
	peer->n = i;
}

static int
verify(struct tls_sess *s)
{
	struct tls_bytes chain[TLS_CHAIN_MAX];
	struct tls_peer peer;
	int err = 0;

	get_peer(s, chain, &peer);
	if (s->server && peer.n == 0 && s->ctx->ask != TLS_ASK_REQUIRED)
		return 0;
	peer.problems = find_problems(s, &peer);
	if (s->host->verify)
		err = s->host->verify(s->host_user, &peer);
	else if (peer.problems != 0)
		err = -COAP_E_NOT_TRUSTED;
	if (err == 0 && peer.n == 0)
		err = -COAP_E_NO_PEER_CERT;
	if (err != 0)
		return tlsg_refuse(s, err, alert_for(s, peer.problems));
	s->verified = true;
	return 0;
}

int
tlsg_verify(gnutls_session_t tls)
{
	return verify(gnutls_session_get_ptr(tls));
}

/* A resumed session has had no certificates on the wire: what was kept of them
 * is looked at again, for time and trust have gone on. */
int
tlsg_verify_late(struct tls_sess *s)
{
	if (s->verified || tlsg_is_psk(s))
		return 0;
	if (s->server && s->ctx->ask == TLS_ASK_NOTHING)
		return 0;
	return verify(s);
}

int
tlsg_peer_cert(struct tls_sess *s, size_t index, struct tls_bytes *der,
    bool *rpk)
{
	struct tls_bytes chain[TLS_CHAIN_MAX];
	struct tls_peer peer;

	get_peer(s, chain, &peer);
	if (index >= peer.n)
		return -COAP_E_NOTFOUND;
	*der = chain[index];
	*rpk = peer.rpk;
	return 0;
}
