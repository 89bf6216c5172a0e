/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that keeps keys for long keeps them to itself. */
#ifndef CLI_CONTROL_HARDEN_H
#define CLI_CONTROL_HARDEN_H

/*
 * No core dump, no debugger of the same user, files for nobody else; and a name
 * for ps, which an agent that was started through /proc has not. What fails of
 * it is let be. /proc/self/fd can still be used.
 */
void agent_harden(void);
/* At the very end, when nothing secret is left: leak checkers look into the
 * process as a debugger does. */
void agent_soften(void);

#endif
