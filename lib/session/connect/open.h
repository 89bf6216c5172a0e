/* SPDX-License-Identifier: BSD-2-Clause */
/* Client sessions by URI, with credentials as the library keeps them. */
#ifndef SESSION_OPEN_H
#define SESSION_OPEN_H

#include "session/secure/credentials.h"
#include "session/session.h"

/* As coapx_session_open(), inside a pass. credentials, unless NULL, count
 * instead of those of params; they stay the caller's. */
int open_uri_as(coap_context_t *context, const coapx_open_params_t *params,
    struct credentials *credentials, coap_session_t **out);

#endif
