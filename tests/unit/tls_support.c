/* SPDX-License-Identifier: BSD-2-Clause */
/* Two sessions, joined by queues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tls_support.h"

#include "tls/backend.h"

/* A first wait that makes tests of losses short. */
#define RETRANSMIT_MS 20
/* More than any handshake takes. */
#define ROUNDS_MAX 1000

const struct tls_backend *const tls_be = &tls_backend_table;

void
tls_queue_clear(struct tls_queue *q)
{
	while (q->n > 0)
		free(q->pieces[--q->n].data);
}

void
tls_queue_put(struct tls_queue *q, const void *data, size_t len)
{
	struct tls_piece *piece = &q->pieces[q->n];

	assert_true(q->n < TLS_QUEUE_MAX);
	piece->data = malloc(len + 1);
	assert_non_null(piece->data);
	memcpy(piece->data, data, len);
	piece->len = len;
	piece->at = 0;
	q->n++;
}

static void
queue_shift(struct tls_queue *q)
{
	free(q->pieces[0].data);
	q->n--;
	memmove(q->pieces, q->pieces + 1, q->n * sizeof(q->pieces[0]));
}

static ssize_t
queue_recv(void *user, void *data, size_t size)
{
	struct tls_end *end = user;
	struct tls_queue *q = end->in;
	struct tls_piece *piece = &q->pieces[0];
	size_t n;

	if (q->n == 0)
		return q->ended ? 0 : -COAP_E_AGAIN;
	n = piece->len - piece->at;
	if (n > size)
		n = size;
	memcpy(data, piece->data + piece->at, n);
	piece->at += n;
	if (q->datagram || piece->at == piece->len)
		queue_shift(q);
	return (ssize_t)n;
}

static bool
queue_readable(void *user)
{
	const struct tls_end *end = user;

	return end->in->n > 0 || end->in->ended;
}

static int
queue_send(void *user, const void *data, size_t len)
{
	struct tls_end *end = user;
	struct tls_queue *q = end->out;

	if (q->fail != 0)
		return q->fail;
	if (len > q->longest)
		q->longest = (unsigned)len;
	if ((int)q->total++ == q->drop)
		return 0;
	tls_queue_put(q, data, len);
	return 0;
}

const struct tls_io tls_io_queue = {
	.recv = queue_recv,
	.readable = queue_readable,
	.send = queue_send,
};

static int
on_psk_client(void *user, struct tls_bytes hint, struct tls_psk *psk)
{
	struct tls_end *end = user;

	end->hints++;
	assert_true(hint.len < sizeof(end->hint));
	if (hint.len > 0)
		memcpy(end->hint, hint.data, hint.len);
	end->hint[hint.len] = '\0';
	if (!end->identity)
		return -COAP_E_CREDENTIALS;
	psk->identity.data = (const uint8_t *)end->identity;
	psk->identity.len =
	    end->identity_len > 0 ? end->identity_len : strlen(end->identity);
	psk->key.data = (const uint8_t *)end->key;
	psk->key.len = strlen(end->key);
	return 0;
}

static int
on_psk_server(void *user, struct tls_bytes identity, struct tls_psk *psk)
{
	struct tls_end *end = user;

	assert_true(identity.len <= sizeof(end->seen_identity));
	memcpy(end->seen_identity, identity.data, identity.len);
	end->seen_identity_len = identity.len;
	if (!end->key)
		return -COAP_E_PSK_IDENTITY;
	psk->key.data = (const uint8_t *)end->key;
	psk->key.len = strlen(end->key);
	return 0;
}

static int
on_name(void *user, const char *name, struct tls_ctx **ctx)
{
	struct tls_end *end = user;

	end->names++;
	end->asked_none = name == NULL;
	snprintf(end->asked, sizeof(end->asked), "%s", name ? name : "");
	if (end->want_name && name && strcmp(name, end->want_name) == 0) {
		*ctx = end->name_ctx;
		return 0;
	}
	return end->name_err;
}

static int
on_verify(void *user, const struct tls_peer *peer)
{
	struct tls_end *end = user;

	end->verified++;
	end->problems = peer->problems;
	end->chain_len = peer->n;
	end->rpk = peer->rpk;
	if (peer->n > 0) {
		assert_true(peer->chain[0].len <= sizeof(end->peer));
		memcpy(end->peer, peer->chain[0].data, peer->chain[0].len);
		end->peer_len = peer->chain[0].len;
	}
	if (end->verify_err != 0)
		return end->verify_err;
	return peer->problems == 0 || end->trusting ? 0 : -COAP_E_NOT_TRUSTED;
}

static void
on_resumable(void *user, struct tls_bytes data)
{
	struct tls_end *end = user;

	end->resumables++;
	free(end->resume);
	end->resume = malloc(data.len);
	assert_non_null(end->resume);
	memcpy(end->resume, data.data, data.len);
	end->resume_len = data.len;
}

static void
on_message(void *user, bool sent, unsigned type, const char *name, size_t len)
{
	struct tls_end *end = user;
	size_t used = strlen(end->messages);

	(void)type;
	(void)len;
	snprintf(end->messages + used, sizeof(end->messages) - used, "%s%s ",
	    sent ? ">" : "<", name);
}

static void
on_keylog(void *user, const char *line)
{
	struct tls_end *end = user;
	size_t used = strlen(end->keylog);

	snprintf(end->keylog + used, sizeof(end->keylog) - used, "%s\n", line);
}

const struct tls_host tls_host_all = {
	.psk_client = on_psk_client,
	.psk_server = on_psk_server,
	.name = on_name,
	.verify = on_verify,
	.resumable = on_resumable,
	.message = on_message,
	.keylog = on_keylog,
};

struct tls_source
tls_memory(const struct tls_pki_bytes *bytes)
{
	struct tls_source src = { TLS_SOURCE_MEMORY, NULL,
		{ bytes->data, bytes->len } };

	return src;
}

struct tls_conf
tls_conf_psk(bool server, bool datagram)
{
	struct tls_conf conf;

	memset(&conf, 0, sizeof(conf));
	conf.server = server;
	conf.datagram = datagram;
	conf.psk = true;
	return conf;
}

struct tls_conf
tls_conf_pki(bool server, bool datagram, const struct tls_pki *pki, int name)
{
	struct tls_conf conf;

	memset(&conf, 0, sizeof(conf));
	conf.server = server;
	conf.datagram = datagram;
	conf.pki = true;
	conf.ca = tls_memory(&pki->pair[PKI_CA].cert_pem);
	if (name >= 0) {
		conf.cert = tls_memory(&pki->pair[name].cert_pem);
		conf.key = tls_memory(&pki->pair[name].key_pem);
	}
	return conf;
}

struct tls_ctx *
tls_ctx_of(const struct tls_conf *conf)
{
	struct tls_ctx *ctx = NULL;
	char why[256] = "";

	if (tls_be->ctx_new(conf, &ctx, why, sizeof(why)) != 0)
		print_message("# %s\n", why);
	assert_non_null(ctx);
	return ctx;
}

void
tls_pair_init(struct tls_pair *p, bool datagram)
{
	memset(p, 0, sizeof(*p));
	p->datagram = datagram;
	p->up.datagram = p->down.datagram = datagram;
	p->up.drop = p->down.drop = -1;
	p->client.in = p->server.out = &p->down;
	p->client.out = p->server.in = &p->up;
	p->client.identity = "client";
	p->client.key = p->server.key = "secret";
	p->mtu = 1280;
}

void
tls_pair_open(struct tls_pair *p, struct tls_ctx *client,
    struct tls_ctx *server)
{
	struct tls_sess_params params;

	tls_queue_clear(&p->up);
	tls_queue_clear(&p->down);
	p->up.total = p->down.total = 0;
	p->up.ended = p->down.ended = false;
	memset(&params, 0, sizeof(params));
	params.mtu = p->mtu;
	params.retransmit_ms = RETRANSMIT_MS;
	params.io = &tls_io_queue;
	params.host = &tls_host_all;
	params.host_user = params.io_user = &p->server;
	assert_int_equal(tls_be->sess_new(server, &params, &p->server.sess), 0);
	params.host_user = params.io_user = &p->client;
	params.name = p->name;
	params.resume.data = p->client.resume;
	params.resume.len = p->client.resume_len;
	assert_int_equal(tls_be->sess_new(client, &params, &p->client.sess), 0);
	p->client.result = p->server.result = -COAP_E_AGAIN;
}

/* Waits as long as the first of both timers asks; false: there is none. */
static bool
wait_for_timer(struct tls_pair *p)
{
	int64_t a = tls_be->timeout(p->client.sess);
	int64_t b = tls_be->timeout(p->server.sess);
	int64_t ms = a < 0 || (b >= 0 && b < a) ? b : a;
	struct timespec ts;

	if (ms < 0)
		return false;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000;
	nanosleep(&ts, NULL);
	return true;
}

/* After the handshake reading sends a lost flight again. */
static void
step(struct tls_end *end, bool fired)
{
	uint8_t byte;

	if (end->result == -COAP_E_AGAIN)
		end->result = tls_be->advance(end->sess, fired);
	else if (end->result == 0)
		assert_int_equal(tls_be->read(end->sess, &byte, 0),
		    -COAP_E_AGAIN);
}

static bool
has_failed(const struct tls_end *end)
{
	return end->result != 0 && end->result != -COAP_E_AGAIN;
}

static void
run(struct tls_pair *p, bool timed)
{
	bool fired = true;
	unsigned rounds;

	for (rounds = 0; rounds < ROUNDS_MAX; rounds++) {
		if (fired || p->down.n > 0 || p->down.ended)
			step(&p->client, fired);
		if (fired || p->up.n > 0 || p->up.ended)
			step(&p->server, fired);
		fired = false;
		if (p->client.result != -COAP_E_AGAIN &&
		    p->server.result != -COAP_E_AGAIN)
			return;
		if ((p->up.n > 0 && !has_failed(&p->server)) ||
		    (p->down.n > 0 && !has_failed(&p->client)))
			continue;
		/* Who has failed will not answer any more. */
		if (!timed || has_failed(&p->client) || has_failed(&p->server))
			return;
		if (!wait_for_timer(p))
			return;
		fired = true;
	}
	fail_msg("it goes on and on");
}

void
tls_pair_run(struct tls_pair *p)
{
	run(p, true);
}

void
tls_pair_run_untimed(struct tls_pair *p)
{
	run(p, false);
}

void
tls_pair_send(struct tls_end *from, struct tls_end *to, const void *data,
    size_t len)
{
	uint8_t got[2048];
	size_t at = 0;
	ssize_t n;

	assert_int_equal(tls_be->write(from->sess, data, len), 0);
	while (at < len) {
		n = tls_be->read(to->sess, got, sizeof(got));
		assert_true(n > 0 && (size_t)n <= len - at);
		assert_memory_equal(got, (const uint8_t *)data + at, n);
		at += (size_t)n;
	}
	assert_int_equal(tls_be->read(to->sess, got, sizeof(got)),
	    -COAP_E_AGAIN);
}

void
tls_pair_check(struct tls_pair *p)
{
	assert_int_equal(p->client.result, 0);
	assert_int_equal(p->server.result, 0);
	tls_pair_send(&p->client, &p->server, "hello", 5);
	tls_pair_send(&p->server, &p->client, "hello you", 9);
}

void
tls_pair_close(struct tls_pair *p)
{
	tls_be->sess_free(p->client.sess);
	tls_be->sess_free(p->server.sess);
	p->client.sess = p->server.sess = NULL;
	tls_queue_clear(&p->up);
	tls_queue_clear(&p->down);
	free(p->client.resume);
	p->client.resume = NULL;
	p->client.resume_len = 0;
}

struct tls_info
tls_info_of(const struct tls_end *end)
{
	struct tls_info info;

	tls_be->info(end->sess, &info);
	return info;
}
