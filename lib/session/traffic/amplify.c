/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Amplification: over UDP without security anybody can write another's address
 * into a request, and have the answer sent there. With a limit, a client whose
 * answer would be longer shows by an Echo that it gets what is sent to it
 * (RFC 9175 section 2.4, item 3). What a request has changed is not done twice
 * for that: its answer goes in small blocks (RFC 7252 section 11.3).
 */
#include "session/traffic/amplify.h"

#include "base/alloc.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"
#include "session/traffic/echo.h"
#include "wire/block.h"

/* Bytes of a message in front of its token. */
#define HEADER 4
/* Of a Block2 option and a payload marker, at most. */
#define BLOCK_SPARE 7

/* --- whom the limit is for ------------------------------------------------- */

static bool
is_limited(const coap_session_t *session)
{
	return session->context->set.amplification > 0 &&
	    session->type == COAP_SESSION_TYPE_SERVER &&
	    session->proto->proto == COAP_PROTO_UDP && !session->proven;
}

/* Bytes of an answer. One that comes later is a CON, and goes again and again to
 * an address where nobody waits for it. */
static size_t
limit_of(const coap_session_t *session, const coap_pdu_t *request,
    const coap_pdu_t *response)
{
	size_t limit = HEADER + request->used;

	if (limit > SIZE_MAX / session->context->set.amplification)
		return SIZE_MAX;
	limit *= session->context->set.amplification;
	if (response->type == COAP_MESSAGE_CON)
		limit /= (size_t)session->params->max_retransmit + 1;
	return limit < AMPLIFY_FLOOR ? AMPLIFY_FLOOR : limit;
}

/* Nothing but the token, and that we have failed unless more is said. */
static bool
begin_anew(const coap_pdu_t *request, coap_pdu_t *response)
{
	pdu_clear(response);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
	return coap_add_token(response, request->token_len, request->token);
}

static void
challenge(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	if (begin_anew(request, response) && !echo_challenge(session, response))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
}

/* Notifications, the blocks of an answer by Q-Block, and lists of those that are
 * missing come unasked: their number has no limit, or not one of ours. A body by
 * Q-Block1 may be answered by Q-Block2. */
static bool
is_for_many(const coap_session_t *session, const coap_pdu_t *request)
{
	return !coap_is_mcast(&session->local) &&
	    (pdu_option_uint(request, COAP_OPTION_OBSERVE) ==
		    COAP_OBSERVE_ESTABLISH ||
		qblock_is_ours(session, request));
}

bool
amplify_admits(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	if (!is_limited(session))
		return true;
	session->proven = echo_is_fresh(session, request, AMPLIFY_PROOF);
	if (session->proven || !is_for_many(session, request))
		return true;
	challenge(session, request, response);
	return false;
}

/* --- an answer that is too long -------------------------------------------- */

static bool
only_asks(const coap_pdu_t *request)
{
	return request->code == COAP_REQUEST_CODE_GET ||
	    request->code == COAP_REQUEST_CODE_FETCH;
}

static void
free_copy(coap_session_t *session, void *copy)
{
	(void)session;
	coap_free_type(COAP_STRING, copy);
}

/* The largest block with which the response stays below the limit, or the
 * smallest that there is. */
static unsigned
choose_szx(const coap_pdu_t *response, size_t limit)
{
	size_t others = HEADER + response->used - pdu_payload_len(response);
	unsigned szx = BODY_SZX_MAX;

	while (szx > 0 && others + BLOCK_SPARE + ((size_t)16 << szx) > limit)
		szx--;
	return szx;
}

static void
drop_payload(coap_pdu_t *pdu)
{
	pdu->used -= pdu_payload_len(pdu) + 1;
	pdu->data = NULL;
}

/* A block of a body that is kept: less of it. */
static bool
shrink(coap_pdu_t *response, const coap_block_b_t *block, unsigned szx)
{
	uint64_t num = (uint64_t)block->num << (block->szx - szx);
	uint8_t part[16 << BODY_SZX_MAX];
	size_t len = (size_t)16 << szx;

	if (pdu_payload_len(response) < len)
		return false;
	memcpy(part, response->data, len);
	drop_payload(response);
	pdu_remove_option(response, COAP_OPTION_BLOCK2);
	return block_add_uint(response, COAP_OPTION_BLOCK2,
		   num << 4 | 8 | szx) > 0 &&
	    coap_add_data(response, len, part);
}

/* A payload becomes a body, of which this is the first block. */
static bool
cut_payload(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, unsigned szx)
{
	struct bodies_params params = blockwise_server_params(session);
	struct bodies *b = blockwise_bodies_of(session);
	size_t len = pdu_payload_len(response);
	uint8_t *copy = coap_malloc_type(COAP_STRING, len);
	struct body_out *out = NULL;

	if (b && copy)
		out = body_out_new(copy, len, free_copy, session, copy);
	if (!out) {
		coap_free_type(COAP_STRING, copy);
		return false;
	}
	memcpy(copy, response->data, len);
	params.szx = szx;
	params.qblock = NULL;
	drop_payload(response);
	pdu_remove_option(response, COAP_OPTION_BLOCK2);
	pdu_remove_option(response, COAP_OPTION_SIZE2);
	if (bodies_respond(b, &params, context_now(session->context), request,
		response, out) < 0)
		return false;
	bodies_settle(b, response);
	blockwise_bury(session);
	return true;
}

/* Whether there is a part of it instead. */
static bool
cut(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response,
    size_t limit)
{
	unsigned szx = choose_szx(response, limit);
	coap_block_b_t block;
	bool is_block;

	if (!response->data || coap_is_mcast(&session->local) ||
	    !blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP))
		return true;
	is_block = block_read(response, COAP_OPTION_BLOCK2, false, &block) != 0;
	if (is_block && (block.m || block.num > 0))
		return block.szx <= szx || !block.m ||
		    shrink(response, &block, szx);
	if (pdu_payload_len(response) <= (size_t)16 << szx)
		return true;
	return cut_payload(session, request, response, szx);
}

void
amplify_cut(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	size_t limit;

	if (!session->layer || !is_limited(session))
		return;
	limit = limit_of(session, request, response);
	if (HEADER + response->used <= limit)
		return;
	if (only_asks(request)) {
		challenge(session, request, response);
		return;
	}
	if (!cut(session, request, response, limit))
		begin_anew(request, response);
}

void
amplify_strip(const coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *pdu)
{
	if (session->context->set.amplification > 0 &&
	    echo_is_fresh(session, request, AMPLIFY_PROOF))
		pdu_remove_option(pdu, COAP_OPTION_ECHO);
}
