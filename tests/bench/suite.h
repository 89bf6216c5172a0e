/* SPDX-License-Identifier: BSD-2-Clause */
/* The cipher suite of a session as text, so that others can use the same. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include <gnutls/gnutls.h>

/* Prints "+VERS-DTLS1.2:+PSK:+AES-128-CCM-8:+AEAD" on a line, or "-". */
void suite_print(gnutls_session_t session);
/* The priorities that allow this alone; suite NULL: those of libcoap. */
gnutls_priority_t suite_priority(const char *suite);

#endif
