/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Q-Block where it is hard: peers that keep to no rule, applications that end
 * everything inside a callback, and no memory. Each request ends once, and
 * nothing is left.
 */
#include "session_support.h"

#include <unistd.h>

#include "block_support.h"
#include "exchange/qblock.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define GET COAP_REQUEST_CODE_GET
#define PUT COAP_REQUEST_CODE_PUT
#define TRY                                                \
	(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | \
	    COAP_BLOCK_TRY_Q_BLOCK)

static int
set_up(void **state)
{
	block_up(state);
	coap_context_set_block_mode(w.client, TRY);
	coap_context_set_block_mode(w.server, TRY);
	block.non = true;
	return 0;
}

/* A session that knows that its peer has Q-Block. */
static coap_session_t *
known(coap_proto_t proto)
{
	coap_session_t *s = world_connected(proto);

	s->q_block = QBLOCK_YES;
	return s;
}

/* --- bodies of all sorts -------------------------------------------------- */

static void
lengths_both_ways(void **state)
{
	static const size_t lengths[] = { 0, 1, 1024, 1025, 5000, 10240, 10241,
		20480, BLOCK_BODY };

	(void)state;
	world_all_protocols();
	for (coap_proto_t p = world_next_proto(COAP_PROTO_NONE);
	     p != COAP_PROTO_NONE; p = world_next_proto(p)) {
		coap_session_t *s = world_connected(p);

		for (size_t i = 0; i < 2 * 9; i++) {
			block.non = i & 1;
			block.answer = lengths[i / 2];
			block_request(s, GET, 'a', 0);
			world_wait("result");
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(block.got, lengths[i / 2]);
			world_forget();
			block.answer = 3;
			block_request(s, PUT, 'b', lengths[i / 2]);
			world_wait("result");
			assert_int_equal(world_count("C result b 0 2.05"), 1);
			assert_int_equal(block.put, lengths[i / 2]);
			world_forget();
		}
		/* Over datagrams alone. */
		assert_int_equal(s->q_block,
		    p == UDP || p == COAP_PROTO_DTLS ? QBLOCK_YES
						     : QBLOCK_UNKNOWN);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
streamed_both_ways(void **state)
{
	(void)state;
	block.stream = true;
	for (int i = 0; i < 4; i++) {
		coap_session_t *s = world_connected(UDP);

		/* Of one whose length is not known there is no Size1. */
		block.known = i & 1;
		block.non = i & 2;
		block.answer = BLOCK_BODY;
		block_request(s, PUT, 'a', 30000);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.put, 30000);
		assert_int_equal(block.written, BLOCK_BODY);
		world_forget();
		block_request(s, GET, 'b', 0);
		world_wait("result");
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(block.written, BLOCK_BODY);
		world_forget();
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
bodies_at_the_same_time(void **state)
{
	coap_session_t *s = known(UDP);

	(void)state;
	block.answer = 3;
	for (int c = 'a'; c < 'k'; c++)
		block_request(s, PUT, (char)c, 20000);
	for (int c = 'a'; c < 'k'; c++) {
		char text[] = "result ?";

		text[7] = (char)c;
		world_wait(text);
	}
	assert_int_equal(world_count("S get"), 10);
	assert_int_equal(block.given, block.given_back);
	coap_session_release(s);
}

static void
through_a_bad_network(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 32; seed++) {
		struct block_relay relay;
		coap_session_t *s = block_bad_session(&relay, seed);

		/* A PUT now and then has a long answer, too. */
		block.answer = seed & 2 && !(seed & 4) ? 3 : 20000;

		block.non = seed & 1;
		block_request(s, seed & 2 ? PUT : GET, 'a',
		    seed & 2 ? 20000 : 0);
		while (world_count("C result") == 0)
			world_advance(500);
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		/* Block 0 alone, when it was lost, is asked for as at first. */
		assert_in_range(world_count("S get"), 1, seed & 2 ? 1 : 2);
		assert_int_equal(seed & 2 ? block.put : block.got, 20000);
		assert_int_equal(block.got, block.answer);
		assert_int_equal(block.given, block.given_back);
		coap_session_release(s);
		world_settle();
		block_relay_end(&relay);
		world_forget();
	}
}

/* --- the application ------------------------------------------------------ */

static void
ends_inside_callbacks(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * BLOW_WHERES * BLOW_WHATS * 7; i++) {
		int rest = i / 7;
		coap_session_t *s = known(UDP);

		block.blow_at = (unsigned)(i % 7) + 1;
		block.blow_what = rest % BLOW_WHATS;
		block.blow_where = rest / BLOW_WHATS % BLOW_WHERES;
		block.answer = 15000;
		block.stream = block.blow_where == BLOW_READ ||
		    block.blow_where == BLOW_WRITE;
		block.known = true;
		block.session = s;
		if (rest / BLOW_WHATS / BLOW_WHERES)
			block_request(s, PUT, 'a', 15000);
		else
			block_request(s, GET, 'a', 0);
		for (int k = 0; k < 20; k++)
			world_settle();
		assert_true(world_count("C result") <= 1);
		if (block.session)
			coap_session_release(s);
		block.blow_at = 0;
		block.request = NULL;
		world_settle();
		assert_int_equal(block.given, block.given_back);
		world_forget();
	}
}

static void
a_request_that_is_cancelled(void **state)
{
	(void)state;
	for (int put = 0; put < 2; put++) {
		coap_session_t *s = known(UDP);

		block.answer = BLOCK_BODY;
		block_request(s, put ? PUT : GET, 'a', put ? BLOCK_BODY : 0);
		coap_io_process(w.server, COAP_IO_NO_WAIT);
		coap_io_process(w.client, COAP_IO_NO_WAIT);
		assert_non_null(block.request);
		coapx_request_cancel(block.request);
		block.request = NULL;
		assert_null(s->extra->qblocks);
		/* What still comes is rejected, and the server stops. */
		world_advance(600000);
		assert_int_equal(world_count("C result"), 0);
		assert_int_equal(block.given, block.given_back);
		assert_int_equal(block.added, block.released);
		assert_int_equal(w.server->bodies.used, 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
a_deadline_is_for_the_whole(void **state)
{
	coap_address_t address;
	int fd = world_raw(SOCK_DGRAM, &address);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &address, UDP);

	(void)state;
	s->q_block = QBLOCK_YES;
	block.timeout_ms = 5000;
	block_request(s, PUT, 'a', 20000);
	world_advance(4999);
	assert_int_equal(world_count("C result"), 0);
	world_advance(2);
	assert_int_equal(world_count("C result a -11 0.00"), 1);
	coap_session_release(s);
	close(fd);
}

static void
without_memory(void **state)
{
	(void)state;
	for (size_t n = 1; n < 2 * 250; n++) {
		coap_session_t *s = n & 1 ? known(UDP) : world_connected(UDP);
		bool put = n & 2;

		block.answer = put && n & 8 ? 3 : 13000;
		block.non = n & 4;
		mem_fail_at(n / 2 + 1, 0);
		block_request(s, put ? PUT : GET, 'a', put ? 13000 : 0);
		world_settle();
		mem_fail_at(0, 0);
		if (block.request)
			world_advance(600000);
		assert_null(block.request);
		assert_int_equal(block.given, block.given_back);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* --- a client of the test's ----------------------------------------------- */

static struct {
	int fd;
	coap_address_t address;
	uint16_t mid;
} raw;

static void
raw_begin(void)
{
	raw.fd = world_raw(SOCK_DGRAM, &raw.address);
	raw.mid = 1;
}

static coap_pdu_t *
raw_request(coap_pdu_type_t type, coap_pdu_code_t code)
{
	coap_pdu_t *pdu = pdu_new(type, code, raw.mid++, 1200);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"r"));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
	    (const uint8_t *)"x"));
	return pdu;
}

static void
raw_send(coap_pdu_t *pdu, const coap_address_t *to)
{
	const uint8_t *data;
	size_t len;

	assert_int_equal(pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len), 0);
	world_raw_send(raw.fd, to, data, len);
	coap_delete_pdu(pdu);
	world_settle();
}

/* What came; NULL: nothing. */
static coap_pdu_t *
raw_take(coap_address_t *from)
{
	uint8_t data[1500];
	coap_pdu_t *pdu;
	ssize_t n;

	coap_address_init(from);
	n = recvfrom(raw.fd, data, sizeof data, MSG_DONTWAIT, &from->addr.sa,
	    &from->size);
	if (n <= 0)
		return NULL;
	pdu = pdu_new(CON, 0, 0, (size_t)n);
	assert_int_equal(pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, (size_t)n),
	    0);
	return pdu;
}

static unsigned
raw_answers(unsigned *code)
{
	coap_address_t from;
	coap_pdu_t *pdu;
	unsigned n = 0;

	*code = 0;
	for (pdu = raw_take(&from); pdu; pdu = raw_take(&from)) {
		*code = pdu->code;
		coap_delete_pdu(pdu);
		n++;
	}
	return n;
}

static void
raw_part(uint32_t num, bool m, uint64_t tag, uint64_t size)
{
	static const uint8_t bytes[64] = { 1 };
	coap_pdu_t *pdu = raw_request(NON, PUT);

	qblock_add(pdu, COAP_OPTION_Q_BLOCK1, num, m, 2);
	if (tag)
		block_add_uint(pdu, COAP_OPTION_RTAG, tag);
	if (size)
		block_add_uint(pdu, COAP_OPTION_SIZE1, size);
	assert_true(coap_add_data(pdu, 64, bytes));
	raw_send(pdu, world_address(UDP));
}

static void
raw_ask(const char *blocks)
{
	coap_pdu_t *pdu = raw_request(NON, GET);
	unsigned num, m;
	int n;

	while (sscanf(blocks, "%u/%u%n", &num, &m, &n) == 2) {
		assert_true(qblock_add(pdu, COAP_OPTION_Q_BLOCK2, num, m, 2));
		blocks += n;
	}
	raw_send(pdu, world_address(UDP));
}

static void
requests_that_break_the_rules(void **state)
{
	coap_pdu_t *pdu;
	unsigned code;

	(void)state;
	raw_begin();
	raw_part(0, true, 0, 1000);
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_BAD_REQUEST);
	/* With Block2. */
	pdu = raw_request(NON, GET);
	qblock_add(pdu, COAP_OPTION_BLOCK2, 0, false, 2);
	qblock_add(pdu, COAP_OPTION_Q_BLOCK2, 0, true, 2);
	raw_send(pdu, world_address(UDP));
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_BAD_OPTION);
	/* Not ascending, or twice. */
	raw_ask("4/0 4/0");
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_BAD_REQUEST);
	/* More than the server takes. */
	raw_part(0, true, 8, (uint64_t)1 << 30);
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE);
	/* A block that has not the size it names. */
	raw_part(1, false, 9, 100);
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(w.server->bodies.used, 0);
	close(raw.fd);
}

/* Without Size1 only what must be there is asked for. */
static void
a_body_of_unknown_size(void **state)
{
	coap_address_t from;
	coap_pdu_t *pdu;

	(void)state;
	raw_begin();
	raw_part(0, true, 7, 0);
	raw_part(2, true, 7, 0);
	assert_null(raw_take(&from));
	world_advance(4000);
	pdu = raw_take(&from);
	assert_non_null(pdu);
	assert_true(qblock_is_missing(pdu));
	assert_int_equal(pdu_payload_len(pdu), 1);
	assert_int_equal(pdu->data[0], 1);
	coap_delete_pdu(pdu);
	assert_null(raw_take(&from));
	close(raw.fd);
}

/* Each block once, however often it is asked for; no more than a set. */
static void
overlaps_are_answered_once(void **state)
{
	unsigned code;

	(void)state;
	raw_begin();
	block.answer = 64 * 25;
	raw_ask("0/1");
	assert_int_equal(raw_answers(&code), 10);
	raw_ask("3/1 4/0 5/0 9/0");
	assert_int_equal(raw_answers(&code), 7);
	raw_ask("10/1");
	assert_int_equal(raw_answers(&code), 10);
	raw_ask("0/0 2/1 5/0 12/1 13/1 14/0");
	assert_int_equal(raw_answers(&code), 10);
	/* What comes next is sent in its turn; behind the end is nothing. */
	raw_ask("22/0");
	assert_int_equal(raw_answers(&code), 0);
	raw_ask("25/0 1048575/1");
	assert_int_equal(raw_answers(&code), 1);
	assert_int_equal(code, COAP_RESPONSE_CODE_BAD_REQUEST);
	world_advance(3001);
	assert_int_equal(raw_answers(&code), 5);
	assert_int_equal(world_count("S get"), 1);
	world_advance(250000);
	assert_int_equal(block.added, block.released);
	close(raw.fd);
}

/* RFC 9177 figure 7: block 1 of three does not come, whatever is asked. */
static void
a_body_that_stays_incomplete(void **state)
{
	static const unsigned waits[] = { 4000, 8000, 16000, 32000 };
	coap_address_t from;
	coap_pdu_t *pdu;

	(void)state;
	raw_begin();
	raw_part(0, true, 12, 192);
	raw_part(2, false, 12, 192);
	for (unsigned i = 0; i < 4; i++) {
		world_advance(waits[i] - 1);
		assert_null(raw_take(&from));
		world_advance(1);
		pdu = raw_take(&from);
		assert_non_null(pdu);
		assert_int_equal(pdu->type, NON);
		assert_int_equal(pdu->code, COAP_RESPONSE_CODE_INCOMPLETE);
		assert_true(qblock_is_missing(pdu));
		assert_int_equal(pdu_payload_len(pdu), 1);
		assert_int_equal(pdu->data[0], 1);
		coap_delete_pdu(pdu);
		assert_int_equal(w.last->extra->bodies->n_in, 1);
	}
	world_advance(64000 - 1);
	assert_int_equal(w.last->extra->bodies->n_in, 1);
	world_advance(1);
	assert_null(raw_take(&from));
	assert_int_equal(w.last->extra->bodies->n_in, 0);
	assert_int_equal(w.server->bodies.used, 0);
	assert_int_equal(world_count("S get"), 0);
	close(raw.fd);
}

/* RFC 9177 section 4.3: a FETCH in blocks registers an observer, and what
 * follows has the token of its last payload. */
static void
a_fetch_in_blocks_observes(void **state)
{
	uint8_t bytes[128];
	coap_resource_t *x =
	    coap_get_resource_from_uri_path(w.server, coap_make_str_const("x"));
	coap_address_t from;
	coap_pdu_t *pdu;

	(void)state;
	raw_begin();
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	block.answer = 5;
	coap_resource_set_get_observable(x, 1);
	for (unsigned i = 0; i < 2; i++) {
		pdu = raw_request(NON, COAP_REQUEST_CODE_FETCH);
		pdu->token[0] = i ? 's' : 'r';
		assert_true(
		    coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL) > 0);
		assert_true(coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1,
				(const uint8_t *)"*") > 0);
		qblock_add(pdu, COAP_OPTION_Q_BLOCK1, i, i == 0, 2);
		block_add_uint(pdu, COAP_OPTION_RTAG, 30);
		block_add_uint(pdu, COAP_OPTION_SIZE1, 128);
		assert_true(coap_add_data(pdu, 64, bytes + 64 * i));
		raw_send(pdu, world_address(UDP));
	}
	for (unsigned i = 0; i < 2; i++) {
		pdu = raw_take(&from);
		assert_non_null(pdu);
		assert_int_equal(pdu->code, COAP_RESPONSE_CODE_CONTENT);
		assert_true(qblock_has(pdu, COAP_OPTION_OBSERVE));
		assert_int_equal(pdu->token_len, 1);
		assert_int_equal(pdu->token[0], 's');
		coap_delete_pdu(pdu);
		coap_resource_notify_observers(x, NULL);
		world_settle();
	}
	close(raw.fd);
}

/* The body is kept no longer: what is asked for is answered anew. */
static void
a_body_that_is_gone(void **state)
{
	unsigned code;

	(void)state;
	raw_begin();
	block.answer = 64 * 25;
	raw_ask("3/0 7/0");
	assert_int_equal(raw_answers(&code), 2);
	assert_int_equal(code, COAP_RESPONSE_CODE_CONTENT);
	raw_ask("20/1");
	assert_int_equal(raw_answers(&code), 5);
	assert_int_equal(world_count("S get"), 1);
	close(raw.fd);
}

/* As many bodies as a peer likes, of which nothing more comes. */
static void
bodies_that_are_begun(void **state)
{
	unsigned code;
	unsigned n;

	(void)state;
	raw_begin();
	for (unsigned i = 0; i < 200; i++)
		raw_part(i % 2 ? 40 : 0, true, i + 1, 64 * 1000);
	raw_answers(&code);
	assert_true(w.last->extra->bodies->n_in <= BODIES_MAX);
	assert_true(w.server->bodies.used < BODIES_MAX * 1024);
	/* They are asked for, and then forgotten. */
	world_advance(300000);
	n = raw_answers(&code);
	assert_true(n >= BODIES_MAX && n <= BODIES_MAX * 5);
	assert_int_equal(code, COAP_RESPONSE_CODE_INCOMPLETE);
	assert_int_equal(w.last->extra->bodies->n_in, 0);
	assert_int_equal(w.server->bodies.used, 0);
	assert_int_equal(world_count("S get"), 0);
	close(raw.fd);
}

/* A Reset says that nobody wants it. */
/* RFC 9177 section 4.3: the client has stopped, and knows the token no more. */
static void
a_reset_of_a_list_ends_the_body(void **state)
{
	coap_address_t from;
	coap_pdu_t *pdu;
	unsigned code;

	(void)state;
	raw_begin();
	raw_part(0, true, 12, 192);
	raw_part(2, false, 12, 192);
	world_advance(4000);
	pdu = raw_take(&from);
	assert_non_null(pdu);
	assert_int_equal(w.last->extra->bodies->n_in, 1);
	raw_send(pdu_new(COAP_MESSAGE_RST, 0, pdu->mid, 0), world_address(UDP));
	coap_delete_pdu(pdu);
	assert_int_equal(w.last->extra->bodies->n_in, 0);
	world_advance(600000);
	assert_int_equal(raw_answers(&code), 0);
	close(raw.fd);
}

static void
a_reset_ends_it(void **state)
{
	coap_address_t from;
	coap_pdu_t *pdu;
	unsigned code;
	uint16_t mid;

	(void)state;
	raw_begin();
	block.answer = 64 * 25;
	raw_ask("0/1");
	pdu = raw_take(&from);
	assert_non_null(pdu);
	mid = pdu->mid;
	coap_delete_pdu(pdu);
	assert_int_equal(raw_answers(&code), 9);
	raw_send(pdu_new(COAP_MESSAGE_RST, 0, mid, 0), world_address(UDP));
	assert_int_equal(block.released, 1);
	world_advance(600000);
	assert_int_equal(raw_answers(&code), 0);
	close(raw.fd);
}

/* --- a server of the test's ----------------------------------------------- */

/* Takes a request, and answers block num of it with this tag. */
static void
raw_answer(uint32_t num, bool m, uint8_t etag, size_t len, uint64_t size)
{
	static const uint8_t bytes[1024] = { 2 };
	static coap_address_t to;
	static uint8_t token[8];
	static size_t token_len;
	coap_address_t from;
	coap_pdu_t *request = raw_take(&from);
	coap_pdu_t *pdu = pdu_new(NON, 69, raw.mid++, 1200);

	if (request) {
		token_len = request->token_len;
		memcpy(token, request->token, token_len);
		to = from;
		coap_delete_pdu(request);
	}
	assert_true(coap_add_token(pdu, token_len, token));
	coap_add_option(pdu, COAP_OPTION_ETAG, 1, &etag);
	qblock_add(pdu, COAP_OPTION_Q_BLOCK2, num, m, 6);
	if (size)
		block_add_uint(pdu, COAP_OPTION_SIZE2, size);
	if (len)
		assert_true(coap_add_data(pdu, len, bytes));
	raw_send(pdu, &to);
}

static coap_session_t *
raw_server(void)
{
	coap_session_t *s;

	raw_begin();
	s = coap_new_client_session(w.client, NULL, &raw.address, UDP);
	assert_non_null(s);
	world_settle();
	world_forget();
	s->q_block = QBLOCK_YES;
	block.stream = false;
	return s;
}

static void
answers_that_break_the_rules(void **state)
{
	static const struct {
		uint32_t num;
		bool m;
		uint8_t etag;
		size_t len;
		uint64_t size;
		int err; /* 0: it goes on */
	} rows[] = {
		{ 1, true, 1, 1024, 5000, 0 },
		{ 0, true, 1, 1023, 5000, -COAP_E_BAD_RESPONSE },
		{ 1, true, 1, 0, 5000, -COAP_E_BAD_RESPONSE },
		{ 1, false, 1, 1024, 5000, -COAP_E_BAD_RESPONSE },
		{ 7, true, 1, 1024, 5000, -COAP_E_BAD_RESPONSE },
		{ 1, true, 1, 1024, 5001, -COAP_E_BAD_RESPONSE },
		{ 1, true, 1, 1024, 0, -COAP_E_BAD_RESPONSE },
		{ QBLOCK_NUM_MAX, true, 1, 1024, 5000, -COAP_E_BAD_RESPONSE },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		coap_session_t *s = raw_server();

		block_request(s, GET, 'a', 0);
		raw_answer(2, true, 1, 1024, 5000);
		assert_int_equal(world_count("C result"), 0);
		raw_answer(rows[i].num, rows[i].m, rows[i].etag, rows[i].len,
		    rows[i].size);
		snprintf(text, sizeof text, "C result a %d", rows[i].err);
		if (rows[i].err)
			assert_int_equal(world_count(text), 1);
		world_advance(600000);
		assert_int_equal(world_count("C result"), 1);
		assert_int_equal(w.client->answers.used, 0);
		coap_session_release(s);
		close(raw.fd);
		world_settle();
		world_forget();
	}
}

/* Another body with each block: it begins anew once, and then ends. */
static void
a_body_that_never_stays(void **state)
{
	coap_session_t *s = raw_server();

	(void)state;
	block_request(s, GET, 'a', 0);
	raw_answer(0, true, 1, 1024, 5000);
	raw_answer(1, true, 2, 1024, 5000);
	assert_int_equal(world_count("C result"), 0);
	/* What is left of the old one is no news. */
	raw_answer(2, true, 1, 1024, 5000);
	assert_int_equal(world_count("C result"), 0);
	raw_answer(0, true, 2, 1024, 5000);
	raw_answer(1, true, 3, 1024, 5000);
	world_settle();
	assert_int_equal(world_count("C result a"), 1);
	coap_session_release(s);
	close(raw.fd);
}

/* One block, and then silence: four times it is asked for more. */
static void
a_server_that_stops(void **state)
{
	coap_session_t *s = raw_server();
	coap_address_t from;
	struct qblock_asked asked;
	coap_pdu_t *pdu;
	unsigned n = 0;

	(void)state;
	block_request(s, GET, 'a', 0);
	raw_answer(0, true, 1, 1024, 1024 * 200);
	while (world_count("C result") == 0) {
		world_advance(1000);
		pdu = raw_take(&from);
		if (!pdu)
			continue;
		n++;
		assert_int_equal(qblock_read_asked(pdu, &asked), 0);
		assert_int_equal(asked.n, 9);
		assert_int_equal(asked.ask[0].num, 1);
		assert_int_equal(asked.ask[8].num, 9);
		coap_delete_pdu(pdu);
	}
	assert_int_equal(n, 4);
	assert_int_equal(world_count("C result a -11 0.00"), 1);
	coap_session_release(s);
	close(raw.fd);
}

/* 4.08 with lists of all sorts does not make it send more than it should. */
static void
lists_that_ask_for_everything(void **state)
{
	static const uint8_t lists[][4] = { { 0x1A, 0xFF }, { 9, 3 },
		{ 0x18, 200 }, { 0xA0 } };
	coap_session_t *s = raw_server();
	coap_address_t from;
	unsigned code;

	(void)state;
	block_request(s, PUT, 'a', 5000);
	world_settle();
	coap_pdu_t *last = NULL;
	for (coap_pdu_t *p = raw_take(&from); p; p = raw_take(&from)) {
		coap_address_t keep = from;

		coap_delete_pdu(last);
		last = p;
		raw.address = keep;
	}
	assert_non_null(last);
	for (size_t i = 0; i < 4; i++) {
		coap_pdu_t *pdu = pdu_new(NON, 136, raw.mid++, 1200);

		assert_true(coap_add_token(pdu, last->token_len, last->token));
		block_add_uint(pdu, COAP_OPTION_CONTENT_FORMAT, 272);
		assert_true(coap_add_data(pdu, 2, lists[i]));
		raw_send(pdu, &raw.address);
		assert_int_equal(raw_answers(&code), 0);
		assert_int_equal(world_count("C result"), 0);
	}
	coap_delete_pdu(last);
	coap_session_release(s);
	close(raw.fd);
	world_settle();
	assert_int_equal(block.given, block.given_back);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, block_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lengths_both_ways),
		TEST(streamed_both_ways),
		TEST(bodies_at_the_same_time),
		TEST(through_a_bad_network),
		TEST(ends_inside_callbacks),
		TEST(a_request_that_is_cancelled),
		TEST(a_deadline_is_for_the_whole),
		TEST(without_memory),
		TEST(requests_that_break_the_rules),
		TEST(a_body_of_unknown_size),
		TEST(overlaps_are_answered_once),
		TEST(a_body_that_stays_incomplete),
		TEST(a_fetch_in_blocks_observes),
		TEST(a_body_that_is_gone),
		TEST(bodies_that_are_begun),
		TEST(a_reset_of_a_list_ends_the_body),
		TEST(a_reset_ends_it),
		TEST(answers_that_break_the_rules),
		TEST(a_body_that_never_stays),
		TEST(a_server_that_stops),
		TEST(lists_that_ask_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
