/* SPDX-License-Identifier: BSD-2-Clause */
/* Records for files: writing, and reading with every length checked. */
#include <stdbool.h>
#include <string.h>

#include "exchange/records.h"

#include "base/err.h"

#define CHECKSUM 8
#define LENGTH   4

/* FNV-1a. */
static uint64_t
checksum(const uint8_t *data, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ data[i]) * 0x100000001b3u;
	return sum;
}

static void
put_number(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t
get_number(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | in[i];
	return value;
}

/* --- writing -------------------------------------------------------------- */

int
records_begin(struct buf *out, const char mark[static RECORDS_MARK])
{
	return buf_append(out, mark, RECORDS_MARK);
}

int
records_put(struct buf *out, const void *data, size_t len)
{
	uint8_t length[LENGTH];
	int err;

	if (len > UINT32_MAX)
		return -COAP_E_TOOBIG;
	put_number(length, len, LENGTH);
	err = buf_append(out, length, LENGTH);
	return err == 0 ? buf_append(out, data, len) : err;
}

int
records_put_address(struct buf *out, const coap_address_t *address)
{
	uint8_t field[RECORDS_ADDRESS] = { 0 };
	bool v6 = address->addr.sa.sa_family == AF_INET6;

	field[0] = v6 ? 6 : 4;
	put_number(field + 2, coap_address_get_port(address), 2);
	if (v6) {
		put_number(field + 4, address->addr.sin6.sin6_scope_id, 4);
		memcpy(field + 8, &address->addr.sin6.sin6_addr, 16);
	} else {
		memcpy(field + 8, &address->addr.sin.sin_addr, 4);
	}
	return records_put(out, field, sizeof(field));
}

int
records_end(struct buf *out)
{
	uint8_t sum[CHECKSUM];

	put_number(sum, checksum(out->data, out->len), CHECKSUM);
	return buf_append(out, sum, CHECKSUM);
}

/* --- reading -------------------------------------------------------------- */

bool
records_marked(const uint8_t *data, size_t len,
    const char mark[static RECORDS_MARK])
{
	return len >= RECORDS_MARK && memcmp(data, mark, RECORDS_MARK) == 0;
}

static bool
next_field(struct records *r, coap_bin_const_t *field)
{
	size_t len;

	if (r->left < LENGTH)
		return false;
	len = (size_t)get_number(r->at, LENGTH);
	if (len > r->left - LENGTH)
		return false;
	field->s = r->at + LENGTH;
	field->length = len;
	r->at += LENGTH + len;
	r->left -= LENGTH + len;
	return true;
}

bool
records_next(struct records *r, coap_bin_const_t *fields, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!next_field(r, &fields[i]))
			return false;
	return true;
}

int
records_open(struct records *r, const uint8_t *data, size_t len,
    const char mark[static RECORDS_MARK], unsigned n)
{
	coap_bin_const_t field;
	unsigned fields = 0;
	struct records all;

	if (len < RECORDS_MARK + CHECKSUM || !records_marked(data, len, mark) ||
	    get_number(data + len - CHECKSUM, CHECKSUM) !=
		checksum(data, len - CHECKSUM))
		return -COAP_E_FORMAT;
	r->at = data + RECORDS_MARK;
	r->left = len - RECORDS_MARK - CHECKSUM;
	all = *r;
	while (all.left > 0) {
		if (!next_field(&all, &field))
			return -COAP_E_FORMAT;
		fields = (fields + 1) % n;
	}
	return fields == 0 ? 0 : -COAP_E_FORMAT;
}

int
records_address(const coap_bin_const_t *field, coap_address_t *address)
{
	const uint8_t *f = field->s;

	if (field->length != RECORDS_ADDRESS || (f[0] != 4 && f[0] != 6))
		return -COAP_E_FORMAT;
	coap_address_init(address);
	if (f[0] == 6) {
		address->size = sizeof(address->addr.sin6);
		address->addr.sin6.sin6_family = AF_INET6;
		address->addr.sin6.sin6_scope_id =
		    (uint32_t)get_number(f + 4, 4);
		memcpy(&address->addr.sin6.sin6_addr, f + 8, 16);
	} else {
		address->size = sizeof(address->addr.sin);
		address->addr.sin.sin_family = AF_INET;
		memcpy(&address->addr.sin.sin_addr, f + 8, 4);
	}
	coap_address_set_port(address, (uint16_t)get_number(f + 2, 2));
	return 0;
}
