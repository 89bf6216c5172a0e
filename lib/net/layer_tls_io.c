/* SPDX-License-Identifier: BSD-2-Clause */
/* Between a back-end and the layer below: the bytes of one call. */
#include "net/layer_tls_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

/* Pieces, or datagrams, that one call into the back-end takes. */
#define READS_A_CALL 32
/* When what is kept is tried again, should nobody call before; ms. */
#define RETRY 50
/* Header of a record (RFC 6347 section 4.1): the length is at the end. */
#define RECORD_HEADER 13

int
tls_fail(struct tls *t, int err)
{
	if (t->err == 0)
		t->err = err;
	t->due = TIMER_NEVER;
	return t->err;
}

static int
send_below(struct tls *t, const uint8_t *data, size_t len)
{
	t->sends++;
	return layer_send(t->layer.next, data, len);
}

/* --- datagrams that go out ------------------------------------------------ */

/* The MTU that is tried after a datagram of len bytes was too long. */
static unsigned
smaller_mtu(size_t len)
{
	static const unsigned steps[] = { 16384, 8192, 4096, 1452, 1232, 1024,
		548, 256 };
	size_t i;

	for (i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i] < len)
			return steps[i];
	return 0;
}

/* The length of the first record. */
static size_t
record_len(const uint8_t *data, size_t len)
{
	size_t n;

	if (len < RECORD_HEADER)
		return len;
	n = RECORD_HEADER + ((size_t)data[RECORD_HEADER - 2] << 8) +
	    data[RECORD_HEADER - 1];
	return n < len ? n : len;
}

/* Records that do not fit as one datagram go out one by one. */
static int
send_apart(struct tls *t, const uint8_t *data, size_t len)
{
	int first = 0;
	size_t n;
	int r;

	for (; len > 0; data += n, len -= n) {
		n = record_len(data, len);
		r = send_below(t, data, n);
		if (first == 0)
			first = r;
	}
	return first;
}

/* A datagram that is lost is the business of whoever sends it again; here the
 * reason is noted. */
static void
send_datagram(struct tls *t, const uint8_t *data, size_t len)
{
	int r = send_below(t, data, len);
	unsigned mtu = 0;

	if (r == -COAP_E_TOOBIG)
		mtu = smaller_mtu(len);
	if (mtu > 0 && mtu < t->mtu) {
		t->mtu = mtu;
		t->mtu_changed = true;
	}
	if (r == -COAP_E_TOOBIG && record_len(data, len) < len)
		r = send_apart(t, data, len);
	if (t->send_err == 0)
		t->send_err = r;
}

static void
flush_datagram(struct tls *t)
{
	struct tls_frame *f = t->frame;

	if (f->out_len > 0)
		send_datagram(t, f->out, f->out_len);
	f->out_len = 0;
}

static void
put_datagram(struct tls *t, const uint8_t *data, size_t len)
{
	struct tls_frame *f = t->frame;
	size_t room = t->mtu < TLS_JOINT ? t->mtu : TLS_JOINT;

	if (f->out_len + len > room)
		flush_datagram(t);
	if (len > TLS_JOINT) {
		send_datagram(t, data, len);
		return;
	}
	memcpy(f->out + f->out_len, data, len);
	f->out_len += len;
}

/* --- streams that go out -------------------------------------------------- */

/* From the frame to what outlives it; only the latter is used from then on,
 * until it went out. */
static int
spill(struct tls *t)
{
	struct tls_frame *f = t->frame;
	int r;

	if (!f || f->out_len == 0)
		return 0;
	r = buf_append(&t->out, f->out, f->out_len);
	if (r == 0)
		f->out_len = 0;
	return r;
}

/* Nothing is left to send. */
static void
drained(struct tls *t)
{
	if (t->frame)
		t->frame->out_len = 0;
	buf_free(&t->out);
	t->retry = TIMER_NEVER;
	if (!t->lower_open)
		return;
	t->lower_open = false;
	layer_close(t->layer.next);
}

/* Without these bytes no record can follow, for they have numbers. */
static int
broken(struct tls *t, int err)
{
	drained(t);
	return tls_fail(t, err);
}

/* The layer below did not take it: 0 when it is kept. */
static int
refused(struct tls *t, int err)
{
	int r;

	if (err != -COAP_E_AGAIN && err != -COAP_E_NOMEM)
		return broken(t, err);
	r = spill(t);
	if (r < 0)
		return broken(t, r);
	t->retry = t->now(t->now_user) + RETRY;
	return 0;
}

static int
flush_kept(struct tls *t)
{
	size_t n;
	int r;

	while (t->out.len > 0) {
		n = t->out.len < LAYER_SEND_MAX ? t->out.len : LAYER_SEND_MAX;
		r = send_below(t, t->out.data, n);
		if (r < 0)
			return refused(t, r);
		buf_consume(&t->out, n);
	}
	drained(t);
	return 0;
}

int
tls_flush(struct tls *t)
{
	struct tls_frame *f = t->frame;
	int r = 0;

	if (t->out.len > 0)
		return flush_kept(t);
	if (f && f->out_len > 0)
		r = send_below(t, f->out, f->out_len);
	if (r < 0)
		return refused(t, r);
	drained(t);
	return 0;
}

static int
put_stream(struct tls *t, const uint8_t *data, size_t len)
{
	struct tls_frame *f = t->frame;
	int r;

	if (t->out.len == 0 && f->out_len + len <= TLS_JOINT) {
		memcpy(f->out + f->out_len, data, len);
		f->out_len += len;
		return 0;
	}
	r = spill(t);
	if (r == 0)
		r = buf_append(&t->out, data, len);
	return r < 0 ? broken(t, r) : 0;
}

/* --- what comes in -------------------------------------------------------- */

static void
forget_in(struct tls *t)
{
	coap_free_type(COAP_STRING, t->kept_in);
	t->kept_in = NULL;
	t->in = NULL;
	t->in_len = 0;
}

static ssize_t
recv_datagram(struct tls *t, uint8_t *data, size_t size)
{
	ssize_t n = -COAP_E_TOOBIG;

	/* One that does not fit is lost, the next one may be good. */
	while (n == -COAP_E_TOOBIG && t->frame->reads++ < READS_A_CALL)
		n = layer_recv(t->layer.next, data, size);
	if (n > 0)
		return n;
	if (n < 0 && n != -COAP_E_TOOBIG && n != -COAP_E_AGAIN)
		t->recv_err = (int)n;
	return -COAP_E_AGAIN;
}

static ssize_t
recv_stream(struct tls *t, uint8_t *data, size_t size)
{
	ssize_t n;

	if (t->frame->reads++ >= READS_A_CALL)
		return -COAP_E_AGAIN;
	n = layer_recv(t->layer.next, data, size);
	if (n == 0)
		t->cut = true;
	if (n < 0 && n != -COAP_E_AGAIN)
		t->recv_err = (int)n;
	return n;
}

/* From the layer below: bytes or a datagram, -COAP_E_AGAIN, an error, 0. */
static ssize_t
recv_below(struct tls *t, uint8_t *data, size_t size)
{
	ssize_t n;

	/* A back-end may ask again and again; each would be a system call. */
	if (t->frame->idle)
		return -COAP_E_AGAIN;
	n = t->datagram ? recv_datagram(t, data, size)
			: recv_stream(t, data, size);
	t->frame->idle = n == -COAP_E_AGAIN;
	if (n > 0)
		t->dry = false;
	return n;
}

/* Something to take, or what recv_below() says. */
static ssize_t
fill(struct tls *t)
{
	ssize_t n;

	if (t->in_len > 0)
		return (ssize_t)t->in_len;
	forget_in(t);
	n = recv_below(t, t->frame->in, TLS_PIECE);
	if (n > 0) {
		t->in = t->frame->in;
		t->in_len = (size_t)n;
	}
	return n;
}

static ssize_t
io_recv(void *user, void *data, size_t size)
{
	struct tls *t = user;
	size_t take;
	ssize_t n;

	if (!t->frame)
		return -COAP_E_AGAIN;
	if (t->in_len == 0 && (t->datagram || size >= TLS_PIECE))
		return recv_below(t, data, size);
	n = fill(t);
	if (n <= 0)
		return n;
	take = t->in_len < size ? t->in_len : size;
	memcpy(data, t->in, take);
	/* A datagram is given once, also when it does not fit. */
	if (t->datagram)
		t->in_len = take;
	t->in += take;
	t->in_len -= take;
	return (ssize_t)take;
}

static bool
io_readable(void *user)
{
	struct tls *t = user;

	return t->frame && fill(t) != -COAP_E_AGAIN;
}

static int
io_send(void *user, const void *data, size_t len)
{
	struct tls *t = user;

	if (!t->frame)
		return -COAP_E_STATE;
	if (!t->datagram)
		return put_stream(t, data, len);
	put_datagram(t, data, len);
	return 0;
}

const struct tls_io tls_layer_io = {
	.recv = io_recv,
	.readable = io_readable,
	.send = io_send,
};

/* --- a call into the back-end --------------------------------------------- */

void
tls_enter(struct tls *t, struct tls_frame *f)
{
	f->out_len = 0;
	f->reads = 0;
	f->idle = false;
	t->frame = f;
	t->recv_err = 0;
	t->send_err = 0;
}

/* What was read and not taken outlives the frame. */
static int
keep_in(struct tls *t)
{
	if (t->in_len == 0) {
		forget_in(t);
		return 0;
	}
	if (t->kept_in)
		return 0;
	t->kept_in = coap_malloc_type(COAP_STRING, t->in_len);
	if (!t->kept_in) {
		t->in_len = 0;
		return t->datagram ? 0 : -COAP_E_NOMEM;
	}
	memcpy(t->kept_in, t->in, t->in_len);
	t->in = t->kept_in;
	return 0;
}

/* Why the back-end failed; what happened below is the better reason. */
static int
reason(const struct tls *t, int r)
{
	if (!t->datagram && t->recv_err < 0)
		return t->recv_err;
	if (t->cut)
		return t->done ? -COAP_E_RESET : -COAP_E_PEER_CLOSED;
	return r;
}

ssize_t
tls_leave(struct tls *t, ssize_t r)
{
	int kept;

	if (r < 0 && r != -COAP_E_AGAIN && r != -COAP_E_TOOBIG)
		tls_fail(t, reason(t, (int)r));
	/* The alert that belongs to the failure goes out as well. */
	if (t->datagram)
		flush_datagram(t);
	else
		tls_flush(t);
	kept = keep_in(t);
	t->frame = NULL;
	if (kept < 0)
		tls_fail(t, kept);
	if (t->err < 0)
		return t->err;
	if (t->mtu_changed)
		t->backend->set_mtu(t->sess, t->mtu);
	t->mtu_changed = false;
	return r;
}
