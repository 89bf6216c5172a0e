/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions of all protocols, and a program that does anything at any time, in
 * its handlers, too: what is promised of events and messages holds, and
 * nothing is left behind. Each seed is a story of its own; SESSION_SEED=N in
 * the environment plays that one alone, SESSION_SEEDS=N so many.
 */
#include "session_keys.h"
#include "session_ledger.h"

#include <stdlib.h>

#define SEEDS   60
#define STEPS   150
#define CLIENTS 6

static uint32_t seed;
static coap_session_t *mine[CLIENTS]; /* one reference of each is ours */
static unsigned budget;               /* of actions inside handlers */

static unsigned
chance(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* --- what can be done with a session -------------------------------------- */

static void
forget(const coap_session_t *s)
{
	size_t i;

	for (i = 0; i < CLIENTS; i++)
		if (mine[i] == s)
			mine[i] = NULL;
}

static void
do_send(coap_session_t *s)
{
	ledger_send(s, (char)('a' + chance(26)));
}

static void
do_request(coap_session_t *s)
{
	ledger_request(s, (char)('A' + chance(26)));
}

static void
do_ping(coap_session_t *s)
{
	ledger_request(s, '0');
	coap_session_send_ping(s);
}

static void
do_release(coap_session_t *s)
{
	size_t i;

	for (i = 0; i < CLIENTS; i++) {
		if (mine[i] != s)
			continue;
		mine[i] = NULL;
		coap_session_release(s);
		return;
	}
	coap_session_release(coap_session_reference(s));
}

static void
do_disconnect(coap_session_t *s)
{
	coap_session_disconnected(s,
	    chance(2) ? COAP_NACK_RST : COAP_NACK_NOT_DELIVERABLE);
}

static void
do_reconnect(coap_session_t *s)
{
	if (chance(2))
		coapx_session_set_reconnect(s, chance(3), chance(3));
	else
		coapx_session_reconnect(s);
}

/* A server's session that becomes a client is held by nobody for long. */
static void
do_set_type(coap_session_t *s)
{
	if (coap_session_set_type_client(s) && chance(2))
		coap_session_release(s);
}

static void
do_keepalive(coap_session_t *s)
{
	coapx_session_set_keepalive(s, chance(20));
}

static void (*const with_session[])(coap_session_t *) = { do_send, do_send,
	do_send, do_request, do_request, do_ping, do_release, do_disconnect,
	coapx_session_shutdown, do_reconnect, do_set_type, do_keepalive };

static void
any_with(coap_session_t *s)
{
	with_session[chance(sizeof with_session / sizeof with_session[0])](s);
}

/* --- what else can be done ------------------------------------------------ */

static coap_proto_t
any_proto(void)
{
	return (coap_proto_t)(COAP_PROTO_UDP + chance(6));
}

static void
do_open(void)
{
	unsigned i = chance(CLIENTS);
	coap_proto_t proto = any_proto();
	coap_address_t nobody;

	if (mine[i] || !w.client || !coapx_proto_is_supported(proto))
		return;
	if (w.endpoint[proto] && chance(8)) {
		mine[i] = session_keys_session(proto);
		return;
	}
	nobody =
	    net_refusing(COAP_PROTO_RELIABLE(proto) ? SOCK_STREAM : SOCK_DGRAM);
	mine[i] = session_keys_session_to(proto, &nobody);
}

/* Another endpoint takes its place, elsewhere. */
static void
do_endpoint(void)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_proto_t proto = any_proto();

	if (!w.server || !w.endpoint[proto])
		return;
	coap_free_endpoint(w.endpoint[proto]);
	w.endpoint[proto] = coap_new_endpoint(w.server, &any, proto);
}

static void
do_settings(void)
{
	const char *key = chance(4) ? WORLD_KEY : "another";

	if (!w.server || !w.client)
		return;
	if (coap_dtls_psk_is_supported() && chance(4) == 0)
		coap_context_set_psk(w.server, WORLD_HINT, (const uint8_t *)key,
		    strlen(key));
	coap_context_set_session_reconnect_time2(w.client, chance(3),
	    (uint8_t)chance(3));
	coap_context_set_max_idle_sessions(w.server, chance(3));
	coap_context_set_max_handshake_sessions(w.server, 1 + chance(4));
	coap_context_set_keepalive(w.client, chance(30));
	keys.fault = chance(4) ? KEYS_GOOD : (enum session_keys_fault)chance(5);
}

static void
do_time(void)
{
	static const unsigned ms[] = { 1, 10, 100, 1000, 5000, 31000, 100000 };

	world_advance(ms[chance(sizeof ms / sizeof ms[0])]);
}

static bool short_of_memory;

/* Something goes wrong that nobody asked for. */
static void
do_shortage(void)
{
	short_of_memory = true;
	mem_fail_at(1 + chance(40), chance(4) == 0);
	world_settle();
	mem_fail_at(0, 0);
	short_of_memory = false;
}

static void
step(void)
{
	unsigned what = chance(20);
	unsigned i = chance(CLIENTS);

	if (what < 5)
		do_open();
	else if (what < 12 && mine[i])
		any_with(mine[i]);
	else if (what == 12)
		do_endpoint();
	else if (what == 13)
		do_settings();
	else if (what == 14)
		do_shortage();
	else if (what < 17)
		world_settle();
	else
		do_time();
}

static void
hook(coap_session_t *session, const char *line)
{
	ledger_line(session, line);
	if (strcmp(line, "SERVER_SESSION_DEL") == 0)
		forget(session);
	if (budget == 0 || short_of_memory || chance(12) != 0)
		return;
	budget--;
	switch (chance(12)) {
	case 0:
		do_open();
		break;
	case 1:
		do_endpoint();
		break;
	case 2:
		do_settings();
		break;
	default:
		any_with(session);
		break;
	}
}

/* --- stories -------------------------------------------------------------- */

static void
end(void)
{
	unsigned first = chance(2);
	coap_context_t **context;
	size_t i;

	for (i = 0; i < CLIENTS; i++)
		if (mine[i] && chance(2))
			do_release(mine[i]);
	world_settle();
	memset(mine, 0, sizeof mine);
	for (i = 0; i < 2; i++, first ^= 1) {
		context = first == 0 ? &w.client : &w.server;
		coap_free_context(*context);
		*context = NULL;
		if (first == 1)
			memset(w.endpoint, 0, sizeof w.endpoint);
		world_settle();
	}
}

static void
story(void **state, uint32_t number)
{
	char what[40];
	unsigned i;

	snprintf(what, sizeof what, "SESSION_SEED=%u", number);
	world_down(state);
	world_up(state);
	session_keys_up(false, KEYS_GOOD);
	memset(mine, 0, sizeof mine);
	seed = number * 2654435761u;
	budget = 60;
	ledger_begin();
	w.hook = hook;
	w.quiet = true;
	for (i = 0; i < STEPS; i++)
		step();
	end();
	w.hook = NULL;
	ledger_check(what);
}

static void
stories(void **state)
{
	const char *one = getenv("SESSION_SEED");
	const char *many = getenv("SESSION_SEEDS");
	uint32_t n = many ? (uint32_t)atoi(many) : SEEDS;
	uint32_t i;

	if (one) {
		story(state, (uint32_t)atoi(one));
		return;
	}
	for (i = 1; i <= n; i++)
		story(state, i);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(stories),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}
