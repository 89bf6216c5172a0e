/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of a context, as libcoap has it. */
#include <coap3/coap_cache.h>

#include "base/err.h"
#include "session/session.h"

/* Sessions count from 1. */
static uint64_t
scope_of(const coap_session_t *session,
    coap_cache_session_based_t session_based)
{
	return session_based == COAP_CACHE_IS_SESSION_BASED ? session->id : 0;
}

/* --- keys ----------------------------------------------------------------- */

coap_cache_key_t *
coap_cache_derive_key_w_ignore(const coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based,
    const uint16_t *ignore_options, size_t ignore_count)
{
	if (!session || !pdu || (ignore_count > 0 && !ignore_options))
		return NULL;
	return cache_key_new(pdu, scope_of(session, session_based),
	    ignore_options, ignore_count);
}

coap_cache_key_t *
coap_cache_derive_key(const coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_session_based_t session_based)
{
	const struct cache *c = session ? &session->context->cache : NULL;

	return c ? coap_cache_derive_key_w_ignore(session, pdu, session_based,
		       c->ignored, c->n_ignored)
		 : NULL;
}

void
coap_delete_cache_key(coap_cache_key_t *cache_key)
{
	cache_key_free(cache_key);
}

int
coap_cache_ignore_options(coap_context_t *context, const uint16_t *options,
    size_t count)
{
	if (!context || (count > 0 && !options))
		return 0;
	return cache_ignore(&context->cache, options, count) == 0;
}

/* --- entries -------------------------------------------------------------- */

/* The list of a session's own entries; NULL when out of memory. */
static struct cache_scope *
scope_list(coap_session_t *session)
{
	struct session_extra *extra = session_extra(session);

	return extra ? &extra->cached : NULL;
}

static int
add(coap_session_t *session, coap_cache_key_t *key, const coap_pdu_t *record,
    bool session_based, unsigned idle_time, coap_cache_entry_t **entry)
{
	struct cache_scope *scope = session_based ? scope_list(session) : NULL;

	if (!key || (session_based && !scope)) {
		cache_key_free(key);
		return -COAP_E_NOMEM;
	}
	return cache_add(&session->context->cache, scope, key, record,
	    (coap_tick_t)idle_time * COAP_TICKS_PER_SECOND,
	    context_now(session->context), entry);
}

coap_cache_entry_t *
coap_new_cache_entry(coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_record_pdu_t record_pdu,
    coap_cache_session_based_t session_based, unsigned int idle_time)
{
	coap_cache_entry_t *entry = NULL;
	int err;

	if (!session || !pdu || session->dead)
		return NULL;
	context_enter(session->context);
	err = add(session, coap_cache_derive_key(session, pdu, session_based),
	    record_pdu == COAP_CACHE_RECORD_PDU ? pdu : NULL,
	    session_based == COAP_CACHE_IS_SESSION_BASED, idle_time, &entry);
	if (err < 0)
		coap_log_warn("%s: no cache entry: %s\n",
		    coap_session_str(session), err_text(err));
	context_leave(session->context);
	return entry;
}

void
coap_delete_cache_entry(coap_context_t *context,
    coap_cache_entry_t *cache_entry)
{
	if (!context || !cache_entry)
		return;
	context_enter(context);
	cache_remove(cache_entry);
	context_leave(context);
}

coap_cache_entry_t *
coap_cache_get_by_key(coap_context_t *context,
    const coap_cache_key_t *cache_key)
{
	if (!context || !cache_key)
		return NULL;
	return cache_find(&context->cache, cache_key, context_now(context));
}

coap_cache_entry_t *
coap_cache_get_by_pdu(coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_session_based_t session_based)
{
	coap_cache_key_t *key =
	    coap_cache_derive_key(session, pdu, session_based);
	coap_cache_entry_t *entry;

	if (!key)
		return NULL;
	entry = coap_cache_get_by_key(session->context, key);
	cache_key_free(key);
	return entry;
}

const coap_pdu_t *
coap_cache_get_pdu(const coap_cache_entry_t *cache_entry)
{
	return cache_entry ? cache_entry->pdu : NULL;
}

void
coap_cache_set_app_data(coap_cache_entry_t *cache_entry, void *data,
    coap_cache_app_data_free_callback_t callback)
{
	if (!cache_entry)
		return;
	cache_entry->data = data;
	cache_entry->data_free = callback;
}

void *
coap_cache_get_app_data(const coap_cache_entry_t *cache_entry)
{
	return cache_entry ? cache_entry->data : NULL;
}
