/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that are lost on purpose: coap_debug_set_packet_loss(). */
#ifndef NET_LOSS_H
#define NET_LOSS_H

#include <stdbool.h>

/* Sets in a list of datagrams. */
#define LOSS_SETS 10

/*
 * Called once for each datagram, in front of the socket: whether it is to be
 * lost. Any thread may call it.
 */
bool loss_drops(void);

#endif
