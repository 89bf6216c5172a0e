/* SPDX-License-Identifier: BSD-2-Clause */
/* coap_debug_set_packet_loss() on sessions: of what is sent, datagrams alone
 * are lost. */
#include "session_support.h"

#include <unistd.h>

#include "skip.h"

static int
down(void **state)
{
	assert_int_equal(coap_debug_set_packet_loss("0%"), 1);
	return world_down(state);
}

static unsigned
retransmits(coap_session_t *session)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(session, &info), 0);
	return info.retransmits;
}

static void
the_request_is_lost(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	coap_debug_set_packet_loss("1-2");
	world_send(c, COAP_MESSAGE_CON, 'a');
	world_advance(1000);
	assert_int_equal(world_count("S get"), 0);
	world_advance(20000);
	assert_int_equal(world_count("S get"), 1);
	assert_int_equal(world_count("C 2.05 a"), 1);
	assert_int_equal(retransmits(c), 2);
	coap_session_release(c);
}

static void
the_response_is_lost(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	coap_debug_set_packet_loss("2");
	world_send(c, COAP_MESSAGE_CON, 'a');
	world_advance(1000);
	assert_int_equal(world_count("S get"), 1);
	assert_int_equal(world_count("C 2.05"), 0);
	world_advance(20000);
	assert_int_equal(world_count("S get"), 1);
	assert_int_equal(world_count("C 2.05 a"), 1);
	assert_int_equal(retransmits(c), 1);
	coap_session_release(c);
}

/* What a port sends for itself, without a session. */
static void
a_reset_is_lost(void **state)
{
	static const uint8_t ack[] = { 0x40, 0x45, 1, 2 };
	coap_address_t own;
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t data[20];

	(void)state;
	coap_debug_set_packet_loss("1");
	world_raw_send(fd, &w.udp_address, ack, sizeof ack);
	world_settle();
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	world_raw_send(fd, &w.udp_address, ack, sizeof ack);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 4);
	assert_int_equal(data[0], 0x70);
	close(fd);
}

static void
nothing_arrives(void **state)
{
	(void)state;
	coap_session_t *c = world_connected(COAP_PROTO_UDP);

	coap_debug_set_packet_loss("100%");
	world_send(c, COAP_MESSAGE_CON, 'a');
	world_advance(300000);
	assert_int_equal(world_count("C nack too-many-retries a"), 1);
	assert_int_equal(world_count("S get"), 0);
	coap_session_release(c);
}

static void
a_record_is_lost(void **state)
{
	(void)state;
	if (!coap_dtls_psk_is_supported())
		skip_because("a lost record: this build has no DTLS");
	world_all_protocols();
	coap_session_t *c = world_connected(COAP_PROTO_DTLS);

	coap_debug_set_packet_loss("1");
	world_send(c, COAP_MESSAGE_CON, 'a');
	world_advance(1000);
	assert_int_equal(world_count("S get"), 0);
	world_advance(20000);
	assert_int_equal(world_count("C 2.05 a"), 1);
	assert_int_equal(retransmits(c), 1);
	coap_session_release(c);
	world_settle();
}

static void
streams_lose_nothing(void **state)
{
	(void)state;
	coap_debug_set_packet_loss("100%");
	coap_session_t *c = world_connected(COAP_PROTO_TCP);

	world_send(c, COAP_MESSAGE_CON, 'a');
	world_wait("C 2.05 a");
	coap_session_release(c);
	world_settle();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_request_is_lost),
		TEST(the_response_is_lost),
		TEST(a_reset_is_lost),
		TEST(nothing_arrives),
		TEST(a_record_is_lost),
		TEST(streams_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
