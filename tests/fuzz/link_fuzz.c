/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link-format: what is read and written again reads as the same. The first line
 * of the input is a query that the links are held against.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/link.h"

#define ATTRS_MAX 8
#define COPY_MAX  (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int condition)
{
	if (!condition)
		abort();
}

static void
copy_attr(struct buf *out, const coapx_link_attr_t *attr)
{
	size_t len = coapx_link_attr_value(attr, NULL, 0);
	char *value = malloc(len + 1);

	need(value != NULL);
	need(coapx_link_attr_value(attr, value, len + 1) == len);
	need(link_put_attr(out, attr->name.s, attr->name.len,
		 attr->value.s ? value : NULL, len) == 0);
	free(value);
}

/* Copies all links to out; the result of the reader. */
static int
copy_links(const char *s, size_t len, struct buf *out, const char *query,
    size_t query_len)
{
	coapx_link_attr_t attrs[ATTRS_MAX];
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	size_t links = 0, n;
	int r;

	coapx_link_reader_init(&reader, s, len);
	for (r = coapx_link_next(&reader, &target); r > 0;
	     r = coapx_link_next(&reader, &target)) {
		need(link_put_target(out, links++ == 0, target.s, target.len) ==
		    0);
		n = 0;
		while (n < ATTRS_MAX &&
		    coapx_link_next_attr(&reader, &attrs[n]) == 1)
			copy_attr(out, &attrs[n++]);
		coapx_link_matches(&target, attrs, n, query, query_len);
	}
	need(reader.pos <= len && reader.error_at <= len);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *query = (const char *)data;
	const char *end = size ? memchr(query, '\n', size) : NULL;
	size_t query_len = end ? (size_t)(end - query) : 0;
	const char *text = end ? end + 1 : query;
	size_t len = size - (size_t)(text - query);
	struct buf first, second;

	buf_init(&first, COPY_MAX);
	buf_init(&second, COPY_MAX);
	copy_links(text, len, &first, query, query_len);
	need(copy_links((char *)first.data, first.len, &second, query,
		 query_len) == 0);
	need(first.len == second.len);
	need(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
