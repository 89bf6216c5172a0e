/* SPDX-License-Identifier: BSD-2-Clause */
/* The secure part of a session, and what a handshake asks of it. */
#include "session/session.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "session/secure/secure.h"

/* Resumption data is kept up to this. */
#define RESUME_MAX 16384

/* --- small copies -------------------------------------------------------- */

/* Replaced only when it differs, so that pointers live as long as they can. */
static int
keep(coap_bin_const_t **at, const uint8_t *data, size_t len)
{
	if (*at && (*at)->length == len &&
	    (len == 0 || memcmp((*at)->s, data, len) == 0))
		return 0;
	credentials_wipe(at);
	*at = coap_new_bin_const(data ? data : (const uint8_t *)"", len);
	return *at ? 0 : -COAP_E_NOMEM;
}

static int
keep_same(coap_bin_const_t **at, const coap_bin_const_t *from)
{
	return from ? keep(at, from->s, from->length) : 0;
}

/* --- birth and death ----------------------------------------------------- */

/* What a server's session uses, until a callback says something else. */
static int
server_defaults(struct session_secure *s, const struct credentials *c)
{
	int err = 0;

	if (c->hint && c->hint->length > 0)
		err = keep_same(&s->hint, c->hint);
	if (err == 0 && c->server_key && c->server_key->length > 0)
		err = keep_same(&s->key, c->server_key);
	return err;
}

static int
client_defaults(struct session_secure *s, const struct credentials *c)
{
	int err = 0;

	if (!c->has_cpsk)
		return 0;
	err = keep_same(&s->identity, c->identity);
	return err == 0 ? keep_same(&s->key, c->client_key) : err;
}

/* The name to ask for: the most explicit one counts. */
static const char *
chosen_name(const struct credentials *c, const char *name, size_t *len)
{
	const char *given = c->server_name ? c->server_name
	    : c->pki_name                  ? c->pki_name
					   : c->psk_name;

	if (!given)
		return name;
	*len = strlen(given);
	return given;
}

int
secure_new(coap_session_t *session, struct credentials *credentials,
    const char *name, size_t name_len)
{
	struct session_secure *s;
	int err;

	if (!session_extra(session))
		return -COAP_E_NOMEM;
	s = mem_new(COAP_SESSION, 1, sizeof *s);
	if (!s)
		return -COAP_E_NOMEM;
	session->extra->secure = s;
	s->credentials = credentials_ref(credentials);
	if (credentials->server)
		return server_defaults(s, credentials);
	name = chosen_name(credentials, name, &name_len);
	if (name && name_len > 0 && name_len <= TLS_NAME_MAX) {
		s->name = coap_malloc_type(COAP_STRING, name_len + 1);
		if (!s->name)
			return -COAP_E_NOMEM;
		memcpy(s->name, name, name_len);
		s->name[name_len] = '\0';
	}
	err = client_defaults(s, credentials);
	return err;
}

int
secure_client(coap_session_t *session, struct credentials *credentials,
    const char *name, size_t name_len)
{
	struct tls_ctx *ctx;
	char why[512] = "no session";
	int err;

	credentials_share(credentials, session->context);
	err =
	    credentials_ctx(credentials, session->proto, &ctx, why, sizeof why);
	if (err == 0)
		err = secure_new(session, credentials, name, name_len);
	if (err < 0)
		context_fail(session->context, err, "%s", why);
	return err;
}

void
secure_free(coap_session_t *session)
{
	struct session_secure *s = session_secure(session);

	if (!s)
		return;
	session->extra->secure = NULL;
	credentials_unref(s->named);
	credentials_unref(s->credentials);
	credentials_wipe(&s->hint);
	credentials_wipe(&s->identity);
	credentials_wipe(&s->key);
	credentials_wipe(&s->resume);
	coap_free_type(COAP_STRING, s->name);
	coap_free_type(COAP_SESSION, s->cert);
	coap_free_type(COAP_SESSION, s->last);
	coap_free_type(COAP_SESSION, s);
}

/* --- shared keys --------------------------------------------------------- */

/* Session that was ended by a handler goes no further. */
static int
still_there(const coap_session_t *session)
{
	return session->layer && !session->context->doomed ? 0
							   : -COAP_E_CANCELLED;
}

static int
psk_client(void *user, struct tls_bytes hint, struct tls_psk *psk)
{
	coap_session_t *session = user;
	struct session_secure *s = session_secure(session);
	struct credentials *c = s->credentials;
	const coap_dtls_cpsk_info_t *info;
	coap_str_const_t text = { hint.len, hint.data };
	int err = 0;

	if (hint.len > 0)
		err = keep(&s->hint, hint.data, hint.len);
	if (err == 0 && c->on_hint) {
		info = c->on_hint(&text, session, c->on_hint_arg);
		err = info ? still_there(session) : -COAP_E_CREDENTIALS;
		if (err == 0)
			err = keep(&s->identity, info->identity.s,
			    info->identity.length);
		if (err == 0)
			err = keep(&s->key, info->key.s, info->key.length);
	}
	psk->identity = bytes_of(s->identity);
	psk->key = bytes_of(s->key);
	if (err == 0 && psk->key.len == 0)
		err = -COAP_E_CREDENTIALS;
	return err;
}

static int
psk_server(void *user, struct tls_bytes identity, struct tls_psk *psk)
{
	coap_session_t *session = user;
	struct session_secure *s = session_secure(session);
	struct credentials *c = s->named ? s->named : s->credentials;
	coap_bin_const_t id = { identity.len, identity.data };
	const coap_bin_const_t *key;
	int err = keep(&s->identity, identity.data, identity.len);

	if (err == 0 && c->on_identity) {
		key = c->on_identity(&id, session, c->on_identity_arg);
		err = key ? still_there(session) : -COAP_E_PSK_IDENTITY;
		if (err == 0)
			err = keep(&s->key, key->s, key->length);
	}
	psk->key = bytes_of(s->key);
	if (err == 0 && psk->key.len == 0)
		err = -COAP_E_PSK_IDENTITY;
	return err;
}

static int
on_name(void *user, const char *name, struct tls_ctx **ctx)
{
	coap_session_t *session = user;
	struct session_secure *s = session_secure(session);
	struct credentials *chosen;
	char why[128];
	int err = credentials_for_name(s->credentials, name ? name : "",
	    session, &chosen);

	if (err == 0)
		err = still_there(session);
	if (err < 0 || chosen == s->credentials)
		return err;
	credentials_unref(s->named);
	s->named = credentials_ref(chosen);
	/* A name without a key does not have that of the others. */
	credentials_wipe(&s->hint);
	credentials_wipe(&s->key);
	err = server_defaults(s, chosen);
	if (err == 0)
		err = credentials_ctx(chosen, session->proto, ctx, why,
		    sizeof why);
	if (err == -COAP_E_CREDENTIALS)
		trace_text(session, COAPX_TRACE_NOTE, why);
	return err;
}

/* --- certificates -------------------------------------------------------- */

/* What an application allows, taken away from what was found. */
static unsigned
allowed(const struct credentials *c)
{
	const coap_dtls_pki_t *pki = &c->pki;
	unsigned bits = 0;

	if (!credentials_check_name(c))
		bits |= COAPX_CERT_NAME;
	if (!c->has_pki)
		return bits;
	if (pki->allow_self_signed)
		bits |= COAPX_CERT_SELF_SIGNED;
	if (pki->allow_expired_certs)
		bits |= COAPX_CERT_EXPIRED | COAPX_CERT_NOT_YET;
	if (pki->allow_bad_md_hash || pki->allow_short_rsa_length)
		bits |= COAPX_CERT_WEAK;
	if (!c->strict && !pki->check_cert_revocation)
		bits |= COAPX_CERT_REVOKED;
	return bits;
}

static bool
is_expected_key(const struct credentials *c, const struct tls_peer *peer)
{
	const coap_bin_const_t *rpk = c->peer_rpk;

	return rpk && peer->n > 0 && rpk->length == peer->chain[0].len &&
	    memcmp(rpk->s, peer->chain[0].data, rpk->length) == 0;
}

static unsigned
problems_of(const struct credentials *c, const struct tls_peer *peer)
{
	unsigned problems = peer->problems;
	bool asked = c->has_pki && c->pki.validate_cn_call_back;

	if (peer->rpk && is_expected_key(c, peer))
		return problems &
		    ~(COAPX_CERT_UNKNOWN_KEY | COAPX_CERT_UNTRUSTED |
			COAPX_CERT_NAME);
	if (peer->rpk)
		return problems |
		    (asked && !c->peer_rpk ? 0 : COAPX_CERT_UNKNOWN_KEY);
	if (c->peer_rpk)
		problems |= COAPX_CERT_UNKNOWN_KEY;
	if (c->has_pki && c->pki.cert_chain_validation &&
	    peer->n > (size_t)c->pki.cert_chain_verify_depth + 1)
		problems |= COAPX_CERT_OTHER;
	return problems;
}

/* The application's own judgement, the chain's far end first. */
static unsigned
ask_application(coap_session_t *session, const struct credentials *c,
    const struct tls_peer *peer, bool valid)
{
	const struct tls_backend *backend = c->backend;
	coap_dtls_cn_callback_t judge = c->pki.validate_cn_call_back;
	coapx_cert_t cert;
	const char *cn;
	size_t i;

	for (i = peer->n; i-- > 0;) {
		cn = COAP_DTLS_RPK_CERT_CN;
		if (!peer->rpk) {
			cert = (coapx_cert_t){ .size = sizeof cert };
			backend->describe(peer->chain[i], false, &cert);
			cn = cert.common_name;
		}
		if (!judge(cn, peer->chain[i].data, peer->chain[i].len, session,
			(unsigned)i, valid, c->pki.cn_call_back_arg))
			return COAPX_CERT_CALLBACK;
		if (still_there(session) < 0)
			return COAPX_CERT_CALLBACK;
	}
	return 0;
}

/* The certificate that was refused, for who asks why. */
static void
remember_cert(struct session_secure *s, const struct tls_peer *peer)
{
	coap_free_type(COAP_SESSION, s->cert);
	s->cert = NULL;
	if (peer->n == 0 || s->problems == 0)
		return;
	s->cert = mem_new(COAP_SESSION, 1, sizeof *s->cert);
	if (!s->cert)
		return;
	s->cert->size = sizeof *s->cert;
	s->credentials->backend->describe(peer->chain[0], peer->rpk, s->cert);
}

static int
verify(void *user, const struct tls_peer *peer)
{
	coap_session_t *session = user;
	struct session_secure *s = session_secure(session);
	struct credentials *c = s->named ? s->named : s->credentials;
	unsigned bad;

	s->auth = peer->n == 0 ? COAPX_AUTH_NONE
	    : peer->rpk        ? COAPX_AUTH_RPK
			       : COAPX_AUTH_PKI;
	s->checked = credentials_verify(c);
	s->problems = problems_of(c, peer);
	bad = s->problems & ~allowed(c);
	/* One who is its own issuer is trusted by nobody else. */
	if (c->has_pki && c->pki.allow_self_signed &&
	    (s->problems & COAPX_CERT_SELF_SIGNED))
		bad &= ~COAPX_CERT_UNTRUSTED;
	if (peer->n > 0 && c->has_pki && c->pki.validate_cn_call_back)
		s->problems |= ask_application(session, c, peer, bad == 0);
	bad |= s->problems & COAPX_CERT_CALLBACK;
	s->trusted = s->checked && bad == 0;
	remember_cert(s, peer);
	if (still_there(session) < 0)
		return -COAP_E_CANCELLED;
	if (bad & COAPX_CERT_CALLBACK)
		return -COAP_E_NOT_TRUSTED;
	if (!s->checked || bad == 0)
		return 0;
	return bad & COAPX_CERT_NONE ? -COAP_E_NO_PEER_CERT
				     : -COAP_E_NOT_TRUSTED;
}

/* --- the rest ------------------------------------------------------------ */

static void
resumable(void *user, struct tls_bytes data)
{
	coap_session_t *session = user;
	struct session_secure *s = session_secure(session);

	if (!s->credentials->server && data.len <= RESUME_MAX)
		keep(&s->resume, data.data, data.len);
}

static void
on_message(void *user, bool sent, unsigned type, const char *name, size_t len)
{
	coap_session_t *session = user;
	char text[80];

	if (!session->context->on.trace)
		return;
	snprintf(text, sizeof text, "handshake: %s %s (%u), %zu bytes",
	    sent ? "sent" : "received", name ? name : "message", type, len);
	trace_text(session, COAPX_TRACE_NOTE, text);
}

static void
on_keylog(void *user, const char *line)
{
	coap_session_t *session = user;

	context_keylog(session->context, line);
}

static const struct tls_host host = {
	.psk_client = psk_client,
	.psk_server = psk_server,
	.name = on_name,
	.verify = verify,
	.resumable = resumable,
	.message = on_message,
	.keylog = on_keylog,
};

/* Without a name the address is what the certificate must be for. */
static const char *
name_to_check(const coap_session_t *session, const struct session_secure *s,
    char *text, size_t size)
{
	if (s->name || s->credentials->server)
		return s->name;
	if (!addr_host(&session->remote, text, size))
		return NULL;
	return text;
}

/* The application's last changes to the library's handle. */
static int
set_up(const struct credentials *c, struct layer *tls)
{
	coap_dtls_pki_t pki = c->pki;
	const struct tls_backend *backend;
	struct tls_sess *s = layer_tls_session(tls, &backend);

	if (!c->has_pki || !pki.additional_tls_setup_call_back)
		return 0;
	return pki.additional_tls_setup_call_back(backend->native(s), &pki)
	    ? 0
	    : -COAP_E_CREDENTIALS;
}

int
secure_put(coap_session_t *session, struct layer *lower,
    struct tls_prestate *state, struct layer **out)
{
	struct session_secure *s = session_secure(session);
	char address[ADDR_TEXT_SIZE];
	struct layer *tls = NULL;
	struct layer_tls_params params = {
		.resume = bytes_of(s->resume),
		.mtu = session->mtu,
		.prestate = state,
		.host = &host,
		.host_user = session,
		.now = context_layer_now,
		/* The layer may outlive the session. */
		.now_user = session->context,
	};
	char why[128] = "";
	int err;

	params.name = name_to_check(session, s, address, sizeof address);
	err = credentials_ctx(s->credentials, session->proto, &params.ctx, why,
	    sizeof why);
	params.backend = s->credentials->backend;
	s->problems = 0;
	s->icmp = 0;
	s->checked = s->trusted = s->last_done = false;
	s->auth = COAPX_AUTH_NONE;
	if (err == 0)
		err = layer_tls_new(lower, &params, &tls);
	if (err != 0 && *why)
		trace_text(session, COAPX_TRACE_NOTE, why);
	if (err != 0)
		return err;
	err = set_up(s->credentials, tls);
	if (err < 0) {
		/* What is below stays the caller's. */
		tls->next = NULL;
		layer_free(tls);
		return err;
	}
	*out = tls;
	return 0;
}

void
secure_remember(coap_session_t *session)
{
	struct session_secure *s = session_secure(session);
	const struct tls_backend *backend;
	struct tls_sess *tls;

	if (!s)
		return;
	tls = secure_tls(session, &backend);
	if (!tls)
		return;
	if (!s->last)
		s->last = mem_new(COAP_SESSION, 1, sizeof *s->last);
	if (s->last)
		backend->info(tls, s->last);
}

/* RFC 8323 section 8.2: a client goes on without ALPN on port 5684 only. What
 * is on other ports may be anything, unless the application says what it is. */
static bool
needs_alpn(const coap_session_t *session, const struct session_secure *s)
{
	return !(s->credentials->flags & COAPX_TLS_NO_ALPN) &&
	    coap_address_get_port(&session->remote) != COAPS_DEFAULT_PORT;
}

/* A client's look at what the server has agreed on; another protocol than ours
 * has ended the handshake. */
static int
check_alpn(coap_session_t *session, const struct session_secure *s,
    const struct tls_info *info)
{
	if (session->proto->proto != COAP_PROTO_TLS || s->credentials->server ||
	    info->alpn[0] != '\0')
		return 0;
	if (needs_alpn(session, s))
		return -COAP_E_TLS_NO_ALPN;
	trace_text(session, COAPX_TRACE_NOTE,
	    "the server names no protocol (ALPN): taken for coap");
	return 0;
}

int
secure_done(coap_session_t *session)
{
	struct session_secure *s = session_secure(session);
	const struct tls_backend *backend;
	struct tls_sess *tls = secure_tls(session, &backend);
	struct tls_info info = { 0 };
	int err;

	if (!tls)
		return 0;
	backend->info(tls, &info);
	s->last_done = true;
	err = check_alpn(session, s, &info);
	if (err < 0)
		return err;
	if (!info.psk)
		return 0;
	s->auth = COAPX_AUTH_PSK;
	s->checked = s->trusted = true;
	if (s->credentials->server && info.identity_len > 0)
		keep(&s->identity, (const uint8_t *)info.identity,
		    info.identity_len);
	return 0;
}

int
secure_timeout(const coap_session_t *session)
{
	struct session_secure *s = session_secure(session);
	const struct tls_backend *backend;
	struct tls_sess *tls;
	struct tls_info info = { .alert = -1 };

	tls = s ? secure_tls(session, &backend) : NULL;
	if (!tls)
		return -COAP_E_TIMEOUT;
	backend->info(tls, &info);
	if (info.suspect_key && s->key)
		return -COAP_E_PSK_KEY;
	if (s->icmp < 0 && !session->heard)
		return s->icmp;
	return session->heard ? -COAP_E_TLS : -COAP_E_TIMEOUT;
}
