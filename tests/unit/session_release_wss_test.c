/* SPDX-License-Identifier: BSD-2-Clause */
/* Any handler does anything, on WebSocket over TLS: session_play.h. */
#include "session_keys.h"
#include "session_play.h"

PLAY(wss, COAP_PROTO_WSS, false, 2000)
PLAY(wss_pki, COAP_PROTO_WSS, true, 1000)

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(wss),
		T(wss_pki),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
