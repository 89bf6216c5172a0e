/* SPDX-License-Identifier: BSD-2-Clause */
/* What Debian's libcoap 4.3.1 has: no WebSocket. */
#include "tests/bench/app.h"

bool
library_can(const struct protocol *proto)
{
	if (proto->ws)
		return false;
	if (proto->stream && !coap_tcp_is_supported())
		return false;
	if (!proto->secure)
		return true;
	return proto->stream ? coap_tls_is_supported()
			     : coap_dtls_is_supported();
}

void
library_prepare(coap_session_t *session, const struct protocol *proto)
{
	(void)session;
	(void)proto;
}
