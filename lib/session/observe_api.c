/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations of a client, as coapx_observe.h gives them. */
#include <coap3/coapx.h>

#include "session/session.h"

#include "base/err.h"

coapx_observation_t *
coapx_observe_start(coap_session_t *session, coap_pdu_t *pdu,
    const coapx_observe_params_t *params, int *err)
{
	(void)session;
	(void)params;
	coap_delete_pdu(pdu);
	if (err)
		*err = -COAP_E_NOTSUP;
	return NULL;
}

int
coapx_observe_stop(coapx_observation_t *observation, coapx_observe_stop_t how)
{
	(void)observation;
	(void)how;
	return -COAP_E_INVAL;
}

void
coapx_observe_drop(coapx_observation_t *observation)
{
	(void)observation;
}

int
coapx_observation_info(const coapx_observation_t *observation,
    coapx_observation_info_t *info)
{
	(void)observation;
	(void)info;
	return -COAP_E_INVAL;
}

const char *
coapx_observe_state_name(coapx_observe_state_t state)
{
	static const char *const names[] = {
		[COAPX_OBSERVE_ASKED] = "asked",
		[COAPX_OBSERVE_REGISTERED] = "registered",
		[COAPX_OBSERVE_STALE] = "stale",
		[COAPX_OBSERVE_ASKING] = "asking",
		[COAPX_OBSERVE_LOST] = "lost",
		[COAPX_OBSERVE_CANCELLING] = "cancelling",
	};
	const size_t n = sizeof names / sizeof names[0];

	return (size_t)state < n && names[state] ? names[state] : "?";
}
