/* SPDX-License-Identifier: BSD-2-Clause */
/* Q-Block on a session: what both ends need. */
#include "session/body/qblock.h"

#include "session/body/blockwise.h"

bool
qblock_serves(const coap_session_t *session)
{
	return !session_reliable(session) &&
	    blockwise_mode(session, QBLOCK_SERVES);
}

struct qblock_params
qblock_times(const coap_session_t *session)
{
	struct qblock_params times = qblock_params(session->params);

	times.use_m = blockwise_mode(session, COAP_BLOCK_USE_M_Q_BLOCK);
	return times;
}

bool
qblock_can_send(const coap_session_t *session, bool con)
{
	const struct dgram *d = &session->msg.dgram;

	if (!session->layer || session->pending_last ||
	    session->state != COAP_SESSION_STATE_ESTABLISHED)
		return false;
	return !con ||
	    (d->n_waiting == 0 && d->n_con < session->params->nstart);
}

void
qblock_send(coap_session_t *session, coap_pdu_t *pdu)
{
	if (!qblock_can_send(session, false))
		return;
	dgram_send(&session->msg.dgram, pdu, context_now(session->context));
	session_touch(session);
}

bool
qblock_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason, int err)
{
	if (!session->extra)
		return false;
	return COAP_PDU_IS_REQUEST(sent)
	    ? qblock_client_failed(session, sent, reason, err)
	    : qblock_server_failed(session, sent, reason);
}

coap_tick_t
qblock_next(const coap_session_t *session)
{
	coap_tick_t client, server;

	if (!session->extra || session_reliable(session))
		return TIMER_NEVER;
	client = qblock_client_next(session);
	server = qblock_server_next(session);
	return client < server ? client : server;
}

void
qblock_run(coap_session_t *session, coap_tick_t now)
{
	if (qblock_next(session) > now)
		return;
	qblock_client_run(session, now);
	qblock_server_run(session, now);
}
