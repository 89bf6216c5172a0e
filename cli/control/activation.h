/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket that systemd listens on, and gives to the agent when somebody
 * connects; see sd_listen_fds(3). */
#ifndef CLI_CONTROL_ACTIVATION_H
#define CLI_CONTROL_ACTIVATION_H

/*
 * The descriptor, non-blocking and close-on-exec, the caller's; -1: there is
 * none, or it is not one that listens for streams of this host. The variables
 * are unset, further descriptors closed. The socket's name is systemd's: it is
 * not unlinked, and not shut.
 */
int activation_socket(void);

#endif
