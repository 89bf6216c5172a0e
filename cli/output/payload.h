/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that came from somewhere else, made fit for people and for terminals:
 * a device must not be able to steer a terminal, or to look like this program.
 */
#ifndef CLI_PAYLOAD_H
#define CLI_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output/text.h"

/* Bytes of one that JSON shows; of a longer one it has the length, and a hash. */
#define PAYLOAD_SHOWN_MAX ((size_t)1024 * 1024)

/*
 * The character that begins at data, len > 0: its bytes (1 to 4) and, in *c,
 * its code point. 0 when it is not well-formed UTF-8 (RFC 3629).
 */
size_t payload_char(const uint8_t *data, size_t len, uint32_t *c);
/* Whether a terminal shows it and does nothing else: no C0, DEL or C1, no
 * separator of lines, no change of the direction of writing, no tag. */
bool payload_char_is_plain(uint32_t c);

bool payload_is_utf8(const void *data, size_t len);
/* UTF-8 of plain characters, tabs and ends of lines alone. Nothing is text. */
bool payload_is_text(const void *data, size_t len);

enum escape {
	/* Lines for people: '\n' stays, '\r' in front of it goes, a tab is
	 * blanks up to the next eighth column. */
	ESCAPE_LINES,
	/* One line for people: everything that is not plain is \n, \t, \r or
	 * \xHH, byte by byte. */
	ESCAPE_LINE,
	/* A cell that a program reads: so, and a backslash is doubled. */
	ESCAPE_CELL,
};

/* ascii: also everything that is not ASCII, for terminals without UTF-8. */
void payload_escape(struct text *out, const void *data, size_t len,
    enum escape how, bool ascii);

/* Columns that len bytes of escaped text take on a terminal. */
size_t payload_width(const char *s, size_t len);

/* Base64 (RFC 4648 section 4), padded, on one line. */
void payload_base64(struct text *out, const void *data, size_t len);
/* Lower case, nothing between the bytes. */
void payload_hex(struct text *out, const void *data, size_t len);
/* Offset, 16 bytes in hexadecimal and as ASCII a line, as of hexdump -C; each
 * line begins with margin, and a line with the length alone ends it. */
void payload_dump(struct text *out, const char *margin, const void *data,
    size_t len);

#endif
