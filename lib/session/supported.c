/* SPDX-License-Identifier: BSD-2-Clause */
/* What this build can do. */
#include <coap3/coap_supported.h>
#include <coap3/coapx.h>

#include "session/connect/proto.h"
#include "tls/tls.h"

/* Loads the TLS library, if there is one. */
static int
has(enum tls_cap cap)
{
	const struct tls_backend *backend = tls_backend(NULL, 0);

	return backend && (backend->caps & cap) != 0;
}

int
coap_af_unix_is_supported(void)
{
	return 0;
}

int
coap_async_is_supported(void)
{
	return 1;
}

int
coap_client_is_supported(void)
{
	return 1;
}

int
coap_dtls_is_supported(void)
{
	return coapx_proto_is_supported(COAP_PROTO_DTLS);
}

int
coap_dtls_cid_is_supported(void)
{
	return has(TLS_CAP_CID);
}

int
coap_dtls_psk_is_supported(void)
{
	return has(TLS_CAP_PSK);
}

int
coap_dtls_pki_is_supported(void)
{
	return has(TLS_CAP_PKI);
}

int
coap_dtls_pkcs11_is_supported(void)
{
	return has(TLS_CAP_PKCS11);
}

int
coap_dtls_rpk_is_supported(void)
{
	return has(TLS_CAP_RPK);
}

int
coap_epoll_is_supported(void)
{
	return 1;
}

int
coap_ipv4_is_supported(void)
{
	return 1;
}

int
coap_ipv6_is_supported(void)
{
	return 1;
}

int
coap_observe_persist_is_supported(void)
{
	return 1;
}

int
coap_oscore_is_supported(void)
{
	return 0;
}

int
coap_proxy_is_supported(void)
{
	return 1;
}

int
coap_q_block_is_supported(void)
{
	return 1;
}

int
coap_server_is_supported(void)
{
	return 1;
}

int
coap_tcp_is_supported(void)
{
	return coapx_proto_is_supported(COAP_PROTO_TCP);
}

int
coap_threadsafe_is_supported(void)
{
	return 0;
}

int
coap_tls_is_supported(void)
{
	return coapx_proto_is_supported(COAP_PROTO_TLS);
}

int
coap_ws_is_supported(void)
{
	return coapx_proto_is_supported(COAP_PROTO_WS);
}

int
coap_wss_is_supported(void)
{
	return coapx_proto_is_supported(COAP_PROTO_WSS);
}
