/* SPDX-License-Identifier: BSD-2-Clause */
/* A server that sends nothing long to addresses that nobody has shown to be his
 * (RFC 7252 section 11.3, RFC 9175 section 2.6). */
#include "session_support.h"

#include <sys/socket.h>
#include <unistd.h>

#include "block_support.h"
#include "session/traffic/amplify.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP

#define TRY                                                \
	(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | \
	    COAP_BLOCK_TRY_Q_BLOCK)

#define GET        1
#define PUT        3
#define CODE(c, d) ((c) << 5 | (d))

/* A client without library. */
static struct {
	int fd;
	coap_address_t own;
	uint16_t mid;
	uint8_t answer[2000];
	size_t len;
	coap_pdu_t *pdu;  /* the answer */
	unsigned handled; /* requests that the handler got */
	unsigned size;    /* of what it answers, as a payload */
	unsigned later;   /* ms until it does; 0: at once */
} raw;

static int
up(void **state)
{
	int r = block_up(state);

	memset(&raw, 0, sizeof(raw));
	raw.fd = world_raw(SOCK_DGRAM, &raw.own);
	raw.mid = 1;
	coapx_context_set_max_amplification(w.server, 3);
	return r;
}

static int
down(void **state)
{
	coap_delete_pdu(raw.pdu);
	close(raw.fd);
	return block_down(state);
}

static void
serve_payload(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	static uint8_t data[2000];

	raw.handled++;
	if (raw.later > 0 &&
	    !coap_find_async(session, coap_pdu_get_token(request))) {
		assert_non_null(
		    coap_register_async(session, request, raw.later));
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data(response, raw.size, data));
}

/* A request for /x with an Echo, if any, and a payload of so many bytes. */
static void
ask(uint8_t code, const uint8_t *echo, size_t echo_len, bool observe,
    size_t payload)
{
	coap_pdu_t *pdu = coap_pdu_init(CON, code, raw.mid++, 1500);
	const uint8_t *data;
	uint8_t bytes[1000] = { 0 };
	size_t len;

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
	if (observe)
		coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, (const uint8_t *)"x");
	if (echo_len > 0)
		coap_add_option(pdu, COAP_OPTION_ECHO, echo_len, echo);
	if (payload > 0)
		assert_true(coap_add_data(pdu, payload, bytes));
	assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len), 0);
	world_raw_send(raw.fd, &w.udp_address, data, len);
	coap_delete_pdu(pdu);
}

static void
take(void)
{
	raw.len = world_raw_recv(raw.fd, raw.answer, sizeof(raw.answer), NULL);
	coap_delete_pdu(raw.pdu);
	raw.pdu = pdu_new(CON, 0, 0, sizeof(raw.answer));
	assert_non_null(raw.pdu);
	assert_int_equal(pdu_decode(raw.pdu, FRAMING_DATAGRAM, 8, raw.answer,
			     raw.len),
	    0);
}

static unsigned
ask_code(uint8_t code, const uint8_t *echo, size_t echo_len)
{
	ask(code, echo, echo_len, false, 0);
	take();
	return coap_pdu_get_code(raw.pdu);
}

/* The Echo of the last answer. */
static size_t
echo_of(uint8_t *echo)
{
	coap_option_t option;

	assert_true(pdu_find_option(raw.pdu, COAP_OPTION_ECHO, &option));
	assert_in_range(option.length, 4, 40);
	memcpy(echo, option.value, option.length);
	return option.length;
}

/* --- who only asks --------------------------------------------------------- */

static void
without_a_limit_all_is_answered(void **state)
{
	(void)state;
	coapx_context_set_max_amplification(w.server, 0);
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(GET, NULL, 0), CODE(2, 5));
	assert_true(raw.len > 1000);
}

/* RFC 9175 section 2.4, item 3, and section 2.6. */
static void
a_long_answer_is_for_who_shows_his_address(void **state)
{
	uint8_t echo[40];
	size_t len;

	(void)state;
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(GET, NULL, 0), CODE(4, 1));
	assert_true(raw.len <= AMPLIFY_FLOOR);
	assert_null(raw.pdu->data);
	assert_int_equal(raw.pdu->type, COAP_MESSAGE_ACK);
	len = echo_of(echo);
	/* One that was made up is none. */
	echo[0] ^= 1;
	assert_int_equal(ask_code(GET, echo, len), CODE(4, 1));
	echo[0] ^= 1;
	assert_int_equal(ask_code(GET, echo, len), CODE(2, 5));
	assert_true(raw.len > 1000);
	/* Once a peer. */
	assert_int_equal(ask_code(GET, NULL, 0), CODE(2, 5));
	assert_true(raw.len > 1000);
}

static void
another_address_is_asked_again(void **state)
{
	uint8_t echo[40];
	size_t len;

	(void)state;
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(GET, NULL, 0), CODE(4, 1));
	len = echo_of(echo);
	close(raw.fd);
	raw.fd = world_raw(SOCK_DGRAM, &raw.own);
	assert_int_equal(ask_code(GET, echo, len), CODE(4, 1));
}

static void
an_old_echo_shows_nothing(void **state)
{
	uint8_t echo[40];
	size_t len;

	(void)state;
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(GET, NULL, 0), CODE(4, 1));
	len = echo_of(echo);
	world_advance((uint64_t)AMPLIFY_PROOF * 1000 + 1);
	assert_int_equal(ask_code(GET, echo, len), CODE(4, 1));
}

/* Three times the request, to the byte, and 64 bytes in any case. */
static void
up_to_the_limit_nobody_is_asked(void **state)
{
	/* Header, token, Uri-Path, marker and payload. */
	static const size_t sizes[][2] = { { 0, 64 }, { 100, 3 * 108 } };

	(void)state;
	w.serve = serve_payload;
	for (size_t i = 0; i < 2; i++) {
		raw.size = (unsigned)sizes[i][1] - 4 - 1 - 1;
		ask(GET, NULL, 0, false, sizes[i][0]);
		take();
		assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(2, 5));
		assert_int_equal(raw.len, sizes[i][1]);
		raw.size++;
		ask(GET, NULL, 0, false, sizes[i][0]);
		take();
		assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(4, 1));
	}
}

/* Notifications are without end. */
static void
who_observes_shows_his_address_first(void **state)
{
	uint8_t echo[40];
	size_t len;

	(void)state;
	w.serve = serve_payload;
	raw.size = 1;
	ask(GET, NULL, 0, true, 0);
	take();
	assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(4, 1));
	assert_int_equal(raw.handled, 0);
	len = echo_of(echo);
	ask(GET, echo, len, true, 0);
	take();
	assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(2, 5));
}

static void
an_answer_that_comes_later_has_the_limit_too(void **state)
{
	(void)state;
	w.serve = serve_payload;
	raw.size = 1000;
	raw.later = 5000;
	ask(GET, NULL, 0, false, 0);
	WORLD_UNTIL(raw.handled == 1);
	take();
	assert_int_equal(coap_pdu_get_code(raw.pdu), 0);
	world_advance(5000);
	take();
	assert_int_equal(raw.handled, 2);
	assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(4, 1));
	assert_int_equal(raw.pdu->type, CON);
	assert_true(raw.len <= AMPLIFY_FLOOR);
}

static void
acknowledge(void)
{
	uint8_t ack[4] = { 0x60, 0, (uint8_t)(raw.pdu->mid >> 8),
		(uint8_t)raw.pdu->mid };

	world_raw_send(raw.fd, &w.udp_address, ack, sizeof(ack));
	world_settle();
}

/* The CON goes out five times: a fifth of 3 * 308 bytes. */
static void
a_con_counts_as_often_as_it_may_go_out(void **state)
{
	(void)state;
	w.serve = serve_payload;
	raw.later = 5000;
	for (unsigned more = 0; more < 2; more++) {
		raw.size = 3 * 308 / 5 - 4 - 1 - 1 + more;
		ask(GET, NULL, 0, false, 300);
		take();
		assert_int_equal(coap_pdu_get_code(raw.pdu), 0);
		world_advance(5000);
		take();
		assert_int_equal(raw.pdu->type, CON);
		assert_int_equal(coap_pdu_get_code(raw.pdu),
		    more ? CODE(4, 1) : CODE(2, 5));
		acknowledge();
	}
}

/* By itself, and the application hears of one answer. */
static void
our_client_shows_its_address(void **state)
{
	static const coap_proto_t protos[] = { UDP, COAP_PROTO_TCP };
	unsigned before;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		coap_session_t *s = world_connected(protos[i]);

		block.answer = 20000;
		before = block.added;
		block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.got, 20000);
		assert_int_equal(block.added - before, i == 0 ? 2 : 1);
		world_forget();
		block_request(s, COAP_REQUEST_CODE_GET, 'b', 0);
		world_wait("result");
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(block.added - before, i == 0 ? 3 : 2);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* --- who changes something ------------------------------------------------- */

/* RFC 7252 section 11.3: relatively small blocks. */
static void
what_was_done_is_answered_in_small_blocks(void **state)
{
	coap_block_b_t block2;
	size_t len;

	(void)state;
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(PUT, NULL, 0), CODE(2, 5));
	assert_true(raw.len <= AMPLIFY_FLOOR);
	assert_true(
	    coap_get_block_b(NULL, raw.pdu, COAP_OPTION_BLOCK2, &block2));
	assert_int_equal(block2.num, 0);
	assert_int_equal(block2.m, 1);
	len = pdu_payload_len(raw.pdu);
	assert_int_equal(len, 16 << block2.szx);
	assert_int_equal(raw.handled, 1);
	/* A longer request, a larger block. */
	ask(PUT, NULL, 0, false, 100);
	take();
	assert_in_range(raw.len, 150, 3 * 108);
	assert_int_equal(raw.handled, 2);
}

/* Whether it answers with a payload or with a body, and however long that is:
 * the client gets all of it, and the handler is called once. */
static void
of_small_blocks_our_client_makes_the_whole(void **state)
{
	static const size_t sizes[] = { 10, 100, 1000, 1500, 20000 };
	unsigned before;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		coap_session_t *s = world_connected(UDP);

		block.answer = sizes[i];
		before = block.added;
		block.got = 0;
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 1);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.got, sizes[i]);
		assert_int_equal(block.added - before, 1);
		coap_session_release(s);
		world_advance(400000);
		world_forget();
	}
}

static void
without_blocks_nothing_is_cut(void **state)
{
	(void)state;
	coap_context_set_block_mode(w.server, 0);
	w.serve = serve_payload;
	raw.size = 1000;
	assert_int_equal(ask_code(PUT, NULL, 0), CODE(2, 5));
	assert_true(raw.len > 1000);
	assert_int_equal(ask_code(GET, NULL, 0), CODE(4, 1));
}

/* Its answer's blocks, or lists of those that are missing, come unasked. */
static void
who_sends_by_q_block_shows_his_address_first(void **state)
{
	static const uint8_t codes[] = { PUT, 5 /* FETCH */ };
	static const uint8_t option[] = { 0x06, 0x0e, 0x70, 0x08 };
	static const uint8_t bytes[16];
	const uint8_t *data;
	size_t len;

	(void)state;
	coap_context_set_block_mode(w.server, TRY);
	w.serve = serve_payload;
	for (size_t i = 0; i < sizeof codes * 3; i++) {
		coap_pdu_t *pdu =
		    coap_pdu_init(CON, codes[i % 2], raw.mid++, 1500);

		assert_non_null(pdu);
		assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
		coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		    (const uint8_t *)"x");
		coap_add_option(pdu, COAP_OPTION_Q_BLOCK1, i < 4 ? 1 : 2,
		    option + i / 2);
		coap_add_option(pdu, COAP_OPTION_RTAG, 1, (const uint8_t *)"r");
		assert_true(coap_add_data(pdu, sizeof bytes, bytes));
		assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len),
		    0);
		world_raw_send(raw.fd, &w.udp_address, data, len);
		coap_delete_pdu(pdu);
		take();
		assert_int_equal(coap_pdu_get_code(raw.pdu), CODE(4, 1));
		world_advance(60000);
		assert_int_equal(recv(raw.fd, raw.answer, sizeof raw.answer,
				     MSG_DONTWAIT),
		    -1);
	}
	assert_int_equal(raw.handled, 0);
}

/* By other means than Q-Block, as that has none for it. */
static void
our_client_sends_by_q_block_all_the_same(void **state)
{
	coap_session_t *s;

	(void)state;
	coap_context_set_block_mode(w.client, TRY);
	coap_context_set_block_mode(w.server, TRY);
	for (size_t i = 0; i < 2; i++) {
		s = world_connected(UDP);
		block.answer = 20000;
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.put, 20000);
		assert_int_equal(block.got, 20000);
		world_forget();
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* Without memory it is an error, and nothing long. */
static void
out_of_memory_nothing_long_is_sent(void **state)
{
	bool ok = false;

	(void)state;
	w.serve = serve_payload;
	w.quiet = true;
	raw.size = 1000;
	for (size_t n = 1; n < 200 && !ok; n++) {
		coap_pdu_t *request = coap_pdu_init(CON, PUT, 1, 100);
		coap_pdu_t *response =
		    coap_pdu_init(COAP_MESSAGE_ACK, 0, 1, 1152);

		if (!w.last || w.last->type != COAP_SESSION_TYPE_SERVER)
			ask_code(GET, NULL, 0);
		assert_non_null(w.last);
		serve_payload(w.last, request, response);
		mem_fail_at(n, 0);
		context_enter(w.server);
		amplify_cut(w.last, request, response);
		context_leave(w.server);
		mem_fail_at(0, 0);
		assert_true(4 + response->used <= AMPLIFY_FLOOR);
		ok = coap_pdu_get_code(response) == CODE(2, 5);
		assert_true(ok || coap_pdu_get_code(response) == CODE(5, 0));
		assert_true(n > 1 || !ok);
		coap_delete_pdu(request);
		coap_delete_pdu(response);
	}
	assert_true(ok);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_limit_all_is_answered),
		TEST(a_long_answer_is_for_who_shows_his_address),
		TEST(another_address_is_asked_again),
		TEST(an_old_echo_shows_nothing),
		TEST(up_to_the_limit_nobody_is_asked),
		TEST(who_observes_shows_his_address_first),
		TEST(an_answer_that_comes_later_has_the_limit_too),
		TEST(a_con_counts_as_often_as_it_may_go_out),
		TEST(our_client_shows_its_address),
		TEST(what_was_done_is_answered_in_small_blocks),
		TEST(of_small_blocks_our_client_makes_the_whole),
		TEST(without_blocks_nothing_is_cut),
		TEST(who_sends_by_q_block_shows_his_address_first),
		TEST(our_client_sends_by_q_block_all_the_same),
		TEST(out_of_memory_nothing_long_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
