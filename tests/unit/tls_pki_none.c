/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates for tests where there is no TLS library: all are empty, and the
 * tests that would use them skip themselves. */
#include "tls_pki.h"

#include <string.h>

int
tls_pki_new(struct tls_pki *pki)
{
	memset(pki, 0, sizeof *pki);
	return 0;
}

void
tls_pki_free(struct tls_pki *pki)
{
	(void)pki;
}

int
tls_pki_write(const struct tls_pki *pki, const char *dir)
{
	(void)pki;
	(void)dir;
	return -1;
}

void
tls_pki_remove(const char *dir)
{
	(void)dir;
}

const char *
tls_pki_text(enum tls_pki_name name)
{
	(void)name;
	return "";
}
