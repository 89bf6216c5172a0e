/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a session failed: one table from errors to sentences. */
#include "cli/session/diagnosis.h"

#include <stdio.h>
#include <string.h>

#include "cli/job.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/session/diagnosis_table.h"
#include "cli/session/opening.h"

/* Alerts of RFC 8446 section 6. */
#define ILLEGAL_PARAMETER 47
#define DECRYPT_ERROR     51

/* --- words --------------------------------------------------------------- */

const char *
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

/* --- what stands for {names} --------------------------------------------- */

static void
add_alert(struct text *t, const struct facts *f)
{
	const char *name = f ? f->tls.alert_name : "name";

	text_addf(t, "alert %d (%s)", f ? f->tls.alert : 0,
	    *name ? name : "not registered");
}

static void
add_date(struct text *t, const struct facts *f, bool end)
{
	char date[DATE_SIZE];

	if (!f || f->cert.size == 0)
		text_add(t, "DATE");
	else
		text_add(t,
		    date_text(end ? f->cert.not_after : f->cert.not_before,
			date));
}

/* What a certificate is for: its names, else its subject. */
static void
add_names(struct text *t, const struct facts *f)
{
	if (!f || f->cert.size == 0)
		text_add(t, f ? "another name" : "NAMES");
	else if (*f->cert.san)
		text_add(t, f->cert.san);
	else
		text_add(t, *f->cert.subject ? f->cert.subject : "no name");
}

/* The scheme without security: "coaps+tcp" is "coap+tcp". */
static void
add_plain(struct text *t, const struct facts *f)
{
	if (!f || !f->scheme || strncmp(f->scheme, "coaps", 5) != 0)
		text_add(t, "coap");
	else
		text_addf(t, "coap%s", f->scheme + 5);
}

static void
add_or(struct text *t, const char *value, const char *otherwise)
{
	text_add(t, value && *value ? value : otherwise);
}

static void
add_peer(struct text *t, const struct facts *f)
{
	text_add(t, !f ? "peer" : f->server ? "client" : "server");
}

static void
add_identity(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->identity : NULL, "ID");
}

static void
add_name(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->tls.name : NULL, "NAME");
}

static void
add_until(struct text *t, const struct facts *f)
{
	add_date(t, f, true);
}

static void
add_from(struct text *t, const struct facts *f)
{
	add_date(t, f, false);
}

static void
add_why(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->why : NULL, f ? coapx_strerror(f->error) : "REASON");
}

/* The library's words, without the full stop that some end with. */
static void
add_detail(struct text *t, const struct facts *f)
{
	const char *s = f ? f->tls.detail : "DETAIL";
	size_t len;

	if (f && *s == '\0')
		s = coapx_strerror(f->error);
	len = strlen(s);
	text_add_bytes(t, s, len > 0 && s[len - 1] == '.' ? len - 1 : len);
}

/* What is put in for a word in braces; facts NULL: for explain. */
static const struct {
	const char *name;
	void (*add)(struct text *t, const struct facts *f);
} places[] = {
	{ "peer", add_peer },
	{ "alert", add_alert },
	{ "identity", add_identity },
	{ "name", add_name },
	{ "names", add_names },
	{ "until", add_until },
	{ "from", add_from },
	{ "plain", add_plain },
	{ "detail", add_detail },
	{ "why", add_why },
};

static void
add_place(struct text *t, const char *name, size_t len, const struct facts *f)
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strlen(places[i].name) == len &&
		    memcmp(places[i].name, name, len) == 0)
			places[i].add(t, f);
}

static void
add_expanded(struct text *t, const char *s, const struct facts *f)
{
	size_t len;

	while (s && *s) {
		len = strcspn(s, "{");
		text_add_bytes(t, s, len);
		s += len;
		if (*s == '\0')
			break;
		len = strcspn(++s, "}");
		add_place(t, s, len, f);
		s += len + 1;
	}
}

static void
give(struct text *t, char *buf, size_t size)
{
	const char *s = text_string(t);

	snprintf(buf, size, "%s", s ? s : "");
	text_free(t);
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

	add_expanded(&cause,
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
		add_expanded(&cause, row->cause, f);
		if (first)
			add_expanded(&advice, row->advice, f);
		first = false;
	}
	if (first)
		text_add(&advice, "-vvv shows the handshake");
	d->status = STATUS_UNTRUSTED;
	give(&cause, d->cause, sizeof d->cause);
	give(&advice, d->advice, sizeof d->advice);
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
	add_expanded(&cause, "{peer} sent {alert}", f);
	if (a)
		text_add(&cause, "; ");
	add_expanded(&cause, a ? a->cause : NULL, f);
	add_expanded(&advice, a ? a->advice : "-vvv shows the handshake", f);
	d->status = STATUS_HANDSHAKE;
	d->handshake = true;
	give(&cause, d->cause, sizeof d->cause);
	give(&advice, d->advice, sizeof d->advice);
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
	add_expanded(&cause, " (we sent {alert})", f);
	give(&cause, d->cause, sizeof d->cause);
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
	add_expanded(&cause, row->cause, f);
	add_expanded(&advice, row->advice, f);
	give(&cause, d->cause, sizeof d->cause);
	give(&advice, d->advice, sizeof d->advice);
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
		return false;
	diagnose(&f, d);
	return true;
}

/* --- for explain --------------------------------------------------------- */

static void
give_both(struct diagnosis *d, const char *cause, const char *advice)
{
	struct text text = { .s = NULL };

	add_expanded(&text, cause, NULL);
	give(&text, d->cause, sizeof d->cause);
	add_expanded(&text, advice, NULL);
	give(&text, d->advice, sizeof d->advice);
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
