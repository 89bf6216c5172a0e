/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's bodies in blocks: before and after a handler. */
#include "session/body/blockwise.h"

#include "base/err.h"
#include "exchange/transfer.h"
#include "session/body/qblock.h"
#include "wire/pdu.h"

static struct bodies *
bodies(const coap_session_t *session)
{
	return session->extra ? session->extra->bodies : NULL;
}

struct bodies *
blockwise_bodies_of(coap_session_t *session)
{
	struct session_extra *extra = session_extra(session);

	if (extra && !extra->bodies)
		extra->bodies = bodies_new();
	return extra ? extra->bodies : NULL;
}

struct bodies_params
blockwise_server_params(const coap_session_t *session)
{
	coap_context_t *context = session->context;

	return (struct bodies_params){
		.szx = body_szx(context->set.max_block_size),
		.body_max = context->set.max_body_size,
		.each = !blockwise_mode(session, COAP_BLOCK_SINGLE_BODY),
		.bert = blockwise_bert(session),
		.lifetime = msg_exchange_lifetime(session->params),
		.pool = &context->bodies,
		.kept = &context->kept,
	};
}

/* Whether an option of this request is the library's to deal with. */
static bool
has_blocks(const coap_session_t *session, const coap_pdu_t *request)
{
	const struct resources *r = &session->context->resources;
	coap_option_t option;

	if (!pdu_find_option(request, COAP_OPTION_BLOCK1, &option) &&
	    !pdu_find_option(request, COAP_OPTION_BLOCK2, &option))
		return qblock_is_ours(session, request);
	/* What an application registered is its own. */
	return !resources_knows_option(r, COAP_OPTION_BLOCK1) &&
	    !resources_knows_option(r, COAP_OPTION_BLOCK2);
}

static bool
fail(coap_session_t *session, coap_pdu_t *response)
{
	session_set_error(session, -COAP_E_NOMEM, ERROR_LOCAL);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
	return false;
}

/* The whole is observed when its first part says so. */
static bool
put_observe(coap_pdu_t *whole, int value)
{
	uint8_t bytes[4];
	coap_opt_iterator_t oi;

	return value < 0 ||
	    coap_check_option(whole, COAP_OPTION_OBSERVE, &oi) != NULL ||
	    coap_add_option(whole, COAP_OPTION_OBSERVE,
		coap_encode_var_safe(bytes, sizeof(bytes), (unsigned)value),
		bytes) > 0;
}

/* The same of the condition on the whole. */
static bool
put_condition(coap_pdu_t *whole, bool if_none_match)
{
	coap_opt_iterator_t oi;

	return !if_none_match ||
	    coap_check_option(whole, COAP_OPTION_IF_NONE_MATCH, &oi) != NULL ||
	    coap_add_option(whole, COAP_OPTION_IF_NONE_MATCH, 0, NULL) > 0;
}

/* The request with its body, or with the place of the part that it has. */
static coap_pdu_t *
make_whole(bool single, const coap_pdu_t *request, struct serving *serving)
{
	coap_opt_filter_t drop;
	coap_pdu_t *whole;

	coap_option_filter_clear(&drop);
	if (single) {
		coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
		coap_option_filter_set(&drop, COAP_OPTION_Q_BLOCK1);
	}
	whole = pdu_duplicate(request, request->mid, PDU_MAX_SIZE,
	    request->token_len, request->token, &drop);
	if (!whole)
		return NULL;
	if (!put_observe(whole, serving->r.observe) ||
	    !put_condition(whole, serving->r.if_none_match)) {
		coap_delete_pdu(whole);
		return NULL;
	}
	whole->body = &serving->r.part;
	whole->q_block = qblock_has(request, COAP_OPTION_Q_BLOCK1);
	return whole;
}

static bool
serve_begin(void *user, bool single, const coap_pdu_t **request,
    coap_pdu_t *response)
{
	struct serving *serving = user;
	coap_session_t *session = serving->session;
	struct qblock_params times;
	struct bodies_params params = qblock_server_params(session, &times);
	enum bodies_step step;
	coap_opt_iterator_t oi;
	struct bodies *b;

	if (bodies(session))
		bodies(session)->fresh = NULL;
	if (!has_blocks(session, *request))
		return true;
	b = blockwise_bodies_of(session);
	if (!b)
		return fail(session, response);
	/* By Q-Block the parts come in any order: they are put together. */
	params.each = params.each && !single &&
	    !coap_check_option(*request, COAP_OPTION_Q_BLOCK1, &oi);
	step = bodies_request(b, &params, context_now(session->context),
	    *request, response, &serving->r);
	if (step != BODIES_BODY)
		return step == BODIES_HANDLE;
	serving->whole = make_whole(!params.each, *request, serving);
	if (!serving->whole)
		return fail(session, response);
	*request = serving->whole;
	return true;
}

/* RFC 9175 section 2.3: a body that was refused for want of an Echo need not
 * come again. */
static bool
waits_for_echo(const coap_session_t *session, const struct serving *serving,
    const coap_pdu_t *response)
{
	const struct body_entry *entry = serving->r.entry;

	return entry && !entry->q && bodies(session) && session->layer &&
	    response->code == COAP_RESPONSE_CODE_UNAUTHORIZED &&
	    transfer_echo(response).length > 0;
}

static void
serve_end(void *user, coap_pdu_t *response)
{
	struct serving *serving = user;
	coap_session_t *session = serving->session;
	unsigned class = COAP_RESPONSE_CLASS(response->code);

	/* Each part was good so far. */
	if (serving->whole && serving->r.more &&
	    (class == 2 || response->code == 0))
		response->code = COAP_RESPONSE_CODE_CONTINUE;
	if (bodies(session))
		bodies_settle(bodies(session), response);
	if (bodies(session))
		bodies_qblock_answered(bodies(session), &serving->r, response);
	coap_delete_pdu(serving->whole);
	if (waits_for_echo(session, serving, response))
		bodies_put_back(bodies(session), serving->r.entry,
		    context_now(session->context) +
			msg_exchange_lifetime(session->params));
	else
		body_entry_free(serving->r.entry);
	blockwise_bury(session);
}

const struct dispatch_bodies blockwise_bodies = {
	.begin = serve_begin,
	.end = serve_end,
};

/* --- their life ---------------------------------------------------------- */

void
blockwise_bury(coap_session_t *session)
{
	struct body_entry *entry;

	/* A release function may end the session: look anew each time. */
	while (bodies(session)) {
		entry = bodies_bury(bodies(session));
		if (!entry)
			return;
		body_entry_free(entry);
	}
}

void
blockwise_forget(coap_session_t *session)
{
	struct bodies *b = bodies(session);

	if (!b)
		return;
	if (b->reading > 0) {
		bodies_drop_all(b);
		return;
	}
	session->extra->bodies = NULL;
	bodies_free(b);
}

void
blockwise_expire(coap_session_t *session, coap_tick_t now)
{
	if (!bodies(session) || bodies_next(bodies(session)) > now)
		return;
	bodies_expire(bodies(session), now);
	blockwise_bury(session);
}

coap_tick_t
blockwise_next(const coap_session_t *session)
{
	return bodies(session) ? bodies_next(bodies(session)) : TIMER_NEVER;
}
