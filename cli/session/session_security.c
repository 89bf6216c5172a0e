/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of a session that keys and certificates are behind. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/output/time_text.h"
#include "cli/session/diagnosis.h"
#include "cli/session/session_fields.h"

/* --- the handshake ------------------------------------------------------- */

static bool
tls_of(const struct named *n, coapx_tls_info_t *info)
{
	*info = (coapx_tls_info_t){ .size = sizeof *info };
	return coapx_session_get_tls_info(n->session, info) == 0;
}

static void
put_copy(struct field_value *v, const char *text)
{
	snprintf(v->text, sizeof v->text, "%s", text);
	field_put_text(v, v->text);
}

/* A text of coapx_tls_info_t. */
#define TLS_TEXT(id, member)                                             \
	void read_tls_##id(const struct named *n, struct field_value *v) \
	{                                                                \
		coapx_tls_info_t info;                                   \
                                                                         \
		if (tls_of(n, &info))                                    \
			put_copy(v, info.member);                        \
	}

TLS_TEXT(version, version)
TLS_TEXT(cipher, cipher)
TLS_TEXT(name, name)

/* Only TLS agrees on one, or has to say that it did not. */
void
read_tls_alpn(const struct named *n, struct field_value *v)
{
	coapx_tls_info_t info;

	if (!tls_of(n, &info))
		return;
	if (*info.alpn)
		put_copy(v, info.alpn);
	else if (info.established &&
	    coap_session_get_proto(n->session) == COAP_PROTO_TLS)
		put_copy(v, "none");
}

/* With its version where it is at work. */
void
read_tls_library(const struct named *n, struct field_value *v)
{
	static const char *const names[] = {
		[COAP_TLS_LIBRARY_NOTLS] = "none",
		[COAP_TLS_LIBRARY_TINYDTLS] = "tinydtls",
		[COAP_TLS_LIBRARY_OPENSSL] = "openssl",
		[COAP_TLS_LIBRARY_GNUTLS] = "gnutls",
		[COAP_TLS_LIBRARY_MBEDTLS] = "mbedtls",
		[COAP_TLS_LIBRARY_WOLFSSL] = "wolfssl",
	};
	coap_tls_library_t library = COAP_TLS_LIBRARY_NOTLS;
	coapx_tls_info_t info;

	if (tls_of(n, &info) && *info.library) {
		put_copy(v, info.library);
		return;
	}
	coap_session_get_tls(n->session, &library);
	if ((size_t)library < sizeof names / sizeof names[0])
		field_put_text(v, names[library]);
}

void
read_tls_verify(const struct named *n, struct field_value *v)
{
	char buf[PROBLEMS_SIZE];
	coapx_tls_info_t info;
	const char *text = NULL;

	if (tls_of(n, &info))
		text = trust_text(&info, buf);
	if (text)
		put_copy(v, text);
}

void
read_tls_resumed(const struct named *n, struct field_value *v)
{
	coapx_tls_info_t info;

	if (tls_of(n, &info) && info.established)
		field_put_bool(v, info.resumed != 0);
}

/* "alert 115 (unknown_psk_identity)" */
void
read_tls_alert(const struct named *n, struct field_value *v)
{
	coapx_tls_info_t info;

	if (!tls_of(n, &info) || info.alert <= 0)
		return;
	snprintf(v->text, sizeof v->text, "%s alert %d (%s)",
	    info.alert_sent ? "sent" : "received", info.alert, info.alert_name);
	field_put_text(v, v->text);
}

/* --- the peer's certificate ---------------------------------------------- */

static bool
cert_of(const struct named *n, coapx_cert_t *cert)
{
	*cert = (coapx_cert_t){ .size = sizeof *cert };
	return coapx_session_get_peer_cert(n->session, 0, cert) == 0;
}

/* A text of coapx_cert_t. */
#define CERT_TEXT(id)                                                     \
	void read_peer_##id(const struct named *n, struct field_value *v) \
	{                                                                 \
		coapx_cert_t cert;                                        \
                                                                          \
		if (cert_of(n, &cert))                                    \
			put_copy(v, cert.id);                             \
	}

CERT_TEXT(subject)
CERT_TEXT(issuer)
CERT_TEXT(san)
CERT_TEXT(sha256)
CERT_TEXT(key)

static void
put_date(struct field_value *v, int64_t seconds)
{
	char date[DATE_SIZE];

	put_copy(v, date_text(seconds, date));
}

/* A raw public key has no dates. */
void
read_peer_not_before(const struct named *n, struct field_value *v)
{
	coapx_cert_t cert;

	if (cert_of(n, &cert) && !cert.is_rpk)
		put_date(v, cert.not_before);
}

void
read_peer_not_after(const struct named *n, struct field_value *v)
{
	coapx_cert_t cert;

	if (cert_of(n, &cert) && !cert.is_rpk)
		put_date(v, cert.not_after);
}

/* --- shared keys --------------------------------------------------------- */

static void
put_bytes(struct field_value *v, const coap_bin_const_t *bytes)
{
	if (!bytes)
		return;
	snprintf(v->text, sizeof v->text, "%.*s", (int)bytes->length,
	    (const char *)bytes->s);
	field_put_text(v, v->text);
}

void
read_psk_hint(const struct named *n, struct field_value *v)
{
	put_bytes(v, coap_session_get_psk_hint(n->session));
}

void
read_psk_identity(const struct named *n, struct field_value *v)
{
	put_bytes(v, coap_session_get_psk_identity(n->session));
}

/* The key itself is shown to who asks for it alone. */
void
read_psk_key(const struct named *n, struct field_value *v)
{
	const coap_bin_const_t *key = coap_session_get_psk_key(n->session);

	if (!key)
		return;
	snprintf(v->text, sizeof v->text, "<%zu byte%s>", key->length,
	    key->length == 1 ? "" : "s");
	for (size_t i = 0; v->reveal && i < key->length; i++) {
		if (2 * i + 2 >= sizeof v->text)
			break;
		snprintf(v->text + 2 * i, 3, "%02x", key->s[i]);
	}
	field_put_text(v, v->text);
}
