/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostic notation (RFC 8949 section 8, RFC 8610 appendix G): CBOR as text.
 * What is printed can be parsed again, and gives the same bytes, but for the
 * payload of a NaN.
 */
#ifndef CLI_DECODE_DIAG_H
#define CLI_DECODE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output/text.h"

/* Bytes of a bignum that is written in decimal; longer ones are 2(h'...'). */
#define DIAG_BIGNUM_MAX 64

enum diag_form {
	DIAG_LINE,  /* all on one line */
	DIAG_LINES, /* what is long is broken, and each item has a line */
};

/* A sequence that cbor_check() allowed. ascii: strange characters as \uXXXX are
 * all that are not ASCII. No newline at the end. */
void diag_print(struct text *out, const uint8_t *data, size_t len,
    enum diag_form form, bool ascii);

struct diag_error {
	size_t at;    /* bytes into the notation */
	char why[96]; /* "expected ..." */
};

/* From notation to CBOR, in preferred serialization but for what indicators
 * demand. sequence: several items, with commas. 0, -COAP_E_FORMAT or
 * -COAP_E_NOMEM; out is to be freed in any case. */
int diag_parse(struct text *out, const char *s, size_t len, bool sequence,
    struct diag_error *error);

#endif
