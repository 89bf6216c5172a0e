/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection of the control socket says in one turn of the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/control/conn.h"

/* The length of CREDIT on the wire. */
#define CREDIT_LEN 13

struct turn {
	coap_context_t *context;
	struct conn *conn;
	int peer;
	size_t taken; /* messages that it got */
};

static void
on_message(void *user, struct message *m)
{
	struct turn *turn = user;

	assert_int_equal(m->type, MESSAGE_INPUT);
	turn->taken++;
}

static void
on_unknown(void *user, unsigned type, uint32_t request)
{
	(void)user;
	(void)request;
	fail_msg("a message of the type %u", type);
}

static void
on_ended(void *user, enum conn_end why)
{
	(void)user;
	fail_msg("it ended: %d", why);
}

static const struct conn_ops ops = { on_message, on_unknown, on_ended };

static int
begin(void **state)
{
	struct turn *turn = calloc(1, sizeof *turn);
	int fds[2];

	assert_non_null(turn);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     fds),
	    0);
	turn->context = coap_new_context(NULL);
	assert_non_null(turn->context);
	turn->conn = conn_new(turn->context, fds[0], &ops, turn);
	assert_non_null(turn->conn);
	turn->peer = fds[1];
	*state = turn;
	return 0;
}

static int
end(void **state)
{
	struct turn *turn = *state;

	conn_free(turn->conn);
	coap_free_context(turn->context);
	close(turn->peer);
	free(turn);
	return 0;
}

static void
say(struct turn *turn)
{
	struct message m = { .type = MESSAGE_CREDIT, .request = 1 };

	m.credit = 1;
	assert_true(conn_send(turn->conn, &m));
}

/* Bytes that the peer can have in one reading. */
static ssize_t
heard(struct turn *turn)
{
	char data[4096];
	ssize_t n = recv(turn->peer, data, sizeof data, MSG_DONTWAIT);

	assert_true(n >= 0 || errno == EAGAIN);
	return n;
}

static void
one_turn_is_one_piece(void **state)
{
	struct turn *turn = *state;

	say(turn);
	say(turn);
	assert_int_equal(heard(turn), -1);
	coap_io_process(turn->context, COAP_IO_WAIT);
	assert_int_equal(heard(turn), 2 * CREDIT_LEN);
	assert_int_equal(conn_unsent(turn->conn), 0);
	say(turn);
	coap_io_process(turn->context, COAP_IO_WAIT);
	assert_int_equal(heard(turn), CREDIT_LEN);
}

/* Much is not kept until then. */
static void
a_long_message_is_sent_at_once(void **state)
{
	static uint8_t data[MESSAGE_DATA];
	struct turn *turn = *state;
	struct message m = { .type = MESSAGE_OUTPUT, .request = 1 };

	m.output.stream = STREAM_OUT;
	m.output.data = (struct slice){ data, sizeof data };
	assert_true(conn_send(turn->conn, &m));
	assert_int_equal(heard(turn), 4096);
}

static void
what_was_said_last_is_sent_when_it_is_freed(void **state)
{
	struct turn *turn = *state;

	say(turn);
	conn_free(turn->conn);
	turn->conn = NULL;
	assert_int_equal(heard(turn), CREDIT_LEN);
	assert_int_equal(heard(turn), 0);
}

/* Of messages that are longer than the first readings are, and of many short
 * ones that no reading ends with. */
static void
readings_grow(void **state)
{
	static uint8_t data[MESSAGE_DATA];
	static const size_t lengths[] = { 1, 4082, 4083, 4084, 4085, 9000,
		MESSAGE_DATA, 3, 4096 };
	struct turn *turn = *state;
	struct message m = { .type = MESSAGE_INPUT, .request = 1 };
	struct bytes wire = { .data = NULL };
	size_t n = sizeof lengths / sizeof lengths[0];
	ssize_t sent;

	for (size_t i = 0; i < n; i++) {
		m.input = (struct slice){ data, lengths[i] };
		message_encode(&wire, &m);
	}
	for (size_t i = 0; i < 2000; i++, n++) {
		m.input.len = i % 7 + 1;
		message_encode(&wire, &m);
	}
	while (turn->taken < n) {
		sent = send(turn->peer, bytes_front(&wire), wire.len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			bytes_take(&wire, (size_t)sent);
		coap_io_process(turn->context, COAP_IO_WAIT);
	}
	assert_int_equal(turn->taken, n);
	assert_int_equal(wire.len, 0);
	bytes_free(&wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_turn_is_one_piece, begin,
		    end),
		cmocka_unit_test_setup_teardown(a_long_message_is_sent_at_once,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    what_was_said_last_is_sent_when_it_is_freed, begin, end),
		cmocka_unit_test_setup_teardown(readings_grow, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
