/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a source of certificates or keys. */
#ifndef TLS_GNUTLS_FILE_H
#define TLS_GNUTLS_FILE_H

#include "tls/gnutls_private.h"

/* Bytes of a source, and what it is called in a message. */
struct source_data {
	uint8_t *data;
	size_t len;
	size_t cap;
	const char *label; /* of the source: "lamp.key" */
	bool pem;
};

/*
 * Reads a source that is a file or in memory; what is what it holds ("the
 * key"), for messages about the latter. 0; else an error and a sentence. To be
 * given to source_free() in either case.
 */
int source_read(const struct tls_source *src, const char *what,
    struct source_data *out, char *why, size_t size);
void source_free(struct source_data *data);
/* As the library wants it. */
gnutls_datum_t source_datum(const struct source_data *data);
gnutls_x509_crt_fmt_t source_format(const struct source_data *data);

#endif
