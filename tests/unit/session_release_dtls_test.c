/* SPDX-License-Identifier: BSD-2-Clause */
/* Any handler does anything, on DTLS: session_play.h. */
#include "session_keys.h"
#include "session_play.h"

PLAY(dtls, COAP_PROTO_DTLS, false, 1500)
PLAY(dtls_pki, COAP_PROTO_DTLS, true, 800)

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(dtls),
		T(dtls_pki),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
