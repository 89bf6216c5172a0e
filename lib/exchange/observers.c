/* SPDX-License-Identifier: BSD-2-Clause */
/* Observers of resources, by resource and by peer (RFC 7641 section 4). */
#include "exchange/observers.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/copy.h"
#include "exchange/resource.h"
#include "wire/pdu.h"

/* Token, options and payload of a request that is kept, at most. */
#define REQUEST_MAX OBSERVER_BYTES_MAX

/* --- peers ---------------------------------------------------------------- */

struct observer_peer *
observer_peer_new(struct observer_pool *pool, coap_session_t *session)
{
	struct observer_peer *peer =
	    mem_new(COAP_SUBSCRIPTION, 1, sizeof(*peer));

	if (peer == NULL)
		return NULL;
	peer->pool = pool;
	peer->session = session;
	return peer;
}

void
observer_peer_free(struct observer_peer *peer)
{
	if (peer == NULL)
		return;
	while (peer->list != NULL)
		observer_remove(peer->list);
	coap_free_type(COAP_SUBSCRIPTION, peer);
}

void
observer_pool_begin(struct observer_pool *pool)
{
	pool->spent = 0;
}

coap_tick_t
observer_pool_take(struct observer_pool *pool)
{
	return pool->spent++ / OBSERVE_A_PASS;
}

struct observer *
observer_find(const struct observer_peer *peer, coap_bin_const_t token)
{
	struct observer *o;

	if (peer == NULL)
		return NULL;
	DL_FOREACH(peer->list, o)
		if (o->request->token_len == token.length &&
		    (token.length == 0 ||
			memcmp(o->request->token, token.s, token.length) == 0))
			return o;
	return NULL;
}

struct observer *
observer_find_serial(const struct observer_peer *peer, coap_bin_const_t token,
    uint64_t serial)
{
	struct observer *o = observer_find(peer, token);

	return o != NULL && o->serial == serial ? o : NULL;
}

/* --- entries -------------------------------------------------------------- */

static void
observer_free(struct observer *o)
{
	coap_delete_pdu(o->request);
	coap_delete_string(o->query);
	coap_delete_pdu(o->con);
	coap_free_type(COAP_SUBSCRIPTION, o);
}

static struct observer *
observer_new(const coap_pdu_t *request)
{
	struct observer *o = mem_new(COAP_SUBSCRIPTION, 1, sizeof(*o));
	coap_opt_iterator_t oi;
	bool has_query;

	if (o == NULL)
		return NULL;
	has_query =
	    coap_check_option(request, COAP_OPTION_URI_QUERY, &oi) != NULL;
	o->request = copy_whole(request, REQUEST_MAX);
	if (has_query)
		o->query = coap_get_query(request);
	if (o->request != NULL && (o->query != NULL || !has_query))
		return o;
	observer_free(o);
	return NULL;
}

static size_t
bytes_of(const coap_pdu_t *request)
{
	const uint8_t *data;
	size_t len, options;

	pdu_options(request, &options);
	coap_get_data(request, &len, &data);
	return request->token_len + options + len + 1;
}

/* Whether the peer may have one more; old makes room. */
static bool
peer_has_room(const struct observer_peer *peer, const struct observer *old,
    size_t bytes)
{
	size_t freed = old != NULL ? bytes_of(old->request) : 0;
	unsigned one = old != NULL ? 1 : 0;

	return bytes <= OBSERVER_BYTES_MAX &&
	    peer->n - one < OBSERVERS_OF_PEER_MAX &&
	    peer->bytes - freed + bytes <= OBSERVERS_OF_PEER_BYTES;
}

/* The same of all together. */
static bool
pool_has_room(const struct observer_pool *pool, const struct observer *old,
    size_t bytes)
{
	size_t freed = old != NULL ? bytes_of(old->request) : 0;
	unsigned one = old != NULL ? 1 : 0;

	return pool->n - one < OBSERVERS_OF_CONTEXT_MAX &&
	    pool->bytes - freed + bytes <= OBSERVERS_OF_CONTEXT_BYTES;
}

bool
observer_lacks_room(const struct observer_peer *peer, const coap_pdu_t *request)
{
	const struct observer *old =
	    observer_find(peer, coap_pdu_get_token(request));
	size_t bytes = bytes_of(request);

	return peer_has_room(peer, old, bytes) &&
	    !pool_has_room(peer->pool, old, bytes);
}

static void
link_in(struct observer *o, struct observer_peer *peer,
    coap_resource_t *resource)
{
	size_t bytes = bytes_of(o->request);

	o->peer = peer;
	o->resource = resource;
	o->serial = ++peer->pool->serial;
	DL_APPEND(peer->list, o);
	DL_APPEND2(resource->observers.list, o, res_prev, res_next);
	resource->observers.n++;
	peer->n++;
	peer->bytes += bytes;
	peer->pool->n++;
	peer->pool->bytes += bytes;
}

int
observer_add(struct observer_peer *peer, coap_resource_t *resource,
    const coap_pdu_t *request, coap_tick_t now, struct observer **out)
{
	struct observer *old = observer_find(peer, coap_pdu_get_token(request));
	bool owed = old != NULL && old->owes;
	struct observer *o;

	if (!peer_has_room(peer, old, bytes_of(request)) ||
	    !pool_has_room(peer->pool, old, bytes_of(request)))
		return -COAP_E_LIMIT;
	o = observer_new(request);
	if (o == NULL)
		return -COAP_E_NOMEM;
	o->con_at = o->told_at = now;
	o->format = OBSERVER_FORMAT_ANY;
	if (old != NULL) {
		o->con_at = old->con_at;
		o->n_non = old->n_non;
		observer_remove(old);
	}
	link_in(o, peer, resource);
	if (owed)
		observer_owe(o);
	if (peer->pool->changed != NULL)
		peer->pool->changed(o, true);
	*out = o;
	return 0;
}

void
observer_remove(struct observer *o)
{
	struct observer_peer *peer = o->peer;
	size_t bytes = bytes_of(o->request);

	if (peer->pool->changed != NULL)
		peer->pool->changed(o, false);
	observer_settle(o);
	observer_assure(o);
	observer_trust(o);
	DL_DELETE(peer->list, o);
	DL_DELETE2(o->resource->observers.list, o, res_prev, res_next);
	o->resource->observers.n--;
	peer->n--;
	peer->bytes -= bytes;
	peer->pool->n--;
	peer->pool->bytes -= bytes;
	if (o->untie != NULL)
		o->untie(o->tie);
	observer_free(o);
}

bool
observer_keeps_format(struct observer *o, const coap_pdu_t *response)
{
	int64_t format = pdu_option_uint(response, COAP_OPTION_CONTENT_FORMAT);

	if (coap_pdu_get_code(response) == COAP_RESPONSE_CODE_VALID)
		return true;
	if (o->format == OBSERVER_FORMAT_ANY)
		o->format = format;
	return o->format == format;
}

void
observer_doubt(struct observer *o)
{
	if (o->unproven)
		return;
	o->unproven = true;
	DL_APPEND2(o->peer->pool->unproven, o, new_prev, new_next);
}

void
observer_trust(struct observer *o)
{
	if (!o->unproven)
		return;
	o->unproven = false;
	DL_DELETE2(o->peer->pool->unproven, o, new_prev, new_next);
}

/* --- what is owed --------------------------------------------------------- */

void
observer_owe(struct observer *o)
{
	struct observer_peer *peer = o->peer;

	if (o->owes)
		return;
	o->owes = true;
	if (peer->owed == NULL) {
		DL_APPEND(peer->pool->owing, peer);
		peer->pool->n_owing++;
	}
	DL_APPEND2(peer->owed, o, owed_prev, owed_next);
}

void
observer_settle(struct observer *o)
{
	struct observer_peer *peer = o->peer;

	if (!o->owes)
		return;
	o->owes = false;
	DL_DELETE2(peer->owed, o, owed_prev, owed_next);
	if (peer->owed == NULL) {
		DL_DELETE(peer->pool->owing, peer);
		peer->pool->n_owing--;
	}
}

static bool
has_query(const struct observer *o, const coap_string_t *query)
{
	size_t len = o->query != NULL ? o->query->length : 0;

	return query == NULL ||
	    (len == query->length &&
		(len == 0 || memcmp(o->query->s, query->s, len) == 0));
}

unsigned
observers_owe(struct observers *list, const coap_string_t *query)
{
	struct observer *o;
	unsigned n = 0;

	DL_FOREACH2(list->list, o, res_next) {
		if (!has_query(o, query))
			continue;
		observer_owe(o);
		n++;
	}
	return n;
}

struct observer *
observer_turn(const struct observer_peer *peer)
{
	struct observer *o;

	/* No more than NSTART have one. */
	DL_FOREACH2(peer->owed, o, owed_next)
		if (o->con == NULL)
			return o;
	return NULL;
}

/* --- the next notification ------------------------------------------------ */

static bool
was_told(const struct observers *list, const struct observer *o)
{
	return o->numbered && o->number == list->number;
}

uint32_t
observers_number(struct observers *list, const struct observer *o,
    coap_tick_t now)
{
	if (o == NULL || !was_told(list, o))
		return list->number;
	if (list->tick != now) {
		list->tick = now;
		list->grown = 0;
	}
	if (list->grown < OBSERVE_A_TICK) {
		list->number = (list->number + 1) & OBSERVE_NUMBER_MASK;
		list->grown++;
	}
	return list->number;
}

coap_tick_t
observers_number_at(const struct observers *list, const struct observer *o)
{
	if (!was_told(list, o) || list->grown < OBSERVE_A_TICK)
		return 0;
	return list->tick + 1;
}

coap_pdu_type_t
observer_type(const struct observer *o, coap_tick_t now)
{
	int flags = o->resource->flags;

	if (flags & COAP_RESOURCE_FLAGS_NOTIFY_CON)
		return COAP_MESSAGE_CON;
	if (flags & COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS)
		return COAP_MESSAGE_NON;
	/* Where no round trip is known, an ACK tells it, and allows the next
	 * one sooner. */
	if (o->peer->rtt_us == 0 || o->n_non >= OBSERVE_NON_MAX ||
	    now - o->con_at >= OBSERVE_CON_AGE || o->confirm ||
	    now - o->told_at >= OBSERVE_SURE_WAIT)
		return COAP_MESSAGE_CON;
	return COAP_MESSAGE_NON;
}

void
observer_assure(struct observer *o)
{
	if (o->unsure)
		DL_DELETE2(o->peer->unsure, o, unsure_prev, unsure_next);
	o->unsure = false;
}

/* Last in the list, which is by told_at so. */
static void
make_unsure(struct observer *o)
{
	observer_assure(o);
	if (o->resource->flags & COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS)
		return;
	o->unsure = true;
	DL_APPEND2(o->peer->unsure, o, unsure_prev, unsure_next);
}

coap_tick_t
observer_confirm_at(const struct observer_peer *peer)
{
	return peer->unsure ? peer->unsure->told_at + OBSERVE_SURE_WAIT
			    : TIMER_NEVER;
}

void
observer_confirm(struct observer_peer *peer, coap_tick_t now)
{
	struct observer *o;

	while (observer_confirm_at(peer) <= now) {
		o = peer->unsure;
		observer_assure(o);
		o->confirm = true;
		observer_owe(o);
	}
}

void
observer_sent(struct observer *o, coap_pdu_type_t type, coap_tick_t now)
{
	struct observer_peer *peer = o->peer;
	coap_tick_t wait = 0;

	o->told_at = now;
	if (type == COAP_MESSAGE_CON) {
		o->con_at = now;
		o->n_non = 0;
		o->confirm = false;
		observer_assure(o);
	} else {
		make_unsure(o);
		wait = peer->rtt_us > 0 ? peer->rtt_us / 1000 + 1
					: OBSERVE_BLIND_WAIT;
		if (o->n_non < OBSERVE_NON_MAX)
			o->n_non++;
	}
	peer->quiet_until = now + wait;
}

void
observer_rtt(struct observer_peer *peer, uint64_t us)
{
	uint32_t rtt = us > UINT32_MAX / 8 ? UINT32_MAX / 8 : (uint32_t)us;

	if (rtt == 0)
		rtt = 1;
	/* As RFC 6298 section 2 smoothes it. */
	peer->rtt_us =
	    peer->rtt_us == 0 ? rtt : (7 * (peer->rtt_us / 8) + rtt / 8) | 1;
}
