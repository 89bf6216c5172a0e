/* SPDX-License-Identifier: BSD-2-Clause */
/* Any handler does anything, on the plain protocols: session_play.h. */
#include "session_keys.h"
#include "session_play.h"

PLAY(udp, COAP_PROTO_UDP, false, 900)
PLAY(tcp, COAP_PROTO_TCP, false, 1100)
PLAY(ws, COAP_PROTO_WS, false, 1200)

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(udp),
		T(tcp),
		T(ws),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
