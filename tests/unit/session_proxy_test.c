/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A proxy on loopback: the server is it, and is also the server behind it, by
 * another of its addresses.
 */
#include "proxy_support.h"

#include <unistd.h>

#include "session/proxy/proxy.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

#define LARGE PX_BODY
#define MANY  50
/* Bytes of names in a 5.08 that leave no room for one more. */
#define HOP_NAMES 1020

static coap_proxy_server_t entry;
static bool keyed; /* the proxy gives a cache key along */
/* Whose request came last, and by which token. */
static coap_session_t *asking;
static uint8_t asked_for;

/* What the server behind the proxy does, and saw. */
static struct {
	size_t length;     /* of the answer */
	unsigned option;   /* one more in the answer; 0: none */
	bool stay;         /* it never answers */
	const char *names; /* it answers 5.08 with that */
	size_t names_len;
	bool names_format; /* ... and a Content-Format */
	bool fresh;        /* it wants an Echo */
	unsigned calls;
	unsigned forwarded; /* calls of the proxy's handler */
	size_t got;
	bool same;
	unsigned hops; /* Hop-Limit */
	bool asked;    /* Proxy-Uri or Proxy-Scheme */
	bool echo;     /* Echo */
	char host[64]; /* Uri-Host */
	char query[64];
	uint64_t session;
} o;

static unsigned
uint_option(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	return opt
	    ? coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt))
	    : 0;
}

static bool
has(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, number, &oi) != NULL;
}

static void
text_option(const coap_pdu_t *pdu, coap_option_num_t number, char text[64])
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	snprintf(text, 64, "%.*s", opt ? (int)coap_opt_length(opt) : 0,
	    opt ? (const char *)coap_opt_value(opt) : "");
}

static bool
is_fresh(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	return coapx_echo_check(session, request, response, 10);
}

static void
say_hop_limit(coap_pdu_t *response)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_HOP_LIMIT_REACHED);
	if (o.names_format)
		px_add_number(response, COAP_OPTION_CONTENT_FORMAT, 0);
	if (o.names_len > 0)
		coap_add_data(response, o.names_len, (const uint8_t *)o.names);
}

static void
serve_origin(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t offset, total;
	const uint8_t *data = NULL;

	o.calls++;
	o.session = session->id;
	o.hops = uint_option(request, COAP_OPTION_HOP_LIMIT);
	o.asked = has(request, COAP_OPTION_PROXY_URI) ||
	    has(request, COAP_OPTION_PROXY_SCHEME);
	o.echo = has(request, COAP_OPTION_ECHO);
	text_option(request, COAP_OPTION_URI_HOST, o.host);
	text_option(request, COAP_OPTION_URI_QUERY, o.query);
	coap_get_data_large(request, &o.got, &data, &offset, &total);
	o.same = o.got == total && o.got <= LARGE &&
	    (o.got == 0 || memcmp(data, px_body, o.got) == 0);
	if (o.stay || (o.fresh && !is_fresh(session, request, response)))
		return;
	if (o.names) {
		say_hop_limit(response);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (o.option)
		px_add_number(response, (coap_option_num_t)o.option, 7);
	coap_add_data_large_response(resource, session, request, response,
	    query, 42, 30, 0x77, o.length, px_body, NULL, NULL);
}

static void
serve_proxy(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_cache_key_t *key = NULL;

	(void)query;
	o.forwarded++;
	asking = session;
	asked_for = request->token[0];
	if (keyed)
		key = coap_cache_derive_key(session, request,
		    COAP_CACHE_NOT_SESSION_BASED);
	if (!coap_proxy_forward_request(session, request, response, resource,
		key, &px_list))
		coap_delete_cache_key(key);
}

static void
add_origin(void)
{
	coap_resource_t *r = coap_resource_init(coap_make_str_const("f"), 0);

	for (int m = COAP_REQUEST_GET; m <= COAP_REQUEST_IPATCH; m++)
		coap_register_request_handler(r, (coap_request_t)m,
		    serve_origin);
	coap_add_resource(w.server, r);
}

static int
up(void **state)
{
	const char *hosts[] = { "me" };

	px_up(state);
	memset(&o, 0, sizeof o);
	memset(&entry, 0, sizeof entry);
	o.length = 5;
	/* Each request is to reach the server behind. */
	coapx_context_set_proxy_cache(w.server, 0, 0);
	add_origin();
	coap_add_resource(w.server,
	    coap_resource_proxy_uri_init2(serve_proxy, 1, hosts, 0));
	return 0;
}

/* --- the client ----------------------------------------------------------- */

static void
get_by(coap_session_t *session, coap_proto_t behind, const char *path)
{
	px_send(session,
	    px_request_to(session, COAP_REQUEST_CODE_GET, behind, path));
}

/* --- between protocols ---------------------------------------------------- */

static void
it_passes_between_protocols(void **state)
{
	coap_session_t *session;
	coap_proto_t from;

	(void)state;
	for (from = UDP; from; from = world_next_proto(from)) {
		session = px_connected(from);
		get_by(session, from == UDP ? TCP : UDP, "/f?a=1");
		px_expect(COAP_RESPONSE_CODE_CONTENT);
		assert_true(px_got.same);
		assert_int_equal(px_got.length, 5);
		assert_int_equal(px_got.maxage, 30);
		assert_int_equal(px_got.etag, 0x77);
		assert_false(o.asked);
		assert_string_equal(o.query, "a=1");
		/* An address needs no Uri-Host. */
		assert_string_equal(o.host, "");
		assert_int_equal(o.hops, 16);
		coap_session_release(session);
	}
}

static void
a_name_is_told(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);

	(void)state;
	px_add_number(pdu, COAP_OPTION_URI_PORT,
	    coap_address_get_port(world_address(UDP)));
	coap_add_option(pdu, COAP_OPTION_URI_HOST, 9,
	    (const uint8_t *)"localhost");
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"f");
	coap_add_option(pdu, COAP_OPTION_PROXY_SCHEME, 4,
	    (const uint8_t *)"coap");
	px_add_number(pdu, COAP_OPTION_HOP_LIMIT, 9);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_string_equal(o.host, "localhost");
	assert_false(o.asked);
	assert_int_equal(o.hops, 8);
	coap_session_release(session);
}

static void
large_bodies_go_both_ways(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *session;
	char origin[128];
	coap_pdu_t *pdu;

	(void)state;
	o.length = LARGE;
	for (size_t i = 0; i < 2; i++) {
		session = px_connected(protos[i]);
		pdu = px_request(session, COAP_REQUEST_CODE_PUT);
		px_origin(protos[1 - i], origin);
		px_add_uri(pdu, origin, "/f");
		assert_true(coap_add_data_large_request(session, pdu, LARGE,
		    px_body, NULL, NULL));
		px_send(session, pdu);
		px_expect(COAP_RESPONSE_CODE_CONTENT);
		assert_true(o.same && o.got == LARGE);
		assert_true(px_got.same && px_got.length == LARGE);
		assert_int_equal(o.calls, i + 1);
		coap_session_release(session);
	}
}

static void
many_at_once(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	for (int i = 0; i < MANY; i++)
		get_by(session, UDP, "/f");
	WORLD_UNTIL(px_got.results == MANY);
	assert_int_equal(o.calls, MANY);
	assert_int_equal(px_got.code, COAP_RESPONSE_CODE_CONTENT);
	/* Over one session. */
	assert_int_equal(w.server->proxy->n_links, 1);
	assert_null(w.server->proxy->forwards);
	coap_session_release(session);
}

/* --- whose it is ---------------------------------------------------------- */

static void
an_own_name_is_served_here(void **state)
{
	coap_session_t *session = px_connected(UDP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);

	(void)state;
	px_add_uri(pdu, "coap://ME", "/f?b=2");
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_string_equal(o.query, "b=2");
	assert_int_equal(o.hops, 0);
	assert_null(w.server->proxy);
	coap_session_release(session);
}

static void
other_schemes_are_refused(void **state)
{
	coap_session_t *session = px_connected(UDP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);

	(void)state;
	px_add_uri(pdu, "http://x", "/f");
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED);
	pdu = px_request(session, COAP_REQUEST_CODE_GET);
	px_add_uri(pdu, "nonsense", "");
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_BAD_REQUEST);
	coap_session_release(session);
}

static void
a_reverse_proxy_takes_all(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);

	(void)state;
	coap_add_resource(w.server,
	    coap_resource_reverse_proxy_init(serve_proxy, 0));
	px_list.type = COAP_PROXY_REVERSE_STRIP;
	entry.uri = (coap_uri_t){
		.host = *coap_make_str_const("127.0.0.1"),
		.port = coap_address_get_port(world_address(UDP)),
		.scheme = COAP_URI_SCHEME_COAP,
	};
	px_list.entry = &entry;
	px_list.entry_count = 1;
	/* It meets itself again and again, which Hop-Limit ends; what says so
	 * passes it twice (RFC 8768 section 4). */
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"f");
	px_add_number(pdu, COAP_OPTION_HOP_LIMIT, 3);
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_string_equal(px_got.text,
	    "Requests go round in a circle of proxies");
	assert_int_equal(o.calls, 0);
	coap_session_release(session);
}

/* What a server's 5.08 has, and what becomes of it. */
static void
say_names(coap_session_t *session, const char *names, size_t len)
{
	o.names = names;
	o.names_len = len;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_HOP_LIMIT_REACHED);
	o.names = NULL;
}

static void
proxies_name_themselves(void **state)
{
	static char many[HOP_NAMES];
	coap_session_t *session = px_connected(TCP);
	const char *end;

	(void)state;
	say_names(session, "far near", 8);
	end = strchr(px_got.text, ' ');
	assert_non_null(end);
	assert_string_equal(end, " far near");
	say_names(session, "", 0);
	assert_true(px_got.length > 0 && !strchr(px_got.text, ' '));
	/* Where there is no room it goes on as it came. */
	memset(many, 'n', sizeof many);
	say_names(session, many, sizeof many);
	assert_int_equal(px_got.length, sizeof many);
	assert_int_equal(px_got.text[0], 'n');
	/* With a format it is no list of names. */
	o.names_format = true;
	say_names(session, "far near", 8);
	assert_string_equal(px_got.text, "far near");
	coap_session_release(session);
}

/* --- options -------------------------------------------------------------- */

static void
get_with(coap_session_t *session, unsigned number)
{
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);
	char origin[128];

	px_origin(UDP, origin);
	px_add_uri(pdu, origin, "/f");
	px_add_number(pdu, (coap_option_num_t)number, 1);
	px_send(session, pdu);
}

static void
hop_limit_ends_here(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	get_with(session, COAP_OPTION_HOP_LIMIT);
	px_expect(COAP_RESPONSE_CODE_HOP_LIMIT_REACHED);
	assert_int_equal(o.calls, 0);
	assert_true(px_got.length > 0 && !strchr(px_got.text, ' '));
	coap_session_release(session);
}

/* RFC 9175 section 2.3: by which a client shows its address to the proxy, that
 * is for no other server. */
static void
an_echo_of_the_proxys_own_stays_there(void **state)
{
	coap_session_t *session = px_connected(UDP);

	(void)state;
	coapx_context_set_max_amplification(w.server, 3);
	o.length = 5000;
	get_by(session, TCP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(px_got.length, 5000);
	/* In vain, then for a client that is known. */
	assert_int_equal(o.calls, 2);
	assert_false(o.echo);
	coap_session_release(session);
}

/* RFC 9175 section 2.3: what a proxy sends with an Echo was asked for after
 * that was there, so each is asked for once more by the client. */
static void
a_client_itself_proves_that_it_is_fresh(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_session_t *other;
	coap_pdu_t *pdu;
	char origin[128];

	(void)state;
	o.fresh = true;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 2);
	/* Twice each: as it comes and as it is answered. */
	assert_int_equal(o.forwarded, 4);
	/* A body in blocks, too, of a client that has no value yet. */
	other = px_connected(UDP);
	o.calls = 0;
	pdu = px_request(other, COAP_REQUEST_CODE_PUT);
	px_origin(UDP, origin);
	px_add_uri(pdu, origin, "/f");
	assert_true(coap_add_data_large_request(other, pdu, LARGE, px_body,
	    NULL, NULL));
	px_send(other, pdu);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.got, LARGE);
	/* A value that is given along is for whom it was given. */
	o.fresh = false;
	o.option = COAP_OPTION_ECHO;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	get_by(other, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	coap_session_release(other);
	o.option = 0;
	other = px_connected(TCP);
	get_by(other, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_false(o.echo);
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(o.echo);
	coap_session_release(other);
	coap_session_release(session);
}

static void
unsafe_options_of_requests_are_refused(void **state)
{
	coap_session_t *session = px_connected(UDP);

	(void)state;
	get_with(session, 65002);
	px_expect(COAP_RESPONSE_CODE_BAD_OPTION);
	assert_string_equal(px_got.text,
	    "Option 65002 is not known to this proxy");
	assert_int_equal(o.calls, 0);
	get_with(session, 65000);
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	/* A critical one that is safe goes on, and the server says no. */
	get_with(session, 65001);
	px_expect(COAP_RESPONSE_CODE_BAD_OPTION);
	assert_string_equal(px_got.text, "Option 65001 is not known");
	coap_session_release(session);
}

static void
unsafe_options_of_answers_are_refused(void **state)
{
	coap_session_t *session = px_connected(UDP);

	(void)state;
	o.option = 65002;
	get_by(session, TCP, "/f");
	px_expect(COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_string_equal(px_got.text,
	    "Option 65002 of the answer is not known to this proxy");
	o.option = 65000;
	get_by(session, TCP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_true(px_got.extra);
	coap_session_release(session);
}

/* --- no answer ------------------------------------------------------------ */

static void
a_silent_server_is_a_timeout(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);
	coap_address_t address;
	int fd = world_raw(SOCK_DGRAM, &address);
	char origin[128];

	(void)state;
	snprintf(origin, sizeof origin, "coap://127.0.0.1:%u",
	    coap_address_get_port(&address));
	px_add_uri(pdu, origin, "/f");
	px_send(session, pdu);
	world_settle();
	assert_int_equal(px_got.results, 0);
	for (int i = 0; i < 12 && px_got.results == 0; i++)
		world_advance(10000);
	assert_int_equal(px_got.results, 1);
	assert_int_equal(px_got.code, COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	assert_non_null(strstr(px_got.text, origin));
	close(fd);
	/* Where nothing listens that is told at once. */
	pdu = px_request(session, COAP_REQUEST_CODE_GET);
	px_add_uri(pdu, origin, "/f");
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	coap_session_release(session);
}

static void
an_unknown_host_is_a_timeout(void **state)
{
	coap_session_t *session = px_connected(UDP);
	coap_pdu_t *pdu = px_request(session, COAP_REQUEST_CODE_GET);

	(void)state;
	px_add_uri(pdu, "coap://no-such-host.invalid", "/f");
	px_send(session, pdu);
	px_expect(COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	assert_non_null(strstr(px_got.text, "no-such-host.invalid"));
	coap_session_release(session);
}

/* --- ends in between ------------------------------------------------------ */

static coap_session_t *
waiting(coap_proto_t from)
{
	coap_session_t *session = px_connected(from);

	o.stay = true;
	get_by(session, from == UDP ? TCP : UDP, "/f");
	WORLD_UNTIL(o.calls == 1);
	assert_non_null(w.server->proxy->forwards);
	assert_int_equal(w.server->proxy->links->users, 1);
	return session;
}

static void
a_client_goes_while_it_waits(void **state)
{
	coap_session_t *session = waiting(TCP);

	(void)state;
	coap_session_release(session);
	WORLD_UNTIL(!w.server->proxy->forwards);
	assert_int_equal(w.server->proxy->links->users, 0);
}

static void
the_next_hop_goes_while_it_waits(void **state)
{
	coap_session_t *session = waiting(UDP);

	(void)state;
	coap_session_disconnected(w.server->proxy->links->session,
	    COAP_NACK_NOT_DELIVERABLE);
	px_expect(COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	assert_int_equal(w.server->proxy->n_links, 0);
	coap_session_release(session);
}

static void
the_context_goes_while_it_waits(void **state)
{
	coap_session_t *session = waiting(TCP);

	(void)state;
	coap_free_context(w.server);
	w.server = NULL;
	coap_session_release(session);
}

static void
the_resource_goes_while_it_waits(void **state)
{
	coap_session_t *session = waiting(TCP);

	(void)state;
	coap_delete_resource(w.server, w.server->resources.proxy);
	coap_session_disconnected(w.server->proxy->links->session,
	    COAP_NACK_NOT_DELIVERABLE);
	px_expect(COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED);
	assert_null(w.server->proxy->forwards);
	coap_session_release(session);
}

/* Events of the session to the next hop, counted; at two of them it is ended,
 * and the request that waits is given up. */
static struct {
	unsigned n;
	unsigned end_at;
	unsigned give_up_at;
} events;

static int
give_up(coap_session_t *session, coap_event_t event)
{
	coap_bin_const_t token = { 1, &asked_for };

	(void)event;
	if (session->type != COAP_SESSION_TYPE_CLIENT)
		return 0;
	events.n++;
	if (events.n == events.give_up_at && asking)
		coap_free_async(asking, coap_find_async(asking, token));
	if (events.n == events.end_at)
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
	return 0;
}

static void
the_request_is_given_up_at_any_event(void **state)
{
	coap_session_t *session;
	coap_pdu_t *pdu;
	char origin[128];
	unsigned k;

	(void)state;
	for (k = 0; k < 2 * 5 * 5; k++) {
		session = px_connected(k % 2 ? UDP : TCP);
		events.n = 0;
		events.end_at = 1 + k / 2 % 5;
		events.give_up_at = 1 + k / 10;
		coap_register_event_handler(w.server, give_up);
		o.stay = true;
		asking = NULL;
		pdu = px_request(session, COAP_REQUEST_CODE_GET);
		assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
		px_origin(k % 2 ? TCP : UDP, origin);
		px_add_uri(pdu, origin, "/f");
		px_send(session, pdu);
		world_settle();
		if (w.server->proxy->links)
			coap_session_disconnected(w.server->proxy->links
						      ->session,
			    COAP_NACK_NOT_DELIVERABLE);
		world_settle();
		asking = NULL;
		coap_session_release(session);
		world_advance(400000);
		assert_null(w.server->proxy->forwards);
		assert_int_equal(w.server->proxy->n_links, 0);
	}
}

/* --- sessions to next hops ------------------------------------------------ */

static void
a_link_is_used_again_and_ends(void **state)
{
	coap_session_t *session = px_connected(TCP);
	uint64_t first;

	(void)state;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	first = o.session;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.session, first);
	world_advance(9000);
	assert_int_equal(w.server->proxy->n_links, 1);
	world_advance(2000);
	assert_int_equal(w.server->proxy->n_links, 0);
	coap_session_release(session);
}

static void
each_client_has_its_own(void **state)
{
	coap_session_t *a = px_connected(TCP);
	coap_session_t *b = px_connected(TCP);

	(void)state;
	px_list.track_client_session = 1;
	get_by(a, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	get_by(b, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(w.server->proxy->n_links, 2);
	coap_session_release(a);
	WORLD_UNTIL(w.server->proxy->n_links == 1);
	coap_session_release(b);
	WORLD_UNTIL(w.server->proxy->n_links == 0);
}

static coap_response_t
look(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	coap_cache_key_t *key = (coap_cache_key_t *)&px_got;

	(void)sent, (void)mid;
	o.got = 1000;
	assert_int_equal(coap_proxy_forward_response(session, received, &key),
	    COAP_RESPONSE_OK);
	assert_int_equal(key != NULL, keyed);
	coap_delete_cache_key(key);
	assert_int_equal(coap_proxy_forward_response(session, NULL, &key),
	    COAP_RESPONSE_FAIL);
	return COAP_RESPONSE_OK;
}

/* As libcoap's programs do. */
static void
a_response_handler_passes_it_on(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	coap_register_response_handler(w.server, look);
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(o.got, 1000);
	assert_int_equal(px_got.results, 1);
	keyed = true;
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	/* Nobody takes it. */
	coap_register_response_handler(w.server, NULL);
	get_by(session, UDP, "/f");
	px_expect(COAP_RESPONSE_CODE_CONTENT);
	get_by(session, COAP_PROTO_UDP, "/f");
	get_with(session, COAP_OPTION_HOP_LIMIT);
	WORLD_UNTIL(px_got.results == 5);
	keyed = false;
	coap_session_release(session);
}

/* Each allocation after the request was sent fails once. */
static void
memory_is_short_anywhere(void **state)
{
	coap_session_t *session;
	unsigned before;
	size_t n;
	bool failed = true;

	(void)state;
	for (n = 1; failed; n++) {
		session = px_connected(TCP);
		before = px_got.results;
		get_by(session, UDP, "/f?a=1");
		mem_fail_at(n, 0);
		for (int i = 0; i < 60 && px_got.results == before; i++)
			world_advance(10000);
		failed = px_has_failed(n);
		mem_fail_at(0, 0);
		/* Answered, or over: nobody waits for ever. */
		if (px_got.results == before)
			coap_session_disconnected(session,
			    COAP_NACK_NOT_DELIVERABLE);
		coap_session_release(session);
		WORLD_UNTIL(px_got.results == before + 1);
		WORLD_UNTIL(!w.server->proxy || !w.server->proxy->forwards);
	}
	assert_true(n > 20);
	assert_int_equal(px_got.code, COAP_RESPONSE_CODE_CONTENT);
}

static void
bad_arguments(void **state)
{
	coap_pdu_t *response = coap_pdu_init(CON, 0, 1, 100);

	(void)state;
	assert_int_equal(coap_proxy_forward_request(NULL, NULL, NULL, NULL,
			     NULL, NULL),
	    0);
	assert_int_equal(coap_proxy_forward_request(NULL, NULL, response, NULL,
			     NULL, NULL),
	    0);
	assert_int_equal(coap_pdu_get_code(response),
	    COAP_RESPONSE_CODE_INTERNAL_ERROR);
	coap_delete_pdu(response);
	assert_int_equal(coap_proxy_forward_response(NULL, NULL, NULL),
	    COAP_RESPONSE_FAIL);
	assert_int_equal(coap_verify_proxy_scheme_supported(
			     COAP_URI_SCHEME_COAP),
	    1);
	assert_int_equal(coap_verify_proxy_scheme_supported(
			     COAP_URI_SCHEME_HTTP),
	    0);
	assert_null(coap_resource_proxy_uri_init(NULL, 0, NULL));
	assert_null(coap_resource_proxy_uri_init(serve_proxy, 1, NULL));
	assert_null(coap_resource_reverse_proxy_init(NULL, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_passes_between_protocols),
		TEST(a_name_is_told),
		TEST(large_bodies_go_both_ways),
		TEST(many_at_once),
		TEST(an_own_name_is_served_here),
		TEST(other_schemes_are_refused),
		TEST(a_reverse_proxy_takes_all),
		TEST(proxies_name_themselves),
		TEST(hop_limit_ends_here),
		TEST(an_echo_of_the_proxys_own_stays_there),
		TEST(a_client_itself_proves_that_it_is_fresh),
		TEST(unsafe_options_of_requests_are_refused),
		TEST(unsafe_options_of_answers_are_refused),
		TEST(a_silent_server_is_a_timeout),
		TEST(an_unknown_host_is_a_timeout),
		TEST(a_client_goes_while_it_waits),
		TEST(the_next_hop_goes_while_it_waits),
		TEST(the_context_goes_while_it_waits),
		TEST(the_resource_goes_while_it_waits),
		TEST(the_request_is_given_up_at_any_event),
		TEST(a_link_is_used_again_and_ends),
		TEST(each_client_has_its_own),
		TEST(a_response_handler_passes_it_on),
		TEST(memory_is_short_anywhere),
		TEST(bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
