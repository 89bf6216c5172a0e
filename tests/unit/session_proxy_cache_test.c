/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A proxy that keeps answers, on loopback: the server is it, and is also the
 * server behind it, by another of its addresses.
 */
#include "proxy_support.h"

#include "session/proxy/proxy.h"
#include "skip.h"
#include "wire/pdu.h"

#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

#define LARGE ((size_t)50000)

static coap_proxy_server_t entries[2];
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

static unsigned notes; /* of the trace, about the cache */

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
		px_add_number(response, COAP_OPTION_ETAG, o.etag + o.wrong);
		px_add_number(response, COAP_OPTION_MAXAGE, (unsigned)o.maxage);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, 42, o.maxage, o.etag, o.length, px_body, NULL, NULL);
}

static void
serve_proxy(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_cache_key_t *key = coap_cache_derive_key(session, request,
	    COAP_CACHE_NOT_SESSION_BASED);

	(void)query;
	if (!coap_proxy_forward_request(session, request, response, resource,
		key, &px_list))
		coap_delete_cache_key(key);
}

static void
trace(const coapx_trace_t *t, void *arg)
{
	(void)arg;
	if (t->kind == COAPX_TRACE_NOTE && strstr(t->text, "from the cache"))
		notes++;
}

static int
up(void **state)
{
	const char *hosts[] = { "me" };
	coap_resource_t *r;

	px_up(state);
	memset(&o, 0, sizeof o);
	notes = 0;
	memset(entries, 0, sizeof entries);
	o.length = 5;
	o.maxage = 30;
	o.etag = 0x77;
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

/* --- the client ----------------------------------------------------------- */

static coap_pdu_t *
request_to(coap_session_t *session, coap_proto_t behind, unsigned code)
{
	return px_request_to(session, (coap_pdu_code_t)code, behind, "/f");
}

static void
get(coap_session_t *session)
{
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(px_got.same);
	assert_int_equal(px_got.length, o.length);
}

/* --- fresh ---------------------------------------------------------------- */

/* TD_COAP_CORE_29 */
static void
the_second_comes_from_the_cache(void **state)
{
	coap_session_t *a = px_connected(TCP);
	coap_session_t *b = px_connected(UDP);

	(void)state;
	get(a);
	assert_int_equal(px_got.maxage, 30);
	assert_int_equal(notes, 0);
	world_advance(10000);
	get(a);
	assert_int_equal(o.calls, 1);
	assert_int_equal(px_got.maxage, 20);
	assert_int_equal(px_got.etag, 0x77);
	assert_int_equal(notes, 1);
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
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_ETAG, 0x55);
	px_add_number(pdu, COAP_OPTION_ETAG, 0x77);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_VALID);
	assert_int_equal(px_got.length, 0);
	assert_int_equal(px_got.etag, 0x77);
	assert_true(px_got.maxage >= 29);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_ETAG, 0x55);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 1);
	coap_session_release(session);
}

static void
put_ends_what_is_kept(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	get(session);
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	px_expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	assert_int_equal(o.calls, 3);
	assert_int_equal(px_got.etag, 0x78);
	coap_session_release(session);
}

/* It may have been done. */
static void
a_put_that_nobody_waits_for_ends_it_too(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_session_t *other = px_connected(TCP);

	(void)state;
	get(session);
	o.stay = true;
	px_send(other, request_to(other, UDP, COAP_REQUEST_CODE_PUT));
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
	coap_session_t *session = px_connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		pdu = request_to(session, TCP, COAP_REQUEST_CODE_FETCH);
		coap_add_data(pdu, 1, (const uint8_t *)steps[i].payload);
		px_send(session, pdu);
		px_expect(COAP_RESPONSE_CODE_CONTENT);
		assert_int_equal(o.calls, steps[i].calls);
	}
	coap_session_release(session);
}

static void
bodies_in_blocks_are_kept_whole(void **state)
{
	coap_session_t *a = px_connected(TCP);
	coap_session_t *b = px_connected(UDP);

	(void)state;
	o.length = LARGE;
	get(a);
	get(b);
	get(a);
	assert_int_equal(o.calls, 1);
	/* What is asked for goes on when it is not kept any more. */
	px_send(b, request_to(b, UDP, COAP_REQUEST_CODE_GET));
	WORLD_UNTIL(notes == 3);
	coapx_context_set_proxy_cache(w.server, 0, 0);
	assert_int_equal(w.server->proxy->cache.bytes, 0);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(px_got.same && px_got.length == LARGE);
	assert_int_equal(o.calls, 1);
	coap_session_release(a);
	coap_session_release(b);
}

static void
servers_that_take_turns_are_one(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	for (int i = 0; i < 2; i++)
		entries[i].uri = (coap_uri_t){
			.host = *coap_make_str_const("127.0.0.1"),
			.port = coap_address_get_port(
			    world_address(i == 0 ? UDP : TCP)),
			.scheme = i == 0 ? COAP_URI_SCHEME_COAP
					 : COAP_URI_SCHEME_COAP_TCP,
		};
	px_list.type = COAP_PROXY_FORWARD_STRIP;
	px_list.entry = entries;
	px_list.entry_count = 2;
	get(session);
	get(session);
	assert_int_equal(o.calls, 1);
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	px_expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	assert_int_equal(o.calls, 3);
	coap_session_release(session);
}

/* --- stale ---------------------------------------------------------------- */

/* TD_COAP_CORE_30 */
static void
what_is_stale_is_validated(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	world_advance(30000);
	get(session);
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.valid, 1);
	assert_int_equal(o.etags, 1);
	assert_int_equal(px_got.etag, 0x77);
	assert_true(px_got.maxage >= 29);
	/* It is fresh again. */
	get(session);
	assert_int_equal(o.calls, 2);
	/* The client's own goes along, and is what it hears of. */
	world_advance(30000);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_ETAG, 0x55);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(px_got.same && px_got.length == 5);
	assert_int_equal(o.etags, 2);
	world_advance(30000);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_ETAG, 0x77);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_VALID);
	assert_int_equal(o.etags, 1);
	/* A new one is passed on, and kept. */
	world_advance(30000);
	o.etag = 0x79;
	get(session);
	assert_int_equal(px_got.etag, 0x79);
	assert_int_equal(o.valid, 3);
	assert_int_equal(o.calls, 5);
	get(session);
	assert_int_equal(o.calls, 5);
	coap_session_release(session);
}

static void
a_wrong_confirmation_is_a_bad_answer(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	get(session);
	world_advance(30000);
	o.wrong = true;
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	px_expect(COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_non_null(strstr(px_got.text, "ETag"));
	o.wrong = false;
	get(session);
	assert_int_equal(o.etags, 0);
	coap_session_release(session);
}

/* --- for whom ------------------------------------------------------------- */

static void
what_comes_by_a_session_of_its_own_is_private(void **state)
{
	coap_session_t *a = px_connected(TCP);
	coap_session_t *b = px_connected(TCP);

	(void)state;
	px_list.track_client_session = 1;
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
	a = px_connected(COAP_PROTO_DTLS);
	b = px_connected(COAP_PROTO_TLS);
	get(a);
	get(a);
	assert_int_equal(o.calls, 1);
	get(b);
	assert_int_equal(o.calls, 2);
	coap_session_release(b);
	b = px_connected(UDP);
	get(b);
	assert_int_equal(o.calls, 3);
	coap_session_release(b);
	/* Not by the protocol, nor by the key, which they share. */
	b = px_connected(COAP_PROTO_DTLS);
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
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu;

	(void)state;
	get(session);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_OBSERVE, COAP_OBSERVE_CANCEL);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 2);
	pdu = request_to(session, UDP, COAP_REQUEST_CODE_GET);
	px_add_number(pdu, COAP_OPTION_ECHO, 77);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 3);
	assert_int_equal(notes, 0);
	coap_session_release(session);
}

static void
on_notify(coapx_observation_t *observation, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	(void)observation, (void)session, (void)arg;
	px_got.etag = pdu_option_uint(n->response, COAP_OPTION_ETAG);
}

/* RFC 7641 section 3.3: they are answers to the request, as any other. */
static void
notifications_are_kept(void **state)
{
	coap_session_t *a = px_connected(TCP);
	coap_session_t *b = px_connected(UDP);
	coapx_observe_params_t params = {
		.size = sizeof params,
		.notify = on_notify,
	};
	coapx_observation_t *observation;

	(void)state;
	observation = coapx_observe_start(a,
	    request_to(a, UDP, COAP_REQUEST_CODE_GET), &params, NULL);
	assert_non_null(observation);
	WORLD_UNTIL(px_got.etag == 0x77);
	get(b);
	assert_int_equal(o.calls, 1);
	world_advance(20000);
	o.etag = 0x78;
	coap_resource_notify_observers(origin, NULL);
	WORLD_UNTIL(px_got.etag == 0x78);
	assert_int_equal(o.calls, 2);
	px_got.etag = 0;
	get(b);
	assert_int_equal(px_got.etag, 0x78);
	assert_true(px_got.maxage >= 29);
	assert_int_equal(o.calls, 2);
	assert_int_equal(notes, 2);
	coapx_observe_stop(observation, COAPX_OBSERVE_DEREGISTER);
	coap_session_release(a);
	coap_session_release(b);
}

static void
no_response_is_the_clients_own(void **state)
{
	coap_session_t *session = px_connected(UDP);
	coap_pdu_t *pdu;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pdu = request_to(session, TCP, COAP_REQUEST_CODE_GET);
		coap_pdu_set_type(pdu, NON);
		px_add_number(pdu, COAP_OPTION_NORESPONSE, 2);
		px_send(session, pdu);
		WORLD_UNTIL(i == 0
			? w.server->proxy && w.server->proxy->cache.bytes > 0
			: notes == 1);
		world_settle();
		assert_int_equal(px_got.results, 0);
	}
	px_send(session, request_to(session, TCP, COAP_REQUEST_CODE_GET));
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 1);
	coap_session_release(session);
}

/* --- settings and ends ---------------------------------------------------- */

static void
it_can_be_off(void **state)
{
	coap_session_t *session = px_connected(TCP);

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
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_PUT));
	px_expect(COAP_RESPONSE_CODE_CHANGED);
	get(session);
	get(session);
	assert_int_equal(o.calls, 6);
	coap_session_release(session);
}

static void
the_context_goes_while_something_is_validated(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	get(session);
	world_advance(30000);
	o.stay = true;
	px_send(session, request_to(session, UDP, COAP_REQUEST_CODE_GET));
	WORLD_UNTIL(o.calls == 2);
	coap_free_context(w.server);
	w.server = NULL;
	coap_session_release(session);
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
		session = px_connected(TCP);
		get(session);
		if (n % 2 == 0)
			world_advance(30000);
		before = px_got.results;
		px_send(session,
		    request_to(session, UDP, COAP_REQUEST_CODE_GET));
		mem_fail_at(n / 2 + 1, 0);
		for (int i = 0; i < 60 && px_got.results == before; i++)
			world_advance(10000);
		failed = px_has_failed(n / 2 + 1) || n % 2 == 1;
		mem_fail_at(0, 0);
		if (px_got.results == before)
			coap_session_disconnected(session,
			    COAP_NACK_NOT_DELIVERABLE);
		coap_session_release(session);
		WORLD_UNTIL(px_got.results == before + 1);
		WORLD_UNTIL(!w.server->proxy->forwards);
	}
	assert_true(n > 20);
	assert_int_equal(px_got.code, COAP_RESPONSE_CODE_CONTENT);
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
