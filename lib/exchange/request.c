/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests under way, by token and by deadline. */
#include "exchange/hash.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/request.h"
#include "wire/pdu.h"

/* So many are found as fast without a table, which costs memory and, where
 * requests go one by one, is made and freed for each. */
#define LIST_MAX 24

void
requests_init(struct requests *r)
{
	*r = (struct requests){ .earliest = TIMER_NEVER };
}

static struct request *
find_in_list(const struct requests *r, const uint8_t *key, size_t len)
{
	struct request *q;

	DL_FOREACH(r->list, q)
		if (q->token_len == len && memcmp(q->token, key, len) == 0)
			return q;
	return NULL;
}

struct request *
requests_find(const struct requests *r, coap_bin_const_t token)
{
	/* A token of no length is one, too, and may come without bytes. */
	const uint8_t *key = token.length > 0 ? token.s : (const uint8_t *)"";
	struct request *q;

	if (!r->by_token)
		return find_in_list(r, key, token.length);
	HASH_FIND(hh, r->by_token, key, token.length, q);
	return q;
}

/* Makes the table of those in the list; without memory it stays a list. */
static void
make_table(struct requests *r)
{
	struct request *q;

	DL_FOREACH(r->list, q) {
		HASH_ADD_KEYPTR(hh, r->by_token, q->token, q->token_len, q);
		if (!hash_added(&q->hh)) {
			HASH_CLEAR(hh, r->by_token);
			return;
		}
	}
}

struct request *
requests_find_pdu(const struct requests *r, const coap_pdu_t *sent)
{
	struct request *q;

	if (sent == NULL || r->list == NULL)
		return NULL;
	/* Asked mostly about the one that was added last. */
	if (r->list->prev->sent == sent)
		return r->list->prev;
	q = requests_find(r, coap_pdu_get_token(sent));
	return q != NULL && q->sent == sent ? q : NULL;
}

static struct request *
request_new(coap_pdu_t *pdu, coap_bin_const_t token)
{
	struct request *q;

	q = mem_new(COAP_NODE, 1, sizeof(*q) + token.length);
	if (q == NULL)
		return NULL;
	q->sent = pdu_ref(pdu);
	q->mid = coap_pdu_get_mid(pdu);
	q->deadline = TIMER_NEVER;
	q->token_len = (uint32_t)token.length;
	if (token.length > 0)
		memcpy(q->token, token.s, token.length);
	return q;
}

struct request *
request_loose(coap_pdu_t *pdu)
{
	struct request *q = request_new(pdu, coap_pdu_get_token(pdu));

	if (q != NULL)
		q->loose = true;
	return q;
}

int
requests_add(struct requests *r, coap_pdu_t *pdu, coap_tick_t now,
    coap_tick_t deadline, struct request **out)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	struct request *q;

	*out = NULL;
	if (r->count >= REQUESTS_MAX)
		return -COAP_E_LIMIT;
	if (requests_find(r, token) != NULL)
		return -COAP_E_EXISTS;
	q = request_new(pdu, token);
	if (q == NULL)
		return -COAP_E_NOMEM;
	if (r->by_token) {
		HASH_ADD_KEYPTR(hh, r->by_token, q->token, token.length, q);
		if (!hash_added(&q->hh)) {
			request_free(q);
			return -COAP_E_NOMEM;
		}
	}
	DL_APPEND(r->list, q);
	r->count++;
	if (!r->by_token && r->count >= LIST_MAX)
		make_table(r);
	q->started = now;
	requests_set_deadline(r, q, deadline);
	*out = q;
	return 0;
}

void
requests_put_back(struct requests *r, struct request *q, coap_tick_t deadline)
{
	if (r->by_token) {
		HASH_ADD_KEYPTR(hh, r->by_token, q->token, q->token_len, q);
		if (!hash_added(&q->hh))
			HASH_CLEAR(hh, r->by_token);
	}
	DL_APPEND(r->list, q);
	r->count++;
	q->deadline = TIMER_NEVER;
	requests_set_deadline(r, q, deadline);
}

void
requests_set_deadline(struct requests *r, struct request *q,
    coap_tick_t deadline)
{
	/* Behind one that leaves the front others may be due already. */
	if (q->deadline < r->earliest)
		r->earliest = q->deadline;
	q->deadline = deadline;
	if (deadline < r->earliest)
		r->earliest = deadline;
}

void
requests_take(struct requests *r, struct request *q)
{
	if (r->by_token)
		HASH_DEL(r->by_token, q);
	DL_DELETE(r->list, q);
	q->prev = q->next = NULL;
	r->count--;
	if (r->count == 0)
		r->earliest = TIMER_NEVER;
}

void
request_free(struct request *q)
{
	struct transfer *t;

	if (q == NULL)
		return;
	t = q->transfer;
	coap_delete_pdu(q->sent);
	coap_free_type(COAP_NODE, q);
	/* Last, for what was given to it may be released. */
	transfer_free(t);
}

/*
 * Moves all whose deadline is over to the front, so that the calls that follow
 * find each of them at once, and looks for the first deadline of the others.
 */
static void
sort_out(struct requests *r, coap_tick_t now)
{
	struct request *q, *next;

	r->earliest = TIMER_NEVER;
	DL_FOREACH_SAFE(r->list, q, next) {
		if (q->deadline > now) {
			if (q->deadline < r->earliest)
				r->earliest = q->deadline;
			continue;
		}
		DL_DELETE(r->list, q);
		DL_PREPEND(r->list, q);
	}
}

struct request *
requests_expired(struct requests *r, coap_tick_t now)
{
	struct request *q;

	if (r->list != NULL && r->list->deadline > now && r->earliest <= now)
		sort_out(r, now);
	q = r->list;
	if (q == NULL || q->deadline > now)
		return NULL;
	requests_take(r, q);
	return q;
}

coap_tick_t
requests_next(const struct requests *r)
{
	if (r->list != NULL && r->list->deadline < r->earliest)
		return r->list->deadline;
	return r->earliest;
}
