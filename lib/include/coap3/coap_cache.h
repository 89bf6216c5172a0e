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
 * The cache key of a request (RFC 7252 section 5.6): its options but those that
 * are not part of it, for FETCH the payload, and with
 * COAP_CACHE_IS_SESSION_BASED the session. The caller's, to be freed with
 * coap_delete_cache_key(). NULL when memory is short. Not available in this
 * version: always NULL, with a warning.
 */
COAP_API coap_cache_key_t *coap_cache_derive_key(const coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based);

/*
 * As coap_cache_derive_key(), without the ignore_count options of
 * ignore_options too. Not available in this version: always NULL, with a
 * warning.
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
 * and takes the place of the former. 1, or 0 when memory is short. Not
 * available in this version: always 0, with a warning.
 */
COAP_API int coap_cache_ignore_options(coap_context_t *context,
    const uint16_t *options, size_t count);

/*
 * A cache entry for the request, with a copy of it if record_pdu says so. It
 * goes after idle_time seconds without use (0: never), with the session if it
 * is based on it, or with the context. NULL when memory is short. Not available
 * in this version: always NULL, with a warning.
 */
COAP_API coap_cache_entry_t *coap_new_cache_entry(coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_record_pdu_t record_pdu,
    coap_cache_session_based_t session_based, unsigned int idle_time);

/* Frees an entry and calls the callback of its data. NULL: nothing happens. */
COAP_API void coap_delete_cache_entry(coap_context_t *context,
    coap_cache_entry_t *cache_entry);

/*
 * The entry with that key, owned by the context; NULL when there is none. Its
 * idle time starts anew. Not available in this version: always NULL, with a
 * warning.
 */
COAP_API coap_cache_entry_t *coap_cache_get_by_key(coap_context_t *context,
    const coap_cache_key_t *cache_key);

/*
 * The entry for a request like this one; otherwise as coap_cache_get_by_key().
 * Not available in this version: always NULL, with a warning.
 */
COAP_API coap_cache_entry_t *coap_cache_get_by_pdu(coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based);

/*
 * The copy of the request, owned by the entry; NULL when none was recorded. Not
 * available in this version: always NULL, with a warning.
 */
COAP_API const coap_pdu_t *coap_cache_get_pdu(
    const coap_cache_entry_t *cache_entry);

/*
 * Keeps a pointer of the application's; callback, unless NULL, frees it with
 * the entry. Not available in this version: a warning, and the pointer stays
 * the caller's.
 */
COAP_API void coap_cache_set_app_data(coap_cache_entry_t *cache_entry,
    void *data, coap_cache_app_data_free_callback_t callback);

/*
 * What coap_cache_set_app_data() was given, or NULL. Not available in this
 * version: always NULL, with a warning.
 */
COAP_API void *coap_cache_get_app_data(const coap_cache_entry_t *cache_entry);

#endif
