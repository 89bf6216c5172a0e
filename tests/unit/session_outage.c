/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers that go and come back, for tests of lost connections. */
#include "session_outage.h"

#include <unistd.h>

#define UDP COAP_PROTO_UDP

/*
 * A server that goes and comes back to its port. In between the port is
 * anybody's, so this program has a loopback address of its own.
 */
static coap_address_t addresses[COAP_PROTO_LAST];

static coap_address_t
own_address(void)
{
	unsigned pid = (unsigned)getpid();
	char text[32];

	snprintf(text, sizeof text, "127.%u.%u.77", 64 + (pid >> 8) % 128,
	    pid % 256);
	return net_address(text, 0);
}

void
server_stop(coap_proto_t proto)
{
	coap_free_endpoint(w.endpoint[proto]);
	w.endpoint[proto] = NULL;
	world_settle();
}

void
server_start(coap_proto_t proto)
{
	w.endpoint[proto] =
	    coap_new_endpoint(w.server, &addresses[proto], proto);
	assert_non_null(w.endpoint[proto]);
	addresses[proto] = *world_address(proto);
}

static void
servers_move(void)
{
	coap_proto_t p = world_next_proto(COAP_PROTO_NONE);

	for (; p != COAP_PROTO_NONE; p = world_next_proto(p)) {
		server_stop(p);
		addresses[p] = own_address();
		server_start(p);
	}
}

int
outage_up(void **state)
{
	world_up(state);
	servers_move();
	return 0;
}

/* With every protocol of this build. */
int
outage_up_all(void **state)
{
	world_up(state);
	world_all_protocols();
	servers_move();
	return 0;
}

/* A port of that address that was free a moment ago. */
coap_address_t
own_port(coap_proto_t proto)
{
	coap_address_t address = own_address();
	int fd = socket(AF_INET, proto == UDP ? SOCK_DGRAM : SOCK_STREAM, 0);

	assert_int_equal(bind(fd, &address.addr.sa, address.size), 0);
	assert_int_equal(getsockname(fd, &address.addr.sa, &address.size), 0);
	close(fd);
	return address;
}
