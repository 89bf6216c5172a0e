/* SPDX-License-Identifier: BSD-2-Clause */
/* From a request of the peer to a handler, and its answer to the peer. */
#include "session/traffic/serve.h"

#include "base/err.h"
#include "session/body/blockwise.h"
#include "session/group/mcast.h"
#include "session/observe/observe_server.h"
#include "session/traffic/amplify.h"
#include "session/traffic/async.h"

static coap_pdu_t *
response_for(coap_session_t *session, const coap_pdu_t *request)
{
	bool con = request->type == COAP_MESSAGE_CON;
	bool piggyback = con && !session_reliable(session);
	coap_pdu_t *response =
	    pdu_new(piggyback ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON, 0,
		piggyback ? request->mid : coap_new_message_id(session),
		coap_session_max_pdu_size(session));

	if (response &&
	    !coap_add_token(response, request->token_len, request->token)) {
		coap_delete_pdu(response);
		return NULL;
	}
	return response;
}

/* A response that is too long for the peer is an error of ours. */
int
session_respond(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	int err = session_send_pdu(session, response, NULL);

	if (err == -COAP_E_TOOBIG) {
		pdu_clear(response);
		response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		if (coap_add_token(response, request->token_len,
			request->token))
			session_send_pdu(session, response, NULL);
	}
	if (err < 0)
		session_set_error(session, err, ERROR_LOCAL);
	return err;
}

static bool
is_for_group(const coap_session_t *session)
{
	return coap_is_mcast(&session->local) != 0;
}

/* NOLINTBEGIN(readability-non-const-parameter): the dispatch writes it. */
enum dispatch_result
serve_request(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, struct notify_turn *turn, int *flags)
{
	struct serving serving = { .session = session };
	bool multicast = is_for_group(session);
	bool blocks =
	    !multicast && blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP);
	struct dispatch env = {
		.multicast = multicast,
		.observe = multicast ? NULL : &notify_dispatch,
		.turn = turn,
		.flags = flags,
		.bodies = blocks ? &blockwise_bodies : NULL,
		.user = &serving,
	};

	return dispatch_request(&session->context->resources, session, &env,
	    request, response);
}
/* NOLINTEND(readability-non-const-parameter) */

/* --- tokens ---------------------------------------------------------------- */

size_t
session_datagram_token_max(const coap_context_t *context)
{
	return context->set.max_token_size > COAP_TOKEN_DEFAULT_MAX
	    ? COAP_TOKEN_EXT_MAX
	    : COAP_TOKEN_DEFAULT_MAX;
}

void
session_refuse_token(coap_session_t *session, const coap_pdu_t *request)
{
	static const char text[] = "The token is too long";
	bool con = request->type == COAP_MESSAGE_CON;
	coap_pdu_t *response;

	if (is_for_group(session))
		return;
	response = pdu_new(con ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON,
	    COAP_RESPONSE_CODE_BAD_REQUEST,
	    con ? request->mid : coap_new_message_id(session),
	    request->token_len + sizeof(text));
	if (response &&
	    coap_add_token(response, request->token_len, request->token) &&
	    coap_add_data(response, sizeof(text) - 1, (const uint8_t *)text))
		session_send_pdu(session, response, NULL);
	coap_delete_pdu(response);
}

void
session_serve(coap_session_t *session, const coap_pdu_t *request)
{
	struct notify_turn turn = { .session = session };
	coap_pdu_t *response = response_for(session, request);
	enum dispatch_result result;
	int flags = 0;
	bool answered;
	bool late;

	if (!response) {
		session_set_error(session, -COAP_E_NOMEM, ERROR_LOCAL);
		return;
	}
	if (!amplify_admits(session, request, response)) {
		session_respond(session, request, response);
		coap_delete_pdu(response);
		return;
	}
	late = is_for_group(session);
	result = serve_request(session, request, response, &turn, &flags);
	late = late && !(flags & COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_DELAYS);
	answered = session->layer && result == DISPATCH_RESPOND;
	notify_answered(&turn, request, response, answered);
	if (answered)
		amplify_cut(session, request, response);
	if (answered && late)
		mcast_answer_late(session, request, response);
	else if (answered && session_respond(session, request, response) < 0)
		notify_unanswered(&turn, request);
	if (session->layer && result == DISPATCH_REJECT)
		dgram_send_empty(&session->msg.dgram, COAP_MESSAGE_RST,
		    request->mid, context_now(session->context));
	else if (result == DISPATCH_DEFERRED)
		session_async_deferred(session, request, response);
	coap_delete_pdu(response);
}
