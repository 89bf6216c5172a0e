/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs that begin with their size. */
#include "base/sized.h"

#include <string.h>

/* What a struct of an application says; 0 for NULL. */
static size_t
size_of(const void *from)
{
	size_t size = 0;

	if (from)
		memcpy(&size, from, sizeof size);
	return size;
}

bool
sized_take(void *to, size_t size, const void *from)
{
	size_t given = size_of(from);
	const char *bytes = from;
	size_t i;

	if (given < sizeof given)
		return false;
	for (i = size; i < given; i++)
		if (bytes[i] != 0)
			return false;
	memset(to, 0, size);
	memcpy(to, from, given < size ? given : size);
	memcpy(to, &size, sizeof size);
	return true;
}

bool
sized_give(void *to, const void *from, size_t size)
{
	size_t given = size_of(to);

	if (given < sizeof given)
		return false;
	memcpy(to, from, given < size ? given : size);
	memcpy(to, &given, sizeof given);
	return true;
}
