/* SPDX-License-Identifier: BSD-2-Clause */
/* What coap_session(3) lets an application ask of a session. */
#include <stdio.h>

#include "base/addr.h"
#include "base/err.h"
#include "session/endpoint.h"

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

/* This build has no TLS library, so there is no handle and no secret. */
void *
coap_session_get_tls(const coap_session_t *session, coap_tls_library_t *tls_lib)
{
	if (session && tls_lib)
		*tls_lib = COAP_TLS_LIBRARY_NOTLS;
	return NULL;
}

const coap_bin_const_t *
coap_session_get_psk_hint(const coap_session_t *session)
{
	(void)session;
	return NULL;
}

const coap_bin_const_t *
coap_session_get_psk_identity(const coap_session_t *session)
{
	(void)session;
	return NULL;
}

const coap_bin_const_t *
coap_session_get_psk_key(const coap_session_t *session)
{
	(void)session;
	return NULL;
}

void
coap_session_set_no_observe_cancel(coap_session_t *session)
{
	if (session)
		session->no_observe_cancel = true;
}

coap_endpoint_t *
coapx_session_get_endpoint(const coap_session_t *session)
{
	return session ? session->endpoint : NULL;
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
		return session->mtu - DATAGRAM_HEADER;
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
	size_t size;

	if (!session || !info || info->size < sizeof info->size)
		return -COAP_E_INVAL;
	s = &session->stats;
	now = context_now(session->context);
	size = info->size < sizeof full ? info->size : sizeof full;
	full.size = info->size;
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
	memcpy(info, &full, size);
	return 0;
}

int
coapx_session_error(const coap_session_t *session, char *buf, size_t size)
{
	char remote[ADDR_TEXT_SIZE] = "";

	if (buf && size > 0)
		buf[0] = '\0';
	if (!session || session->error == 0)
		return 0;
	if (!buf || size == 0)
		return session->error;
	if (session->error_source != ERROR_RESOLVER &&
	    addr_format(&session->remote, remote, sizeof remote) > 0)
		snprintf(buf, size, "%s: %s", remote, err_text(session->error));
	else
		snprintf(buf, size, "%s", err_text(session->error));
	return session->error;
}
