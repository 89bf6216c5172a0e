/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS layer over streams: a made-up back-end and a made-up network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/layer_tls_internal.h"
#include "net_tls_pair.h"
#include "tls_peek.h"

#define BIG 100000

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
	net_tls_pair_connect(&pair, false);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(low(SERVER)->sends, 2);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(layer_connect(top(CLIENT)), 0);
	assert_int_equal(pair.end[CLIENT].resumables, 1);
	assert_string_equal(top(CLIENT)->ops->name, "tls");
	assert_false(top(CLIENT)->ops->datagram);
}

/* An owner that is gone is told nothing: neither tickets, which TLS 1.3 has
 * come late, nor messages, nor keys; and it is asked nothing. */
static void
an_orphan_is_silent(void **state)
{
	const struct tls *t;

	(void)state;
	net_tls_pair_connect(&pair, false);
	t = (const struct tls *)top(CLIENT);
	layer_close(top(CLIENT));
	layer_orphan(top(CLIENT));
	t->host.resumable(&pair.end[CLIENT], (struct tls_bytes){ NULL, 0 });
	assert_int_equal(pair.end[CLIENT].resumables, 1);
	assert_null(t->host.verify);
	assert_null(t->host.psk_client);
	assert_null(t->host.psk_server);
	assert_null(t->host.name);
}

static void
cut_anywhere(void **state)
{
	char text[200];
	size_t cut;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	net_tls_pair_init(&pair, false);
	for (cut = 1; cut < 60; cut++) {
		net_tls_pair_free(&pair);
		net_tls_pair_open(&pair, false);
		low(CLIENT)->cut = cut;
		low(SERVER)->cut = cut + 3;
		assert_true(net_tls_pair_run(&pair));
		assert_int_equal(net_tls_pair_send(&pair, CLIENT, text), 0);
		assert_int_equal(net_tls_pair_send(&pair, SERVER, "abc"), 0);
		net_tls_pair_expect(&pair, SERVER, text);
		net_tls_pair_expect(&pair, CLIENT, "abc");
	}
}

static void
waits_for_below(void **state)
{
	char c;

	(void)state;
	net_tls_pair_open(&pair, false);
	low(CLIENT)->connect = -COAP_E_AGAIN;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(layer_recv(top(CLIENT), &c, 1), -COAP_E_AGAIN);
	assert_int_equal(layer_send(top(CLIENT), &c, 1), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->sends, 0);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	low(CLIENT)->connect = 0;
	assert_true(net_tls_pair_run(&pair));
}

static void
below_fails(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	low(CLIENT)->connect = -COAP_E_REFUSED;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_REFUSED);
	low(CLIENT)->connect = 0;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_REFUSED);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_REFUSED);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"),
	    -COAP_E_REFUSED);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(low(CLIENT)->sends, 0);
}

static void
early_send(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_AGAIN);
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), 0);
	net_tls_pair_expect(&pair, SERVER, "a");
}

/* recv() goes on with the handshake, and gives what came with its end. */
static void
data_with_the_end(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	assert_false(layer_pending(top(SERVER)));
	assert_int_equal(layer_connect(top(SERVER)), 0);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "early"), 0);
	assert_false(layer_pending(top(CLIENT)));
	assert_int_equal(layer_connect(top(CLIENT)), 0);
	assert_true(layer_pending(top(CLIENT)));
	net_tls_pair_expect(&pair, CLIENT, "early");
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	assert_false(layer_pending(top(CLIENT)));
}

static void
identity_refused(void **state)
{
	struct tls_info info;

	(void)state;
	net_tls_pair_open(&pair, false);
	pair.end[SERVER].key = NULL;
	assert_false(net_tls_pair_run(&pair));
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_PSK_IDENTITY);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_TLS_ALERT);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_TLS_ALERT);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, ""),
	    -COAP_E_TLS_ALERT);
	net_tls_pair_info(&pair, CLIENT, &info);
	assert_int_equal(info.alert, FAKE_TLS_IDENTITY);
	assert_false(info.alert_sent);
	assert_int_equal(layer_next(top(SERVER)), TIMER_NEVER);
	layer_close(top(SERVER));
	assert_int_equal(low(SERVER)->closes, 1);
	/* Its hello and the alert; no goodbye follows an alert. */
	assert_int_equal(low(SERVER)->sends, 2);
}

/* The alert went out before the error is told, even if it has to wait. */
static void
alert_waits(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	pair.end[SERVER].key = "another";
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	low(SERVER)->send_err = -COAP_E_AGAIN;
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_PSK_KEY);
	assert_true(layer_backlog(top(SERVER)) > 0);
	layer_close(top(SERVER));
	assert_int_equal(low(SERVER)->closes, 0);
	low(SERVER)->send_err = 0;
	pair.now = layer_next(top(SERVER));
	layer_timer(top(SERVER), pair.now);
	assert_int_equal(low(SERVER)->closes, 1);
	assert_int_equal(layer_backlog(top(SERVER)), 0);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_TLS_ALERT);
}

static void
alert_to_nobody(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	pair.end[SERVER].key = NULL;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	low(SERVER)->send_err = -COAP_E_RESET;
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_PSK_IDENTITY);
	assert_int_equal(layer_backlog(top(SERVER)), 0);
}

static void
garbage(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	(void)state;
	net_tls_pair_open(&pair, false);
	fake_layer_put(low(CLIENT), http, sizeof http);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_TLS);
	/* The hello and an alert, in one piece. */
	assert_int_equal(low(CLIENT)->sends, 1);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_TLS_ALERT);
	assert_false(layer_pending(top(CLIENT)));
}

static void
end_in_handshake(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	low(CLIENT)->eof = true;
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_PEER_CLOSED);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_PEER_CLOSED);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_AGAIN);
	low(SERVER)->recv_err = -COAP_E_TIMEOUT;
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_TIMEOUT);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_TIMEOUT);
}

/* --- messages ------------------------------------------------------------- */

static void
one_send_a_message(void **state)
{
	char *data = test_malloc(BIG);
	char *got = test_malloc(BIG);
	size_t len = 0;
	ssize_t n;

	(void)state;
	memset(data, 'b', BIG);
	data[BIG - 1] = 'e';
	net_tls_pair_connect(&pair, false);
	assert_int_equal(layer_send(top(CLIENT), data, BIG), 0);
	assert_int_equal(low(CLIENT)->sends, 3);
	assert_int_equal(low(CLIENT)->lens[2],
	    BIG + (BIG / FAKE_TLS_RECORD + 1) * FAKE_TLS_STREAM_OVERHEAD);
	assert_false(fake_layer_has(low(SERVER), "bbbb", 4));
	low(SERVER)->recvs = 0;
	while (len < BIG) {
		n = layer_recv(top(SERVER), got + len, BIG - len);
		assert_in_range(n, 1, BIG);
		len += (size_t)n;
	}
	assert_memory_equal(data, got, BIG);
	/* 98 records of two parts each, in pieces of 20 KiB. */
	assert_in_range(low(SERVER)->recvs, 1, 6);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	test_free(got);
	test_free(data);
}

static ssize_t
impatient_read(struct tls_sess *s, void *data, size_t size)
{
	ssize_t n = fake_tls_backend.read(s, data, size);
	int i;

	for (i = 0; i < 5 && n == -COAP_E_AGAIN; i++)
		n = fake_tls_backend.read(s, data, size);
	return n;
}

/* A back-end that asks again within a call costs no system call. */
static void
asked_again(void **state)
{
	static struct tls_backend backend;

	(void)state;
	backend = fake_tls_backend;
	backend.read = impatient_read;
	net_tls_pair_open_with(&pair, false, &backend);
	assert_true(net_tls_pair_run(&pair));
	low(SERVER)->recvs = 0;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_int_equal(low(SERVER)->recvs, 1);
	net_tls_pair_send(&pair, CLIENT, "a");
	net_tls_pair_expect(&pair, SERVER, "a");
}

static void
too_long(void **state)
{
	char c = 'c';

	(void)state;
	net_tls_pair_connect(&pair, false);
	assert_int_equal(layer_send(top(CLIENT), &c, LAYER_SEND_MAX + 1),
	    -COAP_E_TOOBIG);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(layer_send(top(CLIENT), &c, 1), 0);
	net_tls_pair_expect(&pair, SERVER, "c");
}

/* The longest message becomes more than the layer below takes at once. */
static void
longest(void **state)
{
	char *data = calloc(1, LAYER_SEND_MAX);

	(void)state;
	assert_non_null(data);
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->max = LAYER_SEND_MAX;
	assert_int_equal(layer_send(top(CLIENT), data, LAYER_SEND_MAX), 0);
	free(data);
	assert_int_equal(low(CLIENT)->sends, 4);
	assert_int_equal(low(CLIENT)->lens[2], LAYER_SEND_MAX);
	assert_int_equal(low(CLIENT)->lens[2] + low(CLIENT)->lens[3],
	    LAYER_SEND_MAX +
		LAYER_SEND_MAX / FAKE_TLS_RECORD * FAKE_TLS_STREAM_OVERHEAD);
	fake_layer_lose(low(SERVER));
}

/* No memory is taken for a message, and none is kept. */
static void
no_memory_a_message(void **state)
{
	char text[1001];
	size_t before;
	int i;

	(void)state;
	memset(text, 't', 1000);
	text[1000] = '\0';
	net_tls_pair_connect(&pair, false);
	before = mem_outstanding();
	mem_fail_at(1, 1);
	for (i = 0; i < 10; i++) {
		assert_int_equal(net_tls_pair_send(&pair, CLIENT, "hello"), 0);
		assert_int_equal(net_tls_pair_send(&pair, SERVER, text), 0);
		net_tls_pair_expect(&pair, SERVER, "hello");
		net_tls_pair_expect(&pair, CLIENT, text);
		assert_int_equal(net_tls_pair_recv(&pair, CLIENT),
		    -COAP_E_AGAIN);
	}
	mem_fail_at(0, 0);
	assert_int_equal(mem_outstanding(), before);
}

/* Several records that came together: pending() until the last is taken. */
static void
records_together(void **state)
{
	size_t before;

	(void)state;
	net_tls_pair_connect(&pair, false);
	before = mem_outstanding();
	net_tls_pair_send(&pair, CLIENT, "one");
	net_tls_pair_send(&pair, CLIENT, "two");
	assert_false(layer_pending(top(SERVER)));
	net_tls_pair_expect(&pair, SERVER, "one");
	assert_int_equal(fake_layer_len(low(SERVER)), 0);
	assert_true(layer_pending(top(SERVER)));
	assert_true(mem_outstanding() > before);
	net_tls_pair_expect(&pair, SERVER, "two");
	assert_int_equal(mem_outstanding(), before);
	assert_false(layer_pending(top(SERVER)));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_false(layer_pending(top(SERVER)));
}

/* A reader with little room gets the rest of a record later. */
static void
little_room(void **state)
{
	char c[3];

	(void)state;
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, CLIENT, "abcd");
	assert_int_equal(layer_recv(top(SERVER), c, 3), 3);
	assert_true(layer_pending(top(SERVER)));
	assert_int_equal(layer_recv(top(SERVER), c, 3), 1);
	assert_int_equal(c[0], 'd');
	assert_int_equal(layer_recv(top(SERVER), c, 3), -COAP_E_AGAIN);
	assert_false(layer_pending(top(SERVER)));
}

/* Half a record is kept by the back-end, which even says so: nothing that
 * recv() could give, and no reason to call it. */
static void
half_a_record(void **state)
{
	uint8_t r[64];
	ssize_t len;
	size_t i;

	(void)state;
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, CLIENT, "whole");
	len = layer_recv(&low(SERVER)->layer, r, sizeof r);
	assert_in_range(len, 10, 30);
	for (i = 0; i + 1 < (size_t)len; i++) {
		fake_layer_put(low(SERVER), r + i, 1);
		assert_int_equal(net_tls_pair_recv(&pair, SERVER),
		    -COAP_E_AGAIN);
		assert_false(layer_pending(top(SERVER)));
	}
	fake_layer_put(low(SERVER), r + i, 1);
	net_tls_pair_expect(&pair, SERVER, "whole");
}

/* One call takes a bounded number of pieces; what is left is for the next. */
static void
bounded_reading(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(SERVER)->cut = 1;
	net_tls_pair_send(&pair, CLIENT,
	    "a message that comes byte by byte, long");
	low(SERVER)->recvs = 0;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	assert_int_equal(low(SERVER)->recvs, 32);
	net_tls_pair_expect(&pair, SERVER,
	    "a message that comes byte by byte, long");
}

static void
changed_on_the_way(void **state)
{
	uint8_t r[64];
	ssize_t len;

	(void)state;
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, CLIENT, "whole");
	len = layer_recv(&low(SERVER)->layer, r, sizeof r);
	r[7] ^= 1;
	fake_layer_put(low(SERVER), r, (size_t)len);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_TLS);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_TLS);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"), -COAP_E_TLS);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_TLS);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_TLS_ALERT);
}

/* --- when the layer below does not take it -------------------------------- */

/* Nothing is encrypted while it is clear that it would be refused; and it was
 * the layer below that refused, so that it tells when it is over. */
static void
full_below(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->backlog = LAYER_BACKLOG_MAX + 1;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"),
	    -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->refused, 1);
	assert_int_equal(layer_backlog(top(CLIENT)), LAYER_BACKLOG_MAX + 1);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	low(CLIENT)->backlog = LAYER_BACKLOG_MAX;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"), 0);
	net_tls_pair_expect(&pair, SERVER, "two");
}

/* What was encrypted and refused is kept, in order, and no more is taken. */
static void
refused_below(void **state)
{
	size_t before;

	(void)state;
	net_tls_pair_connect(&pair, false);
	before = mem_outstanding();
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	low(CLIENT)->backlog = 10;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"), 0);
	assert_int_equal(layer_backlog(top(CLIENT)),
	    10 + 3 + FAKE_TLS_STREAM_OVERHEAD);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"),
	    -COAP_E_AGAIN);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	assert_int_equal(layer_backlog(top(CLIENT)),
	    10 + 3 + FAKE_TLS_STREAM_OVERHEAD);
	low(CLIENT)->send_err = 0;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"), 0);
	assert_int_equal(layer_backlog(top(CLIENT)), 10);
	net_tls_pair_expect(&pair, SERVER, "one");
	net_tls_pair_expect(&pair, SERVER, "two");
	assert_int_equal(mem_outstanding(), before);
}

/* Who has nothing more to send has next() and timer() for it, or recv(). */
static void
kept_goes_out(void **state)
{
	coap_tick_t next;

	(void)state;
	net_tls_pair_connect(&pair, false);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"), 0);
	next = layer_next(top(CLIENT));
	assert_in_range(next, pair.now + 1, pair.now + 1000);
	layer_timer(top(CLIENT), next - 1);
	assert_int_equal(low(CLIENT)->refused, 1);
	pair.now = next;
	layer_timer(top(CLIENT), next);
	assert_int_equal(low(CLIENT)->refused, 2);
	assert_true(layer_next(top(CLIENT)) > next);
	pair.now = layer_next(top(CLIENT));
	low(CLIENT)->send_err = 0;
	layer_timer(top(CLIENT), pair.now);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	net_tls_pair_expect(&pair, SERVER, "one");

	low(CLIENT)->send_err = -COAP_E_NOMEM;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"), 0);
	low(CLIENT)->send_err = 0;
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	net_tls_pair_expect(&pair, SERVER, "two");
}

static void
broken_below(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->send_err = -COAP_E_RESET;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"),
	    -COAP_E_RESET);
	low(CLIENT)->send_err = 0;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"),
	    -COAP_E_RESET);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_RESET);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_RESET);
	assert_int_equal(low(CLIENT)->sends, 2);

	low(SERVER)->recv_err = -COAP_E_TIMEOUT;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_TIMEOUT);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"),
	    -COAP_E_TIMEOUT);
	layer_close(top(SERVER));
	assert_int_equal(low(SERVER)->sends, 2);
	assert_int_equal(low(SERVER)->closes, 1);
}

static void
broken_when_tried_again(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"), 0);
	low(CLIENT)->send_err = -COAP_E_RESET;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "two"),
	    -COAP_E_RESET);
	assert_int_equal(layer_backlog(top(CLIENT)), 0);

	low(SERVER)->send_err = -COAP_E_AGAIN;
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "one"), 0);
	low(SERVER)->send_err = -COAP_E_RESET;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_RESET);
}

/* Refused for a while, then for good: the layer below is closed even so. */
static void
broken_while_kept(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "one"), 0);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->closes, 0);
	low(CLIENT)->send_err = -COAP_E_RESET;
	layer_timer(top(CLIENT), layer_next(top(CLIENT)));
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(layer_next(top(CLIENT)), TIMER_NEVER);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_RESET);
}

/* --- the end -------------------------------------------------------------- */

static void
goodbye(void **state)
{
	char c;

	(void)state;
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, CLIENT, "last");
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(low(CLIENT)->sends, 4);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(low(CLIENT)->sends, 4);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_CLOSED);

	net_tls_pair_expect(&pair, SERVER, "last");
	assert_int_equal(layer_recv(top(SERVER), &c, 1), 0);
	assert_int_equal(layer_recv(top(SERVER), &c, 1), 0);
	assert_false(layer_pending(top(SERVER)));
	/* Its own direction is open still. */
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "answer"), 0);
	layer_close(top(SERVER));
	net_tls_pair_expect(&pair, CLIENT, "answer");
	assert_int_equal(layer_recv(top(CLIENT), &c, 1), 0);
	assert_int_equal(layer_recv(top(CLIENT), &c, 1), 0);
}

static void
cut_off(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, CLIENT, "last");
	low(SERVER)->eof = true;
	net_tls_pair_expect(&pair, SERVER, "last");
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_RESET);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_RESET);
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "a"), -COAP_E_RESET);
	assert_false(layer_pending(top(SERVER)));
}

static ssize_t
end_as_goodbye(struct tls_sess *s, void *data, size_t size)
{
	ssize_t n = fake_tls_backend.read(s, data, size);

	return n == -COAP_E_TLS ? 0 : n;
}

/* Some back-ends take the end of the stream for a goodbye. */
static void
cut_off_unnoticed(void **state)
{
	static struct tls_backend backend;

	(void)state;
	backend = fake_tls_backend;
	backend.read = end_as_goodbye;
	net_tls_pair_open_with(&pair, false, &backend);
	assert_true(net_tls_pair_run(&pair));
	low(SERVER)->eof = true;
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_RESET);
	layer_close(top(CLIENT));
	low(CLIENT)->eof = true;
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), 0);
}

static ssize_t
read_to_goodbye(struct tls_sess *s, void *data, size_t size)
{
	static const struct tls_sess *over;
	ssize_t n = fake_tls_backend.read(s, data, size);

	assert_ptr_not_equal(s, over);
	over = n == 0 ? s : NULL;
	return n;
}

/* After the goodbye the back-end is not asked again. */
static void
nothing_after_goodbye(void **state)
{
	static struct tls_backend backend;

	(void)state;
	backend = fake_tls_backend;
	backend.read = read_to_goodbye;
	net_tls_pair_open_with(&pair, false, &backend);
	assert_true(net_tls_pair_run(&pair));
	layer_close(top(CLIENT));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), 0);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), 0);
	assert_false(layer_pending(top(SERVER)));
}

/* Whoever has closed does not complain that the other one only hangs up. */
static void
cut_off_after_close(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	layer_close(top(CLIENT));
	low(CLIENT)->eof = true;
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), 0);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), 0);
}

static void
close_before_start(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->sends, 0);
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_CLOSED);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_CLOSED);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_CLOSED);
	layer_close(top(SERVER));
	assert_int_equal(low(SERVER)->sends, 0);
	assert_int_equal(low(SERVER)->closes, 1);
}

static void
close_in_handshake(void **state)
{
	(void)state;
	net_tls_pair_open(&pair, false);
	assert_int_equal(layer_connect(top(CLIENT)), -COAP_E_AGAIN);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_CLOSED);
	assert_int_equal(layer_connect(top(SERVER)), -COAP_E_TLS_ALERT);
}

static void
close_while_refused(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	net_tls_pair_send(&pair, CLIENT, "last");
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->closes, 0);
	assert_true(layer_backlog(top(CLIENT)) > 0);
	low(CLIENT)->send_err = 0;
	/* The owner may go on to receive, and that sends it too. */
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_AGAIN);
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(layer_backlog(top(CLIENT)), 0);
	net_tls_pair_expect(&pair, SERVER, "last");
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), 0);
}

static void
aborts(void **state)
{
	struct tls_info info;

	(void)state;
	net_tls_pair_connect(&pair, false);
	tls_peek_abort(top(CLIENT), FAKE_TLS_DECODE);
	assert_int_equal(low(CLIENT)->closes, 1);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_CLOSED);
	layer_close(top(CLIENT));
	assert_int_equal(low(CLIENT)->sends, 3);
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_TLS_ALERT);
	net_tls_pair_info(&pair, SERVER, &info);
	assert_int_equal(info.alert, FAKE_TLS_DECODE);
}

/* --- the rest ------------------------------------------------------------- */

static void
passes_through(void **state)
{
	coap_address_t a;
	int ifindex = 0;

	(void)state;
	net_tls_pair_connect(&pair, false);
	assert_int_equal(layer_local(top(CLIENT), &a, &ifindex), 0);
	assert_int_equal(ifindex, 42);
	assert_int_equal(low(CLIENT)->wanted, -1);
	layer_want_read(top(CLIENT), false);
	assert_int_equal(low(CLIENT)->wanted, 0);
	layer_want_read(top(CLIENT), true);
	assert_int_equal(low(CLIENT)->wanted, 1);
}

static void
without_tls(void **state)
{
	const struct tls_backend *backend = &fake_tls_backend;
	struct layer *below;

	(void)state;
	net_tls_pair_open(&pair, false);
	below = &low(CLIENT)->layer;
	assert_null(layer_tls_session(below, &backend));
	assert_null(backend);
	assert_non_null(layer_tls_session(top(CLIENT), NULL));
	layer_tls_set_mtu(below, 100);
	layer_tls_set_mtu(top(CLIENT), 1);
	assert_null(layer_tls_session(NULL, NULL));
}

/* Destroyed after each number of steps: nothing is sent, nothing is left. */
static void
destroyed_anywhere(void **state)
{
	size_t sends;
	int steps, i;

	(void)state;
	net_tls_pair_init(&pair, false);
	for (steps = 0; steps < 8; steps++) {
		net_tls_pair_free(&pair);
		assert_int_equal(mem_outstanding(), memory);
		net_tls_pair_open(&pair, false);
		for (i = 0; i < steps; i++)
			net_tls_pair_recv(&pair, i % 2 ? SERVER : CLIENT);
		if (steps > 4)
			low(CLIENT)->send_err = -COAP_E_AGAIN;
		if (steps > 5)
			net_tls_pair_send(&pair, CLIENT, "kept");
		if (steps > 6)
			layer_close(top(CLIENT));
		sends = low(CLIENT)->sends;
		low(CLIENT)->send_err = 0;
		layer_free(top(CLIENT));
		pair.end[CLIENT].top = NULL;
		assert_int_equal(low(CLIENT)->sends, sends);
		assert_int_equal(low(CLIENT)->destroyed, 1);
	}
}

/* A conversation during which memory may run out; true when it did not. */
static bool
conversation(char *data)
{
	char got[4096];
	size_t len = 0;
	ssize_t n = 0;

	if (net_tls_pair_new(&pair, CLIENT) < 0 ||
	    net_tls_pair_new(&pair, SERVER) < 0)
		return false;
	if (!net_tls_pair_run(&pair))
		return false;
	if (layer_send(top(CLIENT), data, BIG) < 0)
		return false;
	while (len < BIG && n >= 0) {
		n = layer_recv(top(SERVER), got, sizeof got);
		len += n > 0 ? (size_t)n : 0;
	}
	return n >= 0;
}

/* Each allocation fails once: an error, and nothing is lost but the session.
 * What was refused for that reason before it was encrypted can come again. */
static void
out_of_memory(void **state)
{
	char *data = calloc(1, BIG);
	bool whole = false;
	int failures = 0;
	size_t n;

	(void)state;
	net_tls_pair_init(&pair, false);
	for (n = 1; !whole; n++) {
		mem_fail_at(n, 0);
		whole = conversation(data);
		mem_fail_at(0, 0);
		if (!whole)
			failures++;
		net_tls_pair_free(&pair);
		assert_int_equal(mem_outstanding(), memory);
		net_tls_pair_init(&pair, false);
	}
	/* Two layers, two sessions, the message, what is left of a piece. */
	assert_true(failures > 5);
	free(data);
}

static void
no_memory_to_send(void **state)
{
	char *data = calloc(1, BIG);

	(void)state;
	net_tls_pair_connect(&pair, false);
	mem_fail_at(1, 1);
	assert_int_equal(layer_send(top(CLIENT), data, BIG), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	free(data);
	assert_int_equal(low(CLIENT)->sends, 2);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "next"), 0);
	net_tls_pair_expect(&pair, SERVER, "next");
}

/* Without a record that was refused none can follow. */
static void
no_memory_to_keep(void **state)
{
	(void)state;
	net_tls_pair_connect(&pair, false);
	low(CLIENT)->send_err = -COAP_E_AGAIN;
	mem_fail_at(1, 1);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_int_equal(net_tls_pair_send(&pair, CLIENT, "a"), -COAP_E_NOMEM);
	assert_int_equal(layer_backlog(top(CLIENT)), 0);

	/* Nor without bytes that came. */
	net_tls_pair_free(&pair);
	net_tls_pair_connect(&pair, false);
	net_tls_pair_send(&pair, SERVER, "one");
	net_tls_pair_send(&pair, SERVER, "two");
	mem_fail_at(1, 1);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_int_equal(net_tls_pair_recv(&pair, CLIENT), -COAP_E_NOMEM);
}

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
	if (seen.io->readable(seen.io_user))
		assert_true(seen.io->readable(seen.io_user));
	return fake_tls_backend.write(s, data, len);
}

/* What a back-end looked at while it was to write is not forgotten, though no
 * socket tells of it any more. */
static void
looked_at_in_write(void **state)
{
	static struct tls_backend backend;

	(void)state;
	backend = fake_tls_backend;
	backend.sess_new = seeing_sess_new;
	backend.write = looking_write;
	net_tls_pair_open_with(&pair, false,
	    &backend); /* the server's is seen */
	assert_true(net_tls_pair_run(&pair));
	assert_int_equal(net_tls_pair_recv(&pair, SERVER), -COAP_E_AGAIN);
	backend.write = fake_tls_backend.write;
	net_tls_pair_send(&pair, CLIENT, "came");
	backend.write = looking_write;
	assert_false(layer_pending(top(SERVER)));
	assert_int_equal(net_tls_pair_send(&pair, SERVER, "went"), 0);
	assert_int_equal(fake_layer_len(low(SERVER)), 0);
	assert_true(layer_pending(top(SERVER)));
	net_tls_pair_expect(&pair, SERVER, "came");
	net_tls_pair_expect(&pair, CLIENT, "went");
}

static void
new_fails(void **state)
{
	(void)state;
	net_tls_pair_init(&pair, false);
	mem_fail_at(2, 0);
	assert_int_equal(net_tls_pair_new(&pair, CLIENT), -COAP_E_NOMEM);
	assert_null(top(CLIENT));
	assert_int_equal(low(CLIENT)->destroyed, 0);
}

static int
eager_sess_new(struct tls_ctx *ctx, const struct tls_sess_params *p,
    struct tls_sess **out)
{
	char c;

	assert_int_equal(p->io->recv(p->io_user, &c, 1), -COAP_E_AGAIN);
	assert_false(p->io->readable(p->io_user));
	assert_int_equal(p->io->send(p->io_user, "a", 1), -COAP_E_STATE);
	return fake_tls_backend.sess_new(ctx, p, out);
}

/* Nothing is read or sent before connect(). */
static void
new_is_silent(void **state)
{
	static struct tls_backend backend;

	(void)state;
	backend = fake_tls_backend;
	backend.sess_new = eager_sess_new;
	net_tls_pair_open_with(&pair, false, &backend);
	assert_int_equal(low(CLIENT)->sends, 0);
	assert_int_equal(low(CLIENT)->recvs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(joins_flights),
		TEST(an_orphan_is_silent),
		TEST(cut_anywhere),
		TEST(waits_for_below),
		TEST(below_fails),
		TEST(early_send),
		TEST(data_with_the_end),
		TEST(identity_refused),
		TEST(alert_waits),
		TEST(alert_to_nobody),
		TEST(garbage),
		TEST(end_in_handshake),
		TEST(one_send_a_message),
		TEST(asked_again),
		TEST(too_long),
		TEST(longest),
		TEST(no_memory_a_message),
		TEST(records_together),
		TEST(little_room),
		TEST(half_a_record),
		TEST(bounded_reading),
		TEST(changed_on_the_way),
		TEST(full_below),
		TEST(refused_below),
		TEST(kept_goes_out),
		TEST(broken_below),
		TEST(broken_when_tried_again),
		TEST(broken_while_kept),
		TEST(goodbye),
		TEST(cut_off),
		TEST(cut_off_unnoticed),
		TEST(nothing_after_goodbye),
		TEST(cut_off_after_close),
		TEST(close_before_start),
		TEST(close_in_handshake),
		TEST(close_while_refused),
		TEST(aborts),
		TEST(passes_through),
		TEST(without_tls),
		TEST(destroyed_anywhere),
		TEST(out_of_memory),
		TEST(no_memory_to_send),
		TEST(no_memory_to_keep),
		TEST(looked_at_in_write),
		TEST(new_fails),
		TEST(new_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
