/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads that go on where an earlier one broke (RFC 7959 section 2.4), and
 * what the end of a request says of how far its bodies came.
 */
#include "session_support.h"

#include <sys/socket.h>
#include <unistd.h>

#include "block_support.h"
#include "wire/pdu.h"

#define GET COAP_REQUEST_CODE_GET
#define PUT COAP_REQUEST_CODE_PUT
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static const coap_proto_t protos[] = { UDP, TCP };

/* A whole body is had; the next request goes on at the offset. */
static void
resume_up(coap_session_t *s, size_t length, size_t offset)
{
	block.stream = true;
	block.offset = 0;
	block.answer = length;
	block_request(s, GET, 'a', 0);
	world_wait("result");
	assert_int_equal(block.written, length);
	assert_true(block.moved && block.came.etag_length > 0);
	assert_int_equal(block.came.received, length);
	block.etag_length = block.told_etag_length;
	memcpy(block.etag, block.told_etag, block.etag_length);
	block.offset = offset;
	block.blocks = 0;
	world_forget();
}

static void
goes_on_at_the_offset(void **state)
{
	static const size_t offsets[] = { 16, 1024, 48 * 1024, 4096 + 64,
		BLOCK_BODY - 32 };

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
			resume_up(s, BLOCK_BODY, offsets[i]);
			block_request(s, GET, 'b', 0);
			assert_non_null(block.request);
			world_wait("result");
			assert_int_equal(world_count("C result b 0 2.05"), 1);
			assert_int_equal(block.begun, 0);
			assert_int_equal(block.written, BLOCK_BODY);
			assert_int_equal(block.came.received, BLOCK_BODY);
			/* It is asked for, and told, once more. */
			assert_int_equal(block.told.received_total, BLOCK_BODY);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* A server that kept nothing is asked again, and gives the same body. */
static void
goes_on_after_a_new_session(void **state)
{
	coap_session_t *s;

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		s = world_connected(*p);
		resume_up(s, BLOCK_BODY, 2048);
		coap_session_release(s);
		world_settle();
		s = world_connected(*p);
		block_request(s, GET, 'b', 0);
		world_wait("result");
		assert_int_equal(block.begun, 0);
		assert_int_equal(block.written, BLOCK_BODY);
		assert_int_equal(block.told.received_total, BLOCK_BODY);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
another_body_begins_anew(void **state)
{
	/* As long as the offset and shorter: there is no such block. */
	static const size_t lengths[] = { BLOCK_BODY - 1, 8000, 2048, 4096 };

	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		for (size_t i = 0; i < 4; i++) {
			resume_up(s, BLOCK_BODY, 4096);
			block.answer = lengths[i];
			/* What it kept is the old body. */
			coap_session_release(s);
			world_settle();
			s = world_connected(*p);
			block_request(s, GET, 'b', 0);
			world_wait("result");
			assert_int_equal(world_count("C result b 0 2.05"), 1);
			if (block.begun == 0)
				assert_int_equal(block.got, lengths[i]);
			else
				assert_int_equal(block.written, lengths[i]);
			assert_int_not_equal(block.begun, block.got > 0);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
shrank_to_one_message(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		resume_up(s, BLOCK_BODY, 4096);
		block.answer = 10;
		coap_session_release(s);
		world_settle();
		s = world_connected(*p);
		block_request(s, GET, 'b', 0);
		world_wait("result");
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(block.got + (block.begun ? block.written : 0),
		    10);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* Some give an ETag with block 0 alone, when they are asked for another. */
static void
block_0_has_the_etag(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd;

	(void)state;
	for (int same = 0; same < 2; same++) {
		fd = world_raw(SOCK_DGRAM, &address);
		s = coap_new_client_session(w.client, NULL, &address, UDP);
		block.stream = true;
		block.block_size = 64;
		block.offset = 128;
		block.etag[0] = same ? 0xAB : 0xAC;
		block.etag_length = 1;
		block_request(s, GET, 'a', 0);
		world_settle();
		block.raw_etag = false;
		block_raw_answer(fd, 2, true);
		world_settle();
		assert_int_equal(block.written, 128);
		block.raw_etag = true;
		block_raw_answer(fd, 0, true);
		world_settle();
		assert_int_equal(block.begun, !same);
		block_raw_answer(fd, same ? 2 : 1, false);
		world_settle();
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.written, same ? 192 : 128);
		coap_session_release(s);
		world_settle();
		world_forget();
		close(fd);
	}
}

static void
what_cannot_be_resumed_is_not_sent(void **state)
{
	coap_session_t *s;

	(void)state;
	s = world_connected(UDP);
	block.stream = true;
	block.offset = 1024;
	block_request(s, GET, 'a', 0); /* no ETag */
	assert_null(block.request);
	block.etag_length = 9;
	block_request(s, GET, 'a', 0);
	assert_null(block.request);
	block.etag_length = 4;
	block.offset = 1000;
	block_request(s, GET, 'a', 0);
	assert_null(block.request);
	block.offset = 1024;
	block_request(s, COAP_REQUEST_CODE_FETCH, 'a', 0);
	assert_null(block.request);
	block_request(s, PUT, 'a', 3000);
	assert_null(block.request);
	block.offset = (size_t)64 << 20;
	block_request(s, GET, 'a', 0);
	assert_null(block.request);
	block.stream = false;
	block.offset = 1024;
	block_request(s, GET, 'a', 0);
	assert_null(block.request);
	world_settle();
	assert_int_equal(w.requests, 0);
	coap_session_release(s);
}

/* --- how far it came ------------------------------------------------------ */

static void
a_broken_download_says_how_far_it_came(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd;

	(void)state;
	fd = world_raw(SOCK_DGRAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, UDP);
	block.stream = true;
	block.timeout_ms = 5000;
	block_request(s, GET, 'a', 0);
	world_settle();
	for (unsigned i = 0; i < 3; i++) {
		block_raw_answer(fd, i, true);
		world_settle();
	}
	world_advance(10000);
	world_settle();
	assert_int_equal(world_count("C result a"), 1);
	assert_true(block.moved);
	assert_int_equal(block.came.received, 192);
	assert_int_equal(block.came.received_total, 0);
	assert_int_equal(block.came.sent, 0);
	assert_null(block.came.etag);
	coap_session_release(s);
	close(fd);
}

/* With COAPX_REQUEST_EACH_BLOCK the time is that of a block. */
static void
a_limit_for_each_block(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd;

	(void)state;
	fd = world_raw(SOCK_DGRAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, UDP);
	block.flags = COAPX_REQUEST_EACH_BLOCK;
	block.timeout_ms = 1500;
	block_request(s, GET, 'a', 0);
	world_settle();
	for (unsigned i = 0; i < 5; i++) {
		world_advance(1000);
		block_raw_answer(fd, i, true);
		world_settle();
	}
	assert_int_equal(world_count("C result a"), 0);
	world_advance(1600);
	world_settle();
	assert_int_equal(world_count("C result a"), 1);
	assert_int_equal(block.came.received, 5 * 64);
	coap_session_release(s);
	close(fd);
}

static void
a_broken_upload_says_how_far_it_came(void **state)
{
	coap_session_t *s;

	(void)state;
	s = world_connected(UDP);
	block.answer = 3;
	block.blow_where = BLOW_TRANSFER;
	block.blow_what = BLOW_DISCONNECT;
	block.blow_at = 3;
	block.session = s;
	block_request(s, PUT, 'a', 10000);
	world_wait("result");
	assert_true(block.moved);
	assert_int_equal(block.came.sent, 3072);
	assert_int_equal(block.came.sent_total, 10000);
	coap_session_release(s);
}

static void
one_message_has_not_moved(void **state)
{
	coap_session_t *s;

	(void)state;
	s = world_connected(UDP);
	block.answer = 3;
	block.moved = true;
	block_request(s, GET, 'a', 0);
	world_wait("result");
	assert_false(block.moved);
	coap_session_release(s);
}

/* A million blocks can be counted, of the size that was asked for. */
static void
more_blocks_than_there_are_numbers(void **state)
{
	coap_session_t *s;
	coap_pdu_t *pdu;
	static uint8_t huge[1];
	coapx_request_params_t params = { .size = sizeof params };
	int err = 0;

	(void)state;
	s = world_connected(UDP);
	params.block_size = 16;
	pdu = coap_new_pdu(COAP_MESSAGE_CON, PUT, s);
	/* Not read before it is known that it does not fit. */
	assert_int_equal(coap_add_data_large_request(s, pdu,
			     ((size_t)16 << 20) + 1, huge, NULL, NULL),
	    1);
	assert_null(coapx_request_send(s, pdu, &params, &err));
	assert_int_equal(err, -COAP_E_TOOBIG);
	coap_session_release(s);
}

/* --- a first part that came from elsewhere -------------------------------- */

/* 64 bytes of what the server gives, or a part that is no first one. */
static coap_pdu_t *
part_of_group(unsigned num, bool more, uint8_t etag)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_NON, COAP_RESPONSE_CODE_CONTENT, 9, 200);
	uint8_t block2 = (uint8_t)(num << 4 | more << 3 | 2);
	uint8_t data[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 11);
	assert_non_null(pdu);
	coap_add_token(pdu, 1, (const uint8_t *)"g");
	coap_add_option(pdu, COAP_OPTION_ETAG, 1, &etag);
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, &block2);
	assert_true(coap_add_data(pdu, sizeof(data), data));
	return pdu;
}

/* Which block the peer without library is asked for, by what is next there. */
static unsigned
asked_of(int fd)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, 200);
	uint8_t data[200];
	coap_block_b_t block2;
	ssize_t n = -1;

	WORLD_UNTIL(
	    (n = recv(fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT)) > 0);
	assert_non_null(pdu);
	assert_int_equal(pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, (size_t)n),
	    0);
	assert_true(coap_get_block_b(NULL, pdu, COAP_OPTION_BLOCK2, &block2));
	assert_int_equal(block2.szx, 2);
	coap_delete_pdu(pdu);
	return block2.num;
}

/* Answers that one. */
static void
answer_block(int fd, unsigned num, bool more)
{
	assert_int_equal(asked_of(fd), num);
	block_raw_answer(fd, num, more);
	world_settle();
}

/* RFC 7959 section 2.8: the rest of what a group's member answered. */
static void
a_first_part_is_not_asked_for_again(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd;

	(void)state;
	/* Kept, or written down; the same body still, or another by now. */
	for (int i = 0; i < 4; i++) {
		bool same = i < 2;
		bool stream = i % 2;

		fd = world_raw(SOCK_DGRAM, &address);
		s = coap_new_client_session(w.client, NULL, &address, UDP);
		block.stream = stream;
		block.raw_etag = true;
		block.first = part_of_group(0, true, same ? 0xAB : 0xAC);
		block_request(s, GET, 'a', 0);
		coap_delete_pdu(block.first);
		block.first = NULL;
		answer_block(fd, 1, true);
		if (!same) {
			answer_block(fd, 0, true);
			answer_block(fd, 1, true);
		}
		answer_block(fd, 2, false);
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(stream ? block.written : block.got, 192);
		coap_session_release(s);
		world_settle();
		world_forget();
		close(fd);
	}
	block.stream = false;
}

static void
what_is_no_first_part_is_not_sent(void **state)
{
	static const struct {
		unsigned num;
		bool more;
		coap_pdu_code_t code;
		size_t length;
	} wrong[] = {
		{ 1, true, COAP_REQUEST_CODE_GET, 0 },
		{ 0, false, COAP_REQUEST_CODE_GET, 0 },
		{ 0, true, COAP_REQUEST_CODE_FETCH, 0 },
		{ 0, true, COAP_REQUEST_CODE_PUT, 100 },
	};
	coap_session_t *s = world_connected(UDP);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		block.first = part_of_group(wrong[i].num, wrong[i].more, 1);
		block_request(s, wrong[i].code, 'a', wrong[i].length);
		assert_null(block.request);
		coap_delete_pdu(block.first);
	}
	world_settle();
	assert_int_equal(w.requests, 0);
	block.first = NULL;
	coap_session_release(s);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, block_up, block_down)
	const struct CMUnitTest tests[] = {
		TEST(goes_on_at_the_offset),
		TEST(goes_on_after_a_new_session),
		TEST(another_body_begins_anew),
		TEST(shrank_to_one_message),
		TEST(block_0_has_the_etag),
		TEST(what_cannot_be_resumed_is_not_sent),
		TEST(a_first_part_is_not_asked_for_again),
		TEST(what_is_no_first_part_is_not_sent),
		TEST(a_broken_download_says_how_far_it_came),
		TEST(a_limit_for_each_block),
		TEST(a_broken_upload_says_how_far_it_came),
		TEST(one_message_has_not_moved),
		TEST(more_blocks_than_there_are_numbers),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
