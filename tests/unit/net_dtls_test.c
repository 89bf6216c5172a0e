/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS layer over datagrams: a made-up back-end and a made-up network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_tls_pair.h"
#include "tls_peek.h"

static struct net_tls_pair pair;
static size_t memory;

static int
setup(void **state)
{
	(void)state;
	memory = mem_outstanding();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	net_tls_pair_free(&pair);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

static struct fake_layer *
low(enum side side)
{
	return &pair.end[side].low;
}

static struct layer *
top(enum side side)
{
	return pair.end[side].top;
}

/* --- the handshake -------------------------------------------------------- */

static void
joins_flights(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(low(SERVER)->sends, 2);
	assert_string_equal(top(CLIENT)->ops->name, "dtls");
	assert_true(top(CLIENT)->ops->datagram);
}

/* As many records a datagram as the MTU allows, and never more. */
static void
joins_up_to_mtu(void **state)
{
	char name[201];
	size_t i;

	(void)state;
	memset(name, 'n', 200);
	name[200] = '\0';
	net_tls_pair_init(&pair, true);
	pair.name = name;
	pair.mtu = 260; /* 223 of the hello, 19 and 19 of the others */
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_in_range(low(CLIENT)->lens[0], 230, 260);
	assert_int_equal(low(CLIENT)->lens[1], 19);
	assert_true(net_tls_pair_run(&pair));
	for (i = 0; i < low(CLIENT)->sends; i++)
		assert_in_range(low(CLIENT)->lens[i], 1, 260);
}

/* A record that is longer than the MTU goes alone. */
static void
longer_than_mtu(void **state)
{
	(void)state;
	net_tls_pair_init(&pair, true);
	pair.mtu = 18;
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->sends, 3);
}

/* Each datagram of the handshake is lost once, on either side. */
static void
each_lost(void **state)
{
	unsigned i;

	(void)state;
	net_tls_pair_init(&pair, true);
	for (i = 0; i < 4; i++) {
		net_tls_pair_free(&pair);
		net_tls_pair_open(&pair, true);
		low(i % 2 ? SERVER : CLIENT)->lose = (uint64_t)1 << i / 2;
		assert_true(net_tls_pair_run_timers(&pair, 3));
		net_tls_pair_send(&pair, CLIENT, "to");
		net_tls_pair_expect(&pair, SERVER, "to");
		net_tls_pair_send(&pair, SERVER, "back");
		net_tls_pair_expect(&pair, CLIENT, "back");
	}
}

/* All possible losses among the first records of each side, each of which is
 * a datagram of its own. */
static void
all_losses(void **state)
{
	unsigned lose;

	(void)state;
	net_tls_pair_init(&pair, true);
	for (lose = 0; lose < 2048; lose++) {
		net_tls_pair_free(&pair);
		net_tls_pair_init(&pair, true);
		pair.mtu = 18;
		assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
		assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
		low(CLIENT)->lose = lose & 0x3f;
		low(SERVER)->lose = lose >> 6;
		assert_true(net_tls_pair_run_timers(&pair, 20));
	}
}

static void
other_order(void **state)
{
	(void)state;
	net_tls_pair_init(&pair, true);
	pair.mtu = 18; /* each record a datagram of its own */
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
	low(CLIENT)->backwards = true;
	low(SERVER)->backwards = true;
	assert_true(net_tls_pair_run_timers(&pair, 3));
}

/* The last flight, lost, is sent again by recv(). */
static void
last_flight_lost(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, true);
	low(SERVER)->lose = 2;
	assert_false(net_tls_pair_run(&pair));
	assert_int_equal(layer_connect(top(SERVER)), 0);
	assert_int_equal(layer_next(top(SERVER)), TIMER_NEVER);
	pair.now = layer_next(top(CLIENT));
	layer_timer(top(CLIENT), pair.now);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(CLIENT)), 0);
}

static void
timers(void **state)
{
	int i;

	(void)state;
	net_tls_pair_open(&pair, true);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(layer_next(top(CLIENT)), pair.now + 100);
	/* Too early: nothing happens. */
	layer_timer(top(CLIENT), pair.now + 99);
	assert_int_equal(layer_next(top(CLIENT)), pair.now + 100);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->sends, 1);
	for (i = 1; i < FAKE_TLS_TRIES; i++) {
		pair.now = layer_next(top(CLIENT));
		layer_timer(top(CLIENT), pair.now);
		/* Once: without connect() the loop would not spin. */
		assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
		assert_int_equal(net_tls_pair_recv(&pair, CLIENT),
		    -COAP_E_AGAIN);
		assert_int_equal(low(CLIENT)->sends, i + 1);
		assert_int_equal(layer_next(top(CLIENT)),
		    pair.now + (100U << i));
	}
	pair.now = layer_next(top(CLIENT));
	layer_timer(top(CLIENT), pair.now);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_TIMEOUT);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_TIMEOUT);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
}

static void
no_timer_when_done(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	assert_int_equal(layer_next(top(SERVER)), TIMER_NEVER);
	net_tls_pair_send(&pair, CLIENT, "a");
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	layer_timer(top(CLIENT), pair.now + 100000);
	assert_int_equal(low(CLIENT)->sends, 3);
	net_tls_pair_expect(&pair, SERVER, "a");
}

/* A wrong key shows only as a handshake that stands still. */
static void
wrong_key(void **state)
{
	struct tls_info info;

	(void)state;
	net_tls_pair_open(&pair, true);
	pair.end[SERVER].key = "another";
	assert_false(net_tls_pair_run_timers(&pair, 2));
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_true(info.suspect_key);
	net_tls_pair_info(&pair, SERVER, &info);
	assert_true(info.suspect_key);
}

static void
identity_refused(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, true);
	pair.end[SERVER].key = NULL;
	assert_false(net_tls_pair_run(&pair));
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_PSK_IDENTITY);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_TLS_ALERT);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	layer_close(top(SERVER));
	assert_int_equal(low(SERVER)->sends, 2);
	assert_int_equal(low(SERVER)->closes, 1);
}

/* --- a server's new peers ------------------------------------------------- */

struct reply {
	uint8_t data[64];
	size_t len;
};

static int
on_reply(void *user, const void *data, size_t len)
{
	struct reply *r = user;

	assert_in_range(len, 1, sizeof r->data);
	memcpy(r->data, data, len);
	r->len = len;
	return 0;
}

/* The hello that was shown to admit() is then the session's first datagram. */
static void
admits(void **state)
{
	static const uint8_t peer[] = "192.0.2.1";
	uint8_t datagram[1500];
	struct tls_prestate prestate = { 0 };
	struct reply reply = { 0 };
	struct tls_hello hello = {
		.datagram = { datagram, 0 },
		.peer = { peer, sizeof peer },
		.reply = on_reply,
		.user = &reply,
	};
	struct tls_ctx *ctx;
	ssize_t n;

	(void)state;
	net_tls_pair_init(&pair, true);
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	ctx = pair.end[SERVER].ctx;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	n = layer_recv(&low(SERVER)->layer, datagram, sizeof datagram);
	hello.datagram.len = (size_t)n;
	assert_int_equal(fake_tls_backend.admit(ctx, &hello, &prestate),
	    TLS_REPLIED);
	fake_layer_put(low(CLIENT), reply.data, reply.len);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	n = layer_recv(&low(SERVER)->layer, datagram, sizeof datagram);
	hello.datagram.len = (size_t)n;
	assert_int_equal(fake_tls_backend.admit(ctx, &hello, &prestate),
	    TLS_ADMIT);
	fake_layer_put(low(SERVER), datagram, (size_t)n);
	pair.end[SERVER].prestate = &prestate;
	assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
	assert_null(prestate.owned);
	assert_true(net_tls_pair_run(&pair));
	hello.datagram.len = 20;
	datagram[13] = 9;
	assert_int_equal(fake_tls_backend.admit(ctx, &hello, &prestate),
	    TLS_DROP);
}

/* --- messages ------------------------------------------------------------- */

static void
one_message_each(void **state)
{
	char c[4];

	(void)state;
	net_tls_pair_connect(&pair, true);
	net_tls_pair_send(&pair, CLIENT, "abc");
	net_tls_pair_send(&pair, CLIENT, "de");
	assert_int_equal(layer_recv(top(SERVER), c, sizeof c), 3);
	assert_int_equal(layer_recv(top(SERVER), c, sizeof c), 2);
	assert_int_equal(layer_recv(top(SERVER), c, sizeof c), -COAP_E_AGAIN);
}

/* One that does not fit is lost, the next one is good. */
static void
no_room(void **state)
{
	char c[4];

	(void)state;
	net_tls_pair_connect(&pair, true);
	net_tls_pair_send(&pair, CLIENT, "abcdef");
	net_tls_pair_send(&pair, CLIENT, "gh");
	assert_int_equal(layer_recv(top(SERVER), c, sizeof c), -COAP_E_TOOBIG);
	assert_int_equal(layer_recv(top(SERVER), c, sizeof c), 2);
}

static void
records_together(void **state)
{
	uint8_t both[100];
	ssize_t n, more;

	(void)state;
	net_tls_pair_connect(&pair, true);
	net_tls_pair_send(&pair, CLIENT, "one");
	net_tls_pair_send(&pair, CLIENT, "two");
	n = layer_recv(&low(SERVER)->layer, both, sizeof both);
	more =
	    layer_recv(&low(SERVER)->layer, both + n, sizeof both - (size_t)n);
	fake_layer_put(low(SERVER), both, (size_t)(n + more));
	assert_false(layer_pending(top(SERVER)));
	net_tls_pair_expect(&pair, SERVER, "one");
	assert_true(layer_pending(top(SERVER)));
	net_tls_pair_expect(&pair, SERVER, "two");
	assert_false(layer_pending(top(SERVER)));
}

/* After close() nothing is given any more, and nothing announced. */
static void
closed_with_more(void **state)
{
	uint8_t both[100];
	ssize_t n, more;

	(void)state;
	net_tls_pair_connect(&pair, true);
	net_tls_pair_send(&pair, CLIENT, "one");
	net_tls_pair_send(&pair, CLIENT, "two");
	n = layer_recv(&low(SERVER)->layer, both, sizeof both);
	more =
	    layer_recv(&low(SERVER)->layer, both + n, sizeof both - (size_t)n);
	fake_layer_put(low(SERVER), both, (size_t)(n + more));
	net_tls_pair_expect(&pair, SERVER, "one");
	layer_close(top(SERVER));
	assert_false(layer_pending(top(SERVER)));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_CLOSED);
}

static void
no_memory_a_message(void **state)
{
	char text[1101];
	int i;

	(void)state;
	memset(text, 't', 1000);
	text[1000] = '\0';
	net_tls_pair_connect(&pair, true);
	mem_fail_at(1, 1);
	for (i = 0; i < 10; i++) {
		assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
		net_tls_pair_expect(&pair, SERVER, text);
		assert_int_equal(net_tls_pair_recv(&pair, SERVER),
		    -COAP_E_AGAIN);
	}
}

/* What anybody can send ends nothing, and takes no more than its share. */
static void
garbage(void **state)
{
	uint8_t junk[40];
	int i;

	(void)state;
	net_tls_pair_connect(&pair, true);
	memset(junk, 0x17, sizeof junk);
	for (i = 0; i < 100; i++)
		fake_layer_put(low(SERVER), junk, sizeof junk);
	low(SERVER)->recvs = 0;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_int_equal(low(SERVER)->recvs, 32);
	assert_int_equal(fake_layer_len(low(SERVER)), 68 * sizeof junk);
	net_tls_pair_send(&pair, CLIENT, "a");
	net_tls_pair_expect(&pair, SERVER, "a");
}

/* Datagrams that are longer than any record are passed over. */
static void
too_long_to_read(void **state)
{
	static const uint8_t junk[30000];

	(void)state;
	net_tls_pair_open(&pair, true);
	fake_layer_put(low(SERVER), junk, sizeof junk);
	assert_true(net_tls_pair_run(&pair));
	fake_layer_put(low(SERVER), junk, sizeof junk);
	net_tls_pair_send(&pair, CLIENT, "a");
	net_tls_pair_expect(&pair, SERVER, "a");
}

/* An empty one is none, and no end. */
static void
empty_datagram(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	fake_layer_put(low(SERVER), "", 0);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	net_tls_pair_send(&pair, CLIENT, "a");
	net_tls_pair_expect(&pair, SERVER, "a");
}

/* --- MTU ------------------------------------------------------------------ */

/* A flight that is too long goes out record by record, at once. */
static void
flight_too_long(void **state)
{
	struct tls_info info;

	(void)state;
	net_tls_pair_open(&pair, true);
	low(CLIENT)->max = 40;
	low(SERVER)->max = 40;
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(low(CLIENT)->refused, 2);
	assert_int_equal(low(CLIENT)->sends, 6);
	assert_int_equal(low(SERVER)->sends, 5);
	/* 40 is less than any MTU that is tried. */
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_int_equal(info.data_mtu, 1200 - FAKE_TLS_DATAGRAM_OVERHEAD);
}

/* A message that is too long for the path says so, and how long one may be. */
static void
message_too_long(void **state)
{
	struct tls_info info;
	char text[1101];

	(void)state;
	memset(text, 't', 1000);
	text[1000] = '\0';
	net_tls_pair_connect(&pair, true);
	low(CLIENT)->max = 600;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text),
	    -COAP_E_TOOBIG);
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_int_equal(info.data_mtu, 548 - FAKE_TLS_DATAGRAM_OVERHEAD);
	/* Now it is the back-end that knows. */
	low(CLIENT)->refused = 0;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text),
	    -COAP_E_TOOBIG);
	assert_int_equal(low(CLIENT)->refused, 0);
	text[info.data_mtu] = '\0';
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
	net_tls_pair_expect(&pair, SERVER, text);
}

static void
set_mtu(void **state)
{
	struct tls_info info;
	char text[301];

	(void)state;
	memset(text, 't', 300);
	text[300] = '\0';
	net_tls_pair_connect(&pair, true);
	layer_tls_set_mtu(top(CLIENT), 300);
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_int_equal(info.data_mtu, 300 - FAKE_TLS_DATAGRAM_OVERHEAD);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text),
	    -COAP_E_TOOBIG);
	layer_tls_set_mtu(top(CLIENT), 317);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
	net_tls_pair_expect(&pair, SERVER, text);
}

/* More than is joined goes out all the same. */
static void
jumbo(void **state)
{
	static char text[2501];
	char got[2600];

	(void)state;
	memset(text, 't', 2500);
	net_tls_pair_init(&pair, true);
	pair.mtu = 9000;
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
	assert_int_equal(layer_recv(top(SERVER), got, sizeof got), 2500);
	assert_memory_equal(got, text, 2500);
	low(CLIENT)->max = 2000;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text),
	    -COAP_E_TOOBIG);
	layer_tls_set_mtu(top(CLIENT), 2000);
	text[2000 - FAKE_TLS_DATAGRAM_OVERHEAD] = '\0';
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
	net_tls_pair_expect(&pair, SERVER, text);
}

/* One that is longer than the MTU anyway does not make that longer. */
static void
too_long_for_both(void **state)
{
	char name[256];
	struct tls_info info;

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	net_tls_pair_init(&pair, true);
	pair.name = name;
	pair.mtu = 18;
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	low(CLIENT)->max = 100;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->refused, 1);
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_int_equal(info.data_mtu, 1);
}

static int
write_thrice(struct tls_sess *s, const void *data, size_t len)
{
	int i, r = 0;

	for (i = 0; i < 3 && r == 0; i++)
		r = fake_tls_backend.write(s, data, len);
	return r;
}

/* However long a datagram may be, what is joined has its limit. */
static void
joins_so_much(void **state)
{
	static struct tls_backend backend;
	static const char data[900];

	(void)state;
	backend = fake_tls_backend;
	backend.write = write_thrice;
	net_tls_pair_init(&pair, true);
	pair.backend = &backend;
	pair.mtu = 9000;
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), 0);
	assert_int_equal(net_tls_pair_new(&pair, SERVER), 0);
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(layer_send(top(CLIENT), data, sizeof data), 0);
	assert_int_equal(low(CLIENT)->sends, 4);
	assert_int_equal(low(CLIENT)->lens[2], 2 * 917);
	assert_int_equal(low(CLIENT)->lens[3], 917);
}

/* --- a back-end that looks before it reads --------------------------------- */

static struct tls_sess_params seen;

static int
seeing_sess_new(struct tls_ctx *ctx, const struct tls_sess_params *p,
    struct tls_sess **out)
{
	if (!ctx)
		return -COAP_E_INVAL;
	seen = *p;
	return fake_tls_backend.sess_new(ctx, p, out);
}

static int
looking_write(struct tls_sess *s, const void *data, size_t len)
{
	(void)data;
	(void)len;
	assert_non_null(s);
	return seen.io->readable(seen.io_user) ? 0 : -COAP_E_AGAIN;
}

static int
nibbling_write(struct tls_sess *s, const void *data, size_t len)
{
	char c;

	(void)data;
	(void)len;
	assert_non_null(s);
	assert_true(seen.io->readable(seen.io_user));
	assert_int_equal(seen.io->recv(seen.io_user, &c, 1), 1);
	assert_int_equal(seen.io->recv(seen.io_user, &c, 1), -COAP_E_AGAIN);
	return 0;
}

static struct tls_backend looking;

/* The server's io is seen, and a message to it is on the way. */
static void
open_looking(void)
{
	looking = fake_tls_backend;
	looking.sess_new = seeing_sess_new;
	net_tls_pair_open_with(&pair, true, &looking);
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	net_tls_pair_send(&pair, CLIENT, "came");
}

static void
looked_at(void **state)
{
	(void)state;
	open_looking();
	looking.write = looking_write;
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"), 0);
	assert_int_equal(fake_layer_len(low(SERVER)), 0);
	assert_true(layer_pending(top(SERVER)));
	net_tls_pair_expect(&pair, SERVER, "came");
	assert_false(layer_pending(top(SERVER)));
}

/* A datagram is given once, whatever the room was. */
static void
given_once(void **state)
{
	(void)state;
	open_looking();
	looking.write = nibbling_write;
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"), 0);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
}

/* Without memory to keep it a datagram is lost, no more. */
static void
looked_at_and_lost(void **state)
{
	(void)state;
	open_looking();
	looking.write = looking_write;
	mem_fail_at(1, 1);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"), 0);
	mem_fail_at(0, 0);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	looking.write = fake_tls_backend.write;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "next"), 0);
	net_tls_pair_expect(&pair, SERVER, "next");
}

/* --- errors below --------------------------------------------------------- */

/* What the kernel does not take is lost, and can come again. */
static void
full_below(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"),
	    -COAP_E_AGAIN);
	assert_int_equal(layer_backlog(top(CLIENT)), 0);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	low(CLIENT)->send_err = -COAP_E_UNREACH;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"),
	    -COAP_E_UNREACH);
	low(CLIENT)->send_err = 0;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"), 0);
	net_tls_pair_expect(&pair, SERVER, "one");
}

/* Anybody can send an ICMP error: the handshake goes on. */
static void
icmp_in_handshake(void **state)
{
	static const int errors[] = { -COAP_E_AGAIN, -COAP_E_REFUSED,
		-COAP_E_UNREACH, -COAP_E_NOMEM };
	size_t i;

	(void)state;
	net_tls_pair_init(&pair, true);
	for (i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		net_tls_pair_free(&pair);
		net_tls_pair_open(&pair, true);
		low(CLIENT)->send_err = errors[i];
		low(CLIENT)->recv_err = errors[i];
		assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
		assert_int_equal(net_tls_pair_recv(&pair, CLIENT),
		    -COAP_E_AGAIN);
		low(CLIENT)->send_err = 0;
		low(CLIENT)->recv_err = 0;
		assert_true(net_tls_pair_run_timers(&pair, 1));
	}
}

static void
not_permitted(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, true);
	low(CLIENT)->send_err = -COAP_E_PERM;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_PERM);
	low(CLIENT)->send_err = 0;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_PERM);
}

static void
icmp_afterwards(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	low(CLIENT)->recv_err = -COAP_E_REFUSED;
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	net_tls_pair_send(&pair, SERVER, "on");
	net_tls_pair_expect(&pair, CLIENT, "on");
	low(CLIENT)->recv_err = -COAP_E_SYS;
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_SYS);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_SYS);
}

/* --- the end -------------------------------------------------------------- */

static void
goodbye(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->sends, 3);
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_CLOSED);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_CLOSED);
	assert_false(layer_pending(top(CLIENT)));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_PEER_CLOSED);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_PEER_CLOSED);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, ""),
	    -COAP_E_PEER_CLOSED);
	layer_close(top(SERVER)); /* a goodbye is answered */
	assert_int_equal(low(SERVER)->sends, 3);
	assert_int_equal(low(SERVER)->closes, 1);
}

static void
aborts(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, true);
	tls_peek_abort(top(SERVER), FAKE_TLS_INTERNAL);
	assert_int_equal(low(SERVER)->closes, 1);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_TLS_ALERT);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, ""),
	    -COAP_E_TLS_ALERT);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->sends, 2);
}

static void
closed_in_handshake(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, true);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	layer_close(top(CLIENT));
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_CLOSED);
	assert_int_equal(low(CLIENT)->closes, 1);
}

static void
destroyed_anywhere(void **state)
{
	size_t sends;
	int steps, i;

	(void)state;
	net_tls_pair_init(&pair, true);
	for (steps = 0; steps < 7; steps++) {
		net_tls_pair_free(&pair);
		assert_int_equal(mem_outstanding(), memory);
		net_tls_pair_open(&pair, true);
		for (i = 0; i < steps; i++)
			net_tls_pair_recv(&pair, i % 2 ? SERVER : CLIENT);
		if (steps > 5)
			layer_close(top(CLIENT));
		sends = low(CLIENT)->sends;
		layer_free(top(CLIENT));
		pair.end[CLIENT].top = NULL;
		assert_int_equal(low(CLIENT)->sends, sends);
		assert_int_equal(low(CLIENT)->destroyed, 1);
	}
}

/* Memory that runs out costs a datagram at most, once there is a session. */
static void
out_of_memory(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, true);
	mem_fail_at(1, 1);
	assert_true(net_tls_pair_run(&pair));
	mem_fail_at(0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(joins_flights),
		TEST(joins_up_to_mtu),
		TEST(longer_than_mtu),
		TEST(each_lost),
		TEST(all_losses),
		TEST(other_order),
		TEST(last_flight_lost),
		TEST(timers),
		TEST(no_timer_when_done),
		TEST(wrong_key),
		TEST(identity_refused),
		TEST(admits),
		TEST(one_message_each),
		TEST(no_room),
		TEST(records_together),
		TEST(closed_with_more),
		TEST(no_memory_a_message),
		TEST(garbage),
		TEST(too_long_to_read),
		TEST(empty_datagram),
		TEST(flight_too_long),
		TEST(message_too_long),
		TEST(set_mtu),
		TEST(jumbo),
		TEST(too_long_for_both),
		TEST(joins_so_much),
		TEST(looked_at),
		TEST(given_once),
		TEST(looked_at_and_lost),
		TEST(full_below),
		TEST(icmp_in_handshake),
		TEST(not_permitted),
		TEST(icmp_afterwards),
		TEST(goodbye),
		TEST(aborts),
		TEST(closed_in_handshake),
		TEST(destroyed_anywhere),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
