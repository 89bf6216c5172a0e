/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of URIs share. */
#ifndef TEST_URI_CHECK_H
#define TEST_URI_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap_address.h>
#include <coap3/coap_encode.h>
#include <coap3/coap_pdu.h>
#include <coap3/coapx_errors.h>
#include <coap3/coapx_uri.h>

#include "base/alloc.h"
#include "guard.h"
#include "wire/uri.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct guard guard;

/* Splits a copy whose end is guarded. */
static inline int
split(const char *text, coap_uri_t *uri)
{
	size_t len = strlen(text);

	return coap_split_uri(guard_put(&guard, text, len), len, uri);
}

static inline void
assert_text(coap_str_const_t got, const char *want)
{
	if (!want) {
		assert_null(got.s);
		assert_int_equal(got.length, 0);
		return;
	}
	assert_non_null(got.s);
	assert_int_equal(got.length, strlen(want));
	assert_memory_equal(got.s, want, got.length);
}

static inline void
assert_printed(const coap_uri_t *uri, const char *want)
{
	coap_string_t *text;

	assert_int_equal(coapx_uri_print(uri, &text), 0);
	assert_string_equal((char *)text->s, want);
	assert_int_equal(text->length, strlen(want));
	coap_delete_string(text);
}

/* The list as text: number=value for each, a blank between. */
static inline void
list_text(const coap_optlist_t *list, struct buf *out)
{
	buf_clear(out);
	for (; list; list = list->next) {
		if (list->number == COAP_OPTION_URI_PORT)
			buf_printf(out, "%u=%u", list->number,
			    coap_decode_var_bytes(list->data, list->length));
		else
			buf_printf(out, "%u=%.*s", list->number,
			    (int)list->length, (const char *)list->data);
		if (list->next)
			buf_append_u8(out, ' ');
	}
	buf_append_u8(out, 0);
}

static inline void
set_addr(coap_address_t *a, const char *text, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (strchr(text, ':')) {
		a->addr.sin6.sin6_family = AF_INET6;
		inet_pton(AF_INET6, text, &a->addr.sin6.sin6_addr);
	} else {
		a->addr.sin.sin_family = AF_INET;
		inet_pton(AF_INET, text, &a->addr.sin.sin_addr);
	}
	coap_address_set_port(a, port);
}

/* A request with options given as number and text, ended by 0. */
static inline coap_pdu_t *
request(const char *const *options)
{
	coap_pdu_t *pdu;
	uint8_t port[2];

	pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 4096);
	assert_non_null(pdu);
	for (; options[0]; options += 2) {
		uint16_t number = (uint16_t)atoi(options[0]);
		size_t len = strlen(options[1]);
		const uint8_t *value = (const uint8_t *)options[1];

		if (number == COAP_OPTION_URI_PORT) {
			len = coap_encode_var_safe(port, sizeof(port),
			    (unsigned)atoi(options[1]));
			value = port;
		}
		assert_true(coap_add_option(pdu, number, len, value) > 0);
	}
	return pdu;
}

static inline unsigned
pick(unsigned n)
{
	return (unsigned)random() % n;
}

static inline int
set_up(void **state)
{
	(void)state;
	guard_init(&guard, 4096);
	return guard.map ? 0 : -1;
}

static inline int
tear_down(void **state)
{
	(void)state;
	guard_free(&guard);
	return 0;
}

#endif
