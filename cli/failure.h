/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a request or ping got no answer, in a sentence, and its exit status. */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include "cli/app.h"

/* Tells the user what became of a request to uri; the exit status. left: how far
 * a body had come, then it is STATUS_INCOMPLETE; or NULL. */
int failure_report(struct job *job, const coap_session_t *session,
    const char *uri, const coapx_result_t *result, const char *left);
/* "127.0.0.1:5683 over udp" in buf; without an address only "udp". */
#define PEER_SIZE 96
const char *failure_peer(const coap_session_t *session, char buf[PEER_SIZE]);

/* The same for a target, whose proxy is named where it has one. */
int failure_target(struct job *job, const struct target *target,
    const coapx_result_t *result, const char *left);
/* Says whose word a code is, where it is a proxy's. */
void failure_proxy(struct job *job, const struct target *target, unsigned code);

#endif
