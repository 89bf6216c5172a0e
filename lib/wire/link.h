/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format, RFC 6690: writing. Reading is public: coapx_link.h. */
#ifndef WIRE_LINK_H
#define WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include <coap3/coapx_link.h>

#include "base/buf.h"

/*
 * Writers: 0, an error of buf_append() or -COAP_E_INVAL for a name or a value
 * that cannot be written; then out is as before. `first`: no comma before.
 * The target is written as it is, slash and all; what must not stand between
 * < and > is percent-encoded.
 */
int link_put_target(struct buf *out, bool first, const char *path, size_t len);
/* Quoted when it is not a token of digits or ptoken (RFC 6690 section 2), and
 * where that section wants it so: anchor, title. value NULL: the name alone. */
int link_put_attr(struct buf *out, const char *name, size_t name_len,
    const char *value, size_t value_len);

#endif
