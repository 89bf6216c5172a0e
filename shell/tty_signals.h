/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that a program at a terminal gets, as events of the loop. */
#ifndef SHELL_TTY_SIGNALS_H
#define SHELL_TTY_SIGNALS_H

#include <coap3/coapx.h>

struct tty_signals;

/* Blocks INT, QUIT, TERM, HUP, TSTP and WINCH and has handler() called for each
 * from coap_io_process(). NULL when it cannot be set up. */
struct tty_signals *tty_signals_open(coap_context_t *context,
    void (*handler)(int signo, void *arg), void *arg);
/* As they were before; NULL does nothing. */
void tty_signals_close(struct tty_signals *signals);

#endif
