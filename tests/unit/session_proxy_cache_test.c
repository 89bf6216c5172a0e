/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A proxy that keeps answers, on loopback: the server is it, and is also the
 * server behind it, by another of its addresses.
 */
#include "session_support.h"

#include <coap3/coap_proxy.h>

#include "session/proxy/proxy.h"
#include "skip.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

#define LARGE ((size_t)50000)

static uint8_t body[LARGE];
static coap_proxy_server_t entries[2];
static coap_proxy_server_list_t list;
static coap_resource_t *origin;

/* What the server behind the proxy does, and saw. */
static struct {
	size_t length; /* of the answer */
	int maxage;
	uint64_t etag;
	bool stay;  /* it never answers */
	bool wrong; /* it confirms what nobody has */
	unsigned calls;
	unsigned valid; /* answers by 2.03 */
	unsigned etags; /* of the last request */
} o;

/* What the client got. */
static struct {
	unsigned results;
	int error;
	unsigned code;
	size_t length;
	bool same;
	int64_t maxage;
	int64_t etag;
	char text[200];
	unsigned notes; /* of the trace, about the cache */
} c;

/* --- the server and the proxy --------------------------------------------- */

/* Whether the request has the ETag of what is there. */
static bool
is_known(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	bool known = false;

	o.etags = 0;
	coap_option_iterator_init(request, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (oi.number != COAP_OPTION_ETAG)
			continue;
		o.etags++;
		if (coap_decode_var_bytes8(coap_opt_value(opt),
			coap_opt_length(opt)) == o.etag)
			known = true;
	}
	return known;
}

static void
add_number(coap_pdu_t *pdu, coap_option_num_t number, uint64_t value)
{
	uint8_t bytes[8];

	assert_true(coap_add_option(pdu, number,
	    coap_encode_var_safe8(bytes, sizeof bytes, value), bytes));
}

static void
serve_origin(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	bool known = is_known(request);

	o.calls++;
	if (o.stay)
		return;
	if (coap_pdu_get_code(request) == COAP_REQUEST_CODE_PUT) {
		o.etag++;
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
		return;
	}
	if (o.wrong || (o.etag > 0 && known)) {
		o.valid++;
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_VALID);
		add_number(response, COAP_OPTION_ETAG, o.etag + o.wrong);
		add_number(response, COAP_OPTION_MAXAGE, (unsigned)o.maxage);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, 42, o.maxage, o.etag, o.length, body, NULL, NULL);
}

static void
serve_proxy(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_cache_key_t *key = coap_cache_derive_key(session, request,
	    COAP_CACHE_NOT_SESSION_BASED);

	(void)query;
	if (!coap_proxy_forward_request(session, request, response, resource,
		key, &list))
		coap_delete_cache_key(key);
}

static void
trace(const coapx_trace_t *t, void *arg)
{
	(void)arg;
	if (t->kind == COAPX_TRACE_NOTE && strstr(t->text, "from the cache"))
		c.notes++;
}

static int
up(void **state)
{
	const char *hosts[] = { "me" };
	coap_resource_t *r;

	world_up(state);
	world_all_protocols();
	memset(&o, 0, sizeof o);
	memset(&c, 0, sizeof c);
	memset(entries, 0, sizeof entries);
	for (size_t i = 0; i < LARGE; i++)
		body[i] = (uint8_t)('a' + (i * 7 + i / 256) % 26);
	o.length = 5;
	o.maxage = 30;
	o.etag = 0x77;
	w.quiet = true;
	list = (coap_proxy_server_list_t){
		.type = COAP_PROXY_DIRECT_STRIP,
		.idle_timeout_secs = 10,
	};
	coap_context_set_block_mode(w.client,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coapx_context_set_trace(w.server, trace, NULL);
	r = coap_resource_init(coap_make_str_const("f"), 0);
	coap_register_request_handler(r, COAP_REQUEST_GET, serve_origin);
	coap_register_request_handler(r, COAP_REQUEST_FETCH, serve_origin);
	coap_register_request_handler(r, COAP_REQUEST_PUT, serve_origin);
	coap_resource_set_get_observable(r, 1);
	coap_add_resource(w.server, r);
	origin = r;
	coap_add_resource(w.server,
	    coap_resource_proxy_uri_init2(serve_proxy, 1, hosts, 0));
	return 0;
}

static coap_session_t *
connected(coap_proto_t proto)
{
	coap_session_t *session = world_session(proto);

	assert_non_null(session);
	WORLD_UNTIL(
	    coap_session_get_state(session) == COAP_SESSION_STATE_ESTABLISHED);
	return session;
}

/* --- the client ----------------------------------------------------------- */

static void
on_answer(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	const coap_pdu_t *response = result->response;
	size_t offset, total;
	const uint8_t *data = NULL;

	(void)request, (void)session, (void)arg;
	c.results++;
	c.error = result->error;
	if (!response)
		return;
	c.code = coap_pdu_get_code(response);
	c.maxage = pdu_option_uint(response, COAP_OPTION_MAXAGE);
	c.etag = pdu_option_uint(response, COAP_OPTION_ETAG);
	coap_get_data_large(response, &c.length, &data, &offset, &total);
	c.same = c.length == total && c.length <= LARGE &&
	    (c.length == 0 || memcmp(data, body, c.length) == 0);
	snprintf(c.text, sizeof c.text, "%.*s",
	    (int)(c.length < 199 ? c.length : 199), (const char *)data);
}

/* For what is behind, by that protocol. */
static coap_pdu_t *
request_to(coap_session_t *session, coap_proto_t behind, unsigned code)
{
	coap_pdu_t *pdu = coap_new_pdu(CON, (coap_pdu_code_t)code, session);
	unsigned char addr[80] = "";
	char uri[200];

	assert_non_null(pdu);
	coap_print_addr(world_address(behind), addr, sizeof addr);
	snprintf(uri, sizeof uri, "%s://%s/f", coapx_proto_scheme(behind),
	    (const char *)addr);
	assert_true(coap_add_option(pdu, COAP_OPTION_PROXY_URI, strlen(uri),
	    (const uint8_t *)uri));
	return pdu;
}

static void
send_it(coap_session_t *session, coap_pdu_t *pdu)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_answer,
	};

	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
}

static void
expect(unsigned code)
{
	unsigned before = c.results;

	WORLD_UNTIL(c.results > before);
	assert_int_equal(c.error, 0);
	assert_int_equal(c.code, code);
}

static void
get(coap_session_t *session)
{
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(c.same);
	assert_int_equal(c.length, o.length);
}

/* --- fresh ---------------------------------------------------------------- */

/* TD_COAP_CORE_29 */
static void
the_second_comes_from_the_cache(void **state)
{
	coap_session_t *a = connected(TCP);
	coap_session_t *b = connected(UDP);

	(void)state;
	get(a);
	assert_int_equal(c.maxage, 30);
	assert_int_equal(c.notes, 0);
	world_advance(10000);
	get(a);
	assert_int_equal(o.calls, 1);
	assert_int_equal(c.maxage, 20);
	assert_int_equal(c.etag, 0x77);
	assert_int_equal(c.notes, 1);
	/* Another client, by another protocol. */
	get(b);
	assert_int_equal(o.calls, 1);
	world_advance(20000);
	get(b);
	assert_int_equal(o.calls, 2);
	coap_session_release(a);
	coap_session_release(b);
}

static void
a_client_that_has_it_hears_so(void **state)
{
	coap_session_t *session = connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_ETAG, 0x55);
	add_number(pdu, COAP_OPTION_ETAG, 0x77);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_VALID);
	assert_int_equal(c.length, 0);
	assert_int_equal(c.etag, 0x77);
	assert_true(c.maxage >= 29);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_ETAG, 0x55);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 1);
	coap_session_release(session);
}

static void
put_ends_what_is_kept(void **state)
{
	coap_session_t *session = connected(TCP);

	(void)state;
	get(session);
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	assert_int_equal(o.calls, 3);
	assert_int_equal(c.etag, 0x78);
	coap_session_release(session);
}

/* It may have been done. */
static void
a_put_that_nobody_waits_for_ends_it_too(void **state)
{
	coap_session_t *session = connected(TCP);
	coap_session_t *other = connected(TCP);

	(void)state;
	get(session);
	o.stay = true;
	send_it(other, request_to(other, UDP, COAP_REQUEST_CODE_PUT));
	WORLD_UNTIL(o.calls == 2);
	coap_session_release(other);
	WORLD_UNTIL(!w.server->proxy->forwards);
	o.stay = false;
	get(session);
	assert_int_equal(o.calls, 3);
	coap_session_release(session);
}

static void
fetch_is_kept_by_its_body(void **state)
{
	static const struct {
		const char *payload;
		unsigned calls;
	} steps[] = { { "a", 1 }, { "b", 2 }, { "a", 2 }, { "b", 2 } };
	coap_session_t *session = connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		pdu = request_to(session, TCP, COAP_REQUEST_CODE_FETCH);
		coap_add_data(pdu, 1, (const uint8_t *)steps[i].payload);
		send_it(session, pdu);
		expect(COAP_RESPONSE_CODE_CONTENT);
		assert_int_equal(o.calls, steps[i].calls);
	}
	coap_session_release(session);
}

static void
bodies_in_blocks_are_kept_whole(void **state)
{
	coap_session_t *a = connected(TCP);
	coap_session_t *b = connected(UDP);

	(void)state;
	o.length = LARGE;
	get(a);
	get(b);
	get(a);
	assert_int_equal(o.calls, 1);
	/* What is asked for goes on when it is not kept any more. */
	send_it(b, request_to(b, UDP, COAP_REQUEST_CODE_GET));
	WORLD_UNTIL(c.notes == 3);
	coapx_context_set_proxy_cache(w.server, 0, 0);
	assert_int_equal(w.server->proxy->cache.bytes, 0);
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(c.same && c.length == LARGE);
	assert_int_equal(o.calls, 1);
	coap_session_release(a);
	coap_session_release(b);
}

static void
servers_that_take_turns_are_one(void **state)
{
	coap_session_t *session = connected(TCP);

	(void)state;
	for (int i = 0; i < 2; i++)
		entries[i].uri = (coap_uri_t){
			.host = *coap_make_str_const("127.0.0.1"),
			.port = coap_address_get_port(
			    world_address(i == 0 ? UDP : TCP)),
			.scheme = i == 0 ? COAP_URI_SCHEME_COAP
					 : COAP_URI_SCHEME_COAP_TCP,
		};
	list.type = COAP_PROXY_FORWARD_STRIP;
	list.entry = entries;
	list.entry_count = 2;
	get(session);
	get(session);
	assert_int_equal(o.calls, 1);
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	assert_int_equal(o.calls, 3);
	coap_session_release(session);
}

/* --- stale ---------------------------------------------------------------- */

/* TD_COAP_CORE_30 */
static void
what_is_stale_is_validated(void **state)
{
	coap_session_t *session = connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	world_advance(30000);
	get(session);
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.valid, 1);
	assert_int_equal(o.etags, 1);
	assert_int_equal(c.etag, 0x77);
	assert_true(c.maxage >= 29);
	/* It is fresh again. */
	get(session);
	assert_int_equal(o.calls, 2);
	/* The client's own goes along, and is what it hears of. */
	world_advance(30000);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_ETAG, 0x55);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(c.same && c.length == 5);
	assert_int_equal(o.etags, 2);
	world_advance(30000);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_ETAG, 0x77);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_VALID);
	assert_int_equal(o.etags, 1);
	/* A new one is passed on, and kept. */
	world_advance(30000);
	o.etag = 0x79;
	get(session);
	assert_int_equal(c.etag, 0x79);
	assert_int_equal(o.valid, 3);
	assert_int_equal(o.calls, 5);
	get(session);
	assert_int_equal(o.calls, 5);
	coap_session_release(session);
}

static void
a_wrong_confirmation_is_a_bad_answer(void **state)
{
	coap_session_t *session = connected(TCP);

	(void)state;
	get(session);
	world_advance(30000);
	o.wrong = true;
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	expect(COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_non_null(strstr(c.text, "ETag"));
	o.wrong = false;
	get(session);
	assert_int_equal(o.etags, 0);
	coap_session_release(session);
}

/* --- for whom ------------------------------------------------------------- */

static void
what_comes_by_a_session_of_its_own_is_private(void **state)
{
	coap_session_t *a = connected(TCP);
	coap_session_t *b = connected(TCP);

	(void)state;
	list.track_client_session = 1;
	get(a);
	get(a);
	assert_int_equal(o.calls, 1);
	get(b);
	get(b);
	assert_int_equal(o.calls, 2);
	assert_int_equal(w.server->proxy->cache.n_private, 2);
	coap_session_release(a);
	WORLD_UNTIL(w.server->proxy->cache.n_private == 1);
	coap_session_release(b);
	WORLD_UNTIL(w.server->proxy->cache.n_private == 0);
	assert_int_equal(w.server->proxy->cache.bytes, 0);
}

static void
secure_clients_share_nothing(void **state)
{
	coap_session_t *a;
	coap_session_t *b;

	(void)state;
	if (!coapx_proto_is_supported(COAP_PROTO_DTLS))
		skip_because("no DTLS in this build");
	a = connected(COAP_PROTO_DTLS);
	b = connected(COAP_PROTO_TLS);
	get(a);
	get(a);
	assert_int_equal(o.calls, 1);
	get(b);
	assert_int_equal(o.calls, 2);
	coap_session_release(b);
	b = connected(UDP);
	get(b);
	assert_int_equal(o.calls, 3);
	coap_session_release(b);
	/* Not by the protocol, nor by the key, which they share. */
	b = connected(COAP_PROTO_DTLS);
	get(b);
	assert_int_equal(o.calls, 4);
	get(a);
	assert_int_equal(o.calls, 4);
	coap_session_release(a);
	coap_session_release(b);
}

static void
observe_and_echo_are_not_answered_from_it(void **state)
{
	coap_session_t *session = connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_OBSERVE, COAP_OBSERVE_CANCEL);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 2);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	add_number(pdu, COAP_OPTION_ECHO, 77);
	send_it(session, pdu);
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 3);
	assert_int_equal(c.notes, 0);
	coap_session_release(session);
}

static void
on_notify(coapx_observation_t *observation, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	(void)observation, (void)session, (void)arg;
	c.etag = pdu_option_uint(n->response, COAP_OPTION_ETAG);
}

/* RFC 7641 section 3.3: they are answers to the request, as any other. */
static void
notifications_are_kept(void **state)
{
	coap_session_t *a = connected(TCP);
	coap_session_t *b = connected(UDP);
	coapx_observe_params_t params = {
		.size = sizeof params,
		.notify = on_notify,
	};
	coapx_observation_t *observation;

	(void)state;
	observation = coapx_observe_start(a,
	    request_to(a, UDP, COAP_REQUEST_CODE_GET), &params, NULL);
	assert_non_null(observation);
	WORLD_UNTIL(c.etag == 0x77);
	get(b);
	assert_int_equal(o.calls, 1);
	world_advance(20000);
	o.etag = 0x78;
	coap_resource_notify_observers(origin, NULL);
	WORLD_UNTIL(c.etag == 0x78);
	assert_int_equal(o.calls, 2);
	c.etag = 0;
	get(b);
	assert_int_equal(c.etag, 0x78);
	assert_true(c.maxage >= 29);
	assert_int_equal(o.calls, 2);
	assert_int_equal(c.notes, 2);
	coapx_observe_stop(observation, COAPX_OBSERVE_DEREGISTER);
	coap_session_release(a);
	coap_session_release(b);
}

static void
no_response_is_the_clients_own(void **state)
{
	coap_session_t *session = connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pdu = request_to(session, TCP, COAP_REQUEST_CODE_GET);
		coap_pdu_set_type(pdu, NON);
		add_number(pdu, COAP_OPTION_NORESPONSE, 2);
		send_it(session, pdu);
		WORLD_UNTIL(i == 0
			? w.server->proxy && w.server->proxy->cache.bytes > 0
			: c.notes == 1);
		world_settle();
		assert_int_equal(c.results, 0);
	}
	send_it(session, request_to(session, TCP, COAP_REQUEST_CODE_GET));
	expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 1);
	coap_session_release(session);
}

/* --- settings and ends ---------------------------------------------------- */

static void
it_can_be_off(void **state)
{
	coap_session_t *session = connected(TCP);

	(void)state;
	coapx_context_set_proxy_cache(NULL, 1, 1);
	coapx_context_set_proxy_cache(w.server, 0, 1000);
	get(session);
	get(session);
	assert_int_equal(o.calls, 2);
	coapx_context_set_proxy_cache(w.server, 10, 10000);
	get(session);
	get(session);
	assert_int_equal(o.calls, 3);
	/* One that is too long passes all the same. */
	o.length = 2600;
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	get(session);
	assert_int_equal(o.calls, 6);
	coap_session_release(session);
}

static void
the_context_goes_while_something_is_validated(void **state)
{
	coap_session_t *session = connected(TCP);

	(void)state;
	get(session);
	world_advance(30000);
	o.stay = true;
	send_it(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	WORLD_UNTIL(o.calls == 2);
	coap_free_context(w.server);
	w.server = NULL;
	coap_session_release(session);
}

/* Whether the n-th allocation was reached: then no other fails. */
static bool
has_failed(size_t n)
{
	bool failed = true;
	void *p;

	for (; n > 0 && failed; n--) {
		p = coap_malloc_type(COAP_STRING, 1);
		failed = p != NULL;
		coap_free_type(COAP_STRING, p);
	}
	return failed;
}

/* Each allocation after a request was sent fails once, for what is fresh and
 * for what is stale. */
static void
memory_is_short_anywhere(void **state)
{
	coap_session_t *session;
	unsigned before;
	bool failed = true;
	size_t n;

	(void)state;
	for (n = 1; failed; n++) {
		session = connected(TCP);
		get(session);
		if (n % 2 == 0)
			world_advance(30000);
		before = c.results;
		send_it(session,
		    request_to(session, UDP, COAP_REQUEST_CODE_GET));
		mem_fail_at(n / 2 + 1, 0);
		for (int i = 0; i < 60 && c.results == before; i++)
			world_advance(10000);
		failed = has_failed(n / 2 + 1) || n % 2 == 1;
		mem_fail_at(0, 0);
		if (c.results == before)
			coap_session_disconnected(session,
			    COAP_NACK_NOT_DELIVERABLE);
		coap_session_release(session);
		WORLD_UNTIL(c.results == before + 1);
		WORLD_UNTIL(!w.server->proxy->forwards);
	}
	assert_true(n > 20);
	assert_int_equal(c.code, COAP_RESPONSE_CODE_CONTENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_second_comes_from_the_cache),
		TEST(a_client_that_has_it_hears_so),
		TEST(put_ends_what_is_kept),
		TEST(a_put_that_nobody_waits_for_ends_it_too),
		TEST(fetch_is_kept_by_its_body),
		TEST(bodies_in_blocks_are_kept_whole),
		TEST(servers_that_take_turns_are_one),
		TEST(what_is_stale_is_validated),
		TEST(a_wrong_confirmation_is_a_bad_answer),
		TEST(what_comes_by_a_session_of_its_own_is_private),
		TEST(secure_clients_share_nothing),
		TEST(observe_and_echo_are_not_answered_from_it),
		TEST(notifications_are_kept),
		TEST(no_response_is_the_clients_own),
		TEST(it_can_be_off),
		TEST(the_context_goes_while_something_is_validated),
		TEST(memory_is_short_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
