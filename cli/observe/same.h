/* SPDX-License-Identifier: BSD-2-Clause */
/* Which requests ask for the same resource. */
#ifndef CLI_OBSERVE_SAME_H
#define CLI_OBSERVE_SAME_H

#include "cli/output/sha256.h"
#include "cli/request/request.h"

/* What makes up the cache key of a request (RFC 7252 section 5.6, for FETCH RFC
 * 8132 section 2), but for Block2, which says nothing of what is asked for: those
 * of one session are the same when their texts are. pdu is of that plan. */
void same_key(const coap_pdu_t *pdu, const struct request_plan *plan,
    char key[static SHA256_TEXT_SIZE]);

#endif
