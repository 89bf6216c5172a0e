/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of JSON Schema as the schema of the program's output needs. */
#include "json_schema.h"

#include <regex.h>
#include <string.h>

#define DEFS "#/$defs/"

struct check {
	json_t *root;
	json_t *schema; /* the object that the keyword is in */
	json_t *value;
};

typedef bool keyword_fn(const struct check *c, json_t *arg);

static bool
is_of_type(json_t *value, const char *type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object",
		[JSON_ARRAY] = "array",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",
		[JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",
		[JSON_NULL] = "null",
	};

	if (strcmp(type, "number") == 0)
		return json_is_number(value);
	return strcmp(type, names[json_typeof(value)]) == 0;
}

static bool
check_type(const struct check *c, json_t *arg)
{
	size_t i;
	json_t *type;

	if (json_is_string(arg))
		return is_of_type(c->value, json_string_value(arg));
	json_array_foreach(arg, i,
	    type) if (is_of_type(c->value,
			  json_string_value(type))) return true;
	return false;
}

static bool
check_const(const struct check *c, json_t *arg)
{
	return json_equal(c->value, arg);
}

static bool
check_enum(const struct check *c, json_t *arg)
{
	size_t i;
	json_t *one;

	json_array_foreach(arg, i,
	    one) if (json_equal(c->value, one)) return true;
	return false;
}

static bool
check_not(const struct check *c, json_t *arg)
{
	return !json_schema_allows(c->root, arg, c->value);
}

static bool
check_one_of(const struct check *c, json_t *arg)
{
	unsigned n = 0;
	size_t i;
	json_t *one;

	json_array_foreach(arg, i, one) n +=
	    json_schema_allows(c->root, one, c->value);
	return n == 1;
}

static bool
check_ref(const struct check *c, json_t *arg)
{
	const char *ref = json_string_value(arg);
	json_t *defs = json_object_get(c->root, "$defs");

	if (strncmp(ref, DEFS, strlen(DEFS)) != 0)
		return false;
	return json_schema_allows(c->root,
	    json_object_get(defs, ref + strlen(DEFS)), c->value);
}

static bool
check_pattern(const struct check *c, json_t *arg)
{
	regex_t regex;
	bool found;

	if (!json_is_string(c->value))
		return true;
	if (regcomp(&regex, json_string_value(arg), REG_EXTENDED | REG_NOSUB))
		return false;
	found = regexec(&regex, json_string_value(c->value), 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static bool
check_minimum(const struct check *c, json_t *arg)
{
	return !json_is_number(c->value) ||
	    json_number_value(c->value) >= json_number_value(arg);
}

static bool
check_required(const struct check *c, json_t *arg)
{
	size_t i;
	json_t *name;

	json_array_foreach(arg, i,
	    name) if (!json_object_get(c->value,
			  json_string_value(name))) return false;
	return true;
}

static bool
check_items(const struct check *c, json_t *arg)
{
	size_t i;
	json_t *item;

	json_array_foreach(c->value, i,
	    item) if (!json_schema_allows(c->root, arg, item)) return false;
	return true;
}

static bool
check_properties(const struct check *c, json_t *arg)
{
	json_t *value = NULL;
	const char *name;
	json_t *schema;
	void *at = json_object_iter(arg);

	for (; at; at = json_object_iter_next(arg, at)) {
		name = json_object_iter_key(at);
		schema = json_object_iter_value(at);
		value = json_object_get(c->value, name);
		if (value && !json_schema_allows(c->root, schema, value))
			return false;
	}
	return true;
}

static bool
check_additional(const struct check *c, json_t *arg)
{
	json_t *known = json_object_get(c->schema, "properties");
	json_t *object = c->value;
	void *at = json_object_iter(object);

	for (; at; at = json_object_iter_next(object, at)) {
		if (json_object_get(known, json_object_iter_key(at)))
			continue;
		if (json_is_false(arg) ||
		    !json_schema_allows(c->root, arg,
			json_object_iter_value(at)))
			return false;
	}
	return true;
}

static bool
check_nothing(const struct check *c, json_t *arg)
{
	(void)c;
	(void)arg;
	return true;
}

static const struct {
	const char *name;
	keyword_fn *check;
} keywords[] = {
	{ "$defs", check_nothing },
	{ "$ref", check_ref },
	{ "$schema", check_nothing },
	{ "additionalProperties", check_additional },
	{ "const", check_const },
	{ "description", check_nothing },
	{ "enum", check_enum },
	{ "items", check_items },
	{ "minimum", check_minimum },
	{ "not", check_not },
	{ "oneOf", check_one_of },
	{ "pattern", check_pattern },
	{ "properties", check_properties },
	{ "required", check_required },
	{ "title", check_nothing },
	{ "type", check_type },
};

static keyword_fn *
keyword(const char *name)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return keywords[i].check;
	return NULL;
}

bool
json_schema_allows(json_t *root, json_t *schema, json_t *value)
{
	const struct check c = { root, schema, value };
	json_t *object = schema;
	void *at = json_object_iter(object);
	keyword_fn *check;

	if (!json_is_object(schema))
		return false;
	for (; at; at = json_object_iter_next(object, at)) {
		check = keyword(json_object_iter_key(at));
		if (!check || !check(&c, json_object_iter_value(at)))
			return false;
	}
	return true;
}
