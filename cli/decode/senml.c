/* SPDX-License-Identifier: BSD-2-Clause */
/* Resolving SenML. A pack is JSON here, whatever it was. */
#include "cli/decode/senml.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/json_line.h"

#define VERSION 10
/* Of what is resolved, for a long base name would be repeated by each record;
 * and what a record takes at least. */
#define RESOLVED_MAX ((size_t)8 * 1024 * 1024)
#define RECORD_SIZE  256

/* Table 4 of RFC 8428. */
static const struct label {
	const char *number;
	const char *name;
} labels[] = {
	{ "-1", "bver" },
	{ "-2", "bn" },
	{ "-3", "bt" },
	{ "-4", "bu" },
	{ "-5", "bv" },
	{ "-6", "bs" },
	{ "0", "n" },
	{ "1", "u" },
	{ "2", "v" },
	{ "3", "vs" },
	{ "4", "vb" },
	{ "5", "s" },
	{ "6", "t" },
	{ "7", "ut" },
	{ "8", "vd" },
};

static const char *
name_of(const char *key)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (strcmp(labels[i].number, key) == 0)
			return labels[i].name;
	return key;
}

static json_t *
named_record(json_t *record)
{
	json_t *named;
	const char *key;
	json_t *value;

	if (!json_is_object(record))
		return json_incref(record);
	named = json_object();
	json_object_foreach(record, key, value)
	{
		if (json_object_set(named, name_of(key), value) == 0)
			continue;
		json_decref(named);
		return NULL;
	}
	return named;
}

json_t *
senml_named(const json_t *pack)
{
	json_t *named = json_array();
	json_t *record;
	size_t i;

	json_array_foreach(pack, i, record)
	{
		if (json_array_append_new(named, named_record(record)) == 0)
			continue;
		json_decref(named);
		return NULL;
	}
	return named;
}

/* --- resolving ----------------------------------------------------------- */

struct resolver {
	double now; /* seconds */
	const char *name;
	const json_t *unit;
	const json_t *value;
	const json_t *sum;
	const json_t *version;
	double time;
	bool have_time;
	size_t record; /* which it is, for why */
	size_t size;   /* bytes so far, about */
	struct text *why;
};

enum kind {
	KIND_NUMBER,
	KIND_STRING,
	KIND_BOOLEAN,
};

static const struct field {
	const char *name;
	enum kind kind;
} fields[] = {
	{ "bver", KIND_NUMBER },
	{ "bn", KIND_STRING },
	{ "bt", KIND_NUMBER },
	{ "bu", KIND_STRING },
	{ "bv", KIND_NUMBER },
	{ "bs", KIND_NUMBER },
	{ "n", KIND_STRING },
	{ "u", KIND_STRING },
	{ "v", KIND_NUMBER },
	{ "vs", KIND_STRING },
	{ "vb", KIND_BOOLEAN },
	{ "vd", KIND_STRING },
	{ "s", KIND_NUMBER },
	{ "t", KIND_NUMBER },
	{ "ut", KIND_NUMBER },
};

static const struct field *
find_field(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static bool
is_kind(const json_t *value, enum kind kind)
{
	if (kind == KIND_NUMBER)
		return json_is_number(value);
	return kind == KIND_STRING ? json_is_string(value)
				   : json_is_boolean(value);
}

/* A label that ends in "_" must be understood (RFC 8428 section 4.4). */
static bool
check_fields(struct resolver *r, json_t *record)
{
	static const char *const kinds[] = { "a number", "text",
		"true or false" };
	const struct field *field;
	const char *key;
	json_t *value;
	size_t len;

	json_object_foreach(record, key, value)
	{
		len = strlen(key);
		field = find_field(key);
		if (!field && len > 0 && key[len - 1] == '_')
			text_addf(r->why,
			    "record %zu has '%s', which must be understood "
			    "and is not known here",
			    r->record, key);
		else if (field && !is_kind(value, field->kind))
			text_addf(r->why, "'%s' of record %zu is not %s", key,
			    r->record, kinds[field->kind]);
		else
			continue;
		return false;
	}
	return true;
}

static bool
take_bases(struct resolver *r, const json_t *record)
{
	const json_t *value = json_object_get(record, "bver");

	if (value && json_number_value(value) > VERSION) {
		text_addf(r->why, "version %g of SenML is not known here",
		    json_number_value(value));
		return false;
	}
	r->version = value ? value : r->version;
	value = json_object_get(record, "bn");
	r->name = value ? json_string_value(value) : r->name;
	value = json_object_get(record, "bt");
	r->have_time = r->have_time || value;
	r->time = value ? json_number_value(value) : r->time;
	value = json_object_get(record, "bu");
	r->unit = value ? value : r->unit;
	value = json_object_get(record, "bv");
	r->value = value ? value : r->value;
	value = json_object_get(record, "bs");
	r->sum = value ? value : r->sum;
	return true;
}

/* Takes over value. */
static bool
put(json_t *out, const char *key, json_t *value)
{
	return json_object_set_new(out, key, value) == 0;
}

/* False: it is beyond all numbers, or out of memory. */
static bool
put_real(const struct resolver *r, json_t *out, const char *key, double number)
{
	json_t *value;

	if (!isfinite(number)) {
		text_addf(r->why,
		    "'%s' of record %zu and its base are more than a number "
		    "holds",
		    key, r->record);
		return false;
	}
	value = json_number_of(number);
	if (!json_is_null(value))
		return put(out, key, value);
	json_decref(value);
	return false;
}

/* The sum of a member and its base, either of which may be missing. Whole
 * numbers stay so. */
static bool
put_number(const struct resolver *r, json_t *out, const json_t *record,
    const char *key, const json_t *base)
{
	const json_t *own = json_object_get(record, key);
	json_int_t sum;

	if (!own && !base)
		return true;
	if ((!own || json_is_integer(own)) &&
	    (!base || json_is_integer(base)) &&
	    !__builtin_add_overflow(json_integer_value(own),
		json_integer_value(base), &sum))
		return put(out, key, json_integer(sum));
	return put_real(r, out, key,
	    json_number_value(base) + json_number_value(own));
}

static bool
put_name(const struct resolver *r, json_t *out, const json_t *record)
{
	const char *own = json_string_value(json_object_get(record, "n"));

	return put(out, "n", json_sprintf("%s%s", r->name, own ? own : ""));
}

static bool
put_time(const struct resolver *r, json_t *out, const json_t *record)
{
	const json_t *own = json_object_get(record, "t");
	double time = r->time + json_number_value(own);

	if (!own && !r->have_time)
		return true;
	if (time < SENML_RELATIVE_MAX)
		time += r->now;
	return put_real(r, out, "t", time);
}

/* A value of another kind takes no base value. */
static bool
has_other_value(const json_t *record)
{
	return json_object_get(record, "vs") || json_object_get(record, "vb") ||
	    json_object_get(record, "vd");
}

static bool
is_base(const char *key)
{
	return *key == 'b' && find_field(key);
}

/* Everything that has no rule of its own. */
static bool
put_rest(json_t *out, json_t *record)
{
	const char *key;
	json_t *value;

	json_object_foreach(record, key, value) if (!is_base(key) &&
	    strcmp(key, "t") != 0 && !json_object_get(out, key) &&
	    json_object_set(out, key, value) != 0) return false;
	return true;
}

static json_t *
resolve_record(const struct resolver *r, json_t *record)
{
	json_t *out = json_object();
	const json_t *unit = json_object_get(record, "u");
	bool numeric = !has_other_value(record);
	bool ok;

	unit = unit ? unit : r->unit;
	ok = put_name(r, out, record) &&
	    (!unit || put(out, "u", json_deep_copy(unit))) &&
	    (!numeric || put_number(r, out, record, "v", r->value)) &&
	    put_number(r, out, record, "s", r->sum) && put_rest(out, record) &&
	    put_time(r, out, record) &&
	    (!r->version || json_number_value(r->version) == VERSION ||
		put(out, "bver", json_deep_copy(r->version)));
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

/* A record may do no more than set bases. */
static bool
is_only_bases(json_t *record)
{
	const char *key;
	json_t *value;

	json_object_foreach(record, key, value) if (!is_base(key)) return false;
	return !json_object_get(record, "bv") && !json_object_get(record, "bs");
}

static bool
has_room(struct resolver *r, const json_t *record)
{
	r->size += RECORD_SIZE + strlen(r->name) +
	    json_string_length(json_object_get(record, "n")) +
	    json_string_length(r->unit);
	if (r->size <= RESOLVED_MAX)
		return true;
	text_addf(r->why,
	    "resolved it would be too long, with names and all, from record "
	    "%zu on",
	    r->record);
	return false;
}

static int
resolve_next(struct resolver *r, json_t *records, json_t *record)
{
	if (!json_is_object(record)) {
		text_addf(r->why, "record %zu is no map", r->record);
		return -1;
	}
	if (!check_fields(r, record) || !take_bases(r, record))
		return -1;
	if (is_only_bases(record))
		return 0;
	if (!has_room(r, record))
		return -1;
	return json_array_append_new(records, resolve_record(r, record));
}

/* --- order --------------------------------------------------------------- */

struct place {
	double time;
	size_t index;
	json_t *record;
};

static int
compare(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* In the order of time (RFC 8428 section 4.6); without one it is now. */
static json_t *
in_order(json_t *records, double now)
{
	size_t n = json_array_size(records);
	struct place *places = calloc(n ? n : 1, sizeof(*places));
	json_t *sorted = places ? json_array() : NULL;
	const json_t *time;

	for (size_t i = 0; sorted && i < n; i++) {
		places[i].record = json_array_get(records, i);
		places[i].index = i;
		time = json_object_get(places[i].record, "t");
		places[i].time = time ? json_number_value(time) : now;
	}
	if (sorted)
		qsort(places, n, sizeof(*places), compare);
	for (size_t i = 0; sorted && i < n; i++) {
		if (json_array_append(sorted, places[i].record) == 0)
			continue;
		json_decref(sorted);
		sorted = NULL;
	}
	free(places);
	json_decref(records);
	return sorted;
}

json_t *
senml_resolve(const json_t *pack, int64_t now_ms, struct text *why)
{
	struct resolver r = {
		.now = (double)now_ms / 1000,
		.name = "",
		.why = why,
	};
	json_t *records;
	json_t *record;
	size_t i;

	if (!json_is_array(pack)) {
		text_add(why, "it is no array of records");
		return NULL;
	}
	records = json_array();
	json_array_foreach(pack, i, record)
	{
		r.record = i + 1;
		if (resolve_next(&r, records, record) == 0)
			continue;
		json_decref(records);
		return NULL;
	}
	return records ? in_order(records, r.now) : NULL;
}
