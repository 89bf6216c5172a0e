/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocols as a table: the only place that tells one from another. */
#ifndef SESSION_PROTO_H
#define SESSION_PROTO_H

#include <coap3/coap_event.h>
#include <coap3/coap_uri.h>

#include "wire/pdu.h"

/* An event that a protocol does not have. COAP_EVENT_DTLS_CLOSED is 0. */
#define PROTO_NO_EVENT (-1)

/* What stands above the socket, in this order. */
enum proto_rung {
	RUNG_NONE,
	RUNG_TLS,
	RUNG_WS,
};

struct proto {
	const char *name;   /* "tcp" */
	const char *label;  /* as coap_session_str() has it, "TCP " */
	const char *scheme; /* "coap+tcp" */
	coap_proto_t proto;
	coap_uri_scheme_t uri_scheme;
	uint16_t port;
	enum framing framing;
	bool reliable;    /* messages: CSM ... instead of CON ... */
	bool secure;      /* needs a TLS library */
	uint8_t rungs[3]; /* enum proto_rung, ends with RUNG_NONE */
	/* The protocol's own events, beside SESSION_CONNECTED and so on. */
	int event_connected;
	int event_closed;
	int event_failed;
};

/* Never NULL: the row of COAP_PROTO_NONE for anything unknown. */
const struct proto *proto_get(coap_proto_t proto);
const struct proto *proto_by_scheme(coap_uri_scheme_t scheme);
/* Whether this build has the layers. */
bool proto_is_supported(const struct proto *row);

#endif
