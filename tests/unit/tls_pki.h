/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates and keys for tests, made in memory. No header of a TLS library
 * is needed to use them.
 */
#ifndef TEST_TLS_PKI_H
#define TEST_TLS_PKI_H

#include <stddef.h>
#include <stdint.h>

enum tls_pki_name {
	PKI_CA,         /* signs all that follow, if nothing else is said */
	PKI_OTHER_CA,   /* signs PKI_STRANGER */
	PKI_SERVER,     /* DNS localhost, device.example; IP 127.0.0.1, ::1 */
	PKI_SERVER_RSA, /* the same with RSA, 2048 bits */
	PKI_CLIENT,
	PKI_EXPIRED,     /* as PKI_SERVER, over since a day */
	PKI_NOT_YET,     /* as PKI_SERVER, from tomorrow on */
	PKI_OTHER_NAME,  /* DNS other.example, no IP */
	PKI_SELF_SIGNED, /* as PKI_SERVER, its own issuer */
	PKI_STRANGER,    /* as PKI_SERVER, of PKI_OTHER_CA */
	PKI_REVOKED,     /* as PKI_SERVER, in the list `crl` */
	PKI_WEAK,        /* as PKI_SERVER, signed with SHA-1 */
	PKI_PURPOSE,     /* as PKI_SERVER, but for clients only */
	PKI_RPK_SERVER,  /* a raw public key (in cert) and its key */
	PKI_RPK_CLIENT,
	PKI_COUNT,
};

/* PEM ends in a NUL that len does not count. */
struct tls_pki_bytes {
	uint8_t *data;
	size_t len;
};

struct tls_pki_pair {
	struct tls_pki_bytes cert_pem;
	struct tls_pki_bytes cert_der;
	struct tls_pki_bytes key_pem;
	struct tls_pki_bytes key_der; /* PKCS #8 */
};

struct tls_pki {
	struct tls_pki_pair pair[PKI_COUNT];
	struct tls_pki_bytes crl; /* PEM, of PKI_CA */
};

/* Makes all: 0, or a negative number. Takes about a tenth of a second. */
int tls_pki_new(struct tls_pki *pki);
void tls_pki_free(struct tls_pki *pki);
/*
 * Writes all into the folder dir: NAME.pem, NAME.der, NAME-key.pem and
 * NAME-key.der, with the names of tls_pki_text(), and crl.pem. 0 or -1.
 */
int tls_pki_write(const struct tls_pki *pki, const char *dir);
/* Removes what tls_pki_write() wrote, and the folder. */
void tls_pki_remove(const char *dir);
/* "ca", "other-ca", "server", "server-rsa", "client", "expired"... */
const char *tls_pki_text(enum tls_pki_name name);

#endif
