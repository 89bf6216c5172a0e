/* SPDX-License-Identifier: BSD-2-Clause */
/* A token or an option that comes late, when what stands behind it is there. */
#include "wire/pdu.h"

#include <coap3/coapx_errors.h>

#include "base/alloc.h"

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

bool
pdu_put_option(coap_pdu_t *pdu, coap_option_num_t number, size_t len,
    const uint8_t *value)
{
	size_t payload = pdu_payload_len(pdu);
	size_t last = pdu->last_option;
	uint8_t *copy;
	bool ok;

	if (!pdu->data)
		return coap_add_option(pdu, number, len, value) > 0;
	/* Room for all of it, so that the payload finds its place again: an
	 * option's head has five bytes at most. */
	if (pdu_reserve(pdu, len + 5) < 0)
		return false;
	copy = coap_malloc_type(COAP_STRING, payload);
	if (!copy)
		return false;
	memcpy(copy, pdu->data, payload);
	pdu->used -= payload + 1;
	pdu->data = NULL;
	ok = coap_add_option(pdu, number, len, value) > 0;
	if (!ok)
		pdu->last_option = (uint16_t)last;
	coap_add_data(pdu, payload, copy);
	coap_free_type(COAP_STRING, copy);
	return ok;
}
