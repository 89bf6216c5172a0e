/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows. */
#include "cli/output/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <coap3/coap_mem.h>

#define TEXT_FIRST 256

/* It may have been a key (--reveal). */
static void
release(struct text *text)
{
	if (text->s)
		explicit_bzero(text->s, text->room);
	coap_free_type(COAP_STRING, text->s);
}

/* Room for len more bytes and a NUL. */
static bool
text_grow(struct text *text, size_t len)
{
	size_t room = text->room ? text->room : TEXT_FIRST;
	char *s;

	if (text->failed)
		return false;
	if (text->s && len < text->room - text->len)
		return true;
	while (room - text->len <= len && room <= SIZE_MAX / 2)
		room *= 2;
	s = room - text->len > len ? coap_malloc_type(COAP_STRING, room) : NULL;
	if (!s) {
		text->failed = true;
		return false;
	}
	if (text->s)
		memcpy(s, text->s, text->len);
	release(text);
	text->s = s;
	text->room = room;
	return true;
}

void
text_add_bytes(struct text *text, const void *data, size_t len)
{
	if (len == 0 || !text_grow(text, len))
		return;
	memcpy(text->s + text->len, data, len);
	text->len += len;
}

void
text_add(struct text *text, const char *s)
{
	text_add_bytes(text, s, strlen(s));
}

void
text_add_char(struct text *text, char c, size_t times)
{
	if (times == 0 || !text_grow(text, times))
		return;
	memset(text->s + text->len, c, times);
	text->len += times;
}

void
text_addf(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !text_grow(text, (size_t)n)) {
		text->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(text->s + text->len, (size_t)n + 1, format, args);
	va_end(args);
	text->len += (size_t)n;
}

const char *
text_string(struct text *text)
{
	if (!text_grow(text, 1))
		return NULL;
	text->s[text->len] = '\0';
	return text->s;
}

void
text_free(struct text *text)
{
	release(text);
	*text = (struct text){ .s = NULL };
}
