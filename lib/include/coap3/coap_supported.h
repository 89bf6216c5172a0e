/* SPDX-License-Identifier: BSD-2-Clause */
/* What this build can do. */
#ifndef COAP_SUPPORTED_H
#define COAP_SUPPORTED_H

#include <coap3/coap_forward_decls.h>

/* Unix domain sockets as addresses. */
COAP_API int coap_af_unix_is_supported(void);

/* Separate responses by coap_register_async(). */
COAP_API int coap_async_is_supported(void);

/* Client sessions. */
COAP_API int coap_client_is_supported(void);

/* DTLS. */
COAP_API int coap_dtls_is_supported(void);

/* Connection IDs for DTLS (RFC 9146). */
COAP_API int coap_dtls_cid_is_supported(void);

/* Pre-shared keys. */
COAP_API int coap_dtls_psk_is_supported(void);

/* Certificates. */
COAP_API int coap_dtls_pki_is_supported(void);

/* Keys in PKCS#11 tokens. */
COAP_API int coap_dtls_pkcs11_is_supported(void);

/* Raw public keys (RFC 7250). */
COAP_API int coap_dtls_rpk_is_supported(void);

/* coap_context_get_coap_fd(), coap_io_prepare_epoll(). */
COAP_API int coap_epoll_is_supported(void);

/* IPv4. */
COAP_API int coap_ipv4_is_supported(void);

/* IPv6. */
COAP_API int coap_ipv6_is_supported(void);

/* Observations that outlive the process, see coap_persist(3). */
COAP_API int coap_observe_persist_is_supported(void);

/* OSCORE (RFC 8613). */
COAP_API int coap_oscore_is_supported(void);

/* Forwarding of requests, see coap_proxy(3). */
COAP_API int coap_proxy_is_supported(void);

/* Q-Block1 and Q-Block2 (RFC 9177). */
COAP_API int coap_q_block_is_supported(void);

/* Endpoints and resources. */
COAP_API int coap_server_is_supported(void);

/* CoAP over TCP (RFC 8323). */
COAP_API int coap_tcp_is_supported(void);

/* One context used by several threads at once. */
COAP_API int coap_threadsafe_is_supported(void);

/* CoAP over TLS (RFC 8323). */
COAP_API int coap_tls_is_supported(void);

/* CoAP over WebSockets (RFC 8323). */
COAP_API int coap_ws_is_supported(void);

/* CoAP over secure WebSockets (RFC 8323). */
COAP_API int coap_wss_is_supported(void);

#endif
