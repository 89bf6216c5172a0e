/* SPDX-License-Identifier: BSD-2-Clause */
/* Problem details: names of entries, and lines for people. */
#include "cli/decode/problem.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output/option_text.h"
#include "cli/output/payload.h"

/* RFC 9290 section 2; -8 is of section 3.1.1. */
static const struct entry {
	const char *number;
	const char *name;
} entries[] = {
	{ "-1", "title" },
	{ "-2", "detail" },
	{ "-3", "instance" },
	{ "-4", "response-code" },
	{ "-5", "base-uri" },
	{ "-6", "base-lang" },
	{ "-7", "base-rtl" },
	{ "-8", "unprocessed-coap-option" },
};

static const char *
name_of(const char *key)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (strcmp(entries[i].number, key) == 0)
			return entries[i].name;
	return key;
}

/* A response code is a number of one byte. */
static json_t *
named_value(const char *name, json_t *value)
{
	char buf[CODE_TEXT_SIZE];
	json_int_t code = json_integer_value(value);

	if (strcmp(name, "response-code") != 0 || !json_is_integer(value) ||
	    code < 0 || code > UINT8_MAX)
		return json_incref(value);
	return json_string(code_text((unsigned)code, buf));
}

json_t *
problem_named(const json_t *map, struct text *why)
{
	json_t *named;
	const char *key;
	json_t *value;

	if (json_object_size(map) == 0) {
		text_add(why, "it is no map with entries");
		return NULL;
	}
	named = json_object();
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
	{
		const char *name = name_of(key);

		if (json_object_set_new(named, name,
			named_value(name, value)) == 0)
			continue;
		json_decref(named);
		return NULL;
	}
	return named;
}

/* --- lines --------------------------------------------------------------- */

/* Text, also with a language in front of it (tag 38), or anything else as
 * JSON. */
static void
add_value(struct text *out, const json_t *value, bool ascii)
{
	const json_t *text = json_is_array(value) && json_array_size(value) >= 2
	    ? json_array_get(value, 1)
	    : NULL;
	char *json;

	text = json_is_string(text) ? text : value;
	if (json_is_string(text)) {
		payload_escape(out, json_string_value(text),
		    json_string_length(text), ESCAPE_LINE, ascii);
		return;
	}
	json = json_dumps(value, JSON_ENCODE_ANY);
	if (json)
		payload_escape(out, json, strlen(json), ESCAPE_LINE, ascii);
	else
		out->failed = true;
	free(json);
}

void
problem_text(struct text *out, const json_t *problem, bool ascii)
{
	const json_t *title = json_object_get(problem, "title");
	const json_t *detail = json_object_get(problem, "detail");
	const char *key;
	json_t *value;

	if (title)
		add_value(out, title, ascii);
	if (title && detail)
		text_add(out, ": ");
	if (detail)
		add_value(out, detail, ascii);
	if (!title && !detail)
		text_add(out, "a problem without a title");
	json_object_foreach((json_t *)(uintptr_t)problem, key, value)
	{
		if (value == title || value == detail)
			continue;
		text_add(out, "\n  ");
		payload_escape(out, key, strlen(key), ESCAPE_LINE, ascii);
		text_add(out, ": ");
		add_value(out, value, ascii);
	}
}
