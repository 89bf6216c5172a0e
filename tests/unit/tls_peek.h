/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests see of a TLS layer, and have it do, that nobody else does. */
#ifndef TESTS_TLS_PEEK_H
#define TESTS_TLS_PEEK_H

#include "net/layer.h"

/* How often the layer below was called to send; 0 on a stack without TLS. */
size_t tls_peek_sends(const struct layer *l);
/* A fatal alert goes out instead of the goodbye, as of a peer that finds
 * something wrong, and all is closed from this layer down. */
void tls_peek_abort(struct layer *l, int alert);

#endif
