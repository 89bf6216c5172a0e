/* SPDX-License-Identifier: BSD-2-Clause */
/* WebSocket layers that talk to each other, over layers in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "ws_support.h"

static void
upgrade_and_messages(void **state)
{
	struct ws_end client, server;

	(void)state;
	ws_pair_open(&client, &server);
	assert_int_equal(layer_send(client.layer, "hello", 5), 0);
	ws_pair_move(&client, &server);
	ws_assert_message(&server, "hello", 5);
	ws_assert_says(&server, -COAP_E_AGAIN);
	assert_int_equal(layer_send(server.layer, "world!", 6), 0);
	ws_pair_move(&client, &server);
	ws_assert_message(&client, "world!", 6);
	ws_assert_says(&client, -COAP_E_AGAIN);
	ws_end_free(&client);
	ws_end_free(&server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrade_and_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
