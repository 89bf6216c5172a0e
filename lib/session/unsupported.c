/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this library leaves out: object security, engines, connection IDs. A
 * program written for libcoap links; these functions say so once and fail as
 * their headers document.
 */
#include <stdatomic.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_net.h>
#include <coap3/coap_oscore.h>

/* Logs that the function is not supported, at most once for each flag. */
static void
unsupported_warn(const char *function, atomic_flag *said)
{
	if (atomic_flag_test_and_set(said))
		return;
	coap_log_warn("%s: not supported by this library", function);
}

/* To be called first in such a function; its name goes into the warning. */
#define UNSUPPORTED_WARN()                                  \
	do {                                                \
		static atomic_flag said = ATOMIC_FLAG_INIT; \
		unsupported_warn(__func__, &said);          \
	} while (0)

/* Object security (RFC 8613) */

coap_session_t *
coap_new_client_session_oscore(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_oscore_conf_t *oscore_conf)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)oscore_conf;
	UNSUPPORTED_WARN();
	return NULL;
}

coap_session_t *
coap_new_client_session_oscore_psk(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_cpsk_t *psk_data,
    coap_oscore_conf_t *oscore_conf)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)psk_data;
	(void)oscore_conf;
	UNSUPPORTED_WARN();
	return NULL;
}

coap_session_t *
coap_new_client_session_oscore_pki(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_pki_t *pki_data,
    coap_oscore_conf_t *oscore_conf)
{
	(void)ctx;
	(void)local_if;
	(void)server;
	(void)proto;
	(void)pki_data;
	(void)oscore_conf;
	UNSUPPORTED_WARN();
	return NULL;
}

int
coap_context_oscore_server(coap_context_t *context,
    coap_oscore_conf_t *oscore_conf)
{
	(void)context;
	(void)oscore_conf;
	UNSUPPORTED_WARN();
	return 0;
}

coap_oscore_conf_t *
coap_new_oscore_conf(coap_str_const_t conf_mem,
    coap_oscore_save_seq_num_t save_seq_num_func, void *save_seq_num_func_param,
    uint64_t start_seq_num)
{
	(void)conf_mem;
	(void)save_seq_num_func;
	(void)save_seq_num_func_param;
	(void)start_seq_num;
	UNSUPPORTED_WARN();
	return NULL;
}

int
coap_delete_oscore_conf(coap_oscore_conf_t *oscore_conf)
{
	if (oscore_conf != NULL)
		UNSUPPORTED_WARN();
	return 0;
}

int
coap_new_oscore_recipient(coap_context_t *context,
    coap_bin_const_t *recipient_id)
{
	(void)context;
	(void)recipient_id;
	UNSUPPORTED_WARN();
	return 0;
}

int
coap_delete_oscore_recipient(coap_context_t *context,
    coap_bin_const_t *recipient_id)
{
	(void)context;
	(void)recipient_id;
	UNSUPPORTED_WARN();
	return 0;
}

/* DTLS and TLS */

int
coap_tls_engine_configure(coap_str_const_t *conf_mem)
{
	(void)conf_mem;
	UNSUPPORTED_WARN();
	return 0;
}

int
coap_tls_engine_remove(void)
{
	UNSUPPORTED_WARN();
	return 0;
}

int
coap_context_set_cid_tuple_change(coap_context_t *context, uint8_t every)
{
	(void)context;
	(void)every;
	UNSUPPORTED_WARN();
	return 0;
}
