/* SPDX-License-Identifier: BSD-2-Clause */
/* The times that follow from the transmission parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "message/params.h"

static void
defaults_are_those_of_rfc_7252(void **state)
{
	const struct msg_params *p = &msg_params_default;

	(void)state;
	assert_int_equal(msg_fixed_ms(p->ack_timeout), 2000);
	assert_int_equal(msg_fixed_ms(p->ack_random_factor), 1500);
	assert_int_equal(msg_fixed_ms(p->default_leisure), 5000);
	assert_int_equal(msg_fixed_ms(p->non_timeout), 2000);
	assert_int_equal(msg_fixed_ms(p->non_receive_timeout), 4000);
	assert_int_equal(p->probing_rate, 1);
	assert_int_equal(p->max_retransmit, 4);
	assert_int_equal(p->nstart, 1);
	assert_int_equal(p->max_payloads, 10);
	assert_int_equal(p->non_max_retransmit, 4);
}

static void
derived_times_are_those_of_rfc_7252(void **state)
{
	const struct msg_params *p = &msg_params_default;

	(void)state;
	assert_int_equal(msg_exchange_lifetime(p), 247000);
	assert_int_equal(msg_non_lifetime(p), 145000);
}

static void
fractions_of_a_second_count(void **state)
{
	struct msg_params p = msg_params_default;

	(void)state;
	p.ack_timeout = (coap_fixed_point_t){ 0, 500 };
	p.ack_random_factor = (coap_fixed_point_t){ 1, 1 };
	p.max_retransmit = 1;
	assert_int_equal(msg_fixed_ms(p.ack_timeout), 500);
	/* 500 * 1.001 = 500 (whole ms) */
	assert_int_equal(msg_non_lifetime(&p), 500 + 100000);
	assert_int_equal(msg_exchange_lifetime(&p), 500 + 200000 + 500);
}

static void
no_retransmission_leaves_the_latency(void **state)
{
	struct msg_params p = msg_params_default;

	(void)state;
	p.max_retransmit = 0;
	assert_int_equal(msg_non_lifetime(&p), 100000);
	assert_int_equal(msg_exchange_lifetime(&p), 202000);
}

static void
the_largest_parameters_do_not_overflow(void **state)
{
	struct msg_params p = msg_params_default;
	coap_tick_t last = 0;

	(void)state;
	p.ack_timeout = (coap_fixed_point_t){ UINT16_MAX, UINT16_MAX };
	p.ack_random_factor = p.ack_timeout;
	for (unsigned n = 0; n <= UINT16_MAX; n++) {
		p.max_retransmit = (uint16_t)n;
		assert_true(msg_non_lifetime(&p) >= last);
		last = msg_non_lifetime(&p);
		assert_true(msg_exchange_lifetime(&p) < UINT64_MAX / 4);
		assert_true(msg_non_lifetime(&p) < UINT64_MAX / 4);
	}
	assert_true(last > (coap_tick_t)1 << 60);
}

static void
zero_parameters_give_the_fixed_times(void **state)
{
	struct msg_params p = { .max_retransmit = UINT16_MAX };

	(void)state;
	assert_int_equal(msg_exchange_lifetime(&p), 200000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_rfc_7252),
		cmocka_unit_test(derived_times_are_those_of_rfc_7252),
		cmocka_unit_test(fractions_of_a_second_count),
		cmocka_unit_test(no_retransmission_leaves_the_latency),
		cmocka_unit_test(the_largest_parameters_do_not_overflow),
		cmocka_unit_test(zero_parameters_give_the_fixed_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
