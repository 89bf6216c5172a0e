/* SPDX-License-Identifier: BSD-2-Clause */
/* From a peer to its session. */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static coap_session_t *
server_side(coap_session_t *client)
{
	world_send(client, CON, 'a');
	world_wait("2.05 a");
	world_settle();
	world_forget();
	return w.last;
}

static void
same_peer_same_session(void **state)
{
	coap_session_t *a = world_connected(UDP);
	coap_session_t *b = world_connected(UDP);
	coap_session_t *sa = server_side(a);
	coap_session_t *sb = server_side(b);

	(void)state;
	assert_ptr_not_equal(sa, sb);
	assert_ptr_equal(server_side(a), sa);
	assert_ptr_equal(server_side(b), sb);
	assert_int_equal(HASH_COUNT(w.udp->peers), 2);
	coap_session_release(a);
	coap_session_release(b);
}

static void
by_peer(void **state)
{
	coap_session_t *u = world_connected(UDP);
	coap_session_t *t = world_connected(TCP);
	coap_session_t *su = server_side(u);
	coap_session_t *st = server_side(t);
	coap_address_t other = w.udp_address;

	(void)state;
	assert_ptr_equal(coap_session_get_by_peer(w.client, &w.udp_address, 0),
	    u);
	assert_ptr_equal(coap_session_get_by_peer(w.client, &w.tcp_address, 0),
	    t);
	/* "that remote address and interface" */
	assert_null(coap_session_get_by_peer(w.client, &w.udp_address, 1));
	assert_ptr_equal(coap_session_get_by_peer(w.server,
			     coap_session_get_addr_local(u), 1),
	    su);
	assert_ptr_equal(coap_session_get_by_peer(w.server,
			     coap_session_get_addr_local(t), 0),
	    st);
	other.addr.sin.sin_addr.s_addr = htonl(0x7f000002);
	assert_null(coap_session_get_by_peer(w.client, &other, 0));
	/* No reference is taken; what was disconnected is not found. */
	coap_session_disconnected(u, COAP_NACK_RST);
	assert_null(coap_session_get_by_peer(w.client, &w.udp_address, 0));
	coap_session_release(u);
	coap_session_release(t);
	WORLD_UNTIL(w.deleted == 1);
	assert_null(coap_session_get_by_peer(w.client, &w.tcp_address, 0));
}

/* A session that another one's port was given to is not the other one. */
static void
switched_to_client_is_still_found(void **state)
{
	coap_session_t *u = world_connected(UDP);
	coap_session_t *su = server_side(u);

	(void)state;
	assert_int_equal(coap_session_set_type_client(su), 1);
	assert_ptr_equal(coap_session_get_by_peer(w.server,
			     coap_session_get_addr_local(u), 1),
	    su);
	assert_ptr_equal(server_side(u), su);
	coap_session_release(su);
	assert_ptr_not_equal(server_side(u), NULL);
	assert_int_equal(world_count("S"), 0);
	coap_session_release(u);
}

static void
same_port_to_the_same_server_twice(void **state)
{
	coap_address_t local = net_refusing(SOCK_DGRAM); /* a free port */
	coap_address_t other = w.udp_address;
	coap_session_t *again;
	coap_session_t *s;
	char text[128];

	(void)state;
	s = coap_new_client_session(w.client, &local, &w.udp_address, UDP);
	assert_non_null(s);
	assert_true(
	    coap_address_equals(coap_session_get_addr_local(s), &local));
	assert_null(
	    coap_new_client_session(w.client, &local, &w.udp_address, UDP));
	assert_int_equal(coapx_context_error(w.client, text, sizeof text),
	    -COAP_E_EXISTS);
	assert_non_null(strstr(text, "exists already"));
	coap_address_set_port(&other, 9);
	assert_null(coap_new_client_session(w.client, &local, &other, UDP));
	assert_int_equal(coapx_context_error(w.client, NULL, 0),
	    -COAP_E_ADDRINUSE);
	coap_session_release(s);
	s = coap_new_client_session(w.client, &local, &w.udp_address, UDP);
	assert_non_null(s);
	/* What was disconnected has no port, though it is still referenced. */
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	again = coap_new_client_session(w.client, &local, &w.udp_address, UDP);
	assert_non_null(again);
	coap_session_release(again);
	coap_session_release(s);
}

/* --- many ----------------------------------------------------------------- */

#define MANY 2000

/* One socket cannot be many peers, but 127/8 has many addresses. */
static int
peer_socket(unsigned i)
{
	coap_address_t a = net_address("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	a.addr.sin.sin_addr.s_addr = htonl(0x7f000100 + i);
	assert_int_equal(bind(fd, &a.addr.sa, a.size), 0);
	return fd;
}

/*
 * "Work per pass grows with what is ready, never with how many sessions there
 * are." Clock readings would be no proof; what is looked at are the chains of
 * the table, and that idle sessions end at their time without being looked for.
 */
static void
many_sessions(void **state)
{
	static const uint8_t get[] = { 0x50, 1, 0, 1, 0xb1, 'x' };
	coap_session_t *first;
	uint8_t data[64];
	unsigned i;
	int fd;

	(void)state;
	w.quiet = true;
	for (i = 0; i < MANY; i++) {
		fd = peer_socket(i);
		world_raw_send(fd, &w.udp_address, get, sizeof get);
		while (w.requests <= i)
			assert_true(
			    coap_io_process(w.server, COAP_IO_NO_WAIT) >= 0);
		close(fd);
	}
	assert_int_equal(HASH_COUNT(w.udp->peers), MANY);
	assert_int_equal(w.server->n_idle, MANY);
	/* The longest chain of the table stays short. */
	for (i = 0; i < w.udp->peers->hh.tbl->num_buckets; i++)
		assert_true(w.udp->peers->hh.tbl->buckets[i].count < 40);
	first = w.server->idle;
	fd = peer_socket(0);
	world_raw_send(fd, coapx_endpoint_get_address(w.udp), get, sizeof get);
	world_raw_recv(fd, data, sizeof data, NULL);
	close(fd);
	/* It came by another port, so it is one more. */
	assert_int_equal(HASH_COUNT(w.udp->peers), MANY + 1);
	assert_ptr_equal(w.server->idle, first);
	/* They go one by one, each at its time, and in no other pass. */
	world_advance(290000);
	assert_int_equal(w.deleted, 0);
	world_advance(20000);
	assert_int_equal(w.deleted, MANY + 1);
	assert_null(w.udp->peers);
}

/* An idle session that hears something costs no work on the timer heap. */
static void
traffic_does_not_move_timers(void **state)
{
	coap_session_t *u = world_connected(UDP);
	coap_session_t *su = server_side(u);
	coap_tick_t at = su->timer.at;

	(void)state;
	assert_true(su->timer.queued);
	w.now_us += 5000000;
	server_side(u);
	assert_true(su->timer.queued);
	assert_int_equal(su->timer.at, at);
	coap_session_release(u);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(same_peer_same_session),
		T(by_peer),
		T(switched_to_client_is_still_found),
		T(same_port_to_the_same_server_twice),
		T(many_sessions),
		T(traffic_does_not_move_timers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
