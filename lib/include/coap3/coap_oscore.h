/* SPDX-License-Identifier: BSD-2-Clause */
/* Object security (RFC 8613). */
#ifndef COAP_OSCORE_H
#define COAP_OSCORE_H

#include <coap3/coap_address.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_str.h>

/* Stores a sender sequence number; 1 when that worked, else 0. */
typedef int (*coap_oscore_save_seq_num_t)(uint64_t sender_seq_num, void *param);

/*
 * A client session whose messages OSCORE protects; oscore_conf is consumed when
 * it succeeds. Not supported by this library: always NULL, with a warning. See
 * coap_oscore(3).
 */
COAP_API coap_session_t *coap_new_client_session_oscore(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_oscore_conf_t *oscore_conf);

/*
 * As coap_new_client_session_oscore(), and with a pre-shared key, see
 * coap_new_client_session_psk2(). Not supported by this library: always NULL,
 * with a warning.
 */
COAP_API coap_session_t *coap_new_client_session_oscore_psk(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_cpsk_t *psk_data,
    coap_oscore_conf_t *oscore_conf);

/*
 * As coap_new_client_session_oscore(), and with certificates, see
 * coap_new_client_session_pki(). Not supported by this library: always NULL,
 * with a warning.
 */
COAP_API coap_session_t *coap_new_client_session_oscore_pki(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_pki_t *pki_data,
    coap_oscore_conf_t *oscore_conf);

/*
 * Lets the context's endpoints use OSCORE; oscore_conf is consumed when it
 * succeeds. Not supported by this library: always 0, with a warning.
 */
COAP_API int coap_context_oscore_server(coap_context_t *context,
    coap_oscore_conf_t *oscore_conf);

/*
 * Reads a configuration text. The callback is given each sender sequence number
 * that must be stored, start_seq_num is where they go on. Not supported by this
 * library: always NULL, with a warning.
 */
COAP_API coap_oscore_conf_t *coap_new_oscore_conf(coap_str_const_t conf_mem,
    coap_oscore_save_seq_num_t save_seq_num_func, void *save_seq_num_func_param,
    uint64_t start_seq_num);

/*
 * Frees a configuration that nothing consumed. Always 0, as there is none;
 * NULL: without a warning.
 */
COAP_API int coap_delete_oscore_conf(coap_oscore_conf_t *oscore_conf);

/*
 * A further recipient, for groups and servers. Not supported by this library:
 * always 0, with a warning.
 */
COAP_API int coap_new_oscore_recipient(coap_context_t *context,
    coap_bin_const_t *recipient_id);

/*
 * Takes a recipient out again. Not supported by this library: always 0, with a
 * warning.
 */
COAP_API int coap_delete_oscore_recipient(coap_context_t *context,
    coap_bin_const_t *recipient_id);

#endif
