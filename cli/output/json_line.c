/* SPDX-License-Identifier: BSD-2-Clause */
/* Making one line of JSON. */
#include "cli/output/json_line.h"

#include <stdlib.h>
#include <string.h>

#include <coap3/coapx.h>

#include "cli/output/payload.h"

/* The version of the format; fields may be added without a new one. */
#define FORMAT_VERSION 1
/* Digits: 23.1 stays 23.1. */
#define REAL_DIGITS 15
/* Whole numbers up to here are exact in a double. */
#define WHOLE_MAX 9007199254740992.0

void
json_line_begin(struct json_line *line, const char *type)
{
	line->failed = false;
	line->object = json_object();
	json_line_add(line, line->object, "v", json_integer(FORMAT_VERSION));
	json_line_add(line, line->object, "type", json_text(type));
}

void
json_line_add(struct json_line *line, json_t *object, const char *key,
    json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		line->failed = true;
}

void
json_line_append(struct json_line *line, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		line->failed = true;
}

json_t *
json_line_object(struct json_line *line, json_t *object, const char *key)
{
	json_t *child = json_object();

	json_line_add(line, object, key, child);
	return line->failed ? NULL : child;
}

/* Inside of strings alone can there be anything but plain ASCII. */
static void
add_escaped(struct text *text, const char *s, size_t len, bool ascii)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = payload_char(p + i, len - i, &c);
		if (n == 0) {
			text->failed = true;
			return;
		}
		if (payload_char_is_plain(c) && (n == 1 || !ascii))
			text_add_bytes(text, p + i, n);
		else if (c < 0x10000)
			text_addf(text, "\\u%04X", (unsigned)c);
		else
			text_addf(text, "\\u%04X\\u%04X",
			    (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	}
}

void
json_line_end(struct json_line *line, struct text *text, bool ascii)
{
	char *s = NULL;

	if (!line->failed)
		s = json_dumps(line->object,
		    JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
	if (s) {
		add_escaped(text, s, strlen(s), ascii);
		text_add_char(text, '\n', 1);
	} else {
		text->failed = true;
	}
	free(s);
	json_decref(line->object);
	line->object = NULL;
}

json_t *
json_text(const char *s)
{
	struct text escaped = { .s = NULL };
	json_t *value = NULL;

	if (!s)
		return json_null();
	if (payload_is_utf8(s, strlen(s)))
		return json_string(s);
	payload_escape(&escaped, s, strlen(s), ESCAPE_LINE, false);
	if (!escaped.failed)
		value = json_bytes(escaped.s, escaped.len);
	text_free(&escaped);
	return value;
}

json_t *
json_bytes(const void *data, size_t len)
{
	return json_stringn(len > 0 ? data : "", len);
}

json_t *
json_hex(const void *data, size_t len, size_t max)
{
	struct text hex = { .s = NULL };
	json_t *value = NULL;

	payload_hex(&hex, data, len < max ? len : max);
	if (len > max)
		text_add(&hex, "...");
	if (!hex.failed)
		value = json_bytes(hex.s, hex.len);
	text_free(&hex);
	return value;
}

json_t *
json_number_of(double number)
{
	json_t *real;

	if (number >= -WHOLE_MAX && number <= WHOLE_MAX &&
	    (double)(json_int_t)number == number)
		return json_integer((json_int_t)number);
	real = json_real(number);
	return real ? real : json_null(); /* NaN and infinity */
}

/* --- links --------------------------------------------------------------- */

static int
add_attribute(json_t *attributes, const char *name, json_t *value)
{
	json_t *there = json_object_get(attributes, name);
	json_t *array;

	if (!there)
		return json_object_set_new(attributes, name, value);
	if (json_is_array(there))
		return json_array_append_new(there, value);
	array = json_array();
	if (json_array_append(array, there) != 0) {
		json_decref(array);
		json_decref(value);
		return -1;
	}
	if (json_array_append_new(array, value) == 0)
		return json_object_set_new(attributes, name, array);
	json_decref(array);
	return -1;
}

int
json_attribute(json_t *attributes, const char *name, const char *value)
{
	json_t *key = json_text(name); /* a key has to be UTF-8 */
	int r = -1;

	if (key)
		r = add_attribute(attributes, json_string_value(key),
		    value ? json_text(value) : json_true());
	json_decref(key);
	return r;
}

static int
add_link_attribute(json_t *attributes, const coapx_link_attr_t *attr)
{
	size_t len = coapx_link_attr_value(attr, NULL, 0);
	char *value = coap_malloc_type(COAP_STRING, len + 1);
	char *name = coap_malloc_type(COAP_STRING, attr->name.len + 1);
	int r = -1;

	if (value && name) {
		memcpy(name, attr->name.s, attr->name.len);
		name[attr->name.len] = '\0';
		coapx_link_attr_value(attr, value, len + 1);
		r = json_attribute(attributes, name,
		    attr->value.s ? value : NULL);
	}
	coap_free_type(COAP_STRING, value);
	coap_free_type(COAP_STRING, name);
	return r;
}

static json_t *
read_link(coapx_link_reader_t *reader, const coapx_link_text_t *target)
{
	json_t *attributes = json_object();
	json_t *link = json_object();
	coapx_link_attr_t attr;
	int r = -1;

	if (json_object_set_new(link, "target",
		json_bytes(target->s, target->len)) != 0)
		json_decref(attributes);
	else if (json_object_set_new(link, "attributes", attributes) == 0)
		r = coapx_link_next_attr(reader, &attr);
	while (r == 1) {
		r = add_link_attribute(attributes, &attr);
		if (r == 0)
			r = coapx_link_next_attr(reader, &attr);
	}
	if (r == 0)
		return link;
	json_decref(link);
	return NULL;
}

json_t *
json_links(const char *data, size_t len)
{
	json_t *links = json_array();
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	int r;

	coapx_link_reader_init(&reader, data, len);
	r = coapx_link_next(&reader, &target);
	while (r == 1) {
		r = json_array_append_new(links, read_link(&reader, &target));
		if (r == 0)
			r = coapx_link_next(&reader, &target);
	}
	if (r == 0)
		return links;
	json_decref(links);
	return NULL;
}
