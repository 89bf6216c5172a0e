/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of messages with their bodies. */
#include "exchange/copy.h"

#include <string.h>

#include "base/alloc.h"

struct copy_body {
	struct pdu_body body;
	uint8_t bytes[];
};

static void
free_body(void *app)
{
	coap_free_type(COAP_PACKET, app);
}

static bool
add_body(coap_pdu_t *copy, const struct pdu_body *body)
{
	struct copy_body *b =
	    coap_malloc_type(COAP_PACKET, sizeof(*b) + body->length);

	if (b == NULL)
		return false;
	b->body = *body;
	b->body.data = b->bytes;
	if (body->length > 0)
		memcpy(b->bytes, body->data, body->length);
	copy->body = &b->body;
	copy->app = b;
	copy->app_free = free_body;
	return true;
}

coap_pdu_t *
copy_pdu(const coap_pdu_t *pdu)
{
	size_t len = pdu_payload_len(pdu);
	coap_pdu_t *copy = pdu_duplicate(pdu, pdu->mid, PDU_MAX_SIZE,
	    pdu->token_len, pdu->token, NULL);

	if (copy == NULL)
		return NULL;
	copy->framing = pdu->framing;
	if ((len > 0 && !coap_add_data(copy, len, pdu->data)) ||
	    (pdu->body && !add_body(copy, pdu->body))) {
		coap_delete_pdu(copy);
		return NULL;
	}
	return copy;
}

coap_pdu_t *
copy_whole(const coap_pdu_t *request, size_t max)
{
	coap_opt_filter_t drop;
	const uint8_t *data;
	coap_pdu_t *copy;
	size_t len;

	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(&drop, COAP_OPTION_SIZE1);
	copy = pdu_duplicate(request, request->mid, max, request->token_len,
	    request->token, &drop);
	if (copy == NULL)
		return NULL;
	copy->parsed = request->parsed;
	copy->fresh = request->fresh;
	copy->q_block = request->q_block;
	if (!coap_get_data(request, &len, &data) ||
	    coap_add_data(copy, len, data))
		return copy;
	coap_delete_pdu(copy);
	return NULL;
}

size_t
copy_size(const coap_pdu_t *pdu)
{
	return pdu->used + (pdu->body ? pdu->body->length : 0);
}
