/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "A handler may call anything: release the session it was given or any
 * other, free the endpoint, free the context." Each scene is played once to
 * see what handlers it calls; then once more for each of these and each of the
 * actions, which is done there, at its first call. session_ledger.h and the
 * teardown of the world see what came of it.
 */
#ifndef SESSION_PLAY_H
#define SESSION_PLAY_H

#include "session_support.h"

/* All scenes on a protocol; with pki, those that certificates differ in. Fails
 * when there were fewer plays than that. */
void play_all(void **state, coap_proto_t p, bool pki, unsigned least);

#define PLAY(name, proto, pki, least)               \
	static void name(void **state)              \
	{                                           \
		play_all(state, proto, pki, least); \
	}

#endif
