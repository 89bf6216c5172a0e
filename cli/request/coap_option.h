/* SPDX-License-Identifier: BSD-2-Clause */
/* "Uri-Query=a=b", "60=5", "2049=hex:0a": an option as people type it. */
#ifndef CLI_COAP_OPTION_H
#define CLI_COAP_OPTION_H

#include <coap3/coapx.h>

/*
 * A known option is encoded by its type: a number for uint, text for string,
 * hex for opaque, nothing for empty; its length is checked. An unknown one
 * needs uint:, str:, hex: or the word empty, which a known one takes too (but
 * "empty" is text where text is wanted); after hex: any length will do. NULL: *problem is a sentence
 * (malloc()ed; NULL when out of memory).
 */
coap_optlist_t *option_parse(const char *text, char **problem);

#endif
