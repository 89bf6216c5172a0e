/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resources that come and go while requests for them are served, as a server
 * makes them for a PUT, and what a resource says of the bodies that it takes.
 */
#include "session_support.h"

#define CON COAP_MESSAGE_CON

static struct {
	unsigned released;
	unsigned calls;
	size_t got;   /* bytes of the last body, or part */
	size_t total; /* of all calls */
} s;

static uint8_t body[5000];

static void
on_release(void *userdata)
{
	coap_delete_string(userdata);
	s.released++;
}

/* --- a server that keeps what it is sent ---------------------------------- */

static void
get_thing(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coap_string_t *text = coap_resource_get_userdata(resource);

	(void)session;
	(void)request;
	(void)query;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, text->length, text->s);
}

static void
put_thing(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_string_t *text;
	const uint8_t *data;
	size_t len;

	(void)session;
	(void)query;
	assert_true(coap_get_data(request, &len, &data));
	text = coap_new_string(len);
	memcpy(text->s, data, len);
	if (coap_resource_get_userdata(resource))
		on_release(coap_resource_get_userdata(resource));
	coap_resource_set_userdata(resource, text);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
delete_thing(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)request;
	(void)query;
	assert_int_equal(coap_delete_resource(coap_session_get_context(session),
			     resource),
	    1);
	/* It is there until this returns, but nobody finds it. */
	assert_int_equal(coap_resource_get_uri_path(resource)->length, 3);
	assert_null(coap_get_resource_from_uri_path(w.server,
	    coap_resource_get_uri_path(resource)));
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
}

static void
put_unknown(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_string_t *path = coap_get_uri_path(request);
	coap_resource_t *thing =
	    coap_resource_init(coap_new_str_const(path->s, path->length),
		COAP_RESOURCE_FLAGS_RELEASE_URI);

	(void)resource;
	assert_non_null(thing);
	coap_delete_string(path);
	coap_register_request_handler(thing, COAP_REQUEST_GET, get_thing);
	coap_register_request_handler(thing, COAP_REQUEST_PUT, put_thing);
	coap_register_request_handler(thing, COAP_REQUEST_DELETE, delete_thing);
	coap_add_resource(coap_session_get_context(session), thing);
	put_thing(thing, session, request, query, response);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
}

static int
up(void **state)
{
	world_up(state);
	memset(&s, 0, sizeof s);
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	coap_resource_release_userdata_handler(w.server, on_release);
	coap_add_resource(w.server, coap_resource_unknown_init(put_unknown));
	return 0;
}

static void
ask(coap_session_t *c, unsigned code, char token, const char *path,
    const char *text)
{
	coap_pdu_t *pdu = coap_new_pdu(CON, (coap_pdu_code_t)code, c);

	assert_true(coap_add_token(pdu, 1, (const uint8_t *)&token));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path),
	    (const uint8_t *)path));
	if (text)
		assert_true(
		    coap_add_data(pdu, strlen(text), (const uint8_t *)text));
	assert_int_not_equal(coap_send(c, pdu), COAP_INVALID_MID);
}

static void
put_get_delete(void **state)
{
	static const coap_proto_t protos[] = { COAP_PROTO_UDP, COAP_PROTO_TCP };

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *c = world_connected(*p);

		s.released = 0;
		ask(c, COAP_REQUEST_CODE_GET, 'a', "new", NULL);
		world_wait("C 4.04 a");
		ask(c, COAP_REQUEST_CODE_PUT, 'b', "new", "one");
		world_wait("C 2.01 b");
		ask(c, COAP_REQUEST_CODE_GET, 'c', "new", NULL);
		world_wait("C 2.05 c one");
		ask(c, COAP_REQUEST_CODE_PUT, 'd', "new", "two");
		world_wait("C 2.04 d");
		ask(c, COAP_REQUEST_CODE_GET, 'e', "new", NULL);
		world_wait("C 2.05 e two");
		assert_int_equal(s.released, 1);
		ask(c, COAP_REQUEST_CODE_DELETE, 'f', "new", NULL);
		world_wait("C 2.02 f");
		assert_int_equal(s.released, 2);
		ask(c, COAP_REQUEST_CODE_GET, 'g', "new", NULL);
		world_wait("C 4.04 g");
		coap_session_release(c);
		world_settle();
		world_forget();
	}
}

static void
one_that_is_made_is_listed(void **state)
{
	unsigned char text[64];
	size_t len = sizeof text;

	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	ask(c, COAP_REQUEST_CODE_PUT, 'b', "new", "one");
	world_wait("C 2.01 b");
	coap_print_wellknown(w.server, text, &len, 0, NULL);
	assert_int_equal(len, 11);
	assert_memory_equal(text, "</x>,</new>", 11);
	coap_session_release(c);
}

/* What is left goes with the context. */
static void
the_context_frees_them(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	ask(c, COAP_REQUEST_CODE_PUT, 'a', "one", "1");
	world_wait("C 2.01 a");
	ask(c, COAP_REQUEST_CODE_PUT, 'b', "two", "2");
	world_wait("C 2.01 b");
	coap_session_release(c);
	coap_free_context(w.server);
	w.server = NULL;
	assert_int_equal(s.released, 2);
}

/* --- the unknown resource ------------------------------------------------- */

static void
count(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)session;
	(void)query;
	(void)request;
	s.calls++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_VALID);
}

static void
the_unknown_resource_takes_each_method(void **state)
{
	coap_resource_t *unknown = coap_resource_unknown_init(count);
	char token = 'a';
	char line[16];
	int m;

	(void)state;
	for (m = COAP_REQUEST_GET; m <= COAP_REQUEST_IPATCH; m++)
		coap_register_request_handler(unknown, (coap_request_t)m,
		    count);
	/* It takes the former one's place. */
	coap_add_resource(w.server, unknown);
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	for (m = COAP_REQUEST_GET; m <= COAP_REQUEST_IPATCH; m++, token++) {
		ask(c, (unsigned)m, token, "new", NULL);
		snprintf(line, sizeof line, "C 2.03 %c", token);
		world_wait(line);
	}
	assert_int_equal(s.calls, 7);
	ask(c, 8, 'z', "new", NULL);
	world_wait("C 4.05 z");
	coap_session_release(c);
}

static void
the_description_is_its_own_only_when_told(void **state)
{
	coap_resource_t *unknown = coap_resource_unknown_init2(count,
	    COAP_RESOURCE_HANDLE_WELLKNOWN_CORE);
	coap_pdu_t *pdu;
	uint8_t token = 'a';
	int i;

	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	coap_register_request_handler(unknown, COAP_REQUEST_GET, count);
	for (i = 0; i < 2; i++, token++) {
		pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_GET, c);
		assert_true(coap_add_token(pdu, 1, &token));
		assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 11,
		    (const uint8_t *)".well-known"));
		assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 4,
		    (const uint8_t *)"core"));
		coap_send(c, pdu);
		world_wait(i == 0 ? "C 2.05 a </x>" : "C 2.03 b");
		if (i == 0)
			coap_add_resource(w.server, unknown);
	}
	coap_session_release(c);
}

static void
replace(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_resource_t *unknown = coap_resource_unknown_init(count);

	(void)request;
	(void)query;
	coap_add_resource(coap_session_get_context(session), unknown);
	/* The former one is freed when its handler is done. */
	assert_int_equal(coap_delete_resource(NULL, resource), 0);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
a_handler_may_take_its_own_place(void **state)
{
	(void)state;
	coap_add_resource(w.server, coap_resource_unknown_init(replace));
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	ask(c, COAP_REQUEST_CODE_PUT, 'a', "new", "x");
	world_wait("C 2.04 a");
	ask(c, COAP_REQUEST_CODE_PUT, 'b', "new", "x");
	world_wait("C 2.03 b");
	assert_int_equal(s.calls, 1);
	coap_session_release(c);
}

/* --- bodies --------------------------------------------------------------- */

static void
take_body(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	size_t offset, total;
	const uint8_t *data;

	(void)resource;
	(void)session;
	(void)query;
	assert_true(
	    coap_get_data_large(request, &s.got, &data, &offset, &total));
	assert_true(offset + s.got <= sizeof body);
	assert_memory_equal(data, body + offset, s.got);
	/* The whole is no part of anything. */
	assert_int_equal(coap_check_option(request, COAP_OPTION_BLOCK1, &oi) !=
		NULL,
	    s.got < sizeof body);
	s.calls++;
	s.total += s.got;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

/* The context's handlers take each part, this one's only the whole. */
static void
a_resource_may_want_bodies_whole(void **state)
{
	static const struct {
		int flags;
		unsigned calls;
		size_t got;
	} rows[] = {
		{ 0, 5, 904 },
		{ COAP_RESOURCE_FLAGS_FORCE_SINGLE_BODY, 1, sizeof body },
	};
	coap_resource_t *r;
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	coap_context_set_block_mode(w.server, COAP_BLOCK_USE_LIBCOAP);
	for (i = 0; i < 2; i++) {
		memset(&s, 0, sizeof s);
		r = coap_resource_init(coap_make_str_const("big"),
		    rows[i].flags);
		coap_register_request_handler(r, COAP_REQUEST_PUT, take_body);
		coap_add_resource(w.server, r);
		coap_session_t *c = world_connected(COAP_PROTO_UDP);

		pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_PUT, c);
		assert_true(coap_add_token(pdu, 1, (const uint8_t *)"a"));
		assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 3,
		    (const uint8_t *)"big"));
		assert_true(coap_add_data_large_request(c, pdu, sizeof body,
		    body, NULL, NULL));
		coap_send(c, pdu);
		world_wait("C 2.04 a");
		assert_int_equal(s.calls, rows[i].calls);
		assert_int_equal(s.got, rows[i].got);
		assert_int_equal(s.total, sizeof body);
		coap_session_release(c);
		world_settle();
		world_forget();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(put_get_delete),
		TEST(one_that_is_made_is_listed),
		TEST(the_context_frees_them),
		TEST(the_unknown_resource_takes_each_method),
		TEST(the_description_is_its_own_only_when_told),
		TEST(a_handler_may_take_its_own_place),
		TEST(a_resource_may_want_bodies_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
