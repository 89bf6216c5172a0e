/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps account of what ARCHITECTURE.md promises of every session, whatever
 * happens to it: each connected event has one closed event, who never got
 * there has one failed event, NEW and DEL come in pairs, and a message that
 * was taken ends once.
 */
#ifndef SESSION_LEDGER_H
#define SESSION_LEDGER_H

#include "session_support.h"

void ledger_begin(void);
/* A line of world_write(); to be called by the test's hook. */
void ledger_line(coap_session_t *session, const char *line);
/* Sends, and remembers it when it was taken: a CON by coap_send(), or a
 * request with a result; '0' is a ping of the latter. */
void ledger_send(coap_session_t *session, char token);
void ledger_taken(char token); /* sent by the test itself */
coapx_request_t *ledger_request(coap_session_t *session, char token);
void ledger_cancelled(char token); /* it will have no end */
/* Once both contexts are gone. what is said when it fails. */
void ledger_check(const char *what);

#endif
