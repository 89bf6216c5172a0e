/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes twice over datagrams; and two peers on a bad network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "fake_net.h"
#include "wire/pdu.h"

#define GET     COAP_REQUEST_CODE_GET
#define CONTENT COAP_RESPONSE_CODE_CONTENT

static struct fake_net net;
static size_t before;

static int
set_up(void **state)
{
	(void)state;
	before = mem_outstanding();
	fake_net_init(&net, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	fake_net_free(&net);
	return mem_outstanding() == before ? 0 : -1;
}

/* The replies */

static void
con_that_nobody_answers_gets_an_empty_ack_each_time(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a, "0 deliver CON 0.01 1234\n0 sent 60001234\n");
	fake_input_hex(&net.a, "40011234");
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a,
	    "0 sent 60001234\n"
	    "0 duplicate 1234\n"
	    "0 sent 60001234\n"
	    "0 duplicate 1234\n");
}

static void
answer_now(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	(void)value;
	if (kind == FAKE_DELIVER && pdu->type == COAP_MESSAGE_CON)
		fake_reply(peer, COAP_MESSAGE_ACK, CONTENT, pdu);
}

static void
duplicate_con_gets_the_piggybacked_response_again(void **state)
{
	(void)state;
	net.a.hook = answer_now;
	fake_input_hex(&net.a, "42011234 abcd");
	fake_input_hex(&net.a, "42011234 abcd");
	fake_expect(&net.a,
	    "0 deliver CON 0.01 1234\n"
	    "0 sent 62451234abcd\n"
	    "0 sent 62451234abcd\n"
	    "0 duplicate 1234\n");
}

static void
reject_now(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	(void)value;
	if (kind == FAKE_DELIVER)
		dgram_send_empty(&peer->dgram, COAP_MESSAGE_RST, pdu->mid, 0);
}

static void
duplicate_con_gets_the_rst_again(void **state)
{
	(void)state;
	net.a.hook = reject_now;
	fake_input_hex(&net.a, "40451234");
	fake_input_hex(&net.a, "40451234");
	fake_expect(&net.a,
	    "0 deliver CON 2.05 1234\n"
	    "0 sent 70001234\n"
	    "0 sent 70001234\n"
	    "0 duplicate 1234\n");
}

static void
answer_other(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	coap_pdu_t *other;

	(void)value;
	if (kind != FAKE_DELIVER)
		return;
	dgram_send_empty(&peer->dgram, COAP_MESSAGE_ACK,
	    (uint16_t)(pdu->mid + 1), 0);
	other = pdu_new(COAP_MESSAGE_CON, GET, (uint16_t)(pdu->mid + 2), 0);
	fake_reply(peer, COAP_MESSAGE_ACK, CONTENT, other);
	coap_delete_pdu(other);
}

static void
an_ack_for_another_message_is_no_answer(void **state)
{
	(void)state;
	net.a.hook = answer_other;
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a,
	    "0 deliver CON 0.01 1234\n"
	    "0 sent 60001235\n"
	    "0 sent 60451236\n"
	    "0 sent 60001234\n");
}

static void
a_later_reply_takes_the_place_of_the_first(void **state)
{
	coap_pdu_t *request = pdu_new(COAP_MESSAGE_CON, GET, 0x1234, 0);

	(void)state;
	fake_input_hex(&net.a, "40011234");
	fake_reply(&net.a, COAP_MESSAGE_ACK, CONTENT, request);
	coap_delete_pdu(request);
	fake_forget(&net.a);
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a, "0 sent 60451234\n0 duplicate 1234\n");
}

static void
send_from_deliver(struct fake_peer *peer, enum fake_kind kind,
    const coap_pdu_t *pdu, int value)
{
	(void)pdu;
	(void)value;
	if (kind == FAKE_DELIVER)
		fake_send(peer, COAP_MESSAGE_CON, GET);
}

static void
what_deliver_sends_itself_is_no_answer(void **state)
{
	(void)state;
	net.a.hook = send_from_deliver;
	net.a.dgram.next_mid = 0x1234;
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a,
	    "0 deliver CON 0.01 1234\n0 sent 40011234\n0 sent 60001234\n");
}

static void
answer_big(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	coap_pdu_t *reply;

	(void)value;
	if (kind != FAKE_DELIVER)
		return;
	reply = pdu_new(COAP_MESSAGE_ACK, CONTENT, pdu->mid, 1152);
	assert_non_null(coap_add_data_after(reply, 1000));
	assert_int_equal(dgram_send(&peer->dgram, reply, 0), 0);
	coap_delete_pdu(reply);
}

static void
long_replies_are_repeated_whole(void **state)
{
	size_t half;

	(void)state;
	net.a.hook = answer_big;
	fake_input_hex(&net.a, "40011234");
	fake_forget(&net.a);
	fake_input_hex(&net.a, "40011234");
	half = strlen("0 sent ") + 2 * (4 + 1 + 1000) + 1;
	assert_int_equal(net.a.log_len, half + strlen("0 duplicate 1234\n"));
	assert_memory_equal(net.a.log, "0 sent 60451234ff00", 19);
}

static void
duplicate_non_is_silent(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "50011234");
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a, "0 deliver NON 0.01 1234\n0 duplicate 1234\n");
}

static void
a_rejected_non_is_silent_when_it_comes_again(void **state)
{
	(void)state;
	net.a.hook = reject_now;
	fake_input_hex(&net.a, "50451234");
	fake_input_hex(&net.a, "50451234");
	fake_expect(&net.a,
	    "0 deliver NON 2.05 1234\n0 sent 70001234\n0 duplicate 1234\n");
}

static void
duplicate_separate_response_is_acked_again(void **state)
{
	(void)state;
	fake_send_token(&net.a, COAP_MESSAGE_CON, GET, 0x01010101);
	fake_input_hex(&net.a, "60000001");
	fake_forget(&net.a);
	fake_input_hex(&net.a, "44451234 01010101");
	fake_input_hex(&net.a, "44451234 01010101");
	fake_expect(&net.a,
	    "0 deliver CON 2.05 1234\n"
	    "0 sent 60001234\n"
	    "0 sent 60001234\n"
	    "0 duplicate 1234\n");
}

static void
the_operation_duplicate_may_be_missing(void **state)
{
	struct dgram_ops ops = *net.a.dgram.ops;

	(void)state;
	ops.duplicate = NULL;
	net.a.dgram.ops = &ops;
	fake_input_hex(&net.a, "50011234");
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a, "0 deliver NON 0.01 1234\n");
}

/* Lifetimes */

static void
con_is_remembered_for_exchange_lifetime(void **state)
{
	(void)state;
	net.a.params.ack_random_factor = (coap_fixed_point_t){ 1, 500 };
	fake_input_hex(&net.a, "40011234");
	assert_int_equal(dgram_next(&net.a.dgram), 247000);
	fake_net_run(&net, 246999);
	fake_forget(&net.a);
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a, "246999 sent 60001234\n246999 duplicate 1234\n");
	net.now = 247000;
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a,
	    "247000 deliver CON 0.01 1234\n247000 sent 60001234\n");
}

static void
non_is_remembered_for_non_lifetime(void **state)
{
	(void)state;
	net.a.params.ack_random_factor = (coap_fixed_point_t){ 1, 500 };
	fake_input_hex(&net.a, "40019999"); /* an older one that stays longer */
	fake_input_hex(&net.a, "50011234");
	fake_forget(&net.a);
	net.now = 144999;
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a, "144999 duplicate 1234\n");
	net.now = 145000;
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a, "145000 deliver NON 0.01 1234\n");
}

static void
nothing_is_left_after_the_lifetimes(void **state)
{
	(void)state;
	net.a.quiet = true;
	for (unsigned mid = 0; mid < 900; mid++) {
		uint8_t bytes[4] = { 0x40 | (mid & 1) << 4, 1,
			(uint8_t)(mid >> 8), (uint8_t)mid };

		net.now = mid;
		fake_input(&net.a, bytes, sizeof(bytes));
	}
	assert_int_equal(net.a.dgram.in.count, 900);
	fake_net_run(&net, 300000);
	assert_int_equal(net.a.dgram.in.count, 0);
	assert_true(dgram_next(&net.a.dgram) == TIMER_NEVER);
}

/* Ids that come round */

static void
same_id_and_other_bytes_is_a_new_message(void **state)
{
	static const char *const messages[] = {
		"42011234 abcd",
		"42021234 abcd",         /* another code */
		"42011234 abce",         /* another token */
		"42011234 abcd ff 41",   /* a payload */
		"42011234 abcd ff 42",   /* another payload */
		"42011234 abcd ff 4200", /* a longer one */
		"41011234 ab 00",        /* an option 0 */
		"42011234 ab00",         /* the same bytes as a token */
		"52011234 abcd",         /* another type */
		"42011234 abcd",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		fake_input_hex(&net.a, messages[i]);
		assert_int_equal(net.a.count[FAKE_DELIVER], i + 1);
		assert_int_equal(net.a.dgram.in.count, 1);
		fake_input_hex(&net.a, messages[i]);
		assert_int_equal(net.a.count[FAKE_DELIVER], i + 1);
	}
}

static void
every_byte_of_a_message_counts(void **state)
{
	uint8_t bytes[60] = { 0x44, 0x02, 0x12, 0x34, 1, 2, 3, 4, 0xFF };

	(void)state;
	net.a.quiet = true;
	fake_input(&net.a, bytes, sizeof(bytes));
	for (size_t i = 9; i < sizeof(bytes); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[i] ^= (uint8_t)(1U << bit);
			fake_input(&net.a, bytes, sizeof(bytes));
			bytes[i] ^= (uint8_t)(1U << bit);
			fake_input(&net.a, bytes, sizeof(bytes));
		}
	}
	assert_int_equal(net.a.count[FAKE_DELIVER], 1 + 2 * 8 * (60 - 9));
}

static void
a_fast_peer_wraps_its_ids(void **state)
{
	uint8_t bytes[9] = { 0x44, 0x01 };

	(void)state;
	net.a.quiet = true;
	for (uint32_t n = 0; n < 200000; n++) {
		net.now = n / 22; /* 65536 ids in 3 s */
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
		memcpy(bytes + 4, &n, sizeof(n));
		fake_input(&net.a, bytes, 8);
		if (n % 100 == 0)
			fake_input(&net.a, bytes, 8);
		assert_true(net.a.dgram.in.count <= DGRAM_DEDUP_MAX);
	}
	assert_int_equal(net.a.count[FAKE_DELIVER], 200000);
	assert_int_equal(net.a.count[FAKE_DUPLICATE], 2000);
	assert_int_equal(net.a.dgram.in.count, DGRAM_DEDUP_MAX);
}

/* Ceilings */

static void
the_oldest_id_goes_when_there_are_too_many(void **state)
{
	uint8_t bytes[4] = { 0x40, 0x01 };

	(void)state;
	net.a.quiet = true;
	for (unsigned n = 0; n < DGRAM_DEDUP_MAX + 1; n++) {
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
		fake_input(&net.a, bytes, sizeof(bytes));
	}
	net.a.quiet = false;
	fake_input_hex(&net.a, "40010001");
	fake_expect(&net.a, "0 sent 60000001\n0 duplicate 0001\n");
	fake_input_hex(&net.a, "40010000");
	fake_expect(&net.a, "0 deliver CON 0.01 0000\n0 sent 60000000\n");
	fake_input_hex(&net.a, "40010001");
	fake_expect(&net.a, "0 deliver CON 0.01 0001\n0 sent 60000001\n");
}

static void
replies_have_a_ceiling_in_bytes(void **state)
{
	uint8_t bytes[4] = { 0x40, 0x01 };

	(void)state;
	net.a.quiet = true;
	net.a.hook = answer_big;
	for (unsigned n = 0; n < 500; n++) {
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
		fake_input(&net.a, bytes, sizeof(bytes));
		assert_true(net.a.dgram.seen_bytes <= DGRAM_DEDUP_BYTES);
	}
	assert_in_range(net.a.dgram.in.count, 30, 70);
	fake_input(&net.a, bytes, sizeof(bytes));
	assert_int_equal(net.a.count[FAKE_DUPLICATE], 1);
	fake_net_run(&net, 300000);
	assert_int_equal(net.a.dgram.seen_bytes, 0);
}

/* What may not be done twice is not, also when its reply had to go. */
static void
posts_are_remembered_without_their_replies(void **state)
{
	uint8_t bytes[4] = { 0x40, 0x02 };

	(void)state;
	net.a.quiet = true;
	net.a.hook = answer_big;
	for (unsigned n = 0; n < 500; n++) {
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
		fake_input(&net.a, bytes, sizeof(bytes));
		assert_true(net.a.dgram.seen_bytes <= DGRAM_DEDUP_BYTES);
	}
	assert_int_equal(net.a.dgram.in.count, 500);
	for (unsigned n = 0; n < 500; n++) {
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
		fake_input(&net.a, bytes, sizeof(bytes));
	}
	assert_int_equal(net.a.count[FAKE_DELIVER], 500);
	assert_int_equal(net.a.count[FAKE_DUPLICATE], 500);
	/* The last have their replies still. */
	assert_in_range(net.a.count[FAKE_SENT], 530, 570);
	fake_net_run(&net, 300000);
	assert_int_equal(net.a.dgram.in.count, 0);
	assert_int_equal(net.a.dgram.seen_bytes, 0);
}

/* Out of memory */

static void
con_without_memory_is_dropped_and_taken_when_it_comes_again(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, GET, 0x1234, 0);

	(void)state;
	for (size_t n = 1; n <= 2; n++) {
		mem_fail_at(n, 1);
		dgram_input(&net.a.dgram, pdu, 0);
		mem_fail_at(0, 0);
		fake_expect(&net.a, "");
	}
	dgram_input(&net.a.dgram, pdu, 0);
	fake_expect(&net.a, "0 deliver CON 0.01 1234\n0 sent 60001234\n");
	coap_delete_pdu(pdu);
}

static void
non_without_memory_is_delivered(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_NON, GET, 0x1234, 0);

	(void)state;
	mem_fail_at(1, 1);
	dgram_input(&net.a.dgram, pdu, 0);
	mem_fail_at(0, 0);
	fake_expect(&net.a, "0 deliver NON 0.01 1234\n");
	coap_delete_pdu(pdu);
}

static void
a_larger_table_that_cannot_be_had_is_not_missed(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_NON, GET, 0, 0);

	(void)state;
	net.a.quiet = true;
	for (unsigned mid = 0; mid < 100; mid++) {
		pdu->mid = (uint16_t)mid;
		mem_fail_at(mid < 8 ? 0 : 2, 0);
		dgram_input(&net.a.dgram, pdu, 0);
	}
	mem_fail_at(0, 0);
	for (unsigned mid = 0; mid < 100; mid++) {
		pdu->mid = (uint16_t)mid;
		dgram_input(&net.a.dgram, pdu, 0);
	}
	assert_int_equal(net.a.count[FAKE_DELIVER], 100);
	assert_int_equal(net.a.count[FAKE_DUPLICATE], 100);
	coap_delete_pdu(pdu);
}

/* Two peers */

#define REQUESTS 60

struct story {
	unsigned served[REQUESTS + 1];
	unsigned answered[REQUESTS + 1];
	unsigned failed[REQUESTS + 1];
	unsigned response_failed;
	coap_pdu_t *sent[REQUESTS + 1];
};

static struct story story;

static void
server(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	uint32_t token = kind == FAKE_DELIVER ? fake_token(pdu) : 0;

	(void)value;
	if (kind == FAKE_FAILED)
		story.response_failed++;
	if (kind != FAKE_DELIVER)
		return;
	assert_in_range(token, 1, REQUESTS);
	story.served[token]++;
	if (pdu->type == COAP_MESSAGE_NON)
		fake_send_token(peer, COAP_MESSAGE_NON, CONTENT, token);
	else if (token % 2 == 0)
		fake_reply(peer, COAP_MESSAGE_ACK, CONTENT, pdu);
	else
		fake_send_token(peer, COAP_MESSAGE_CON, CONTENT, token);
}

static void
client(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	uint32_t token;

	(void)value;
	if (kind == FAKE_FAILED)
		story.failed[fake_token(pdu)]++;
	if (kind != FAKE_DELIVER)
		return;
	token = fake_token(pdu);
	assert_in_range(token, 1, REQUESTS);
	story.answered[token]++;
	dgram_forget(&peer->dgram, story.sent[token], peer->net->now);
}

static void
send_requests(struct fake_peer *peer)
{
	for (uint32_t token = 1; token <= REQUESTS; token++) {
		coap_pdu_t *pdu = fake_pdu(peer,
		    token % 10 == 0 ? COAP_MESSAGE_NON : COAP_MESSAGE_CON, GET);

		coap_add_token(pdu, sizeof(token), (uint8_t *)&token);
		story.sent[token] = pdu;
		assert_int_equal(dgram_send(&peer->dgram, pdu, 0), 0);
	}
}

static void
tell_story(uint32_t seed, const struct fake_link *link, uint16_t nstart)
{
	fake_net_free(&net);
	fake_net_init(&net, seed);
	memset(&story, 0, sizeof(story));
	net.link = *link;
	net.a.params.nstart = net.b.params.nstart = nstart;
	net.a.quiet = net.b.quiet = true;
	net.a.hook = client;
	net.b.hook = server;
	send_requests(&net.a);
	fake_net_settle(&net);
	for (unsigned token = 1; token <= REQUESTS; token++)
		coap_delete_pdu(story.sent[token]);
}

static void
on_a_good_network_all_is_answered_once(void **state)
{
	const struct fake_link link = { .up = true, .delay_max = 300 };

	(void)state;
	for (uint16_t nstart = 1; nstart <= 100; nstart += 33) {
		tell_story(nstart, &link, nstart);
		for (unsigned token = 1; token <= REQUESTS; token++) {
			assert_int_equal(story.served[token], 1);
			assert_int_equal(story.answered[token], 1);
			assert_int_equal(story.failed[token], 0);
		}
		assert_int_equal(net.a.count[FAKE_AGAIN], 0);
	}
}

static void
on_a_bad_network_nothing_is_done_twice(void **state)
{
	const struct fake_link link = {
		.up = true,
		.drop = 250,
		.duplicate = 200,
		.delay_min = 1,
		.delay_max = 3000,
	};
	unsigned answered = 0, failed = 0, again = 0, duplicates = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 100; seed++) {
		tell_story(seed, &link, (uint16_t)(1 + seed % 7));
		for (unsigned token = 1; token <= REQUESTS; token++) {
			assert_in_range(story.served[token], 0, 1);
			assert_in_range(story.answered[token], 0, 1);
			assert_in_range(story.answered[token] +
				story.failed[token],
			    0, 1);
			answered += story.answered[token];
			failed += story.failed[token];
		}
		again += net.a.count[FAKE_AGAIN];
		duplicates += net.a.count[FAKE_DUPLICATE];
	}
	assert_true(answered > 100 * REQUESTS * 9 / 10);
	assert_true(failed > 0);
	assert_true(again > 1000);
	assert_true(duplicates > 100);
}

static void
on_a_dead_network_all_fails_once(void **state)
{
	const struct fake_link link = { .up = true, .drop = 1000 };

	(void)state;
	tell_story(1, &link, 3);
	for (unsigned token = 1; token <= REQUESTS; token++)
		assert_int_equal(story.failed[token], token % 10 != 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(con_that_nobody_answers_gets_an_empty_ack_each_time),
		TEST(duplicate_con_gets_the_piggybacked_response_again),
		TEST(duplicate_con_gets_the_rst_again),
		TEST(an_ack_for_another_message_is_no_answer),
		TEST(a_later_reply_takes_the_place_of_the_first),
		TEST(what_deliver_sends_itself_is_no_answer),
		TEST(long_replies_are_repeated_whole),
		TEST(duplicate_non_is_silent),
		TEST(a_rejected_non_is_silent_when_it_comes_again),
		TEST(duplicate_separate_response_is_acked_again),
		TEST(the_operation_duplicate_may_be_missing),
		TEST(con_is_remembered_for_exchange_lifetime),
		TEST(non_is_remembered_for_non_lifetime),
		TEST(nothing_is_left_after_the_lifetimes),
		TEST(same_id_and_other_bytes_is_a_new_message),
		TEST(every_byte_of_a_message_counts),
		TEST(a_fast_peer_wraps_its_ids),
		TEST(the_oldest_id_goes_when_there_are_too_many),
		TEST(replies_have_a_ceiling_in_bytes),
		TEST(posts_are_remembered_without_their_replies),
		TEST(
		    con_without_memory_is_dropped_and_taken_when_it_comes_again),
		TEST(non_without_memory_is_delivered),
		TEST(a_larger_table_that_cannot_be_had_is_not_missed),
		TEST(on_a_good_network_all_is_answered_once),
		TEST(on_a_bad_network_nothing_is_done_twice),
		TEST(on_a_dead_network_all_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
