/* SPDX-License-Identifier: BSD-2-Clause */
/* Block options where the session's protocol decides whether BERT is there. */
#include <coap3/coap_session.h>

#include "wire/block.h"

/* RFC 8323 section 6: BERT is for reliable transports. */
static bool
session_has_bert(const coap_session_t *session)
{
	return COAP_PROTO_RELIABLE(coap_session_get_proto(session));
}

int
coap_get_block_b(const coap_session_t *session, const coap_pdu_t *pdu,
    coap_option_num_t number, coap_block_b_t *block)
{
	if (block == NULL)
		return 0;
	memset(block, 0, sizeof(*block));
	if (pdu == NULL)
		return 0;
	return block_read(pdu, number, session_has_bert(session), block);
}

int
coap_write_block_b_opt(coap_session_t *session, coap_block_b_t *block,
    coap_option_num_t number, coap_pdu_t *pdu, size_t data_length)
{
	coap_block_b_t b;
	int result;

	if (block == NULL || pdu == NULL)
		return BLOCK_ERR_ARG;
	b = *block;
	b.bert = b.bert && session_has_bert(session);
	result = block_write(pdu, number, &b, data_length);
	if (result == 1)
		*block = b;
	return result;
}
