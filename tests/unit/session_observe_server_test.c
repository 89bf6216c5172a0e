/* SPDX-License-Identifier: BSD-2-Clause */
/* Observed resources on loopback: who is told what and when (RFC 7641). */
#include "notify_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include "session/observe/observe_server.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define ACK COAP_MESSAGE_ACK
#define RST COAP_MESSAGE_RST
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static struct opeer p;

/* --- beginning and end ---------------------------------------------------- */

static void
told_of_changes(void **state)
{
	uint32_t number;

	(void)state;
	for (int i = 0; i < 2; i++) {
		oserver.value = 0;
		opeer_observing(&p, i ? TCP : UDP);
		number = opeer_number(&p);
		opeer_silent(&p);
		assert_int_equal(oserver_observers(), 1);
		world_advance(10);
		assert_int_equal(oserver_change(), 1);
		opeer_expect(&p, i ? "TCP 2.05 a+ v1" : "CON 2.05 a+ v1");
		assert_true(opeer_number(&p) > number);
		if (i == 0)
			opeer_reply(&p, ACK);
		world_advance(10);
		assert_int_equal(oserver_change(), 1);
		opeer_expect(&p, i ? "TCP 2.05 a+ v2" : "NON 2.05 a+ v2");
		assert_true(opeer_number(&p) > number + 1);
		world_advance(10000);
		if (i == 0) {
			opeer_expect(&p, "CON 2.05 a+ v2");
			opeer_reply(&p, ACK);
		}
		world_advance(100000);
		opeer_silent(&p);
		opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
		opeer_expect(&p, i ? "TCP 2.05 a- v2" : "ACK 2.05 a- v2");
		assert_int_equal(oserver_observers(), 0);
		assert_int_equal(oserver_change(), 0);
		opeer_silent(&p);
		opeer_close(&p);
		world_settle();
	}
}

/* A NON request: its answer may meet a Reset as well. */
static void
non_request(void **state)
{
	(void)state;
	opeer_open(&p, UDP);
	opeer_send(&p, NON, GET, 'a', 0, NULL, NULL);
	opeer_expect(&p, "NON 2.05 a+ v0");
	assert_int_equal(oserver_observers(), 1);
	opeer_reply(&p, RST);
	world_settle();
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

static void
not_observable(void **state)
{
	(void)state;
	opeer_open(&p, UDP);
	coap_resource_set_get_observable(oserver.o, 0);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a- v0");
	assert_int_equal(oserver_change(), 0);
	/* Nor with another method, or a value that means nothing. */
	coap_resource_set_get_observable(oserver.o, 1);
	opeer_send(&p, CON, COAP_REQUEST_CODE_PUT, 'a', 0, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v1");
	opeer_send(&p, CON, GET, 'a', 2, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v1");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

static void
not_observable_any_more(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	coap_resource_set_get_observable(oserver.o, 0);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a- v1");
	opeer_reply(&p, ACK);
	world_settle();
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

static void
failed_answer_does_not_register(void **state)
{
	(void)state;
	oserver.code = COAP_RESPONSE_CODE_NOT_FOUND;
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 4.04 a- v0");
	assert_int_equal(oserver_observers(), 0);
	/* And ends what there was. */
	oserver.code = COAP_RESPONSE_CODE_CONTENT;
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v0");
	assert_int_equal(oserver_observers(), 1);
	oserver.code = COAP_RESPONSE_CODE_FORBIDDEN;
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 4.03 a- v0");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* No answer, no observer. */
static void
silenced_answer_does_not_register(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	opeer_open(&p, UDP);
	pdu = opeer_pdu(&p, NON, GET, 'a', 0);
	coap_add_option(pdu, COAP_OPTION_NORESPONSE, 1, (const uint8_t *)"\2");
	opeer_send_pdu(&p, pdu);
	opeer_silent(&p);
	assert_int_equal(oserver.calls, 1);
	assert_int_equal(oserver_observers(), 0);
	oserver.code = 0;
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 0.00 0- ");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

static void
same_token_replaces(void **state)
{
	uint32_t number;

	(void)state;
	opeer_observing(&p, UDP);
	number = opeer_number(&p);
	world_advance(10);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v0");
	assert_true(opeer_number(&p) > number);
	assert_int_equal(oserver_observers(), 1);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, ACK);
	world_advance(1000);
	opeer_silent(&p);
	/* For what a plain GET with it asks nothing more comes. */
	opeer_send(&p, CON, GET, 'a', -1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v1");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* OBS_10 of the plugtests: it is another exchange. */
static void
plain_get_does_not_cancel(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	opeer_send(&p, CON, GET, 'b', -1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 b- v0");
	opeer_send(&p, CON, GET, 'b', 1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 b- v0");
	assert_int_equal(oserver_change(), 1);
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_close(&p);
}

/* A client that asks again while a CON waits: that one is not repeated. */
static void
replaced_while_a_con_waits(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v1");
	world_advance(200000);
	opeer_silent(&p);
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

static void
fetch_with_its_body(void **state)
{
	(void)state;
	opeer_open(&p, UDP);
	opeer_send(&p, CON, COAP_REQUEST_CODE_FETCH, 'f', 0, NULL, "body");
	opeer_expect(&p, "ACK 2.05 f+ v0body");
	oserver_change();
	opeer_expect(&p, "CON 2.05 f+ v1body");
	opeer_reply(&p, ACK);
	opeer_send(&p, CON, COAP_REQUEST_CODE_FETCH, 'f', 1, NULL, "body");
	opeer_expect(&p, "ACK 2.05 f- v1body");
	assert_int_equal(oserver_change(), 0);
	opeer_close(&p);
}

/* Its body comes in blocks (RFC 8132 section 2.4). */
static void
fetch_with_a_body_in_blocks(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	opeer_open(&p, UDP);
	pdu = opeer_pdu(&p, CON, COAP_REQUEST_CODE_FETCH, 'f', 0);
	coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, (const uint8_t *)"\x08");
	coap_add_data(pdu, 16, (const uint8_t *)"0123456789abcdef");
	opeer_send_pdu(&p, pdu);
	opeer_expect(&p, "ACK 2.31 f- ");
	assert_int_equal(oserver_observers(), 0);
	pdu = opeer_pdu(&p, CON, COAP_REQUEST_CODE_FETCH, 'f', 0);
	coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, (const uint8_t *)"\x10");
	coap_add_data(pdu, 2, (const uint8_t *)"gh");
	opeer_send_pdu(&p, pdu);
	opeer_expect(&p, "ACK 2.05 f+ v00123456789abcdefgh");
	oserver_change();
	opeer_expect(&p, "CON 2.05 f+ v10123456789abcdefgh");
	opeer_close(&p);
}

static void
send_part(char token, int observe, const char *block, const char *part)
{
	coap_pdu_t *pdu =
	    opeer_pdu(&p, CON, COAP_REQUEST_CODE_FETCH, token, observe);

	coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, (const uint8_t *)block);
	coap_add_data(pdu, strlen(part), (const uint8_t *)part);
	opeer_send_pdu(&p, pdu);
}

/* Observe is in the first part alone, and each has a token of its own: that of
 * the last one, which is answered, is that of notifications. */
static void
fetch_in_blocks_is_observed_by_its_first(void **state)
{
	(void)state;
	opeer_open(&p, UDP);
	send_part('e', 0, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 e- ");
	send_part('f', -1, "\x10", "gh");
	opeer_expect(&p, "ACK 2.05 f+ v00123456789abcdefgh");
	assert_int_equal(oserver_observers(), 1);
	oserver_change();
	opeer_expect(&p, "CON 2.05 f+ v10123456789abcdefgh");
	opeer_reply(&p, ACK);
	/* The same body once more keeps it; what asks to end it, ends it. */
	send_part('f', 0, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 f- ");
	send_part('f', -1, "\x10", "gh");
	opeer_expect(&p, "ACK 2.05 f+ v10123456789abcdefgh");
	assert_int_equal(oserver_observers(), 1);
	send_part('e', 1, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 e- ");
	assert_int_equal(oserver_observers(), 1);
	send_part('f', -1, "\x10", "gh");
	opeer_expect(&p, "ACK 2.05 f- v10123456789abcdefgh");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* That it is to end is known from the first part: more may not come. */
static void
fetch_in_blocks_ends_by_its_first(void **state)
{
	(void)state;
	opeer_open(&p, UDP);
	send_part('f', 0, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 f- ");
	send_part('f', -1, "\x10", "gh");
	opeer_expect(&p, "ACK 2.05 f+ v00123456789abcdefgh");
	send_part('f', 1, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 f- ");
	assert_int_equal(oserver_change(), 0);
	/* Without Observe in the first part it is not observed. */
	send_part('g', -1, "\x08", "0123456789abcdef");
	opeer_expect(&p, "ACK 2.31 g- ");
	send_part('g', -1, "\x10", "gh");
	opeer_expect(&p, "ACK 2.05 g- v10123456789abcdefgh");
	opeer_close(&p);
}

static void
query_selects(void **state)
{
	coap_string_t *one = coap_new_string(1);

	(void)state;
	memcpy(one->s, "1", 1);
	opeer_open(&p, TCP);
	opeer_send(&p, CON, GET, 'a', 0, "1", NULL);
	opeer_expect(&p, "TCP 2.05 a+ v01");
	opeer_send(&p, CON, GET, 'b', 0, "2", NULL);
	opeer_expect(&p, "TCP 2.05 b+ v02");
	assert_int_equal(coap_resource_notify_observers(oserver.o, one), 1);
	opeer_expect(&p, "TCP 2.05 a+ v01");
	opeer_silent(&p);
	assert_int_equal(coap_resource_set_dirty(oserver.o, NULL), 1);
	opeer_expect(&p, "TCP 2.05 a+ v01");
	opeer_expect(&p, "TCP 2.05 b+ v02");
	memcpy(one->s, "3", 1);
	assert_int_equal(coap_resource_notify_observers(oserver.o, one), 0);
	coap_delete_string(one);
	opeer_close(&p);
}

/* RFC 7641 section 4.2. */
static void
error_is_the_last(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		oserver.value = 0;
		oserver.code = COAP_RESPONSE_CODE_CONTENT;
		opeer_observing(&p, i ? TCP : UDP);
		oserver.code = COAP_RESPONSE_CODE_NOT_ACCEPTABLE;
		oserver_change();
		opeer_expect(&p, i ? "TCP 4.06 a- v1" : "CON 4.06 a- v1");
		assert_int_equal(oserver_observers(), 0);
		assert_int_equal(oserver_change(), 0);
		if (i == 0)
			opeer_reply(&p, ACK);
		opeer_silent(&p);
		opeer_close(&p);
		world_settle();
	}
}

/* RFC 7641 section 4.2: the format stays that of the first answer. */
static void
format_that_changes(void **state)
{
	static const struct {
		int first, then;
		bool stays;
	} rows[] = {
		{ 0, 0, true },
		{ 50, 50, true },
		{ -1, -1, true },
		{ 0, 50, false },
		{ 0, -1, false },
		{ -1, 0, false },
	};

	(void)state;
	coap_resource_set_mode(oserver.o, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		bool stream = i % 2;

		oserver.value = 0;
		oserver.format = rows[i / 2].first;
		opeer_observing(&p, stream ? TCP : UDP);
		opeer_observe(&p, 'b');
		opeer_next(&p);
		oserver.format = rows[i / 2].then;
		/* A new observer may have it in the new one. */
		opeer_observe(&p, 'b');
		opeer_next(&p);
		oserver_change();
		opeer_next(&p);
		assert_int_equal(p.last->code,
		    rows[i / 2].stays ? COAP_RESPONSE_CODE_CONTENT
				      : COAP_RESPONSE_CODE_NOT_ACCEPTABLE);
		assert_int_equal(opeer_observed(&p), rows[i / 2].stays);
		assert_int_equal(p.last->token[0], 'a');
		if (!stream)
			opeer_reply(&p, ACK);
		world_advance(10);
		opeer_expect(&p, stream ? "TCP 2.05 b+ v1" : "CON 2.05 b+ v1");
		assert_int_equal(oserver_observers(),
		    rows[i / 2].stays ? 2 : 1);
		if (!stream)
			opeer_reply(&p, ACK);
		for (const char *token = "ab"; *token; token++) {
			opeer_send(&p, CON, GET, *token, 1, NULL, NULL);
			opeer_next(&p);
		}
		assert_int_equal(oserver_observers(), 0);
		opeer_close(&p);
		world_settle();
	}
}

/* 2.03 has none, and says nothing of the format of others. */
static void
valid_has_no_format(void **state)
{
	(void)state;
	oserver.format = 50;
	oserver.code = COAP_RESPONSE_CODE_CONTENT;
	opeer_observing(&p, UDP);
	oserver.code = COAP_RESPONSE_CODE_VALID;
	oserver.format = -1;
	oserver_change();
	opeer_expect(&p, "CON 2.03 a+ v1");
	opeer_reply(&p, ACK);
	world_advance(100);
	oserver.code = COAP_RESPONSE_CODE_CONTENT;
	oserver.format = 50;
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	oserver.format = 0;
	world_advance(100);
	oserver_change();
	opeer_expect(&p, "CON 4.06 a- The format changed");
	opeer_close(&p);
}

static void
deleted_resource(void **state)
{
	struct opeer q;

	(void)state;
	opeer_observing(&p, UDP);
	opeer_open(&q, TCP);
	opeer_observe(&q, 'q');
	opeer_expect(&q, "TCP 2.05 q+ v0");
	oserver_change();
	assert_int_equal(coap_delete_resource(w.server, oserver.o), 1);
	opeer_expect(&p, "CON 4.04 a- ");
	opeer_expect(&q, "TCP 4.04 q- ");
	opeer_reply(&p, ACK);
	opeer_silent(&p);
	opeer_silent(&q);
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
	opeer_close(&q);
}

/* Another takes its place: that one is not observed. */
static void
replaced_resource(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver.o = coap_resource_init(coap_make_str_const("o"), 0);
	coap_add_resource(w.server, oserver.o);
	opeer_expect(&p, "CON 4.04 a- ");
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* --- CON, NON, and how often ---------------------------------------------- */

static void
each_sixth_is_con(void **state)
{
	int i;

	(void)state;
	opeer_measured(&p);
	for (i = 2; i <= 14; i++) {
		char text[32];

		snprintf(text, sizeof text, "%s 2.05 a+ v%d",
		    i % 6 == 1 ? "CON" : "NON", i);
		oserver_change();
		world_advance(1000);
		opeer_expect(&p, text);
		if (i % 6 == 1)
			opeer_reply(&p, ACK);
	}
	world_advance(10000);
	opeer_expect(&p, "CON 2.05 a+ v14");
	opeer_reply(&p, ACK);
	/* And one a day. */
	world_advance((uint64_t)24 * 3600 * 1000);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v15");
	opeer_close(&p);
}

static void
always_con(void **state)
{
	(void)state;
	coap_resource_set_mode(oserver.o, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	opeer_measured(&p);
	for (int i = 2; i < 9; i++) {
		char text[] = "CON 2.05 a+ v0";

		text[sizeof text - 2] = (char)('0' + i);
		oserver_change();
		opeer_expect(&p, text);
		opeer_reply(&p, ACK);
		world_advance(1);
	}
	opeer_close(&p);
}

/* A CON follows the ACK at once, as long as there are numbers in this tick. */
static void
as_fast_as_acks(void **state)
{
	uint32_t number = 0;

	(void)state;
	coap_resource_set_mode(oserver.o, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	opeer_measured(&p);
	for (unsigned i = 0; i < OBSERVE_A_TICK; i++) {
		oserver_change();
		opeer_next(&p);
		assert_true(opeer_number(&p) > number);
		number = opeer_number(&p);
		opeer_reply(&p, ACK);
	}
	oserver_change();
	opeer_silent(&p);
	world_advance(1);
	opeer_next(&p);
	assert_int_equal(opeer_number(&p), number + 1);
	opeer_close(&p);
}

/* Nothing is known of the way: one in three seconds, the newest. */
static void
never_con(void **state)
{
	(void)state;
	coap_resource_set_mode(oserver.o,
	    COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS);
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v1");
	for (int i = 0; i < 10; i++) {
		oserver_change();
		world_advance(299);
		opeer_silent(&p);
	}
	world_advance(10);
	opeer_expect(&p, "NON 2.05 a+ v11");
	opeer_silent(&p);
	assert_int_equal(oserver.calls, 3);
	for (int i = 0; i < 20; i++) {
		oserver_change();
		world_advance(3000);
		opeer_next(&p);
		assert_int_equal(p.last->type, NON);
	}
	opeer_close(&p);
}

/* With a round trip of half a second, no more than one in that time. */
static void
one_a_round_trip(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	world_advance(500);
	opeer_reply(&p, ACK);
	world_settle();
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	oserver_change();
	world_advance(499);
	opeer_silent(&p);
	oserver_change();
	world_advance(2);
	opeer_expect(&p, "NON 2.05 a+ v4");
	opeer_close(&p);
}

/* Never two on the way to one client: the newest follows the ACK. */
static void
one_in_flight(void **state)
{
	(void)state;
	coap_resource_set_mode(oserver.o, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	opeer_observing(&p, UDP);
	opeer_observe(&p, 'b');
	opeer_expect(&p, "ACK 2.05 b+ v0");
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	for (int i = 0; i < 5; i++)
		oserver_change();
	world_advance(1000);
	opeer_silent(&p);
	opeer_reply(&p, ACK);
	opeer_expect(&p, "CON 2.05 b+ v6");
	opeer_silent(&p);
	opeer_reply(&p, ACK);
	world_advance(1);
	opeer_expect(&p, "CON 2.05 a+ v6");
	opeer_reply(&p, ACK);
	world_advance(1000);
	opeer_silent(&p);
	assert_int_equal(oserver.calls, 5);
	opeer_close(&p);
}

static void
unanswered_con_ends_it(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	opeer_observe(&p, 'b');
	opeer_expect(&p, "ACK 2.05 b+ v0");
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	while (world_count("S nack too-many-retries a") == 0)
		world_advance(1000);
	for (int i = 0; i < 4; i++)
		opeer_expect(&p, "CON 2.05 a+ v1");
	/* Nobody is there: the other one is not tried. */
	assert_int_equal(oserver_observers(), 0);
	world_advance(100000);
	opeer_silent(&p);
	opeer_close(&p);
}

/* The peer lives: only what it does not acknowledge ends. */
static void
unanswered_con_of_a_live_peer(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	opeer_observe(&p, 'b');
	opeer_expect(&p, "ACK 2.05 b+ v0");
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_send(&p, CON, GET, 'g', -1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 g- v1");
	while (world_count("S nack too-many-retries a") == 0)
		world_advance(1000);
	for (int i = 0; i < 4; i++)
		opeer_expect(&p, "CON 2.05 a+ v1");
	assert_int_equal(oserver_observers(), 1);
	world_advance(1);
	opeer_expect(&p, "CON 2.05 b+ v1");
	opeer_reply(&p, ACK);
	world_settle();
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

static void
reset_ends_it(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, RST);
	world_settle();
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* Also the Reset for an older NON, but not one for something else. */
static void
reset_for_a_non(void **state)
{
	coap_pdu_t *old;

	(void)state;
	opeer_measured(&p);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	old = pdu_ref(p.last);
	world_advance(10);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v3");
	/* An answer to a plain request. */
	opeer_send(&p, NON, COAP_REQUEST_CODE_PUT, 'a', -1, NULL, NULL);
	opeer_expect(&p, "NON 2.05 a- v3");
	opeer_reply(&p, RST);
	world_settle();
	assert_int_equal(oserver_observers(), 1);
	opeer_send_pdu(&p, pdu_new(RST, 0, old->mid, 100));
	world_settle();
	assert_int_equal(oserver_observers(), 0);
	/* One of before the client asked again is of no account. */
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v3");
	world_advance(10);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v4");
	coap_delete_pdu(old);
	old = pdu_ref(p.last);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v4");
	opeer_send_pdu(&p, pdu_new(RST, 0, old->mid, 100));
	world_settle();
	assert_int_equal(oserver_observers(), 1);
	coap_delete_pdu(old);
	opeer_close(&p);
}

/* --- sessions ------------------------------------------------------------- */

/* A session is not idle while its peer observes. */
static void
observed_session_stays(void **state)
{
	(void)state;
	coap_context_set_session_timeout(w.server, 100);
	opeer_observing(&p, UDP);
	world_advance(1000000);
	assert_int_equal(w.deleted, 0);
	assert_int_equal(w.server->n_idle, 0);
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v0");
	assert_int_equal(w.server->n_idle, 1);
	world_advance(99000);
	assert_int_equal(w.deleted, 0);
	world_advance(2000);
	assert_int_equal(w.deleted, 1);
	opeer_close(&p);
}

static void
lost_session_ends_it(void **state)
{
	(void)state;
	opeer_observing(&p, TCP);
	oserver_change();
	opeer_close(&p);
	WORLD_UNTIL(oserver_observers() == 0);
	assert_int_equal(oserver_change(), 0);
	opeer_observing(&p, UDP);
	coap_session_disconnected(w.last, COAP_NACK_RST);
	assert_int_equal(oserver_observers(), 0);
	opeer_close(&p);
}

/* A reader that does not read costs one notification. */
static void
blocked_stream(void **state)
{
	size_t before;
	unsigned calls;
	int i;

	(void)state;
	oserver.large = 1000;
	opeer_open(&p, TCP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "TCP 2.05 a+ aaaaaaaaaaaaaaaaaaaa");
	for (i = 0; i < 100000 && !w.last->blocked; i++) {
		oserver_change();
		world_settle();
	}
	assert_true(w.last->blocked);
	before = mem_outstanding();
	calls = oserver.calls;
	for (i = 0; i < 1000; i++) {
		oserver_change();
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	}
	assert_int_equal(oserver.calls, calls);
	assert_int_equal(mem_outstanding(), before);
	assert_int_equal(w.last->n_pending, 1);
	/* When it reads, it gets to the newest. */
	w.now_us += 1000;
	do
		opeer_next(&p);
	while (oserver.calls == calls ||
	    opeer_number(&p) != oserver.o->observers.number);
	assert_int_equal(p.last->data[0], 'a' + oserver.value % 26);
	opeer_silent(&p);
	assert_int_equal(oserver.calls, calls + 1);
	opeer_close(&p);
}

/* --- bodies --------------------------------------------------------------- */

static void
ask_for_block(char token, unsigned num)
{
	coap_pdu_t *pdu = opeer_pdu(&p, CON, GET, token, -1);
	uint8_t block = (uint8_t)(num << 4 | 6);

	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, &block);
	opeer_send_pdu(&p, pdu);
}

static uint64_t
etag(void)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(p.last, COAP_OPTION_ETAG, &oi);

	assert_non_null(opt);
	return coap_decode_var_bytes8(coap_opt_value(opt),
	    coap_opt_length(opt));
}

/* RFC 7959 section 2.6. */
static void
large_notification(void **state)
{
	uint64_t first;

	(void)state;
	oserver.large = 2500;
	opeer_open(&p, UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ aaaaaaaaaaaaaaaaaaaa");
	first = etag();
	ask_for_block('b', 1);
	opeer_expect(&p, "ACK 2.05 b- aaaaaaaaaaaaaaaaaaaa");
	assert_int_equal(etag(), first);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ bbbbbbbbbbbbbbbbbbbb");
	assert_true(etag() != first);
	first = etag();
	opeer_reply(&p, ACK);
	/* The value is another by now: what was told of is what is fetched. */
	oserver.value++;
	ask_for_block('b', 1);
	opeer_expect(&p, "ACK 2.05 b- bbbbbbbbbbbbbbbbbbbb");
	assert_int_equal(etag(), first);
	/* Some ask with the token that they observe with. */
	ask_for_block('a', 2);
	opeer_expect(&p, "ACK 2.05 a- bbbbbbbbbbbbbbbbbbbb");
	assert_int_equal(etag(), first);
	assert_int_equal(pdu_payload_len(p.last), 2500 - 2048);
	assert_int_equal(oserver.calls, 2);
	assert_int_equal(oserver_observers(), 1);
	opeer_close(&p);
}

/* --- many, and what goes wrong -------------------------------------------- */

static void
a_thousand(void **state)
{
	static struct opeer q[4];
	coap_pdu_t *pdu;
	unsigned i, k;
	char token[2];

	(void)state;
	for (i = 0; i < 1000; i++) {
		if (i % 250 == 0)
			opeer_open(&q[i / 250], i < 500 ? TCP : UDP);
		pdu = pdu_new(CON, GET, (uint16_t)i, 100);
		token[0] = (char)(i & 255);
		token[1] = (char)(i >> 8);
		coap_add_token(pdu, 2, (const uint8_t *)token);
		coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
		coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		    (const uint8_t *)"o");
		opeer_send_pdu(&q[i / 250], pdu);
		opeer_next(&q[i / 250]);
		opeer_number(&q[i / 250]);
	}
	assert_int_equal(oserver_observers(), 1000);
	assert_int_equal(oserver_change(), 1);
	for (k = 0; k < 1000; k++) {
		opeer_next(&q[k % 4]);
		assert_memory_equal(q[k % 4].last->data, "v1", 2);
		if (q[k % 4].last->type == CON && k % 4 >= 2)
			opeer_reply(&q[k % 4], ACK);
		if (k % 4 == 3)
			world_advance(2);
	}
	world_advance(1000);
	for (i = 0; i < 4; i++)
		opeer_silent(&q[i]);
	assert_int_equal(oserver.calls, 2000);
	for (i = 0; i < 4; i++)
		opeer_close(&q[i]);
}

/* One more is answered all the same. */
static void
one_too_many(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	w.server->observing.n += OBSERVERS_OF_CONTEXT_MAX;
	opeer_observe(&p, 'b');
	opeer_expect(&p, "ACK 2.05 b- v0");
	w.server->observing.n -= OBSERVERS_OF_CONTEXT_MAX;
	assert_int_equal(oserver_observers(), 1);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_close(&p);
}

static void
check_notify(void **state)
{
	(void)state;
	opeer_observing(&p, UDP);
	oserver_change();
	assert_int_equal(oserver.calls, 1);
	coap_check_notify(w.server);
	assert_int_equal(oserver.calls, 2);
	opeer_expect(&p, "CON 2.05 a+ v1");
	oserver_change();
	coap_check_notify(w.server);
	coap_check_notify(NULL);
	assert_int_equal(oserver.calls, 2);
	assert_int_equal(coap_resource_notify_observers(NULL, NULL), 0);
	opeer_close(&p);
}

static void
number_is_set(void **state)
{
	(void)state;
	coap_persist_set_observe_num(NULL, 1);
	coap_persist_set_observe_num(oserver.o, 0x1fffffe);
	opeer_observing(&p, UDP);
	assert_int_equal(opeer_number(&p), 0xfffffe);
	world_advance(1);
	oserver_change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	assert_int_equal(opeer_number(&p), 0xffffff);
	opeer_reply(&p, ACK);
	world_advance(1);
	oserver_change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	assert_int_equal(opeer_number(&p), 0);
	opeer_close(&p);
}

/* --- handlers that end everything ----------------------------------------- */

static unsigned blow_at;
static int blow_what;

enum {
	BLOW_SESSION,
	BLOW_SHUTDOWN,
	BLOW_RESOURCE,
	BLOW_ENDPOINT,
	BLOW_CONTEXT,
	BLOW_NOTIFY,
	BLOW_CANCEL,
	BLOW_WHATS,
};

static void
blow(coap_session_t *session, coap_pdu_t *response)
{
	(void)response;
	if (oserver.calls != blow_at)
		return;
	switch (blow_what) {
	case BLOW_SESSION:
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
		break;
	case BLOW_SHUTDOWN:
		coapx_session_shutdown(session);
		break;
	case BLOW_RESOURCE:
		coap_delete_resource(w.server, oserver.o);
		oserver.o = NULL;
		break;
	case BLOW_ENDPOINT:
		coap_free_endpoint(session->proto->reliable ? w.tcp : w.udp);
		break;
	case BLOW_CONTEXT:
		coap_free_context(w.server);
		w.server = NULL;
		oserver.o = NULL;
		break;
	case BLOW_NOTIFY:
		oserver_change();
		coap_check_notify(w.server);
		break;
	case BLOW_CANCEL:
		notify_forget(session);
		break;
	}
}

static void
play(coap_proto_t proto)
{
	int i;

	opeer_open(&p, proto);
	p.may_end = true;
	for (i = 0; i < 3; i++) {
		opeer_observe(&p, (char)('a' + i));
		world_settle();
	}
	for (i = 0; i < 4 && w.server; i++) {
		if (oserver.o)
			oserver_change();
		if (i == 2)
			coap_check_notify(w.server);
		world_settle();
		while (opeer_take(&p))
			;
		if (w.server)
			world_advance(10);
	}
	opeer_close(&p);
	world_settle();
}

static void
handlers_end_everything(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	unsigned plays = 0;

	for (int i = 0; i < 2; i++)
		for (blow_what = 0; blow_what < BLOW_WHATS; blow_what++)
			for (blow_at = 1; blow_at < 30; blow_at++) {
				bool reached;

				oserver.hook = blow;
				oserver.large = blow_at % 2 ? 3000 : 0;
				play(protos[i]);
				reached = oserver.calls >= blow_at;
				plays += reached;
				oserver_down(state);
				oserver_up(state);
				if (!reached)
					break;
			}
	assert_true(plays > 2 * BLOW_WHATS * 4);
}

/* Whatever allocation fails: who observes is told in the end, and who is told
 * that he does, does. */
static void
without_memory(void **state)
{
	unsigned n, refused = 0, told = 0;

	for (n = 4; n < 120; n++) {
		coap_pdu_t *pdu;
		bool observes = false;

		oserver.large = n % 2 ? 3000 : 0;
		opeer_open(&p, n % 4 < 2 ? TCP : UDP);
		world_settle();
		pdu = opeer_pdu(&p, CON, GET, 'a', 0);
		mem_fail_at(n / 4, 0);
		opeer_send_pdu(&p, pdu);
		world_settle();
		mem_fail_at(0, 0);
		if (opeer_take(&p))
			observes = opeer_observed(&p);
		refused += !observes;
		assert_int_equal(observes, oserver_observers());
		mem_fail_at(n / 4, 0);
		oserver_change();
		world_settle();
		mem_fail_at(0, 0);
		world_advance(3000);
		if (oserver_observers() > 0) {
			opeer_next(&p);
			assert_true(opeer_observed(&p));
			told++;
		}
		opeer_close(&p);
		oserver_down(state);
		oserver_up(state);
	}
	assert_true(refused > 10);
	assert_true(told > 10);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, oserver_up, oserver_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(told_of_changes),
		TEST(non_request),
		TEST(not_observable),
		TEST(not_observable_any_more),
		TEST(failed_answer_does_not_register),
		TEST(silenced_answer_does_not_register),
		TEST(same_token_replaces),
		TEST(plain_get_does_not_cancel),
		TEST(replaced_while_a_con_waits),
		TEST(fetch_with_its_body),
		TEST(fetch_with_a_body_in_blocks),
		TEST(fetch_in_blocks_is_observed_by_its_first),
		TEST(fetch_in_blocks_ends_by_its_first),
		TEST(query_selects),
		TEST(error_is_the_last),
		TEST(format_that_changes),
		TEST(valid_has_no_format),
		TEST(deleted_resource),
		TEST(replaced_resource),
		TEST(each_sixth_is_con),
		TEST(always_con),
		TEST(as_fast_as_acks),
		TEST(never_con),
		TEST(one_a_round_trip),
		TEST(one_in_flight),
		TEST(unanswered_con_ends_it),
		TEST(unanswered_con_of_a_live_peer),
		TEST(reset_ends_it),
		TEST(reset_for_a_non),
		TEST(observed_session_stays),
		TEST(lost_session_ends_it),
		TEST(blocked_stream),
		TEST(large_notification),
		TEST(a_thousand),
		TEST(one_too_many),
		TEST(check_notify),
		TEST(number_is_set),
		TEST(handlers_end_everything),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
