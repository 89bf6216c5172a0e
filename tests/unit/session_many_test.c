/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many sessions in one process: descriptors beyond 1024 on each protocol, and
 * passes that cost the same however many sessions there are.
 */
#include "session_keys.h"
#include "skip.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MANY  1100
#define BATCH 100

/* --- many of each protocol ------------------------------------------------ */

static coap_session_t *s[MANY];

/* Descriptors that both ends of a session have. */
static unsigned
descriptors_of(coap_proto_t proto)
{
	switch (proto) {
	case COAP_PROTO_UDP:
	case COAP_PROTO_DTLS:
		return 1;
	case COAP_PROTO_TCP:
	case COAP_PROTO_TLS:
		return 2;
	default:
		return 6; /* a pair of sockets for the engine of each end */
	}
}

static void
allow_descriptors(unsigned n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
	if (limit.rlim_cur < n || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		skip_because("%u descriptors are needed, %lu are allowed", n,
		    (unsigned long)limit.rlim_max);
}

static void
all_answered(unsigned n)
{
	unsigned i;

	WORLD_UNTIL(w.requests == n);
	for (i = 0; i < MANY && s[i]; i++)
		WORLD_UNTIL(s[i]->requests.count == 0);
}

static void
open_all(coap_proto_t proto)
{
	unsigned i;

	memset(s, 0, sizeof s);
	for (i = 0; i < MANY; i++) {
		s[i] = world_session(proto);
		world_send(s[i], COAP_MESSAGE_CON, 'a');
		if ((i + 1) % BATCH == 0)
			all_answered(i + 1);
	}
	all_answered(MANY);
}

static int
highest_descriptor(void)
{
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static unsigned
server_sessions(coap_proto_t proto)
{
	struct session_peer *peers = w.endpoint[proto]->peers;

	return peers ? HASH_COUNT(peers) : 0;
}

static void
many(coap_proto_t proto)
{
	unsigned i;

	world_all_protocols();
	if (!w.endpoint[proto])
		skip_because("not in this build: %s", coapx_proto_name(proto));
	allow_descriptors(descriptors_of(proto) * MANY + 200);
	w.quiet = true;
	open_all(proto);
	assert_true(highest_descriptor() > 1024);
	assert_int_equal(server_sessions(proto), MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(coap_session_get_state(s[i]),
		    COAP_SESSION_STATE_ESTABLISHED);
	/* All at once. */
	for (i = 0; i < MANY; i++)
		world_send(s[i], COAP_MESSAGE_CON, 'b');
	/* A socket has no room for so many datagrams: some come again. */
	if (!COAP_PROTO_RELIABLE(proto))
		world_advance(60000);
	all_answered(2 * MANY);
	for (i = 0; i < MANY; i++)
		coap_session_release(s[i]);
	/* UDP has no word for an end, and that of DTLS may be lost. */
	if (!COAP_PROTO_RELIABLE(proto))
		world_advance(301000);
	WORLD_UNTIL(w.deleted == MANY);
	assert_int_equal(server_sessions(proto), 0);
	assert_null(w.client->clients);
}

#define MANY_OF(name, proto)           \
	static void name(void **state) \
	{                              \
		(void)state;           \
		many(proto);           \
	}
MANY_OF(udp, COAP_PROTO_UDP)
MANY_OF(dtls, COAP_PROTO_DTLS)
MANY_OF(tcp, COAP_PROTO_TCP)
MANY_OF(tls, COAP_PROTO_TLS)
MANY_OF(ws, COAP_PROTO_WS)
MANY_OF(wss, COAP_PROTO_WSS)

/* --- the price of one among many ------------------------------------------ */

#define CROWD 20000

/* One socket that is many peers: all of 127.0.0.0/8 is ours. */
static void
say_as(int fd, unsigned who, uint16_t mid)
{
	uint8_t get[] = { 0x40, 0x01, (uint8_t)(mid >> 8), (uint8_t)mid, 0xb1,
		'x' };
	coap_address_t to = *world_address(COAP_PROTO_UDP);
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { get, sizeof get };
	struct msghdr msg = { .msg_name = &to.addr.sa,
		.msg_namelen = to.size,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	struct cmsghdr *c;
	struct in_pktinfo info = {
		.ipi_spec_dst.s_addr = htonl(0x7f010000 + who),
	};

	memset(&control, 0, sizeof control);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	assert_int_equal(sendmsg(fd, &msg, 0), sizeof get);
}

static void
exchange_as(int fd, unsigned who, uint16_t mid)
{
	unsigned before = w.requests;
	uint8_t data[64];

	say_as(fd, who, mid);
	while (w.requests == before)
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	while (recv(fd, data, sizeof data, MSG_DONTWAIT) < 0)
		coap_io_process(w.server, COAP_IO_NO_WAIT);
}

/* Nanoseconds of this thread for one exchange, the best of some rounds. */
static double
price(int fd)
{
	struct timespec from, to;
	double best = 1e18;
	static uint16_t mid = 1000;
	double ns;
	int round, i;

	for (round = 0; round < 10; round++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		for (i = 0; i < 50; i++)
			exchange_as(fd, 1, mid++);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
			 (double)(to.tv_nsec - from.tv_nsec)) /
		    50;
		best = ns < best ? ns : best;
	}
	return best;
}

/* "Nothing in the loop walks over all sessions." */
static void
one_among_many(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	double alone, crowded;
	unsigned i;

	(void)state;
	assert_true(fd >= 0);
	w.quiet = true;
	alone = price(fd);
	for (i = 2; i <= CROWD; i++)
		exchange_as(fd, i, 1);
	assert_int_equal(w.server->n_idle, CROWD);
	crowded = price(fd);
	print_message("an exchange: %.0f ns alone, %.0f ns among %d sessions\n",
	    alone, crowded, CROWD);
	/* A walk over them would take a hundred times as long. */
	assert_true(crowded < 8 * alone);
	close(fd);
	/* All of them go, in as many steps. */
	world_advance(301000);
	assert_int_equal(w.deleted, CROWD);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(udp),
		T(dtls),
		T(tcp),
		T(tls),
		T(ws),
		T(wss),
		T(one_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
