/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache keys and entries. */
#ifndef COAP_CACHE_H
#define COAP_CACHE_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>

/* Whether the key, and so the entry, belongs to one session. */
typedef enum coap_cache_session_based_t {
	COAP_CACHE_NOT_SESSION_BASED = 0,
	COAP_CACHE_IS_SESSION_BASED = 1,
} coap_cache_session_based_t;

/* Whether the entry keeps a copy of the request. */
typedef enum coap_cache_record_pdu_t {
	COAP_CACHE_NOT_RECORD_PDU = 0,
	COAP_CACHE_RECORD_PDU = 1,
} coap_cache_record_pdu_t;

/* Frees what coap_cache_set_app_data() was given. */
typedef void (*coap_cache_app_data_free_callback_t)(void *data);

/*
 * The cache key of a request (RFC 7252 section 5.6): its method, its options
 * but Observe, those that are NoCacheKey and those that
 * coap_cache_ignore_options() names, for FETCH the body, and with
 * COAP_CACHE_IS_SESSION_BASED the session. The caller's, to be freed with
 * coap_delete_cache_key(). NULL for a NULL argument, when memory is short, or
 * when the key were longer than 1 MiB. See coap_cache(3).
 */
COAP_API coap_cache_key_t *coap_cache_derive_key(const coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based);

/*
 * As coap_cache_derive_key(), with the ignore_count options of ignore_options
 * in place of those of coap_cache_ignore_options().
 */
/* clang-format off */
COAP_API coap_cache_key_t *coap_cache_derive_key_w_ignore(
    const coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_session_based_t session_based, const uint16_t *ignore_options,
    size_t ignore_count);
/* clang-format on */

/* Frees a key. NULL: nothing happens. */
COAP_API void coap_delete_cache_key(coap_cache_key_t *cache_key);

/*
 * Options that no key of this context counts from now on; the list is copied,
 * and takes the place of the former. 1, or 0 for a NULL argument, or when
 * memory is short.
 */
COAP_API int coap_cache_ignore_options(coap_context_t *context,
    const uint16_t *options, size_t count);

/*
 * A cache entry for the request, with a copy of it if record_pdu says so. It
 * takes the place of one with the same key, which is freed. It goes after
 * idle_time seconds without use (0: never), with the session if it is based on
 * it, or with the context. NULL for a NULL argument, with a warning when there
 * are 16384 entries, they take 64 MiB, or memory is short.
 */
COAP_API coap_cache_entry_t *coap_new_cache_entry(coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_record_pdu_t record_pdu,
    coap_cache_session_based_t session_based, unsigned int idle_time);

/* Frees an entry and calls the callback of its data. NULL: nothing happens. */
COAP_API void coap_delete_cache_entry(coap_context_t *context,
    coap_cache_entry_t *cache_entry);

/*
 * The entry with that key, owned by the context; NULL when there is none. Its
 * idle time starts anew.
 */
COAP_API coap_cache_entry_t *coap_cache_get_by_key(coap_context_t *context,
    const coap_cache_key_t *cache_key);

/* The entry for a request like this one; otherwise as coap_cache_get_by_key().
 */
COAP_API coap_cache_entry_t *coap_cache_get_by_pdu(coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based);

/* The copy of the request, owned by the entry; NULL when none was recorded. */
COAP_API const coap_pdu_t *coap_cache_get_pdu(
    const coap_cache_entry_t *cache_entry);

/*
 * Keeps a pointer of the application's; callback, unless NULL, frees it with
 * the entry. What was kept before is not freed.
 */
COAP_API void coap_cache_set_app_data(coap_cache_entry_t *cache_entry,
    void *data, coap_cache_app_data_free_callback_t callback);

/* What coap_cache_set_app_data() was given, or NULL. */
COAP_API void *coap_cache_get_app_data(const coap_cache_entry_t *cache_entry);

#endif
