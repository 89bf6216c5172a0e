/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What payloads mean, by their format: lines for people, diagnostic notation,
 * and JSON. To add a format, add a row to the table in decoders.c.
 */
#ifndef CLI_DECODE_DECODERS_H
#define CLI_DECODE_DECODERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/output/text.h"

/* A longer payload is not decoded. */
#define DECODE_MAX ((size_t)1024 * 1024)

struct decode_in {
	const uint8_t *data;
	size_t len;
	int format;     /* content format, -1: none */
	int64_t now_ms; /* since 1970, for times that are relative */
	bool ascii;     /* lines and notation are to have nothing else */
	bool color;     /* lines may be coloured */
};

enum decoded {
	DECODED,
	DECODED_NOT,   /* no decoder has this form of this format */
	DECODED_WRONG, /* not valid; why says what is wrong */
};

/*
 * Each adds to an empty why one clause, which may quote the payload: it is to
 * be escaped. Out of memory: out->failed, or DECODED with *value NULL.
 */

/* Lines that may go to a terminal, each with its end. */
enum decoded decode_lines(const struct decode_in *in, struct text *out,
    struct text *why);
/* One line of diagnostic notation, with its end; also of what has no format, if
 * it is CBOR. */
enum decoded decode_diag(const struct decode_in *in, struct text *out,
    struct text *why);
/* A new value. */
enum decoded decode_json(const struct decode_in *in, json_t **value,
    struct text *why);

#endif
