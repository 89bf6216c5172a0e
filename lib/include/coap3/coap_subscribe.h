/* SPDX-License-Identifier: BSD-2-Clause */
/* Observation (RFC 7641). */
#ifndef COAP_SUBSCRIBE_H
#define COAP_SUBSCRIBE_H

#include <coap3/coap_address.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_str.h>

/* Values of the Observe option in a request (RFC 7641 section 2). */
#define COAP_OBSERVE_ESTABLISH 0
#define COAP_OBSERVE_CANCEL    1

/*
 * Callbacks of coap_persist_track_funcs(), which may change nothing of the
 * context; 1 for success, else 0, which nobody looks at. Their arguments are
 * valid until the return; what coap_persist_observe_add() will need later must
 * be copied.
 */
typedef int (*coap_observe_added_t)(coap_session_t *session,
    coap_subscription_t *observe_key, coap_proto_t e_proto,
    coap_address_t *e_listen_addr, coap_addr_tuple_t *s_addr_info,
    coap_bin_const_t *raw_packet, coap_bin_const_t *oscore_info,
    void *user_data);
typedef int (*coap_observe_deleted_t)(coap_session_t *session,
    coap_subscription_t *observe_key, void *user_data);
typedef int (*coap_track_observe_value_t)(coap_context_t *context,
    coap_str_const_t *resource_name, uint32_t observe_num, void *user_data);
typedef int (*coap_dyn_resource_added_t)(coap_session_t *session,
    coap_str_const_t *resource_name, coap_bin_const_t *raw_packet,
    void *user_data);
typedef int (*coap_resource_deleted_t)(coap_context_t *context,
    coap_str_const_t *resource_name, void *user_data);

/* A server's side, see coap_observe(3) */

/*
 * Whether the resource can be observed with GET and FETCH (RFC 7641), and says
 * so in .well-known/core ("obs"): mode 1 or 0. NULL: nothing happens. See
 * coap_observe(3).
 */
COAP_API void coap_resource_set_get_observable(coap_resource_t *resource,
    int mode);

/*
 * The representation changed: observers, or those whose query equals query
 * unless that is NULL, get it from the resource's handler, which the loop calls
 * with the request that each of them has made. 1 when somebody will be
 * notified, else 0. See coap_observe(3).
 */
COAP_API int coap_resource_notify_observers(coap_resource_t *resource,
    const coap_string_t *query);

/*
 * Sends the notifications that wait and may go now; the loop does that by
 * itself. NULL: nothing happens.
 */
COAP_API void coap_check_notify(coap_context_t *context);

/* Observations that outlive the process, see coap_persist(3) */

/*
 * Callbacks that let the application keep observations itself, each may be
 * NULL: an observation over UDP was added or deleted, every save_freq-th value
 * of an Observe option, a resource was made by a PUT or deleted. user_data is
 * passed on. See coap_persist(3).
 */
COAP_API void coap_persist_track_funcs(coap_context_t *context,
    coap_observe_added_t observe_added, coap_observe_deleted_t observe_deleted,
    coap_track_observe_value_t track_observe_value,
    coap_dyn_resource_added_t dyn_resource_added,
    coap_resource_deleted_t resource_deleted, uint32_t save_freq,
    void *user_data);

/*
 * Brings an observation back that coap_observe_added_t once reported, with the
 * same data, which is copied; its client is told the state of now. e_proto is
 * COAP_PROTO_UDP, oscore_info NULL. The subscription belongs to the context;
 * NULL on failure. See coap_persist(3).
 */
COAP_API coap_subscription_t *coap_persist_observe_add(coap_context_t *context,
    coap_proto_t e_proto, const coap_address_t *e_listen_addr,
    const coap_addr_tuple_t *s_addr_info, const coap_bin_const_t *raw_packet,
    const coap_bin_const_t *oscore_info);

/*
 * Keeps observations in files from now on and brings back those that are there:
 * resources made by a PUT, observations, and every save_freq values the Observe
 * counters. A name may be NULL. To be called when endpoints and resources are
 * there. 1, or 0 when a file cannot be written. See coap_persist(3).
 */
COAP_API int coap_persist_startup(coap_context_t *context,
    const char *dyn_resource_save_file, const char *observe_save_file,
    const char *obs_cnt_save_file, uint32_t save_freq);

/*
 * Ends what coap_persist_startup() or coap_persist_track_funcs() began; the
 * files stay. coap_free_context() does so, too.
 */
COAP_API void coap_persist_stop(coap_context_t *context);

/*
 * The value that the resource's next notification counts on from (24 bits, RFC
 * 7641 section 3.4). NULL: nothing happens.
 */
COAP_API void coap_persist_set_observe_num(coap_resource_t *resource,
    uint32_t observe_num);

/* A client's side */

/*
 * Ends the observation that the client began with this token by coap_send():
 * the same GET or FETCH once more, of that type (CON or NON), with Observe 1
 * (RFC 7641 section 3.6). Its answer goes to the response handler; what comes
 * before it is not told. token stays the caller's. 1 when it was sent, or there
 * was nobody to tell; 0 when there is no such observation, or it cannot be
 * sent. See coap_observe(3).
 */
COAP_API int coap_cancel_observe(coap_session_t *session, coap_binary_t *token,
    coap_pdu_type_t message_type);

#endif
