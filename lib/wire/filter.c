/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of a few option numbers, of fixed size: two that need 16 bits and six
 * that need 8. Bit i of the mask says that slot i is taken: the long slots come
 * first, then the short ones.
 */
#include "wire/option.h"
#include "wire/pdu.h"

#define SHORT_BIT(i) (1U << (COAP_OPT_FILTER_LONG + (i)))
#define LONG_BIT(i)  (1U << (i))
#define NO_SLOT      0U

static unsigned
find_long(const coap_opt_filter_t *filter, coap_option_num_t number)
{
	for (unsigned i = 0; i < COAP_OPT_FILTER_LONG; i++) {
		if (filter->mask & LONG_BIT(i) &&
		    filter->long_opts[i] == number)
			return LONG_BIT(i);
	}
	return NO_SLOT;
}

static unsigned
find_short(const coap_opt_filter_t *filter, coap_option_num_t number)
{
	for (unsigned i = 0; i < COAP_OPT_FILTER_SHORT; i++) {
		if (filter->mask & SHORT_BIT(i) &&
		    filter->short_opts[i] == number)
			return SHORT_BIT(i);
	}
	return NO_SLOT;
}

/* The bit of the slot that holds number. */
static unsigned
find(const coap_opt_filter_t *filter, coap_option_num_t number)
{
	if (filter->mask == 0)
		return NO_SLOT;
	return number > UINT8_MAX ? find_long(filter, number)
				  : find_short(filter, number);
}

static int
set_long(coap_opt_filter_t *filter, coap_option_num_t number)
{
	for (unsigned i = 0; i < COAP_OPT_FILTER_LONG; i++) {
		if (filter->mask & LONG_BIT(i))
			continue;
		filter->mask |= LONG_BIT(i);
		filter->long_opts[i] = number;
		return 1;
	}
	return 0;
}

static int
set_short(coap_opt_filter_t *filter, coap_option_num_t number)
{
	for (unsigned i = 0; i < COAP_OPT_FILTER_SHORT; i++) {
		if (filter->mask & SHORT_BIT(i))
			continue;
		filter->mask |= SHORT_BIT(i);
		filter->short_opts[i] = (uint8_t)number;
		return 1;
	}
	return 0;
}

void
coap_option_filter_clear(coap_opt_filter_t *filter)
{
	if (filter)
		memset(filter, 0, sizeof(*filter));
}

int
coap_option_filter_set(coap_opt_filter_t *filter, coap_option_num_t number)
{
	if (!filter)
		return 0;
	if (find(filter, number) != NO_SLOT)
		return 1;
	return number > UINT8_MAX ? set_long(filter, number)
				  : set_short(filter, number);
}

int
coap_option_filter_unset(coap_opt_filter_t *filter, coap_option_num_t number)
{
	unsigned slot;

	if (!filter)
		return 0;
	slot = find(filter, number);
	filter->mask &= (uint16_t)~slot;
	return slot != NO_SLOT;
}

int
coap_option_filter_get(coap_opt_filter_t *filter, coap_option_num_t number)
{
	return filter && find(filter, number) != NO_SLOT;
}

bool
filter_meets(const coap_opt_filter_t *filter, const coap_pdu_t *pdu)
{
	unsigned i;

	for (i = 0; i < COAP_OPT_FILTER_SHORT; i++)
		if (filter->mask & SHORT_BIT(i) &&
		    !pdu_lacks(pdu, filter->short_opts[i]))
			return true;
	for (i = 0; i < COAP_OPT_FILTER_LONG; i++)
		if (filter->mask & LONG_BIT(i) &&
		    !pdu_lacks(pdu, filter->long_opts[i]))
			return true;
	return false;
}
