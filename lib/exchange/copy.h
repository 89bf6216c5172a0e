/* SPDX-License-Identifier: BSD-2-Clause */
/* A message that stays when the one that came in goes. */
#ifndef EXCHANGE_COPY_H
#define EXCHANGE_COPY_H

#include "wire/pdu.h"

/*
 * A copy with type, message id, token, options and payload, and with the body
 * that came in blocks, if there is one; the body goes with the copy. NULL when
 * out of memory.
 */
coap_pdu_t *copy_pdu(const coap_pdu_t *pdu);
/* A request as its handler is to see it again, at most max bytes: with its body
 * as payload, and without what said how that came. NULL when out of memory, or
 * for one that is longer. */
coap_pdu_t *copy_whole(const coap_pdu_t *request, size_t max);
/* Bytes that a copy takes, about. */
size_t copy_size(const coap_pdu_t *pdu);

#endif
