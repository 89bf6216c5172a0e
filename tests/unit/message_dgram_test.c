/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending over datagrams: repetition, replies, NSTART, ids, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
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

/* Repetition */

static void
con_is_repeated_at_2_6_14_30_and_given_up_at_62(void **state)
{
	(void)state;
	assert_int_equal(fake_send(&net.a, COAP_MESSAGE_CON, GET), 1);
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "2000 sent 40010001\n"
	    "2000 again 0001 1\n"
	    "6000 sent 40010001\n"
	    "6000 again 0001 2\n"
	    "14000 sent 40010001\n"
	    "14000 again 0001 3\n"
	    "30000 sent 40010001\n"
	    "30000 again 0001 4\n"
	    "62000 failed 0001 0\n");
	assert_false(dgram_busy(&net.a.dgram));
	assert_true(dgram_next(&net.a.dgram) == TIMER_NEVER);
}

/* --- a newer one in its place (RFC 7641 section 4.5.2) --- */

static unsigned renewals; /* how many are still to come */
static int renew_does;    /* 1: forgets it, 2: resets */

static coap_pdu_t *
renew(struct fake_peer *peer, const coap_pdu_t *sent)
{
	struct dgram *d = &peer->dgram;
	coap_pdu_t *pdu;

	if (renew_does == 1)
		dgram_forget(d, sent, net.now);
	if (renew_does == 2)
		dgram_reset(d, COAP_NACK_NOT_DELIVERABLE);
	if (renewals == 0)
		return NULL;
	renewals--;
	pdu = pdu_new(COAP_MESSAGE_CON, COAP_RESPONSE_CODE_CONTENT,
	    dgram_new_mid(d), 64);
	assert_non_null(pdu);
	return pdu;
}

static void
a_newer_one_takes_its_place(void **state)
{
	(void)state;
	net.a.renew = renew;
	renewals = 1;
	renew_does = 0;
	assert_int_equal(fake_send(&net.a, COAP_MESSAGE_CON,
			     COAP_RESPONSE_CODE_CONTENT),
	    1);
	fake_net_run(&net, 3000);
	/* The old id is free, what comes for it is for nobody. */
	fake_input_hex(&net.a, "60000001");
	renewals = 0;
	fake_net_run(&net, 15000);
	renewals = 1;
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40450001\n"
	    "2000 sent 40450002\n"
	    "6000 sent 40450002\n"
	    "6000 again 0002 2\n"
	    "14000 sent 40450002\n"
	    "14000 again 0002 3\n"
	    "30000 sent 40450003\n"
	    "62000 failed 0003 0\n");
	assert_false(dgram_busy(&net.a.dgram));
}

static void
a_newer_one_is_acknowledged(void **state)
{
	(void)state;
	net.a.renew = renew;
	renewals = 1;
	renew_does = 0;
	fake_send(&net.a, COAP_MESSAGE_CON, COAP_RESPONSE_CODE_CONTENT);
	fake_net_run(&net, 3000);
	fake_input_hex(&net.a, "60000002");
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40450001\n"
	    "2000 sent 40450002\n"
	    "3000 acked 0002\n");
}

/* What it is asked for may be gone when the answer comes. */
static void
renew_ends_it(void **state)
{
	(void)state;
	for (renew_does = 1; renew_does <= 2; renew_does++) {
		net.a.renew = renew;
		renewals = 1;
		fake_send(&net.a, COAP_MESSAGE_CON, COAP_RESPONSE_CODE_CONTENT);
		fake_net_run(&net, net.now + 100000);
		assert_int_equal(renewals, 0);
		assert_false(dgram_busy(&net.a.dgram));
		assert_int_equal(net.a.count[FAKE_SENT], renew_does);
		assert_int_equal(net.a.count[FAKE_FAILED], renew_does - 1);
	}
}

static void
ack_timeout_of_half_a_second(void **state)
{
	(void)state;
	net.a.params.ack_timeout = (coap_fixed_point_t){ 0, 500 };
	net.a.params.max_retransmit = 2;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "500 sent 40010001\n"
	    "500 again 0001 1\n"
	    "1500 sent 40010001\n"
	    "1500 again 0001 2\n"
	    "3500 failed 0001 0\n");
}

static void
no_repetition_with_max_retransmit_0(void **state)
{
	(void)state;
	net.a.params.max_retransmit = 0;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_net_run(&net, 100000);
	fake_expect(&net.a, "0 sent 40010001\n2000 failed 0001 0\n");
}

static void
first_timeout_is_random_within_its_bounds(void **state)
{
	unsigned below = 0, above = 0;
	coap_tick_t wait;

	(void)state;
	net.a.params.ack_random_factor = (coap_fixed_point_t){ 1, 500 };
	for (int i = 0; i < 2000; i++) {
		fake_send(&net.a, COAP_MESSAGE_CON, GET);
		wait = dgram_next(&net.a.dgram) - net.now;
		assert_in_range(wait, 2000, 3000);
		if (wait < 2250)
			below++;
		if (wait > 2750)
			above++;
		dgram_reset(&net.a.dgram, COAP_NACK_NOT_DELIVERABLE);
	}
	assert_in_range(below, 350, 650);
	assert_in_range(above, 350, 650);
}

static void
repetition_has_the_same_bytes(void **state)
{
	static const uint8_t path[] = { 't', 'e', 's', 't' };
	coap_pdu_t *pdu;

	(void)state;
	net.a.params.max_retransmit = 1;
	pdu = fake_pdu(&net.a, COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT);
	assert_true(coap_add_token(pdu, 2, (const uint8_t *)"\xAB\xCD"));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, path) > 0);
	assert_true(coap_add_data(pdu, 3, (const uint8_t *)"\1\2\3"));
	assert_int_equal(dgram_send(&net.a.dgram, pdu, 0), 0);
	coap_delete_pdu(pdu);
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 42030001abcdb474657374ff010203\n"
	    "2000 sent 42030001abcdb474657374ff010203\n"
	    "2000 again 0001 1\n"
	    "6000 failed 0001 0\n");
}

static void
a_late_timer_repeats_once_and_goes_on_from_there(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	net.now = 20000;
	dgram_timer(&net.a.dgram, net.now);
	fake_expect(&net.a,
	    "0 sent 40010001\n20000 sent 40010001\n20000 again 0001 1\n");
	assert_int_equal(dgram_next(&net.a.dgram), 24000);
}

/* MAX_TRANSMIT_SPAN is 30 s here. The last wait is for an ACK that is late. */
static void
nothing_is_repeated_after_the_transmit_span(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	net.now = 20000;
	dgram_timer(&net.a.dgram, net.now);
	net.now = 31001;
	dgram_timer(&net.a.dgram, net.now);
	fake_expect(&net.a,
	    "0 sent 40010001\n20000 sent 40010001\n20000 again 0001 1\n");
	assert_int_equal(dgram_next(&net.a.dgram), 39001);
	net.now = 39001;
	dgram_timer(&net.a.dgram, net.now);
	fake_expect(&net.a, "39001 failed 0001 0\n");
	assert_false(dgram_busy(&net.a.dgram));
}

/* It is another message, with a span of its own. */
static void
a_newer_one_is_sent_however_late(void **state)
{
	(void)state;
	net.a.renew = renew;
	renewals = 1;
	renew_does = 0;
	fake_send(&net.a, COAP_MESSAGE_CON, CONTENT);
	net.now = 60000;
	dgram_timer(&net.a.dgram, net.now);
	net.now = 64000;
	dgram_timer(&net.a.dgram, net.now);
	fake_expect(&net.a,
	    "0 sent 40450001\n60000 sent 40450002\n"
	    "64000 sent 40450002\n64000 again 0002 2\n");
}

static void
huge_parameters_never_overflow_the_clock(void **state)
{
	coap_tick_t wait, last = 1;
	unsigned n;

	(void)state;
	net.a.params.ack_timeout = (coap_fixed_point_t){ UINT16_MAX, 999 };
	net.a.params.ack_random_factor = net.a.params.ack_timeout;
	net.a.params.max_retransmit = UINT16_MAX;
	net.a.quiet = true;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	for (n = 0; net.now < (coap_tick_t)1 << 60; n++) {
		wait = dgram_next(&net.a.dgram) - net.now;
		assert_true(wait >= last && wait < (coap_tick_t)1 << 62);
		last = wait;
		net.now += wait;
		dgram_timer(&net.a.dgram, net.now);
	}
	assert_int_equal(net.a.count[FAKE_AGAIN], n);
	wait = dgram_next(&net.a.dgram) - net.now;
	assert_true(wait >= last && wait < (coap_tick_t)1 << 62);
}

static void
ack_timeout_0_still_ends(void **state)
{
	(void)state;
	net.a.params.ack_timeout = (coap_fixed_point_t){ 0, 0 };
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	assert_int_equal(dgram_next(&net.a.dgram), 1);
	fake_net_run(&net, 100);
	assert_int_equal(net.a.count[FAKE_AGAIN], 4);
	assert_int_equal(net.a.count[FAKE_FAILED], 1);
}

static void
a_transmit_error_counts_as_a_lost_datagram(void **state)
{
	(void)state;
	net.a.transmit_error = -COAP_E_AGAIN;
	net.a.params.max_retransmit = 1;
	assert_int_equal(fake_send(&net.a, COAP_MESSAGE_CON, GET), 1);
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "2000 sent 40010001\n"
	    "2000 again 0001 1\n"
	    "6000 failed 0001 0\n");
}

/* Replies */

static void
empty_ack_stops_it(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_net_run(&net, 2500);
	fake_forget(&net.a);
	fake_input_hex(&net.a, "60000001");
	fake_net_run(&net, 100000);
	fake_expect(&net.a, "2500 acked 0001\n");
	fake_input_hex(&net.a, "60000001");
	fake_input_hex(&net.a, "70000001");
	fake_expect(&net.a, "");
}

static void
rst_ends_a_con(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_input_hex(&net.a, "70000001");
	fake_net_run(&net, 100000);
	fake_expect(&net.a, "0 sent 40010001\n0 failed 0001 2\n");
}

static void
piggybacked_response_settles_and_is_delivered(void **state)
{
	(void)state;
	fake_send_token(&net.a, COAP_MESSAGE_CON, GET, 0x44332211);
	fake_input_hex(&net.a, "64450001 11223344 ff 41");
	assert_false(dgram_busy(&net.a.dgram));
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 4401000111223344\n0 deliver ACK 2.05 0001\n");
}

static void
ack_that_is_no_answer_is_ignored(void **state)
{
	(void)state;
	fake_send_token(&net.a, COAP_MESSAGE_CON, GET, 0x44332211);
	fake_forget(&net.a);
	fake_input_hex(&net.a, "64450001 11223345"); /* another token */
	fake_input_hex(&net.a, "63450001 112233");
	fake_input_hex(&net.a, "64450002 11223344"); /* another id */
	fake_input_hex(&net.a, "60000002");
	fake_input_hex(&net.a, "64010001 11223344"); /* a request */
	fake_input_hex(&net.a, "64210001 11223344"); /* reserved: 1.01 */
	fake_input_hex(&net.a, "64c10001 11223344"); /* 6.01 */
	fake_input_hex(&net.a, "64e10001 11223344"); /* 7.01 */
	fake_input_hex(&net.a, "74450001 11223344"); /* RST, not empty */
	fake_input_hex(&net.a, "70000002");
	fake_expect(&net.a, "");
	assert_true(dgram_busy(&net.a.dgram));
}

static void
any_response_in_an_ack_settles_a_response(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, CONTENT);
	/* A request and a reserved class are none (section 4.2). */
	fake_input_hex(&net.a, "60010001");
	fake_input_hex(&net.a, "60c00001");
	fake_expect(&net.a, "0 sent 40450001\n");
	fake_input_hex(&net.a, "61450001aa");
	fake_expect(&net.a, "0 acked 0001\n");
	assert_false(dgram_busy(&net.a.dgram));
}

static void
response_without_ack_is_settled_by_forget(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	pdu = fake_pdu(&net.a, COAP_MESSAGE_CON, GET);
	dgram_send(&net.a.dgram, pdu, 0);
	fake_input_hex(&net.a, "40451234");
	assert_int_equal(dgram_forget(&net.a.dgram, pdu, 0), 1);
	assert_int_equal(dgram_forget(&net.a.dgram, pdu, 0), 0);
	coap_delete_pdu(pdu);
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "0 deliver CON 2.05 1234\n"
	    "0 sent 60001234\n");
}

/* What waits for NSTART can be taken back, and nothing goes in its place. */
static void
unsend_takes_what_waits(void **state)
{
	coap_pdu_t *pdu[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		pdu[i] = fake_pdu(&net.a, COAP_MESSAGE_CON, GET);
		dgram_send(&net.a.dgram, pdu[i], 0);
	}
	fake_expect(&net.a, "0 sent 40010001\n");
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[0]), 0); /* is out */
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[1]), 1);
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[1]), 0);
	fake_expect(&net.a, "");
	fake_input_hex(&net.a, "60000001");
	fake_expect(&net.a, "0 acked 0001\n0 sent 40010003\n");
	for (i = 0; i < 3; i++)
		coap_delete_pdu(pdu[i]);
}

static void
forget_minds_the_message_not_the_id(void **state)
{
	coap_pdu_t *other = pdu_new(COAP_MESSAGE_CON, GET, 1, 0);

	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	assert_int_equal(dgram_forget(&net.a.dgram, other, 0), 0);
	coap_delete_pdu(other);
	assert_true(dgram_busy(&net.a.dgram));
}

static void
rst_for_a_non_within_non_lifetime(void **state)
{
	(void)state;
	net.a.params.ack_random_factor = (coap_fixed_point_t){ 1, 500 };
	fake_send(&net.a, COAP_MESSAGE_NON, GET);
	fake_send(&net.a, COAP_MESSAGE_NON, CONTENT);
	fake_send(&net.a, COAP_MESSAGE_NON, GET);
	assert_false(dgram_busy(&net.a.dgram));
	fake_net_run(&net, 144999);
	fake_forget(&net.a);
	fake_input_hex(&net.a, "60000001"); /* an ACK for a NON */
	fake_input_hex(&net.a, "70000001");
	fake_input_hex(&net.a, "70000002");
	fake_expect(&net.a, "144999 failed 0001 2\n144999 failed 0002 2\n");
	assert_int_equal(dgram_next(&net.a.dgram), 145000);
	net.now = 145000;
	fake_input_hex(&net.a, "70000003");
	fake_expect(&net.a, "");
	assert_true(dgram_next(&net.a.dgram) == TIMER_NEVER);
}

static void
a_non_can_be_forgotten(void **state)
{
	coap_pdu_t *pdu = fake_pdu(&net.a, COAP_MESSAGE_NON, GET);

	(void)state;
	dgram_send(&net.a.dgram, pdu, 0);
	assert_int_equal(dgram_forget(&net.a.dgram, pdu, 0), 1);
	coap_delete_pdu(pdu);
	fake_input_hex(&net.a, "70000001");
	fake_expect(&net.a, "0 sent 50010001\n");
}

static void
held_nons_have_a_ceiling(void **state)
{
	int first, last = 0;

	(void)state;
	net.a.params.probing_rate = UINT32_MAX;
	net.a.quiet = true;
	first = fake_send(&net.a, COAP_MESSAGE_NON, GET);
	for (int i = 0; i < 5000; i++) {
		last = fake_send(&net.a, COAP_MESSAGE_NON, GET);
		assert_true(net.a.dgram.held_bytes <= DGRAM_HELD_BYTES);
	}
	assert_int_equal(net.a.count[FAKE_SENT], 5001);
	assert_int_not_equal(first, last);
	dgram_reset(&net.a.dgram, COAP_NACK_RST);
	assert_in_range(net.a.count[FAKE_FAILED], 100, 1000);
	assert_int_equal(net.a.dgram.held_bytes, 0);
}

/* NSTART */

static void
nstart_1_keeps_the_order(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_expect(&net.a, "0 sent 40010001\n");
	net.now = 10;
	fake_input_hex(&net.a, "60000002"); /* not sent yet */
	fake_input_hex(&net.a, "70000003");
	fake_expect(&net.a, "");
	fake_input_hex(&net.a, "60000001");
	fake_expect(&net.a, "10 acked 0001\n10 sent 40010002\n");
	fake_input_hex(&net.a, "70000002");
	fake_expect(&net.a, "10 failed 0002 2\n10 sent 40010003\n");
	fake_input_hex(&net.a, "60000003");
	assert_false(dgram_busy(&net.a.dgram));
}

static void
nstart_n_lets_n_out(void **state)
{
	(void)state;
	net.a.params.nstart = 3;
	for (int i = 0; i < 5; i++)
		fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_expect(&net.a,
	    "0 sent 40010001\n0 sent 40010002\n0 sent 40010003\n");
	fake_input_hex(&net.a, "60000002");
	fake_expect(&net.a, "0 acked 0002\n0 sent 40010004\n");
}

static void
giving_up_lets_the_next_out(void **state)
{
	(void)state;
	net.a.params.max_retransmit = 0;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_net_run(&net, 10000);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "2000 failed 0001 0\n"
	    "2000 sent 40010002\n"
	    "4000 failed 0002 0\n");
}

static void
forget_lets_the_next_out_and_takes_from_the_queue(void **state)
{
	coap_pdu_t *pdu[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		pdu[i] = fake_pdu(&net.a, COAP_MESSAGE_CON, GET);
		dgram_send(&net.a.dgram, pdu[i], 0);
	}
	assert_int_equal(dgram_forget(&net.a.dgram, pdu[1], 0), 1);
	assert_int_equal(dgram_forget(&net.a.dgram, pdu[0], 0), 1);
	fake_expect(&net.a, "0 sent 40010001\n0 sent 40010003\n");
	for (int i = 0; i < 3; i++)
		coap_delete_pdu(pdu[i]);
}

static void
nstart_0_counts_as_1(void **state)
{
	(void)state;
	net.a.params.nstart = 0;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_expect(&net.a, "0 sent 40010001\n");
}

static void
the_queue_has_a_ceiling(void **state)
{
	(void)state;
	for (int i = 0; i < 1 + DGRAM_QUEUE_MAX; i++)
		assert_true(fake_send(&net.a, COAP_MESSAGE_CON, GET) > 0);
	assert_int_equal(fake_send(&net.a, COAP_MESSAGE_CON, GET),
	    -COAP_E_LIMIT);
	assert_true(fake_send(&net.a, COAP_MESSAGE_NON, GET) > 0);
	fake_input_hex(&net.a, "60000001");
	assert_true(fake_send(&net.a, COAP_MESSAGE_CON, GET) > 0);
}

static void
non_and_replies_do_not_wait(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_NON, GET);
	dgram_send_empty(&net.a.dgram, COAP_MESSAGE_ACK, 0xABCD, 0);
	fake_expect(&net.a,
	    "0 sent 40010001\n0 sent 50010003\n0 sent 6000abcd\n");
}

/* Ping */

static void
ping_is_answered_with_rst(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "40001234");
	fake_input_hex(&net.a, "40001234");
	fake_expect(&net.a,
	    "0 sent 70001234\n0 pinged 1234\n0 sent 70001234\n0 pinged 1234\n");
}

static void
ping_and_pong(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET); /* does not hold it back */
	fake_forget(&net.a);
	assert_int_equal(dgram_ping(&net.a.dgram, 0), 2);
	assert_int_equal(dgram_ping(&net.a.dgram, 0), -COAP_E_STATE);
	fake_input_hex(&net.a, "60450002"); /* an ACK with a response */
	fake_input_hex(&net.a, "70000002");
	fake_expect(&net.a, "0 sent 40000002\n0 ponged 0002\n");
	assert_int_equal(dgram_ping(&net.a.dgram, 0), 3);
	fake_input_hex(&net.a, "60000003");
	fake_expect(&net.a, "0 sent 40000003\n0 ponged 0003\n");
}

static void
ping_does_not_take_a_place_of_nstart(void **state)
{
	(void)state;
	dgram_ping(&net.a.dgram, 0);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_expect(&net.a, "0 sent 40000001\n0 sent 40010002\n");
}

static void
ping_without_answer_fails(void **state)
{
	(void)state;
	net.a.params.max_retransmit = 1;
	dgram_ping(&net.a.dgram, 0);
	assert_true(dgram_busy(&net.a.dgram));
	fake_net_run(&net, 100000);
	fake_expect(&net.a,
	    "0 sent 40000001\n2000 sent 40000001\n6000 failed - 0\n");
	assert_false(dgram_busy(&net.a.dgram));
	assert_int_equal(dgram_ping(&net.a.dgram, net.now), 2);
}

/* What cannot be processed */

static void
reserved_codes_are_rejected_or_ignored(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "40210001"); /* CON 1.01 */
	fake_input_hex(&net.a, "40c10002"); /* CON 6.01 */
	fake_input_hex(&net.a, "40e10003"); /* CON 7.01 */
	fake_expect(&net.a,
	    "0 sent 70000001\n0 sent 70000002\n0 sent 70000003\n");
	fake_input_hex(&net.a, "50210001");
	fake_input_hex(&net.a, "50c10002");
	fake_input_hex(&net.a, "50e10003");
	fake_input_hex(&net.a, "50000004"); /* an empty NON */
	fake_expect(&net.a, "");
}

static void
unknown_codes_of_known_classes_are_delivered(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "501f0001");
	fake_input_hex(&net.a, "505f0002");
	fake_input_hex(&net.a, "50bf0003");
	fake_expect(&net.a,
	    "0 deliver NON 0.31 0001\n"
	    "0 deliver NON 2.31 0002\n"
	    "0 deliver NON 5.31 0003\n");
}

static void
malformed_con_is_rejected_others_are_ignored(void **state)
{
	(void)state;
	fake_input_hex(&net.a, "40011234 ff"); /* marker without payload */
	fake_expect(&net.a, "0 sent 70001234\n");
	fake_input_hex(&net.a, "50011234 ff");
	fake_input_hex(&net.a, "60451234 ff");
	fake_input_hex(&net.a, "70001234 ff");
	fake_input_hex(&net.a, "80011234"); /* version 2 */
	fake_expect(&net.a, "");
}

/* Ids */

static void
ids_count_up_and_wrap(void **state)
{
	(void)state;
	net.a.dgram.next_mid = 0xFFFF;
	assert_int_equal(dgram_new_mid(&net.a.dgram), 0xFFFF);
	assert_int_equal(dgram_new_mid(&net.a.dgram), 0);
	assert_int_equal(dgram_new_mid(&net.a.dgram), 1);
}

static void
ids_in_use_are_skipped(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET); /* on the wire */
	fake_send(&net.a, COAP_MESSAGE_CON, GET); /* waits */
	dgram_ping(&net.a.dgram, 0);
	fake_send(&net.a, COAP_MESSAGE_NON, GET);
	net.a.dgram.next_mid = 1;
	assert_int_equal(dgram_new_mid(&net.a.dgram), 5);
	pdu = pdu_new(COAP_MESSAGE_CON, GET, 2, 0);
	assert_int_equal(dgram_send(&net.a.dgram, pdu, 0), -COAP_E_EXISTS);
	pdu->type = COAP_MESSAGE_NON;
	assert_int_equal(dgram_send(&net.a.dgram, pdu, 0), -COAP_E_EXISTS);
	pdu->mid = 4;
	assert_int_equal(dgram_send(&net.a.dgram, pdu, 0), 0);
	coap_delete_pdu(pdu);
}

static void
the_first_id_is_random(void **state)
{
	struct dgram d;
	unsigned differ = 0;
	uint16_t last = 0;

	(void)state;
	for (int i = 0; i < 16; i++) {
		dgram_init(&d, NULL, NULL, &msg_params_default);
		differ += d.next_mid != last;
		last = d.next_mid;
		dgram_free(&d);
	}
	assert_true(differ > 10);
}

/* ICMP, kick, reset */

static void
icmp_changes_only_the_reason_at_the_end(void **state)
{
	(void)state;
	net.a.params.max_retransmit = 1;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	dgram_icmp(&net.a.dgram);
	fake_net_run(&net, 100000);
	/* The second was sent after the error. */
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "2000 sent 40010001\n"
	    "2000 again 0001 1\n"
	    "6000 failed 0001 4\n"
	    "6000 sent 40010002\n"
	    "8000 sent 40010002\n"
	    "8000 again 0002 1\n"
	    "12000 failed 0002 0\n");
}

static void
icmp_then_ack(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	dgram_icmp(&net.a.dgram);
	fake_input_hex(&net.a, "60000001");
	fake_expect(&net.a, "0 sent 40010001\n0 acked 0001\n");
}

static void
kick_sends_what_is_on_the_wire_once(void **state)
{
	(void)state;
	net.a.params.nstart = 2;
	net.a.params.max_retransmit = 0;
	for (int i = 0; i < 3; i++)
		fake_send(&net.a, COAP_MESSAGE_CON, GET);
	dgram_ping(&net.a.dgram, 0);
	fake_forget(&net.a);
	net.now = 500;
	dgram_kick(&net.a.dgram, net.now);
	fake_expect(&net.a,
	    "500 sent 40010001\n500 sent 40010002\n500 sent 40000004\n");
	assert_int_equal(dgram_next(&net.a.dgram), 2000);
	dgram_kick(&net.a.dgram, net.now);
	fake_expect(&net.a,
	    "500 sent 40010001\n500 sent 40010002\n500 sent 40000004\n");
}

static void
reset_reports_each_once(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_NON, GET);
	fake_send(&net.a, COAP_MESSAGE_NON, CONTENT);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, CONTENT);
	dgram_ping(&net.a.dgram, 0);
	fake_forget(&net.a);
	dgram_reset(&net.a.dgram, COAP_NACK_NOT_DELIVERABLE);
	fake_expect(&net.a,
	    "0 failed 0003 1\n0 failed 0004 1\n0 failed 0001 1\n");
	assert_false(dgram_busy(&net.a.dgram));
	assert_true(dgram_next(&net.a.dgram) == TIMER_NEVER);
	dgram_reset(&net.a.dgram, COAP_NACK_NOT_DELIVERABLE);
	fake_net_run(&net, 100000);
	fake_expect(&net.a, "");
}

/* Operations that come back */

static void
send_once_more(struct fake_peer *peer, enum fake_kind kind,
    const coap_pdu_t *pdu, int value)
{
	(void)pdu;
	(void)value;
	if (kind == FAKE_SENT)
		return;
	peer->hook = NULL;
	fake_send(peer, COAP_MESSAGE_CON, GET);
}

static void
send_from_each_operation(void **state)
{
	(void)state;
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a, "0 deliver NON 0.01 1234\n0 sent 40010001\n");
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "60000001");
	fake_expect(&net.a, "0 acked 0001\n0 sent 40010002\n");
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "70000002");
	fake_expect(&net.a, "0 failed 0002 2\n0 sent 40010003\n");
	net.a.hook = send_once_more;
	fake_net_run(&net, 2000);
	fake_expect(&net.a, "2000 sent 40010003\n2000 again 0003 1\n");
	fake_input_hex(&net.a, "60000003");
	fake_forget(&net.a);
	fake_input_hex(&net.a, "60000004");
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "40001234");
	fake_expect(&net.a,
	    "2000 acked 0004\n"
	    "2000 sent 70001234\n"
	    "2000 pinged 1234\n"
	    "2000 sent 40010005\n");
	dgram_ping(&net.a.dgram, net.now);
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "70000006");
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "50011234");
	fake_expect(&net.a,
	    "2000 sent 40000006\n2000 ponged 0006\n2000 duplicate 1234\n");
	assert_int_equal(net.a.dgram.n_waiting, 2);
}

static void
what_waits_goes_before_what_an_operation_sends(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	net.a.hook = send_once_more;
	fake_input_hex(&net.a, "60000001");
	fake_input_hex(&net.a, "60000002");
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "0 acked 0001\n"
	    "0 sent 40010002\n"
	    "0 acked 0002\n"
	    "0 sent 40010003\n");
}

static void
send_from_transmit(struct fake_peer *peer, enum fake_kind kind,
    const coap_pdu_t *pdu, int value)
{
	(void)pdu;
	(void)value;
	if (kind != FAKE_SENT || peer->count[FAKE_SENT] > 3)
		return;
	fake_send(peer, COAP_MESSAGE_CON, GET);
}

static void
transmit_may_send(void **state)
{
	(void)state;
	net.a.params.nstart = 2;
	net.a.hook = send_from_transmit;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_expect(&net.a, "0 sent 40010001\n0 sent 40010002\n");
	assert_int_equal(net.a.dgram.n_waiting, 1);
}

static void
reset_in(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	(void)pdu;
	(void)value;
	if ((int)kind != *(const int *)peer->user)
		return;
	dgram_reset(&peer->dgram, COAP_NACK_NOT_DELIVERABLE);
}

static void
stir(struct fake_peer *peer)
{
	peer->params.nstart = 2;
	peer->params.max_retransmit = 1;
	for (int i = 0; i < 4; i++) {
		fake_send(peer, COAP_MESSAGE_CON, GET);
		fake_send(peer, COAP_MESSAGE_NON, GET);
	}
	dgram_ping(&peer->dgram, net.now);
	fake_input_hex(peer, "40011234 ff 41");
	fake_input_hex(peer, "40011234 ff 41");
	fake_input_hex(peer, "50011235 ff 41");
	fake_input_hex(peer, "50011235 ff 41");
	fake_input_hex(peer, "40001236");
	for (unsigned mid = 1; mid < 40; mid++) {
		uint8_t reply[4] = { 0x60, 0, 0, (uint8_t)mid };

		if (mid % 3 == 0)
			reply[0] = 0x70;
		if (mid % 3 != 1)
			fake_input(peer, reply, sizeof(reply));
	}
	dgram_kick(&peer->dgram, net.now);
	fake_net_run(&net, net.now + 20000);
}

static void
reset_from_each_operation(void **state)
{
	int kind;

	(void)state;
	net.a.hook = reset_in;
	net.a.user = &kind;
	for (kind = 0; kind < FAKE_KINDS; kind++) {
		net.a.dgram.next_mid = 1;
		stir(&net.a);
		fake_net_run(&net, net.now + 300000);
		assert_false(dgram_busy(&net.a.dgram));
		assert_true(dgram_next(&net.a.dgram) == TIMER_NEVER);
	}
	for (kind = 0; kind < FAKE_KINDS; kind++)
		assert_true(net.a.count[kind] > 0);
}

static void
no_ack_after_a_reset_from_deliver(void **state)
{
	int kind = FAKE_DELIVER;

	(void)state;
	net.a.hook = reset_in;
	net.a.user = &kind;
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a, "0 deliver CON 0.01 1234\n");
	fake_input_hex(&net.a, "40011234");
	fake_expect(&net.a, "0 deliver CON 0.01 1234\n");
}

static void
forget_other(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	coap_pdu_t **all = peer->user;

	(void)value;
	if (kind != FAKE_FAILED && kind != FAKE_ACKED)
		return;
	assert_int_equal(dgram_forget(&peer->dgram, pdu, 0), 0);
	assert_int_equal(dgram_forget(&peer->dgram, all[1], 0), 1);
	peer->hook = NULL;
}

static void
forget_from_failed_and_acked(void **state)
{
	coap_pdu_t *pdu[3];

	(void)state;
	for (int round = 0; round < 2; round++) {
		net.a.dgram.next_mid = 1;
		for (int i = 0; i < 3; i++) {
			pdu[i] = fake_pdu(&net.a, COAP_MESSAGE_CON, GET);
			dgram_send(&net.a.dgram, pdu[i], 0);
		}
		net.a.hook = forget_other;
		net.a.user = pdu;
		if (round == 0)
			fake_input_hex(&net.a, "60000001");
		dgram_reset(&net.a.dgram, COAP_NACK_RST);
		for (int i = 0; i < 3; i++)
			coap_delete_pdu(pdu[i]);
	}
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "0 acked 0001\n"
	    "0 sent 40010003\n"
	    "0 failed 0003 2\n"
	    "0 sent 40010001\n"
	    "0 failed 0001 2\n"
	    "0 failed 0003 2\n");
}

static void
what_failed_sends_in_a_reset_stays(void **state)
{
	(void)state;
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	fake_send(&net.a, COAP_MESSAGE_CON, GET);
	net.a.hook = send_once_more;
	dgram_reset(&net.a.dgram, COAP_NACK_RST);
	fake_expect(&net.a,
	    "0 sent 40010001\n"
	    "0 failed 0001 2\n"
	    "0 sent 40010003\n"
	    "0 failed 0002 2\n");
	assert_true(dgram_busy(&net.a.dgram));
}

/* Errors */

static void
send_empty_sends_only_ack_and_rst(void **state)
{
	struct dgram *d = &net.a.dgram;

	(void)state;
	assert_int_equal(dgram_send_empty(d, COAP_MESSAGE_CON, 1, 0),
	    -COAP_E_INVAL);
	assert_int_equal(dgram_send_empty(d, COAP_MESSAGE_NON, 1, 0),
	    -COAP_E_INVAL);
	assert_int_equal(dgram_send_empty(d, COAP_MESSAGE_RST, 0x1234, 0), 0);
	fake_expect(&net.a, "0 sent 70001234\n");
}

static void
without_memory_nothing_is_sent_and_nothing_kept(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	for (int type = COAP_MESSAGE_CON; type <= COAP_MESSAGE_NON; type++) {
		for (size_t n = 1; n <= 2; n++) {
			pdu = fake_pdu(&net.a, (coap_pdu_type_t)type, GET);
			mem_fail_at(n, 1);
			assert_int_equal(dgram_send(&net.a.dgram, pdu, 0),
			    -COAP_E_NOMEM);
			mem_fail_at(0, 0);
			assert_int_equal(pdu->refs, 1);
			coap_delete_pdu(pdu);
			mem_fail_at(n, 1);
			assert_int_equal(dgram_ping(&net.a.dgram, 0),
			    -COAP_E_NOMEM);
			mem_fail_at(0, 0);
		}
	}
	assert_false(dgram_busy(&net.a.dgram));
	fake_expect(&net.a, "");
}

/* RFC 7252 section 4.3, table 1: what nobody would ever answer or end. */
static void
a_code_that_does_not_fit_the_type_is_refused(void **state)
{
	static const struct {
		coap_pdu_type_t type;
		unsigned code;
	} rows[] = {
		{ COAP_MESSAGE_NON, 0 },
		{ COAP_MESSAGE_ACK, GET },
		{ COAP_MESSAGE_RST, GET },
		{ COAP_MESSAGE_RST, COAP_RESPONSE_CODE_CONTENT },
	};
	coap_pdu_t *pdu;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pdu = fake_pdu(&net.a, rows[i].type, rows[i].code);
		assert_int_equal(dgram_send(&net.a.dgram, pdu, 0),
		    -COAP_E_INVAL);
		assert_int_equal(pdu->refs, 1);
		coap_delete_pdu(pdu);
	}
	fake_expect(&net.a, "");
}

static void
an_empty_message_with_content_is_refused(void **state)
{
	(void)state;
	assert_int_equal(fake_send_token(&net.a, COAP_MESSAGE_CON, 0, 1),
	    -COAP_E_INVAL);
	fake_expect(&net.a, "");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(con_is_repeated_at_2_6_14_30_and_given_up_at_62),
		TEST(a_newer_one_takes_its_place),
		TEST(a_newer_one_is_acknowledged),
		TEST(renew_ends_it),
		TEST(ack_timeout_of_half_a_second),
		TEST(no_repetition_with_max_retransmit_0),
		TEST(first_timeout_is_random_within_its_bounds),
		TEST(repetition_has_the_same_bytes),
		TEST(a_late_timer_repeats_once_and_goes_on_from_there),
		TEST(nothing_is_repeated_after_the_transmit_span),
		TEST(a_newer_one_is_sent_however_late),
		TEST(huge_parameters_never_overflow_the_clock),
		TEST(ack_timeout_0_still_ends),
		TEST(a_transmit_error_counts_as_a_lost_datagram),
		TEST(empty_ack_stops_it),
		TEST(rst_ends_a_con),
		TEST(piggybacked_response_settles_and_is_delivered),
		TEST(ack_that_is_no_answer_is_ignored),
		TEST(any_response_in_an_ack_settles_a_response),
		TEST(response_without_ack_is_settled_by_forget),
		TEST(unsend_takes_what_waits),
		TEST(forget_minds_the_message_not_the_id),
		TEST(rst_for_a_non_within_non_lifetime),
		TEST(a_non_can_be_forgotten),
		TEST(held_nons_have_a_ceiling),
		TEST(nstart_1_keeps_the_order),
		TEST(nstart_n_lets_n_out),
		TEST(giving_up_lets_the_next_out),
		TEST(forget_lets_the_next_out_and_takes_from_the_queue),
		TEST(nstart_0_counts_as_1),
		TEST(the_queue_has_a_ceiling),
		TEST(non_and_replies_do_not_wait),
		TEST(ping_is_answered_with_rst),
		TEST(ping_and_pong),
		TEST(ping_does_not_take_a_place_of_nstart),
		TEST(ping_without_answer_fails),
		TEST(reserved_codes_are_rejected_or_ignored),
		TEST(unknown_codes_of_known_classes_are_delivered),
		TEST(malformed_con_is_rejected_others_are_ignored),
		TEST(ids_count_up_and_wrap),
		TEST(ids_in_use_are_skipped),
		TEST(the_first_id_is_random),
		TEST(icmp_changes_only_the_reason_at_the_end),
		TEST(icmp_then_ack),
		TEST(kick_sends_what_is_on_the_wire_once),
		TEST(reset_reports_each_once),
		TEST(send_from_each_operation),
		TEST(what_waits_goes_before_what_an_operation_sends),
		TEST(transmit_may_send),
		TEST(reset_from_each_operation),
		TEST(no_ack_after_a_reset_from_deliver),
		TEST(forget_from_failed_and_acked),
		TEST(what_failed_sends_in_a_reset_stays),
		TEST(send_empty_sends_only_ack_and_rst),
		TEST(without_memory_nothing_is_sent_and_nothing_kept),
		TEST(a_code_that_does_not_fit_the_type_is_refused),
		TEST(an_empty_message_with_content_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
