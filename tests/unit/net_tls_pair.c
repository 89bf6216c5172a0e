/* SPDX-License-Identifier: BSD-2-Clause */
/* A client and a server of the TLS layer. */
#include "net_tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"

static struct tls_bytes
bytes(const char *text)
{
	return (struct tls_bytes){ (const uint8_t *)text, strlen(text) };
}

static int
psk_client(void *user, struct tls_bytes hint, struct tls_psk *psk)
{
	const struct tls_end *e = user;

	assert_int_equal(hint.len, strlen("hint"));
	psk->identity = bytes(e->identity);
	psk->key = bytes(e->key);
	return 0;
}

static int
psk_server(void *user, struct tls_bytes identity, struct tls_psk *psk)
{
	const struct tls_end *e = user;

	if (!e->key)
		return -COAP_E_PSK_IDENTITY;
	assert_int_equal(identity.len, strlen("me"));
	psk->key = bytes(e->key);
	return 0;
}

static void
resumable(void *user, struct tls_bytes data)
{
	struct tls_end *e = user;

	assert_true(data.len > 0);
	e->resumables++;
}

static const struct tls_host host = {
	.psk_client = psk_client,
	.psk_server = psk_server,
	.resumable = resumable,
};

static coap_tick_t
now(void *user)
{
	return ((const struct net_tls_pair *)user)->now;
}

void
net_tls_pair_init(struct net_tls_pair *p, bool datagram)
{
	struct tls_conf conf = { .datagram = datagram, .psk = true };
	char why[64];
	int i;

	memset(p, 0, sizeof *p);
	p->now = 1000;
	p->datagram = datagram;
	p->mtu = 1200;
	p->backend = &fake_tls_backend;
	fake_layers_init(&p->end[CLIENT].low, &p->end[SERVER].low, datagram);
	for (i = CLIENT; i <= SERVER; i++) {
		conf.server = i == SERVER;
		conf.hint = bytes("hint");
		p->end[i].pair = p;
		p->end[i].identity = "me";
		p->end[i].key = "secret";
		assert_int_equal(fake_tls_backend.ctx_new(&conf, &p->end[i].ctx,
				     why, sizeof why),
		    0);
	}
}

int
net_tls_pair_new(struct net_tls_pair *p, enum side side)
{
	struct tls_end *e = &p->end[side];
	struct layer_tls_params params = {
		.backend = p->backend,
		.ctx = e->ctx,
		.name = p->name,
		.mtu = p->mtu,
		.retransmit_ms = 100,
		.prestate = e->prestate,
		.host = &host,
		.host_user = e,
		.now = now,
		.now_user = p,
	};

	return layer_tls_new(&e->low.layer, &params, &e->top);
}

void
net_tls_pair_open(struct net_tls_pair *p, bool datagram)
{
	net_tls_pair_open_with(p, datagram, &fake_tls_backend);
}

void
net_tls_pair_open_with(struct net_tls_pair *p, bool datagram,
    const struct tls_backend *backend)
{
	net_tls_pair_init(p, datagram);
	p->backend = backend;
	assert_int_equal(net_tls_pair_new(p, CLIENT), 0);
	assert_int_equal(net_tls_pair_new(p, SERVER), 0);
}

void
net_tls_pair_connect(struct net_tls_pair *p, bool datagram)
{
	net_tls_pair_open(p, datagram);
	assert_true(net_tls_pair_run(p));
}

void
net_tls_pair_free(struct net_tls_pair *p)
{
	int i;

	for (i = CLIENT; i <= SERVER; i++) {
		layer_free(p->end[i].top);
		if (!p->end[i].top)
			fake_layer_lose(&p->end[i].low);
		fake_tls_backend.ctx_free(p->end[i].ctx);
	}
}

/* True when something happened. */
static bool
step(struct tls_end *e, bool *done)
{
	size_t sends = e->low.sends;
	size_t len = fake_layer_len(&e->low);
	int r;

	if (!e->top)
		return false;
	r = layer_connect(e->top);
	if (r == 0)
		*done = true;
	return r == -COAP_E_AGAIN &&
	    (sends != e->low.sends || len != fake_layer_len(&e->low));
}

bool
net_tls_pair_run(struct net_tls_pair *p)
{
	bool done[2] = { false, false };
	bool busy = true;

	while (busy) {
		busy = step(&p->end[CLIENT], &done[CLIENT]);
		if (step(&p->end[SERVER], &done[SERVER]))
			busy = true;
		/* Whoever is done sends its last flight again in recv(). */
		if (done[SERVER] && !done[CLIENT] &&
		    fake_layer_len(&p->end[SERVER].low) > 0) {
			assert_int_equal(net_tls_pair_recv(p, SERVER),
			    -COAP_E_AGAIN);
			busy = true;
		}
	}
	return done[CLIENT] && done[SERVER];
}

bool
net_tls_pair_run_timers(struct net_tls_pair *p, int times)
{
	coap_tick_t next, other;
	bool done = net_tls_pair_run(p);

	for (; !done && times > 0; times--) {
		next = layer_next(p->end[CLIENT].top);
		other = layer_next(p->end[SERVER].top);
		if (other < next)
			next = other;
		if (next == TIMER_NEVER)
			return false;
		if (next > p->now)
			p->now = next;
		layer_timer(p->end[CLIENT].top, p->now);
		layer_timer(p->end[SERVER].top, p->now);
		done = net_tls_pair_run(p);
	}
	return done;
}

int
net_tls_pair_send(struct net_tls_pair *p, enum side side, const char *text)
{
	return layer_send(p->end[side].top, text, strlen(text));
}

void
net_tls_pair_expect(struct net_tls_pair *p, enum side side, const char *text)
{
	char data[2048];
	size_t len = strlen(text);
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = layer_recv(p->end[side].top, data + got, sizeof data - got);
		if (n == -COAP_E_AGAIN && fake_layer_len(&p->end[side].low) > 0)
			continue;
		assert_in_range(n, 1, len - got);
		got += (size_t)n;
	}
	assert_memory_equal(data, text, len);
}

int
net_tls_pair_recv(struct net_tls_pair *p, enum side side)
{
	char data[256];
	ssize_t n = layer_recv(p->end[side].top, data, sizeof data);

	return n > 0 ? 1 : (int)n;
}

void
net_tls_pair_info(struct net_tls_pair *p, enum side side, struct tls_info *info)
{
	const struct tls_backend *backend;
	struct tls_sess *s = layer_tls_session(p->end[side].top, &backend);

	assert_ptr_equal(backend, p->backend);
	backend->info(s, info);
}
