/* SPDX-License-Identifier: BSD-2-Clause */
/* Observed resources on loopback: what is repeated is new, and many observers
 * take turns (RFC 7641 section 4.5). */
#include "notify_peer.h"

#include "session/observe/observe_server.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define ACK COAP_MESSAGE_ACK
#define RST COAP_MESSAGE_RST
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static struct opeer p;

/* --- what is told at last ------------------------------------------------- */

/* RFC 7641 section 4.5: a NON may be lost, so the state of which nothing more
 * comes is told once more, by a CON. */
static void
last_state_is_confirmed(void **state)
{
	uint32_t number;

	(void)state;
	opeer_measured(&p);
	for (int i = 2; i <= 4; i++) {
		oserver_change();
		world_advance(5000);
		opeer_next(&p);
		assert_int_equal(p.last->type, NON);
	}
	number = opeer_number(&p);
	world_advance(4990);
	opeer_silent(&p);
	world_advance(10);
	opeer_expect(&p, "CON 2.05 a+ v4");
	assert_true(opeer_number(&p) > number);
	/* That one is repeated until it is acknowledged, as any CON. */
	world_advance(3000);
	opeer_expect(&p, "CON 2.05 a+ v4");
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	/* What changes now and then needs no NON before. */
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v5");
	opeer_reply(&p, ACK);
	world_advance(100);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v6");
	/* Whoever has gone meanwhile is not told. */
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v6");
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
}

/* Each of those that a client observes, one after the other. */
static void
each_last_state_is_confirmed(void **state)
{
	(void)state;
	opeer_measured(&p);
	opeer_observe(&p, 'b');
	opeer_expect(&p, "ACK 2.05 b+ v1");
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	world_advance(1000);
	opeer_expect(&p, "NON 2.05 b+ v2");
	world_advance(10000);
	opeer_expect(&p, "CON 2.05 a+ v2");
	opeer_silent(&p);
	opeer_reply(&p, ACK);
	world_advance(1000);
	opeer_expect(&p, "CON 2.05 b+ v2");
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	assert_int_equal(oserver_observers(), 2);
	opeer_close(&p);
}

/* Where nothing is lost, or no CON is wanted, it is told once. */
static void
nothing_to_confirm(void **state)
{
	(void)state;
	opeer_observing(&p, TCP);
	oserver_change();
	opeer_expect(&p, "TCP 2.05 a+ v1");
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
	world_settle();
	oserver.value = 0;
	coap_resource_set_mode(oserver.o,
	    COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS);
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v1");
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
}

/* --- what is repeated ----------------------------------------------------- */

/* RFC 7641 section 4.5.2: the newest state takes the place of the one that is
 * to be repeated, with a new message id; attempts are counted on. */
static void
newer_state_is_repeated(void **state)
{
	uint32_t number;
	uint16_t mid;

	(void)state;
	opeer_observing(&p, UDP);
	coap_session_set_ack_random_factor(w.last,
	    (coap_fixed_point_t){ 1, 0 });
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	number = opeer_number(&p);
	mid = p.last->mid;
	oserver_change();
	oserver_change();
	world_advance(1990);
	opeer_silent(&p);
	world_advance(10);
	opeer_expect(&p, "CON 2.05 a+ v3");
	assert_int_not_equal(p.last->mid, mid);
	assert_true(opeer_number(&p) > number);
	mid = p.last->mid;
	/* Twice the wait; what did not change is the same message. */
	world_advance(3990);
	opeer_silent(&p);
	world_advance(10);
	opeer_expect(&p, "CON 2.05 a+ v3");
	assert_int_equal(p.last->mid, mid);
	oserver_change();
	world_advance(8000);
	opeer_expect(&p, "CON 2.05 a+ v4");
	world_advance(16000);
	opeer_expect(&p, "CON 2.05 a+ v4");
	assert_int_equal(oserver_observers(), 1);
	/* That was the fifth. */
	world_advance(32000);
	opeer_silent(&p);
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

static void
newer_state_is_acknowledged(void **state)
{
	uint16_t mid;

	(void)state;
	opeer_measured(&p);
	coap_resource_set_mode(oserver.o, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v2");
	mid = p.last->mid;
	oserver_change();
	world_advance(3000);
	opeer_expect(&p, "CON 2.05 a+ v3");
	/* An ACK for the former says nothing of this one. */
	p.last->mid ^= mid;
	mid ^= p.last->mid;
	p.last->mid ^= mid;
	opeer_reply(&p, ACK);
	world_advance(6000);
	opeer_expect(&p, "CON 2.05 a+ v3");
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	assert_int_equal(oserver_observers(), 1);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v4");
	opeer_close(&p);
}

static void
newer_state_is_the_last(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	oserver.code = COAP_RESPONSE_CODE_NOT_FOUND;
	oserver_change();
	world_advance(3000);
	opeer_next(&p);
	assert_int_equal(p.last->code, COAP_RESPONSE_CODE_NOT_FOUND);
	assert_int_equal(p.last->type, CON);
	assert_int_equal(oserver_observers(), 0);
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
}

/* The handler has nothing to say this time. */
/* Nor in another format. */
static void
newer_state_has_another_format(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	oserver.format = 50;
	oserver_change();
	world_advance(3000);
	opeer_expect(&p, "CON 4.06 a- The format changed");
	assert_int_equal(oserver_observers(), 0);
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
}

static void
newer_state_is_none(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	oserver.code = 0;
	oserver_change();
	world_advance(3000);
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, ACK);
	world_advance(100000);
	opeer_silent(&p);
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

static int blow_what; /* -1: nothing */

static void
blow(coap_session_t *session, coap_pdu_t *response)
{
	(void)response;
	switch (blow_what) {
	case 0:
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
		break;
	case 1:
		coap_delete_resource(w.server, oserver.o);
		oserver.o = NULL;
		break;
	case 2:
		notify_forget(session);
		break;
	case 3:
		oserver_change();
		coap_check_notify(w.server);
		break;
	case 4:
		coap_free_endpoint(w.udp);
		break;
	case 5:
		coap_free_context(w.server);
		w.server = NULL;
		oserver.o = NULL;
		break;
	default:
		break;
	}
}

/* A handler that is asked for what is to be repeated may do anything. */
static void
newer_state_ends_everything(void **state)
{
	unsigned calls;

	for (int what = 0; what < 6; what++) {
		blow_what = -1;
		opeer_observing(&p, UDP);
		p.may_end = true;
		oserver.hook = blow;
		oserver_change();
		opeer_next(&p);
		oserver_change();
		calls = oserver.calls;
		blow_what = what;
		world_advance(3000);
		assert_true(oserver.calls > calls);
		while (opeer_take(&p))
			;
		opeer_close(&p);
		world_settle();
		oserver_down(state);
		oserver_up(state);
	}
}

/* --- turns ---------------------------------------------------------------- */

enum {
	SESSIONS = 12,
	EACH = 50
};

static struct opeer q[SESSIONS];
static unsigned got[SESSIONS];

static void
observe_all(void)
{
	unsigned i, k;

	for (i = 0; i < SESSIONS; i++) {
		got[i] = 0;
		opeer_open(&q[i], TCP);
		for (k = 0; k < EACH; k++) {
			opeer_observe(&q[i], (char)(k + 1));
			opeer_next(&q[i]);
		}
	}
	assert_int_equal(oserver_observers(), SESSIONS * EACH);
}

/* How many notifications of the fewest so far. */
static unsigned
fewest(void)
{
	unsigned i, n = EACH;

	for (i = 0; i < SESSIONS; i++) {
		while (opeer_take(&q[i]))
			got[i]++;
		if (got[i] < n)
			n = got[i];
	}
	return n;
}

/* A pass makes so many notifications, of all sessions, and the next one begins
 * with those that had none. */
static void
many_sessions_take_turns(void **state)
{
	unsigned i, before, passes = 0;

	(void)state;
	observe_all();
	oserver_change();
	while (w.server->observing.n_owing > 0) {
		before = oserver.calls;
		w.now_us += 1000;
		coap_io_process(w.server, COAP_IO_NO_WAIT);
		assert_true(oserver.calls - before <= OBSERVE_A_PASS);
		assert_true(++passes < 10);
		if (passes == 2)
			assert_true(fewest() >= 32);
	}
	assert_int_equal(passes, 3);
	assert_int_equal(fewest(), EACH);
	assert_int_equal(oserver.calls, 2 * SESSIONS * EACH);
	for (i = 0; i < SESSIONS; i++)
		opeer_close(&q[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, oserver_up, oserver_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_state_is_confirmed),
		TEST(each_last_state_is_confirmed),
		TEST(nothing_to_confirm),
		TEST(newer_state_is_repeated),
		TEST(newer_state_is_acknowledged),
		TEST(newer_state_is_the_last),
		TEST(newer_state_has_another_format),
		TEST(newer_state_is_none),
		TEST(newer_state_ends_everything),
		TEST(many_sessions_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
