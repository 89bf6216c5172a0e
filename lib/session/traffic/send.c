/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending: nothing here waits, and no handler is called from it. */
#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "session/body/blockwise.h"
#include "session/group/mcast.h"
#include "session/observe/observe_client.h"
#include "session/traffic/release.h"

uint16_t
coap_new_message_id(coap_session_t *session)
{
	if (!session || session_reliable(session))
		return 0;
	return dgram_new_mid(&session->msg.dgram);
}

void
coap_session_init_token(coap_session_t *session, size_t length,
    const uint8_t *token)
{
	if (!session || !token)
		return;
	if (length > sizeof session->token)
		length = sizeof session->token;
	session->token = coap_decode_var_bytes8(token, length);
	session->token_len = (uint8_t)length;
}

void
coap_session_new_token(coap_session_t *session, size_t *length, uint8_t *token)
{
	uint8_t bytes[8];
	size_t n;

	if (!session || !length || !token)
		return;
	n = coap_encode_var_safe8(bytes, sizeof bytes, session->token++);
	/* The first one equals what init_token was given, zeros in front too. */
	*length = n > session->token_len ? n : session->token_len;
	memset(token, 0, *length);
	memcpy(token + *length - n, bytes, n);
}

coap_pdu_t *
coap_new_pdu(coap_pdu_type_t type, coap_pdu_code_t code,
    coap_session_t *session)
{
	if (!session)
		return NULL;
	return pdu_new(type, code, coap_new_message_id(session),
	    coap_session_max_pdu_size(session));
}

/* --- messages that wait -------------------------------------------------- */

static struct pending *
pending_new(coap_pdu_t *pdu)
{
	struct pending *p = mem_new(COAP_NODE, 1, sizeof *p);

	if (p)
		p->pdu = pdu_ref(pdu);
	return p;
}

static void
pending_free(struct pending *p)
{
	coap_delete_pdu(p->pdu);
	coap_free_type(COAP_NODE, p);
}

/* To the front. */
static void
pending_link(coap_session_t *session, struct pending *p)
{
	p->next = p;
	if (session->pending_last) {
		p->next = session->pending_last->next;
		session->pending_last->next = p;
	} else {
		session->pending_last = p;
	}
	session->n_pending++;
}

static int
pending_add(coap_session_t *session, coap_pdu_t *pdu)
{
	struct pending *p;

	if (session->n_pending >= SESSION_PENDING_MAX)
		return -COAP_E_LIMIT;
	p = pending_new(pdu);
	if (!p)
		return -COAP_E_NOMEM;
	pending_link(session, p);
	session->pending_last = p;
	return 0;
}

coap_pdu_t *
session_next_pending(const coap_session_t *session)
{
	struct pending *p = session->pending_last;
	unsigned i;

	for (i = session->n_pending; i > 0; i--) {
		p = p->next;
		if (!release_is_pending(session) ||
		    !COAP_PDU_IS_REQUEST(p->pdu))
			return p->pdu;
	}
	return NULL;
}

/* The oldest that waits, a reference of the caller's now; NULL: none. */
static coap_pdu_t *
pending_take(coap_session_t *session)
{
	struct pending *p;
	coap_pdu_t *pdu;

	if (!session->pending_last)
		return NULL;
	p = session->pending_last->next;
	pdu = p->pdu;
	session->pending_last->next = p->next;
	if (p == session->pending_last)
		session->pending_last = NULL;
	session->n_pending--;
	coap_free_type(COAP_NODE, p);
	return pdu;
}

void
session_unqueue(coap_session_t *session, const coap_pdu_t *pdu)
{
	struct pending *before = session->pending_last;
	struct pending *p;
	unsigned i;

	for (i = session->n_pending; i > 0; i--, before = p) {
		p = before->next;
		if (p->pdu != pdu)
			continue;
		before->next = p->next;
		if (p == session->pending_last)
			session->pending_last = p == before ? NULL : before;
		session->n_pending--;
		pending_free(p);
		return;
	}
}

void
session_drop_pending(coap_session_t *session, coap_nack_reason_t reason)
{
	unsigned n = session->n_pending;
	coap_pdu_t *pdu;
	bool request;

	while (session->pending_last && (n-- > 0 || !session->reconnecting)) {
		pdu = session->pending_last->next->pdu;
		request = requests_find_pdu(&session->requests, pdu) != NULL;
		if (request && session->reconnecting) {
			/* Around once, so that the order stays. */
			session->pending_last = session->pending_last->next;
			continue;
		}
		pdu = pending_take(session);
		if (!request)
			message_failed(session, pdu, reason);
		coap_delete_pdu(pdu);
	}
}

void
session_unsend(coap_session_t *session)
{
	struct request *head = session->requests.list;
	struct request *q = head ? head->prev : NULL;
	struct pending *p;

	if (!session->reconnecting || session_reliable(session))
		return;
	/* From the youngest on, each to the front. */
	for (; q; q = q == head ? NULL : q->prev) {
		if (q->sent_at != 0)
			continue;
		p = pending_new(q->sent);
		/* What finds no room ends with what was sent. */
		if (!p)
			continue;
		if (!dgram_unsend(&session->msg.dgram, q->sent)) {
			pending_free(p);
			continue;
		}
		pending_link(session, p);
	}
}

/* When a request without an answer is given up by its own type. A CON's end
 * comes from the message layer, a stream's from the connection. */
static coap_tick_t
request_deadline(const coap_session_t *session, const coap_pdu_t *pdu)
{
	if (session_reliable(session) || pdu->type != COAP_MESSAGE_NON)
		return TIMER_NEVER;
	if (session_is_mcast(session))
		return context_now(session->context) + mcast_wait(session);
	return context_now(session->context) +
	    msg_non_lifetime(session->params);
}

/* What waited for its turn has its time from now on. */
static void
begin_deadline(coap_session_t *session, struct request *q)
{
	coap_tick_t limit = request_deadline(session, q->sent);
	const coapx_request_t *a = q->user;

	if (q->started == context_now(session->context) || q->acked ||
	    limit == TIMER_NEVER)
		return;
	if (a && a->deadline && a->deadline < limit)
		limit = a->deadline;
	requests_set_deadline(&session->requests, q, limit);
}

/* A request left for the first time; its handler, if it has one by now, hears
 * of it from the timer. */
void
session_sent(coap_session_t *session, struct request *q)
{
	q->sent_at = session->context->left_us;
	begin_deadline(session, q);
	if (q->user)
		session->tell_sent = true;
}

/* When it began counts, not what is tried, or comes, meanwhile. */
static void
set_blocked(coap_session_t *session, bool blocked)
{
	struct session_extra *extra = session->extra;

	if (extra && !blocked)
		extra->blocked_since = 0;
	else if (extra && !session->blocked)
		extra->blocked_since = context_now(session->context);
	session->blocked = blocked;
}

/* Hands a message to the message layer. */
static int
transmit_pdu(coap_session_t *session, coap_pdu_t *pdu)
{
	coap_context_t *context = session->context;
	struct request *q = requests_find_pdu(&session->requests, pdu);
	/* A name may have turned out to be a group's. */
	int err = mcast_check(session, pdu);

	if (err < 0)
		return err;
	if (session_reliable(session))
		err = stream_send(&session->msg.stream, pdu);
	else
		err =
		    dgram_send(&session->msg.dgram, pdu, context_now(context));
	set_blocked(session, err == -COAP_E_AGAIN);
	if (err == 0 && session_reliable(session) && q)
		session_sent(session, q);
	session_touch(session);
	return err;
}

/* A message that could not go although it had been taken: it ends now. Called
 * from the loop only. */
static void
pending_failed(coap_session_t *session, coap_pdu_t *pdu, int err)
{
	struct request *q = requests_find_pdu(&session->requests, pdu);

	session_set_error(session, err, ERROR_LOCAL);
	if (!q) {
		message_failed(session, pdu, COAP_NACK_NOT_DELIVERABLE);
		return;
	}
	requests_take(&session->requests, q);
	request_failed(session, q, COAP_NACK_NOT_DELIVERABLE, err);
}

void
session_flush_pending(coap_session_t *session)
{
	/* Not those that a handler adds, so that this ends. */
	unsigned n = session->n_pending;
	coap_pdu_t *pdu;
	int err;

	while (n-- > 0 && session->layer &&
	    session->state == COAP_SESSION_STATE_ESTABLISHED) {
		pdu = session_next_pending(session);
		err = pdu ? transmit_pdu(session, pdu) : -COAP_E_AGAIN;
		if (err == -COAP_E_AGAIN)
			break;
		pdu_ref(pdu);
		session_unqueue(session, pdu);
		if (err < 0)
			pending_failed(session, pdu, err);
		coap_delete_pdu(pdu);
	}
	session_resume_input(session);
}

/* --- taking a message ---------------------------------------------------- */

int
session_make_token(coap_session_t *session, coap_pdu_t *pdu)
{
	uint8_t token[8];
	size_t len = 0;

	if (pdu->token_len > 0 || pdu->bare)
		return 0;
	/* Options may be there already: the token goes in front of them. */
	coap_session_new_token(session, &len, token);
	return pdu_set_token(pdu, len, token);
}

static int
send_or_wait(coap_session_t *session, coap_pdu_t *pdu)
{
	int err;

	if (session->state != COAP_SESSION_STATE_ESTABLISHED ||
	    session_next_pending(session) ||
	    (release_is_pending(session) && COAP_PDU_IS_REQUEST(pdu)))
		return pending_add(session, pdu);
	err = transmit_pdu(session, pdu);
	return err == -COAP_E_AGAIN ? pending_add(session, pdu) : err;
}

/* What answers a request of the transport that was lost is not for the next
 * one. */
static bool
fits_reconnect(const coap_session_t *session, const coap_pdu_t *pdu)
{
	return !session->reconnecting || COAP_PDU_IS_REQUEST(pdu) ||
	    session->state == COAP_SESSION_STATE_ESTABLISHED;
}

int
session_send_message(coap_session_t *session, coap_pdu_t *pdu,
    struct request **request)
{
	struct request *q = NULL;
	int err = 0;

	if (!session_is_open(session) || session->ending ||
	    !fits_reconnect(session, pdu))
		return session->error < 0 ? session->error : -COAP_E_CLOSED;
	err = mcast_check(session, pdu);
	if (err == 0 && COAP_PDU_IS_REQUEST(pdu)) {
		mcast_ask(session);
		if (request)
			err = session_make_token(session, pdu);
		if (err == 0)
			err = requests_add(&session->requests, pdu,
			    context_now(session->context),
			    request_deadline(session, pdu), &q);
	}
	if (err == 0)
		err = send_or_wait(session, pdu);
	if (err < 0 && q) {
		requests_take(&session->requests, q);
		request_free(q);
	}
	if (err == 0 && request)
		*request = q;
	session_arm(session);
	return err;
}

int
session_send_pdu(coap_session_t *session, coap_pdu_t *pdu,
    struct request **request)
{
	if (COAP_PDU_IS_REQUEST(pdu))
		return blockwise_request(session, pdu, NULL, request);
	return session_send_message(session, pdu, request);
}

coap_mid_t
coap_send(coap_session_t *session, coap_pdu_t *pdu)
{
	coap_mid_t mid = COAP_INVALID_MID;
	coap_context_t *context;
	int err;

	if (!session || !pdu) {
		coap_delete_pdu(pdu);
		return COAP_INVALID_MID;
	}
	context = session->context;
	context_enter(context);
	err = observe_send(session, pdu);
	if (err < 0) {
		if (err != session->error)
			session_set_error(session, err, ERROR_LOCAL);
		coap_log_warn("%s: not sent: %s\n", coap_session_str(session),
		    err_text(err));
	} else {
		mid = pdu->mid;
	}
	coap_delete_pdu(pdu);
	context_leave(context);
	return mid;
}

/* --- answers ------------------------------------------------------------- */

static coap_mid_t
send_empty(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_type_t type)
{
	int err;

	if (!session || !request || session_reliable(session) ||
	    !session->layer || session_is_mcast(session))
		return COAP_INVALID_MID;
	context_enter(session->context);
	err = dgram_send_empty(&session->msg.dgram, type, request->mid,
	    context_now(session->context));
	context_leave(session->context);
	return err < 0 ? COAP_INVALID_MID : request->mid;
}

coap_mid_t
coap_send_message_type(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_type_t type)
{
	return send_empty(session, request, type);
}

coap_mid_t
coap_send_ack(coap_session_t *session, const coap_pdu_t *request)
{
	if (!request || request->type != COAP_MESSAGE_CON)
		return COAP_INVALID_MID;
	return send_empty(session, request, COAP_MESSAGE_ACK);
}

coap_mid_t
coap_send_rst(coap_session_t *session, const coap_pdu_t *request)
{
	return send_empty(session, request, COAP_MESSAGE_RST);
}

/* The options of request that opts names go into the response. */
static bool
copy_options(coap_pdu_t *response, const coap_pdu_t *request,
    const coap_opt_filter_t *opts)
{
	coap_opt_iterator_t oi;
	coap_opt_t *option;

	if (!opts)
		return true;
	coap_option_iterator_init(request, &oi, opts);
	for (option = coap_option_next(&oi); option;
	     option = coap_option_next(&oi))
		if (coap_add_option(response, oi.number,
			coap_opt_length(option), coap_opt_value(option)) == 0)
			return false;
	return true;
}

coap_pdu_t *
coap_new_error_response(const coap_pdu_t *request, coap_pdu_code_t code,
    coap_opt_filter_t *opts)
{
	const char *phrase = coap_response_phrase((unsigned char)code);
	bool con;
	coap_pdu_t *response;

	if (!request)
		return NULL;
	con = request->type == COAP_MESSAGE_CON;
	response = pdu_new(con ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON, code,
	    request->mid, COAP_DEFAULT_MTU);
	if (!response)
		return NULL;
	if (!coap_add_token(response, request->token_len, request->token) ||
	    !copy_options(response, request, opts)) {
		coap_delete_pdu(response);
		return NULL;
	}
	if (phrase)
		coap_add_data(response, strlen(phrase),
		    (const uint8_t *)phrase);
	return response;
}

coap_mid_t
coap_send_error(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_code_t code, coap_opt_filter_t *opts)
{
	coap_pdu_t *response;

	if (!session || !request)
		return COAP_INVALID_MID;
	response = coap_new_error_response(request, code, opts);
	if (response && response->type == COAP_MESSAGE_NON)
		response->mid = coap_new_message_id(session);
	return response ? coap_send(session, response) : COAP_INVALID_MID;
}

coap_pdu_t *
coap_pdu_duplicate(const coap_pdu_t *old_pdu, coap_session_t *session,
    size_t token_length, const uint8_t *token, coap_opt_filter_t *drop_options)
{
	if (!old_pdu || !session)
		return NULL;
	return pdu_duplicate(old_pdu, coap_new_message_id(session),
	    coap_session_max_pdu_size(session), token_length, token,
	    drop_options);
}
