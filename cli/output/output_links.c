/* SPDX-License-Identifier: BSD-2-Clause */
/* Links for people: a row each. */
#include <string.h>

#include "cli/output/option_text.h"
#include "cli/output/output_table.h"

/* ct=0 (text/plain); title="A lamp"; obs */
static void
add_attr(struct text *text, const struct view_link_attr *attr)
{
	int format;

	text_add(text, attr->name);
	if (!attr->value)
		return;
	text_addf(text, strpbrk(attr->value, " \"") ? "=\"%s\"" : "=%s",
	    attr->value);
	if (strcmp(attr->name, "ct") != 0)
		return;
	format = coapx_format_by_name(attr->value);
	if (format < 0 || !coapx_format_by_number((unsigned)format))
		return;
	text_add(text, " (");
	content_format_text(text, (unsigned)format, false);
	text_add_char(text, ')', 1);
}

static void
join_attrs(struct text *text, const struct view_link *link)
{
	for (size_t i = 0; i < link->n_attrs; i++) {
		text_add(text, i > 0 ? "  " : "");
		add_attr(text, &link->attrs[i]);
	}
}

void
add_link_attrs(struct text *text, const struct view_link *link, bool ascii)
{
	struct text attrs = { .s = NULL };

	join_attrs(&attrs, link);
	add_line(text, text_string(&attrs), ascii);
	text->failed = text->failed || attrs.failed;
	text_free(&attrs);
}

void
add_links(struct text *text, const struct view_link *links, size_t n,
    bool ascii, bool color)
{
	struct text attrs = { .s = NULL };
	struct table table;
	const char *s;

	table_init(&table, ascii, 2, "");
	for (size_t i = 0; i < n; i++) {
		join_attrs(&attrs, &links[i]);
		s = text_string(&attrs);
		table_cell(&table, links[i].target, STYLE_NAME);
		table_cell(&table, s, TABLE_PLAIN);
		text->failed = text->failed || !s;
		text_free(&attrs);
	}
	table_text(&table, text, color);
}
