/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to sessions while somebody types: told above the line. */
#ifndef SHELL_PROMPT_EVENTS_H
#define SHELL_PROMPT_EVENTS_H

#include "cli/app.h"
#include "shell/screen.h"

struct prompt_events {
	struct app *app;
	struct screen *screen; /* is hidden when the prompt's text changes */
	const bool *running; /* a command of the prompt is in the foreground */
	struct observer observer;
};

/* What is in front of the observer is the caller's to set, and outlives
 * prompt_events_end(). */
void prompt_events_begin(struct prompt_events *events);
void prompt_events_end(struct prompt_events *events);

#endif
