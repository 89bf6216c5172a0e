/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of options that is put together before there is a message. */
#include <utlist.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_mem.h>
#include <coap3/coap_option.h>
#include <coap3/coap_pdu.h>

#include "wire/option.h"

/* A node and its value are one block of memory. */
coap_optlist_t *
coap_new_optlist(uint16_t number, size_t length, const uint8_t *data)
{
	coap_optlist_t *node;

	if (length > OPTION_EXT_MAX) {
		coap_log_warn("option %u: %zu bytes are too long", number,
		    length);
		return NULL;
	}
	if (length > 0 && !data)
		return NULL;
	node = coap_malloc_type(COAP_OPTLIST, sizeof(*node) + length);
	if (!node)
		return NULL;
	node->next = NULL;
	node->number = number;
	node->length = length;
	node->data = (uint8_t *)(node + 1);
	if (length > 0)
		memcpy(node->data, data, length);
	return node;
}

int
coap_insert_optlist(coap_optlist_t **optlist_chain, coap_optlist_t *optlist)
{
	coap_optlist_t **at = optlist_chain;

	if (!at || !optlist)
		return 0;
	while (*at && (*at)->number <= optlist->number)
		at = &(*at)->next;
	optlist->next = *at;
	*at = optlist;
	return 1;
}

static int
by_number(const coap_optlist_t *a, const coap_optlist_t *b)
{
	return (int)a->number - (int)b->number;
}

int
coap_add_optlist_pdu(coap_pdu_t *pdu, coap_optlist_t **optlist_chain)
{
	coap_optlist_t *node;

	if (!pdu || !optlist_chain || !*optlist_chain)
		return 0;
	/* Applications link nodes by hand, too. The sort is stable. */
	LL_SORT(*optlist_chain, by_number);
	LL_FOREACH(*optlist_chain, node) {
		if (coap_add_option(pdu, node->number, node->length,
			node->data) == 0)
			return 0;
	}
	return 1;
}

void
coap_delete_optlist(coap_optlist_t *optlist_chain)
{
	coap_optlist_t *node, *next;

	LL_FOREACH_SAFE(optlist_chain, node, next)
		coap_free_type(COAP_OPTLIST, node);
}
