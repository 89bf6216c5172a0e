/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of sessions. */
#ifndef COAP_EVENT_H
#define COAP_EVENT_H

#include <coap3/coap_forward_decls.h>

/*
 * SESSION_CONNECTED, and SESSION_CLOSED (or SESSION_FAILED when it was never
 * connected) come on every transport; those of DTLS, TCP and WS come before
 * them. DTLS_CLOSED is 0, so do not take 0 for "no event".
 */
typedef enum coap_event_t {
	/* DTLS and TLS; ERROR: an alert, or a handshake that failed. */
	COAP_EVENT_DTLS_CLOSED = 0x0000,
	COAP_EVENT_DTLS_CONNECTED = 0x01DE,
	COAP_EVENT_DTLS_RENEGOTIATE = 0x01DF,
	COAP_EVENT_DTLS_ERROR = 0x0200,
	/* The socket below TCP, TLS and WebSocket. */
	COAP_EVENT_TCP_CONNECTED = 0x1001,
	COAP_EVENT_TCP_CLOSED = 0x1002,
	COAP_EVENT_TCP_FAILED = 0x1003,
	/* The session is ready for messages, or ended. */
	COAP_EVENT_SESSION_CONNECTED = 0x2001,
	COAP_EVENT_SESSION_CLOSED = 0x2002,
	COAP_EVENT_SESSION_FAILED = 0x2003,
	/* A body came or went only in part. */
	COAP_EVENT_PARTIAL_BLOCK = 0x3001,
	COAP_EVENT_XMIT_BLOCK_FAIL = 0x3002,
	COAP_EVENT_BLOCK_ISSUE = 0x3003,
	/* An endpoint's session: made, about to be freed, ready. */
	COAP_EVENT_SERVER_SESSION_NEW = 0x4001,
	COAP_EVENT_SERVER_SESSION_DEL = 0x4002,
	COAP_EVENT_SERVER_SESSION_CONNECTED = 0x4003,
	/* A message that is none; one sent again; the first one failed. */
	COAP_EVENT_BAD_PACKET = 0x5001,
	COAP_EVENT_MSG_RETRANSMITTED = 0x5002,
	COAP_EVENT_FIRST_PDU_FAIL = 0x5003,
	/* Never raised: OSCORE is not supported. */
	COAP_EVENT_OSCORE_DECRYPTION_FAILURE = 0x6001,
	COAP_EVENT_OSCORE_NOT_ENABLED = 0x6002,
	COAP_EVENT_OSCORE_NO_PROTECTED_PAYLOAD = 0x6003,
	COAP_EVENT_OSCORE_NO_SECURITY = 0x6004,
	COAP_EVENT_OSCORE_INTERNAL_ERROR = 0x6005,
	COAP_EVENT_OSCORE_DECODE_ERROR = 0x6006,
	/* A frame that is too large; the WebSocket is open, or closed. */
	COAP_EVENT_WS_PACKET_SIZE = 0x7001,
	COAP_EVENT_WS_CONNECTED = 0x7002,
	COAP_EVENT_WS_CLOSED = 0x7003,
	/* A ping was not answered, see coap_keepalive(3). */
	COAP_EVENT_KEEPALIVE_FAILURE = 0x8001,
	/* With reconnect: a connection was lost, or an attempt failed; the peer
	 * was heard on a new one; it is given up; an attempt begins. */
	COAP_EVENT_RECONNECT_FAILED = 0x9001,
	COAP_EVENT_RECONNECT_SUCCESS = 0x9002,
	COAP_EVENT_RECONNECT_NO_MORE = 0x9003,
	COAP_EVENT_RECONNECT_STARTED = 0x9004,
} coap_event_t;

/* Returns whatever the application likes; the library ignores it. */
typedef int (
    *coap_event_handler_t)(coap_session_t *session, const coap_event_t event);

/*
 * Who hears of events; NULL: nobody. One handler a context, the last one given
 * counts. NULL context: nothing happens. See coap_handler(3).
 */
COAP_API void coap_register_event_handler(coap_context_t *context,
    coap_event_handler_t hnd);

/* The older name of coap_register_event_handler(). */
COAP_API void coap_set_event_handler(coap_context_t *context,
    coap_event_handler_t hnd);

/* coap_register_event_handler(context, NULL); kept for programs that use it. */
COAP_API void coap_clear_event_handler(coap_context_t *context);

#endif
