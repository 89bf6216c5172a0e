/* SPDX-License-Identifier: BSD-2-Clause */
/* How a session ends: the library's errors and the peer's alerts in our words,
 * and what is known of a handshake. */
#include <stdio.h>
#include <string.h>

#include "tls/gnutls_private.h"

/* RFC 8446 section 6, and the older ones of RFC 5246 section 7.2. */
static const struct alert {
	int number;
	const char *name;
	int err; /* of a handshake that the peer ended with it; 0: TLS_ALERT */
} alerts[] = {
	{ 0, "close_notify", COAP_E_PEER_CLOSED },
	{ 10, "unexpected_message", 0 },
	{ 20, "bad_record_mac", 0 },
	{ 21, "decryption_failed", 0 },
	{ 22, "record_overflow", 0 },
	{ 30, "decompression_failure", 0 },
	{ 40, "handshake_failure", COAP_E_TLS_CIPHER },
	{ 41, "no_certificate", 0 },
	{ 42, "bad_certificate", 0 },
	{ 43, "unsupported_certificate", 0 },
	{ 44, "certificate_revoked", 0 },
	{ 45, "certificate_expired", 0 },
	{ 46, "certificate_unknown", 0 },
	{ 47, "illegal_parameter", 0 },
	{ 48, "unknown_ca", 0 },
	{ 49, "access_denied", 0 },
	{ 50, "decode_error", 0 },
	{ 51, "decrypt_error", 0 },
	{ 60, "export_restriction", 0 },
	{ 70, "protocol_version", COAP_E_TLS_VERSION },
	{ 71, "insufficient_security", COAP_E_TLS_CIPHER },
	{ 80, "internal_error", 0 },
	{ 86, "inappropriate_fallback", COAP_E_TLS_VERSION },
	{ 90, "user_canceled", 0 },
	{ 100, "no_renegotiation", 0 },
	{ 109, "missing_extension", 0 },
	{ 110, "unsupported_extension", 0 },
	{ 111, "certificate_unobtainable", 0 },
	{ 112, "unrecognized_name", COAP_E_NAME_UNKNOWN },
	{ 113, "bad_certificate_status_response", 0 },
	{ 114, "bad_certificate_hash_value", 0 },
	{ 115, "unknown_psk_identity", COAP_E_PSK_IDENTITY },
	{ 116, "certificate_required", COAP_E_CERT_REQUIRED },
	{ 120, "no_application_protocol", COAP_E_TLS_ALPN },
};

/* What ends a session on our side. */
static const struct {
	int ret;
	int err;
} from_library[] = {
	{ GNUTLS_E_MEMORY_ERROR, COAP_E_NOMEM },
	{ GNUTLS_E_NO_CIPHER_SUITES, COAP_E_TLS_CIPHER },
	{ GNUTLS_E_UNKNOWN_CIPHER_SUITE, COAP_E_TLS_CIPHER },
	{ GNUTLS_E_INSUFFICIENT_CREDENTIALS, COAP_E_TLS_CIPHER },
	{ GNUTLS_E_NO_COMMON_KEY_SHARE, COAP_E_TLS_CIPHER },
	{ GNUTLS_E_UNSUPPORTED_VERSION_PACKET, COAP_E_TLS_VERSION },
	{ GNUTLS_E_NO_APPLICATION_PROTOCOL, COAP_E_TLS_ALPN },
	{ GNUTLS_E_UNRECOGNIZED_NAME, COAP_E_NAME_UNKNOWN },
	{ GNUTLS_E_NO_CERTIFICATE_FOUND, COAP_E_NO_PEER_CERT },
	{ GNUTLS_E_CERTIFICATE_REQUIRED, COAP_E_NO_PEER_CERT },
	{ GNUTLS_E_CERTIFICATE_ERROR, COAP_E_NOT_TRUSTED },
	{ GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR, COAP_E_NOT_TRUSTED },
	{ GNUTLS_E_PREMATURE_TERMINATION, COAP_E_PEER_CLOSED },
	{ GNUTLS_E_SESSION_EOF, COAP_E_PEER_CLOSED },
	{ GNUTLS_E_TIMEDOUT, COAP_E_TIMEOUT },
};

static const struct alert *
find_alert(int number)
{
	size_t i;

	for (i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
		if (alerts[i].number == number)
			return &alerts[i];
	return NULL;
}

bool
tlsg_is_psk(const struct tls_sess *s)
{
	return gnutls_auth_get_type(s->tls) == GNUTLS_CRD_PSK;
}

/* A suite was agreed on. */
static bool
is_agreed(const struct tls_sess *s)
{
	return gnutls_kx_get(s->tls) != GNUTLS_KX_UNKNOWN;
}

/* An alert that tells of a key that is not the same on both sides: the record
 * with the first Finished, or the binder of TLS 1.3, was not right. */
static bool
is_wrong_key(const struct tls_sess *s, int alert)
{
	if (s->state == SESS_DONE || !s->psk_used)
		return false;
	if (alert == GNUTLS_A_BAD_RECORD_MAC ||
	    alert == GNUTLS_A_DECRYPT_ERROR ||
	    alert == GNUTLS_A_DECRYPTION_FAILED)
		return true;
	/* What GnuTLS and OpenSSL say of a binder. */
	return alert == GNUTLS_A_ILLEGAL_PARAMETER && !s->server &&
	    !is_agreed(s);
}

static int
from_alert(const struct tls_sess *s, int number)
{
	const struct alert *alert = find_alert(number);

	if (is_wrong_key(s, number))
		return -COAP_E_PSK_KEY;
	/* Before TLS 1.3 a server has no other word for it. */
	if (number == GNUTLS_A_HANDSHAKE_FAILURE && is_agreed(s))
		return gnutls_certificate_client_get_request_status(s->tls) &&
			!s->ctx->own_cert
		    ? -COAP_E_CERT_REQUIRED
		    : -COAP_E_TLS_ALERT;
	if (!alert || alert->err == 0)
		return -COAP_E_TLS_ALERT;
	return -alert->err;
}

/*
 * A wrong key shows in nothing but silence: in DTLS a record that cannot be
 * read is dropped.
 */
static bool
is_suspect(const struct tls_sess *s)
{
	if (!s->psk_used || s->state == SESS_DONE)
		return false;
	if (s->failed == -COAP_E_PSK_KEY)
		return true;
	if (s->server)
		return gnutls_record_get_discarded(s->tls) > 0;
	return gnutls_handshake_get_last_out(s->tls) ==
	    GNUTLS_HANDSHAKE_FINISHED;
}

static int
from_error(const struct tls_sess *s, int ret)
{
	size_t i;

	for (i = 0; i < sizeof(from_library) / sizeof(from_library[0]); i++)
		if (from_library[i].ret == ret)
			return -from_library[i].err;
	if (s->psk_used && s->state != SESS_DONE &&
	    (ret == GNUTLS_E_DECRYPTION_FAILED ||
		ret == GNUTLS_E_ERROR_IN_FINISHED_PACKET ||
		(ret == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER && s->server &&
		    !is_agreed(s))))
		return -COAP_E_PSK_KEY;
	/* A peer that gives up says so, in a record that is not encrypted. */
	return s->datagram && is_suspect(s) ? -COAP_E_PSK_KEY : -COAP_E_TLS;
}

/* The alert for an error on our side, or -1. */
static int
choose_alert(const struct tls_sess *s, int ret, int err)
{
	int level, alert;

	if (s->host_error != 0)
		return s->host_alert;
	if (err == -COAP_E_PSK_KEY)
		return ret == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER
		    ? GNUTLS_A_DECRYPT_ERROR
		    : GNUTLS_A_BAD_RECORD_MAC;
	if (err == -COAP_E_PEER_CLOSED || err == -COAP_E_TIMEOUT)
		return -1;
	alert = gnutls_error_to_alert(ret, &level);
	return alert;
}

int
tlsg_fail(struct tls_sess *s, int ret)
{
	int alert;

	/* The library's words for an error of ours would mislead. */
	snprintf(s->error, sizeof(s->error), "%s",
	    s->host_error != 0 ? err_text(s->host_error)
			       : gnutls_strerror(ret));
	if (ret == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		s->alert = (int)gnutls_alert_get(s->tls);
		s->failed = from_alert(s, s->alert);
	} else if (s->io_error != 0) {
		s->failed = s->io_error;
	} else {
		s->failed =
		    s->host_error != 0 ? s->host_error : from_error(s, ret);
		alert = choose_alert(s, ret, s->failed);
		if (alert >= 0) {
			s->alert = alert;
			s->alert_sent = true;
			(void)gnutls_alert_send(s->tls, GNUTLS_AL_FATAL,
			    (gnutls_alert_description_t)alert);
		}
	}
	s->state = SESS_FAILED;
	return s->failed;
}

int
tlsg_refuse(struct tls_sess *s, int err, int alert)
{
	s->host_error = err;
	s->host_alert = alert;
	return GNUTLS_E_USER_ERROR;
}

static const char *
version_name(gnutls_protocol_t version)
{
	static const struct {
		gnutls_protocol_t version;
		const char *name;
	} rows[] = {
		{ GNUTLS_DTLS1_2, "DTLS 1.2" },
		{ GNUTLS_TLS1_2, "TLS 1.2" },
		{ GNUTLS_TLS1_3, "TLS 1.3" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].version == version)
			return rows[i].name;
	return "";
}

static void
put(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

void
tlsg_info(struct tls_sess *s, struct tls_info *info)
{
	const struct alert *alert = find_alert(s->alert);
	gnutls_datum_t alpn;

	memset(info, 0, sizeof(*info));
	if (is_agreed(s)) {
		put(info->version, sizeof(info->version),
		    version_name(gnutls_protocol_get_version(s->tls)));
		put(info->cipher, sizeof(info->cipher),
		    gnutls_ciphersuite_get(s->tls));
		info->overhead = (unsigned)gnutls_record_overhead_size(s->tls);
	}
	if (gnutls_alpn_get_selected_protocol(s->tls, &alpn) == 0)
		snprintf(info->alpn, sizeof(info->alpn), "%.*s", (int)alpn.size,
		    (const char *)alpn.data);
	put(info->error, sizeof(info->error), s->error);
	info->alert = s->alert;
	info->alert_name = alert ? alert->name : NULL;
	info->alert_sent = s->alert_sent;
	info->resumed = gnutls_session_is_resumed(s->tls) != 0;
	info->psk = s->state == SESS_DONE && tlsg_is_psk(s);
	info->suspect_key = is_suspect(s);
	if (s->datagram) {
		info->bad_records = gnutls_record_get_discarded(s->tls);
		info->data_mtu = gnutls_dtls_get_data_mtu(s->tls);
	}
	memcpy(info->identity, s->identity, s->identity_len);
	info->identity_len = s->identity_len;
}
