/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of a file: what is read lies in the bytes, and written again it is
 * the same. The first byte is how many fields a record has; the rest is the
 * file itself, and also what is between mark and checksum.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/records.h"

#define FIELDS_MAX 4
#define MARK       "COAPfuz1"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int condition)
{
	if (!condition)
		abort();
}

static void
read_address(const coap_bin_const_t *field)
{
	coap_address_t address;
	struct buf out;

	if (records_address(field, &address) < 0)
		return;
	/* Its unused bytes may differ. */
	buf_init(&out, 100);
	need(records_put_address(&out, &address) == 0);
	need(out.len == 4 + RECORDS_ADDRESS && field->s[0] == out.data[4]);
	buf_free(&out);
}

static void
read_records(const uint8_t *data, size_t size, unsigned n)
{
	coap_bin_const_t fields[FIELDS_MAX];
	struct records r;
	struct buf out;

	if (records_open(&r, data, size, MARK, n) < 0)
		return;
	buf_init(&out, size);
	need(records_begin(&out, MARK) == 0);
	while (records_next(&r, fields, n)) {
		for (unsigned i = 0; i < n; i++) {
			need(fields[i].s > data &&
			    fields[i].s + fields[i].length < data + size);
			read_address(&fields[i]);
			need(records_put(&out, fields[i].s, fields[i].length) ==
			    0);
		}
	}
	need(records_end(&out) == 0);
	need(out.len == size && memcmp(out.data, data, size) == 0);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole;
	unsigned n;

	if (size == 0)
		return 0;
	n = 1 + data[0] % FIELDS_MAX;
	read_records(data + 1, size - 1, n);
	buf_init(&whole, size + 100);
	need(records_begin(&whole, MARK) == 0);
	need(buf_append(&whole, data + 1, size - 1) == 0);
	need(records_end(&whole) == 0);
	read_records(whole.data, whole.len, n);
	buf_free(&whole);
	return 0;
}
