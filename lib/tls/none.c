/* SPDX-License-Identifier: BSD-2-Clause */
/* No back-end. */
#include <stdio.h>

#include "tls/tls.h"

const struct tls_backend *
tls_backend(char *why, size_t size)
{
	if (why)
		snprintf(why, size, "this build has no TLS");
	return NULL;
}

const char *
tls_backend_name(void)
{
	return NULL;
}

coap_tls_library_t
tls_backend_type(void)
{
	return COAP_TLS_LIBRARY_NOTLS;
}
