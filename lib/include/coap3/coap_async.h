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
 * For a handler that answers request later (RFC 7252 section 5.2.2): it keeps a
 * copy with its body, and the handler leaves the code of the response at 0.00.
 * After delay ticks (0: when coap_async_trigger() or coap_async_set_delay()
 * says so) the handler is called once more with that copy, and what it answers
 * is sent: by CON if the request was one, else by NON. The entry is freed when
 * that call returns, unless the handler set a new time and again left the code
 * at 0.00. Until then the session is referenced, and the same request is
 * acknowledged when it comes again. An entry whose session is lost or ends is
 * freed, too. NULL with a warning when one with this token is there, request is
 * a part of a body with more to come, the session has 256 entries or the
 * context 4096, or memory is short. See coap_async(3).
 */
COAP_API coap_async_t *coap_register_async(coap_session_t *session,
    const coap_pdu_t *request, coap_tick_t delay);

/* Starts the delay anew, in ticks from now; 0: without limit. NULL: nothing
 * happens. */
COAP_API void coap_async_set_delay(coap_async_t *async, coap_tick_t delay);

/* The handler is called in the next pass of the loop. NULL: nothing happens. */
COAP_API void coap_async_trigger(coap_async_t *async);

/*
 * Forgets the request, which then gets no answer but that of a handler that is
 * at work on it, and gives its reference of the session back. NULL: nothing
 * happens.
 */
COAP_API void coap_free_async(coap_session_t *session, coap_async_t *async);

/*
 * What was registered in this session for the request with that token, so that
 * a handler knows its second call; else NULL.
 */
COAP_API coap_async_t *coap_find_async(coap_session_t *session,
    coap_bin_const_t token);

/* Keeps a pointer of the application's; it is not freed. */
COAP_API void coap_async_set_app_data(coap_async_t *async, void *app_data);

/* What coap_async_set_app_data() was given, or NULL. */
COAP_API void *coap_async_get_app_data(const coap_async_t *async);

#endif
