/* SPDX-License-Identifier: BSD-2-Clause */
/* A network and a clock for tests of the datagram layer. */

#include "fake_net.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "wire/pdu.h"

struct fake_flight {
	struct fake_flight *prev;
	struct fake_flight *next; /* by arrival */
	struct fake_peer *to;
	coap_tick_t at;
	size_t len;
	uint8_t data[];
};

uint32_t
fake_random(struct fake_net *net)
{
	net->seed = net->seed * 1664525 + 1013904223;
	return net->seed >> 8;
}

/* The log */

static void __attribute__((format(printf, 2, 3)))
append(struct fake_peer *peer, const char *format, ...)
{
	char line[128];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (peer->quiet)
		return;
	peer->log = realloc(peer->log, peer->log_len + (size_t)n + 1);
	assert(peer->log);
	memcpy(peer->log + peer->log_len, line, (size_t)n + 1);
	peer->log_len += (size_t)n;
}

void
fake_forget(struct fake_peer *peer)
{
	free(peer->log);
	peer->log = calloc(1, 1);
	assert(peer->log);
	peer->log_len = 0;
}

static void
note(struct fake_peer *peer, enum fake_kind kind, const coap_pdu_t *pdu,
    int value)
{
	peer->count[kind]++;
	if (peer->hook)
		peer->hook(peer, kind, pdu, value);
}

/* Operations */

static void
put_on_link(struct fake_peer *from, const uint8_t *data, size_t len)
{
	struct fake_net *net = from->net;
	const struct fake_link *link = &net->link;
	struct fake_flight *flight, *at;

	flight = malloc(sizeof(*flight) + len);
	assert(flight);
	flight->to = from == &net->a ? &net->b : &net->a;
	flight->at = net->now + link->delay_min +
	    fake_random(net) % (link->delay_max - link->delay_min + 1);
	flight->len = len;
	memcpy(flight->data, data, len);
	at = net->flights;
	while (at && at->at <= flight->at)
		at = at->next;
	if (at)
		DL_PREPEND_ELEM(net->flights, at, flight);
	else
		DL_APPEND(net->flights, flight);
}

static int
on_transmit(void *user, const uint8_t *data, size_t len)
{
	struct fake_peer *peer = user;
	struct fake_net *net = peer->net;

	append(peer, "%" PRIu64 " sent ", net->now);
	for (size_t i = 0; i < len; i++)
		append(peer, "%02x", data[i]);
	append(peer, "\n");
	if (net->link.up && fake_random(net) % 1000 >= net->link.drop)
		put_on_link(peer, data, len);
	if (net->link.up && fake_random(net) % 1000 < net->link.duplicate)
		put_on_link(peer, data, len);
	note(peer, FAKE_SENT, NULL, 0);
	return peer->transmit_error;
}

static void
on_deliver(void *user, const coap_pdu_t *pdu)
{
	static const char *const types[] = { "CON", "NON", "ACK", "RST" };
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " deliver %s %u.%02u %04x\n", peer->net->now,
	    types[pdu->type], pdu->code >> 5, pdu->code & 31, pdu->mid);
	note(peer, FAKE_DELIVER, pdu, 0);
}

static void
on_acked(void *user, coap_pdu_t *sent)
{
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " acked %04x\n", peer->net->now, sent->mid);
	note(peer, FAKE_ACKED, sent, 0);
}

static void
on_failed(void *user, coap_pdu_t *sent, coap_nack_reason_t reason)
{
	struct fake_peer *peer = user;

	if (sent)
		append(peer, "%" PRIu64 " failed %04x %d\n", peer->net->now,
		    sent->mid, (int)reason);
	else
		append(peer, "%" PRIu64 " failed - %d\n", peer->net->now,
		    (int)reason);
	note(peer, FAKE_FAILED, sent, (int)reason);
}

static coap_pdu_t *
on_renew(void *user, const coap_pdu_t *sent)
{
	struct fake_peer *peer = user;

	return peer->renew ? peer->renew(peer, sent) : NULL;
}

static void
on_retransmitted(void *user, coap_pdu_t *sent, unsigned count)
{
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " again %04x %u\n", peer->net->now, sent->mid,
	    count);
	note(peer, FAKE_AGAIN, sent, (int)count);
}

static void
on_pinged(void *user, const coap_pdu_t *pdu)
{
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " pinged %04x\n", peer->net->now, pdu->mid);
	note(peer, FAKE_PINGED, pdu, 0);
}

static void
on_ponged(void *user, const coap_pdu_t *pdu)
{
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " ponged %04x\n", peer->net->now, pdu->mid);
	note(peer, FAKE_PONGED, pdu, 0);
}

static void
on_duplicate(void *user, const coap_pdu_t *pdu)
{
	struct fake_peer *peer = user;

	append(peer, "%" PRIu64 " duplicate %04x\n", peer->net->now, pdu->mid);
	note(peer, FAKE_DUPLICATE, pdu, 0);
}

static const struct dgram_ops fake_ops = {
	.transmit = on_transmit,
	.deliver = on_deliver,
	.acked = on_acked,
	.failed = on_failed,
	.renew = on_renew,
	.retransmitted = on_retransmitted,
	.pinged = on_pinged,
	.ponged = on_ponged,
	.duplicate = on_duplicate,
};

/* The network */

static void
peer_init(struct fake_net *net, struct fake_peer *peer)
{
	peer->net = net;
	peer->params = msg_params_default;
	peer->params.ack_random_factor = (coap_fixed_point_t){ 1, 0 };
	dgram_init(&peer->dgram, &fake_ops, peer, &peer->params);
	peer->dgram.next_mid = 1;
	fake_forget(peer);
}

void
fake_net_init(struct fake_net *net, uint32_t seed)
{
	memset(net, 0, sizeof(*net));
	net->seed = seed;
	peer_init(net, &net->a);
	peer_init(net, &net->b);
}

void
fake_net_free(struct fake_net *net)
{
	struct fake_flight *flight;

	while (net->flights) {
		flight = net->flights;
		DL_DELETE(net->flights, flight);
		free(flight);
	}
	dgram_free(&net->a.dgram);
	dgram_free(&net->b.dgram);
	free(net->a.log);
	free(net->b.log);
}

static coap_tick_t
next_moment(const struct fake_net *net)
{
	coap_tick_t next = net->flights ? net->flights->at : TIMER_NEVER;

	if (dgram_next(&net->a.dgram) < next)
		next = dgram_next(&net->a.dgram);
	if (dgram_next(&net->b.dgram) < next)
		next = dgram_next(&net->b.dgram);
	return next;
}

static void
run_next(struct fake_net *net)
{
	struct fake_flight *flight;

	if (next_moment(net) > net->now)
		net->now = next_moment(net);
	flight = net->flights;
	if (flight && flight->at <= net->now) {
		DL_DELETE(net->flights, flight);
		fake_input(flight->to, flight->data, flight->len);
		free(flight);
		return;
	}
	dgram_timer(&net->a.dgram, net->now);
	dgram_timer(&net->b.dgram, net->now);
}

void
fake_net_run(struct fake_net *net, coap_tick_t until)
{
	while (next_moment(net) <= until)
		run_next(net);
	net->now = until;
}

void
fake_net_settle(struct fake_net *net)
{
	while (net->flights || dgram_busy(&net->a.dgram) ||
	    dgram_busy(&net->b.dgram))
		run_next(net);
}

/* Messages */

coap_pdu_t *
fake_pdu(struct fake_peer *peer, coap_pdu_type_t type, unsigned code)
{
	coap_pdu_t *pdu;

	pdu = pdu_new(type, code, dgram_new_mid(&peer->dgram), 1152);
	assert(pdu);
	return pdu;
}

static int
send_and_free(struct fake_peer *peer, coap_pdu_t *pdu)
{
	int mid = pdu->mid;
	int r;

	r = dgram_send(&peer->dgram, pdu, peer->net->now);
	coap_delete_pdu(pdu);
	return r < 0 ? r : mid;
}

int
fake_send(struct fake_peer *peer, coap_pdu_type_t type, unsigned code)
{
	return send_and_free(peer, fake_pdu(peer, type, code));
}

int
fake_send_token(struct fake_peer *peer, coap_pdu_type_t type, unsigned code,
    uint32_t token)
{
	coap_pdu_t *pdu = fake_pdu(peer, type, code);

	coap_add_token(pdu, sizeof(token), (const uint8_t *)&token);
	return send_and_free(peer, pdu);
}

void
fake_reply(struct fake_peer *peer, coap_pdu_type_t type, unsigned code,
    const coap_pdu_t *to)
{
	coap_pdu_t *pdu;

	pdu = pdu_new(type, code, to->mid, 1152);
	assert(pdu);
	coap_add_token(pdu, to->token_len, to->token);
	send_and_free(peer, pdu);
}

uint32_t
fake_token(const coap_pdu_t *pdu)
{
	uint32_t token = 0;

	if (pdu->token_len == sizeof(token))
		memcpy(&token, pdu->token, sizeof(token));
	return token;
}

void
fake_input(struct fake_peer *peer, const uint8_t *data, size_t len)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, 0);

	assert(pdu);
	pdu->type = COAP_MESSAGE_ACK;
	if (pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, len) == 0)
		dgram_input(&peer->dgram, pdu, peer->net->now);
	else
		dgram_input_bad(&peer->dgram, pdu, peer->net->now);
	coap_delete_pdu(pdu);
}

void
fake_input_hex(struct fake_peer *peer, const char *hex)
{
	uint8_t data[2048];
	unsigned byte;
	size_t len = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		data[len++] = (uint8_t)byte;
		hex += used;
	}
	fake_input(peer, data, len);
}
