/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observing through a proxy on loopback: the server is it, and is also the
 * server behind it, by another of its addresses.
 */
#include "proxy_support.h"

#include <unistd.h>

#include <coap3/coap_subscribe.h>

#include "exchange/observers.h"
#include "session/proxy/proxy_observe.h"
#include "wire/pdu.h"

#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

#define LARGE   ((size_t)20000)
#define CLIENTS 5

static coap_proxy_server_t entry;

/* The server behind the proxy. */
static struct {
	coap_resource_t *resource;
	char state[32];
	size_t large;    /* bytes of body instead of the state */
	unsigned option; /* one more in the answer; 0: none */
	int max_age;     /* -1: it does not say */
	bool stay;       /* it never answers */
	bool later;      /* it answers in a second */
	unsigned calls;
	unsigned asked; /* those with Observe 0 */
	unsigned ended; /* and 1 */
	size_t got;
} o;

/* What each client got. */
static struct heard {
	coapx_observation_t *handle;
	unsigned n;
	unsigned ends;
	int error;
	unsigned code;
	unsigned cons;
	uint32_t number;
	int64_t max_age;
	size_t length;
	bool same;
	char text[200];
} heard[CLIENTS];

static void
serve_origin(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t len = o.large ? o.large : strlen(o.state);
	const uint8_t *data = NULL;
	size_t offset, total;

	o.calls++;
	o.asked += pdu_option_uint(request, COAP_OPTION_OBSERVE) == 0;
	o.ended += pdu_option_uint(request, COAP_OPTION_OBSERVE) == 1;
	coap_get_data_large(request, &o.got, &data, &offset, &total);
	if (o.later)
		coap_register_async(session, request, COAP_TICKS_PER_SECOND);
	if (o.stay || o.later) {
		o.later = false;
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (o.option)
		px_add_number(response, (coap_option_num_t)o.option, 7);
	coap_add_data_large_response(resource, session, request, response,
	    query, 42, o.max_age, 0, len,
	    o.large ? px_body : (const uint8_t *)o.state, NULL, NULL);
}

/* Nobody is told of it. */
static void
serve_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource, (void)session, (void)request, (void)query;
	strcpy(o.state, "put");
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

/* What is ended, and by whom. */
static enum {
	NOTHING,
	END_PROXY,
	END_LINK,
	END_CLIENT,
	END_ALL
} deed;
static unsigned deed_at; /* the call of the proxy's handler */
static unsigned handled;
static bool twice; /* it is passed on, in one call of the handler */

static void
do_deed(coap_session_t *session)
{
	switch (deed) {
	case END_PROXY:
		coap_delete_resource(w.server, w.server->resources.proxy);
		break;
	case END_LINK:
		if (w.server->proxy && w.server->proxy->links)
			coap_session_disconnected(w.server->proxy->links
						      ->session,
			    COAP_NACK_NOT_DELIVERABLE);
		break;
	case END_CLIENT:
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
		break;
	case END_ALL:
		coap_free_context(w.server);
		w.server = NULL;
		break;
	default:
		break;
	}
}

static void
serve_proxy(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)query;
	coap_proxy_forward_request(session, request, response, resource, NULL,
	    &px_list);
	for (; twice; twice = false)
		coap_proxy_forward_request(session, request, response, resource,
		    NULL, &px_list);
	if (++handled == deed_at)
		do_deed(session);
}

static int
up(void **state)
{
	px_up(state);
	memset(&entry, 0, sizeof entry);
	entry.dtls_cpsk = &px_psk;
	memset(&o, 0, sizeof o);
	memset(heard, 0, sizeof heard);
	strcpy(o.state, "one");
	o.max_age = 30;
	deed = NOTHING;
	deed_at = 0;
	handled = 0;
	px_list.entry = &entry;
	px_list.entry_count = 1;
	o.resource = coap_resource_init(coap_make_str_const("f"), 0);
	coap_register_request_handler(o.resource, COAP_REQUEST_GET,
	    serve_origin);
	coap_register_request_handler(o.resource, COAP_REQUEST_FETCH,
	    serve_origin);
	coap_register_request_handler(o.resource, COAP_REQUEST_PUT, serve_put);
	coap_resource_set_get_observable(o.resource, 1);
	coap_add_resource(w.server, o.resource);
	coap_add_resource(w.server,
	    coap_resource_proxy_uri_init(serve_proxy, 0, NULL));
	return 0;
}

static void
change(const char *to)
{
	snprintf(o.state, sizeof o.state, "%s", to);
	coap_resource_notify_observers(o.resource, NULL);
}

/* Who observes at the server behind the proxy. */
static unsigned
upstream(void)
{
	return o.resource->observers.n;
}

static struct proxy_watches *
watches(void)
{
	static struct proxy_watches none;

	return w.server->proxy ? &w.server->proxy->watches : &none;
}

/* --- clients -------------------------------------------------------------- */

static void
hear(struct heard *h, const coap_pdu_t *response)
{
	h->code = response->code;
	h->max_age = pdu_option_uint(response, COAP_OPTION_MAXAGE);
	h->same = px_read(response, &h->length, h->text) && h->length > 0 &&
	    h->length == o.large;
}

static void
on_notify(coapx_observation_t *observation, coap_session_t *session,
    const coapx_notification_t *n, void *arg)
{
	struct heard *h = arg;

	(void)observation, (void)session;
	h->n++;
	h->number = n->number;
	h->cons += n->response->type == COAP_MESSAGE_CON;
	hear(h, n->response);
}

static void
on_end(coapx_observation_t *observation, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct heard *h = arg;

	(void)observation, (void)session;
	h->handle = NULL;
	h->ends++;
	h->error = result->error;
	if (result->response)
		hear(h, result->response);
}

static void
start_with(struct heard *h, coap_session_t *session, coap_pdu_t *pdu)
{
	coapx_observe_params_t params = {
		.size = sizeof params,
		/* Nothing is asked again but by the proxy. */
		.flags = COAPX_OBSERVE_NO_REFRESH,
		.notify = on_notify,
		.end = on_end,
		.arg = h,
	};

	h->handle = coapx_observe_start(session, pdu, &params, NULL);
	assert_non_null(h->handle);
}

static void
start(struct heard *h, coap_session_t *session, coap_proto_t behind)
{
	start_with(h, session,
	    px_request_to(session, COAP_REQUEST_CODE_GET, behind, "/f"));
}

static coap_session_t *
observing(struct heard *h, coap_proto_t from, coap_proto_t behind)
{
	coap_session_t *session = px_connected(from);

	start(h, session, behind);
	WORLD_UNTIL(h->n == 1);
	return session;
}

static void
stop(struct heard *h)
{
	assert_int_equal(coapx_observe_stop(h->handle,
			     COAPX_OBSERVE_DEREGISTER),
	    0);
	WORLD_UNTIL(h->ends == 1);
	assert_int_equal(h->error, 0);
	assert_int_equal(h->code, COAP_RESPONSE_CODE_CONTENT);
}

/* Until it was told that, however long notifications are held back. */
static void
hears(struct heard *h, const char *text)
{
	for (int i = 0; i < 100 && strcmp(h->text, text) != 0; i++)
		world_advance(100);
	assert_string_equal(h->text, text);
}

static void
nothing_is_left(void)
{
	WORLD_UNTIL(watches()->n == 0 && upstream() == 0);
	assert_null(watches()->list);
	assert_int_equal(w.server->asyncs.entries, 0);
	assert_int_equal(watches()->bytes, 0);
}

/* --- the way there and back ----------------------------------------------- */

static void
pass(coap_proto_t from, coap_proto_t behind)
{
	coap_session_t *session = observing(&heard[0], from, behind);
	uint32_t number = heard[0].number;

	assert_string_equal(heard[0].text, o.state);
	assert_int_equal(heard[0].max_age, 30);
	assert_int_equal(upstream(), 1);
	change("two");
	hears(&heard[0], "two");
	change("three");
	hears(&heard[0], "three");
	assert_int_equal(heard[0].n, 3);
	if (from == UDP)
		assert_true(heard[0].number > number);
	stop(&heard[0]);
	nothing_is_left();
	coap_session_release(session);
	memset(heard, 0, sizeof heard);
}

static void
it_passes_between_protocols(void **state)
{
	coap_proto_t proto;

	(void)state;
	for (proto = UDP; proto; proto = world_next_proto(proto)) {
		pass(proto, proto == UDP ? TCP : UDP);
		if (proto != UDP)
			pass(UDP, proto);
	}
}

static void
numbers_are_of_this_hop(void **state)
{
	coap_session_t *session;

	(void)state;
	coap_persist_set_observe_num(o.resource, 5000);
	session = observing(&heard[0], UDP, UDP);
	assert_true(heard[0].number < 100);
	change("two");
	hears(&heard[0], "two");
	assert_true(heard[0].number < 100);
	assert_true(o.resource->observers.number > 5000);
	coap_session_release(session);
}

/* A server may send CON alone, and the proxy does not. */
static void
types_are_of_this_hop(void **state)
{
	coap_session_t *session;
	char text[16];

	(void)state;
	o.resource->flags |= COAP_RESOURCE_FLAGS_NOTIFY_CON;
	session = observing(&heard[0], UDP, UDP);
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof text, "%d", i);
		change(text);
		hears(&heard[0], text);
	}
	assert_in_range(heard[0].cons, 1, 5);
	coap_session_release(session);
}

static void
clients_share_one(void **state)
{
	static const coap_proto_t from[] = { UDP, TCP, UDP };
	coap_session_t *session[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		session[i] = observing(&heard[i], from[i], TCP);
	assert_int_equal(o.asked, 1);
	assert_int_equal(o.calls, 1);
	change("two");
	for (int i = 0; i < 3; i++)
		hears(&heard[i], "two");
	assert_int_equal(o.calls, 2);
	assert_int_equal(w.server->proxy->n_links, 1);
	stop(&heard[0]);
	assert_int_equal(upstream(), 1);
	change("three");
	hears(&heard[1], "three");
	hears(&heard[2], "three");
	assert_string_not_equal(heard[0].text, "three");
	stop(&heard[2]);
	stop(&heard[1]);
	nothing_is_left();
	/* Once, and for the two notifications. */
	assert_int_equal(o.asked, 3);
	assert_int_equal(o.ended, 1);
	for (int i = 0; i < 3; i++)
		coap_session_release(session[i]);
}

/* They ask before the first answer. */
static void
who_waits_shares_one(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	for (int i = 0; i < CLIENTS; i++)
		start(&heard[i], session, UDP);
	for (int i = 0; i < CLIENTS; i++)
		hears(&heard[i], "one");
	assert_int_equal(o.calls, 1);
	assert_int_equal(w.server->asyncs.entries, 0);
	coap_session_release(session);
	nothing_is_left();
}

/* What differs in what counts is observed by itself. */
static void
other_requests_have_their_own(void **state)
{
	coap_session_t *session = observing(&heard[0], TCP, UDP);
	coap_pdu_t *pdu;

	(void)state;
	pdu = px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f?a=1");
	start_with(&heard[1], session, pdu);
	pdu = px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f");
	px_add_number(pdu, COAP_OPTION_ACCEPT, 42);
	start_with(&heard[2], session, pdu);
	/* How far it may go does not count. */
	pdu = px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f");
	px_add_number(pdu, COAP_OPTION_HOP_LIMIT, 5);
	start_with(&heard[3], session, pdu);
	for (int i = 0; i < 4; i++)
		hears(&heard[i], "one");
	assert_int_equal(o.asked, 3);
	assert_int_equal(watches()->n, 3);
	coap_session_release(session);
	nothing_is_left();
}

/* Nor what a client has over a secure session. */
static void
what_is_secure_is_not_shared(void **state)
{
	static const coap_proto_t secure[] = { COAP_PROTO_DTLS,
		COAP_PROTO_TLS };
	coap_session_t *a, *b;

	(void)state;
	for (int i = 0; i < 4; i++) {
		if (!w.endpoint[secure[i / 2]])
			continue;
		a = observing(&heard[0], i % 2 ? TCP : secure[i / 2],
		    i % 2 ? secure[i / 2] : TCP);
		b = observing(&heard[1], i % 2 ? TCP : secure[i / 2],
		    i % 2 ? secure[i / 2] : TCP);
		assert_int_equal(upstream(), 2);
		coap_session_release(a);
		coap_session_release(b);
		nothing_is_left();
		memset(heard, 0, sizeof heard);
	}
}

static void
each_client_has_its_own_session(void **state)
{
	coap_session_t *a, *b;

	(void)state;
	px_list.track_client_session = 1;
	px_list.idle_timeout_secs = 0;
	a = observing(&heard[0], TCP, UDP);
	b = observing(&heard[1], TCP, UDP);
	assert_int_equal(upstream(), 2);
	assert_int_equal(w.server->proxy->n_links, 2);
	coap_session_release(a);
	WORLD_UNTIL(upstream() == 1 && w.server->proxy->n_links == 1);
	coap_session_release(b);
	nothing_is_left();
	WORLD_UNTIL(w.server->proxy->n_links == 0);
}

static void
large_notifications_go_whole(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *session;

	(void)state;
	for (int i = 0; i < 2; i++) {
		o.large = LARGE;
		session = observing(&heard[0], protos[i], protos[1 - i]);
		assert_true(heard[0].same);
		o.large = LARGE - 1;
		change("");
		for (int k = 0; k < 100 && heard[0].n < 2; k++)
			world_advance(100);
		assert_int_equal(heard[0].n, 2);
		assert_true(heard[0].same);
		stop(&heard[0]);
		nothing_is_left();
		coap_session_release(session);
		memset(heard, 0, sizeof heard);
	}
}

static void
fetch_is_observed(void **state)
{
	static const size_t lengths[] = { 10, LARGE };
	coap_session_t *session;
	coap_pdu_t *pdu;
	char text[32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 2; k++) {
			session = px_connected(k ? UDP : TCP);
			pdu = px_request_to(session, COAP_REQUEST_CODE_FETCH,
			    k ? TCP : UDP, "/f");
			assert_true(coap_add_data_large_request(session, pdu,
			    lengths[i], px_body, NULL, NULL));
			start_with(&heard[k], session, pdu);
			hears(&heard[k], o.state);
			assert_int_equal(o.got, lengths[i]);
			o.got = 0;
			snprintf(text, sizeof text, "%d %d", i, k);
			change(text);
			hears(&heard[k], o.state);
			assert_int_equal(o.got, lengths[i]);
			coap_session_release(session);
			nothing_is_left();
		}
		memset(heard, 0, sizeof heard);
	}
}

/* --- freshness ------------------------------------------------------------ */

/* What one client sent must not choose what others get. */
static void
what_a_get_brings_is_its_own(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		coap_pdu_t *pdu =
		    px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f");

		assert_true(i == 2 || coap_add_data(pdu, 5 + i, px_body));
		start_with(&heard[i], session, pdu);
		WORLD_UNTIL(heard[i].n == 1);
		assert_int_equal(upstream(), i + 1);
		assert_int_equal(o.got, i == 2 ? 0 : 5 + i);
	}
	coap_session_release(session);
	nothing_is_left();
}

static void
max_age_is_what_is_left(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b;

	(void)state;
	world_advance(10000);
	b = observing(&heard[1], TCP, TCP);
	assert_int_equal(heard[1].max_age, 20);
	assert_int_equal(o.calls, 1);
	/* What has changed is as fresh as it says. */
	change("two");
	hears(&heard[1], "two");
	assert_true(heard[1].max_age >= 29);
	coap_session_release(a);
	coap_session_release(b);
}

static void
what_is_stale_is_asked_for(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = px_connected(TCP);

	(void)state;
	world_advance(31000);
	assert_int_equal(o.asked, 1);
	strcpy(o.state, "two");
	start(&heard[1], b, TCP);
	WORLD_UNTIL(heard[1].n == 1);
	assert_string_equal(heard[1].text, "two");
	assert_int_equal(heard[1].max_age, 30);
	/* The same observation, and all are told. */
	assert_int_equal(o.asked, 2);
	assert_int_equal(upstream(), 1);
	hears(&heard[0], "two");
	/* Without anybody who asks, too. */
	strcpy(o.state, "three");
	world_advance(46000);
	hears(&heard[0], "three");
	hears(&heard[1], "three");
	coap_session_release(a);
	coap_session_release(b);
}

static void
put(coap_session_t *session, const char *path)
{
	px_send(session,
	    px_request_to(session, COAP_REQUEST_CODE_PUT, TCP, path));
	px_expect(COAP_RESPONSE_CODE_CHANGED);
}

static void
see_what_a_put_leaves(void)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = px_connected(TCP);

	/* What was refused was not done. */
	px_send(b, px_request_to(b, COAP_REQUEST_CODE_DELETE, TCP, "/f"));
	px_expect(COAP_RESPONSE_CODE_NOT_ALLOWED);
	start(&heard[1], b, TCP);
	WORLD_UNTIL(heard[1].n == 1);
	assert_int_equal(o.asked, 1);
	put(b, "/f?b=2");
	start(&heard[2], b, TCP);
	WORLD_UNTIL(heard[2].n == 1);
	assert_string_equal(heard[2].text, "put");
	hears(&heard[0], "put");
	/* It is fresh again. */
	start(&heard[3], b, TCP);
	WORLD_UNTIL(heard[3].n == 1);
	assert_int_equal(o.asked, 2);
	assert_int_equal(upstream(), 1);
	/* Who takes it back is told what is there, too. */
	put(b, "/f");
	strcpy(o.state, "new");
	stop(&heard[2]);
	assert_string_equal(heard[2].text, "new");
	coap_session_release(a);
	coap_session_release(b);
	nothing_is_left();
}

/* Whether answers are kept or not. */
static void
what_was_changed_is_asked_for(void **state)
{
	(void)state;
	see_what_a_put_leaves();
	memset(heard, 0, sizeof heard);
	o.asked = 0;
	coapx_context_set_proxy_cache(w.server, 0, 0);
	see_what_a_put_leaves();
}

static void
a_state_that_is_known_is_not_sent(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu =
	    px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f");

	(void)state;
	o.option = COAP_OPTION_ETAG;
	px_add_number(pdu, COAP_OPTION_ETAG, 9);
	px_add_number(pdu, COAP_OPTION_ETAG, 7);
	start_with(&heard[0], session, pdu);
	start(&heard[1], session, UDP);
	hears(&heard[1], "one");
	WORLD_UNTIL(heard[0].n == 1);
	assert_int_equal(heard[0].code, COAP_RESPONSE_CODE_VALID);
	assert_int_equal(heard[0].length, 0);
	assert_int_equal(heard[0].max_age, 30);
	assert_int_equal(o.asked, 1);
	o.option = 0;
	change("two");
	hears(&heard[0], "two");
	coap_session_release(session);
}

/* --- ends at the client's side -------------------------------------------- */

static void
a_reset_ends_it(void **state)
{
	coap_session_t *session = observing(&heard[0], UDP, TCP);

	(void)state;
	coapx_observe_drop(heard[0].handle);
	world_settle();
	assert_int_equal(upstream(), 1);
	change("two");
	nothing_is_left();
	coap_session_release(session);
}

static void
a_client_goes_while_it_waits(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	o.stay = true;
	start(&heard[0], session, UDP);
	WORLD_UNTIL(o.calls == 1);
	assert_int_equal(w.server->asyncs.entries, 1);
	coap_session_release(session);
	nothing_is_left();
}

/* It takes it back before it has the first answer. */
static void
a_client_that_waits_may_stop(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	o.later = true;
	start(&heard[0], session, UDP);
	WORLD_UNTIL(o.calls == 1);
	assert_int_equal(coapx_observe_stop(heard[0].handle,
			     COAPX_OBSERVE_DEREGISTER),
	    0);
	world_settle();
	assert_int_equal(heard[0].ends, 0);
	world_advance(5000);
	assert_int_equal(heard[0].ends, 1);
	assert_int_equal(heard[0].n, 0);
	assert_string_equal(heard[0].text, "one");
	nothing_is_left();
	coap_session_release(session);
}

static void
the_same_token_registers_again(void **state)
{
	coap_session_t *session = observing(&heard[0], UDP, TCP);
	coapx_observation_info_t info = { .size = sizeof info };
	coap_pdu_t *pdu;

	(void)state;
	assert_int_equal(coapx_observation_info(heard[0].handle, &info), 0);
	pdu = pdu_duplicate(info.sent, coap_new_message_id(session), 1000,
	    info.sent->token_len, info.sent->token, NULL);
	assert_non_null(pdu);
	coapx_observe_drop(heard[0].handle);
	start_with(&heard[1], session, pdu);
	hears(&heard[1], "one");
	assert_int_equal(o.calls, 1);
	assert_int_equal(w.server->observing.n, 2);
	change("two");
	hears(&heard[1], "two");
	stop(&heard[1]);
	nothing_is_left();
	coap_session_release(session);
}

/* --- ends at the next hop's side ------------------------------------------ */

static void
both_end_with(unsigned code)
{
	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < 100 && heard[i].ends == 0; k++)
			world_advance(1000);
		assert_int_equal(heard[i].ends, 1);
		assert_int_equal(heard[i].error, 0);
		assert_int_equal(heard[i].code, code);
	}
}

static void
an_error_is_the_last(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = observing(&heard[1], TCP, TCP);

	(void)state;
	coap_delete_resource(w.server, o.resource);
	both_end_with(COAP_RESPONSE_CODE_NOT_FOUND);
	WORLD_UNTIL(watches()->n == 0);
	assert_int_equal(w.server->observing.n, 0);
	assert_int_equal(w.server->proxy->links->users, 0);
	coap_session_release(a);
	coap_session_release(b);
}

static void
the_end_without_an_error_is_passed_on(void **state)
{
	coap_session_t *session = observing(&heard[0], UDP, TCP);

	(void)state;
	coap_resource_set_get_observable(o.resource, 0);
	change("last");
	for (int i = 0; i < 10 && heard[0].ends == 0; i++)
		world_advance(1000);
	assert_int_equal(heard[0].ends, 1);
	assert_int_equal(heard[0].code, COAP_RESPONSE_CODE_CONTENT);
	assert_string_equal(heard[0].text, "last");
	nothing_is_left();
	coap_session_release(session);
}

static void
what_is_refused_is_answered_all_the_same(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *session;

	(void)state;
	coap_resource_set_get_observable(o.resource, 0);
	for (int i = 0; i < 2; i++) {
		session = px_connected(protos[i]);
		start(&heard[i], session, protos[1 - i]);
		WORLD_UNTIL(heard[i].ends == 1);
		assert_int_equal(heard[i].n, 0);
		assert_int_equal(heard[i].code, COAP_RESPONSE_CODE_CONTENT);
		assert_string_equal(heard[i].text, "one");
		nothing_is_left();
		assert_int_equal(w.server->observing.n, 0);
		coap_session_release(session);
	}
}

static void
an_unsafe_option_ends_it(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = observing(&heard[1], TCP, TCP);

	(void)state;
	o.option = 65002;
	change("two");
	both_end_with(COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_string_equal(heard[0].text,
	    "Option 65002 of the answer is not known to this proxy");
	nothing_is_left();
	coap_session_release(a);
	coap_session_release(b);
}

static void
a_connection_that_breaks_is_made_again(void **state)
{
	coap_session_t *session = observing(&heard[0], UDP, TCP);

	(void)state;
	coap_session_disconnected(w.server->proxy->links->session,
	    COAP_NACK_NOT_DELIVERABLE);
	WORLD_UNTIL(upstream() == 0);
	strcpy(o.state, "back");
	world_advance(3000);
	WORLD_UNTIL(upstream() == 1);
	hears(&heard[0], "back");
	change("again");
	hears(&heard[0], "again");
	assert_int_equal(heard[0].ends, 0);
	coap_session_release(session);
}

static void
a_next_hop_that_is_gone_ends_it(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = observing(&heard[1], UDP, TCP);

	(void)state;
	coap_free_endpoint(w.tcp);
	w.tcp = NULL;
	both_end_with(COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	assert_non_null(strstr(heard[0].text, "No answer from coap+tcp://"));
	nothing_is_left();
	/* A link without a session is of no use. */
	assert_int_equal(w.server->proxy->n_links, 0);
	coap_session_release(a);
	coap_session_release(b);
}

static void
a_silent_server_is_a_timeout(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
	coap_address_t address;
	int fd = world_raw(SOCK_DGRAM, &address);
	char uri[64];

	(void)state;
	snprintf(uri, sizeof uri, "coap://127.0.0.1:%u/f",
	    coap_address_get_port(&address));
	coap_add_option(pdu, COAP_OPTION_PROXY_URI, strlen(uri),
	    (const uint8_t *)uri);
	start_with(&heard[0], session, pdu);
	for (int i = 0; i < 12 && heard[0].ends == 0; i++)
		world_advance(10000);
	assert_int_equal(heard[0].ends, 1);
	assert_int_equal(heard[0].code, COAP_RESPONSE_CODE_GATEWAY_TIMEOUT);
	nothing_is_left();
	close(fd);
	coap_session_release(session);
}

static void
a_loop_ends(void **state)
{
	coap_session_t *session = px_connected(TCP);
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);

	(void)state;
	coap_add_resource(w.server,
	    coap_resource_reverse_proxy_init(serve_proxy, 0));
	px_list.type = COAP_PROXY_REVERSE_STRIP;
	entry.uri = (coap_uri_t){
		.host = *coap_make_str_const("127.0.0.1"),
		.port = coap_address_get_port(world_address(UDP)),
		.scheme = COAP_URI_SCHEME_COAP,
	};
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"f");
	px_add_number(pdu, COAP_OPTION_HOP_LIMIT, 3);
	start_with(&heard[0], session, pdu);
	WORLD_UNTIL(heard[0].ends == 1);
	/* It is told by who finds its own name on the way. */
	assert_int_equal(heard[0].code, COAP_RESPONSE_CODE_BAD_GATEWAY);
	assert_int_equal(o.calls, 0);
	nothing_is_left();
	coap_session_release(session);
}

/* --- ends in the proxy ---------------------------------------------------- */

static void
the_context_goes(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = px_connected(TCP);

	(void)state;
	o.stay = true;
	start_with(&heard[1], b,
	    px_request_to(b, COAP_REQUEST_CODE_GET, UDP, "/f?a"));
	WORLD_UNTIL(o.calls == 2);
	coap_free_context(w.server);
	w.server = NULL;
	coap_session_release(a);
	coap_session_release(b);
}

static void
the_proxy_goes(void **state)
{
	coap_session_t *a = observing(&heard[0], UDP, TCP);
	coap_session_t *b = observing(&heard[1], TCP, TCP);

	(void)state;
	coap_delete_resource(w.server, w.server->resources.proxy);
	both_end_with(COAP_RESPONSE_CODE_NOT_FOUND);
	nothing_is_left();
	coap_session_release(a);
	coap_session_release(b);
}

static void
the_proxy_goes_while_one_waits(void **state)
{
	coap_session_t *session = px_connected(TCP);

	(void)state;
	o.stay = true;
	start(&heard[0], session, UDP);
	WORLD_UNTIL(o.calls == 1);
	coap_delete_resource(w.server, w.server->resources.proxy);
	coap_session_disconnected(w.server->proxy->links->session,
	    COAP_NACK_NOT_DELIVERABLE);
	WORLD_UNTIL(heard[0].ends == 1);
	assert_int_equal(heard[0].code,
	    COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED);
	nothing_is_left();
	coap_session_release(session);
}

static unsigned looks;

static coap_response_t
look(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	coap_cache_key_t *key = (coap_cache_key_t *)&o;

	(void)sent, (void)mid;
	looks++;
	assert_int_equal(coap_proxy_forward_response(session, received, &key),
	    COAP_RESPONSE_OK);
	assert_null(key);
	do_deed(session);
	return COAP_RESPONSE_OK;
}

/* As libcoap's programs do; it may end anything. */
static void
a_response_handler_may_do_anything(void **state)
{
	coap_session_t *session;

	for (unsigned i = NOTHING; i <= END_ALL; i++) {
		looks = 0;
		coap_register_response_handler(w.server, look);
		session = observing(&heard[0], TCP, UDP);
		assert_int_equal(looks, 1);
		deed = i;
		change("two");
		WORLD_UNTIL(looks == 2);
		coap_session_release(session);
		world_down(state);
		up(state);
	}
}

/* When it is asked, when the first state is there, and when a newer one is. */
static void
the_handler_may_do_anything(void **state)
{
	coap_session_t *session;
	coap_proto_t from;
	unsigned at, k;

	for (k = 0; k < 8 * 3; k++) {
		at = 1 + k / 8;
		from = k % 2 ? UDP : TCP;
		session = px_connected(from);
		deed = END_PROXY + k / 2 % 4;
		deed_at = at;
		start(&heard[0], session, from == UDP ? TCP : UDP);
		world_settle();
		for (int n = 0; n < 100 && handled < at; n++) {
			change(n % 2 ? "two" : "three");
			world_advance(100);
		}
		assert_true(handled >= at);
		world_advance(100000);
		coap_session_release(session);
		world_down(state);
		up(state);
	}
}

static void
passed_on_twice_nothing_stays(void **state)
{
	coap_session_t *session = observing(&heard[0], TCP, UDP);

	(void)state;
	twice = true;
	start(&heard[1], session, UDP);
	WORLD_UNTIL(heard[1].n + heard[1].ends > 0);
	coap_session_release(session);
	nothing_is_left();
}

static int
added(coap_session_t *session, coap_subscription_t *observe_key,
    coap_proto_t e_proto, coap_address_t *e_listen_addr,
    coap_addr_tuple_t *s_addr_info, coap_bin_const_t *raw_packet,
    coap_bin_const_t *oscore_info, void *user_data)
{
	(void)session, (void)observe_key, (void)e_proto, (void)e_listen_addr;
	(void)s_addr_info, (void)raw_packet, (void)oscore_info;
	++*(unsigned *)user_data;
	return 1;
}

/* By its path it would be one of another resource in the next process. */
static void
what_is_passed_on_is_not_kept(void **state)
{
	coap_session_t *session;
	unsigned n = 0;

	(void)state;
	coap_persist_track_funcs(w.server, added, NULL, NULL, NULL, NULL, 1,
	    &n);
	session = observing(&heard[0], UDP, UDP);
	assert_int_equal(w.server->observing.n, 2);
	/* That of the proxy at the server behind it. */
	assert_int_equal(n, 1);
	coap_session_release(session);
}

/* --- ceilings and memory -------------------------------------------------- */

static void
what_is_too_much_is_not_observed(void **state)
{
	coap_session_t *session = observing(&heard[0], TCP, UDP);

	(void)state;
	watches()->n += PROXY_WATCHES_MAX;
	start_with(&heard[1], session,
	    px_request_to(session, COAP_REQUEST_CODE_GET, UDP, "/f?a"));
	WORLD_UNTIL(heard[1].ends == 1);
	watches()->n -= PROXY_WATCHES_MAX;
	assert_int_equal(heard[1].code, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(heard[1].n, 0);
	/* States have a ceiling of their own. */
	watches()->bytes += PROXY_WATCH_BYTES - 9;
	change("two");
	WORLD_UNTIL(heard[0].ends == 1);
	assert_int_equal(heard[0].code, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	watches()->bytes -= PROXY_WATCH_BYTES - 9;
	nothing_is_left();
	coap_session_release(session);
}

/* Each allocation fails once, from the request to a notification. */
static void
memory_is_short_anywhere(void **state)
{
	coap_session_t *session;
	unsigned calls;
	size_t n;

	(void)state;
	for (n = 1; n <= 100; n++) {
		calls = o.calls;
		memset(heard, 0, sizeof heard);
		strcpy(o.state, "one");
		session = px_connected(TCP);
		start(&heard[0], session, UDP);
		mem_fail_at(n, 0);
		for (int i = 0; i < 12 && heard[0].n + heard[0].ends == 0; i++)
			world_advance(10000);
		change("two");
		for (int i = 0; i < 12 && heard[0].n < 2 && !heard[0].ends; i++)
			world_advance(10000);
		mem_fail_at(0, 0);
		/* Told, or over: it is not left with what is old. What was
		 * lost on its way to the proxy has no answer. */
		if (heard[0].n > 0 && heard[0].ends == 0)
			hears(&heard[0], "two");
		else if (heard[0].ends == 0)
			assert_int_equal(o.calls, calls);
		coap_session_release(session);
		nothing_is_left();
	}
	/* There are not so many. */
	assert_string_equal(heard[0].text, "two");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_passes_between_protocols),
		TEST(numbers_are_of_this_hop),
		TEST(types_are_of_this_hop),
		TEST(clients_share_one),
		TEST(who_waits_shares_one),
		TEST(other_requests_have_their_own),
		TEST(what_is_secure_is_not_shared),
		TEST(each_client_has_its_own_session),
		TEST(large_notifications_go_whole),
		TEST(fetch_is_observed),
		TEST(what_a_get_brings_is_its_own),
		TEST(max_age_is_what_is_left),
		TEST(what_is_stale_is_asked_for),
		TEST(what_was_changed_is_asked_for),
		TEST(a_state_that_is_known_is_not_sent),
		TEST(a_reset_ends_it),
		TEST(a_client_goes_while_it_waits),
		TEST(a_client_that_waits_may_stop),
		TEST(the_same_token_registers_again),
		TEST(an_error_is_the_last),
		TEST(the_end_without_an_error_is_passed_on),
		TEST(what_is_refused_is_answered_all_the_same),
		TEST(an_unsafe_option_ends_it),
		TEST(a_connection_that_breaks_is_made_again),
		TEST(a_next_hop_that_is_gone_ends_it),
		TEST(a_silent_server_is_a_timeout),
		TEST(a_loop_ends),
		TEST(the_context_goes),
		TEST(the_proxy_goes),
		TEST(the_proxy_goes_while_one_waits),
		TEST(a_response_handler_may_do_anything),
		TEST(the_handler_may_do_anything),
		TEST(passed_on_twice_nothing_stays),
		TEST(what_is_passed_on_is_not_kept),
		TEST(what_is_too_much_is_not_observed),
		TEST(memory_is_short_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
