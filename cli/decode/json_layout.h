/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON for people. */
#ifndef CLI_DECODE_JSON_LAYOUT_H
#define CLI_DECODE_JSON_LAYOUT_H

#include <stddef.h>

#include "cli/output/text.h"

/* The same values, names and numbers, in their order and as they were written,
 * on several lines; what is short stays on one. s is valid JSON, or the result
 * is as odd as it is. No newline at the end. */
void json_layout(struct text *out, const char *s, size_t len);

#endif
