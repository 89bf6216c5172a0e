/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked of a session's security, and of the TLS library. */
#include <stdio.h>
#include <string.h>

#include "base/sized.h"
#include "session/secure/secure.h"
#include "session/session.h"

void *
coap_session_get_tls(const coap_session_t *session, coap_tls_library_t *tls_lib)
{
	const struct tls_backend *backend;
	struct tls_sess *tls;

	if (!session)
		return NULL;
	if (tls_lib)
		*tls_lib = tls_backend_type();
	tls = secure_tls(session, &backend);
	return tls ? backend->native(tls) : NULL;
}

const coap_bin_const_t *
coap_session_get_psk_hint(const coap_session_t *session)
{
	const struct session_secure *s =
	    session ? session_secure(session) : NULL;

	return s ? s->hint : NULL;
}

const coap_bin_const_t *
coap_session_get_psk_identity(const coap_session_t *session)
{
	const struct session_secure *s =
	    session ? session_secure(session) : NULL;

	return s ? s->identity : NULL;
}

const coap_bin_const_t *
coap_session_get_psk_key(const coap_session_t *session)
{
	const struct session_secure *s =
	    session ? session_secure(session) : NULL;

	return s ? s->key : NULL;
}

/* --- details ------------------------------------------------------------- */

static const char *const problems[] = {
	"it sent no certificate",
	"no trusted issuer",
	"self-signed",
	"is for another name",
	"expired",
	"not valid yet",
	"revoked",
	"too weak a hash or key",
	"a signature does not match",
	"not made for this use",
	"not the key that is expected",
	"the application refused it",
	"not valid",
};

const char *
coapx_cert_problem(unsigned bit)
{
	size_t i;

	for (i = 0; i < sizeof problems / sizeof problems[0]; i++)
		if (bit == 1U << i)
			return problems[i];
	return "";
}

static void
copy_info(coapx_tls_info_t *to, const struct tls_info *from)
{
	snprintf(to->version, sizeof to->version, "%s", from->version);
	snprintf(to->cipher, sizeof to->cipher, "%s", from->cipher);
	snprintf(to->alpn, sizeof to->alpn, "%s", from->alpn);
	snprintf(to->detail, sizeof to->detail, "%s", from->error);
	to->resumed = from->resumed;
	to->alert = from->alert;
	to->alert_sent = from->alert_sent;
	if (from->alert >= 0 && from->alert_name)
		snprintf(to->alert_name, sizeof to->alert_name, "%s",
		    from->alert_name);
	to->suspect_key = from->suspect_key;
}

int
coapx_session_get_tls_info(const coap_session_t *session,
    coapx_tls_info_t *info)
{
	const struct session_secure *s;
	const struct tls_backend *backend;
	struct tls_sess *tls;
	coapx_tls_info_t full = { .size = sizeof full, .alert = -1 };
	struct tls_info now = { .alert = -1 };

	if (!session || !info || info->size < sizeof info->size)
		return -COAP_E_INVAL;
	s = session_secure(session);
	if (!s)
		return -COAP_E_NOTSUP;
	tls = secure_tls(session, &backend);
	if (!tls && !s->last)
		return -COAP_E_STATE;
	backend = s->credentials->backend;
	if (tls)
		backend->info(tls, &now);
	copy_info(&full, tls ? &now : s->last);
	snprintf(full.library, sizeof full.library, "%s %s", backend->name,
	    backend->version_text());
	full.auth = (coapx_auth_t)s->auth;
	full.established = s->last_done;
	full.checked = s->checked;
	full.trusted = s->trusted;
	full.problems = s->problems;
	if (s->name)
		snprintf(full.name, sizeof full.name, "%s", s->name);
	sized_give(info, &full, sizeof full);
	return 0;
}

int
coapx_session_get_peer_der(const coap_session_t *session, unsigned index,
    const uint8_t **der, size_t *len)
{
	const struct tls_backend *backend;
	struct tls_sess *tls = secure_tls(session, &backend);
	struct tls_bytes bytes;
	bool rpk;

	if (!session || !der || !len)
		return -COAP_E_INVAL;
	if (!tls || backend->peer_cert(tls, index, &bytes, &rpk) < 0)
		return -COAP_E_NOTFOUND;
	*der = bytes.data;
	*len = bytes.len;
	return 0;
}

int
coapx_session_get_peer_cert(const coap_session_t *session, unsigned index,
    coapx_cert_t *cert)
{
	const struct tls_backend *backend;
	const struct session_secure *s;
	struct tls_sess *tls;
	coapx_cert_t full = { .size = sizeof full };
	struct tls_bytes der;
	bool rpk;
	int err = 0;

	if (!session || !cert || cert->size < sizeof cert->size)
		return -COAP_E_INVAL;
	s = session_secure(session);
	tls = secure_tls(session, &backend);
	if (tls && backend->peer_cert(tls, index, &der, &rpk) == 0)
		err = backend->describe(der, rpk, &full);
	else if (s && s->cert && index == 0)
		full = *s->cert;
	else
		return -COAP_E_NOTFOUND;
	sized_give(cert, &full, sizeof full);
	return err;
}

/* --- the library --------------------------------------------------------- */

coap_tls_version_t *
coap_get_tls_library_version(void)
{
	/* The caller gets a writable pointer, so each thread has its own. */
	static _Thread_local coap_tls_version_t version;
	const struct tls_backend *backend = tls_backend(NULL, 0);

	version = (coap_tls_version_t){ .type = COAP_TLS_LIBRARY_NOTLS };
	if (backend) {
		version.version = backend->version();
		version.type = backend->type;
		version.built_version = backend->built_version;
	}
	return &version;
}

char *
coap_string_tls_version(char *buffer, size_t bufsize)
{
	const struct tls_backend *backend = tls_backend(NULL, 0);

	if (buffer == NULL || bufsize == 0)
		return NULL;
	if (backend)
		snprintf(buffer, bufsize, "TLS library: %s %s", backend->name,
		    backend->version_text());
	else
		snprintf(buffer, bufsize, "TLS library: none");
	return buffer;
}

char *
coap_string_tls_support(char *buffer, size_t bufsize)
{
	static const struct {
		enum tls_cap cap;
		const char *name;
	} words[] = {
		{ TLS_CAP_PSK, "PSK" },
		{ TLS_CAP_PKI, "PKI" },
		{ TLS_CAP_PKCS11, "PKCS11" },
		{ TLS_CAP_RPK, "RPK" },
		{ TLS_CAP_CID, "CID" },
	};
	const struct tls_backend *backend = tls_backend(NULL, 0);
	size_t len;
	size_t i;

	if (buffer == NULL || bufsize == 0)
		return NULL;
	if (!backend) {
		snprintf(buffer, bufsize, "(no DTLS and no TLS support)");
		return buffer;
	}
	snprintf(buffer, bufsize, "(DTLS and TLS support;");
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		len = strlen(buffer);
		if (backend->caps & words[i].cap)
			snprintf(buffer + len, bufsize - len, " %s",
			    words[i].name);
	}
	len = strlen(buffer);
	snprintf(buffer + len, bufsize - len, ")");
	return buffer;
}

void
coap_show_tls_version(coap_log_t level)
{
	char text[80];

	coap_log(level, "%s", coap_string_tls_version(text, sizeof text));
}
