/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's part of Q-Block: what it sends without a request. */
#include <coap3/coap_prng.h>

#include "base/err.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"

bool
qblock_is_ours(const coap_session_t *session, const coap_pdu_t *request)
{
	const struct resources *r = &session->context->resources;

	/* What an application registered is its own. */
	return qblock_serves(session) &&
	    !resources_knows_option(r, COAP_OPTION_Q_BLOCK1) &&
	    !resources_knows_option(r, COAP_OPTION_Q_BLOCK2) &&
	    (qblock_has(request, COAP_OPTION_Q_BLOCK1) ||
		qblock_has(request, COAP_OPTION_Q_BLOCK2));
}

struct bodies_params
qblock_server_params(const coap_session_t *session, struct qblock_params *times)
{
	struct bodies_params params = blockwise_server_params(session);

	if (!qblock_serves(session))
		return params;
	*times = qblock_times(session);
	params.qblock = times;
	coap_prng(&params.random, sizeof params.random);
	return params;
}

static struct bodies *
bodies(const coap_session_t *session)
{
	return session->extra ? session->extra->bodies : NULL;
}

bool
qblock_server_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason)
{
	if (!bodies(session) ||
	    !bodies_qblock_failed(bodies(session), coap_pdu_get_token(sent),
		reason != COAP_NACK_RST))
		return false;
	blockwise_bury(session);
	return true;
}

coap_tick_t
qblock_server_next(const coap_session_t *session)
{
	coap_tick_t next;

	if (!bodies(session))
		return TIMER_NEVER;
	next = bodies_qblock_next_due(bodies(session),
	    qblock_can_send(session, true));
	/* It goes on when the session does. */
	return qblock_can_send(session, false) ? next : TIMER_NEVER;
}

/* A message to the peer with the token of its last request; NULL: none. */
static coap_pdu_t *
new_message(coap_session_t *session, const struct body_entry *entry)
{
	const struct qblock_peer *q = entry->q;
	coap_pdu_t *pdu = pdu_new(q->con ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
	    0, coap_new_message_id(session),
	    coap_session_max_pdu_size(session));

	if (pdu && coap_add_token(pdu, q->token.len, q->token.data))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

/* One block more of an answer. A body that is read calls the application. */
static bool
send_block(coap_session_t *session, const struct bodies_params *params,
    coap_tick_t now)
{
	struct bodies_qblock_next next;
	coap_pdu_t *pdu;

	if (!bodies_qblock_take(bodies(session), params, now,
		qblock_can_send(session, true), &next))
		return false;
	pdu = new_message(session, next.entry);
	if (pdu && bodies_qblock_head(next.entry, pdu) &&
	    qblock_put(next.out, pdu, COAP_OPTION_Q_BLOCK2, next.num,
		next.szx) == 0)
		qblock_send(session, pdu);
	body_out_free(next.out);
	coap_delete_pdu(pdu);
	return true;
}

static void
ask_missing(coap_session_t *session, const struct bodies_params *params,
    struct body_entry *entry)
{
	coap_pdu_t *pdu = new_message(session, entry);

	if (pdu && bodies_qblock_missing(entry, params, pdu))
		qblock_send(session, pdu);
	coap_delete_pdu(pdu);
}

void
qblock_server_run(coap_session_t *session, coap_tick_t now)
{
	struct qblock_params times;
	struct bodies_params params = qblock_server_params(session, &times);
	struct body_entry *entry;

	if (!params.qblock)
		return;
	while (bodies(session) && qblock_can_send(session, false) &&
	    send_block(session, &params, now))
		;
	while (bodies(session) && qblock_can_send(session, false)) {
		entry = bodies_qblock_due(bodies(session), &params, now);
		if (!entry)
			break;
		ask_missing(session, &params, entry);
	}
	blockwise_bury(session);
}
