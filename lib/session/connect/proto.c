/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol table and its look-ups. */
#include "session/connect/proto.h"

#include <coap3/coapx.h>

#include "net/ws_engine.h"
#include "tls/tls.h"

static const struct proto protos[] = {
	{
	    .name = "none",
	    .label = "????",
	    .scheme = "",
	    .proto = COAP_PROTO_NONE,
	    .uri_scheme = COAP_URI_SCHEME_LAST,
	    .event_connected = PROTO_NO_EVENT,
	    .event_closed = PROTO_NO_EVENT,
	    .event_failed = PROTO_NO_EVENT,
	},
	{
	    .name = "udp",
	    .label = "UDP ",
	    .scheme = "coap",
	    .proto = COAP_PROTO_UDP,
	    .uri_scheme = COAP_URI_SCHEME_COAP,
	    .port = COAP_DEFAULT_PORT,
	    .framing = FRAMING_DATAGRAM,
	    .event_connected = PROTO_NO_EVENT,
	    .event_closed = PROTO_NO_EVENT,
	    .event_failed = PROTO_NO_EVENT,
	},
	{
	    .name = "dtls",
	    .label = "DTLS",
	    .scheme = "coaps",
	    .proto = COAP_PROTO_DTLS,
	    .uri_scheme = COAP_URI_SCHEME_COAPS,
	    .port = COAPS_DEFAULT_PORT,
	    .framing = FRAMING_DATAGRAM,
	    .secure = true,
	    .rungs = { RUNG_TLS },
	    .event_connected = PROTO_NO_EVENT,
	    .event_closed = PROTO_NO_EVENT,
	    .event_failed = PROTO_NO_EVENT,
	},
	{
	    .name = "tcp",
	    .label = "TCP ",
	    .scheme = "coap+tcp",
	    .proto = COAP_PROTO_TCP,
	    .uri_scheme = COAP_URI_SCHEME_COAP_TCP,
	    .port = COAP_DEFAULT_PORT,
	    .framing = FRAMING_STREAM,
	    .reliable = true,
	    .event_connected = COAP_EVENT_TCP_CONNECTED,
	    .event_closed = COAP_EVENT_TCP_CLOSED,
	    .event_failed = COAP_EVENT_TCP_FAILED,
	},
	{
	    .name = "tls",
	    .label = "TLS ",
	    .scheme = "coaps+tcp",
	    .proto = COAP_PROTO_TLS,
	    .uri_scheme = COAP_URI_SCHEME_COAPS_TCP,
	    .port = COAPS_DEFAULT_PORT,
	    .framing = FRAMING_STREAM,
	    .reliable = true,
	    .secure = true,
	    .rungs = { RUNG_TLS },
	    .event_connected = COAP_EVENT_TCP_CONNECTED,
	    .event_closed = COAP_EVENT_TCP_CLOSED,
	    .event_failed = COAP_EVENT_TCP_FAILED,
	},
	{
	    .name = "ws",
	    .label = "WS  ",
	    .scheme = "coap+ws",
	    .proto = COAP_PROTO_WS,
	    .uri_scheme = COAP_URI_SCHEME_COAP_WS,
	    .port = 80,
	    .framing = FRAMING_WS,
	    .reliable = true,
	    .rungs = { RUNG_WS },
	    .event_connected = COAP_EVENT_TCP_CONNECTED,
	    .event_closed = COAP_EVENT_TCP_CLOSED,
	    .event_failed = COAP_EVENT_TCP_FAILED,
	},
	{
	    .name = "wss",
	    .label = "WSS ",
	    .scheme = "coaps+ws",
	    .proto = COAP_PROTO_WSS,
	    .uri_scheme = COAP_URI_SCHEME_COAPS_WS,
	    .port = 443,
	    .framing = FRAMING_WS,
	    .reliable = true,
	    .secure = true,
	    .rungs = { RUNG_TLS, RUNG_WS },
	    .event_connected = COAP_EVENT_TCP_CONNECTED,
	    .event_closed = COAP_EVENT_TCP_CLOSED,
	    .event_failed = COAP_EVENT_TCP_FAILED,
	},
};

#define N_PROTOS (sizeof protos / sizeof protos[0])

const struct proto *
proto_get(coap_proto_t proto)
{
	if ((unsigned)proto >= N_PROTOS)
		return &protos[COAP_PROTO_NONE];
	return &protos[proto];
}

const struct proto *
proto_by_scheme(coap_uri_scheme_t scheme)
{
	for (size_t i = 1; i < N_PROTOS; i++)
		if (protos[i].uri_scheme == scheme)
			return &protos[i];
	return &protos[COAP_PROTO_NONE];
}

const char *
coapx_proto_name(coap_proto_t proto)
{
	return proto_get(proto)->name;
}

const char *
coapx_proto_scheme(coap_proto_t proto)
{
	return proto_get(proto)->scheme;
}

uint16_t
coapx_proto_port(coap_proto_t proto)
{
	return proto_get(proto)->port;
}

coap_proto_t
coapx_scheme_proto(coap_uri_scheme_t scheme)
{
	return proto_by_scheme(scheme)->proto;
}

bool
proto_is_supported(const struct proto *row)
{
	size_t i;

	if (row->proto == COAP_PROTO_NONE)
		return false;
	for (i = 0; row->rungs[i] != RUNG_NONE; i++) {
		if (row->rungs[i] == RUNG_TLS && !tls_backend_name())
			return false;
		if (row->rungs[i] == RUNG_WS && !ws_engine_name())
			return false;
	}
	return true;
}

int
coapx_proto_is_supported(coap_proto_t proto)
{
	return proto_is_supported(proto_get(proto));
}
