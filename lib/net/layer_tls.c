/* SPDX-License-Identifier: BSD-2-Clause */
/* DTLS and TLS: a back-end's session between the owner and a layer below. */
#include "net/layer_tls_internal.h"

#include "base/alloc.h"
#include "base/err.h"

#define MTU_DEFAULT 1200
/* What is kept when the layer below refuses: what one message becomes, and
 * what the back-end says by itself (alerts, answers to key updates). */
#define KEPT_MAX \
	(LAYER_SEND_MAX + TLS_OVERHEAD(LAYER_SEND_MAX) + LAYER_BACKLOG_MAX)

static struct tls *
tls_of(struct layer *l)
{
	return (struct tls *)l;
}

static void
set_due(struct tls *t)
{
	int64_t ms;

	t->due = TIMER_NEVER;
	if (t->done || t->err < 0)
		return;
	ms = t->backend->timeout(t->sess);
	if (ms >= 0)
		t->due = t->now(t->now_user) + (coap_tick_t)ms;
}

/* Whether a datagram's failure says nothing about the session: what is lost is
 * sent again, and ICMP errors are told by events->failed. */
static bool
is_passing(int err)
{
	return err == -COAP_E_AGAIN || err == -COAP_E_TOOBIG ||
	    err == -COAP_E_NOMEM || err == -COAP_E_REFUSED ||
	    err == -COAP_E_UNREACH;
}

static int
advance(struct tls *t)
{
	struct tls_frame f;
	bool fired = t->fired;
	int r;

	t->fired = false;
	t->started = true;
	tls_enter(t, &f);
	r = (int)tls_leave(t, t->backend->advance(t->sess, fired));
	if (r == -COAP_E_AGAIN && t->send_err < 0 && !is_passing(t->send_err))
		return tls_fail(t, t->send_err);
	if (r == 0)
		t->done = true;
	set_due(t);
	return r;
}

static int
tls_connect(struct layer *l)
{
	struct tls *t = tls_of(l);
	int r;

	if (t->err < 0)
		return t->err;
	if (t->done)
		return 0;
	if (t->closed)
		return -COAP_E_CLOSED;
	r = layer_connect(l->next);
	if (r == -COAP_E_AGAIN)
		return r;
	return r < 0 ? tls_fail(t, r) : advance(t);
}

/* read() has said that there is no more. */
static int
end(struct tls *t)
{
	/* Whoever has closed needs no answer to that. */
	if (t->cut && !t->closed)
		return tls_fail(t, -COAP_E_RESET);
	t->ended = true;
	return t->datagram ? tls_fail(t, -COAP_E_PEER_CLOSED) : 0;
}

static ssize_t
read_session(struct tls *t, void *data, size_t size)
{
	struct tls_frame f;
	ssize_t r;

	tls_enter(t, &f);
	r = t->backend->read(t->sess, data, size);
	if (r < 0 && r != -COAP_E_AGAIN && t->cut && t->closed)
		r = 0;
	r = tls_leave(t, r);
	if (r == 0)
		return end(t);
	if (r != -COAP_E_AGAIN)
		return r;
	t->dry = true;
	if (t->recv_err < 0 && !is_passing(t->recv_err))
		return tls_fail(t, t->recv_err);
	return r;
}

static ssize_t
tls_recv(struct layer *l, void *data, size_t size)
{
	struct tls *t = tls_of(l);
	int r;

	if (t->err < 0)
		return t->err;
	if (t->ended)
		return 0;
	if (t->closed && (t->datagram || !t->done))
		return -COAP_E_CLOSED;
	r = tls_connect(l);
	return r < 0 ? r : read_session(t, data, size);
}

/* Whether a stream takes a message now: 0, -COAP_E_AGAIN or an error. */
static int
stream_ready(struct tls *t, size_t len)
{
	int r = 0;

	if (len > LAYER_SEND_MAX)
		return -COAP_E_TOOBIG;
	if (t->out.len > 0)
		r = tls_flush(t);
	if (r < 0)
		return r;
	if (t->out.len > 0)
		return -COAP_E_AGAIN;
	/* Before anything is encrypted; it is the layer below that refuses, so
	 * that writable() follows. */
	if (layer_backlog(t->layer.next) > LAYER_BACKLOG_MAX)
		r = layer_send(t->layer.next, "", 0);
	if (r < 0)
		return r == -COAP_E_AGAIN ? r : tls_fail(t, r);
	if (len + TLS_OVERHEAD(len) <= TLS_JOINT)
		return 0;
	return buf_reserve(&t->out, len + TLS_OVERHEAD(len));
}

static int
tls_send(struct layer *l, const void *data, size_t len)
{
	struct tls *t = tls_of(l);
	struct tls_frame f;
	int r = 0;

	if (t->err < 0)
		return t->err;
	if (t->closed)
		return -COAP_E_CLOSED;
	if (!t->done)
		return -COAP_E_AGAIN;
	if (!t->datagram)
		r = stream_ready(t, len);
	if (r < 0)
		return r;
	tls_enter(t, &f);
	r = (int)tls_leave(t, t->backend->write(t->sess, data, len));
	return r < 0 ? r : t->send_err;
}

static void
say_goodbye(struct tls *t)
{
	struct tls_frame f;

	tls_enter(t, &f);
	t->backend->close(t->sess, 0);
	tls_leave(t, 0);
}

static void
tls_close(struct layer *l)
{
	struct tls *t = tls_of(l);

	if (t->closed)
		return;
	/* A peer that has said goodbye gets an answer (RFC 5246, 7.2.1). */
	if (t->started && (t->err == 0 || t->ended))
		say_goodbye(t);
	t->closed = true;
	t->due = TIMER_NEVER;
	t->lower_open = true;
	tls_flush(t);
}

static void
tls_destroy(struct layer *l)
{
	struct tls *t = tls_of(l);

	t->backend->sess_free(t->sess);
	coap_free_type(COAP_STRING, t->kept_in);
	buf_free(&t->out);
	coap_free_type(COAP_SESSION, t);
}

static size_t
tls_backlog(const struct layer *l)
{
	return ((const struct tls *)l)->out.len + layer_backlog(l->next);
}

static bool
tls_pending(const struct layer *l)
{
	const struct tls *t = (const struct tls *)l;

	/* Before the handshake is done a back-end may count what it cannot
	 * give, and afterwards half a record. */
	if (!t->done || t->dry || t->ended || t->err < 0)
		return false;
	if (t->closed && t->datagram)
		return false;
	return t->in_len > 0 || t->backend->pending(t->sess);
}

static coap_tick_t
tls_next(const struct layer *l)
{
	const struct tls *t = (const struct tls *)l;

	return t->retry < t->due ? t->retry : t->due;
}

static void
tls_timer(struct layer *l, coap_tick_t now)
{
	struct tls *t = tls_of(l);

	if (t->retry <= now)
		tls_flush(t);
	if (t->due > now)
		return;
	t->due = TIMER_NEVER;
	t->fired = true;
}

/* What a session may still tell after its handshake, to nobody. */

static void
unheard_resumable(void *user, struct tls_bytes data)
{
	(void)user;
	(void)data;
}

static void
unheard_message(void *user, bool sent, unsigned type, const char *name,
    size_t len)
{
	(void)user;
	(void)sent;
	(void)type;
	(void)name;
	(void)len;
}

static void
unheard_keylog(void *user, const char *line)
{
	(void)user;
	(void)line;
}

/* The owner may be gone: a key is not given any more, a peer not judged. */
static void
tls_orphan(struct layer *l)
{
	struct tls *t = tls_of(l);

	t->host = (struct tls_host){
		.resumable = t->host.resumable ? unheard_resumable : NULL,
		.message = t->host.message ? unheard_message : NULL,
		.keylog = t->host.keylog ? unheard_keylog : NULL,
	};
}

#define OPS(NAME, DATAGRAM)                                                 \
	{                                                                   \
		.name = (NAME), .datagram = (DATAGRAM),                     \
		.connect = tls_connect, .recv = tls_recv, .send = tls_send, \
		.close = tls_close, .destroy = tls_destroy,                 \
		.backlog = tls_backlog, .pending = tls_pending,             \
		.next = tls_next, .timer = tls_timer, .orphan = tls_orphan  \
	}

static const struct layer_ops tls_ops = OPS("tls", false);
static const struct layer_ops dtls_ops = OPS("dtls", true);

static int
new_session(struct tls *t, const struct layer_tls_params *params)
{
	struct tls_sess_params p = {
		.name = params->name,
		.resume = params->resume,
		.mtu = t->mtu,
		.retransmit_ms = params->retransmit_ms,
		.prestate = params->prestate,
		.io = &tls_layer_io,
		.io_user = t,
		.host = &t->host,
		.host_user = params->host_user,
	};

	return t->backend->sess_new(params->ctx, &p, &t->sess);
}

int
layer_tls_new(struct layer *lower, const struct layer_tls_params *params,
    struct layer **out)
{
	struct tls *t = mem_new(COAP_SESSION, 1, sizeof *t);
	int r;

	if (!t)
		return -COAP_E_NOMEM;
	t->datagram = lower->ops->datagram;
	t->layer.ops = t->datagram ? &dtls_ops : &tls_ops;
	t->layer.next = lower;
	t->backend = params->backend;
	if (params->host)
		t->host = *params->host;
	t->now = params->now;
	t->now_user = params->now_user;
	t->mtu = params->mtu > 0 ? params->mtu : MTU_DEFAULT;
	t->due = TIMER_NEVER;
	t->retry = TIMER_NEVER;
	buf_init(&t->out, KEPT_MAX);
	r = new_session(t, params);
	if (r < 0) {
		coap_free_type(COAP_SESSION, t);
		return r;
	}
	*out = &t->layer;
	return 0;
}

/* The TLS layer of a stack, or NULL. */
static const struct layer *
find(const struct layer *l)
{
	while (l && l->ops != &tls_ops && l->ops != &dtls_ops)
		l = l->next;
	return l;
}

struct tls_sess *
layer_tls_session(const struct layer *l, const struct tls_backend **backend)
{
	const struct tls *t = (const struct tls *)find(l);

	if (backend)
		*backend = t ? t->backend : NULL;
	return t ? t->sess : NULL;
}

void
layer_tls_set_mtu(struct layer *l, unsigned mtu)
{
	struct tls *t = (struct tls *)(uintptr_t)find(l);

	if (!t || !t->datagram || t->err < 0)
		return;
	t->mtu = mtu;
	t->backend->set_mtu(t->sess, mtu);
}
