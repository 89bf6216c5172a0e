/* SPDX-License-Identifier: BSD-2-Clause */
/* "Handlers may call anything", wherever in a life with losses they are; the
 * context may be freed anywhere; "every allocation may fail". */
#include "session_outage.h"

#include <unistd.h>

#define CON     COAP_MESSAGE_CON
#define NON     COAP_MESSAGE_NON
#define UDP     COAP_PROTO_UDP
#define RETRIES COAP_NACK_TOO_MANY_RETRIES

/* --- handlers that do something, wherever they are ------------------------ */

static struct {
	coap_session_t *session; /* the client's; NULL: it is gone */
	unsigned at;             /* the line at which it happens */
	unsigned line;
	void (*act)(void);
	bool acted;
} meddle;

static void
act_release(void)
{
	coap_session_release(meddle.session);
	meddle.session = NULL;
}

static void
act_free_context(void)
{
	coap_free_context(w.client);
	meddle.session = NULL;
	w.client = NULL;
}

static void
act_shutdown(void)
{
	coapx_session_shutdown(meddle.session);
}

static void
act_disconnect(void)
{
	coap_session_disconnected(meddle.session, COAP_NACK_RST);
}

static void
act_reconnect(void)
{
	int err = coapx_session_reconnect(meddle.session);

	/* While it is being released it is too late. */
	assert_int_equal(err, meddle.session->ending ? -COAP_E_STATE : 0);
}

static unsigned taken_by_handler;

static void
act_send(void)
{
	taken_by_handler += world_send(meddle.session, CON, 's') >= 0;
}

static void
hook_meddle(coap_session_t *session, const char *line)
{
	(void)line;
	if (session != meddle.session || meddle.line++ != meddle.at)
		return;
	meddle.acted = true;
	meddle.act();
}

/* A life with a loss, a failed attempt, and a return. False when it had fewer
 * events than that. */
static bool
life(coap_proto_t proto, void (*act)(void), unsigned at)
{
	unsigned taken = 0;
	int err;

	taken_by_handler = 0;
	memset(&meddle, 0, sizeof meddle);
	meddle.at = at;
	meddle.act = act;
	meddle.session = world_session(proto);
	w.hook = hook_meddle;
	coap_context_set_session_reconnect_time2(w.client, 5, 2);
	world_settle();
	if (meddle.session) {
		taken += world_send(meddle.session, CON, 'a') >= 0;
		taken += !!world_request(meddle.session, NON, 'b', 0, 0, &err);
		taken += !!world_request(meddle.session, CON, '0', 0, 0, &err);
	}
	server_stop(proto);
	if (meddle.session && proto == UDP)
		coap_session_disconnected(meddle.session, RETRIES);
	world_settle();
	if (meddle.session) {
		taken += world_send(meddle.session, CON, 'c') >= 0;
		taken += !!world_request(meddle.session, NON, 'd', 0, 0, &err);
	}
	world_advance(5000);
	server_start(proto);
	world_advance(5000);
	world_advance(20000);
	if (meddle.session)
		coap_session_release(meddle.session);
	meddle.session = NULL;
	world_settle();
	if (!w.client) /* what it was told is not told apart then */
		return meddle.acted;
	assert_int_equal(world_count("C SESSION_CONNECTED"),
	    world_count("C SESSION_CLOSED"));
	assert_int_equal(world_count("C SESSION_FAILED"),
	    world_count("C SESSION_CONNECTED") == 0);
	/* Each of a, b, 0, c and d that was taken ended once. */
	assert_int_equal(world_count("C nack") + world_count("C 2.05") +
		world_count("C result"),
	    taken + taken_by_handler);
	return meddle.acted;
}

static void
meddling(void **state)
{
	static void (*const acts[])(void) = { act_release, act_free_context,
		act_shutdown, act_disconnect, act_reconnect, act_send };
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	unsigned at;
	size_t i;

	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		for (i = 0; i < sizeof acts / sizeof acts[0]; i++) {
			for (at = 0; life(proto, acts[i], at); at++) {
				assert_true(at < 100);
				world_down(state);
				outage_up_all(state);
			}
			assert_true(at >= 10);
			world_down(state);
			outage_up_all(state);
		}
	}
}

/* A peer that never answers: keepalive finds out, the attempts fail. */
static bool
silent_life(void (*act)(void), unsigned at)
{
	coap_address_t peer;
	int fd = world_raw(SOCK_DGRAM, &peer);

	memset(&meddle, 0, sizeof meddle);
	meddle.at = at;
	meddle.act = act;
	meddle.session = coap_new_client_session(w.client, NULL, &peer, UDP);
	w.hook = hook_meddle;
	coapx_session_set_keepalive(meddle.session, 10);
	coapx_session_set_reconnect(meddle.session, 5, 1);
	world_send(meddle.session, CON, 'a');
	if (act == act_reconnect || act == act_disconnect)
		world_advance(300000);
	else
		world_advance(100000);
	if (meddle.session)
		coap_session_release(meddle.session);
	meddle.session = NULL;
	if (w.client) {
		world_settle();
		assert_int_equal(world_count("C SESSION_CONNECTED"),
		    world_count("C SESSION_CLOSED"));
	}
	close(fd);
	return meddle.acted;
}

static void
meddling_with_keepalive(void **state)
{
	static void (*const acts[])(void) = { act_release, act_free_context,
		act_shutdown, act_disconnect, act_reconnect };
	unsigned at;
	size_t i;

	for (i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		for (at = 0; silent_life(acts[i], at); at++) {
			assert_true(at < 100);
			world_down(state);
			outage_up(state);
		}
		assert_true(at >= 8);
		world_down(state);
		outage_up(state);
	}
}

/* Between the events: freed after each pass of a life. False when it was over
 * before. */
static bool
freed_after(coap_proto_t proto, unsigned passes)
{
	coap_session_t *s = world_connected(proto);
	unsigned lines;
	unsigned i;
	bool over;

	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, RETRIES);
	world_forget();
	world_send(s, CON, 'a');
	world_send(s, CON, 'b');
	w.now_us += 5000000;
	for (i = 0; i < passes; i++) {
		coap_io_process(w.client, COAP_IO_NO_WAIT);
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	}
	over = world_count("C 2.05 b") > 0;
	coap_free_context(w.client);
	w.client = NULL;
	lines = world_count("C nack") + world_count("S nack") +
	    world_count("C 2.05");
	assert_int_equal(lines, 2);
	return !over;
}

static void
context_freed_after_each_pass(void **state)
{
	coap_proto_t proto = world_next_proto(COAP_PROTO_NONE);
	unsigned passes;

	for (; proto != COAP_PROTO_NONE; proto = world_next_proto(proto)) {
		for (passes = 0; freed_after(proto, passes); passes++) {
			assert_true(passes < 1000);
			world_down(state);
			outage_up_all(state);
		}
		assert_true(passes > 1);
		world_down(state);
		outage_up_all(state);
	}
}

/* --- out of memory -------------------------------------------------------- */

/* Each message has one end, each connection one, and nothing is lost. */
static bool
loss(coap_proto_t proto, size_t n, int forever)
{
	coap_session_t *s = world_session(proto);
	unsigned sent = 0;

	world_wait("C SESSION_CONNECTED");
	coap_context_set_session_reconnect_time2(w.client, 5, 3);
	sent += world_send(s, CON, 'a') >= 0;
	sent += world_send(s, CON, 'b') >= 0;
	mem_fail_at(n, forever);
	coap_session_disconnected(s, RETRIES);
	mem_fail_at(n, forever);
	world_advance(5000);
	mem_fail_at(0, 0);
	sent += world_send(s, CON, 'c') >= 0;
	world_advance(500000);
	coap_session_release(s);
	world_advance(1000);
	assert_int_equal(world_count("C SESSION_CONNECTED"),
	    world_count("C SESSION_CLOSED"));
	assert_int_equal(world_count("C nack") + world_count("C 2.05") +
		world_count("C 5.00"),
	    sent);
	return n > 60;
}

static void
out_of_memory(void **state)
{
	coap_proto_t p = world_next_proto(COAP_PROTO_NONE);
	int forever;
	size_t n;

	for (; p != COAP_PROTO_NONE; p = world_next_proto(p)) {
		for (forever = 0; forever < 2; forever++) {
			for (n = 1; !loss(p, n, forever); n++) {
				world_down(state);
				outage_up_all(state);
			}
			world_down(state);
			outage_up_all(state);
		}
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, outage_up, world_down)
#define ALL(name) \
	cmocka_unit_test_setup_teardown(name, outage_up_all, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(meddling),
		T(meddling_with_keepalive),
		ALL(context_freed_after_each_pass),
		ALL(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
