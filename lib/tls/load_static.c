/* SPDX-License-Identifier: BSD-2-Clause */
/* The back-end is linked in. */
#include "tls/backend.h"

const struct tls_backend *
tls_backend(char *why, size_t size)
{
	if (why && size > 0)
		why[0] = '\0';
	return &tls_backend_table;
}

const char *
tls_backend_name(void)
{
	return tls_backend_table.name;
}

coap_tls_library_t
tls_backend_type(void)
{
	return tls_backend_table.type;
}
