/* SPDX-License-Identifier: BSD-2-Clause */
/* Responses that come later. */
#ifndef COAP_ASYNC_H
#define COAP_ASYNC_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_net.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_str.h>
#include <coap3/coap_time.h>

/*
 * Lets the handler answer request later: its token and options are kept, an ACK
 * goes out, and after delay ticks (0: when coap_async_trigger() says so) the
 * handler is called again with the same request. The session is referenced
 * until coap_free_async() or that answer. NULL when memory is short, or the
 * request is registered already. Not available in this version: always NULL,
 * with a warning.
 */
COAP_API coap_async_t *coap_register_async(coap_session_t *session,
    const coap_pdu_t *request, coap_tick_t delay);

/*
 * Starts the delay anew, in ticks from now; 0: without limit. Not available in
 * this version: a warning.
 */
COAP_API void coap_async_set_delay(coap_async_t *async, coap_tick_t delay);

/*
 * The handler is called in the next pass of the loop. Not available in this
 * version: a warning.
 */
COAP_API void coap_async_trigger(coap_async_t *async);

/*
 * Forgets the request, which then gets no answer, and gives its reference of
 * the session back. NULL: nothing happens.
 */
COAP_API void coap_free_async(coap_session_t *session, coap_async_t *async);

/*
 * What was registered in this session for the request with that token, so that
 * a handler knows its second call; else NULL. Not available in this version:
 * always NULL, with a warning.
 */
COAP_API coap_async_t *coap_find_async(coap_session_t *session,
    coap_bin_const_t token);

/*
 * Keeps a pointer of the application's; it is not freed. Not available in this
 * version: a warning, and the pointer is not kept.
 */
COAP_API void coap_async_set_app_data(coap_async_t *async, void *app_data);

/*
 * What coap_async_set_app_data() was given, or NULL. Not available in this
 * version: always NULL, with a warning.
 */
COAP_API void *coap_async_get_app_data(const coap_async_t *async);

#endif
