/* SPDX-License-Identifier: BSD-2-Clause */
/* PROBING_RATE (RFC 7252 section 4.7): NONs to a peer that does not respond. */
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
#define CON     COAP_MESSAGE_CON
#define NON     COAP_MESSAGE_NON

/* EXCHANGE_LIFETIME of a peer of the fake network, in seconds, and what of
 * requests of 4 bytes may go out at once at 1 byte a second. */
#define WINDOW 232
#define BURST  (WINDOW / 4 + 1)

static struct fake_net net;
static size_t before;

static int
set_up(void **state)
{
	(void)state;
	before = mem_outstanding();
	fake_net_init(&net, 1);
	net.a.quiet = true;
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

static unsigned
sent(void)
{
	return net.a.count[FAKE_SENT];
}

static void
send_many(unsigned n)
{
	while (n-- > 0)
		assert_true(fake_send(&net.a, NON, GET) >= 0);
}

static void
the_first_ones_leave_at_once_the_others_at_the_rate(void **state)
{
	(void)state;
	send_many(BURST + 10);
	assert_int_equal(sent(), BURST);
	assert_true(dgram_busy(&net.a.dgram));
	/* The last one was 4 bytes too many. */
	assert_int_equal(dgram_next(&net.a.dgram), 4000);
	fake_net_run(&net, 3999);
	assert_int_equal(sent(), BURST);
	for (unsigned i = 1; i <= 10; i++) {
		fake_net_run(&net, 4000 * i);
		assert_int_equal(sent(), BURST + i);
	}
	assert_false(dgram_busy(&net.a.dgram));
}

/* However long somebody asks whom nobody answers for. */
static void
the_average_is_the_rate(void **state)
{
	(void)state;
	for (unsigned rate = 1; rate <= 10; rate += 9) {
		coap_tick_t start = net.now;
		unsigned burst = WINDOW * rate / 4 + 1;
		unsigned first = sent();

		dgram_reset(&net.a.dgram, COAP_NACK_NOT_DELIVERABLE);
		net.a.params.probing_rate = rate;
		for (unsigned s = 0; s < 50000; s++) {
			fake_net_run(&net, start + s * 1000);
			if ((!net.a.dgram.probing ||
				net.a.dgram.probing->n < 100))
				send_many(3 * rate);
		}
		assert_in_range(sent() - first, 50000 * rate / 4,
		    burst + 50000 * rate / 4);
	}
}

/* In time it may be quick again, as if it began. */
static void
what_was_sent_is_forgotten_at_the_rate(void **state)
{
	(void)state;
	send_many(BURST);
	fake_net_run(&net, (WINDOW + 4) * 1000);
	send_many(BURST + 1);
	assert_int_equal(sent(), 2 * BURST);
}

static void
whatever_comes_lets_them_go(void **state)
{
	static const char *const messages[] = {
		"50450900",   /* a response by NON */
		"40450901",   /* a CON */
		"60000999",   /* an ACK for nothing */
		"70000001",   /* a Reset for the first */
		"4001090aff", /* what cannot be decoded */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		fake_net_free(&net);
		fake_net_init(&net, 1);
		send_many(BURST + 20);
		assert_int_equal(sent(), BURST);
		if (i == 4)
			dgram_input_bad(&net.a.dgram,
			    &(coap_pdu_t){ .type = NON }, net.now);
		else
			fake_input_hex(&net.a, messages[i]);
		/* And a reply to the CON. */
		assert_int_equal(sent(), BURST + 20 + (i == 1));
		assert_false(dgram_busy(&net.a.dgram));
	}
}

static void
who_is_answered_is_not_held_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		send_many(1);
		fake_input_hex(&net.a, "50450900");
	}
	assert_int_equal(sent(), 1000);
}

/* Answers, notifications and CONs have rules of their own, groups need not
 * answer, and Q-Block has its pace. */
static void
what_is_not_counted(void **state)
{
	static const coap_option_num_t options[] = { COAP_OPTION_Q_BLOCK1,
		COAP_OPTION_Q_BLOCK2 };
	coap_pdu_t *pdu;

	(void)state;
	for (unsigned i = 0; i < 2 * BURST; i++) {
		assert_true(fake_send(&net.a, NON, CONTENT) > 0);
		pdu = fake_pdu(&net.a, NON, GET);
		assert_true(coap_add_option(pdu, options[i % 2], 0, NULL) > 0);
		assert_int_equal(dgram_send(&net.a.dgram, pdu, net.now), 0);
		coap_delete_pdu(pdu);
	}
	net.a.dgram.group = true;
	send_many(2 * BURST);
	net.a.dgram.group = false;
	assert_int_equal(sent(), 6 * BURST);
	send_many(BURST + 1);
	assert_int_equal(sent(), 7 * BURST);
	/* One that waits holds back no CON. */
	assert_true(fake_send(&net.a, CON, GET) > 0);
	assert_int_equal(sent(), 7 * BURST + 1);
}

static void
the_queue_has_a_ceiling(void **state)
{
	(void)state;
	send_many(BURST + DGRAM_QUEUE_MAX);
	assert_int_equal(fake_send(&net.a, NON, GET), -COAP_E_LIMIT);
	/* Nothing of it was kept. */
	assert_int_equal(net.a.dgram.probing->n, DGRAM_QUEUE_MAX);
	assert_true(fake_send(&net.a, NON, CONTENT) > 0);
	fake_net_run(&net, 4000);
	assert_true(fake_send(&net.a, NON, GET) > 0);
}

static void
one_that_waits_can_be_taken_back(void **state)
{
	coap_pdu_t *pdu[3];

	(void)state;
	send_many(BURST);
	for (int i = 0; i < 3; i++) {
		pdu[i] = fake_pdu(&net.a, NON, GET);
		assert_int_equal(dgram_send(&net.a.dgram, pdu[i], net.now), 0);
	}
	/* Its id is not free. */
	assert_int_equal(dgram_send(&net.a.dgram, pdu[0], net.now),
	    -COAP_E_EXISTS);
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[0]), 1);
	assert_int_equal(dgram_forget(&net.a.dgram, pdu[1], net.now), 1);
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[1]), 0);
	fake_net_run(&net, 100000);
	assert_int_equal(sent(), BURST + 1);
	assert_int_equal(dgram_unsend(&net.a.dgram, pdu[2]), 0);
	for (int i = 0; i < 3; i++)
		coap_delete_pdu(pdu[i]);
}

static void
the_end_is_told_of_those_that_wait(void **state)
{
	(void)state;
	send_many(BURST + 5);
	net.a.count[FAKE_FAILED] = 0;
	dgram_reset(&net.a.dgram, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(net.a.count[FAKE_FAILED], BURST + 5);
	assert_false(dgram_busy(&net.a.dgram));
	/* Another transport, and perhaps another peer. */
	send_many(BURST + 1);
	assert_int_equal(sent(), 2 * BURST);
}

static void
without_memory_it_is_refused(void **state)
{
	(void)state;
	send_many(BURST);
	for (size_t n = 1; n < 3; n++) {
		coap_pdu_t *pdu = fake_pdu(&net.a, NON, GET);
		int r;

		mem_fail_at(n, 0);
		r = dgram_send(&net.a.dgram, pdu, net.now);
		mem_fail_at(0, 0);
		assert_true(r == 0 || r == -COAP_E_NOMEM);
		assert_true(n > 1 || r < 0);
		coap_delete_pdu(pdu);
	}
}

/* A rate that was raised counts from now on; none overflows. */
static void
any_rate_can_be_set(void **state)
{
	(void)state;
	send_many(BURST + 20);
	net.a.params.probing_rate = 8;
	fake_net_run(&net, net.now + 1);
	assert_int_equal(sent(), BURST + 20);
	net.a.params.probing_rate = UINT32_MAX;
	net.a.params.max_retransmit = UINT16_MAX;
	send_many(1000);
	assert_int_equal(sent(), BURST + 1020);
	net.a.params.probing_rate = 1;
	net.a.params.max_retransmit = 4;
	send_many(1);
	assert_int_equal(sent(), BURST + 1020);
	fake_net_run(&net, net.now + 10000000);
	assert_int_equal(sent(), BURST + 1021);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_ones_leave_at_once_the_others_at_the_rate),
		TEST(the_average_is_the_rate),
		TEST(what_was_sent_is_forgotten_at_the_rate),
		TEST(whatever_comes_lets_them_go),
		TEST(who_is_answered_is_not_held_back),
		TEST(what_is_not_counted),
		TEST(the_queue_has_a_ceiling),
		TEST(one_that_waits_can_be_taken_back),
		TEST(the_end_is_told_of_those_that_wait),
		TEST(without_memory_it_is_refused),
		TEST(any_rate_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
