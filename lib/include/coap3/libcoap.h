/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and end of the library. */
#ifndef COAP_LIBCOAP_H
#define COAP_LIBCOAP_H

#include <coap3/coap_forward_decls.h>

/*
 * To be called before any other function, as libcoap asks for. This library
 * needs no set-up: the call does nothing, may be left out, and may be made any
 * number of times.
 */
COAP_API void coap_startup(void);

/*
 * To be called after the last other function. Nothing is left to release once
 * all contexts are freed: the call does nothing, may be left out, and may be
 * made any number of times. The library can be used again after it.
 */
COAP_API void coap_cleanup(void);

#endif
