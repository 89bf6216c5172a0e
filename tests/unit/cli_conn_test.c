/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection of the control socket: pieces, many at once, peers that do not
 * read or go, what is no message, no memory, and being freed in each callback.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/control/conn.h"
#include "control_peer.h"
#include "heap_watch.h"

struct fixture {
	coap_context_t *context;
	struct conn *conn;
	struct control_peer peer;
	/* What was told. */
	unsigned messages;
	unsigned unknowns;
	unsigned ends;
	enum conn_end why;
	uint32_t request; /* of the last one */
	uint32_t number;
	size_t len;
	/* What callbacks do. */
	bool free_it;
	size_t answer; /* so many bytes of output to each message */
	bool last_word;
};

static void
drop(struct fixture *f)
{
	conn_free(f->conn);
	f->conn = NULL;
}

static bool
send_output(struct fixture *f, size_t len)
{
	static const uint8_t zeros[MESSAGE_DATA] = { 0 };
	struct message m = { .type = MESSAGE_OUTPUT, .request = 1 };

	m.output.stream = STREAM_OUT;
	m.output.data = (struct slice){ zeros, len };
	return conn_send(f->conn, &m);
}

static void
on_message(void *user, struct message *m)
{
	struct fixture *f = user;

	f->messages++;
	f->request = m->request;
	f->number = m->type == MESSAGE_CREDIT ? m->credit : 0;
	if (m->type == MESSAGE_INPUT)
		f->len = m->input.len;
	if (m->type == MESSAGE_START)
		f->len = strlen(m->start->words[0]);
	if (f->answer > 0)
		send_output(f, f->answer);
	if (f->free_it)
		drop(f);
}

static void
on_unknown(void *user, unsigned type, uint32_t request)
{
	struct fixture *f = user;

	f->unknowns++;
	f->number = type;
	f->request = request;
	if (f->free_it)
		drop(f);
}

static void
on_ended(void *user, enum conn_end why)
{
	struct message m = { .type = MESSAGE_ERROR };
	struct fixture *f = user;

	f->ends++;
	f->why = why;
	m.error.code = ERROR_MALFORMED;
	if (f->last_word)
		assert_true(conn_send(f->conn, &m));
	if (f->free_it)
		drop(f);
}

static const struct conn_ops ops = { on_message, on_unknown, on_ended };

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	int fds[2];

	*state = f;
	f->context = coap_new_context(NULL);
	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			     fds),
	    0);
	f->conn = conn_new(f->context, fds[0], &ops, f);
	assert_non_null(f->conn);
	control_peer_open(&f->peer, f->context, fds[1]);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	conn_free(f->conn);
	control_peer_close(&f->peer);
	coap_free_context(f->context);
	free(f);
	return 0;
}

static void
run_to_end(struct fixture *f)
{
	while (f->ends == 0)
		coap_io_process(f->context, COAP_IO_WAIT);
}

/* --- in ------------------------------------------------------------------ */

/* CREDIT 3 of request 7, an unknown one, INPUT. */
static const uint8_t three[] = "\0\0\0\x09\x12\0\0\0\x07\0\0\0\x03"
			       "\0\0\0\x07\x63\0\0\0\x08?!"
			       "\0\0\0\x0c\x13\0\0\0\x04\0\0\0\x03"
			       "abc";
#define THREE (sizeof three - 1)

static void
test_pieces(void **state)
{
	struct fixture *f = *state;
	size_t cut, again;

	for (cut = 0; cut <= THREE; cut++)
		for (again = cut; again <= THREE; again += 5) {
			f->messages = f->unknowns = 0;
			f->len = 0;
			control_peer_raw(&f->peer, three, cut);
			control_peer_settle(f->context);
			control_peer_raw(&f->peer, three + cut, again - cut);
			control_peer_settle(f->context);
			assert_int_equal(f->messages,
			    (again >= 13) + (again >= THREE));
			assert_int_equal(f->unknowns, again >= 24);
			control_peer_raw(&f->peer, three + again,
			    THREE - again);
			control_peer_settle(f->context);
			assert_int_equal(f->messages, 2);
			assert_int_equal(f->unknowns, 1);
			assert_int_equal(f->len, 3);
		}
	assert_int_equal(f->ends, 0);
}

static void
test_fields(void **state)
{
	struct fixture *f = *state;

	control_peer_raw(&f->peer, three, 13);
	control_peer_settle(f->context);
	assert_int_equal(f->request, 7);
	assert_int_equal(f->number, 3);
	control_peer_raw(&f->peer, three + 13, 11);
	control_peer_settle(f->context);
	assert_int_equal(f->request, 8);
	assert_int_equal(f->number, 0x63);
}

static void
send_many(struct fixture *f, unsigned n)
{
	uint8_t *wire = malloc(n * THREE);

	assert_non_null(wire);
	for (unsigned i = 0; i < n; i++)
		memcpy(wire + i * THREE, three, THREE);
	control_peer_raw(&f->peer, wire, n * THREE);
	free(wire);
}

static void
count_timer(coapx_timer_t *timer, void *arg)
{
	unsigned *turns = arg;

	++*turns;
	coapx_timer_set(timer, 0);
}

/* A peer that sends much at once does not hold the loop. */
static void
test_fairness(void **state)
{
	struct fixture *f = *state;
	unsigned turns = 0, before;
	coapx_timer_t *timer = coapx_timer_new(f->context, count_timer, &turns);

	assert_non_null(timer);
	send_many(f, 500);
	coapx_timer_set(timer, 0);
	while (f->messages + f->unknowns < 1500) {
		before = f->messages + f->unknowns;
		coap_io_process(f->context, COAP_IO_WAIT);
		assert_true(f->messages + f->unknowns - before <= 32);
	}
	assert_true(turns >= 1500 / 32);
	assert_int_equal(f->messages, 1000);
	assert_int_equal(f->ends, 0);
	coapx_timer_free(timer);
}

/* What it said before it closed is heard, however much it is. */
static void
test_last_words(void **state)
{
	struct fixture *f = *state;

	send_many(f, 500);
	control_peer_close(&f->peer);
	run_to_end(f);
	assert_int_equal(f->messages, 1000);
	assert_int_equal(f->unknowns, 500);
	assert_int_equal(f->why, CONN_GONE);
	control_peer_settle(f->context);
	assert_int_equal(f->ends, 1);
}

static void
test_large(void **state)
{
	struct fixture *f = *state;
	struct start start = { .n_words = 1, .options = { .color = -1 } };
	struct message m = { .type = MESSAGE_START, .request = 1 };
	size_t len = MESSAGE_MAX - 5 - 32 - 4;
	char *word = malloc(len + 2);

	assert_non_null(word);
	memset(word, 'x', len + 1);
	word[len] = '\0';
	start.words = &word;
	m.start = &start;
	control_peer_send(&f->peer, &m);
	control_peer_settle(f->context);
	assert_int_equal(f->messages, 1);
	assert_int_equal(f->len, len);
	/* The same way, and one byte more than a message may be. */
	assert_true(conn_send(f->conn, &m));
	assert_true(conn_unsent(f->conn) > len - (4U << 20));
	word[len] = 'x';
	word[len + 1] = '\0';
	len = conn_unsent(f->conn);
	assert_false(conn_send(f->conn, &m));
	assert_int_equal(conn_unsent(f->conn), len);
	free(word);
	control_peer_settle(f->context);
	assert_int_equal(f->ends, 0);
}

static void
test_malformed(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
		unsigned messages;
	} bad[] = {
		{ "\0\0\0\4", 5, 0 },
		{ "\2\0\0\1\x12", 5, 0 },
		{ "\0\0\0\x0a\x12", 5, 0 },
		{ "\0\0\0\x09\x12\0\0\0\x07\0\0\0\0", 13, 0 },
		{ "\0\0\0\x09\x12\0\0\0\x07\0\0\0\1\0\0\0\x09\x12\0\0\0\0"
		  "\0\0\0\1",
		    26, 1 },
	};
	struct fixture *f;
	unsigned how;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (how = 0; how < 4; how++) {
			teardown(state);
			setup(state);
			f = *state;
			f->free_it = how & 1;
			f->last_word = how & 2;
			/* Freed by the message before it. */
			if (bad[i].messages > 0)
				f->free_it = false;
			control_peer_raw(&f->peer, bad[i].wire, bad[i].len);
			control_peer_raw(&f->peer, three, THREE);
			run_to_end(f);
			assert_int_equal(f->why, CONN_MALFORMED);
			assert_int_equal(f->messages, bad[i].messages);
			control_peer_settle(f->context);
			assert_int_equal(f->ends, 1);
			if (!f->last_word)
				continue;
			drop(f);
			control_peer_expect_error(&f->peer, 0, ERROR_MALFORMED);
		}
}

/* --- freed inside -------------------------------------------------------- */

static void
test_freed_inside(void **state)
{
	struct fixture *f = *state;

	f->free_it = true;
	control_peer_raw(&f->peer, three, THREE);
	control_peer_expect_end(&f->peer);
	assert_int_equal(f->messages, 1);
	assert_int_equal(f->unknowns + f->ends, 0);
	teardown(state);

	setup(state);
	f = *state;
	f->free_it = true;
	control_peer_raw(&f->peer, three + 13, THREE - 13);
	control_peer_expect_end(&f->peer);
	assert_int_equal(f->unknowns, 1);
	assert_int_equal(f->messages + f->ends, 0);
	teardown(state);

	setup(state);
	f = *state;
	f->free_it = true;
	control_peer_close(&f->peer);
	run_to_end(f);
	assert_int_equal(f->why, CONN_GONE);
	assert_null(f->conn);
}

/* While messages are left, and while it is to be told that there was no
 * memory. */
static void
test_freed_meanwhile(void **state)
{
	struct fixture *f = *state;

	send_many(f, 500);
	while (f->messages == 0)
		coap_io_process(f->context, COAP_IO_WAIT);
	drop(f);
	control_peer_expect_end(&f->peer);
	assert_true(f->messages < 100);
	teardown(state);

	setup(state);
	f = *state;
	heap.fail_at = 1;
	assert_true(send_output(f, MESSAGE_DATA));
	assert_int_equal(heap.fail_at, 0);
	drop(f);
	control_peer_expect_end(&f->peer);
	assert_int_equal(f->ends, 0);
}

/* --- out ----------------------------------------------------------------- */

static void
test_peer_does_not_read(void **state)
{
	struct fixture *f = *state;
	unsigned i, n = 100;
	size_t unsent;

	control_peer_deafen(&f->peer, true);
	for (i = 0; i < n; i++)
		assert_true(send_output(f, MESSAGE_DATA));
	unsent = conn_unsent(f->conn);
	assert_true(unsent > CONN_UNSENT);
	control_peer_settle(f->context);
	assert_int_equal(conn_unsent(f->conn), unsent);
	/* It is not listened to meanwhile. */
	control_peer_raw(&f->peer, three, THREE);
	control_peer_settle(f->context);
	assert_int_equal(f->messages, 0);
	control_peer_deafen(&f->peer, false);
	for (i = 0; i < n; i++) {
		control_peer_expect(&f->peer, MESSAGE_OUTPUT, 1);
		assert_int_equal(f->peer.m.output.data.len, MESSAGE_DATA);
	}
	control_peer_settle(f->context);
	assert_int_equal(conn_unsent(f->conn), 0);
	assert_int_equal(f->messages, 2);
}

/* A peer that asks and does not read the answers costs no more than that. */
static void
test_answers_nobody_reads(void **state)
{
	struct fixture *f = *state;
	unsigned i;

	control_peer_deafen(&f->peer, true);
	f->answer = MESSAGE_DATA;
	send_many(f, 500);
	control_peer_settle(f->context);
	assert_true(conn_unsent(f->conn) > CONN_UNSENT);
	assert_true(conn_unsent(f->conn) < CONN_UNSENT + 2 * MESSAGE_DATA);
	assert_true(f->messages < 100);
	control_peer_deafen(&f->peer, false);
	for (i = 0; i < 1000; i++)
		control_peer_expect(&f->peer, MESSAGE_OUTPUT, 1);
	assert_int_equal(f->messages, 1000);
}

/* The same peer dies. */
static void
test_dies_unread(void **state)
{
	struct fixture *f = *state;

	control_peer_deafen(&f->peer, true);
	f->answer = MESSAGE_DATA;
	send_many(f, 500);
	control_peer_settle(f->context);
	assert_true(conn_unsent(f->conn) > CONN_UNSENT);
	control_peer_close(&f->peer);
	run_to_end(f);
	assert_int_equal(f->why, CONN_GONE);
	assert_int_equal(conn_unsent(f->conn), 0);
	assert_int_equal(f->messages, 1000);
	assert_true(send_output(f, 1));
	assert_int_equal(conn_unsent(f->conn), 0);
	control_peer_settle(f->context);
	assert_int_equal(f->ends, 1);
}

/* What is left is delivered as far as the socket takes it. */
static void
test_free_delivers(void **state)
{
	struct fixture *f = *state;

	assert_true(send_output(f, 1000));
	assert_true(send_output(f, 2000));
	drop(f);
	control_peer_expect(&f->peer, MESSAGE_OUTPUT, 1);
	control_peer_expect(&f->peer, MESSAGE_OUTPUT, 1);
	assert_int_equal(f->peer.m.output.data.len, 2000);
	control_peer_expect_end(&f->peer);
}

/* --- no memory ----------------------------------------------------------- */

static void
test_no_memory_to_send(void **state)
{
	struct fixture *f = *state;

	f->last_word = true;
	heap.fail_at = 1;
	assert_true(send_output(f, MESSAGE_DATA));
	assert_int_equal(heap.fail_at, 0);
	/* Told by the loop, not by the call; nothing comes behind the gap. */
	assert_int_equal(f->ends, 0);
	assert_true(send_output(f, 10));
	control_peer_raw(&f->peer, three, THREE);
	run_to_end(f);
	assert_int_equal(f->why, CONN_MEMORY);
	assert_int_equal(f->messages, 0);
	control_peer_settle(f->context);
	assert_int_equal(f->ends, 1);
	drop(f);
	control_peer_expect_error(&f->peer, 0, ERROR_MALFORMED);
}

/* Inside a callback, among other messages. */
static void
test_no_memory_to_answer(void **state)
{
	struct fixture *f = *state;

	f->answer = 100;
	control_peer_raw(&f->peer, three, 13);
	control_peer_settle(f->context);
	assert_int_equal(f->messages, 1);
	f->answer = MESSAGE_DATA;
	f->free_it = true;
	/* The buffer of what comes is there already. */
	control_peer_raw(&f->peer, three + 24, THREE - 24);
	control_peer_raw(&f->peer, three, 13);
	f->free_it = false;
	heap.fail_at = 1;
	control_peer_settle(f->context);
	assert_int_equal(heap.fail_at, 0);
	assert_int_equal(f->messages, 2);
	assert_int_equal(f->ends, 1);
	assert_int_equal(f->why, CONN_MEMORY);
}

static void
test_no_memory_to_receive(void **state)
{
	struct fixture *f = *state;

	control_peer_raw(&f->peer, three, THREE);
	heap.fail_at = 1;
	run_to_end(f);
	assert_int_equal(heap.fail_at, 0);
	assert_int_equal(f->why, CONN_MEMORY);
	teardown(state);

	/* To decode: the words of START. */
	setup(state);
	f = *state;
	control_peer_raw(&f->peer, three, 13);
	control_peer_settle(f->context);
	control_peer_start(&f->peer, 1, "get /", NULL);
	heap.fail_at = 1;
	run_to_end(f);
	assert_int_equal(heap.fail_at, 0);
	assert_int_equal(f->why, CONN_MEMORY);
	assert_int_equal(f->messages, 1);
}

/* The descriptor is taken over also then. */
static void
test_no_memory_to_begin(void **state)
{
	struct fixture *f = *state;
	int fds[2];
	size_t n;
	struct conn *conn = NULL;

	for (n = 1; !conn; n++) {
		assert_int_equal(socketpair(AF_UNIX,
				     SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		    0);
		heap.fail_at = n;
		conn = conn_new(f->context, fds[0], &ops, f);
		heap.fail_at = 0;
		if (!conn)
			assert_int_equal(recv(fds[1], &n, 1, 0), 0);
		close(fds[1]);
	}
	assert_true(n > 3);
	conn_free(conn);
	conn_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_pieces),
		TEST(test_fields),
		TEST(test_fairness),
		TEST(test_last_words),
		TEST(test_large),
		TEST(test_malformed),
		TEST(test_freed_inside),
		TEST(test_freed_meanwhile),
		TEST(test_peer_does_not_read),
		TEST(test_answers_nobody_reads),
		TEST(test_dies_unread),
		TEST(test_free_delivers),
		TEST(test_no_memory_to_send),
		TEST(test_no_memory_to_answer),
		TEST(test_no_memory_to_receive),
		TEST(test_no_memory_to_begin),
	};

	if (!heap_watched("anything at all"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
