/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * URIs: what splits is printed, splits again and prints the same, and gives
 * the same options. The text is also taken as a bare path, query and host.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap_pdu.h>
#include <coap3/coapx_uri.h>

#include "wire/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int condition)
{
	if (!condition)
		abort();
}

static void
same_options(const coap_uri_t *a, const coap_uri_t *b)
{
	coap_optlist_t *la = NULL, *lb = NULL, *x, *y;

	need(coap_uri_into_optlist(a, NULL, &la, 1) == 1);
	need(coap_uri_into_optlist(b, NULL, &lb, 1) == 1);
	for (x = la, y = lb; x && y; x = x->next, y = y->next) {
		need(x->number == y->number && x->length == y->length);
		need(memcmp(x->data, y->data, x->length) == 0);
	}
	need(!x && !y);
	coap_delete_optlist(la);
	coap_delete_optlist(lb);
}

static void
check_print(const coap_uri_t *uri, int proxy)
{
	coap_string_t *text, *text2;
	coap_uri_t again;
	int r;

	need(coapx_uri_print(uri, &text) == 0);
	r = proxy ? coap_split_proxy_uri(text->s, text->length, &again)
		  : coap_split_uri(text->s, text->length, &again);
	need(r == 0);
	need(coapx_uri_print(&again, &text2) == 0);
	need(coap_string_equal(text, text2));
	if (!proxy)
		same_options(uri, &again);
	coap_delete_string(text);
	coap_delete_string(text2);
}

static void
check_pieces(const uint8_t *data, size_t size)
{
	coap_str_const_t text = { size, data };
	coap_optlist_t *list = NULL;
	uint8_t out[300];
	char host[256];
	size_t n = sizeof(out);

	coap_split_path(data, size, out, &n);
	need(n <= sizeof(out));
	n = sizeof(out);
	coap_split_query(data, size, out, &n);
	need(n <= sizeof(out));
	coap_path_into_optlist(data, size, COAP_OPTION_LOCATION_PATH, &list);
	coap_query_into_optlist(data, size, COAP_OPTION_LOCATION_QUERY, &list);
	coap_delete_optlist(list);
	need(uri_host_text(&text, host, sizeof(host)) < (int)sizeof(host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *problem = coapx_uri_problem((const char *)data, size);
	size_t at = 0;
	coap_uri_t uri;
	int r;

	r = coap_split_uri(data, size, &uri);
	need((r == 0) == (problem == NULL));
	need((r == 0) == (coapx_uri_check((const char *)data, size, &at) == 0));
	need(at <= size);
	if (r == 0)
		check_print(&uri, 0);
	if (coap_split_proxy_uri(data, size, &uri) == 0)
		check_print(&uri, 1);
	check_pieces(data, size);
	return 0;
}
