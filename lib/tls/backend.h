/* SPDX-License-Identifier: BSD-2-Clause */
/* What each back-end defines, for the file that it is linked in with. */
#ifndef TLS_BACKEND_H
#define TLS_BACKEND_H

#include "tls/tls.h"

extern const struct tls_backend tls_backend_table;

#endif
