/* SPDX-License-Identifier: BSD-2-Clause */
/* /store: what clients PUT below it. And what all of the device shares. */
#ifndef CLI_DEVICE_STORE_H
#define CLI_DEVICE_STORE_H

#include <stdbool.h>

#include <coap3/coapx.h>

int device_store_install(coap_context_t *context);
/* GET /store: the list, as link-format. */
void device_get_store(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query,
    coap_pdu_t *response);

/* device.c */
/* A response, in blocks when it is long or the request wants it so; the body
 * is copied. request NULL: to one that was acknowledged long ago; it has to fit.
 * format -1: none. */
void device_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_code_t code, int format,
    coap_bin_const_t body);
void device_refuse(coap_pdu_t *response, coap_pdu_code_t code, const char *why);
/* The number of KEY in "a=1&key=23", or the default; false when it is none, or
 * over max. */
bool device_query_number(const coap_string_t *query, const char *key,
    uint64_t max, uint64_t *number);

#endif
