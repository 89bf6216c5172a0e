/* SPDX-License-Identifier: BSD-2-Clause */
/* CoAP over WebSockets (RFC 8323). */
#ifndef COAP_WS_H
#define COAP_WS_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_str.h>

/*
 * The Host header that a WebSocket client sends when it connects (RFC 8323
 * section 4, RFC 6455 section 4.1); to be called right after the session is
 * made. ws_host is copied. Without it the server's address is sent. 1, or 0
 * when it is empty or has a line break or a NUL, the session is not a WebSocket
 * client's, the upgrade has begun, or memory is short. See coap_websockets(3).
 */
COAP_API int coap_ws_set_host_request(coap_session_t *session,
    coap_str_const_t *ws_host);

#endif
