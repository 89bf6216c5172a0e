/* SPDX-License-Identifier: BSD-2-Clause */
/* What this library has, and Debian's has not. */
#include "tests/bench/app.h"

#include <coap3/coapx.h>

bool
library_can(const struct protocol *proto)
{
	static const coap_proto_t numbers[2][2][2] = {
		{
		    { COAP_PROTO_UDP, COAP_PROTO_DTLS },
		    { COAP_PROTO_NONE, COAP_PROTO_NONE },
		},
		{
		    { COAP_PROTO_TCP, COAP_PROTO_TLS },
		    { COAP_PROTO_WS, COAP_PROTO_WSS },
		},
	};

	return coapx_proto_is_supported(
	    numbers[proto->stream][proto->ws][proto->secure]);
}

void
library_prepare(coap_session_t *session, const struct protocol *proto)
{
	coap_str_const_t *host = coap_make_str_const("localhost");

	if (proto->ws && !coap_ws_set_host_request(session, host))
		die("coap_ws_set_host_request");
}
