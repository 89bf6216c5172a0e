/* SPDX-License-Identifier: BSD-2-Clause */
/* SenML for people: a table of resolved records. */
#include <string.h>

#include "cli/decode/senml.h"
#include "cli/output/output_form.h"
#include "cli/output/output_table.h"
#include "cli/output/time_text.h"

#define COLUMNS 4
#define MARGIN  "  "
/* Length of "2026-08-14 09:12:03". */
#define SECONDS_LEN 19

/* The integer below, of what is a date. */
static int64_t
whole(double value)
{
	int64_t n = (int64_t)value;

	return (double)n > value ? n - 1 : n;
}

/* "2026-08-14 09:12:03Z", with a fraction when there is one; the number of
 * seconds where years have another form. */
static void
add_time(struct text *out, double seconds)
{
	double ms = seconds * 1000 + 0.5;
	char buf[TIMESTAMP_TEXT_SIZE];

	if (!(ms >= (double)TIMESTAMP_MIN && ms < (double)TIMESTAMP_MAX + 1)) {
		add_number(out, seconds);
		text_add(out, " s");
		return;
	}
	timestamp_text(whole(ms), buf);
	if (strlen(buf) <= SECONDS_LEN)
		return;
	buf[strcspn(buf, "T")] = ' ';
	if (strcmp(buf + SECONDS_LEN, ".000Z") == 0)
		text_addf(out, "%.*sZ", SECONDS_LEN, buf);
	else
		text_add(out, buf);
}

static void
add_value(struct text *out, const json_t *value)
{
	if (json_is_integer(value))
		text_addf(out, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_number(value))
		add_number(out, json_number_value(value));
	else if (json_is_boolean(value))
		text_add(out, json_is_true(value) ? "true" : "false");
	else if (json_is_string(value))
		text_add_bytes(out, json_string_value(value),
		    json_string_length(value));
	else
		text_add_char(out, '-', 1);
}

static void
add_unit(struct text *out, const json_t *record)
{
	const char *unit = json_string_value(json_object_get(record, "u"));

	if (unit)
		text_addf(out, " %s", unit);
}

/* "21.4 Cel", "on", "true"; data as it is in JSON, in base64url. */
static void
value_cell(struct text *out, const json_t *record)
{
	static const char *const names[] = { "v", "vs", "vb", "vd" };
	const json_t *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names) && !value; i++)
		value = json_object_get(record, names[i]);
	if (json_object_get(record, "vd") == value && value)
		text_add(out, "data ");
	add_value(out, value);
	if (json_is_number(value))
		add_unit(out, record);
}

/* "sum 120 J", "again within 60 s". */
static void
more_cell(struct text *out, const json_t *record)
{
	const json_t *sum = json_object_get(record, "s");
	const json_t *update = json_object_get(record, "ut");

	if (sum) {
		text_add(out, "sum ");
		add_value(out, sum);
		add_unit(out, record);
	}
	if (update) {
		text_add(out, sum ? ", again within " : "again within ");
		add_value(out, update);
		text_add(out, " s");
	}
}

static void
name_cell(struct text *out, const json_t *record)
{
	add_value(out, json_object_get(record, "n"));
}

static void
cell(struct table *table, struct text *text, int style)
{
	const char *s = text->len > 0 ? text_string(text) : "";

	table_cell(table, s, style);
	if (text->failed || !s)
		table->cells.failed = true;
	text_free(text);
}

void
senml_table(struct text *out, const json_t *records, int64_t now_ms, bool ascii,
    bool color)
{
	struct text text = { .s = NULL };
	const json_t *time;
	struct table table;
	json_t *record;
	size_t i;

	table_init(&table, ascii, COLUMNS, MARGIN);
	json_array_foreach(records, i, record)
	{
		time = json_object_get(record, "t");
		add_time(&text,
		    time ? json_number_value(time)
			 : (double)whole((double)now_ms / 1000));
		cell(&table, &text, STYLE_DIM);
		name_cell(&text, record);
		cell(&table, &text, STYLE_NAME);
		value_cell(&text, record);
		cell(&table, &text, TABLE_PLAIN);
		more_cell(&text, record);
		cell(&table, &text, TABLE_PLAIN);
	}
	table_text(&table, out, color);
}
