/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a control socket. */
#include "control_peer.h"

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

/* All that may come and is not looked at yet. */
#define ROOM  ((size_t)4 << 20)
#define CHUNK ((size_t)65536)
/* Seconds without anything, after which it hangs. */
#define HANGS 50
/* Passes in which something that is on its way in one process has come. */
#define PASSES 64
#define WORDS  64
/* Passes in which nothing was taken, after which nothing will be. */
#define IDLE 2000

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct control_peer *p = arg;
	ssize_t n;

	(void)what;
	if (p->begin > 0) {
		memmove(p->in, p->in + p->begin, p->end - p->begin);
		p->end -= p->begin;
		p->begin = 0;
	}
	if (p->end == ROOM) {
		coapx_watch_set(watch, 0);
		return;
	}
	n = recv(fd, p->in + p->end, ROOM - p->end, MSG_DONTWAIT);
	if (n > 0) {
		p->end += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		p->ended = true;
		coapx_watch_free(p->watch);
		p->watch = NULL;
	}
}

void
control_peer_open(struct control_peer *p, coap_context_t *context, int fd)
{
	*p = (struct control_peer){ .context = context, .fd = fd };
	assert_true(fd >= 0);
	p->in = malloc(ROOM);
	assert_non_null(p->in);
	/* Kept, so that what is sent later needs no memory. */
	assert_non_null(bytes_reserve(&p->out, 2 * CHUNK));
	p->watch = coapx_watch_new(context, fd, COAPX_READ, on_ready, p, NULL);
	assert_non_null(p->watch);
}

void
control_peer_close(struct control_peer *p)
{
	if (p->fd < 0)
		return;
	coapx_watch_free(p->watch);
	p->watch = NULL;
	message_free(&p->m);
	p->m = (struct message){ .type = 0 };
	close(p->fd);
	p->fd = -1;
	bytes_free(&p->out);
	free(p->in);
	p->in = NULL;
}

void
control_peer_deafen(struct control_peer *p, bool deaf)
{
	coapx_watch_set(p->watch, deaf ? 0 : COAPX_READ);
}

/* --- sending ------------------------------------------------------------- */

void
control_peer_raw(struct control_peer *p, const void *data, size_t len)
{
	const uint8_t *at = data;
	unsigned idle = 0;
	ssize_t n;

	while (len > 0 && idle < IDLE) {
		n = send(p->fd, at, len < CHUNK ? len : CHUNK,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
			idle = 0;
		} else if (errno == EAGAIN) {
			coap_io_process(p->context, COAP_IO_NO_WAIT);
			idle++;
		} else if (errno != EINTR) {
			return;
		}
	}
	/* Half a message is none. */
	p->stuck = len > 0;
}

void
control_peer_send(struct control_peer *p, const struct message *m)
{
	struct bytes out = p->out;

	assert_int_equal(message_encode(&out, m), 0);
	control_peer_raw(p, bytes_front(&out), out.len);
	bytes_take(&out, out.len);
	p->out = out;
}

void
control_peer_hello(struct control_peer *p)
{
	struct message m = { .type = MESSAGE_HELLO };

	m.hello.version = CONTROL_VERSION;
	control_peer_send(p, &m);
}

void
control_peer_start(struct control_peer *p, uint32_t request, const char *line,
    const struct start *more)
{
	struct message m = { .type = MESSAGE_START, .request = request };
	struct start start = { .options = { .color = -1 } };
	char *copy = strdup(line);
	char *words[WORDS];
	char *rest = copy;
	char *word;

	assert_non_null(copy);
	if (more)
		start = *more;
	start.words = words;
	start.n_words = 0;
	for (word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		assert_true(start.n_words < WORDS);
		words[start.n_words++] = word;
	}
	m.start = &start;
	control_peer_send(p, &m);
	free(copy);
}

void
control_peer_number(struct control_peer *p, enum message_type type,
    uint32_t request, uint32_t n)
{
	struct message m = { .type = type, .request = request };

	if (type == MESSAGE_CREDIT)
		m.credit = n;
	else if (type == MESSAGE_INPUT_END)
		m.input_end.status = n;
	else if (type == MESSAGE_BROKEN)
		m.stream = n;
	else
		m.status = n;
	control_peer_send(p, &m);
}

void
control_peer_input(struct control_peer *p, uint32_t request, const void *data,
    size_t len)
{
	struct message m = { .type = MESSAGE_INPUT, .request = request };

	m.input = (struct slice){ data, len };
	control_peer_send(p, &m);
}

/* --- what comes ---------------------------------------------------------- */

/* How long the message is that has come; 0: none has. */
static size_t
there(const struct control_peer *p)
{
	size_t len = p->end - p->begin;
	int64_t need = message_length(p->in + p->begin, len);

	assert_true(need >= 0);
	return need > 0 && (size_t)need <= len ? (size_t)need : 0;
}

bool
control_peer_next(struct control_peer *p)
{
	unsigned quiet = 0;
	size_t len;

	for (len = there(p); len == 0 && !p->ended; len = there(p)) {
		quiet =
		    coap_io_process(p->context, 1000) < 1000 ? 0 : quiet + 1;
		if (quiet > HANGS)
			fail_msg("nothing comes");
	}
	if (len == 0) {
		assert_int_equal(p->begin, p->end);
		return false;
	}
	message_free(&p->m);
	assert_int_equal(message_decode(p->in + p->begin, len, &p->m), 0);
	p->begin += len;
	if (p->watch && p->end == ROOM)
		coapx_watch_set(p->watch, COAPX_READ);
	return true;
}

void
control_peer_expect(struct control_peer *p, enum message_type type,
    uint32_t request)
{
	if (!control_peer_next(p))
		fail_msg("the end, where message %d was due", type);
	if (p->m.type != type && p->m.type == MESSAGE_ERROR)
		print_error("ERROR %u: %.*s\n", p->m.error.code,
		    (int)p->m.error.text.len,
		    (const char *)p->m.error.text.data);
	if (p->m.type != type && p->m.type == MESSAGE_OUTPUT)
		print_error("OUTPUT: %.*s\n", (int)p->m.output.data.len,
		    (const char *)p->m.output.data.data);
	assert_int_equal(p->m.type, type);
	assert_int_equal(p->m.request, request);
}

void
control_peer_expect_error(struct control_peer *p, uint32_t request,
    enum message_error code)
{
	control_peer_expect(p, MESSAGE_ERROR, request);
	assert_int_equal(p->m.error.code, code);
	if (request == 0)
		control_peer_expect_end(p);
}

void
control_peer_expect_end(struct control_peer *p)
{
	if (control_peer_next(p))
		fail_msg("message %d, where the end was due", p->m.type);
}

bool
control_peer_has(const struct control_peer *p)
{
	return there(p) > 0;
}

void
control_peer_settle(coap_context_t *context)
{
	for (unsigned i = 0; i < PASSES; i++)
		coap_io_process(context, COAP_IO_NO_WAIT);
}

void
control_peer_expect_nothing(struct control_peer *p)
{
	control_peer_settle(p->context);
	if (there(p) > 0) {
		control_peer_next(p);
		fail_msg("message %d, where nothing was due", p->m.type);
	}
	assert_false(p->ended);
}
