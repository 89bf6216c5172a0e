/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A body of 64 MiB up and down over each protocol, between callbacks: what it
 * takes of memory, for both ends together, is a multiple of a block, not of the
 * body.
 */
#include "session_keys.h"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__)
/* NOLINTNEXTLINE(bugprone-reserved-identifier): of the sanitizer */
size_t __sanitizer_get_current_allocated_bytes(void);
#define BODY ((uint64_t)4 << 20)
#else
#define BODY ((uint64_t)64 << 20)
#endif

/* What is taken once, as room for many datagrams, is not a body's. */
#define FIRST ((uint64_t)1 << 20)

/* Blocks of 1 KiB; what is remembered of messages, so that duplicates get the
 * same answer, is 64 KiB a session. */
#define DATAGRAM_MAX ((size_t)256 * 1024)
/* Eight parts of 256 KiB: a WebSocket has copies of them. */
#define STREAM_MAX ((size_t)8 * 256 * 1024)

static struct flat {
	uint64_t body;
	uint64_t up;    /* bytes that the server got */
	uint64_t down;  /* that the client got */
	unsigned parts; /* in so many pieces, each way */
	unsigned given; /* answers that are read, and given back */
	unsigned back;
	unsigned ended;
	int error;
	size_t before;
	size_t peak;
} t;

/* --- memory --------------------------------------------------------------- */

static size_t
held(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#endif
}

/* Looked at whenever a part is in somebody's hands. */
static void
look(void)
{
	size_t now = held();

	if (now > t.before && now - t.before > t.peak)
		t.peak = now - t.before;
}

/* --- bytes ---------------------------------------------------------------- */

/* No two pages are alike. */
static uint8_t
byte_at(uint64_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16) * 31);
}

static void
assert_bytes(const uint8_t *data, size_t len, uint64_t offset)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != byte_at(offset + i))
			fail_msg("byte %zu of the part at %zu", i,
			    (size_t)offset);
}

static int
give(uint64_t offset, uint8_t *buf, size_t len)
{
	if (len > t.body - offset)
		len = (size_t)(t.body - offset);
	for (size_t i = 0; i < len; i++)
		buf[i] = byte_at(offset + i);
	look();
	return (int)len;
}

/* --- the server ----------------------------------------------------------- */

static int
read_answer(uint64_t offset, uint8_t *buf, size_t len, void *arg)
{
	assert_ptr_equal(arg, &t);
	assert_true(offset <= t.body);
	return give(offset, buf, len);
}

static void
on_release(void *arg)
{
	assert_ptr_equal(arg, &t);
	t.back++;
}

static void
answer(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	coapx_body_t body = { .size = sizeof body,
		.length = t.body,
		.read = read_answer,
		.release = on_release,
		.arg = &t,
		.etag = 42,
		.maxage = -1,
		.media_type = COAP_MEDIATYPE_APPLICATION_OCTET_STREAM };

	t.given++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coapx_add_body_response(session, request, response, &body));
}

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	if (coap_pdu_get_code(request) == COAP_REQUEST_CODE_GET) {
		answer(session, request, response);
		return;
	}
	assert_true(coap_get_data_large(request, &len, &data, &offset, &total));
	assert_int_equal(offset, t.up);
	assert_int_equal(total, t.body);
	assert_bytes(data, len, offset);
	t.up += len;
	t.parts++;
	look();
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

/* --- the client ----------------------------------------------------------- */

static int
read_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    uint8_t *buf, size_t len, void *arg)
{
	(void)request, (void)session, (void)arg;
	return give(offset, buf, len);
}

static int
write_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    const uint8_t *data, size_t len, void *arg)
{
	(void)request, (void)session, (void)arg;
	assert_int_equal(offset, t.down);
	assert_bytes(data, len, offset);
	t.down += len;
	t.parts++;
	look();
	return 0;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)request, (void)session, (void)arg;
	t.error = result->error;
	if (result->response)
		assert_int_equal(coap_pdu_get_code(result->response) >> 5, 2);
	t.ended++;
}

static void
transfer(coap_session_t *s, coap_pdu_code_t code, uint64_t body)
{
	bool up = code == COAP_REQUEST_CODE_PUT;
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, code, s);
	coapx_request_params_t params = { .size = sizeof params,
		.result = on_result,
		.read_body = up ? read_body : NULL,
		.body_length = body,
		.write_body = write_body,
		.body_max = BODY };
	int err = 0;

	memset(&t, 0, sizeof t);
	t.body = body;
	t.before = held();
	assert_non_null(pdu);
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
			(const uint8_t *)"x") > 0);
	assert_non_null(coapx_request_send(s, pdu, &params, &err));
	while (t.ended == 0)
		world_settle();
	assert_int_equal(t.error, 0);
	assert_int_equal(up ? t.up : t.down, body);
}

static void
assert_flat(coap_proto_t proto, const char *way)
{
	size_t max = COAP_PROTO_RELIABLE(proto) ? STREAM_MAX : DATAGRAM_MAX;

	print_message("%s %s: %zu KiB in %u parts\n", coapx_proto_name(proto),
	    way, t.peak / 1024, t.parts);
	assert_true(t.parts > 10);
	assert_true(t.peak > 0);
	assert_true(t.peak < max);
}

static void
up_and_down(void **state)
{
	coap_proto_t proto = COAP_PROTO_NONE;
	coap_session_t *s;

	(void)state;
	session_keys_up(false, KEYS_GOOD);
	w.serve = serve;
	w.quiet = true;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	coap_context_set_block_mode(w.server, COAP_BLOCK_USE_LIBCOAP);
	coapx_context_set_max_body_size(w.server, BODY);
	for (;;) {
		proto = world_next_proto(proto);
		if (proto == COAP_PROTO_NONE)
			break;
		w.quiet = false;
		s = session_keys_session(proto);
		world_wait("C SESSION_CONNECTED");
		world_settle();
		world_forget();
		w.quiet = true;
		transfer(s, COAP_REQUEST_CODE_PUT, FIRST);
		transfer(s, COAP_REQUEST_CODE_GET, FIRST);
		transfer(s, COAP_REQUEST_CODE_PUT, BODY);
		assert_flat(proto, "up");
		transfer(s, COAP_REQUEST_CODE_GET, BODY);
		assert_flat(proto, "down");
		assert_int_equal(t.given, 1);
		coap_session_release(s);
		world_settle();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(up_and_down, world_up,
		    world_down),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
