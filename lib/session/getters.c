/* SPDX-License-Identifier: BSD-2-Clause */
/* What coap_session(3) lets an application ask of a session. */
#include <stdio.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/sized.h"
#include "net/layer_ws.h"
#include "session/connect/endpoint.h"
#include "session/connect/reconnect.h"
#include "session/observe/observe_client.h"
#include "session/secure/secure.h"

void
coap_session_set_app_data(coap_session_t *session, void *data)
{
	coapx_session_set_app_data(session, data, NULL);
}

void *
coapx_session_set_app_data(coap_session_t *session, void *data,
    coapx_free_t free_data)
{
	void *old;

	if (!session || (free_data && !session_extra(session)))
		return NULL;
	old = session->app_data;
	session->app_data = data;
	if (session->extra)
		session->extra->app_free = free_data;
	return old;
}

void *
coap_session_set_app_data2(coap_session_t *session, void *data,
    coap_app_data_free_callback_t callback)
{
	return coapx_session_set_app_data(session, data, callback);
}

void *
coap_session_get_app_data(const coap_session_t *session)
{
	return session ? session->app_data : NULL;
}

const coap_address_t *
coap_session_get_addr_remote(const coap_session_t *session)
{
	return session ? &session->remote : NULL;
}

const coap_address_t *
coap_session_get_addr_local(const coap_session_t *session)
{
	return session ? &session->local : NULL;
}

const coap_address_t *
coap_session_get_addr_mcast(const coap_session_t *session)
{
	if (!session || !session_is_mcast(session))
		return NULL;
	return &session->extra->mcast;
}

coap_proto_t
coap_session_get_proto(const coap_session_t *session)
{
	return session ? session->proto->proto : COAP_PROTO_NONE;
}

coap_session_type_t
coap_session_get_type(const coap_session_t *session)
{
	return session ? (coap_session_type_t)session->type
		       : COAP_SESSION_TYPE_NONE;
}

coap_session_state_t
coap_session_get_state(const coap_session_t *session)
{
	return session ? (coap_session_state_t)session->state
		       : COAP_SESSION_STATE_NONE;
}

int
coap_session_get_ifindex(const coap_session_t *session)
{
	return session ? session->ifindex : -1;
}

coap_context_t *
coap_session_get_context(const coap_session_t *session)
{
	return session ? session->context : NULL;
}

void
coap_session_set_no_observe_cancel(coap_session_t *session)
{
	if (session)
		session->no_observe_cancel = true;
}

coap_endpoint_t *
coap_session_get_endpoint(const coap_session_t *session)
{
	return session ? session->endpoint : NULL;
}

coap_endpoint_t *
coapx_session_get_endpoint(const coap_session_t *session)
{
	return coap_session_get_endpoint(session);
}

const char *
coap_session_str(const coap_session_t *session)
{
	static _Thread_local char text[2 * ADDR_TEXT_SIZE + 32];
	char local[ADDR_TEXT_SIZE];
	char remote[ADDR_TEXT_SIZE];
	char ifname[24] = "";

	if (!session)
		return "Session not defined";
	addr_format(&session->local, local, sizeof local);
	addr_format(&session->remote, remote, sizeof remote);
	if (session->ifindex > 0)
		snprintf(ifname, sizeof ifname, " (if%d)", session->ifindex);
	snprintf(text, sizeof text, "%s <-> %s%s %s", local, remote, ifname,
	    session->proto->label);
	return text;
}

/* --- sizes --------------------------------------------------------------- */

#define MTU_MIN         64
#define DATAGRAM_HEADER 4
/* AES-CCM with a tag of 8 bytes: 13 + 8 + 8. */
#define DTLS_OVERHEAD 29

void
coap_session_set_mtu(coap_session_t *session, unsigned mtu)
{
	if (!session)
		return;
	if (mtu < MTU_MIN) {
		coap_log_warn("%s: mtu %u raised to %d\n",
		    coap_session_str(session), mtu, MTU_MIN);
		mtu = MTU_MIN;
	}
	session->mtu = mtu;
	layer_tls_set_mtu(session->layer, mtu);
}

/* What DTLS adds to each message: of the suite in use, or a common one's. */
static size_t
overhead(const coap_session_t *session)
{
	const struct tls_backend *backend;
	struct tls_sess *tls;
	unsigned longest = 0;

	if (!session->proto->secure)
		return 0;
	tls = layer_tls_session(session->layer, &backend);
	if (tls && session->state == COAP_SESSION_STATE_ESTABLISHED)
		longest = backend->data_mtu(tls);
	if (longest > 0 && longest < session->mtu)
		return session->mtu - longest;
	return DTLS_OVERHEAD;
}

/* A stream's header grows with what follows it (RFC 8323 section 3.2). */
static size_t
stream_header(size_t size)
{
	if (size <= 12 + 2)
		return 2;
	if (size <= 268 + 3)
		return 3;
	return size <= 65804 + 4 ? 4 : 6;
}

size_t
coap_session_max_pdu_size(const coap_session_t *session)
{
	size_t size;

	if (!session)
		return 0;
	if (!session_reliable(session))
		return session->mtu - DATAGRAM_HEADER - overhead(session);
	/* Until the peer's CSM came, what we would take ourselves stands for
	 * what it takes; the real limit is checked when the message goes. */
	size = session->msg.stream.ready
	    ? session->msg.stream.peer_max_size
	    : session->context->set.csm_max_message_size;
	return size > stream_header(size) ? size - stream_header(size) : 0;
}

/* --- details ------------------------------------------------------------- */

static void
info_csm(const coap_session_t *session, coapx_session_info_t *info)
{
	const struct stream *stream = &session->msg.stream;

	if (!session_reliable(session))
		return;
	info->csm_received = session->csm_received;
	info->csm_peer_max_message_size = stream->peer_max_size;
	info->csm_peer_block_wise = stream->peer_block_wise;
	info->csm_peer_max_token = stream->peer_max_token;
	info->csm_own_max_message_size = stream->max_size;
}

int
coapx_session_get_info(const coap_session_t *session,
    coapx_session_info_t *info)
{
	const struct session_stats *s;
	coapx_session_info_t full = { 0 };
	coap_tick_t now;

	if (!session || !info || info->size < sizeof info->size)
		return -COAP_E_INVAL;
	s = &session->stats;
	now = context_now(session->context);
	full.id = session->id;
	full.references = session->references;
	full.mtu = session->mtu;
	full.age_ms = now - session->created;
	full.idle_ms = now > session->active ? now - session->active : 0;
	full.tx = s->tx;
	full.rx = s->rx;
	full.bytes_tx = s->bytes_tx;
	full.bytes_rx = s->bytes_rx;
	full.retransmits = s->retransmits;
	full.resets = s->resets;
	full.timeouts = s->timeouts;
	full.duplicates = s->duplicates;
	full.rtt_min_us = s->rtt_min_us;
	full.rtt_avg_us = s->rtt_avg_us;
	full.rtt_max_us = s->rtt_max_us;
	full.requests = (uint32_t)session->requests.count +
	    (session_pings(session) ? 1 : 0);
	full.queued = session->n_pending;
	info_csm(session, &full);
	reconnect_info(session, &full);
	full.observations = (uint32_t)observe_count(session);
	if (session->extra && session->extra->observing)
		full.observers = session->extra->observing->n;
	if (session->layer && !session_reliable(session))
		full.held = dgram_held(&session->msg.dgram);
	sized_give(info, &full, sizeof full);
	return 0;
}

static const char *
quoted(const coap_bin_const_t *b, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < b->length && i + 1 < size; i++)
		buf[i] =
		    (char)(b->s[i] < 0x20 || b->s[i] > 0x7e ? '?' : b->s[i]);
	buf[i] = '\0';
	return buf;
}

/* What a handshake adds to the text of its error. */
static void
error_secure(const coap_session_t *session, const struct session_secure *s,
    char *text, size_t size)
{
	const struct tls_info *last = s->last;
	size_t len = strlen(text);
	char identity[TLS_PSK_MAX + 1];
	unsigned bit;
	const char *between = ": ";

	if (session->error == -COAP_E_NOT_TRUSTED)
		for (bit = 1; bit <= COAPX_CERT_OTHER; bit <<= 1) {
			if (!(s->problems & bit) || len >= size)
				continue;
			len += (size_t)snprintf(text + len, size - len, "%s%s",
			    between, coapx_cert_problem(bit));
			between = ", ";
		}
	if (session->error == -COAP_E_PSK_IDENTITY && s->identity && len < size)
		len += (size_t)snprintf(text + len, size - len, ": \"%s\"",
		    quoted(s->identity, identity, sizeof identity));
	if (last && last->alert >= 0 && len < size)
		snprintf(text + len, size - len, " (alert %d, %s, %s)",
		    last->alert, last->alert_name ? last->alert_name : "?",
		    last->alert_sent ? "ours" : "the peer's");
}

/* The text of the session's error, with what is known beside. */
static void
error_words(const coap_session_t *session, char *text, size_t size)
{
	const struct session_secure *s = session_secure(session);
	const struct layer_ws_info *ws =
	    session->extra ? session->extra->ws : NULL;
	const coap_bin_const_t *said =
	    session->extra ? session->extra->said : NULL;
	char words[200];

	snprintf(text, size, "%s", err_text(session->error));
	if (s && session->error <= -COAP_E_TLS &&
	    session->error >= -COAP_E_NAME_UNKNOWN)
		error_secure(session, s, text, size);
	if (ws && ws->http_status > 0 && session->error == -COAP_E_WS_UPGRADE)
		snprintf(text, size, "%s: HTTP status %d%s%s",
		    err_text(session->error), ws->http_status,
		    *ws->detail ? ", " : "", ws->detail);
	if (said && session->error == -COAP_E_PEER_ABORT)
		snprintf(text, size, "%s: %s", err_text(session->error),
		    quoted(said, words, sizeof words));
}

int
coapx_session_error(const coap_session_t *session, char *buf, size_t size)
{
	char remote[ADDR_TEXT_SIZE] = "";
	char text[320];

	if (buf && size > 0)
		buf[0] = '\0';
	if (!session || session->error == 0)
		return 0;
	if (!buf || size == 0)
		return session->error;
	error_words(session, text, sizeof text);
	if (session->error_source != ERROR_RESOLVER &&
	    addr_format(&session->remote, remote, sizeof remote) > 0)
		snprintf(buf, size, "%s: %s", remote, text);
	else
		snprintf(buf, size, "%s", text);
	return session->error;
}
