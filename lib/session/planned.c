/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding: what this version does not do yet.
 */
#include <coap3/coap_debug.h>
#include <coap3/coap_net.h>
#include <coap3/coap_proxy.h>
#include <coap3/coap_resource.h>

#include "session/planned.h"

void
planned_warn(const char *function, atomic_flag *said)
{
	if (atomic_flag_test_and_set(said))
		return;
	coap_log_warn("%s: not available in this version", function);
}

/* Forwarding */

coap_resource_t *
coap_resource_proxy_uri_init(coap_method_handler_t handler,
    size_t host_name_count, const char *host_name_list[])
{
	(void)handler;
	(void)host_name_count;
	(void)host_name_list;
	PLANNED_WARN();
	return NULL;
}

coap_resource_t *
coap_resource_proxy_uri_init2(coap_method_handler_t handler,
    size_t host_name_count, const char *host_name_list[], int flags)
{
	(void)handler;
	(void)host_name_count;
	(void)host_name_list;
	(void)flags;
	PLANNED_WARN();
	return NULL;
}

coap_resource_t *
coap_resource_reverse_proxy_init(coap_method_handler_t handler, int flags)
{
	(void)handler;
	(void)flags;
	PLANNED_WARN();
	return NULL;
}

int
coap_verify_proxy_scheme_supported(coap_uri_scheme_t scheme)
{
	(void)scheme;
	PLANNED_WARN();
	return 0;
}

int
coap_proxy_forward_request(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_resource_t *resource,
    coap_cache_key_t *cache_key, coap_proxy_server_list_t *server_list)
{
	(void)session;
	(void)request;
	(void)resource;
	(void)cache_key;
	(void)server_list;
	PLANNED_WARN();
	if (response != NULL)
		coap_pdu_set_code(response,
		    COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED);
	return 0;
}

coap_response_t
coap_proxy_forward_response(coap_session_t *session, const coap_pdu_t *received,
    coap_cache_key_t **cache_key)
{
	(void)session;
	(void)received;
	PLANNED_WARN();
	if (cache_key != NULL)
		*cache_key = NULL;
	return COAP_RESPONSE_FAIL;
}
