/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands before the line: which session, and where in it. */
#ifndef SHELL_PROMPT_TEXT_H
#define SHELL_PROMPT_TEXT_H

#include <stdbool.h>

#include "cli/front.h"

#define PROMPT_TEXT_SIZE 256

/*
 * "lamp:/sensors> ", "lamp!:/> " (lost), "home(server):/> ", or "coap-shell> ".
 * Between \1 and \1 is what has no width; libedit wants something visible
 * behind each such part. buf.
 */
const char *prompt_text(const struct front *front, bool color,
    char buf[static PROMPT_TEXT_SIZE]);

#endif
