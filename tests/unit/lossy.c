/* SPDX-License-Identifier: BSD-2-Clause */
/* A bad network between two contexts of a test. */
#include "lossy.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <coap3/coap_prng.h>
#include <utlist.h>

#include "base/hash.h"

#define DATAGRAM_MAX 1500
/* Room for what is sent in one call. */
#define SOCKET_BYTES (4 * 1024 * 1024)
/* Odd, and its bits are without a pattern. */
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)

struct lossy_datagram {
	struct lossy_datagram *prev;
	struct lossy_datagram *next;
	uint64_t due_us;
	enum lossy_way way;
	size_t len;
	uint8_t data[];
};

struct lossy lossy;

const struct lossy_rule lossy_ten = {
	.drop = 10,
	.duplicate = 5,
	.reorder = 5,
	.delay_min_ms = 5,
	.delay_max_ms = 60,
	.late_ms = 9000,
};

const struct lossy_rule lossy_thirty = {
	.drop = 30,
	.duplicate = 10,
	.reorder = 10,
	.delay_min_ms = 5,
	.delay_max_ms = 200,
	.late_ms = 9000,
};

/* --- chance --------------------------------------------------------------- */

static uint64_t
xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

static bool
happens(unsigned percent)
{
	return xorshift(&lossy.random) % 100 < percent;
}

static uint64_t
between(uint64_t low, uint64_t high)
{
	return low + xorshift(&lossy.random) % (high - low + 1);
}

static int
library_bytes(void *buf, size_t len)
{
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)xorshift(&lossy.bytes);
	return 1;
}

/* 0: not set. */
static unsigned
number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

unsigned
lossy_first(void)
{
	unsigned seed = number_of("LOSSY_SEED");

	return seed ? seed : 1;
}

unsigned
lossy_next(unsigned seed, unsigned rounds)
{
	if (number_of("LOSSY_SEED"))
		return 0;
	if (number_of("LOSSY_ROUNDS"))
		rounds = number_of("LOSSY_ROUNDS");
	return seed < rounds ? seed + 1 : 0;
}

/* --- the network ---------------------------------------------------------- */

static void
enqueue(enum lossy_way way, uint64_t delay_ms, const uint8_t *data, size_t len)
{
	struct lossy_datagram *d = malloc(sizeof *d + len);
	struct lossy_datagram *at;

	assert_non_null(d);
	d->due_us = w.now_us + delay_ms * 1000;
	d->way = way;
	d->len = len;
	memcpy(d->data, data, len);
	DL_FOREACH(lossy.queue, at)
		if (at->due_us > d->due_us)
			break;
	DL_PREPEND_ELEM(lossy.queue, at, d);
}

static void
pass_on(enum lossy_way way, const uint8_t *data, size_t len)
{
	const struct lossy_rule *r = &lossy.rule[way];
	struct lossy_count *c = &lossy.count[way];
	uint64_t delay = between(r->delay_min_ms, r->delay_max_ms);

	if (len > 0 && happens(r->truncate)) {
		c->truncated++;
		len = between(0, len - 1);
	}
	if (happens(r->reorder)) {
		c->reordered++;
		delay += between(0, r->late_ms);
	}
	enqueue(way, delay, data, len);
}

static void
came(enum lossy_way way, uint8_t *data, size_t len)
{
	const struct lossy_rule *r = &lossy.rule[way];
	struct lossy_count *c = &lossy.count[way];

	c->seen++;
	if (lossy.edit)
		len = lossy.edit(way, data, len);
	if (happens(r->drop) || (lossy.edit && len == 0)) {
		c->dropped++;
		return;
	}
	pass_on(way, data, len);
	if (!happens(r->duplicate))
		return;
	c->duplicated++;
	pass_on(way, data, len);
}

static bool
take_one(enum lossy_way way)
{
	uint8_t data[DATAGRAM_MAX];
	coap_address_t from;
	ssize_t n;

	coap_address_init(&from);
	n = recvfrom(lossy.fd[way], data, sizeof data, MSG_DONTWAIT,
	    &from.addr.sa, &from.size);
	if (n < 0)
		return false;
	if (way == LOSSY_UP)
		lossy.client = from;
	lossy.taken[way]++;
	came(way, data, (size_t)n);
	return true;
}

static void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, NET_HUNG_MS), 1);
}

/* All that a context has sent: the kernel may take a moment. */
static void
collect(void)
{
	for (int way = 0; way < LOSSY_WAYS; way++) {
		while (lossy.taken[way] < lossy.sent[way]) {
			await(lossy.fd[way]);
			take_one(way);
		}
		while (take_one(way))
			lossy.sent[way]++;
	}
}

static void
on_trace(const coapx_trace_t *trace, void *arg)
{
	if (trace->kind == COAPX_TRACE_TX)
		++*(uint64_t *)arg;
}

/* --- what happens --------------------------------------------------------- */

static void
mix(uint64_t word)
{
	lossy.digest = (lossy.digest ^ word) * SPREAD;
	lossy.digest ^= lossy.digest >> 32;
}

static void
run(coap_context_t *context)
{
	assert_true(coap_io_process(context, COAP_IO_NO_WAIT) >= 0);
	collect();
}

static void
deliver(struct lossy_datagram *d)
{
	coap_context_t *to = d->way == LOSSY_UP ? w.server : w.client;

	DL_DELETE(lossy.queue, d);
	lossy.count[d->way].delivered++;
	mix(w.now_us);
	mix((uint64_t)d->way << 32 | d->len);
	for (size_t i = 0; i < d->len; i++)
		mix(d->data[i]);
	/* It leaves by the socket where those of the other way come in. */
	if (d->way == LOSSY_UP)
		world_raw_send(lossy.fd[LOSSY_DOWN], NULL, d->data, d->len);
	else
		world_raw_send(lossy.fd[LOSSY_UP], &lossy.client, d->data,
		    d->len);
	free(d);
	await(to->poller.epfd);
	run(to);
}

static coap_tick_t
next_of(coap_context_t *context)
{
	return timers_next(&context->timers);
}

/* When the next thing is due, in ms. */
static coap_tick_t
next_due(void)
{
	coap_tick_t next = next_of(w.client);

	if (next_of(w.server) < next)
		next = next_of(w.server);
	if (lossy.queue && lossy.queue->due_us / 1000 < next)
		next = lossy.queue->due_us / 1000;
	return next;
}

bool
lossy_step(void)
{
	coap_tick_t next;

	collect();
	next = next_due();
	if (next == TIMER_NEVER)
		return false;
	if (next * 1000 > w.now_us)
		w.now_us = next * 1000;
	if (next_of(w.client) <= w.now_us / 1000)
		run(w.client);
	else if (next_of(w.server) <= w.now_us / 1000)
		run(w.server);
	else
		deliver(lossy.queue);
	return true;
}

void
lossy_advance(uint64_t ms)
{
	uint64_t end = w.now_us + ms * 1000;

	collect();
	while (next_due() <= end / 1000)
		lossy_step();
	w.now_us = end;
}

static void
on_line(coap_session_t *session, const char *line)
{
	bool server = coap_session_get_context(session) == w.server;

	if (strcmp(line, "BAD_PACKET") == 0)
		lossy.bad_packets++;
	if (!server || strcmp(line, "SERVER_SESSION_NEW") != 0)
		return;
	if (lossy.retransmits)
		coap_session_set_max_retransmit(session, lossy.retransmits);
	if (lossy.nstart)
		coap_session_set_nstart(session, lossy.nstart);
}

/* --- up and down ---------------------------------------------------------- */

static void
open_relay(void)
{
	const coap_address_t *server = world_address(COAP_PROTO_UDP);
	coap_address_t back;
	int size = SOCKET_BYTES;

	lossy.fd[LOSSY_UP] = world_raw(SOCK_DGRAM, &lossy.address);
	lossy.fd[LOSSY_DOWN] = world_raw(SOCK_DGRAM, &back);
	assert_int_equal(connect(lossy.fd[LOSSY_DOWN], &server->addr.sa,
			     server->size),
	    0);
	for (int way = 0; way < LOSSY_WAYS; way++)
		setsockopt(lossy.fd[way], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof size);
}

void
lossy_begin(const char *name, unsigned seed, const struct lossy_rule *rule)
{
	/* The key of the process's tables is drawn once. */
	hash_bytes("", 0);
	memset(&lossy, 0, sizeof lossy);
	lossy.name = name;
	lossy.seed = seed;
	lossy.playing = true;
	lossy.random = (seed + 1) * SPREAD;
	lossy.bytes = lossy.random ^ SPREAD >> 7;
	lossy.rule[LOSSY_UP] = *rule;
	lossy.rule[LOSSY_DOWN] = *rule;
	coap_set_prng(library_bytes);
	world_up(NULL);
	w.quiet = true;
	w.hook = on_line;
	open_relay();
	coapx_context_set_trace(w.client, on_trace, &lossy.sent[LOSSY_UP]);
	coapx_context_set_trace(w.server, on_trace, &lossy.sent[LOSSY_DOWN]);
}

static void
close_relay(void)
{
	struct lossy_datagram *d, *tmp;

	DL_FOREACH_SAFE(lossy.queue, d, tmp) {
		DL_DELETE(lossy.queue, d);
		free(d);
	}
	for (int way = 0; way < LOSSY_WAYS; way++)
		close(lossy.fd[way]);
	coap_set_prng(NULL);
}

void
lossy_end(void)
{
	close_relay();
	world_down(NULL);
	lossy.playing = false;
}

int
lossy_teardown(void **state)
{
	const struct lossy_rule *r = lossy.rule;
	const struct lossy_count *c;

	(void)state;
	if (!lossy.playing)
		return 0;
	print_error("%s: LOSSY_SEED=%u, at %llu ms\n", lossy.name, lossy.seed,
	    (unsigned long long)(w.now_us / 1000));
	for (int way = 0; way < LOSSY_WAYS; way++, r++) {
		c = &lossy.count[way];
		print_error("%s: drop %u duplicate %u reorder %u (%u ms) "
			    "truncate %u percent, delay %u to %u ms; of %llu "
			    "datagrams dropped %llu, delivered %llu\n",
		    way == LOSSY_UP ? "up" : "down", r->drop, r->duplicate,
		    r->reorder, r->late_ms, r->truncate, r->delay_min_ms,
		    r->delay_max_ms, (unsigned long long)c->seen,
		    (unsigned long long)c->dropped,
		    (unsigned long long)c->delivered);
	}
	close_relay();
	lossy.playing = false;
	return 0;
}

/* --- sessions ------------------------------------------------------------- */

coap_session_t *
lossy_session(void)
{
	coap_session_t *session = coap_new_client_session(w.client, NULL,
	    &lossy.address, COAP_PROTO_UDP);

	assert_non_null(session);
	LOSSY_UNTIL(
	    coap_session_get_state(session) == COAP_SESSION_STATE_ESTABLISHED);
	return session;
}

void
lossy_set_retransmits(coap_session_t *session, uint16_t n)
{
	if (n == 0)
		return;
	lossy.retransmits = n;
	coap_session_set_max_retransmit(session, n);
	/* Longer than the pauses between repetitions. */
	coap_context_set_session_timeout(w.server, UINT32_MAX / 1000);
}

void
lossy_set_nstart(coap_session_t *session, uint16_t n)
{
	lossy.nstart = n;
	coap_session_set_nstart(session, n);
}

void
lossy_add_resource(const char *path, coap_request_t method,
    coap_method_handler_t handler)
{
	coap_resource_t *r = coap_resource_init(coap_make_str_const(path), 0);

	assert_non_null(r);
	coap_register_request_handler(r, method, handler);
	coap_add_resource(w.server, r);
}

coap_pdu_t *
lossy_request(coap_session_t *session, coap_pdu_type_t type,
    coap_pdu_code_t code, const char *path)
{
	coap_pdu_t *pdu = coap_new_pdu(type, code, session);
	uint8_t token[8];
	size_t len;

	assert_non_null(pdu);
	coap_session_new_token(session, &len, token);
	assert_true(coap_add_token(pdu, len, token));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path),
			(const uint8_t *)path) > 0);
	return pdu;
}
