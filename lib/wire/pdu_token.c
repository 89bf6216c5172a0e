/* SPDX-License-Identifier: BSD-2-Clause */
/* A token that comes late: in front of options that are there already. */
#include "wire/pdu.h"

#include <coap3/coapx_errors.h>

int
pdu_set_token(coap_pdu_t *pdu, size_t len, const uint8_t *token)
{
	size_t payload = pdu->data ? (size_t)(pdu->data - pdu->token) : 0;
	int err;

	if (pdu->token_len > 0 || len > COAP_TOKEN_EXT_MAX)
		return -COAP_E_STATE;
	err = pdu_reserve(pdu, len);
	if (err < 0)
		return err;
	memmove(pdu->token + len, pdu->token, pdu->used);
	if (len > 0)
		memcpy(pdu->token, token, len);
	pdu->token_len = (uint32_t)len;
	pdu->used += len;
	if (pdu->data)
		pdu->data = pdu->token + payload + len;
	return 0;
}
