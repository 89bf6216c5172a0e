/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that users type: durations, numbers, hexadecimal,
 * base64. */
#include <stdlib.h>
#include <string.h>

#include "cli/words/args.h"

#define MS_MAX 0xffffffffU /* 49 days: what the library's timers take */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, and after a point up to three places that count: thousandths. */
static bool
read_thousandths(const char **s, uint64_t *out)
{
	uint64_t value = 0;
	unsigned place = 1000;
	const char *c = *s;

	if (!is_digit(*c))
		return false;
	for (; is_digit(*c); c++) {
		if (value > MS_MAX)
			return false;
		value = value * 10 + (uint64_t)(*c - '0');
	}
	value *= 1000;
	if (*c == '.') {
		c++;
		if (!is_digit(*c))
			return false;
		for (; is_digit(*c); c++) {
			place /= 10;
			value += (uint64_t)(*c - '0') * place;
		}
	}
	*s = c;
	*out = value;
	return true;
}

int64_t
parse_duration(const char *s)
{
	static const struct {
		const char *name;
		unsigned ms;
	} units[] = {
		{ "", 1000 },
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "min", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
		{ "d", 24 * 60 * 60 * 1000 },
	};
	uint64_t thousandths;
	size_t i;

	if (!read_thousandths(&s, &thousandths))
		return -1;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(s, units[i].name) != 0)
			continue;
		if (thousandths > (uint64_t)MS_MAX * 1000 / units[i].ms)
			return -1;
		return (int64_t)(thousandths * units[i].ms / 1000);
	}
	return -1;
}

bool
parse_number(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0, digit;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (!is_digit(*s))
			return false;
		digit = (uint64_t)(*s - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
parse_hex(const char *s, uint8_t **bytes, size_t *len)
{
	uint8_t *out = malloc(strlen(s) / 2 + 1);
	size_t n = 0;
	int high, low;

	if (!out)
		return false;
	while (*s != '\0') {
		if (n > 0 && strchr(": \t\r\n", *s)) {
			s++;
			continue;
		}
		high = hex_digit(s[0]);
		low = high >= 0 ? hex_digit(s[1]) : -1;
		if (low < 0) {
			/* It may be a key with a slip in it. */
			explicit_bzero(out, n);
			free(out);
			return false;
		}
		out[n++] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	*bytes = out;
	*len = n;
	return true;
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* Whether padding, and white space alone, is what is left at s, and makes the
 * digits up to whole groups; bits that they have too many must be 0. */
static bool
base64_ends(const char *s, size_t digits, uint32_t group)
{
	size_t pads = 0;

	for (; *s != '\0'; s++) {
		if (*s == '=')
			pads++;
		else if (!strchr(" \t\r\n", *s))
			return false;
	}
	switch (digits % 4) {
	case 0:
		return pads == 0;
	case 2:
		return pads == 2 && (group & 15) == 0;
	case 3:
		return pads == 1 && (group & 3) == 0;
	default:
		return false;
	}
}

bool
parse_base64(const char *s, uint8_t **bytes, size_t *len)
{
	uint8_t *out = malloc(strlen(s) / 4 * 3 + 3);
	uint32_t group = 0;
	size_t digits = 0;
	size_t n = 0;
	int digit;

	if (!out)
		return false;
	for (; *s != '\0' && *s != '='; s++) {
		if (strchr(" \t\r\n", *s))
			continue;
		digit = base64_digit(*s);
		if (digit < 0)
			break;
		group = group << 6 | (uint32_t)digit;
		if (digits++ % 4 != 0)
			out[n++] =
			    (uint8_t)(group >> (2 * (3 - (digits - 1) % 4)));
	}
	if (!base64_ends(s, digits, group)) {
		free(out);
		return false;
	}
	*bytes = out;
	*len = n;
	return true;
}
