/* SPDX-License-Identifier: BSD-2-Clause */
/* INT, TERM and HUP as events of the loop. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <coap3/coapx.h>

struct signals;

/* Blocks them, in threads that start later too, and has handler() called from
 * coap_io_process(). NULL when it cannot be set up. */
struct signals *signals_open(coap_context_t *context,
    void (*handler)(int signo, void *arg), void *arg);
/* As they were before; NULL does nothing. */
void signals_close(struct signals *signals);
/* The exit status of a command that a signal ended: 130 or 143. */
int signals_status(int signo);

#endif
