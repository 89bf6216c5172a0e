/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading link-format (RFC 6690): what /.well-known/core answers. */
#ifndef COAPX_LINK_H
#define COAPX_LINK_H

#include <coap3/coap_forward_decls.h>

/* A piece of the text that is read; not terminated. */
typedef struct coapx_link_text_t {
	const char *s;
	size_t len;
} coapx_link_text_t;

/* One attribute. */
typedef struct coapx_link_attr_t {
	coapx_link_text_t name;
	/* Between the quotes if there are some, escapes still in; s is NULL
	 * when the attribute has no value. */
	coapx_link_text_t value;
	int quoted;
} coapx_link_attr_t;

/*
 * Reads links one by one. It borrows the text, which has to live as long as
 * what was read from it, and owns no memory. Look at error_at only.
 */
typedef struct coapx_link_reader_t {
	const char *s;
	size_t len;
	size_t pos;
	size_t error_at; /* where reading stopped, after an error */
	int state;
} coapx_link_reader_t;

COAP_API void coapx_link_reader_init(coapx_link_reader_t *reader, const char *s,
    size_t len);

/*
 * The next link: 1 with its target in *target (as written between < and >), 0
 * at the end, or -COAP_E_FORMAT; after that always again. White space around
 * links, ; and = is taken as RFC 8288 says, else the syntax is that of RFC 6690
 * section 2. Attributes that were not asked for are read over, and checked.
 */
COAP_API int coapx_link_next(coapx_link_reader_t *reader,
    coapx_link_text_t *target);

/* The next attribute of the link that was read last: 1, 0 behind the last one,
 * or -COAP_E_FORMAT. */
COAP_API int coapx_link_next_attr(coapx_link_reader_t *reader,
    coapx_link_attr_t *attr);

/*
 * Copies the value without escapes, as much of it as fits into size bytes with
 * a NUL behind it. Returns how long it is without the NUL, as snprintf() does.
 */
COAP_API size_t coapx_link_attr_value(const coapx_link_attr_t *attr, char *out,
    size_t size);

/*
 * Whether a link passes a query such as "rt=temp*" (RFC 6690 section 4.1): 1 or
 * 0. query is percent-decoded. href compares with the target, another name with
 * each attribute of that name, first as a whole, then its space-separated words
 * one by one; a * at the end matches what begins so. A name alone asks whether
 * the attribute is there. Names compare without regard to case. An empty query
 * lets everything pass.
 */
COAP_API int coapx_link_matches(const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n_attrs, const char *query,
    size_t query_len);

#endif
