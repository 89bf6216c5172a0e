/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options (RFC 7252 sections 3.1 and 5.4): one option as it is on the wire, the
 * iterator over those of a message, sets of option numbers, and lists from
 * which a message is made. The registry of names and formats is in
 * coapx_registry.h.
 */
#ifndef COAP_OPTION_H
#define COAP_OPTION_H

#include <coap3/coap_forward_decls.h>

/* The first byte of an option on the wire. */
typedef uint8_t coap_opt_t;
typedef uint16_t coap_option_num_t;

/* How many numbers up to 255, and how many above, a filter holds. */
#define COAP_OPT_FILTER_SHORT 6
#define COAP_OPT_FILTER_LONG  2
/* As the filter of coap_option_iterator_init(): every option. */
#define COAP_OPT_ALL NULL

/* One option that was read; value points into what it was read from. */
typedef struct {
	uint16_t delta; /* its number less that of the option in front */
	size_t length;  /* bytes at value */
	const uint8_t *value;
} coap_option_t;

/* A set of option numbers; coap_option_filter_clear() makes it empty, and so
 * does zeroing it. */
typedef struct coap_opt_filter_t {
	uint16_t mask;
	uint16_t long_opts[COAP_OPT_FILTER_LONG];
	uint8_t short_opts[COAP_OPT_FILTER_SHORT];
} coap_opt_filter_t;

typedef struct {
	size_t length;            /* bytes from next_option to the end */
	coap_option_num_t number; /* of the option returned last */
	unsigned int bad : 1;     /* the options are not valid, or none */
	unsigned int filtered : 1;
	coap_opt_t *next_option;
	coap_opt_filter_t filter;
} coap_opt_iterator_t;

/* A node of a list of options; node and data are one piece of memory. */
typedef struct coap_optlist_t {
	struct coap_optlist_t *next;
	uint16_t number;
	size_t length; /* bytes at data */
	uint8_t *data;
} coap_optlist_t;

/*
 * Reads the option at opt, looking at no more than length bytes, into *result
 * (may be NULL), whose value then points behind opt. Returns how many bytes the
 * option takes, or 0 when it is not complete, opt is the payload marker, or a
 * reserved nibble (15) is used.
 */
COAP_API size_t coap_opt_parse(const coap_opt_t *opt, size_t length,
    coap_option_t *result);

/*
 * Size of the whole option, length of its value, the value. opt must be a
 * complete option, as the iterator returns it. 0, 0 and NULL when it is NULL
 * or not valid. A value of no bytes has an address all the same.
 */
COAP_API size_t coap_opt_size(const coap_opt_t *opt);
COAP_API uint32_t coap_opt_length(const coap_opt_t *opt);
COAP_API const uint8_t *coap_opt_value(const coap_opt_t *opt);

/*
 * Writes the head of an option: its delta, and the length of the value that is
 * to follow. Returns the bytes written, 0 when they are more than maxlen or
 * length is over 65804, the most that can be said.
 */
COAP_API size_t coap_opt_setheader(coap_opt_t *opt, size_t maxlen,
    uint16_t delta, size_t length);

/* The bytes that an option takes, head and value. */
COAP_API size_t coap_opt_encode_size(uint16_t delta, size_t length);

/*
 * Writes a whole option into n bytes at opt. With val NULL the value's length
 * bytes are left as they are. Returns the bytes taken, or 0 when they do not
 * fit; then opt may have been written to.
 */
COAP_API size_t coap_opt_encode(coap_opt_t *opt, size_t n, uint16_t delta,
    const uint8_t *val, size_t length);

/* Filters. All accept NULL and return 0 for it. */

COAP_API void coap_option_filter_clear(coap_opt_filter_t *filter);
/* Adds a number. 1 when it is in the set now, 0 when there is no room: six
 * numbers up to 255 and two above fit. */
COAP_API int coap_option_filter_set(coap_opt_filter_t *filter,
    coap_option_num_t number);
/* Removes a number. 1, or 0 when it was not in the set. */
COAP_API int coap_option_filter_unset(coap_opt_filter_t *filter,
    coap_option_num_t number);
/* 1 when the number is in the set, 0 when it is not. */
COAP_API int coap_option_filter_get(coap_opt_filter_t *filter,
    coap_option_num_t number);

/*
 * Prepares oi to go through the options of pdu that filter names, or through
 * all of them with COAP_OPT_ALL; filter is copied. Returns oi, or NULL when pdu
 * has no options, or pdu or oi is NULL; oi is then at its end. The iterator
 * holds no memory, and is not valid after pdu was changed.
 */
COAP_API coap_opt_iterator_t *coap_option_iterator_init(const coap_pdu_t *pdu,
    coap_opt_iterator_t *oi, const coap_opt_filter_t *filter);

/*
 * The next option, its number in oi->number; NULL at the end. oi->bad tells
 * after NULL whether the options were not valid. The pointer lives as long as
 * pdu is not changed.
 */
COAP_API coap_opt_t *coap_option_next(coap_opt_iterator_t *oi);

/* The first option with that number, NULL when there is none;
 * coap_option_next() gives the others with the number. */
COAP_API coap_opt_t *coap_check_option(const coap_pdu_t *pdu,
    coap_option_num_t number, coap_opt_iterator_t *oi);

/*
 * A new node of a list, with a copy of length bytes (at most 65804) at data;
 * for coap_insert_optlist() and in the end coap_delete_optlist(). NULL when out
 * of memory or an argument is not valid.
 */
COAP_API coap_optlist_t *coap_new_optlist(uint16_t number, size_t length,
    const uint8_t *data);

/*
 * Puts a node into the list *optlist_chain (NULL is the empty one), behind all
 * whose number is not larger. The list owns it then. 1, or 0 when an argument
 * is NULL.
 */
COAP_API int coap_insert_optlist(coap_optlist_t **optlist_chain,
    coap_optlist_t *optlist);

/*
 * Sorts the list and adds all its options to pdu, which keeps copies. 1; or 0
 * when the list is empty, pdu is NULL, or one option could not be added: see
 * coap_add_option(). Those in front of it are then in pdu.
 */
COAP_API int coap_add_optlist_pdu(coap_pdu_t *pdu,
    coap_optlist_t **optlist_chain);

/* Frees the node and all that follow; NULL is allowed. */
COAP_API void coap_delete_optlist(coap_optlist_t *optlist_chain);

/* Deprecated names of coap_option_filter_set(), _unset() and _get(). */

static inline int
coap_option_setb(coap_opt_filter_t *filter, uint16_t type)
{
	return coap_option_filter_set(filter, type);
}

static inline int
coap_option_clrb(coap_opt_filter_t *filter, uint16_t type)
{
	return coap_option_filter_unset(filter, type);
}

static inline int
coap_option_getb(coap_opt_filter_t *filter, uint16_t type)
{
	return coap_option_filter_get(filter, type);
}

#endif
