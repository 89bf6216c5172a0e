/* SPDX-License-Identifier: BSD-2-Clause */
/* The back-end is a module, which is opened at its first use. */
#include <pthread.h>
#include <stdio.h>

#include "base/module.h"
#include "tls/tls.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const void *table;
static char problem[512];

static void
load(void)
{
	(void)module_open("coapx-tls-gnutls", MODULE_ABI("tls"), &table,
	    problem, sizeof(problem));
}

const struct tls_backend *
tls_backend(char *why, size_t size)
{
	pthread_once(&once, load);
	if (!table && why)
		snprintf(why, size, "%s", problem);
	return table;
}

const char *
tls_backend_name(void)
{
	return "GnuTLS";
}

coap_tls_library_t
tls_backend_type(void)
{
	return COAP_TLS_LIBRARY_GNUTLS;
}
