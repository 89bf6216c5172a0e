/* SPDX-License-Identifier: BSD-2-Clause */
/* Any handler does anything, on TLS: session_play.h. */
#include "session_keys.h"
#include "session_play.h"

PLAY(tls, COAP_PROTO_TLS, false, 1900)
PLAY(tls_pki, COAP_PROTO_TLS, true, 1000)

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(tls),
		T(tls_pki),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
