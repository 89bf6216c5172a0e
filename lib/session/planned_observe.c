/* SPDX-License-Identifier: BSD-2-Clause */
/* Observation: what this version does not do yet. */
#include <coap3/coap_subscribe.h>

#include "session/planned.h"

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

