/* SPDX-License-Identifier: BSD-2-Clause */
/* Observation and caching: what this version does not do yet. */
#include <coap3/coap_cache.h>
#include <coap3/coap_subscribe.h>

#include "session/planned.h"

/* Observation */

int
coap_resource_notify_observers(coap_resource_t *resource,
    const coap_string_t *query)
{
	(void)resource;
	(void)query;
	PLANNED_WARN();
	return 0;
}

void
coap_check_notify(coap_context_t *context)
{
	(void)context;
	PLANNED_WARN();
}

int
coap_cancel_observe(coap_session_t *session, coap_binary_t *token,
    coap_pdu_type_t message_type)
{
	(void)session;
	(void)token;
	(void)message_type;
	PLANNED_WARN();
	return 0;
}

/* Observations that outlive the process */

void
/* NOLINTNEXTLINE(readability-function-size): libcoap's signature */
coap_persist_track_funcs(coap_context_t *context,
    coap_observe_added_t observe_added, coap_observe_deleted_t observe_deleted,
    coap_track_observe_value_t track_observe_value,
    coap_dyn_resource_added_t dyn_resource_added,
    coap_resource_deleted_t resource_deleted, uint32_t save_freq,
    void *user_data)
{
	(void)context;
	(void)observe_added;
	(void)observe_deleted;
	(void)track_observe_value;
	(void)dyn_resource_added;
	(void)resource_deleted;
	(void)save_freq;
	(void)user_data;
	PLANNED_WARN();
}

coap_subscription_t *
coap_persist_observe_add(coap_context_t *context, coap_proto_t e_proto,
    const coap_address_t *e_listen_addr, const coap_addr_tuple_t *s_addr_info,
    const coap_bin_const_t *raw_packet, const coap_bin_const_t *oscore_info)
{
	(void)context;
	(void)e_proto;
	(void)e_listen_addr;
	(void)s_addr_info;
	(void)raw_packet;
	(void)oscore_info;
	PLANNED_WARN();
	return NULL;
}

int
coap_persist_startup(coap_context_t *context,
    const char *dyn_resource_save_file, const char *observe_save_file,
    const char *obs_cnt_save_file, uint32_t save_freq)
{
	(void)context;
	(void)dyn_resource_save_file;
	(void)observe_save_file;
	(void)obs_cnt_save_file;
	(void)save_freq;
	PLANNED_WARN();
	return 0;
}

void
coap_persist_stop(coap_context_t *context)
{
	(void)context;
	PLANNED_WARN();
}

void
coap_persist_set_observe_num(coap_resource_t *resource, uint32_t observe_num)
{
	(void)resource;
	(void)observe_num;
	PLANNED_WARN();
}

/* Caching */

coap_cache_key_t *
coap_cache_derive_key(const coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_session_based_t session_based)
{
	(void)session;
	(void)pdu;
	(void)session_based;
	PLANNED_WARN();
	return NULL;
}

coap_cache_key_t *
coap_cache_derive_key_w_ignore(const coap_session_t *session,
    const coap_pdu_t *pdu, coap_cache_session_based_t session_based,
    const uint16_t *ignore_options, size_t ignore_count)
{
	(void)session;
	(void)pdu;
	(void)session_based;
	(void)ignore_options;
	(void)ignore_count;
	PLANNED_WARN();
	return NULL;
}

void
coap_delete_cache_key(coap_cache_key_t *cache_key)
{
	if (cache_key != NULL)
		PLANNED_WARN();
}

int
coap_cache_ignore_options(coap_context_t *context, const uint16_t *options,
    size_t count)
{
	(void)context;
	(void)options;
	(void)count;
	PLANNED_WARN();
	return 0;
}

coap_cache_entry_t *
coap_new_cache_entry(coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_record_pdu_t record_pdu,
    coap_cache_session_based_t session_based, unsigned int idle_time)
{
	(void)session;
	(void)pdu;
	(void)record_pdu;
	(void)session_based;
	(void)idle_time;
	PLANNED_WARN();
	return NULL;
}

void
coap_delete_cache_entry(coap_context_t *context,
    coap_cache_entry_t *cache_entry)
{
	(void)context;
	if (cache_entry != NULL)
		PLANNED_WARN();
}

coap_cache_entry_t *
coap_cache_get_by_key(coap_context_t *context,
    const coap_cache_key_t *cache_key)
{
	(void)context;
	(void)cache_key;
	PLANNED_WARN();
	return NULL;
}

coap_cache_entry_t *
coap_cache_get_by_pdu(coap_session_t *session, const coap_pdu_t *pdu,
    coap_cache_session_based_t session_based)
{
	(void)session;
	(void)pdu;
	(void)session_based;
	PLANNED_WARN();
	return NULL;
}

const coap_pdu_t *
coap_cache_get_pdu(const coap_cache_entry_t *cache_entry)
{
	(void)cache_entry;
	PLANNED_WARN();
	return NULL;
}

void
coap_cache_set_app_data(coap_cache_entry_t *cache_entry, void *data,
    coap_cache_app_data_free_callback_t callback)
{
	(void)cache_entry;
	(void)data;
	(void)callback;
	PLANNED_WARN();
}

void *
coap_cache_get_app_data(const coap_cache_entry_t *cache_entry)
{
	(void)cache_entry;
	PLANNED_WARN();
	return NULL;
}
