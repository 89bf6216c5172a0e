/* SPDX-License-Identifier: BSD-2-Clause */
/* A server, and what the RFCs ask of it for messages that no library sends. */
#include "session_support.h"

#include <unistd.h>

#include "wire/block.h"
#include "wire/pdu.h"

#define CON     COAP_MESSAGE_CON
#define PUT     COAP_REQUEST_CODE_PUT
#define PART    16 /* bytes of a block */
#define ASK_MAX 1400

/* Clients without library. */
static int fds[2];
static uint16_t mid;
static coap_pdu_t *answer;
static unsigned handled;
static bool condition; /* the last request handled has If-None-Match */
static size_t length;  /* ... and that many bytes */

static int
up(void **state)
{
	coap_address_t unused;
	int r = world_up(state);

	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	for (int i = 0; i < 2; i++)
		fds[i] = world_raw(SOCK_DGRAM, &unused);
	mid = 1;
	handled = 0;
	return r;
}

static int
down(void **state)
{
	coap_delete_pdu(answer);
	answer = NULL;
	close(fds[0]);
	close(fds[1]);
	return world_down(state);
}

static coap_pdu_t *
new_request(unsigned code, size_t token_len)
{
	static const uint8_t token[ASK_MAX] = { 't' };
	coap_pdu_t *pdu = pdu_new(CON, code, mid++, ASK_MAX);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, token_len, token));
	return pdu;
}

/* Sends it, deletes it, and waits for its answer. The answer's code. */
static unsigned
ask(int fd, coap_pdu_t *pdu)
{
	uint8_t bytes[ASK_MAX + 100];
	const uint8_t *data;
	size_t len;

	assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len), 0);
	world_raw_send(fd, &w.udp_address, data, len);
	len = world_raw_recv(fd, bytes, sizeof(bytes), NULL);
	coap_delete_pdu(answer);
	answer = pdu_new(CON, 0, 0, len);
	assert_non_null(answer);
	assert_int_equal(pdu_decode(answer, FRAMING_DATAGRAM,
			     COAP_TOKEN_EXT_MAX, bytes, len),
	    0);
	assert_int_equal(answer->mid, pdu->mid);
	coap_delete_pdu(pdu);
	return answer->code;
}

/* The block option of the answer; -1: none. */
static int64_t
block_of(coap_option_num_t number)
{
	return pdu_option_uint(answer, number);
}

/* A part of a body for /path of that format; the last has no more. */
static unsigned
put_part(int fd, const char *path, unsigned num, bool more, unsigned format,
    bool if_none_match)
{
	static const uint8_t part[PART] = { 1 };
	coap_pdu_t *pdu = new_request(PUT, 1);

	if (if_none_match)
		coap_add_option(pdu, COAP_OPTION_IF_NONE_MATCH, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path),
	    (const uint8_t *)path);
	assert_true(block_add_uint(pdu, COAP_OPTION_CONTENT_FORMAT, format));
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK1,
	    (uint64_t)num << 4 | (unsigned)more << 3));
	assert_true(coap_add_data(pdu, PART, part));
	return ask(fd, pdu);
}

static void
take_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	const uint8_t *data;

	(void)resource;
	(void)session;
	(void)query;
	handled++;
	condition =
	    coap_check_option(request, COAP_OPTION_IF_NONE_MATCH, &oi) != NULL;
	assert_true(coap_get_data(request, &length, &data));
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
add_new(void)
{
	coap_resource_t *new =
	    coap_resource_init(coap_make_str_const("new"), 0);

	assert_non_null(new);
	coap_register_handler(new, COAP_REQUEST_PUT, take_put);
	coap_add_resource(w.server, new);
}

static void
add_unknown(void)
{
	coap_resource_t *unknown = coap_resource_unknown_init(take_put);

	assert_non_null(unknown);
	coap_add_resource(w.server, unknown);
}

/* --- parts of bodies ------------------------------------------------------- */

/* RFC 7959 section 2.3. */
static void
parts_of_two_formats_are_no_body(void **state)
{
	(void)state;
	add_new();
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, false),
	    COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(put_part(fds[0], "new", 1, false, 42, false),
	    COAP_RESPONSE_CODE_INCOMPLETE);
	assert_int_equal(handled, 0);
}

/* RFC 7959 section 2.3: while the body is not whole, there is no answer whose
 * first block is asked for. */
static void
what_goes_on_has_no_block_of_an_answer(void **state)
{
	coap_pdu_t *pdu = new_request(PUT, 1);
	static const uint8_t part[PART];

	(void)state;
	add_new();
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 3, (const uint8_t *)"new");
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 0, NULL);
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK1, 8));
	assert_true(coap_add_data(pdu, PART, part));
	assert_int_equal(ask(fds[0], pdu), COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(block_of(COAP_OPTION_BLOCK1), 8);
	assert_int_equal(block_of(COAP_OPTION_BLOCK2), -1);
}

static void
serve_long(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	static const uint8_t body[3 * PART] = { 1 };

	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(NULL, session, request,
	    response, NULL, COAP_MEDIATYPE_TEXT_PLAIN, -1, 0, sizeof(body),
	    body, NULL, NULL));
}

/* RFC 7959 sections 2.2 and 2.4: M says nothing where a block is asked for. */
static void
more_means_nothing_in_what_asks(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	w.serve = serve_long;
	for (unsigned num = 0; num < 3; num++) {
		pdu = new_request(COAP_REQUEST_CODE_GET, 1);
		coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		    (const uint8_t *)"x");
		assert_true(
		    block_add_uint(pdu, COAP_OPTION_BLOCK2, num << 4 | 8));
		assert_int_equal(ask(fds[0], pdu), COAP_RESPONSE_CODE_CONTENT);
		assert_int_equal(block_of(COAP_OPTION_BLOCK2),
		    num << 4 | (num < 2 ? 8 : 0));
		assert_int_equal(pdu_payload_len(answer), PART);
	}
}

/* RFC 7959 sections 2.3 and 7: nobody adds to what another sends. */
static void
parts_of_two_clients_are_no_body(void **state)
{
	(void)state;
	add_new();
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, false),
	    COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(put_part(fds[1], "new", 1, false, 0, false),
	    COAP_RESPONSE_CODE_INCOMPLETE);
	assert_int_equal(handled, 0);
	assert_int_equal(put_part(fds[0], "new", 1, false, 0, false),
	    COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(length, 2 * PART);
}

/* RFC 7959 section 2.10: only the first part has the condition. */
static void
a_condition_is_that_of_the_first_part(void **state)
{
	(void)state;
	add_unknown();
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, true),
	    COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(put_part(fds[0], "new", 1, false, 0, false),
	    COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(handled, 1);
	assert_true(condition);
	assert_int_equal(length, 2 * PART);
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, false),
	    COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(put_part(fds[0], "new", 1, false, 0, false),
	    COAP_RESPONSE_CODE_CHANGED);
	assert_false(condition);
}

/* There are clients that repeat it. */
static void
a_condition_may_be_repeated(void **state)
{
	(void)state;
	add_unknown();
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, true),
	    COAP_RESPONSE_CODE_CONTINUE);
	assert_int_equal(put_part(fds[0], "new", 1, false, 0, true),
	    COAP_RESPONSE_CODE_CHANGED);
	assert_true(condition);
	assert_int_equal(length, 2 * PART);
}

/* RFC 7252 section 5.10.8: another has made it meanwhile. */
static void
a_condition_holds_until_the_last_part(void **state)
{
	(void)state;
	add_unknown();
	assert_int_equal(put_part(fds[0], "new", 0, true, 0, true),
	    COAP_RESPONSE_CODE_CONTINUE);
	add_new();
	assert_int_equal(put_part(fds[0], "new", 1, false, 0, false),
	    COAP_RESPONSE_CODE_PRECONDITION_FAILED);
	assert_int_equal(handled, 0);
}

/* --- tokens ---------------------------------------------------------------- */

static unsigned
ask_with_token(size_t len)
{
	coap_pdu_t *pdu = new_request(COAP_REQUEST_CODE_GET, len);
	unsigned code;

	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x");
	code = ask(fds[0], pdu);
	if (code != 0) {
		assert_int_equal(answer->type, COAP_MESSAGE_ACK);
		assert_int_equal(answer->token_len, len);
		assert_int_equal(answer->token[0], 't');
	}
	return code;
}

/* RFC 8974 section 2.2.2: a Reset would say that no longer ones are taken. */
static void
a_token_that_is_too_long_is_answered(void **state)
{
	(void)state;
	coap_context_set_max_token_size(w.server, 20);
	assert_int_equal(ask_with_token(20), COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(w.requests, 1);
	assert_int_equal(ask_with_token(21), COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(ask_with_token(1300), COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(w.requests, 1);
}

static void
who_takes_8_bytes_rejects_longer_tokens(void **state)
{
	(void)state;
	assert_int_equal(ask_with_token(9), 0);
	assert_int_equal(answer->type, COAP_MESSAGE_RST);
	assert_int_equal(w.requests, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_of_two_formats_are_no_body),
		TEST(what_goes_on_has_no_block_of_an_answer),
		TEST(more_means_nothing_in_what_asks),
		TEST(parts_of_two_clients_are_no_body),
		TEST(a_condition_is_that_of_the_first_part),
		TEST(a_condition_may_be_repeated),
		TEST(a_condition_holds_until_the_last_part),
		TEST(a_token_that_is_too_long_is_answered),
		TEST(who_takes_8_bytes_rejects_longer_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
