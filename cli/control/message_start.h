/* SPDX-License-Identifier: BSD-2-Clause */
/* The body of START. */
#ifndef CLI_CONTROL_MESSAGE_START_H
#define CLI_CONTROL_MESSAGE_START_H

#include "cli/control/message.h"

/* 0, and *out is the caller's; -1: malformed; -2: out of memory. */
int start_decode(struct bytes_reader *r, struct start **out);
/* False: it has more than max bytes, could not be decoded again, or out of
 * memory; nothing was appended. */
bool start_encode(struct bytes *b, const struct start *start, size_t max);

#endif
