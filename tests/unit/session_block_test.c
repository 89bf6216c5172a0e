/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies in blocks between a client and a server on loopback: each is asked
 * for and answered once, whatever the network does to the messages.
 */
#include "session_support.h"

#include <unistd.h>

#include "block_support.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static const coap_proto_t protos[] = { UDP, TCP };

static void
downloads(void **state)
{
	static const size_t lengths[] = { 0, 1, 1024, 1025, 1149, 5000,
		BLOCK_BODY };

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (size_t i = 0; i < 7; i++) {
			block.answer = lengths[i];
			block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
			world_wait("result");
			assert_int_equal(world_count("S get"), 1);
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(block.got, lengths[i]);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
	}
}

static void
uploads(void **state)
{
	static const size_t lengths[] = { 0, 1, 1024, 1149, 5000, BLOCK_BODY };

	(void)state;
	block.answer = 3;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (size_t i = 0; i < 6; i++) {
			block_request(s, COAP_REQUEST_CODE_PUT, 'a',
			    lengths[i]);
			world_wait("result");
			assert_int_equal(world_count("S get"), 1);
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(block.put, lengths[i]);
			assert_int_equal(block.given, block.given_back);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
	}
}

/* RFC 8132: what a FETCH or iPATCH says, and what comes back, in blocks. */
static void
fetch_and_ipatch_both_ways(void **state)
{
	static const coap_pdu_code_t codes[] = { COAP_REQUEST_CODE_FETCH,
		COAP_REQUEST_CODE_IPATCH };

	(void)state;
	block.answer = 20000;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (size_t i = 0; i < 4; i++) {
			size_t length = i < 2 ? 5000 : 10;

			block_request(s, codes[i % 2], 'a', length);
			world_wait("result");
			assert_int_equal(world_count("S get"), 1);
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(block.put, length);
			assert_int_equal(block.got, 20000);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
	}
}

static void
both_ways_through_a_bad_network(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	unsigned again = 0;

	(void)state;
	block.answer = 20000;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct block_relay relay;
		coap_session_t *s = block_bad_session(&relay, seed);

		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
		while (world_count("C result") == 0)
			world_advance(500);
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(world_count("S get"), 1);
		assert_int_equal(block.got, 20000);
		assert_int_equal(block.put, 20000);
		assert_int_equal(block.given, block.given_back);
		assert_int_equal(coapx_session_get_info(s, &info), 0);
		again += block.retransmits;
		assert_int_equal(block.left, 1);
		assert_int_equal(block.retransmits, info.retransmits);
		coap_session_release(s);
		world_settle();
		block_relay_end(&relay);
		world_forget();
	}
	assert_true(again > 0);
}

/* libcoap's way: the handlers of the context. */
static void
one_response_handler_for_the_whole(void **state)
{
	(void)state;
	block.answer = 20000;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		block_send(s, COAP_REQUEST_CODE_PUT, 'b', 5000);
		world_wait("C 2.05 b");
		assert_int_equal(world_count("C 2.05"), 1);
		assert_int_equal(block.got, 20000);
		assert_int_equal(block.put, 5000);
		assert_int_equal(block.given, block.given_back);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
each_part_to_handlers(void **state)
{
	(void)state;
	block.answer = 5000;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	coap_context_set_block_mode(w.server, COAP_BLOCK_USE_LIBCOAP);
	coap_session_t *s = world_connected(UDP);

	block_send(s, COAP_REQUEST_CODE_PUT, 'b', 5000);
	WORLD_UNTIL(block.got == 5000);
	assert_int_equal(world_count("C 2.05 b"), 5);
	assert_int_equal(world_count("S get"), 5);
	assert_int_equal(block.put, 5000);
	coap_session_release(s);
}

/* A handler that does not want a part gets no more of them. */
static void
a_part_that_is_refused(void **state)
{
	(void)state;
	block.answer = 5000;
	block.refuse = true;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		block_send(s, COAP_REQUEST_CODE_GET, 'b', 0);
		world_wait("C 2.05 b");
		world_settle();
		world_advance(300000);
		assert_int_equal(world_count("C 2.05 b"), 1);
		assert_int_equal(world_count("C nack"), 0);
		assert_true(block.got < 5000);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
without_the_mode_blocks_are_the_applications(void **state)
{
	(void)state;
	block.answer = 5000;
	coap_context_set_block_mode(w.client, 0);
	coap_session_t *s = world_connected(UDP);

	block_send(s, COAP_REQUEST_CODE_GET, 'b', 0);
	world_wait("C 2.05 b");
	world_settle();
	assert_int_equal(world_count("C 2.05 b"), 1);
	assert_int_equal(block.got, 1024);
	world_forget();
	/* Requests with a handler of their own go on all the same. */
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_wait("result");
	assert_int_equal(block.got, 5000);
	world_forget();
	block.flags = COAPX_REQUEST_NO_BLOCKS;
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_wait("result");
	assert_int_equal(block.got, 1024);
	coap_session_release(s);
}

static void
a_body_over_the_ceiling(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		coapx_context_set_max_body_size(w.server, 4000);
		block.answer = 3;
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', BLOCK_BODY);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 4.13"), 1);
		assert_int_equal(world_count("S get"), 0);
		coapx_context_set_max_body_size(w.client, 4000);
		block.answer = BLOCK_BODY;
		world_forget();
		block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
		world_wait("result");
		assert_int_equal(world_count("C result a -5 0.00"), 1);
		coapx_context_set_max_body_size(w.client, 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
	assert_int_equal(w.server->bodies.used, 0);
	assert_int_equal(w.client->bodies.used, 0);
}

static void
a_size_that_was_set(void **state)
{
	(void)state;
	assert_int_equal(coap_context_set_max_block_size(w.client, 63), 0);
	assert_int_equal(coap_context_set_max_block_size(w.client, 2048), 0);
	assert_int_equal(coap_context_set_max_block_size(w.client, 8), 0);
	assert_int_equal(coap_context_set_max_block_size(NULL, 64), 0);
	assert_int_equal(coap_context_set_max_block_size(w.client, 64), 1);
	block.answer = 640;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		w.server->clock = w.client->clock;
		block.blocks = 0;
		block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
		world_wait("result");
		assert_int_equal(block.got, 640);
		/* The first is in none of them, the last is told twice. */
		assert_int_equal(block.blocks, 10);
		world_forget();
		block.blocks = 0;
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 640);
		world_wait("result");
		assert_int_equal(block.put, 640);
		assert_true(block.blocks >= 10);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
streamed_both_ways(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (int known = 0; known < 2; known++) {
			block.answer = BLOCK_BODY;
			block.stream = true;
			block.known = known;
			block_request(s, COAP_REQUEST_CODE_PUT, 'a', 5000);
			world_wait("result");
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(block.put, 5000);
			assert_int_equal(block.written, BLOCK_BODY);
			assert_int_equal(block.got, 0);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
progress_is_told_in_order(void **state)
{
	(void)state;
	block.answer = 5000;
	coap_session_t *s = world_connected(UDP);
	block_request(s, COAP_REQUEST_CODE_PUT, 'a', 5000);
	world_wait("result");
	assert_int_equal(block.told.sent, 5000);
	assert_int_equal(block.told.sent_total, 5000);
	assert_int_equal(block.told.received, 5000);
	assert_int_equal(block.told.received_total, 5000);
	assert_int_equal(block.blocks, 4 + 1 + 4);
	assert_int_equal(block.left, 1);
	coap_session_release(s);
}

/* Two bodies for one resource at the same time. */
static void
bodies_at_the_same_time(void **state)
{
	(void)state;
	block.answer = 3;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		coap_session_set_nstart(s, 4);
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
		block_request(s, COAP_REQUEST_CODE_PUT, 'b', 20000);
		block_request(s, COAP_REQUEST_CODE_PUT, 'c', 20000);
		world_wait("result a");
		world_wait("result b");
		world_wait("result c");
		assert_int_equal(world_count("S get"), 3);
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(world_count("C result c 0 2.05"), 1);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* --- ends ---------------------------------------------------------------- */

static void
a_deadline_is_for_the_whole(void **state)
{
	int fd;
	coap_address_t address;

	(void)state;
	fd = world_raw(SOCK_DGRAM, &address);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &address, UDP);
	world_settle();
	world_forget();
	block.timeout_ms = 5000;
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_settle();
	/* A block every second: no single one is late. */
	for (unsigned i = 0; i < 4; i++) {
		block_raw_answer(fd, i, true);
		world_settle();
		world_advance(1100);
	}
	world_advance(1100);
	assert_int_equal(world_count("C result a -11 0.00"), 1);
	coap_session_release(s);
	close(fd);
}

static void
ends_inside_callbacks(void **state)
{
	(void)state;
	for (int where = 0; where < BLOW_WHERES; where++) {
		for (int what = 0; what < BLOW_WHATS; what++) {
			for (unsigned at = 1; at <= 7; at++) {
				coap_session_t *s =
				    world_connected(protos[at & 1]);

				block.answer = 5000;
				block.stream =
				    where == BLOW_READ || where == BLOW_WRITE;
				block.known = true;
				block.blow_where = where;
				block.blow_what = what;
				block.blow_at = at;
				block.session = s;
				block_request(s, COAP_REQUEST_CODE_PUT, 'a',
				    5000);
				for (int i = 0; i < 10; i++)
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
	}
}

static void
a_session_that_is_lost_ends_once(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		for (unsigned n = 0; n < 12; n++) {
			coap_session_t *s = world_connected(*p);

			block.answer = 5000;
			block_request(s, COAP_REQUEST_CODE_PUT, 'a', 5000);
			for (unsigned i = 0; i < n; i++) {
				coap_io_process(w.client, COAP_IO_NO_WAIT);
				coap_io_process(w.server, COAP_IO_NO_WAIT);
			}
			coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
			world_settle();
			assert_int_equal(world_count("C result"), 1);
			assert_int_equal(block.given, block.given_back);
			coap_session_release(s);
			world_settle();
			world_forget();
		}
	}
}

/* Without tags the bodies would be mixed; a payload is cut, too. */
static void
payloads_in_blocks_at_the_same_time(void **state)
{
	(void)state;
	block.answer = 3;
	block.block_size = 64;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);
		unsigned before = block.blocks;

		coap_session_set_nstart(s, 4);
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 640);
		block_request(s, COAP_REQUEST_CODE_PUT, 'b', 600);
		world_wait("result a");
		world_wait("result b");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(world_count("S get"), 2);
		assert_int_equal(block.blocks - before, 20);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static struct {
	uint8_t tag[8]; /* Request-Tag of the last body */
	size_t len;
	unsigned n; /* bodies */
} tagged;

static void
serve_tagged(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt =
	    coap_check_option(request, COAP_OPTION_RTAG, &oi);

	(void)session;
	tagged.n++;
	tagged.len = opt ? coap_opt_length(opt) : 0;
	assert_true(tagged.len <= sizeof tagged.tag);
	if (tagged.len > 0)
		memcpy(tagged.tag, coap_opt_value(opt), tagged.len);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

/* RFC 9175 section 3.5.1: over DTLS no body has the tag of one before. */
static void
bodies_over_dtls_have_tags(void **state)
{
	coap_proto_t p = COAP_PROTO_NONE;
	uint8_t before[8];

	(void)state;
	world_all_protocols();
	w.serve = serve_tagged;
	while ((p = world_next_proto(p)) != COAP_PROTO_NONE) {
		coap_session_t *s = world_connected(p);

		tagged.n = 0;
		for (unsigned i = 0; i < 3; i++) {
			memcpy(before, tagged.tag, sizeof before);
			tagged.len = 0;
			block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
			world_wait("result");
			assert_int_equal(tagged.n, i + 1);
			world_forget();
			if (p != COAP_PROTO_DTLS) {
				assert_int_equal(tagged.len, 0);
				continue;
			}
			assert_int_equal(tagged.len, 1);
			if (i > 0)
				assert_int_not_equal(tagged.tag[0], before[0]);
		}
		/* What is no part of a body has none. */
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20);
		world_wait("result");
		assert_int_equal(tagged.n, 4);
		assert_int_equal(tagged.len, 0);
		world_forget();
		coap_session_release(s);
		world_settle();
	}
}

/* Both ends of a stream say that they take BERT: 3 KiB fit into a message. */
static void
a_stream_has_larger_blocks(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_session_t *s = world_connected(TCP);

	(void)state;
	block.answer = BLOCK_BODY;
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.csm_peer_block_wise, 1);
	block_request(s, COAP_REQUEST_CODE_PUT, 'a', BLOCK_BODY);
	world_wait("result");
	assert_int_equal(block.put, BLOCK_BODY);
	assert_int_equal(block.got, BLOCK_BODY);
	/* 20 parts each way, of which one is in both. */
	assert_int_equal(block.blocks, 2 * 20 - 1);
	coap_session_release(s);
}

static void
a_session_that_is_down_keeps_no_body(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_session_t *held;

	(void)state;
	block.answer = 5000;
	block.flags = COAPX_REQUEST_NO_BLOCKS;
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_wait("result");
	assert_int_equal(block.released, 0);
	held = coap_session_reference(w.last);
	coap_session_disconnected(held, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(block.released, 1);
	coap_session_release(held);
	coap_session_release(s);
}

/* libcoap's way: one nack, of the application's own message. */
static void
a_nack_is_of_the_whole(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		block.answer = BLOCK_BODY;
		block_send(s, COAP_REQUEST_CODE_PUT, 'n', BLOCK_BODY);
		for (unsigned i = 0; i < 4; i++) {
			coap_io_process(w.client, COAP_IO_NO_WAIT);
			coap_io_process(w.server, COAP_IO_NO_WAIT);
		}
		assert_int_equal(block.given_back, block.given - 1);
		coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
		world_settle();
		assert_int_equal(world_count("C nack not-deliverable n"), 1);
		assert_int_equal(world_count("C nack"), 1);
		assert_int_equal(block.given, block.given_back);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* What was not sent when the connection went is sent by the next one. */
static void
a_body_waits_for_a_connection(void **state)
{
	coap_session_t *s;

	(void)state;
	block.answer = 20000;
	s = world_session(TCP);
	block_request(s, COAP_REQUEST_CODE_PUT, 'a', 20000);
	world_wait("result");
	assert_int_equal(world_count("C result a 0 2.05"), 1);
	assert_int_equal(block.put, 20000);
	assert_int_equal(block.got, 20000);
	world_forget();
	coapx_session_set_reconnect(s, 1, 0);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	block_request(s, COAP_REQUEST_CODE_PUT, 'b', 20000);
	while (world_count("C result") == 0)
		world_advance(500);
	assert_int_equal(world_count("C result b 0 2.05"), 1);
	assert_int_equal(block.got, 20000);
	coap_session_release(s);
}

/* The response of coap_send_recv() has its body longer than anything else. */
static void
a_response_that_is_kept(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_pdu_t *kept = NULL;

	(void)state;
	block.answer = 20000;
	block.keep = &kept;
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_wait("result");
	coap_session_release(s);
	world_settle();
	assert_non_null(kept);
	block_check(kept);
	assert_int_equal(block.got, 20000);
	coap_delete_pdu(kept);
}

/* What a client left behind goes when its time is over. */
static void
a_server_forgets(void **state)
{
	(void)state;
	block.answer = BLOCK_BODY;
	coap_session_t *s = world_connected(UDP);

	block.flags = COAPX_REQUEST_NO_BLOCKS;
	block_request(s, COAP_REQUEST_CODE_GET, 'a', 0);
	world_wait("result");
	assert_int_equal(block.added - block.released, 1);
	world_advance(246000);
	assert_int_equal(block.added - block.released, 1);
	world_advance(2000);
	assert_int_equal(block.added - block.released, 0);
	coap_session_release(s);
}

static void
without_memory(void **state)
{
	(void)state;
	block.answer = 5000;
	for (size_t n = 1; n < 400; n++) {
		coap_session_t *s = world_connected(UDP);

		mem_fail_at(n, 0);
		block_request(s, COAP_REQUEST_CODE_PUT, 'a', 5000);
		world_settle();
		mem_fail_at(0, 0);
		if (block.request)
			world_advance(400000);
		assert_int_equal(block.given, block.given_back);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* Who wants no response still wants to know that it can go on. */
static void
a_body_without_response(void **state)
{
	static uint8_t body[5000];
	coap_session_t *s = world_connected(UDP);
	coap_pdu_t *pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_PUT, s);
	const uint8_t success = 2;

	(void)state;
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"n"));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
	    (const uint8_t *)"x"));
	assert_true(coap_add_option(pdu, COAP_OPTION_NORESPONSE, 1, &success));
	assert_true(
	    coap_add_data_large_request(s, pdu, sizeof body, body, NULL, NULL));
	assert_int_not_equal(coap_send(s, pdu), COAP_INVALID_MID);
	for (int i = 0; i < 10; i++)
		world_settle();
	assert_int_equal(block.put, sizeof body);
	assert_int_equal(world_count("C 2."), 0);
	coap_session_release(s);
}

/* A handler of parts gets all of them, one after the other, or a nack. */
static void
no_part_is_missing_without_memory(void **state)
{
	(void)state;
	block.answer = 3000;
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	for (size_t n = 1; n < 120; n++) {
		coap_session_t *s = world_connected(UDP);

		block_send(s, COAP_REQUEST_CODE_GET, 'p', 0);
		mem_fail_at(n, 0);
		for (int i = 0; i < 8; i++)
			world_settle();
		mem_fail_at(0, 0);
		if (world_count("C nack") == 0)
			world_advance(400000);
		if (block.got == 3000)
			assert_int_equal(world_count("C 2.05 p"), 3);
		coap_session_release(s);
		world_settle();
		world_forget();
		block.got = 0;
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, block_up, block_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(downloads),
		TEST(uploads),
		TEST(fetch_and_ipatch_both_ways),
		TEST(both_ways_through_a_bad_network),
		TEST(one_response_handler_for_the_whole),
		TEST(each_part_to_handlers),
		TEST(a_part_that_is_refused),
		TEST(without_the_mode_blocks_are_the_applications),
		TEST(a_body_over_the_ceiling),
		TEST(a_size_that_was_set),
		TEST(streamed_both_ways),
		TEST(progress_is_told_in_order),
		TEST(bodies_at_the_same_time),
		TEST(a_deadline_is_for_the_whole),
		TEST(ends_inside_callbacks),
		TEST(a_session_that_is_lost_ends_once),
		TEST(payloads_in_blocks_at_the_same_time),
		TEST(bodies_over_dtls_have_tags),
		TEST(a_stream_has_larger_blocks),
		TEST(a_session_that_is_down_keeps_no_body),
		TEST(a_nack_is_of_the_whole),
		TEST(a_body_waits_for_a_connection),
		TEST(a_response_that_is_kept),
		TEST(a_server_forgets),
		TEST(without_memory),
		TEST(a_body_without_response),
		TEST(no_part_is_missing_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
