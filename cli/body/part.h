/* SPDX-License-Identifier: BSD-2-Clause */
/* What has come of a body, for --resume: of which one it is, and how much. */
#ifndef CLI_PART_H
#define CLI_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/output/text.h"

#define PART_URI 1024 /* bytes, with the NUL */
/* A text of a part is shorter. */
#define PART_TEXT 2048

struct part {
	uint64_t length; /* bytes that there are */
	uint64_t total;  /* 0: the server did not say */
	uint8_t etag[8];
	size_t etag_len; /* 1 at least */
	char uri[PART_URI];
};

/* Lines of NAME VALUE: uri, etag, and, where they are not 0, total and
 * length. */
void part_text(struct text *text, const struct part *part);
/* False when it is none. Lines that are not known are nothing. */
bool part_parse(const char *s, struct part *part);

#endif
