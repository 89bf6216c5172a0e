/* SPDX-License-Identifier: BSD-2-Clause */
/* The TLS layer with the back-end of this build, over sockets on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/layer_tls.h"
#include "net_support.h"
#include "skip.h"
#include "tls_peek.h"
#include "tls_pki.h"

#define MIB ((size_t)1024 * 1024)
#define RX  ((size_t)64 * 1024)

enum side {
	CLIENT,
	SERVER,
};

/* An owner of a stack, as a session is one. */
struct end {
	struct layer *low;
	struct layer *top;
	struct tls_ctx *ctx;
	bool ready; /* recv() or connect() is due */
	bool done;
	bool ended; /* recv() gave 0 */
	int err;
	int failed;  /* of layer_events */
	size_t slow; /* bytes that are read a pass; 0: all */
	size_t recvs;
	struct buf got;
};

struct pair {
	struct net_world *w;
	const struct tls_backend *backend;
	struct end end[2];
	struct tcp_port *tcp;
	struct udp_port *udp;
	unsigned replied;          /* hellos that were asked for a cookie */
	unsigned datagrams;        /* that came to the server */
	unsigned lose;             /* bit n: number n does not */
	const struct tls_pki *pki; /* with certificates of both; else a key */
	unsigned mtu;              /* 0: 1200 */
	int refuse;                /* what verify() of the client gives */
};

static struct pair pair;

/* --- what the back-end asks ----------------------------------------------- */

static struct tls_bytes
bytes(const char *text)
{
	return (struct tls_bytes){ (const uint8_t *)text, strlen(text) };
}

static int
psk_client(void *user, struct tls_bytes hint, struct tls_psk *psk)
{
	(void)user;
	(void)hint;
	psk->identity = bytes("me");
	psk->key = bytes("0123456789abcdef");
	return 0;
}

static int
psk_server(void *user, struct tls_bytes identity, struct tls_psk *psk)
{
	(void)user;
	if (identity.len != 2 || memcmp(identity.data, "me", 2) != 0)
		return -COAP_E_PSK_IDENTITY;
	psk->key = bytes("0123456789abcdef");
	return 0;
}

static int
verify(void *user, const struct tls_peer *peer)
{
	if (peer->problems)
		return -COAP_E_NOT_TRUSTED;
	return user == &pair.end[CLIENT] ? pair.refuse : 0;
}

static const struct tls_host host = {
	.psk_client = psk_client,
	.psk_server = psk_server,
	.verify = verify,
};

static coap_tick_t
now(void *user)
{
	(void)user;
	return net_now();
}

/* --- an owner ------------------------------------------------------------- */

static void
on_readable(void *user)
{
	((struct end *)user)->ready = true;
}

static void
on_failed(void *user, int err)
{
	(void)err;
	((struct end *)user)->failed++;
}

static const struct layer_events events = {
	.readable = on_readable,
	.writable = on_readable,
	.failed = on_failed,
};

static void
put_tls(struct end *e, struct tls_prestate *prestate)
{
	struct layer_tls_params params = {
		.backend = pair.backend,
		.ctx = e->ctx,
		.name = e == &pair.end[CLIENT] ? "localhost" : NULL,
		.mtu = pair.mtu,
		.retransmit_ms = 50,
		.prestate = prestate,
		.host = &host,
		.host_user = e,
		.now = now,
	};

	assert_int_equal(layer_tls_new(e->low, &params, &e->top), 0);
	e->ready = true;
}

/* False when there is nothing more to read now. */
static bool
read_once(struct end *e)
{
	static uint8_t data[RX];
	ssize_t n;

	e->recvs++;
	n = layer_recv(e->top, data,
	    e->slow > 0 && e->slow < RX ? e->slow : RX);
	if (n == -COAP_E_AGAIN) {
		/* Whoever goes on asking would spin. */
		assert_false(layer_pending(e->top));
		return false;
	}
	if (n <= 0) {
		e->ended = n == 0;
		e->err = (int)n;
		return false;
	}
	assert_int_equal(buf_append(&e->got, data, (size_t)n), 0);
	/* What it had no time for the socket, or pending(), tells again. */
	return e->slow == 0;
}

static void
serve(struct end *e)
{
	int r = 0;

	if (!e->top || e->err < 0 || e->ended)
		return;
	if (layer_next(e->top) <= net_now()) {
		layer_timer(e->top, net_now());
		e->ready = true;
	}
	if (!e->ready && !layer_pending(e->top))
		return;
	e->ready = false;
	if (!e->done)
		r = layer_connect(e->top);
	e->done = r == 0;
	if (r < 0 && r != -COAP_E_AGAIN)
		e->err = r;
	while (e->done && read_once(e))
		;
}

/* How long the loop may wait, in ms. */
static int
patience(void)
{
	coap_tick_t t = net_now();
	coap_tick_t next;
	int ms = 100;
	int i;

	for (i = CLIENT; i <= SERVER; i++) {
		if (!pair.end[i].top)
			continue;
		next = layer_next(pair.end[i].top);
		if (layer_pending(pair.end[i].top) || next <= t)
			return 0;
		if (next - t < (coap_tick_t)ms)
			ms = (int)(next - t);
	}
	return ms;
}

static void
turn(void)
{
	serve(&pair.end[CLIENT]);
	serve(&pair.end[SERVER]);
	assert_true(poller_wait(&pair.w->poller, patience()) >= 0);
	serve(&pair.end[CLIENT]);
	serve(&pair.end[SERVER]);
}

#define RUN_UNTIL(cond)                                      \
	do {                                                 \
		coap_tick_t hung_ = net_now() + NET_HUNG_MS; \
		while (!(cond) && net_now() < hung_)         \
			turn();                              \
		assert_true(cond);                           \
	} while (0)

/* --- sockets -------------------------------------------------------------- */

static void
on_accepted(void *user, int fd, const coap_address_t *remote,
    const coap_address_t *local)
{
	struct end *e = &pair.end[SERVER];

	(void)user;
	(void)remote;
	(void)local;
	assert_null(e->top);
	assert_int_equal(layer_tcp_server(&pair.w->poller, fd, &events, e,
			     &e->low),
	    0);
	put_tls(e, NULL);
}

static const struct tcp_port_events tcp_events = {
	.accepted = on_accepted,
};

static int
on_reply(void *user, const void *data, size_t len)
{
	const struct udp_datagram *d = user;

	pair.replied++;
	return udp_port_send(pair.udp, &d->remote, &d->local, d->ifindex, data,
	    len);
}

/* Whether it is the first datagram of a peer whose address is good. */
static bool
admit(const struct udp_datagram *d)
{
	struct end *e = &pair.end[SERVER];
	struct tls_prestate prestate = { 0 };
	struct tls_hello hello = {
		.datagram = { d->data, d->len },
		.peer = { (const uint8_t *)&d->remote, sizeof d->remote },
		.now_ms = net_now(),
		.reply = on_reply,
		.user = (void *)(uintptr_t)d,
	};

	if (pair.backend->admit(e->ctx, &hello, &prestate) != TLS_ADMIT)
		return false;
	assert_int_equal(layer_udp_server(pair.udp, &d->remote, &d->local,
			     d->ifindex, &events, e, &e->low),
	    0);
	put_tls(e, &prestate);
	return true;
}

static void
on_datagram(void *user, const struct udp_datagram *d)
{
	struct end *e = &pair.end[SERVER];
	unsigned bit = pair.datagrams < 32 ? 1U << pair.datagrams : 0;

	(void)user;
	pair.datagrams++;
	if (pair.lose & bit)
		return;
	if (!e->top && !admit(d))
		return;
	layer_udp_server_feed(e->top, d->data, d->len);
	e->ready = true;
	serve(e);
	layer_udp_server_feed(e->top, NULL, 0);
}

static const struct udp_port_events udp_events = {
	.datagram = on_datagram,
};

static struct tls_source
in_memory(const struct tls_pki_bytes *b)
{
	return (struct tls_source){
		.kind = TLS_SOURCE_MEMORY,
		.bytes = { b->data, b->len },
	};
}

static void
use_pki(struct tls_conf *conf, const struct tls_pki *pki,
    enum tls_pki_name name)
{
	conf->pki = true;
	conf->cert = in_memory(&pki->pair[name].cert_pem);
	conf->key = in_memory(&pki->pair[name].key_pem);
	conf->ca = in_memory(&pki->pair[PKI_CA].cert_pem);
	conf->ask = TLS_ASK_REQUIRED;
}

static void
make_ctx(bool datagram)
{
	const struct tls_pki *pki = pair.pki;
	struct tls_conf conf = { .datagram = datagram, .psk = !pki };
	char why[128] = "";
	int i;

	for (i = CLIENT; i <= SERVER; i++) {
		conf.server = i == SERVER;
		if (pki)
			use_pki(&conf, pki,
			    i == SERVER ? PKI_SERVER : PKI_CLIENT);
		assert_int_equal(pair.backend->ctx_new(&conf, &pair.end[i].ctx,
				     why, sizeof why),
		    0);
	}
}

/* A listening socket; the client's stack too, unless it is made by hand. */
static void
open_pair(void **state, bool datagram, bool client)
{
	struct end *e = &pair.end[CLIENT];
	coap_address_t a = net_address("127.0.0.1", 0);

	pair.w = *state;
	pair.backend = tls_backend(NULL, 0);
	assert_non_null(pair.backend);
	buf_init(&pair.end[CLIENT].got, 4 * MIB);
	buf_init(&pair.end[SERVER].got, 4 * MIB);
	make_ctx(datagram);
	if (datagram) {
		assert_int_equal(udp_port_open(&pair.w->poller, &a, &udp_events,
				     NULL, &pair.udp),
		    0);
		a = *udp_port_local(pair.udp);
	} else {
		assert_int_equal(tcp_port_open(&pair.w->poller, &a, &tcp_events,
				     NULL, &pair.tcp),
		    0);
		a = *tcp_port_local(pair.tcp);
	}
	if (!client)
		return;
	assert_int_equal((datagram ? layer_udp_client
				   : layer_tcp_client)(&pair.w->poller, NULL,
			     &a, &events, e, &e->low),
	    0);
	put_tls(e, NULL);
}

static void
connect_pair(void **state, bool datagram)
{
	open_pair(state, datagram, true);
	RUN_UNTIL(pair.end[CLIENT].done && pair.end[SERVER].done);
}

static int
teardown(void **state)
{
	int i;

	for (i = CLIENT; i <= SERVER && pair.backend; i++) {
		layer_free(pair.end[i].top);
		pair.backend->ctx_free(pair.end[i].ctx);
		buf_free(&pair.end[i].got);
	}
	udp_port_free(pair.udp);
	tcp_port_free(pair.tcp);
	memset(&pair, 0, sizeof pair);
	return net_teardown(state);
}

static void
assert_got(enum side side, const void *data, size_t len)
{
	struct end *e = &pair.end[side];

	RUN_UNTIL(e->got.len >= len || e->err < 0 || e->ended);
	assert_int_equal(e->got.len, len);
	assert_memory_equal(e->got.data, data, len);
	buf_free(&e->got);
}

static int
say(enum side side, const char *text)
{
	return layer_send(pair.end[side].top, text, strlen(text));
}

static void
talk(void)
{
	assert_int_equal(say(CLIENT, "question"), 0);
	assert_got(SERVER, "question", 8);
	assert_int_equal(say(SERVER, "answer"), 0);
	assert_got(CLIENT, "answer", 6);
}

/* --- DTLS ----------------------------------------------------------------- */

static void
dtls_flights(void **state)
{
	const struct tls_backend *backend;
	struct tls_sess *s;
	struct tls_info info;

	connect_pair(state, true);
	/* The hello, the hello with its cookie, and the last flight; and two
	 * of the server beside the one that asks for the cookie. */
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 3);
	assert_int_equal(tls_peek_sends(pair.end[SERVER].top), 2);
	assert_int_equal(pair.replied, 1);
	assert_int_equal(pair.datagrams, 3);
	talk();
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 4);
	s = layer_tls_session(pair.end[CLIENT].top, &backend);
	backend->info(s, &info);
	assert_string_equal(info.version, "DTLS 1.2");
	assert_true(info.psk);
	assert_int_equal(layer_next(pair.end[CLIENT].top), TIMER_NEVER);
	net_assert_quiet(&pair.w->poller);
}

static void
dtls_goodbye(void **state)
{
	connect_pair(state, true);
	layer_close(pair.end[CLIENT].top);
	RUN_UNTIL(pair.end[SERVER].err < 0);
	assert_int_equal(pair.end[SERVER].err, -COAP_E_PEER_CLOSED);
}

static void
dtls_losses(void **state)
{
	pair.lose = 0x15;
	connect_pair(state, true);
	talk();
}

/* The server is done and its last flight is lost: it sends it again when the
 * client does so with its own. */
static void
dtls_last_flight_lost(void **state)
{
	struct end *client = &pair.end[CLIENT];
	struct end *server = &pair.end[SERVER];
	coap_tick_t hung = net_now() + NET_HUNG_MS;
	uint8_t data[1500];
	size_t sends;

	open_pair(state, true, true);
	while (!server->done && net_now() < hung) {
		serve(client);
		assert_true(poller_wait(&pair.w->poller, patience()) >= 0);
	}
	assert_true(server->done);
	assert_in_range(layer_recv(client->low, data, sizeof data), 1, 200);
	sends = tls_peek_sends(server->top);
	RUN_UNTIL(client->done);
	assert_int_equal(tls_peek_sends(server->top), sends + 1);
	talk();
}

/* Nobody is there: the kernel says so, and the handshake goes on. */
static void
dtls_refused(void **state)
{
	struct end *e = &pair.end[CLIENT];
	coap_address_t a;

	open_pair(state, true, false);
	a = net_refusing(SOCK_DGRAM);
	assert_int_equal(layer_udp_client(&pair.w->poller, NULL, &a, &events, e,
			     &e->low),
	    0);
	put_tls(e, NULL);
	RUN_UNTIL(e->failed > 0 || e->err < 0);
	assert_int_equal(e->err, 0);
	RUN_UNTIL(e->failed > 1 || e->err < 0);
	assert_int_equal(e->err, 0);
	assert_int_equal(layer_connect(e->top), -COAP_E_AGAIN);
}

static void
dtls_garbage(void **state)
{
	static const uint8_t junk[100] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 40, 2 };
	coap_address_t a;
	int fd;

	open_pair(state, true, false);
	a = *udp_port_local(pair.udp);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, junk, sizeof junk, 0, &a.addr.sa, a.size),
	    sizeof junk);
	RUN_UNTIL(pair.datagrams == 1);
	close(fd);
	assert_null(pair.end[SERVER].top);
	assert_int_equal(pair.replied, 0);
}

/* A message over the data MTU is refused, one of its length is not. */
static void
dtls_mtu(void **state)
{
	static uint8_t data[1500];
	const struct tls_backend *backend;
	struct tls_sess *s;
	struct tls_info info;

	connect_pair(state, true);
	s = layer_tls_session(pair.end[CLIENT].top, &backend);
	backend->info(s, &info);
	assert_in_range(info.data_mtu, 1100, 1200 - 13);
	assert_int_equal(layer_send(pair.end[CLIENT].top, data,
			     info.data_mtu + 1),
	    -COAP_E_TOOBIG);
	assert_int_equal(layer_send(pair.end[CLIENT].top, data, info.data_mtu),
	    0);
	assert_got(SERVER, data, info.data_mtu);
	layer_tls_set_mtu(pair.end[CLIENT].top, 300);
	backend->info(s, &info);
	assert_in_range(info.data_mtu, 200, 300 - 13);
	assert_int_equal(layer_send(pair.end[CLIENT].top, data, 300),
	    -COAP_E_TOOBIG);
	talk();
}

/* --- certificates --------------------------------------------------------- */

static struct tls_pki all_pki;

static int
make_pki(void **state)
{
	(void)state;
	return tls_pki_new(&all_pki);
}

static int
free_pki(void **state)
{
	(void)state;
	tls_pki_free(&all_pki);
	return 0;
}

static void
pki_flights(void **state, bool datagram, unsigned mtu)
{
	struct tls_bytes der;
	struct layer *top;
	bool rpk;

	pair.pki = &all_pki;
	pair.mtu = mtu;
	connect_pair(state, datagram);
	talk();
	top = pair.end[SERVER].top;
	assert_int_equal(pair.backend->peer_cert(layer_tls_session(top, NULL),
			     0, &der, &rpk),
	    0);
	assert_int_equal(der.len, all_pki.pair[PKI_CLIENT].cert_der.len);
}

/* Both show a certificate: each flight is one datagram still. */
static void
dtls_certificates(void **state)
{
	pki_flights(state, true, 1400);
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 4);
	assert_int_equal(tls_peek_sends(pair.end[SERVER].top), 3);
}

/* Flights of many datagrams, each in fragments. */
static void
dtls_small_mtu(void **state)
{
	pki_flights(state, true, 256);
	assert_in_range(tls_peek_sends(pair.end[CLIENT].top), 6, 12);
	assert_in_range(tls_peek_sends(pair.end[SERVER].top), 5, 12);
}

static void
dtls_small_mtu_losses(void **state)
{
	pair.lose = 0x54;
	pki_flights(state, true, 256);
}

static void
tls_certificates(void **state)
{
	pki_flights(state, false, 0);
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 3);
}

/* The client does not want this server, which hears why. */
static void
not_trusted(void **state, bool datagram)
{
	const struct tls_backend *backend;
	struct tls_info info;

	pair.pki = &all_pki;
	pair.refuse = -COAP_E_NOT_TRUSTED;
	open_pair(state, datagram, true);
	RUN_UNTIL(pair.end[CLIENT].err < 0 && pair.end[SERVER].err < 0);
	assert_int_equal(pair.end[CLIENT].err, -COAP_E_NOT_TRUSTED);
	assert_int_equal(pair.end[SERVER].err, -COAP_E_TLS_ALERT);
	backend = pair.backend;
	backend->info(layer_tls_session(pair.end[SERVER].top, NULL), &info);
	assert_in_range(info.alert, 42, 48);
	assert_false(info.alert_sent);
}

static void
dtls_not_trusted(void **state)
{
	not_trusted(state, true);
}

static void
tls_not_trusted(void **state)
{
	not_trusted(state, false);
}

/* --- TLS ------------------------------------------------------------------ */

/* All sockets that are connected have it. */
static void
assert_no_delay(void)
{
	int sockets = 0;
	int fd, on;
	coap_address_t a;
	socklen_t len;

	for (fd = 0; fd < 256; fd++) {
		len = sizeof a.addr;
		if (getpeername(fd, &a.addr.sa, &len) < 0)
			continue;
		len = sizeof on;
		if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) < 0)
			continue;
		sockets++;
		assert_true(on);
	}
	assert_true(sockets >= 2);
}

static void
tls_flights(void **state)
{
	struct tls_info info;
	const struct tls_backend *backend;
	struct tls_sess *s;

	connect_pair(state, false);
	s = layer_tls_session(pair.end[CLIENT].top, &backend);
	backend->info(s, &info);
	/* Hello and Finished; the server's are one flight in TLS 1.3. */
	assert_string_equal(info.version, "TLS 1.3");
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 2);
	assert_in_range(tls_peek_sends(pair.end[SERVER].top), 1, 2);
	assert_no_delay();
	talk();
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 3);
	net_assert_quiet(&pair.w->poller);
}

static uint8_t *
pattern(size_t len, unsigned seed)
{
	uint8_t *data = malloc(len);
	size_t i;

	assert_non_null(data);
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + i / 251 + seed);
	return data;
}

static void
big_both_ways(size_t slow)
{
	uint8_t *to = pattern(MIB, 1);
	uint8_t *back = pattern(MIB, 2);
	size_t memory = mem_outstanding();

	pair.end[CLIENT].slow = slow;
	pair.end[SERVER].slow = slow;
	assert_int_equal(layer_send(pair.end[CLIENT].top, to, MIB), 0);
	assert_int_equal(layer_send(pair.end[SERVER].top, back, MIB), 0);
	RUN_UNTIL(
	    pair.end[SERVER].got.len >= MIB && pair.end[CLIENT].got.len >= MIB);
	assert_got(SERVER, to, MIB);
	assert_got(CLIENT, back, MIB);
	assert_int_equal(layer_backlog(pair.end[CLIENT].top), 0);
	assert_int_equal(layer_backlog(pair.end[SERVER].top), 0);
	assert_int_equal(mem_outstanding(), memory);
	free(back);
	free(to);
}

static void
tls_big(void **state)
{
	connect_pair(state, false);
	big_both_ways(0);
	/* Pieces of 20 KiB: fewer calls than records would not be possible. */
	assert_in_range(pair.end[SERVER].recvs, 64, 400);
	assert_int_equal(tls_peek_sends(pair.end[CLIENT].top), 3);
}

static void
tls_big_slow(void **state)
{
	connect_pair(state, false);
	big_both_ways(1500);
}

/* A peer that does not read at all: there is an end to what is taken, and
 * nothing is lost. */
static void
tls_stuck(void **state)
{
	uint8_t *data = pattern(MIB, 3);
	struct end *server = &pair.end[SERVER];
	struct end *client = &pair.end[CLIENT];
	size_t n = 0;
	size_t i;
	int r = 0;

	connect_pair(state, false);
	layer_want_read(server->top, false);
	buf_init(&server->got, 64 * MIB);
	while (r == 0 && n < 64) {
		r = layer_send(client->top, data, MIB);
		n += r == 0;
		poller_wait(&pair.w->poller, 0);
	}
	assert_int_equal(r, -COAP_E_AGAIN);
	assert_in_range(n, 1, 32);
	assert_in_range(layer_backlog(client->top), LAYER_BACKLOG_MAX,
	    LAYER_BACKLOG_MAX + 2 * MIB);
	layer_want_read(server->top, true);
	RUN_UNTIL(server->got.len == n * MIB);
	for (i = 0; i < n; i++)
		assert_memory_equal(server->got.data + i * MIB, data, MIB);
	buf_free(&server->got);
	free(data);
	talk();
}

/* --- the end of a stream -------------------------------------------------- */

static void
tls_half_closed(void **state)
{
	connect_pair(state, false);
	layer_close(pair.end[SERVER].top);
	RUN_UNTIL(pair.end[CLIENT].ended);
	assert_int_equal(say(CLIENT, "still here"), 0);
	assert_got(SERVER, "still here", 10);
	layer_close(pair.end[CLIENT].top);
	RUN_UNTIL(pair.end[SERVER].ended);
}

static void
tls_cut(void **state)
{
	connect_pair(state, false);
	talk();
	layer_close(pair.end[SERVER].low);
	RUN_UNTIL(pair.end[CLIENT].err < 0 || pair.end[CLIENT].ended);
	assert_int_equal(pair.end[CLIENT].err, -COAP_E_RESET);
	assert_int_equal(say(CLIENT, "a"), -COAP_E_RESET);
}

static void
tls_alert(void **state)
{
	const struct tls_backend *backend;
	struct tls_info info;

	connect_pair(state, false);
	tls_peek_abort(pair.end[SERVER].top, 80);
	RUN_UNTIL(pair.end[CLIENT].err < 0);
	assert_int_equal(pair.end[CLIENT].err, -COAP_E_TLS_ALERT);
	layer_tls_session(pair.end[CLIENT].top, &backend);
	backend->info(layer_tls_session(pair.end[CLIENT].top, NULL), &info);
	assert_int_equal(info.alert, 80);
	assert_false(info.alert_sent);
}

/* A socket without TLS, connected to the port. */
static int
raw_client(void)
{
	const coap_address_t *a = tcp_port_local(pair.tcp);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &a->addr.sa, a->size), 0);
	RUN_UNTIL(pair.end[SERVER].top);
	return fd;
}

static void
tls_garbage(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	uint8_t alert[7];
	int fd;

	open_pair(state, false, false);
	fd = raw_client();
	assert_int_equal(write(fd, http, sizeof http - 1), sizeof http - 1);
	RUN_UNTIL(pair.end[SERVER].err < 0);
	assert_int_equal(pair.end[SERVER].err, -COAP_E_TLS);
	layer_close(pair.end[SERVER].top);
	/* An alert (21), and the end. */
	assert_int_equal(recv(fd, alert, sizeof alert, MSG_WAITALL), 7);
	assert_int_equal(alert[0], 21);
	assert_int_equal(alert[5], 2);
	close(fd);
}

static void
tls_hung_up(void **state)
{
	int fd;

	open_pair(state, false, false);
	fd = raw_client();
	close(fd);
	RUN_UNTIL(pair.end[SERVER].err < 0);
	assert_int_equal(pair.end[SERVER].err, -COAP_E_PEER_CLOSED);
}

static void
tls_no_tls_server(void **state)
{
	static const char text[] = "220 mail.example ESMTP\r\n";
	struct end *e = &pair.end[CLIENT];
	coap_address_t a = net_address("127.0.0.1", 0);
	socklen_t len = a.size;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd;

	open_pair(state, false, false);
	assert_int_equal(bind(listener, &a.addr.sa, a.size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &a.addr.sa, &len), 0);
	assert_int_equal(layer_tcp_client(&pair.w->poller, NULL, &a, &events, e,
			     &e->low),
	    0);
	put_tls(e, NULL);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	RUN_UNTIL(e->err < 0);
	assert_int_equal(e->err, -COAP_E_TLS);
	close(fd);
	close(listener);
}

/* --- many descriptors ----------------------------------------------------- */

/* All numbers below this are taken. */
#define HIGH 1100

static int
fill_descriptors(int *fds)
{
	struct rlimit limit;
	int n = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	if (limit.rlim_cur < HIGH + 100) {
		limit.rlim_cur = HIGH + 100;
		if (limit.rlim_max < limit.rlim_cur ||
		    setrlimit(RLIMIT_NOFILE, &limit) < 0)
			return -1;
	}
	for (;;) {
		fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(fds[n] >= 0);
		if (fds[n++] >= HIGH)
			return n;
	}
}

static void
high(void **state, bool datagram)
{
	static int fds[HIGH + 1];
	int n = fill_descriptors(fds);

	if (n < 0)
		skip_because("the limit of descriptors is too low");
	connect_pair(state, datagram);
	talk();
	if (!datagram)
		big_both_ways(0);
	while (n > 0)
		close(fds[--n]);
}

static void
tls_high(void **state)
{
	high(state, false);
}

static void
dtls_high(void **state)
{
	high(state, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, net_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dtls_flights),
		TEST(dtls_goodbye),
		TEST(dtls_losses),
		TEST(dtls_last_flight_lost),
		TEST(dtls_refused),
		TEST(dtls_garbage),
		TEST(dtls_mtu),
		TEST(dtls_certificates),
		TEST(dtls_small_mtu),
		TEST(dtls_small_mtu_losses),
		TEST(dtls_not_trusted),
		TEST(dtls_high),
		TEST(tls_flights),
		TEST(tls_big),
		TEST(tls_big_slow),
		TEST(tls_stuck),
		TEST(tls_half_closed),
		TEST(tls_cut),
		TEST(tls_alert),
		TEST(tls_garbage),
		TEST(tls_hung_up),
		TEST(tls_no_tls_server),
		TEST(tls_certificates),
		TEST(tls_not_trusted),
		TEST(tls_high),
	};

	return cmocka_run_group_tests(tests, make_pki, free_pki);
}
