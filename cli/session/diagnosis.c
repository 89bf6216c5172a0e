/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a session failed: one table from errors to sentences. */
#include "cli/session/diagnosis.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/job.h"
#include "cli/output/text.h"
#include "cli/session/diagnosis_table.h"
#include "cli/session/diagnosis_text.h"
#include "cli/session/opening.h"

/* Alerts of RFC 8446 section 6. */
#define ILLEGAL_PARAMETER 47
#define DECRYPT_ERROR     51

/* --- words --------------------------------------------------------------- */

/* "no trusted issuer; is for another name", cut if longer; buf. */
static const char *
problems_text(unsigned problems, char *buf, size_t size)
{
	size_t len = 0;
	unsigned bit;

	buf[0] = '\0';
	for (bit = 1; bit <= COAPX_CERT_OTHER && len < size; bit <<= 1)
		if (problems & bit)
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
			    len > 0 ? "; " : "", coapx_cert_problem(bit));
	return buf;
}

/* A certificate or a raw public key. */
static const char *
proof_text(const coapx_tls_info_t *info, char buf[PROBLEMS_SIZE])
{
	bool rpk = info->auth == COAPX_AUTH_RPK;
	int len;

	if (info->checked && info->trusted)
		return rpk ? "raw public key" : "trusted";
	len = snprintf(buf, PROBLEMS_SIZE, "%s%s",
	    info->checked ? "not trusted" : "not checked (--insecure)",
	    info->problems ? ": " : "");
	problems_text(info->problems, buf + len, PROBLEMS_SIZE - (size_t)len);
	return buf;
}

const char *
trust_text(const coapx_tls_info_t *info, char buf[PROBLEMS_SIZE])
{
	switch (info->auth) {
	case COAPX_AUTH_PSK:
		return "pre-shared key";
	case COAPX_AUTH_PKI:
	case COAPX_AUTH_RPK:
		return proof_text(info, buf);
	default:
		return info->established ? "the peer was not asked who it is"
					 : NULL;
	}
}

const char *
security_word(const coap_session_t *session)
{
	static const char *const words[] = {
		[COAPX_AUTH_NONE] = "anonymous",
		[COAPX_AUTH_PSK] = "psk",
		[COAPX_AUTH_PKI] = "pki",
		[COAPX_AUTH_RPK] = "rpk",
	};
	coapx_tls_info_t info = { .size = sizeof info };

	if (!session || coapx_session_get_tls_info(session, &info) < 0 ||
	    !info.established)
		return NULL;
	if (info.auth > COAPX_AUTH_PSK && !info.checked)
		return "insecure";
	if (info.auth == COAPX_AUTH_NONE &&
	    coap_session_get_type(session) == COAP_SESSION_TYPE_CLIENT &&
	    !coapx_session_get_endpoint(session))
		return "insecure";
	return (size_t)info.auth < sizeof words / sizeof words[0]
	    ? words[info.auth]
	    : NULL;
}

bool
session_is_insecure(const coap_session_t *session)
{
	const char *word = security_word(session);

	return word && strcmp(word, "insecure") == 0;
}

/* --- certificates -------------------------------------------------------- */

/* Each thing that is wrong; the advice is that of the first. */
static void
diagnose_certificate(const struct facts *f, struct diagnosis *d)
{
	struct text cause = { .s = NULL };
	struct text advice = { .s = NULL };
	const struct cert_row *row;
	bool first = true;

	diagnosis_expand(&cause,
	    "handshake failed: the {peer}'s certificate is "
	    "not trusted",
	    f);
	for (row = cert_rows; row->bit != 0; row++) {
		if (!(f->tls.problems & row->bit))
			continue;
		/* Who is its own issuer has no other. */
		if (row->bit == COAPX_CERT_UNTRUSTED &&
		    (f->tls.problems & COAPX_CERT_SELF_SIGNED))
			continue;
		text_add(&cause, first ? ": " : "; ");
		diagnosis_expand(&cause, row->cause, f);
		if (first)
			diagnosis_expand(&advice, row->advice, f);
		first = false;
	}
	if (first)
		text_add(&advice, "-vvv shows the handshake");
	d->status = STATUS_UNTRUSTED;
	diagnosis_give(&cause, d->cause, sizeof d->cause);
	diagnosis_give(&advice, d->advice, sizeof d->advice);
}

/* --- the rest ------------------------------------------------------------ */

static bool
is_for(const struct diagnosis_row *row, const struct facts *f)
{
	bool open = f->begun && !f->tls.established;

	if (row->error != f->error)
		return false;
	if (row->word && (!f->why || !strstr(f->why, row->word)))
		return false;
	switch (row->when) {
	case WHEN_ALWAYS:
		return true;
	case WHEN_CONNECTING:
		return f->connecting;
	case WHEN_HANDSHAKE:
		return open;
	case WHEN_DATAGRAMS:
		return open && f->datagrams;
	case WHEN_SUSPECT:
		return open && f->tls.suspect_key;
	case WHEN_ANSWERED:
		return open && *f->tls.version && f->tls.cipher[0] != '\0';
	case WHEN_SERVER:
		return f->server;
	case WHEN_WEBSOCKET:
		return f->websocket;
	case WHEN_SECURED:
		return f->begun && f->tls.established;
	case WHEN_TALKED:
		return f->talked;
	}
	return false;
}

static const struct alert_info *
find_alert(int number)
{
	const struct alert_info *a;

	for (a = alert_rows; a->name; a++)
		if (a->number == number)
			return a;
	return NULL;
}

/* An alert that has to do with the error. */
static bool
has_alert(const struct facts *f)
{
	bool secure =
	    f->error >= COAP_E_TLS && f->error <= COAP_E_CERT_REQUIRED;

	return f->begun && f->tls.alert > 0 && (secure || !f->tls.established);
}

/* OpenSSL and GnuTLS say illegal_parameter in TLS 1.3 when the keys differ, and
 * not decrypt_error (RFC 8446 section 4.2.11). */
static int
alert_meant(const struct facts *f)
{
	return f->tls.alert == ILLEGAL_PARAMETER && f->identity && *f->identity
	    ? DECRYPT_ERROR
	    : f->tls.alert;
}

/* The peer's alert says more than the error that it became. */
static bool
diagnose_alert(const struct facts *f, struct diagnosis *d)
{
	const struct alert_info *a = find_alert(alert_meant(f));
	struct text cause = { .s = NULL };
	struct text advice = { .s = NULL };

	if (!has_alert(f) || f->tls.alert_sent)
		return false;
	/* In TLS 1.3 a client may think that it is done before the server
	 * has judged it. */
	if (!f->tls.established)
		text_add(&cause, "handshake failed: ");
	diagnosis_expand(&cause, "{peer} sent {alert}", f);
	if (a)
		text_add(&cause, "; ");
	diagnosis_expand(&cause, a ? a->cause : NULL, f);
	diagnosis_expand(&advice, a ? a->advice : "-vvv shows the handshake",
	    f);
	d->status = STATUS_HANDSHAKE;
	d->handshake = true;
	diagnosis_give(&cause, d->cause, sizeof d->cause);
	diagnosis_give(&advice, d->advice, sizeof d->advice);
	return true;
}

/* Ours, for the other side's log. */
static void
add_sent_alert(const struct facts *f, struct diagnosis *d)
{
	struct text cause = { .s = NULL };

	if (!has_alert(f) || !f->tls.alert_sent)
		return;
	text_add(&cause, d->cause);
	diagnosis_expand(&cause, " (we sent {alert})", f);
	diagnosis_give(&cause, d->cause, sizeof d->cause);
}

static const struct diagnosis_row *
find_row(const struct facts *f)
{
	const struct diagnosis_row *row;

	for (row = diagnosis_rows; row->error != 0; row++)
		if (is_for(row, f))
			return row;
	return NULL;
}

static void
diagnose_row(const struct facts *f, struct diagnosis *d)
{
	const struct diagnosis_row *row = find_row(f);
	struct text cause = { .s = NULL };
	struct text advice = { .s = NULL };

	if (!row) {
		d->status = status_of_error(f->error);
		snprintf(d->cause, sizeof d->cause, "%s",
		    coapx_strerror(f->error));
		return;
	}
	d->status = row->status ? row->status : status_of_error(row->error);
	d->handshake = (row->when != WHEN_ALWAYS && row->when != WHEN_SECURED &&
			   row->when != WHEN_TALKED) ||
	    row->error >= COAP_E_TLS;
	if (d->status == STATUS_HANDSHAKE || d->status == STATUS_UNTRUSTED)
		text_add(&cause, "handshake failed: ");
	diagnosis_expand(&cause, row->cause, f);
	diagnosis_expand(&advice, row->advice, f);
	diagnosis_give(&cause, d->cause, sizeof d->cause);
	diagnosis_give(&advice, d->advice, sizeof d->advice);
}

void
diagnose(const struct facts *f, struct diagnosis *d)
{
	memset(d, 0, sizeof *d);
	if (diagnose_alert(f, d))
		return;
	if (f->error == COAP_E_NOT_TRUSTED) {
		d->handshake = true;
		diagnose_certificate(f, d);
	} else {
		diagnose_row(f, d);
	}
	add_sent_alert(f, d);
}

/* --- of a session -------------------------------------------------------- */

/* Bytes that somebody else chose, as text. */
static const char *
bytes_text(const coap_bin_const_t *bytes, char *buf, size_t size)
{
	if (!bytes)
		return NULL;
	snprintf(buf, size, "%.*s", (int)bytes->length, (const char *)bytes->s);
	return buf;
}

static void
collect(const coap_session_t *session, struct facts *f, char *identity,
    size_t size)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_proto_t proto = coap_session_get_proto(session);

	f->talked =
	    coapx_session_get_info(session, &info) == 0 && info.csm_received;
	f->server = coapx_session_get_endpoint(session) != NULL;
	f->datagrams = COAP_PROTO_NOT_RELIABLE(proto);
	f->websocket = proto == COAP_PROTO_WS || proto == COAP_PROTO_WSS;
	f->scheme = coapx_proto_scheme(proto);
	f->tls.size = sizeof f->tls;
	f->tls.alert = -1;
	f->begun = coapx_session_get_tls_info(session, &f->tls) == 0;
	f->cert.size = sizeof f->cert;
	if (!f->begun || coapx_session_get_peer_cert(session, 0, &f->cert) < 0)
		f->cert.size = 0;
	f->identity =
	    bytes_text(coap_session_get_psk_identity(session), identity, size);
}

/* The address in front is said by others. */
static const char *
without_address(const coap_session_t *session, const char *why)
{
	char addr[ADDR_SIZE];
	size_t len;

	addr_text(coap_session_get_addr_remote(session), addr);
	len = strlen(addr);
	if (len > 0 && strncmp(why, addr, len) == 0 &&
	    strncmp(why + len, ": ", 2) == 0)
		return why + len + 2;
	return why;
}

void
diagnose_session(const coap_session_t *session, int err, struct diagnosis *d)
{
	struct facts f = { .error = err < 0 ? -err : err };
	char identity[COAP_DTLS_MAX_PSK_IDENTITY * 2 + 1];
	char why[256] = "";

	coapx_session_error(session, why, sizeof why);
	f.why = without_address(session, why);
	collect(session, &f, identity, sizeof identity);
	diagnose(&f, d);
}

/* The address is known, so it is not the name that is waited for. */
static bool
is_connecting(const coap_session_t *session)
{
	char addr[ADDR_SIZE];

	return coap_session_get_state(session) ==
	    COAP_SESSION_STATE_CONNECTING &&
	    *addr_text(coap_session_get_addr_remote(session), addr);
}

/* RFC 7252 section 4.7. */
static bool
is_held(const coap_session_t *session, struct diagnosis *d)
{
	coapx_session_info_t info = { .size = sizeof info };

	if (coapx_session_get_info(session, &info) < 0 || info.held == 0)
		return false;
	d->status = STATUS_TIMEOUT;
	snprintf(d->cause, sizeof d->cause,
	    "it has answered nothing yet, so NON requests wait for "
	    "PROBING_RATE (%" PRIu32 " B/s)",
	    coap_session_get_probing_rate(session));
	snprintf(d->advice, sizeof d->advice,
	    "'session set probing-rate=N' lets more go, requests without -N "
	    "do not wait for it");
	return true;
}

bool
diagnose_wait(const coap_session_t *session, struct diagnosis *d)
{
	struct facts f = { .error = COAP_E_TIMEOUT };
	char identity[COAP_DTLS_MAX_PSK_IDENTITY * 2 + 1];
	int err;

	/* What the network said meanwhile is noted there. */
	err = coapx_session_error(session, NULL, 0);
	if (err == -COAP_E_REFUSED || err == -COAP_E_UNREACH)
		f.error = -err;
	collect(session, &f, identity, sizeof identity);
	f.connecting = is_connecting(session);
	if (!f.connecting && (!f.begun || f.tls.established))
		return is_held(session, d);
	diagnose(&f, d);
	return true;
}

/* --- for explain --------------------------------------------------------- */

static void
give_both(struct diagnosis *d, const char *cause, const char *advice)
{
	struct text text = { .s = NULL };

	diagnosis_expand(&text, cause, NULL);
	diagnosis_give(&text, d->cause, sizeof d->cause);
	diagnosis_expand(&text, advice, NULL);
	diagnosis_give(&text, d->advice, sizeof d->advice);
}

const struct alert_info *
alert_at(size_t i, struct diagnosis *d)
{
	size_t n = 0;

	while (n < i && alert_rows[n].name)
		n++;
	if (!alert_rows[n].name)
		return NULL;
	d->status = STATUS_HANDSHAKE;
	d->handshake = true;
	give_both(d, alert_rows[n].cause, alert_rows[n].advice);
	return &alert_rows[n];
}

bool
diagnosis_at(size_t i, struct diagnosis *d)
{
	const struct diagnosis_row *row;
	size_t n = 0;

	memset(d, 0, sizeof *d);
	for (; diagnosis_rows[n].error != 0; n++) {
		row = &diagnosis_rows[n];
		if (n != i)
			continue;
		d->status =
		    row->status ? row->status : status_of_error(row->error);
		give_both(d, row->cause, row->advice);
		return true;
	}
	for (size_t c = 0; cert_rows[c].bit != 0; c++) {
		if (n + c != i)
			continue;
		d->status = STATUS_UNTRUSTED;
		give_both(d, cert_rows[c].cause, cert_rows[c].advice);
		return true;
	}
	return false;
}
