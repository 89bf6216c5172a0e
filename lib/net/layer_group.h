/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's UDP socket for a multicast group: what is sent goes to the group,
 * what comes in comes from anybody. layer_udp_client() makes it for the address
 * of a group.
 */
#ifndef NET_LAYER_GROUP_H
#define NET_LAYER_GROUP_H

#include "net/layer.h"

/*
 * As layer_udp_client(). The interface is that of the group's zone, else that
 * of the local address, else the kernel's choice. -COAP_E_UNREACH when there
 * is no way to the group.
 */
int layer_group_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *group, const struct layer_events *ev, void *user,
    struct layer **out);
/* Who sent what recv() gave last; false: the stack has no such socket, or
 * nothing came yet. */
bool layer_group_from(const struct layer *l, coap_address_t *from);
/* Sends to that one alone. 0 or an error; -COAP_E_STATE as above. */
int layer_group_reply(struct layer *l, const void *data, size_t len);
/* The hop limit of what goes to the group, 0 to 255. 0 or an error. */
int layer_group_hops(struct layer *l, int hops);

#endif
