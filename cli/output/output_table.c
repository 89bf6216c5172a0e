/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns for people. */
#include "cli/output/output_table.h"

#include <string.h>

#define GAP 2

void
table_init(struct table *table, bool ascii, size_t columns, const char *margin)
{
	*table = (struct table){
		.columns = columns < TABLE_COLUMNS ? columns : TABLE_COLUMNS,
		.margin = margin,
		.ascii = ascii,
	};
}

void
table_begin(struct table *table, const struct output *out, size_t columns,
    const char *margin)
{
	table_init(table, out->ascii, columns, margin);
}

void
table_cell(struct table *table, const char *s, int style)
{
	size_t column = table->n++ % table->columns;
	size_t start = table->cells.len;
	size_t width;

	add_line(&table->cells, s ? s : "-", table->ascii);
	if (table->cells.failed)
		return;
	width = table->cells.len > start
	    ? payload_width(table->cells.s + start, table->cells.len - start)
	    : 0;
	if (width > table->width[column])
		table->width[column] = width;
	text_add_char(&table->cells, '\0', 1);
	text_add_char(&table->styles, (char)(style + 1), 1);
}

static void
add_cell(struct text *text, const char *s, int style, bool color)
{
	if (style != TABLE_PLAIN && *s)
		style_begin(text, color, (enum style)style);
	text_add(text, s);
	if (style != TABLE_PLAIN && *s)
		style_end(text, color);
}

void
table_text(struct table *table, struct text *text, bool color)
{
	const char *s = table->cells.s;
	size_t blanks = 0; /* owed, once something follows on the line */
	size_t column;
	size_t len;

	text->failed =
	    text->failed || table->cells.failed || table->styles.failed;
	for (size_t i = 0; i < table->styles.len && !text->failed; i++) {
		column = i % table->columns;
		len = strlen(s);
		if (column == 0)
			text_add(text, table->margin);
		if (strspn(s, " ") < len) {
			text_add_char(text, ' ', blanks);
			blanks = 0;
			add_cell(text, s, table->styles.s[i] - 1, color);
		} else {
			blanks += len;
		}
		blanks += table->width[column] - payload_width(s, len) + GAP;
		if (column + 1 == table->columns) {
			text_add_char(text, '\n', 1);
			blanks = 0;
		}
		s += len + 1;
	}
	text_free(&table->cells);
	text_free(&table->styles);
}

void
table_end(struct table *table, struct output *out)
{
	struct text text = { .s = NULL };

	table_text(table, &text, out->color);
	put_result(out, &text);
}
