/* SPDX-License-Identifier: BSD-2-Clause */
/* Reasons a message is not delivered. */
#ifndef COAP_IO_H
#define COAP_IO_H

#include <coap3/coap_forward_decls.h>

/*
 * Why a message ended without a response, or a session ended.
 * TOO_MANY_RETRIES: no ACK after all retransmissions. NOT_DELIVERABLE: the
 * connection could not be made, or broke. RST: the peer answered with RST, or
 * ended the session with Release or Abort. TLS_FAILED: the handshake failed, or
 * TLS was closed. ICMP_ISSUE: no ACK, and the network reported an error.
 * BAD_RESPONSE: the response could not be used. TLS_LAYER_FAILED,
 * WS_LAYER_FAILED: the layer could not be set up. WS_FAILED: never used.
 */
typedef enum coap_nack_reason_t {
	COAP_NACK_TOO_MANY_RETRIES = 0,
	COAP_NACK_NOT_DELIVERABLE = 1,
	COAP_NACK_RST = 2,
	COAP_NACK_TLS_FAILED = 3,
	COAP_NACK_ICMP_ISSUE = 4,
	COAP_NACK_BAD_RESPONSE = 5,
	COAP_NACK_TLS_LAYER_FAILED = 6,
	COAP_NACK_WS_LAYER_FAILED = 7,
	COAP_NACK_WS_FAILED = 8,
} coap_nack_reason_t;

/*
 * The text for the calling thread's errno, as strerror(3) gives it: valid until
 * the next call of either. Never NULL.
 */
COAP_API const char *coap_socket_strerror(void);

#endif
