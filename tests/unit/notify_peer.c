/* SPDX-License-Identifier: BSD-2-Clause */
/* A client without library that observes, for tests of lib/session. */
#include "notify_peer.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct oserver oserver;

/* --- the resource --------------------------------------------------------- */

static void
give_back(coap_session_t *session, void *body)
{
	(void)session;
	oserver.released++;
	coap_free_type(COAP_STRING, body);
}

static void
add_large(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	uint8_t *body = coap_malloc_type(COAP_STRING, oserver.large);

	if (!body) {
		response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		return;
	}
	memset(body, 'a' + oserver.value % 26, oserver.large);
	oserver.added++;
	coap_add_data_large_response(oserver.o, session, request, response,
	    NULL, 0, -1, 0, oserver.large, body, give_back, body);
}

static void
add_format(coap_pdu_t *response)
{
	uint8_t bytes[4];
	size_t n =
	    coap_encode_var_safe(bytes, sizeof bytes, (unsigned)oserver.format);

	coap_add_option(response, COAP_OPTION_CONTENT_FORMAT, n, bytes);
}

static void
handle(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const uint8_t *body = NULL;
	size_t len = 0;
	char text[64];
	int n;

	assert_ptr_equal(resource, oserver.o);
	oserver.calls++;
	coap_pdu_set_code(response, (coap_pdu_code_t)oserver.code);
	coap_get_data(request, &len, &body);
	n = snprintf(text, sizeof text, "v%d%.*s%.*s", oserver.value,
	    query ? (int)query->length : 0, query ? (const char *)query->s : "",
	    len > 20 ? 20 : (int)len, body ? (const char *)body : "");
	if (oserver.format >= 0)
		add_format(response);
	if (oserver.large > 0)
		add_large(session, request, response);
	else if (oserver.code != 0)
		coap_add_data(response, (size_t)n, (const uint8_t *)text);
	if (oserver.hook)
		oserver.hook(session, response);
}

int
oserver_up(void **state)
{
	world_up(state);
	oserver = (struct oserver){
		.code = COAP_RESPONSE_CODE_CONTENT,
		.format = -1,
	};
	oserver.o = coap_resource_init(coap_make_str_const("o"), 0);
	coap_register_request_handler(oserver.o, COAP_REQUEST_GET, handle);
	coap_register_request_handler(oserver.o, COAP_REQUEST_FETCH, handle);
	coap_register_request_handler(oserver.o, COAP_REQUEST_PUT, handle);
	coap_resource_set_get_observable(oserver.o, 1);
	coap_add_resource(w.server, oserver.o);
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	return 0;
}

int
oserver_down(void **state)
{
	world_down(state);
	assert_int_equal(oserver.added, oserver.released);
	return 0;
}

unsigned
oserver_observers(void)
{
	return w.server->observing.n;
}

int
oserver_change(void)
{
	oserver.value++;
	return coap_resource_notify_observers(oserver.o, NULL);
}

/* --- the client ----------------------------------------------------------- */

void
opeer_open(struct opeer *p, coap_proto_t proto)
{
	const coap_address_t *to = world_address(proto);
	coap_address_t own;

	memset(p, 0, sizeof *p);
	p->proto = proto;
	p->mid = 1000;
	if (proto == COAP_PROTO_TCP) {
		p->fd = world_raw_connect(to);
		return;
	}
	p->fd = world_raw(SOCK_DGRAM, &own);
	assert_int_equal(connect(p->fd, &to->addr.sa, to->size), 0);
}

void
opeer_close(struct opeer *p)
{
	coap_delete_pdu(p->last);
	p->last = NULL;
	close(p->fd);
}

static enum framing
framing(const struct opeer *p)
{
	return p->proto == COAP_PROTO_TCP ? FRAMING_STREAM : FRAMING_DATAGRAM;
}

coap_pdu_t *
opeer_pdu(struct opeer *p, coap_pdu_type_t type, coap_pdu_code_t code,
    char token, int observe)
{
	coap_pdu_t *pdu = pdu_new(type, code, p->mid++, 4096);
	uint8_t value = (uint8_t)observe;

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)&token));
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"o");
	if (observe >= 0)
		coap_add_option(pdu, COAP_OPTION_OBSERVE, observe > 0, &value);
	return pdu;
}

void
opeer_send_pdu(struct opeer *p, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;

	assert_int_equal(pdu_encode(pdu, framing(p), &data, &len), 0);
	if (p->may_end)
		(void)!send(p->fd, data, len, MSG_NOSIGNAL);
	else
		world_raw_send(p->fd, NULL, data, len);
	coap_delete_pdu(pdu);
}

void
opeer_send(struct opeer *p, coap_pdu_type_t type, coap_pdu_code_t code,
    char token, int observe, const char *query, const char *body)
{
	coap_pdu_t *pdu = opeer_pdu(p, type, code, token, observe);

	if (query)
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(query),
		    (const uint8_t *)query);
	if (body)
		coap_add_data(pdu, strlen(body), (const uint8_t *)body);
	opeer_send_pdu(p, pdu);
}

void
opeer_observe(struct opeer *p, char token)
{
	opeer_send(p, COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, token, 0, NULL,
	    NULL);
}

void
opeer_reply(struct opeer *p, coap_pdu_type_t type)
{
	opeer_send_pdu(p, pdu_new(type, 0, p->last->mid, 100));
}

/* --- what comes ----------------------------------------------------------- */

/* Bytes of the first message in p->in; 0: it is not whole yet. */
static size_t
message_size(struct opeer *p)
{
	size_t total = p->n;

	if (p->proto == COAP_PROTO_TCP &&
	    frame_stream_size(p->in, p->n, &total) != 1)
		return 0;
	return total <= p->n ? total : 0;
}

bool
opeer_take(struct opeer *p)
{
	size_t size;
	ssize_t n;

	for (;;) {
		size = message_size(p);
		if (size == 0) {
			n = recv(p->fd, p->in + p->n, sizeof p->in - p->n,
			    MSG_DONTWAIT);
			if (n <= 0)
				return false;
			p->n += (size_t)n;
			continue;
		}
		coap_delete_pdu(p->last);
		p->last = pdu_new(COAP_MESSAGE_CON, 0, 0, size);
		assert_int_equal(pdu_decode(p->last, framing(p), 8, p->in,
				     size),
		    0);
		p->n -= size;
		memmove(p->in, p->in + size, p->n);
		if (p->last->code < COAP_SIGNALING_CODE_CSM)
			return true;
	}
}

static void
print(const struct opeer *p, char *text, size_t size)
{
	static const char *const types[] = { "CON", "NON", "ACK", "RST" };
	const coap_pdu_t *pdu = p->last;
	coap_opt_iterator_t oi;
	const uint8_t *data = NULL;
	size_t len = 0;

	coap_get_data(pdu, &len, &data);
	snprintf(text, size, "%s %u.%02u %c%c %.*s",
	    p->proto == COAP_PROTO_TCP ? "TCP" : types[pdu->type],
	    (unsigned)pdu->code >> 5, (unsigned)pdu->code & 31,
	    pdu->token_len > 0 ? (char)pdu->token[0] : '0',
	    coap_check_option(pdu, COAP_OPTION_OBSERVE, &oi) ? '+' : '-',
	    len > 20 ? 20 : (int)len, data ? (const char *)data : "");
}

static bool
wait_message(struct opeer *p)
{
	coap_tick_t hung = net_now() + NET_HUNG_MS;
	bool there = opeer_take(p);

	while (!there && net_now() < hung) {
		world_settle();
		there = opeer_take(p);
	}
	return there;
}

void
opeer_next(struct opeer *p)
{
	assert_true(wait_message(p));
}

void
opeer_expect(struct opeer *p, const char *text)
{
	char got[64] = "nothing";

	if (wait_message(p))
		print(p, got, sizeof got);
	assert_string_equal(got, text);
}

void
opeer_silent(struct opeer *p)
{
	char got[64] = "nothing";

	world_settle();
	if (opeer_take(p))
		print(p, got, sizeof got);
	assert_string_equal(got, "nothing");
}

uint32_t
opeer_number(const struct opeer *p)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(p->last, COAP_OPTION_OBSERVE, &oi);

	assert_non_null(opt);
	return coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt));
}

bool
opeer_observed(const struct opeer *p)
{
	coap_opt_iterator_t oi;

	return coap_check_option(p->last, COAP_OPTION_OBSERVE, &oi) != NULL;
}

void
opeer_observing(struct opeer *p, coap_proto_t proto)
{
	char text[] = "ACK 2.05 a+ v0";

	opeer_open(p, proto);
	opeer_observe(p, 'a');
	text[sizeof text - 2] = (char)('0' + oserver.value);
	if (proto == COAP_PROTO_TCP)
		memcpy(text, "TCP", 3);
	opeer_expect(p, text);
}

void
opeer_measured(struct opeer *p)
{
	opeer_observing(p, COAP_PROTO_UDP);
	assert_int_equal(oserver_change(), 1);
	opeer_expect(p, "CON 2.05 a+ v1");
	opeer_reply(p, COAP_MESSAGE_ACK);
	world_advance(1);
}
