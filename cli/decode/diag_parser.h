/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that parse diagnostic notation share. */
#ifndef CLI_DECODE_DIAG_PARSER_H
#define CLI_DECODE_DIAG_PARSER_H

#include "cli/decode/cbor.h"
#include "cli/decode/diag.h"

struct parser {
	const char *s;
	size_t len;
	size_t pos;
	struct text *out;
	unsigned depth;
	struct diag_error *error;
};

/* All say whether it went well; what went wrong is in error. */

/* Sets the error, at a place; false. */
bool diag_wrong(struct parser *p, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What stands at pos: a character, or '\0' at the end. */
char diag_peek(const struct parser *p);
/* Whether the word stands at pos, which then is behind it. */
bool diag_take(struct parser *p, const char *word);
/* "_1" at pos: the info it demands. Without one *info is kept. *info is the
 * shortest one, which the demand must not be below. */
bool diag_indicator(struct parser *p, unsigned *info);

/* What begins with a digit or a sign. */
bool diag_number(struct parser *p);
/* "...", '...', h'...', b64'...': all that follows the opening quote, up to
 * the closing one; appended to out without a head. */
bool diag_text(struct parser *p, char quote);
bool diag_hex(struct parser *p);
bool diag_base64(struct parser *p);

#endif
