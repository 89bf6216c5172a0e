/* SPDX-License-Identifier: BSD-2-Clause */
/* A lower layer for tests of layers. */
#include "fake_layer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/err.h"

struct fake_chunk {
	struct fake_chunk *prev;
	struct fake_chunk *next;
	size_t pos;
	size_t len;
	uint8_t data[];
};

static struct fake_layer *
of(struct layer *l)
{
	return (struct fake_layer *)l;
}

static void
drop_first(struct fake_layer *f)
{
	struct fake_chunk *c = f->in;

	DL_DELETE(f->in, c);
	free(c);
}

static int
fake_connect(struct layer *l)
{
	return of(l)->connect;
}

static ssize_t
nothing(const struct fake_layer *f)
{
	if (f->recv_err < 0)
		return f->recv_err;
	return f->eof && !f->layer.ops->datagram ? 0 : -COAP_E_AGAIN;
}

static ssize_t
recv_datagram(struct fake_layer *f, void *data, size_t size)
{
	size_t n = f->in->len;

	if (n <= size)
		memcpy(data, f->in->data, n);
	drop_first(f);
	return n <= size ? (ssize_t)n : -COAP_E_TOOBIG;
}

static ssize_t
recv_stream(struct fake_layer *f, uint8_t *data, size_t size)
{
	size_t got = 0;
	size_t n;

	if (f->cut > 0 && size > f->cut)
		size = f->cut;
	while (f->in && got < size) {
		n = f->in->len - f->in->pos;
		if (n > size - got)
			n = size - got;
		memcpy(data + got, f->in->data + f->in->pos, n);
		f->in->pos += n;
		got += n;
		if (f->in->pos == f->in->len)
			drop_first(f);
	}
	return (ssize_t)got;
}

static ssize_t
fake_recv(struct layer *l, void *data, size_t size)
{
	struct fake_layer *f = of(l);

	f->recvs++;
	if (!f->in)
		return nothing(f);
	return l->ops->datagram ? recv_datagram(f, data, size)
				: recv_stream(f, data, size);
}

void
fake_layer_put(struct fake_layer *l, const void *data, size_t len)
{
	struct fake_chunk *c = malloc(sizeof *c + len);

	assert(c);
	c->pos = 0;
	c->len = len;
	memcpy(c->data, data, len);
	if (l->backwards && l->layer.ops->datagram)
		DL_PREPEND(l->in, c);
	else
		DL_APPEND(l->in, c);
}

static int
fake_send(struct layer *l, const void *data, size_t len)
{
	struct fake_layer *f = of(l);
	int r = f->send_err;

	if (r == 0 && f->max > 0 && len > f->max)
		r = -COAP_E_TOOBIG;
	if (r == 0 && f->backlog > LAYER_BACKLOG_MAX)
		r = -COAP_E_AGAIN;
	if (r < 0) {
		f->refused++;
		return r;
	}
	if (f->sends < FAKE_LAYER_LOG)
		f->lens[f->sends] = len;
	if (len > 0 && (f->sends >= 64 || !(f->lose >> f->sends & 1)))
		fake_layer_put(f->peer, data, len);
	f->sends++;
	return 0;
}

static void
fake_close(struct layer *l)
{
	of(l)->closes++;
	of(l)->peer->eof = true;
}

void
fake_layer_lose(struct fake_layer *l)
{
	while (l->in)
		drop_first(l);
}

static void
fake_destroy(struct layer *l)
{
	fake_layer_lose(of(l));
	of(l)->destroyed++;
}

static size_t
fake_backlog(const struct layer *l)
{
	return ((const struct fake_layer *)l)->backlog;
}

static void
fake_want_read(struct layer *l, bool on)
{
	of(l)->wanted = on;
}

static int
fake_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	(void)l;
	(void)local;
	*ifindex = 42;
	return 0;
}

static const struct layer_ops stream_ops = {
	.name = "fake",
	.connect = fake_connect,
	.recv = fake_recv,
	.send = fake_send,
	.close = fake_close,
	.destroy = fake_destroy,
	.backlog = fake_backlog,
	.want_read = fake_want_read,
	.local = fake_local,
};

static const struct layer_ops datagram_ops = {
	.name = "fake",
	.datagram = true,
	.connect = fake_connect,
	.recv = fake_recv,
	.send = fake_send,
	.close = fake_close,
	.destroy = fake_destroy,
	.backlog = fake_backlog,
	.want_read = fake_want_read,
	.local = fake_local,
};

void
fake_layers_init(struct fake_layer *a, struct fake_layer *b, bool datagram)
{
	memset(a, 0, sizeof *a);
	memset(b, 0, sizeof *b);
	a->layer.ops = datagram ? &datagram_ops : &stream_ops;
	b->layer.ops = a->layer.ops;
	a->peer = b;
	b->peer = a;
	a->wanted = -1;
	b->wanted = -1;
}

size_t
fake_layer_len(const struct fake_layer *l)
{
	const struct fake_chunk *c;
	size_t len = 0;

	DL_FOREACH(l->in, c)
		len += c->len - c->pos;
	return len;
}

bool
fake_layer_has(const struct fake_layer *l, const void *data, size_t len)
{
	const struct fake_chunk *c;

	DL_FOREACH(l->in, c)
		if (memmem(c->data + c->pos, c->len - c->pos, data, len))
			return true;
	return false;
}
