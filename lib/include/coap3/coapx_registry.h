/* SPDX-License-Identifier: BSD-2-Clause */
/* The registries of CoAP by name and by number (an extension of libcoap). */
#ifndef COAPX_REGISTRY_H
#define COAPX_REGISTRY_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>

typedef enum {
	COAPX_OPTION_EMPTY = 0,
	COAPX_OPTION_OPAQUE = 1,
	COAPX_OPTION_UINT = 2,
	COAPX_OPTION_STRING = 3,
} coapx_option_format_t;

/* One row of the option registry; rows live as long as the process. */
typedef struct coapx_option_info_t {
	const char *name; /* "Uri-Path" */
	uint16_t number;
	coapx_option_format_t format;
	uint16_t min_length; /* bytes */
	uint16_t max_length;
	uint8_t critical : 1;
	uint8_t unsafe : 1;
	uint8_t no_cache_key : 1;
	uint8_t repeatable : 1;
	const char *reference; /* "RFC 7252" */
} coapx_option_info_t;

typedef struct coapx_code_info_t {
	uint8_t code;     /* class << 5 | detail */
	const char *name; /* "Content" */
	const char *reference;
	const char *hint; /* one short sentence on what it means, for people */
} coapx_code_info_t;

typedef struct coapx_format_info_t {
	uint16_t number;
	const char *media_type; /* "application/senml+cbor" */
	const char *parameters; /* "charset=utf-8", or NULL */
	const char *coding;     /* "deflate", or NULL for identity */
	const char *reference;
} coapx_format_info_t;

/* NULL when it is not registered. */
COAP_API const coapx_option_info_t *coapx_option_by_number(unsigned number);
/* Names compare without regard to case. */
COAP_API const coapx_option_info_t *coapx_option_by_name(const char *name);
/* Row i of the table, in order of number; NULL behind the last. */
COAP_API const coapx_option_info_t *coapx_option_at(size_t i);
/* The option numbers of a signalling code have a space each (RFC 8323
 * section 5.2); NULL when none is registered. */
COAP_API const coapx_option_info_t *coapx_signaling_option(unsigned code,
    unsigned number);

COAP_API const coapx_code_info_t *coapx_code_by_number(unsigned code);
/* "GET", "Content", "2.05", "4.04"; 0.00 to 7.31 also when unregistered.
 * The code, or -1. */
COAP_API int coapx_code_by_name(const char *name);
COAP_API const coapx_code_info_t *coapx_code_at(size_t i);

COAP_API const coapx_format_info_t *coapx_format_by_number(unsigned number);
/*
 * By media type, with or without its parameters and ";coding=deflate", or by
 * a short name: text, link, xml, octets, binary, json, cbor, senml+json,
 * senml+cbor, problem (application/concise-problem-details+cbor) and the like;
 * or a number 0..65535 in decimal. The first row wins when several share a
 * media type. The number, or -1.
 */
COAP_API int coapx_format_by_name(const char *name);
COAP_API const coapx_format_info_t *coapx_format_at(size_t i);
/* Short name i and, when number is not NULL, the number that it stands for;
 * NULL behind the last. Several may stand for one number. */
COAP_API const char *coapx_format_alias_at(size_t i, unsigned *number);

#endif
