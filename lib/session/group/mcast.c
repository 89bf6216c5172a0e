/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's session to a group: one request, an answer of each member. */
#include "session/group/mcast.h"

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/dispatch.h"
#include "net/layer_group.h"
#include "session/body/blockwise.h"
#include "session/traffic/app_request.h"

/* --- the session ----------------------------------------------------------- */

int
mcast_begin(coap_session_t *session, const coap_address_t *remote)
{
	if (!coap_is_mcast(remote))
		return 0;
	if (session->proto->proto != COAP_PROTO_UDP)
		return -COAP_E_MCAST;
	if (!session_extra(session))
		return -COAP_E_NOMEM;
	session->extra->mcast = *remote;
	session->extra->has_mcast = true;
	session->msg.dgram.group = true;
	return 0;
}

void
mcast_stands(coap_session_t *session)
{
	if (session_is_mcast(session) && session->extra->has_hops)
		layer_group_hops(session->layer, session->extra->hops);
}

static void
forget_heard(coap_session_t *session)
{
	struct mcast_heard *heard, *next;

	HASH_ITER(hh, session->extra->heard, heard, next) {
		HASH_DEL(session->extra->heard, heard);
		coap_free_type(COAP_NODE, heard);
	}
}

void
mcast_free(coap_session_t *session)
{
	if (session->extra)
		forget_heard(session);
}

/* --- asking ---------------------------------------------------------------- */

static bool
observes(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, COAP_OPTION_OBSERVE, &oi) != NULL;
}

/* RFC 7252 section 8.2.1: members have no ETags in common. */
static bool
validates(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;

	return pdu->code == COAP_REQUEST_CODE_GET &&
	    coap_check_option(pdu, COAP_OPTION_ETAG, &oi) != NULL;
}

int
mcast_check(const coap_session_t *session, const coap_pdu_t *pdu)
{
	if (!session_is_mcast(session))
		return 0;
	return COAP_PDU_IS_REQUEST(pdu) && pdu->type == COAP_MESSAGE_NON &&
		!observes(pdu) && !validates(pdu) && !blockwise_has_body(pdu)
	    ? 0
	    : -COAP_E_MCAST;
}

/* RFC 7252 section 8.2: members answer within the leisure; then the last of
 * them is still on its way. */
coap_tick_t
mcast_wait(const coap_session_t *session)
{
	return (coap_tick_t)msg_fixed_ms(session->params->default_leisure) +
	    msg_fixed_ms(session->params->ack_timeout);
}

void
mcast_ask(coap_session_t *session)
{
	if (session_is_mcast(session))
		session->remote = session->extra->mcast;
}

/* --- answers --------------------------------------------------------------- */

void
mcast_heard(coap_session_t *session)
{
	if (session_is_mcast(session))
		layer_group_from(session->layer, &session->remote);
}

static struct mcast_key
key_of(const coap_address_t *from, uint16_t mid)
{
	struct mcast_key key;

	memset(&key, 0, sizeof key);
	key.mid = mid;
	key.port = coap_address_get_port(from);
	if (from->addr.sa.sa_family == AF_INET6) {
		memcpy(key.address, &from->addr.sin6.sin6_addr, 16);
		key.zone = from->addr.sin6.sin6_scope_id;
	} else {
		memcpy(key.address, &from->addr.sin.sin_addr, 4);
	}
	return key;
}

/* Whether that message was here before; else it is remembered, if there is
 * memory for it. */
static bool
is_repeated(coap_session_t *session, uint16_t mid)
{
	struct session_extra *extra = session->extra;
	struct mcast_key key = key_of(&session->remote, mid);
	struct mcast_heard *heard;

	/* Nobody answers what has ended, so nothing of it is needed. */
	if (session->requests.count == 1 && !session->requests.list->answered)
		forget_heard(session);
	HASH_FIND(hh, extra->heard, &key, sizeof key, heard);
	if (heard)
		return true;
	heard = extra->heard;
	if (HASH_COUNT(heard) >= MCAST_HEARD_MAX)
		HASH_DEL(extra->heard, heard);
	else
		heard = coap_malloc_type(COAP_NODE, sizeof *heard);
	if (!heard)
		return false;
	memset(heard, 0, sizeof *heard);
	heard->key = key;
	HASH_ADD(hh, extra->heard, key, sizeof heard->key, heard);
	if (!hash_added(&heard->hh))
		coap_free_type(COAP_NODE, heard);
	return false;
}

/* To its sender alone, though requests are for all. */
static void
acknowledge(coap_session_t *session, uint16_t mid)
{
	const uint8_t ack[4] = { 0x60, 0, (uint8_t)(mid >> 8), (uint8_t)mid };

	if (layer_group_reply(session->layer, ack, sizeof ack) < 0)
		return;
	session->stats.tx++;
	session->stats.bytes_tx += sizeof ack;
	if (session->context->on.trace)
		trace_bytes(session, COAPX_TRACE_TX, ack, sizeof ack);
}

/* Whether it is an answer; a Reset, say, is one member's only. */
static bool
is_answer(const coap_pdu_t *pdu)
{
	unsigned class = COAP_RESPONSE_CLASS(pdu->code);

	return (class == 2 || class == 4 || class == 5) &&
	    (pdu->type == COAP_MESSAGE_NON || pdu->type == COAP_MESSAGE_CON);
}

void
mcast_input(coap_session_t *session, const coap_pdu_t *pdu)
{
	struct request *q;

	if (!is_answer(pdu))
		return;
	q = requests_find(&session->requests, coap_pdu_get_token(pdu));
	/* RFC 7252 section 8.1: no Reset, whatever it is. */
	if (!q)
		return;
	if (pdu->type == COAP_MESSAGE_CON)
		acknowledge(session, pdu->mid);
	if (is_repeated(session, pdu->mid)) {
		session->stats.duplicates++;
		return;
	}
	if (!options_accept_response(&session->context->resources, pdu)) {
		coap_log_debug("%s: response rejected\n",
		    coap_session_str(session));
		return;
	}
	request_answered_by_one(session, q, pdu);
}

/* --- libcoap's function ---------------------------------------------------- */

int
coap_mcast_set_hops(coap_session_t *session, size_t hops)
{
	if (!session || !session_is_mcast(session) || hops > 255)
		return 0;
	if (session->layer && layer_group_hops(session->layer, (int)hops) < 0)
		return 0;
	session->extra->hops = (uint8_t)hops;
	session->extra->has_hops = true;
	return 1;
}
