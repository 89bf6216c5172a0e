/* SPDX-License-Identifier: BSD-2-Clause */
/* The back-end GnuTLS: its table. */
#include <stdio.h>

#include <gnutls/gnutls.h>

#include "tls/backend.h"

static uint64_t
version(void)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(gnutls_check_version(NULL), "%u.%u.%u", &major, &minor,
		&patch) < 1)
		return 0;
	return (uint64_t)(major << 16 | minor << 8 | patch);
}

static const char *
version_text(void)
{
	return gnutls_check_version(NULL);
}

const struct tls_backend tls_backend_table = {
	.name = "GnuTLS",
	.type = COAP_TLS_LIBRARY_GNUTLS,
	.built_version = GNUTLS_VERSION_NUMBER,
	.version = version,
	.version_text = version_text,
};
