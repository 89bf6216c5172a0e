/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that are answered later. */
#include "exchange/async.h"

#include <coap3/coap_block.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/copy.h"

static void
async_free(coap_async_t *async)
{
	coap_delete_pdu(async->request);
	coap_free_type(COAP_NODE, async);
}

/* --- the list ------------------------------------------------------------- */

static int
by_due(const coap_async_t *a, const coap_async_t *b)
{
	return (a->due > b->due) - (a->due < b->due);
}

static void
count(coap_async_t *async, struct async_pool *pool, size_t bytes)
{
	async->pool = pool;
	async->counted = bytes;
	pool->entries++;
	pool->bytes += bytes;
}

/* More of the body follows: each part has its own answer, at once. */
static bool
is_middle_part(const coap_pdu_t *request)
{
	coap_block_t block;

	return request->body &&
	    coap_get_block(request, COAP_OPTION_BLOCK1, &block) && block.m;
}

int
async_add(struct asyncs *a, struct async_pool *pool, const coap_pdu_t *request,
    coap_tick_t due, coap_async_t **out)
{
	size_t bytes = copy_size(request);
	coap_async_t *async;

	if (async_find(a, coap_pdu_get_token(request)))
		return -COAP_E_EXISTS;
	if (is_middle_part(request))
		return -COAP_E_INVAL;
	if (a->count >= ASYNC_SESSION_MAX ||
	    pool->entries >= ASYNC_CONTEXT_MAX ||
	    bytes > ASYNC_BYTES_MAX - pool->bytes)
		return -COAP_E_LIMIT;
	async = mem_new(COAP_NODE, 1, sizeof(*async));
	if (async == NULL)
		return -COAP_E_NOMEM;
	async->request = copy_pdu(request);
	if (async->request == NULL) {
		async_free(async);
		return -COAP_E_NOMEM;
	}
	async->request->fresh = request->fresh;
	async->request->q_block = request->q_block;
	count(async, pool, bytes);
	async->due = due;
	DL_INSERT_INORDER(a->list, async, by_due);
	a->count++;
	*out = async;
	return 0;
}

coap_async_t *
async_find(const struct asyncs *a, coap_bin_const_t token)
{
	coap_async_t *async;

	DL_FOREACH(a->list, async)
		if (async->request->token_len == token.length &&
		    (token.length == 0 ||
			memcmp(async->request->token, token.s, token.length) ==
			    0))
			return async;
	return NULL;
}

void
async_set_due(struct asyncs *a, coap_async_t *async, coap_tick_t due)
{
	async->again = async->running;
	if (async->dead)
		return;
	DL_DELETE(a->list, async);
	async->due = due;
	DL_INSERT_INORDER(a->list, async, by_due);
}

void
async_remove(struct asyncs *a, coap_async_t *async)
{
	if (async->dead)
		return;
	DL_DELETE(a->list, async);
	a->count--;
	async->pool->entries--;
	async->pool->bytes -= async->counted;
	async->dead = true;
	if (!async->running)
		async_free(async);
}

coap_tick_t
async_next(const struct asyncs *a)
{
	return a->list ? a->list->due : TIMER_NEVER;
}

/* --- its turn ------------------------------------------------------------- */

coap_async_t *
async_begin(struct asyncs *a, coap_tick_t now)
{
	coap_async_t *async = a->list;

	if (async == NULL || async->due > now)
		return NULL;
	async_set_due(a, async, TIMER_NEVER);
	async->running = true;
	async->again = false;
	return async;
}

bool
async_end(coap_async_t *async, bool answered)
{
	async->running = false;
	if (async->dead) {
		async_free(async);
		return false;
	}
	return answered || !async->again;
}
