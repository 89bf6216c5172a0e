/* SPDX-License-Identifier: BSD-2-Clause */
/* The interactive prompt. */
#ifndef SHELL_PROMPT_H
#define SHELL_PROMPT_H

struct app;

/*
 * Reads commands from the terminal and runs them until the user leaves. The
 * sessions stay the app's: app_close() ends them. An exit status: that of
 * `exit`, of the last command at Ctrl-D, 143 when a signal ended it. Where
 * stdout is no terminal, or one without cursor movement (TERM=dumb), the lines
 * of stdin are run without a prompt.
 */
int prompt_run(struct app *app);

#endif
