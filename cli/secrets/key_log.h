/* SPDX-License-Identifier: BSD-2-Clause */
/* That the secrets of sessions are written to a file. */
#ifndef CLI_KEY_LOG_H
#define CLI_KEY_LOG_H

#include "cli/app.h"

/*
 * To be called before a session or a listener is secured. When the environment
 * has SSLKEYLOGFILE, says so once a process, and makes the file for its owner
 * alone, if there is none: the TLS library would let others read it.
 */
void key_log_warn(struct job *job);

#endif
