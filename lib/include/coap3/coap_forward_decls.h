/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that every header of the library needs. */
#ifndef COAP_FORWARD_DECLS_H
#define COAP_FORWARD_DECLS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
#define COAP_EXTERN_C extern "C"
#else
#define COAP_EXTERN_C
#endif

/* A function of the public interface. */
#define COAP_API COAP_EXTERN_C __attribute__((visibility("default")))

typedef struct coap_address_t coap_address_t;
typedef struct coap_async_t coap_async_t;
typedef struct coap_attr_t coap_attr_t;
typedef struct coap_bin_const_t coap_bin_const_t;
typedef struct coap_binary_t coap_binary_t;
typedef struct coap_cache_entry_t coap_cache_entry_t;
typedef struct coap_cache_key_t coap_cache_key_t;
typedef struct coap_context_t coap_context_t;
typedef struct coap_endpoint_t coap_endpoint_t;
typedef struct coap_oscore_conf_t coap_oscore_conf_t;
typedef struct coap_pdu_t coap_pdu_t;
typedef struct coap_resource_t coap_resource_t;
typedef struct coap_session_t coap_session_t;
typedef struct coap_socket_t coap_socket_t;
typedef struct coap_str_const_t coap_str_const_t;
typedef struct coap_string_t coap_string_t;
typedef struct coap_subscription_t coap_subscription_t;

#endif
