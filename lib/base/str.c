/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and binary data with a length, each in one block of memory. */
#include <coap3/coap_str.h>

#include <string.h>

#include "base/alloc.h"

#define RING 4 /* results of coap_make_str_const() that live at a time */

/*
 * A block of a struct of header bytes, size bytes (a copy of data, or zero
 * without it) and a NUL.
 */
static void *
block_new(size_t header, const uint8_t *data, size_t size)
{
	uint8_t *block;

	if (size > PTRDIFF_MAX - header - 1)
		return NULL;
	block = coap_malloc_type(COAP_STRING, header + size + 1);
	if (!block)
		return NULL;
	if (data && size)
		memcpy(block + header, data, size);
	else
		memset(block + header, 0, size);
	block[header + size] = 0;
	return block;
}

coap_string_t *
coap_new_string(size_t size)
{
	coap_string_t *string = block_new(sizeof(*string), NULL, size);

	if (string)
		*string = (coap_string_t){ size, (uint8_t *)(string + 1) };
	return string;
}

void
coap_delete_string(coap_string_t *string)
{
	coap_free_type(COAP_STRING, string);
}

coap_str_const_t *
coap_new_str_const(const uint8_t *data, size_t size)
{
	coap_str_const_t *string;

	if (!data && size)
		return NULL;
	string = block_new(sizeof(*string), data, size);
	if (string)
		*string = (coap_str_const_t){ size, (uint8_t *)(string + 1) };
	return string;
}

void
coap_delete_str_const(coap_str_const_t *string)
{
	coap_free_type(COAP_STRING, string);
}

coap_binary_t *
coap_new_binary(size_t size)
{
	coap_binary_t *binary = block_new(sizeof(*binary), NULL, size);

	if (binary)
		*binary = (coap_binary_t){ size, (uint8_t *)(binary + 1) };
	return binary;
}

void
coap_delete_binary(coap_binary_t *binary)
{
	coap_free_type(COAP_STRING, binary);
}

coap_binary_t *
coap_resize_binary(coap_binary_t *binary, size_t new_size)
{
	coap_binary_t *moved;

	if (!binary)
		return coap_new_binary(new_size);
	if (new_size > PTRDIFF_MAX - sizeof(*binary) - 1)
		return NULL;
	moved = coap_realloc_type(COAP_STRING, binary,
	    sizeof(*binary) + new_size + 1);
	if (!moved)
		return NULL;

	moved->s = (uint8_t *)(moved + 1);
	if (new_size > moved->length)
		memset(moved->s + moved->length, 0, new_size - moved->length);
	moved->s[new_size] = 0;
	moved->length = new_size;
	return moved;
}

coap_bin_const_t *
coap_new_bin_const(const uint8_t *data, size_t size)
{
	coap_bin_const_t *binary;

	if (!data && size)
		return NULL;
	binary = block_new(sizeof(*binary), data, size);
	if (binary)
		*binary = (coap_bin_const_t){ size, (uint8_t *)(binary + 1) };
	return binary;
}

void
coap_delete_bin_const(coap_bin_const_t *binary)
{
	coap_free_type(COAP_STRING, binary);
}

coap_str_const_t *
coap_make_str_const(const char *string)
{
	static _Thread_local coap_str_const_t ring[RING];
	static _Thread_local unsigned int next;
	coap_str_const_t *result = &ring[next++ % RING];

	if (!string)
		string = "";
	COAP_SET_STR(result, strlen(string), (const uint8_t *)string);
	return result;
}
