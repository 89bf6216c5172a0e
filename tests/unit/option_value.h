/* SPDX-License-Identifier: BSD-2-Clause */
/* The number that an option of a message is, which has to be there. */
#ifndef TEST_OPTION_VALUE_H
#define TEST_OPTION_VALUE_H

#include <coap3/coap_encode.h>
#include <coap3/coap_option.h>

static inline uint64_t
option_value(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	assert_non_null(opt);
	return coap_decode_var_bytes8(coap_opt_value(opt),
	    coap_opt_length(opt));
}

#endif
