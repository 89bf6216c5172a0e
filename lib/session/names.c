/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the enumerations, for people and for scripts. */
#include <coap3/coapx.h>

#include "base/err.h"

struct name {
	int value;
	const char *name;
};

static const char *
find(const struct name *names, int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return "?";
}

#define EVENT(name)                      \
	{                                \
		COAP_EVENT_##name, #name \
	}

static const struct name events[] = {
	EVENT(DTLS_CLOSED),
	EVENT(DTLS_CONNECTED),
	EVENT(DTLS_RENEGOTIATE),
	EVENT(DTLS_ERROR),
	EVENT(TCP_CONNECTED),
	EVENT(TCP_CLOSED),
	EVENT(TCP_FAILED),
	EVENT(SESSION_CONNECTED),
	EVENT(SESSION_CLOSED),
	EVENT(SESSION_FAILED),
	EVENT(PARTIAL_BLOCK),
	EVENT(XMIT_BLOCK_FAIL),
	EVENT(BLOCK_ISSUE),
	EVENT(SERVER_SESSION_NEW),
	EVENT(SERVER_SESSION_DEL),
	EVENT(SERVER_SESSION_CONNECTED),
	EVENT(BAD_PACKET),
	EVENT(MSG_RETRANSMITTED),
	EVENT(FIRST_PDU_FAIL),
	EVENT(OSCORE_DECRYPTION_FAILURE),
	EVENT(OSCORE_NOT_ENABLED),
	EVENT(OSCORE_NO_PROTECTED_PAYLOAD),
	EVENT(OSCORE_NO_SECURITY),
	EVENT(OSCORE_INTERNAL_ERROR),
	EVENT(OSCORE_DECODE_ERROR),
	EVENT(WS_PACKET_SIZE),
	EVENT(WS_CONNECTED),
	EVENT(WS_CLOSED),
	EVENT(KEEPALIVE_FAILURE),
	EVENT(RECONNECT_FAILED),
	EVENT(RECONNECT_SUCCESS),
	EVENT(RECONNECT_NO_MORE),
	EVENT(RECONNECT_STARTED),
	{ COAPX_EVENT_ICMP_ERROR, "ICMP_ERROR" },
	{ 0, NULL },
};

static const struct name states[] = {
	{ COAP_SESSION_STATE_NONE, "none" },
	{ COAP_SESSION_STATE_CONNECTING, "connecting" },
	{ COAP_SESSION_STATE_HANDSHAKE, "handshake" },
	{ COAP_SESSION_STATE_CSM, "csm" },
	{ COAP_SESSION_STATE_ESTABLISHED, "established" },
	{ 0, NULL },
};

static const struct name types[] = {
	{ COAP_SESSION_TYPE_NONE, "none" },
	{ COAP_SESSION_TYPE_CLIENT, "client" },
	{ COAP_SESSION_TYPE_SERVER, "server" },
	{ COAP_SESSION_TYPE_HELLO, "hello" },
	{ 0, NULL },
};

static const struct name nacks[] = {
	{ COAP_NACK_TOO_MANY_RETRIES, "too-many-retries" },
	{ COAP_NACK_NOT_DELIVERABLE, "not-deliverable" },
	{ COAP_NACK_RST, "rst" },
	{ COAP_NACK_TLS_FAILED, "tls-failed" },
	{ COAP_NACK_ICMP_ISSUE, "icmp-issue" },
	{ COAP_NACK_BAD_RESPONSE, "bad-response" },
	{ COAP_NACK_TLS_LAYER_FAILED, "tls-layer-failed" },
	{ COAP_NACK_WS_LAYER_FAILED, "ws-layer-failed" },
	{ COAP_NACK_WS_FAILED, "ws-failed" },
	{ 0, NULL },
};

const char *
coapx_event_name(coap_event_t event)
{
	return find(events, (int)event);
}

const char *
coapx_state_name(coap_session_state_t state)
{
	return find(states, (int)state);
}

const char *
coapx_type_name(coap_session_type_t type)
{
	return find(types, (int)type);
}

const char *
coapx_nack_name(coap_nack_reason_t reason)
{
	return find(nacks, (int)reason);
}

const char *
coapx_strerror(int err)
{
	return err_text(err);
}

const char *
coapx_version(void)
{
	return COAPX_VERSION;
}
