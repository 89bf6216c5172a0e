/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests of a client's observations. */
#include "observe_peer.h"

#include "exchange/observation.h"
#include "wire/block.h"
#include "wire/pdu.h"

struct observe_peer peer;

/* --- the server ----------------------------------------------------------- */

static void
put_block(coap_pdu_t *pdu, unsigned num)
{
	static uint8_t bytes[OBSERVE_PEER_BLOCK];
	size_t at = (size_t)num * OBSERVE_PEER_BLOCK;
	size_t n = peer.body - at;
	bool more = n > OBSERVE_PEER_BLOCK;

	memset(bytes, 'a' + (int)(num % 26), sizeof bytes);
	if (peer.etag)
		block_add_uint(pdu, COAP_OPTION_ETAG, peer.etag);
	/* Size exponent 2: blocks of 64 bytes. */
	block_add_uint(pdu, COAP_OPTION_BLOCK2, num << 4 | (more ? 8U : 0) | 2);
	coap_add_data(pdu, more ? OBSERVE_PEER_BLOCK : n, bytes);
}

/* number: -1: no Observe, -2: an empty one. */
static void
fill(coap_pdu_t *pdu, int number, const char *text)
{
	coap_pdu_set_code(pdu, (coap_pdu_code_t)peer.code);
	if (number == -2)
		coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	else if (number >= 0)
		block_add_uint(pdu, COAP_OPTION_OBSERVE, (uint64_t)number);
	if (peer.critical)
		coap_add_option(pdu, (coap_option_num_t)peer.critical, 0, NULL);
	if (peer.max_age >= 0)
		block_add_uint(pdu, COAP_OPTION_MAXAGE, (uint64_t)peer.max_age);
	if (peer.body > OBSERVE_PEER_BLOCK)
		put_block(pdu, 0);
	else
		coap_add_data(pdu, strlen(text), (const uint8_t *)text);
}

static void
keep_payload(const coap_pdu_t *request)
{
	const uint8_t *data = NULL;

	peer.payload_len = 0;
	if (!coap_get_data(request, &peer.payload_len, &data))
		return;
	if (peer.payload_len > sizeof peer.payload)
		peer.payload_len = sizeof peer.payload;
	memcpy(peer.payload, data, peer.payload_len);
}

static void
keep_options(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	size_t n = 0;

	peer.options[0] = '\0';
	coap_option_iterator_init(request, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (oi.number == COAP_OPTION_OBSERVE)
			continue;
		n += (size_t)snprintf(peer.options + n, sizeof peer.options - n,
		    "%s%u=%.*s", n > 0 ? " " : "", oi.number,
		    (int)coap_opt_length(opt),
		    (const char *)coap_opt_value(opt));
		assert_true(n < sizeof peer.options);
	}
}

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	coap_block_b_t block;

	if (block_read(request, COAP_OPTION_BLOCK2, true, &block) &&
	    block.num > 0) {
		peer.blocks++;
		peer.etag += peer.changes;
		peer.changes = false;
		if (peer.silent)
			return;
		coap_pdu_set_code(response,
		    peer.broken ? COAP_RESPONSE_CODE_NOT_FOUND
				: COAP_RESPONSE_CODE_CONTENT);
		if (!peer.broken)
			put_block(response, block.num);
		return;
	}
	peer.session = session;
	peer.token = token.length == 1 ? (char)token.s[0] : '-';
	peer.observe = (int)observation_request_value(request);
	peer.asked += peer.observe == 0;
	peer.cancelled += peer.observe == 1;
	peer.type = (uint8_t)coap_pdu_get_type(request);
	peer.mid = coap_pdu_get_mid(request);
	keep_payload(request);
	keep_options(request);
	if (!peer.silent)
		fill(response, peer.observe == 0 ? peer.number : -1, "hello");
}

bool
observe_peer_try(coap_pdu_type_t type, int number, const char *text)
{
	coap_pdu_t *pdu;

	assert_non_null(peer.session);
	pdu = coap_new_pdu(type, COAP_RESPONSE_CODE_CONTENT, peer.session);
	if (!pdu)
		return false;
	if (!coap_add_token(pdu, 1, (const uint8_t *)&peer.token)) {
		coap_delete_pdu(pdu);
		return false;
	}
	fill(pdu, number, text);
	peer.mid = coap_send(peer.session, pdu);
	world_settle();
	return peer.mid >= 0;
}

void
observe_peer_notify(coap_pdu_type_t type, int number, const char *text)
{
	assert_true(observe_peer_try(type, number, text));
}

static void
on_fetch(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	serve(session, request, response);
}

int
observe_peer_again(void)
{
	peer = (struct observe_peer){
		.code = COAP_RESPONSE_CODE_CONTENT,
		.number = 5,
		.max_age = -1,
		.observe = -1,
		.params.size = sizeof peer.params,
	};
	w.serve = serve;
	coap_register_request_handler(coap_get_resource_from_uri_path(w.server,
					  coap_make_str_const("x")),
	    COAP_REQUEST_FETCH, on_fetch);
	coap_context_set_block_mode(w.client,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	return 0;
}

int
observe_peer_up(void **state)
{
	int r = world_up(state);

	return r == 0 ? observe_peer_again() : r;
}

/* --- the client ----------------------------------------------------------- */

static void
on_notify(coapx_observation_t *o, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	const uint8_t *data = NULL;
	size_t offset, total;
	char number[16] = "-";

	assert_ptr_equal(arg, &peer);
	assert_ptr_equal(o, peer.handle);
	assert_non_null(n->sent);
	assert_true((n->flags & COAPX_NOTIFICATION_ANSWER) || n->rtt_us == 0);
	peer.got = 0;
	coap_get_data_large(n->response, &peer.got, &data, &offset, &total);
	assert_int_equal(peer.got, total);
	if (n->flags & COAPX_NOTIFICATION_NUMBERED)
		snprintf(number, sizeof number, "%u", (unsigned)n->number);
	world_write(session, "notify %s gap %u%s%s%s %.*s", number,
	    (unsigned)n->gap,
	    n->flags & COAPX_NOTIFICATION_ANSWER ? " answer" : "",
	    n->flags & COAPX_NOTIFICATION_FIRST ? " first" : "",
	    n->flags & COAPX_NOTIFICATION_REORDERED ? " old" : "",
	    peer.got > 16 ? 16 : (int)peer.got, (const char *)data);
	if (peer.hook)
		peer.hook(o, "notify");
}

static void
on_state(coapx_observation_t *o, coap_session_t *session,
    coapx_observe_state_t state, void *arg)
{
	assert_ptr_equal(arg, &peer);
	assert_ptr_equal(o, peer.handle);
	world_write(session, "state %s", coapx_observe_state_name(state));
	if (peer.hook)
		peer.hook(o, coapx_observe_state_name(state));
}

static void
on_end(coapx_observation_t *o, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	unsigned code = result->response
	    ? (unsigned)coap_pdu_get_code(result->response)
	    : 0;

	assert_ptr_equal(arg, &peer);
	assert_non_null(result->sent);
	assert_true(result->error < 0 || result->response);
	peer.ends++;
	world_write(session, "end %d %u.%02u", result->error, code >> 5,
	    code & 31);
	if (peer.hook)
		peer.hook(o, "end");
	peer.handle = NULL;
}

coap_pdu_t *
observe_peer_request(coap_session_t *session, coap_pdu_code_t code,
    coap_pdu_type_t type, char token, int observe)
{
	coap_pdu_t *pdu = coap_new_pdu(type, code, session);

	if (!pdu)
		return NULL;
	if (!coap_add_token(pdu, 1, (const uint8_t *)&token) ||
	    (observe >= 0 &&
		!block_add_uint(pdu, COAP_OPTION_OBSERVE, (uint64_t)observe)) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)"x")) {
		coap_delete_pdu(pdu);
		return NULL;
	}
	return pdu;
}

int
observe_peer_begin(coap_session_t *session, char token)
{
	coap_pdu_t *pdu = observe_peer_request(session, COAP_REQUEST_CODE_GET,
	    COAP_MESSAGE_CON, token, -1);
	int err = 0;

	if (!pdu)
		return -COAP_E_NOMEM;
	if (peer.query)
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(peer.query),
		    (const uint8_t *)peer.query);
	if (peer.accept)
		coap_add_option(pdu, COAP_OPTION_ACCEPT, 1, &peer.accept);
	peer.params.notify = on_notify;
	peer.params.state = on_state;
	peer.params.end = on_end;
	peer.params.arg = &peer;
	peer.handle = coapx_observe_start(session, pdu, &peer.params, &err);
	assert_int_equal(peer.handle == NULL, err < 0);
	return err;
}

void
observe_peer_start(coap_session_t *session, char token)
{
	assert_int_equal(observe_peer_begin(session, token), 0);
	world_wait("hello");
	world_settle();
	world_expect('C',
	    "C state registered\n"
	    "C notify 5 gap 0 answer first hello\n");
}

coapx_observation_info_t
observe_peer_info(void)
{
	coapx_observation_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_observation_info(peer.handle, &info), 0);
	return info;
}

void
observe_peer_plain(coap_session_t *session, char token)
{
	coap_pdu_t *pdu = observe_peer_request(session, COAP_REQUEST_CODE_GET,
	    COAP_MESSAGE_CON, token, 0);

	assert_true(coap_send(session, pdu) >= 0);
	world_wait("hello");
	world_forget();
}

unsigned
observe_peer_count(const coap_session_t *session)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(session, &info), 0);
	return info.observations;
}
