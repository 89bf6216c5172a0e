/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies by Q-Block through a network that loses, repeats, reorders and delays
 * datagrams: each is whole, or its end is told, once. */
#include "lossy_bodies.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* With the default parameters: what is not confirmed is asked for, too. */
static void
a_mebibyte_not_confirmed(void **state)
{
	static const struct body_row ten = { .name = "q-block, NON, 10",
		.rule = &lossy_ten,
		.rounds = 6,
		.mode = COAP_BLOCK_TRY_Q_BLOCK,
		.type = COAP_MESSAGE_NON };
	static const struct body_row thirty = { .name = "q-block, NON, 30",
		.rule = &lossy_thirty,
		.rounds = 6,
		.mode = COAP_BLOCK_TRY_Q_BLOCK,
		.type = COAP_MESSAGE_NON };
	unsigned whole;

	(void)state;
	assert_int_equal(lossy_bodies_play(&ten, &whole), 0);
	lossy_bodies_play(&thirty, &whole);
	assert_true(whole > 0);
}

static void
a_mebibyte_confirmed(void **state)
{
	static const struct body_row ten = { .name = "q-block, CON, 10",
		.rule = &lossy_ten,
		.rounds = 4,
		.mode = COAP_BLOCK_TRY_Q_BLOCK };
	static const struct body_row thirty = { .name = "q-block, CON, 30",
		.rule = &lossy_thirty,
		.rounds = 4,
		.mode = COAP_BLOCK_TRY_Q_BLOCK };
	unsigned whole;

	(void)state;
	lossy_bodies_play(&ten, &whole);
	assert_true(whole > 0);
	assert_true(lossy_bodies_play(&thirty, &whole) > 0);
}

static void
a_mebibyte_confirmed_with_patience(void **state)
{
	static const struct body_row rows[] = {
		{ .name = "q-block, CON, 10, patient",
		    .rule = &lossy_ten,
		    .rounds = 2,
		    .mode = COAP_BLOCK_TRY_Q_BLOCK,
		    .retransmits = 8 },
		{ .name = "q-block, CON, 30, patient",
		    .rule = &lossy_thirty,
		    .rounds = 2,
		    .mode = COAP_BLOCK_TRY_Q_BLOCK,
		    .retransmits = 20 },
	};
	unsigned whole;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(lossy_bodies_play(&rows[i], &whole), 0);
}

static void
small_blocks_not_confirmed(void **state)
{
	static const struct body_row row = { .name = "q-block, NON, 64",
		.rule = &lossy_ten,
		.rounds = 1,
		.mode = COAP_BLOCK_TRY_Q_BLOCK,
		.block = 64,
		.type = COAP_MESSAGE_NON };

	(void)state;
	for (int kind = 0; kind < 4; kind++)
		assert_int_equal(lossy_body_play(&row, lossy_first(), kind & 1,
				     kind & 2),
		    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_mebibyte_not_confirmed,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_mebibyte_confirmed, lossy_teardown),
		cmocka_unit_test_teardown(a_mebibyte_confirmed_with_patience,
		    lossy_teardown),
		cmocka_unit_test_teardown(small_blocks_not_confirmed,
		    lossy_teardown),
	};

	return cmocka_run_group_tests(tests, lossy_body_fill, NULL);
}
