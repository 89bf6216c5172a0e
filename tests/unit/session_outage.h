/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers that go and come back, for tests of lost connections. */
#ifndef SESSION_OUTAGE_H
#define SESSION_OUTAGE_H

#include "session_support.h"

void server_stop(coap_proto_t proto);
void server_start(coap_proto_t proto);
/* world_up() with such servers; with those of every protocol. */
int outage_up(void **state);
int outage_up_all(void **state);
/* A port of this program's own address that was free a moment ago. */
coap_address_t own_port(coap_proto_t proto);

#endif
