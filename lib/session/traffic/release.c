/* SPDX-License-Identifier: BSD-2-Clause */
/* The end that a peer asks for by a Release. */
#include "session/traffic/release.h"

#include <utlist.h>

#include "base/err.h"
#include "session/connect/reconnect.h"

bool
release_is_pending(const coap_session_t *session)
{
	const struct stream *stream = &session->msg.stream;

	/* That of the connection before counts no more. */
	return session_reliable(session) && session->layer &&
	    stream->peer_released && !stream->ended;
}

/* Answers to the peer's requests, that are to be made or are on their way. */
static bool
owes_answers(const coap_session_t *session)
{
	return (session->extra && session->extra->asyncs.count > 0) ||
	    session_next_pending(session) != NULL;
}

/* Requests of ours that the peer has got. */
static bool
awaits_answers(const coap_session_t *session)
{
	const struct request *q;

	DL_FOREACH(session->requests.list, q) {
		if (q->sent_at != 0)
			return true;
	}
	return false;
}

coap_tick_t
release_next(const coap_session_t *session)
{
	if (!release_is_pending(session) || owes_answers(session))
		return TIMER_NEVER;
	return session->extra && awaits_answers(session)
	    ? session->extra->release_end
	    : 0;
}

void
release_end(coap_session_t *session, bool orderly)
{
	session_set_error(session, -COAP_E_PEER_RELEASE, ERROR_PEER);
	session_down(session, COAP_NACK_RST, -COAP_E_PEER_RELEASE, orderly);
}

void
release_run(coap_session_t *session, coap_tick_t now)
{
	if (release_next(session) <= now)
		release_end(session, true);
}

/* RFC 8323 section 5.5: no new connection for so many seconds. */
static void
hold_off(coap_session_t *session, const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt =
	    coap_check_option(pdu, COAP_SIGNALING_OPTION_HOLD_OFF, &oi);

	if (opt && coap_opt_length(opt) <= 3)
		reconnect_hold_off(session,
		    coap_decode_var_bytes(coap_opt_value(opt),
			coap_opt_length(opt)));
}

void
release_came(coap_session_t *session, const coap_pdu_t *pdu)
{
	coap_tick_t now = context_now(session->context);
	struct session_extra *extra = session_extra(session);

	/* Without memory for it nothing is waited for. */
	if (extra)
		extra->release_end = now + RELEASE_WAIT_MS;
	hold_off(session, pdu);
	release_run(session, now);
	if (release_is_pending(session))
		trace_text(session, COAPX_TRACE_NOTE,
		    "the peer wants to end; answers are awaited first");
}

/* Without memory no reason is known. */
void
release_abort(coap_session_t *session, const coap_pdu_t *pdu)
{
	struct session_extra *extra = session_extra(session);
	const uint8_t *data;
	size_t len;

	if (!extra)
		return;
	coap_delete_bin_const(extra->said);
	extra->said = NULL;
	if (pdu && coap_get_data(pdu, &len, &data) && len > 0)
		extra->said =
		    coap_new_bin_const(data, len < SAID_MAX ? len : SAID_MAX);
}
