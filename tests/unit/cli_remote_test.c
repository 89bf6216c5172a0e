/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's side of the control socket, against owners that say what
 * coap-shell-control(7) allows, and what it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "clock_skip.h"
#include "control_user.h"

/* So many seconds in which nothing happens. */
static void
skip_seconds(struct control_user *u, time_t s)
{
	control_peer_settle(u->app.context);
	clock_skipped_s += s;
	control_peer_settle(u->app.context);
}

/* --- the fixture --------------------------------------------------------- */

static const char *const lamp_and_door[] = { "lamp", "door", NULL };

static int
setup(void **state)
{
	struct control_user *u = calloc(1, sizeof *u);

	*state = u;
	control_user_open(u);
	control_user_listen(u, 0, lamp_and_door);
	return 0;
}

static int
teardown(void **state)
{
	control_user_close(*state);
	free(*state);
	return 0;
}

/* "info lamp" has begun. */
static struct control_peer *
begin(struct control_user *u)
{
	control_user_start(u, "info lamp");
	return control_user_meet(u, 0);
}

static void
assert_said(struct control_user *u, int status, const char *what)
{
	assert_int_equal(control_user_finish(u), status);
	if (!strstr(u->err.s, what))
		fail_msg("'%s', not '%s'", u->err.s, what);
}

/* --- beginning ----------------------------------------------------------- */

static void
test_start(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;
	const struct start *start;

	u->app.own.defaults.form = FORM_JSON;
	u->app.own.no_input = true;
	u->app.own.sink.width = 77;
	control_user_start(u, "info -S door lamp -q");
	p = control_user_meet(u, 0);
	start = p->m.start;
	/* The command by its full name; the rest as it was typed. */
	assert_int_equal(start->n_words, 6);
	assert_string_equal(start->words[0], "session");
	assert_string_equal(start->words[1], "info");
	assert_string_equal(start->words[2], "-S");
	assert_string_equal(start->words[5], "-q");
	assert_int_equal(start->options.form, FORM_JSON);
	assert_true(start->no_input);
	assert_int_equal(start->width, 77);
	assert_null(start->session);
	control_user_output(p, STREAM_OUT, "one\n", 4);
	control_user_output(p, STREAM_ERR, "two\n", 4);
	control_user_exit(p, 4, "", "");
	assert_int_equal(control_user_finish(u), 4);
	assert_string_equal(u->out.s, "one\n");
	assert_string_equal(u->err.s, "two\n");
	control_peer_expect_end(p);
}

static void
test_too_long(void **state)
{
	struct control_user *u = *state;
	size_t len = MESSAGE_MAX;
	char *line = malloc(len + 32);
	int n = snprintf(line, 32, "session data set lamp k ");

	memset(line + n, 'x', len);
	line[(size_t)n + len] = '\0';
	control_user_start(u, line);
	free(line);
	assert_said(u, STATUS_USAGE, "too long for the control socket");
}

static void
test_version(void **state)
{
	struct message m = { .type = MESSAGE_HELLO };
	struct control_user *u = *state;
	struct control_peer *p;

	control_user_start(u, "info lamp");
	p = control_user_accept(u, 0);
	m.hello.version = 7;
	control_peer_send(p, &m);
	assert_said(u, STATUS_STATE, "speaks version 7");
	control_peer_expect(p, MESSAGE_HELLO, 0);
	control_peer_expect(p, MESSAGE_START, 1);
	control_peer_expect_error(p, 0, ERROR_VERSION);
}

static void
send_error(struct control_peer *p, uint32_t request, uint32_t code)
{
	struct message m = { .type = MESSAGE_ERROR, .request = request };

	m.error.code = code;
	m.error.text = (struct slice){ (const uint8_t *)"because\033[2J", 11 };
	control_peer_send(p, &m);
}

static void
test_errors(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;
	uint32_t code;
	int status;

	for (code = 1; code <= 12; code++) {
		status = code == ERROR_MALFORMED || code == ERROR_MEMORY
		    ? STATUS_INTERNAL
		    : STATUS_STATE;
		/* Before its HELLO, about the connection, about the request. */
		control_user_start(u, "info lamp");
		p = control_user_accept(u, 0);
		send_error(p, 0, code);
		if (code == ERROR_UNKNOWN) {
			control_peer_hello(p);
			control_user_exit(p, 0, "", "");
		}
		control_user_finish(u);
		if (code != ERROR_UNKNOWN)
			assert_said(u, status, "because");
		/* No escape of a device's reaches the terminal. */
		assert_null(strchr(u->err.s, '\033'));
		p = begin(u);
		send_error(p, code % 2, code);
		if (code == ERROR_UNKNOWN)
			control_user_exit(p, 0, "", "");
		assert_int_equal(control_user_finish(u),
		    code == ERROR_UNKNOWN ? STATUS_OK : status);
	}
}

static void
test_error_without_text(void **state)
{
	struct message m = { .type = MESSAGE_ERROR, .request = 1 };
	struct control_user *u = *state;
	struct control_peer *p = begin(u);

	m.error.code = ERROR_BUSY;
	control_peer_send(p, &m);
	assert_said(u, STATUS_STATE, "does not say why (code 3)");
}

#define WIRE(s) s, sizeof(s) - 1

static void
test_garbage(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
	} bad[] = {
		{ WIRE("HTTP/1.1 400 Bad Request\r\n") },
		{ WIRE("\0\0\0\0\0") },
		/* a client's; for another request; a second HELLO */
		{ WIRE("\0\0\0\x09\x11\0\0\0\1\0\0\0\x82") },
		{ WIRE("\0\0\0\x11\x83\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0") },
		{ WIRE("\0\0\0\x0d\1\0\0\0\0\0\0\0\1\0\0\0\0") },
		/* a stream that there is not; a READ of nothing */
		{ WIRE("\0\0\0\x0d\x80\0\0\0\1\0\0\0\6\0\0\0\0") },
		{ WIRE("\0\0\0\x0d\x81\0\0\0\1\0\0\0\0\0\0\4\0") },
		{ WIRE("\0\0\0\x2c\x10\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\3pwd") },
	};
	struct control_user *u = *state;
	struct control_peer *p;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p = begin(u);
		control_peer_raw(p, bad[i].wire, bad[i].len);
		assert_said(u, STATUS_INTERNAL, "control protocol");
		control_peer_expect_error(p, 0, ERROR_MALFORMED);
	}
	/* Before HELLO. */
	control_user_start(u, "info lamp");
	p = control_user_accept(u, 0);
	control_user_exit(p, 0, "", "");
	assert_said(u, STATUS_INTERNAL, "control protocol");
	control_user_start(u, "info lamp");
	p = control_user_accept(u, 0);
	control_peer_raw(p, "\0\0\0\x05\x44\0\0\0\1", 9);
	assert_said(u, STATUS_INTERNAL, "control protocol");
}

static void
test_unknown(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p = begin(u);

	control_peer_raw(p, "\0\0\0\x07\xf0\0\0\0\1??", 11);
	control_peer_expect_error(p, 1, ERROR_UNKNOWN);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
}

/* --- owners that go, or say nothing -------------------------------------- */

static void
test_dies(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;
	unsigned when;

	for (when = 0; when < 5; when++) {
		control_user_start(u,
		    when == 4 ? "post lamp:/x -d @/dev/null" : "info lamp");
		p = when == 0 ? control_user_accept(u, 0)
			      : control_user_meet(u, 0);
		if (when >= 2)
			control_user_output(p, STREAM_OUT, "half", 4);
		if (when == 3)
			control_peer_raw(p, "\0\0\0\x11\x83", 5);
		if (when == 4)
			control_user_read(p, "/dev/null", 1);
		control_peer_close(p);
		assert_said(u, STATUS_STATE, "ended before the command did");
		assert_non_null(strstr(u->err.s, "'lamp'"));
		assert_string_equal(u->out.s, when >= 2 ? "half" : "");
	}
	/* All of what it said before it went counts. */
	p = begin(u);
	for (when = 0; when < 200; when++)
		control_user_output(p, STREAM_OUT, "x", 1);
	control_user_exit(p, 3, "", "");
	control_peer_close(p);
	assert_int_equal(control_user_finish(u), 3);
	assert_int_equal(u->out.len, 200);
}

static void
test_never_answers(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;

	control_user_start(u, "info lamp");
	skip_seconds(u, 4);
	assert_false(u->done);
	skip_seconds(u, 2);
	assert_said(u, STATUS_STATE, "does not answer");
	/* Once it has said HELLO it may take its time. */
	p = begin(u);
	skip_seconds(u, 100000);
	assert_false(u->done);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
}

/* --- giving up ----------------------------------------------------------- */

static void
test_cancel(void **state)
{
	static const int statuses[] = { STATUS_INTERRUPTED, STATUS_TERMINATED };
	struct control_user *u = *state;
	struct control_peer *p;
	size_t i;

	for (i = 0; i < 2; i++) {
		p = begin(u);
		control_peer_settle(u->app.context);
		job_cancel(u->job, statuses[i]);
		control_peer_expect(p, MESSAGE_CANCEL, 1);
		assert_int_equal(p->m.status, statuses[i]);
		assert_false(u->done);
		/* It still prints. */
		control_user_output(p, STREAM_OUT, "sum", 3);
		control_user_exit(p, (uint32_t)statuses[i], "", "");
		assert_int_equal(control_user_finish(u), statuses[i]);
		assert_string_equal(u->out.s, "sum");
	}
	/* Twice: it is not waited for. */
	p = begin(u);
	control_peer_settle(u->app.context);
	job_cancel(u->job, STATUS_INTERRUPTED);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	job_cancel(u->job, STATUS_INTERRUPTED);
	assert_true(u->done);
	assert_int_equal(u->status, STATUS_INTERRUPTED);
	/* Nobody answers; nobody is there any more. */
	p = begin(u);
	control_peer_settle(u->app.context);
	job_cancel(u->job, STATUS_INTERRUPTED);
	skip_seconds(u, 1);
	assert_false(u->done);
	skip_seconds(u, 2);
	assert_true(u->done);
	assert_int_equal(u->status, STATUS_INTERRUPTED);
	p = begin(u);
	control_peer_settle(u->app.context);
	job_cancel(u->job, STATUS_TERMINATED);
	control_peer_close(p);
	assert_int_equal(control_user_finish(u), STATUS_TERMINATED);
	/* Before HELLO. */
	control_user_start(u, "info lamp");
	job_cancel(u->job, STATUS_INTERRUPTED);
	p = control_user_accept(u, 0);
	control_peer_hello(p);
	control_peer_expect(p, MESSAGE_HELLO, 0);
	control_peer_expect(p, MESSAGE_START, 1);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	control_user_exit(p, 130, "", "");
	assert_int_equal(control_user_finish(u), STATUS_INTERRUPTED);
}

/* The owner keeps -T; when it does not, the client does. */
static void
test_deadline(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;

	control_user_start(u, "info lamp -T 3s");
	p = control_user_meet(u, 0);
	skip_seconds(u, 4);
	assert_false(u->done);
	control_peer_expect_nothing(p);
	skip_seconds(u, 2);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	assert_int_equal(p->m.status, STATUS_TERMINATED);
	skip_seconds(u, 3);
	assert_true(u->done);
	assert_said(u, STATUS_TIMEOUT, "timed out after 3 s");
}

/* --- files --------------------------------------------------------------- */

/* A file of these bytes in the test's folder. */
static char *
make_file(struct control_user *u, const char *name, const void *data,
    size_t len)
{
	char *path = text_format("%s/%s", u->root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	return path;
}

static void
expect_input(struct control_peer *p, const void *data, size_t len)
{
	control_peer_expect(p, MESSAGE_INPUT, 1);
	assert_int_equal(p->m.input.len, len);
	assert_memory_equal(p->m.input.data, data, len);
}

static void
expect_input_end(struct control_peer *p, uint32_t status)
{
	control_peer_expect(p, MESSAGE_INPUT_END, 1);
	assert_int_equal(p->m.input_end.status, status);
}

static void
send_rewind(struct control_peer *p, const char *name)
{
	struct message m = { .type = MESSAGE_REWIND, .request = 1 };

	m.rewind = (struct slice){ (const uint8_t *)name, strlen(name) };
	control_peer_send(p, &m);
}

static void
expect_length(struct control_peer *p, uint64_t length)
{
	control_peer_expect(p, MESSAGE_INPUT_LENGTH, 1);
	assert_true(p->m.length == length);
}

static void
test_read(void **state)
{
	struct control_user *u = *state;
	char *a = make_file(u, "a", "0123456789", 10);
	char *b = make_file(u, "b", "abc", 3);
	char *line = text_format("post lamp:/@%s -d @%s -O 3=@%s", b, a, b);
	struct control_peer *p;

	control_user_start(u, line);
	p = control_user_meet(u, 0);
	/* Never more than was asked for, also the first time. */
	control_user_read(p, a, 4);
	expect_length(p, 10);
	expect_input(p, "0123", 4);
	control_user_read(p, a, 65536);
	expect_input(p, "456789", 6);
	control_user_read(p, a, 1);
	expect_input_end(p, 0);
	/* From its beginning, once it is over. */
	control_user_read(p, a, 3);
	expect_length(p, 10);
	expect_input(p, "012", 3);
	send_rewind(p, a);
	control_user_read(p, a, 2);
	expect_input(p, "01", 2);
	/* None that the words do not name as one to be read, or that is not
	 * there. */
	control_user_read(p, b, 100);
	expect_input_end(p, STATUS_LOCAL);
	control_user_read(p, "/etc/hostname", 100);
	expect_input_end(p, STATUS_LOCAL);
	control_user_read(p, "-", 100);
	expect_input_end(p, STATUS_LOCAL);
	control_user_read(p, a + 1, 100);
	expect_input_end(p, STATUS_LOCAL);
	unlink(a);
	control_user_read(p, a, 3);
	expect_input_end(p, STATUS_LOCAL);
	control_user_exit(p, 3, "", "");
	assert_said(u, 3, "a file that the command does not name");
	assert_non_null(strstr(u->err.s, "No such file"));
	free(line);
	free(a);
	free(b);
}

/* Of what nobody reads, of another file, and of what cannot. */
static void
test_rewind(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;
	char *a = make_file(u, "a", "0123456789", 10);
	char *line = text_format("post lamp:/x -d @%s", a);
	size_t i;

	for (i = 0; i < 2; i++) {
		control_user_start(u, line);
		p = control_user_meet(u, 0);
		if (i == 1) {
			control_user_read(p, a, 4);
			expect_length(p, 10);
			expect_input(p, "0123", 4);
		}
		send_rewind(p, i == 0 ? a : "other");
		assert_said(u, STATUS_INTERNAL, "control protocol");
		control_peer_expect_error(p, 0, ERROR_MALFORMED);
	}
	free(line);
	free(a);
}

static void
test_read_stdin(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;

	u->app.own.script_on_stdin = true;
	control_user_start(u, "post lamp:/x -d @-");
	p = control_user_meet(u, 0);
	control_user_read(p, "-", 4);
	expect_input_end(p, STATUS_USAGE);
	control_user_exit(p, STATUS_USAGE, "", "");
	assert_said(u, STATUS_USAGE, "where these commands come from");
}

/* A pipe that nothing comes down, yet; a second question meanwhile. */
static void
test_read_waits(void **state)
{
	struct control_user *u = *state;
	char *pipe = text_format("%s/pipe", u->root);
	char *line = text_format("post lamp:/x -d @%s", pipe);
	struct control_peer *p;
	int fd;

	assert_int_equal(mkfifo(pipe, 0600), 0);
	fd = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_read(p, pipe, 5);
	control_peer_expect_nothing(p);
	/* As it comes, not when it is at its end. */
	assert_int_equal(write(fd, "late", 4), 4);
	expect_input(p, "late", 4);
	control_user_read(p, pipe, 5);
	control_peer_expect_nothing(p);
	close(fd);
	expect_input_end(p, 0);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	/* Cancelled, and asked again, while it waits. */
	fd = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_read(p, pipe, 5);
	control_peer_settle(u->app.context);
	job_cancel(u->job, STATUS_INTERRUPTED);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	control_user_read(p, pipe, 5);
	control_peer_expect_nothing(p);
	control_user_exit(p, 130, "", "");
	assert_int_equal(control_user_finish(u), STATUS_INTERRUPTED);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_read(p, pipe, 5);
	control_user_read(p, pipe, 5);
	assert_said(u, STATUS_INTERNAL, "control protocol");
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	close(fd);
	free(line);
	free(pipe);
}

/* --- keys ---------------------------------------------------------------- */

static void
test_keys(void **state)
{
	static const char packed[] = "\1\0\0\0\2me\3\0\0\0\6secret"
				     "\x0b\0\0\0\4\0\0\0\0";
	struct control_user *u = *state;
	struct control_peer *p;
	char *key = make_file(u, "key", "secret\n", 7);
	char *path = text_format("%s/coap-shell/100", u->root);
	char *line = text_format("open coaps://h --psk-identity me "
				 "--psk-file %s --control %s",
	    key, path);
	static const struct message want = { .type = MESSAGE_WANT_KEYS,
		.request = 1 };

	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_peer_expect_nothing(p);
	control_peer_send(p, &want);
	control_peer_expect(p, MESSAGE_KEYS, 1);
	assert_int_equal(p->m.keys.len, sizeof packed - 1);
	assert_memory_equal(p->m.keys.data, packed, sizeof packed - 1);
	control_user_exit(p, 0, "sec", "/");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	/* They cannot be read, which the user is told. */
	unlink(key);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_peer_send(p, &want);
	control_peer_expect(p, MESSAGE_KEYS_FAILED, 1);
	assert_int_equal(p->m.status, STATUS_LOCAL);
	/* They are wanted once. */
	control_peer_send(p, &want);
	assert_said(u, STATUS_INTERNAL, key);
	control_peer_expect_error(p, 0, ERROR_MALFORMED);
	free(line);
	free(path);
	free(key);
}

/* A command that makes the key, and does not end, meanwhile. */
static void
test_keys_wait(void **state)
{
	static const struct message want = { .type = MESSAGE_WANT_KEYS,
		.request = 1 };
	struct control_user *u = *state;
	char *pipe = text_format("%s/pipe", u->root);
	char *path = text_format("%s/coap-shell/100", u->root);
	char *line;
	struct control_peer *p;
	int fd;

	assert_int_equal(mkfifo(pipe, 0600), 0);
	line = text_format("open coaps://h --psk-identity me "
			   "--psk-cmd cat<%s --control %s",
	    pipe, path);
	fd = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_peer_send(p, &want);
	control_peer_expect_nothing(p);
	job_cancel(u->job, STATUS_INTERRUPTED);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	control_user_exit(p, 130, "", "");
	assert_int_equal(control_user_finish(u), STATUS_INTERRUPTED);
	/* The owner goes. */
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_peer_send(p, &want);
	control_peer_expect_nothing(p);
	control_peer_close(p);
	assert_int_equal(control_user_finish(u), STATUS_STATE);
	close(fd);
	free(line);
	free(path);
	free(pipe);
}

/* --- output -------------------------------------------------------------- */

static void
test_credit(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_user *u = *state;
	struct control_peer *p = begin(u);
	size_t credit = 0, sent = 0, len;
	unsigned i;

	for (i = 0; i < 200; i++) {
		len = 1 + i * 7919 % MESSAGE_DATA;
		while (sent + len - credit > MESSAGE_WINDOW) {
			control_peer_expect(p, MESSAGE_CREDIT, 1);
			credit += p->m.credit;
			assert_true(credit <= sent);
		}
		sent += len;
		control_user_output(p, i % 3 ? STREAM_OUT : STREAM_ERR, much,
		    len);
	}
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_int_equal(u->out.len + u->err.len, sent);
}

static void
test_broken(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_user *u = *state;
	struct control_peer *p = begin(u);

	u->out_fails = true;
	control_user_output(p, STREAM_OUT, "x", 1);
	control_peer_expect(p, MESSAGE_BROKEN, 1);
	assert_int_equal(p->m.stream, STREAM_OUT);
	/* Once; the other stream is fine; credit is given all the same. */
	control_user_output(p, STREAM_ERR, "still", 5);
	control_user_output(p, STREAM_OUT, much, MESSAGE_DATA);
	control_peer_expect(p, MESSAGE_CREDIT, 1);
	assert_int_equal(p->m.credit, MESSAGE_DATA + 6);
	control_user_exit(p, 0, "", "");
	assert_said(u, STATUS_OUTPUT, "still");
	assert_non_null(strstr(u->err.s, "No space left"));
}

static void
test_file(void **state)
{
	struct control_user *u = *state;
	char *path = text_format("%s/out", u->root);
	char *line = text_format("get lamp:/x -o %s", path);
	struct control_peer *p;
	char data[8] = "";
	int fd;

	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_output(p, STREAM_FILE, "abc", 3);
	control_peer_settle(u->app.context);
	assert_int_equal(access(path, F_OK), -1);
	control_user_output(p, STREAM_FILE, "def", 3);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, data, sizeof data), 6);
	assert_string_equal(data, "abcdef");
	close(fd);
	/* None is made when nothing was for it; an empty one for an empty
	 * payload. */
	unlink(path);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_exit(p, 4, "", "");
	assert_int_equal(control_user_finish(u), 4);
	assert_int_equal(access(path, F_OK), -1);
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	control_user_output(p, STREAM_FILE, "", 0);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_int_equal(access(path, F_OK), 0);
	free(line);
	free(path);
}

/* A body that comes piece by piece breaks, and what is there of it is said the
 * next time. */
static void
test_file_goes_on(void **state)
{
	struct control_user *u = *state;
	char *path = text_format("%s/out", u->root);
	char *line = text_format("get lamp:/x --resume -o %s", path);
	struct control_peer *p;
	char data[8] = "";
	int fd;

	control_user_start(u, line);
	p = control_user_meet(u, 0);
	assert_null(p->m.start->found);
	control_user_output(p, STREAM_PART, "begin 0", 7);
	control_user_output(p, STREAM_FILE, "abc", 3);
	control_user_output(p, STREAM_PART, "uri x\netag 0a\n", 14);
	control_user_exit(p, 18, "", "");
	assert_int_equal(control_user_finish(u), 18);
	assert_int_equal(access(path, F_OK), -1);

	control_user_start(u, line);
	p = control_user_meet(u, 0);
	assert_non_null(p->m.start->found);
	assert_string_equal(p->m.start->found, "uri x\netag 0a\nlength 3\n");
	control_user_output(p, STREAM_PART, "begin 2", 7);
	control_user_output(p, STREAM_FILE, "CD", 2);
	control_user_output(p, STREAM_PART, "whole", 5);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, data, sizeof data), 4);
	assert_string_equal(data, "abCD");
	close(fd);
	/* Nothing of it is there any more. */
	control_user_start(u, line);
	p = control_user_meet(u, 0);
	assert_null(p->m.start->found);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	unlink(path);
	free(line);
	free(path);
}

static bool
take_line(void *user, const char *line, size_t len)
{
	struct control_user *u = user;

	text_add_bytes(&u->err, line, len);
	text_add(&u->err, "|");
	return false;
}

/* The line that is not finished goes when its owner does. */
static void
test_line(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;

	u->app.own.sink.line = take_line;
	p = begin(u);
	control_user_output(p, STREAM_LINE, "50 %", 4);
	control_user_output(p, STREAM_ERR, "told\n", 5);
	control_user_output(p, STREAM_LINE, "60 %", 4);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_string_equal(text_string(&u->err), "50 %|told\n60 %||");
}

/* --- what is current ----------------------------------------------------- */

static void
test_follows(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p;

	control_user_start(u, "use lamp");
	p = control_user_meet(u, 0);
	control_user_exit(p, 0, "lamp", "/3");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_string_equal(u->app.own.away, "lamp");
	/* From now on it is said, and commands go there. */
	control_user_start(u, "get /t");
	p = control_user_meet(u, 0);
	assert_string_equal(p->m.start->session, "lamp");
	assert_string_equal(p->m.start->place_session, "lamp");
	assert_string_equal(p->m.start->place_path, "/3");
	/* A path that is not said stays. */
	control_user_exit(p, 0, "lamp", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_string_equal(front_place(&u->app.own, "lamp"), "/3");
	/* An owner of both sessions is told of one place, and says another. */
	control_user_start(u, "info door");
	p = control_user_meet(u, 0);
	assert_string_equal(p->m.start->session, "lamp");
	assert_null(p->m.start->place_session);
	control_user_exit(p, 0, "lamp", "/");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_string_equal(front_place(&u->app.own, "lamp"), "/3");
	/* Where no session is named it is that of the current one. */
	control_user_start(u, "session list --all");
	p = control_user_meet(u, 0);
	assert_string_equal(p->m.start->place_session, "lamp");
	assert_string_equal(p->m.start->place_path, "/3");
	control_user_exit(p, 0, "lamp", "/3");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_string_equal(front_place(&u->app.own, "lamp"), "/3");
	/* Who is asked of another session may not know this one. */
	control_user_start(u, "info door");
	p = control_user_meet(u, 0);
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_non_null(u->app.own.away);
	assert_string_equal(u->app.own.away, "lamp");
	/* It was closed. */
	control_user_start(u, "close lamp");
	p = control_user_meet(u, 0);
	folder_release(u->folder, u->owners[0].name, "lamp");
	control_user_exit(p, 0, "", "");
	assert_int_equal(control_user_finish(u), STATUS_OK);
	assert_null(u->app.own.away);
}

/* Several processes are asked, each for itself. */
static void
test_all(void **state)
{
	static const uint8_t much[MESSAGE_DATA];
	struct control_user *u = *state;
	struct control_peer *p;

	control_user_listen(u, 1, NULL);
	control_user_listen(u, 2, NULL);
	front_use_away(&u->app.own, "lamp");
	control_user_start(u, "session list");
	p = control_user_meet(u, 0);
	control_user_output(p, STREAM_OUT, much, 60000);
	control_user_exit(p, 0, "lamp", "/");
	control_peer_expect_end(p);
	p = control_user_meet(u, 1);
	/* What the first one sent is not this one's. */
	control_user_output(p, STREAM_OUT, much, 10000);
	control_user_exit(p, 4, "", "");
	control_peer_expect_end(p);
	p = control_user_meet(u, 2);
	control_user_exit(p, 3, "", "");
	assert_int_equal(control_user_finish(u), 4);
	assert_int_equal(u->out.len, 70000);
	assert_non_null(u->app.own.away);
	/* Cancelled at the second one; the third is not asked. */
	control_user_start(u, "session list");
	p = control_user_meet(u, 0);
	control_user_exit(p, 0, "lamp", "/");
	control_peer_expect_end(p);
	p = control_user_meet(u, 1);
	job_cancel(u->job, STATUS_INTERRUPTED);
	control_peer_expect(p, MESSAGE_CANCEL, 1);
	control_user_exit(p, 130, "", "");
	assert_int_equal(control_user_finish(u), STATUS_INTERRUPTED);
}

/* The program ends while a command is elsewhere. */
static void
test_app_closes(void **state)
{
	struct control_user *u = *state;
	struct control_peer *p = begin(u);

	control_user_output(p, STREAM_OUT, "x", 1);
	control_peer_settle(u->app.context);
	assert_false(u->done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_start),
		TEST(test_too_long),
		TEST(test_version),
		TEST(test_errors),
		TEST(test_error_without_text),
		TEST(test_garbage),
		TEST(test_unknown),
		TEST(test_dies),
		TEST(test_never_answers),
		TEST(test_cancel),
		TEST(test_deadline),
		TEST(test_read),
		TEST(test_rewind),
		TEST(test_read_stdin),
		TEST(test_read_waits),
		TEST(test_keys),
		TEST(test_keys_wait),
		TEST(test_credit),
		TEST(test_broken),
		TEST(test_file),
		TEST(test_file_goes_on),
		TEST(test_line),
		TEST(test_follows),
		TEST(test_all),
		TEST(test_app_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
