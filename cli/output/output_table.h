/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns for people, aligned by the width that a terminal gives them. */
#ifndef CLI_OUTPUT_TABLE_H
#define CLI_OUTPUT_TABLE_H

#include "cli/output/output_form.h"

#define TABLE_COLUMNS 16
/* No style. */
#define TABLE_PLAIN (-1)

/* Cells are kept, row by row, until the widths are known. */
struct table {
	size_t columns;
	size_t width[TABLE_COLUMNS];
	const char *margin;
	bool ascii;
	size_t n;           /* cells so far */
	struct text cells;  /* each escaped, NUL-terminated */
	struct text styles; /* one byte each, plus 1 */
};

/* columns: 1 to TABLE_COLUMNS; margin begins each line. */
void table_begin(struct table *table, const struct output *out, size_t columns,
    const char *margin);
/* The same for a text of one's own. */
void table_init(struct table *table, bool ascii, size_t columns,
    const char *margin);
/* The next cell, copied; NULL is "-"; style: of enum
 * style, or TABLE_PLAIN. */
void table_cell(struct table *table, const char *s, int style);
/* Gives it away as a result. */
void table_end(struct table *table, struct output *out);
/* Adds it to text instead. */
void table_text(struct table *table, struct text *text, bool color);

#endif
