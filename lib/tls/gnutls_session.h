/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the table that are about sessions; see tls_backend. */
#ifndef TLS_GNUTLS_SESSION_H
#define TLS_GNUTLS_SESSION_H

#include "tls/gnutls_private.h"

int tlsg_sess_new(struct tls_ctx *ctx, const struct tls_sess_params *p,
    struct tls_sess **out);
void tlsg_sess_free(struct tls_sess *s);
int tlsg_advance(struct tls_sess *s, bool timer_fired);
int64_t tlsg_timeout(struct tls_sess *s);
int tlsg_set_mtu(struct tls_sess *s, unsigned mtu);
unsigned tlsg_data_mtu(struct tls_sess *s);
void tlsg_close(struct tls_sess *s, int alert);
void *tlsg_native(struct tls_sess *s);

#endif
