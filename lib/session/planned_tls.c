/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials for DTLS and TLS, WebSocket: this build has no such layer. */
#include <stdio.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_net.h>
#include <coap3/coap_session.h>
#include <coap3/coap_ws.h>
#include <coap3/coapx.h>

#include "session/planned.h"

static const char tls_version_text[] = "TLS library: none";
static const char tls_support_text[] = "(no DTLS and no TLS support)";

coap_session_t *
/* NOLINTNEXTLINE(readability-function-size): libcoap's signature */
coap_new_client_session_psk(coap_context_t *ctx, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto, const char *identity,
    const uint8_t *key, unsigned key_len)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)identity;
	(void)key;
	(void)key_len;
	PLANNED_WARN();
	return NULL;
}

coap_session_t *
coap_new_client_session_psk2(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_cpsk_t *setup_data)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)setup_data;
	PLANNED_WARN();
	return NULL;
}

coap_session_t *
coap_new_client_session_pki(coap_context_t *ctx, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto,
    coap_dtls_pki_t *setup_data)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)setup_data;
	PLANNED_WARN();
	return NULL;
}

int
coap_context_set_psk(coap_context_t *context, const char *hint,
    const uint8_t *key, size_t key_len)
{
	(void)context;
	(void)hint;
	(void)key;
	(void)key_len;
	PLANNED_WARN();
	return 0;
}

int
coap_context_set_psk2(coap_context_t *context, coap_dtls_spsk_t *setup_data)
{
	(void)context;
	(void)setup_data;
	PLANNED_WARN();
	return 0;
}

int
coap_context_set_pki(coap_context_t *context, const coap_dtls_pki_t *setup_data)
{
	(void)context;
	(void)setup_data;
	PLANNED_WARN();
	return 0;
}

int
coap_context_set_pki_root_cas(coap_context_t *context, const char *ca_file,
    const char *ca_dir)
{
	(void)context;
	(void)ca_file;
	(void)ca_dir;
	PLANNED_WARN();
	return 0;
}

int
coap_ws_set_host_request(coap_session_t *session, coap_str_const_t *ws_host)
{
	(void)session;
	(void)ws_host;
	PLANNED_WARN();
	return 0;
}

/* What a build without TLS has to say about its TLS library. */

coap_tls_version_t *
coap_get_tls_library_version(void)
{
	/* The caller gets a writable pointer, so each thread has its own. */
	static _Thread_local coap_tls_version_t version;

	version.version = 0;
	version.type = COAP_TLS_LIBRARY_NOTLS;
	version.built_version = 0;
	return &version;
}

char *
coap_string_tls_version(char *buffer, size_t bufsize)
{
	if (buffer == NULL || bufsize == 0)
		return NULL;
	snprintf(buffer, bufsize, "%s", tls_version_text);
	return buffer;
}

char *
coap_string_tls_support(char *buffer, size_t bufsize)
{
	if (buffer == NULL || bufsize == 0)
		return NULL;
	snprintf(buffer, bufsize, "%s", tls_support_text);
	return buffer;
}

void
coap_show_tls_version(coap_log_t level)
{
	coap_log(level, "%s", tls_version_text);
}

const char *
coapx_cert_problem(unsigned bit)
{
	(void)bit;
	return "";
}

int
coapx_session_get_tls_info(const coap_session_t *session,
    coapx_tls_info_t *info)
{
	return session && info ? -COAP_E_NOTSUP : -COAP_E_INVAL;
}

int
coapx_session_get_peer_cert(const coap_session_t *session, unsigned index,
    coapx_cert_t *cert)
{
	(void)session;
	(void)index;
	(void)cert;
	return -COAP_E_NOTFOUND;
}

int
coapx_session_get_peer_der(const coap_session_t *session, unsigned index,
    const uint8_t **der, size_t *len)
{
	(void)session;
	(void)index;
	(void)der;
	(void)len;
	return -COAP_E_NOTFOUND;
}

int
coapx_context_set_keylog(coap_context_t *context, const char *file)
{
	(void)context;
	(void)file;
	return -COAP_E_NOTSUP;
}

coap_endpoint_t *
coapx_endpoint_open(coap_context_t *context,
    const coapx_listen_params_t *params, int *err)
{
	if (err)
		*err = -COAP_E_NOTSUP;
	return coap_new_endpoint(context, params->address, params->proto);
}
