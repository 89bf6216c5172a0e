/* SPDX-License-Identifier: BSD-2-Clause */
/* The character set of the user's locale. Taking it opens several files, which
 * a command that prints bytes as they are does without. */
#ifndef CLI_CHARSET_H
#define CLI_CHARSET_H

#include <stdbool.h>

/* Whether it is UTF-8; where the locale's name says so its files are not
 * looked at. */
bool charset_is_utf8(void);
/* To be called before wcwidth() and the like. Costs little once it is taken. */
void charset_take(void);

#endif
