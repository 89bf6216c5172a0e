/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion at the prompt, and its menu. */
#include "shell/menu.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli/output/text.h"
#include "shell/edit_library.h"

/* Values take at most this part of the width before descriptions begin. */
#define VALUE_CELLS 40
/* More would push what the user reads off the screen. */
#define MENU_ROWS 12

/* --- text ---------------------------------------------------------------- */

/* Adds a character as UTF-8, or what the locale has. */
static void
add_wide(struct text *text, wchar_t c)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t n = wcrtomb(bytes, c, &state);

	if (n != (size_t)-1)
		text_add_bytes(text, bytes, n);
}

/* As much of s as fits in that many cells, controls left out; how many it
 * took. */
static unsigned
add_clipped(struct text *text, const char *s, unsigned cells)
{
	mbstate_t state = { 0 };
	unsigned used = 0;
	wchar_t c;
	size_t n;
	int width;

	while (*s != '\0') {
		n = mbrtowc(&c, s, MB_CUR_MAX, &state);
		if (n == (size_t)-1 || n == (size_t)-2)
			break;
		s += n;
		width = wcwidth(c);
		if (width < 0)
			continue;
		if (used + (unsigned)width > cells)
			break;
		used += (unsigned)width;
		add_wide(text, c);
	}
	return used;
}

static unsigned
width_of(const char *s)
{
	struct text text = { .s = NULL };
	unsigned width = add_clipped(&text, s, 1000);

	text_free(&text);
	return width;
}

size_t
menu_common(const struct completion *items, size_t n)
{
	size_t len, i, k;

	if (n == 0)
		return 0;
	len = strlen(items[0].value);
	for (i = 1; i < n; i++) {
		k = 0;
		while (k < len && items[i].value[k] == items[0].value[k])
			k++;
		len = k;
	}
	while (len > 0 && ((unsigned char)items[0].value[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* --- the line ------------------------------------------------------------ */

/* The line in bytes, and the offset of the cursor in *point. */
static char *
line_text(EditLine *el, size_t *point)
{
	const LineInfoW *line = edit()->el_wline(el);
	struct text text = { .s = NULL };
	const wchar_t *c;
	char *copy = NULL;

	*point = 0;
	for (c = line->buffer; c < line->lastchar; c++) {
		if (c == line->cursor)
			*point = text.len;
		add_wide(&text, *c);
	}
	if (line->cursor == line->lastchar)
		*point = text.len;
	if (text_string(&text) && !text.failed)
		copy = strdup(text.s);
	text_free(&text);
	return copy;
}

static size_t
count_characters(const char *s, size_t len)
{
	mbstate_t state = { 0 };
	const char *end = s + len;
	size_t n, count = 0;

	while (s < end) {
		n = mbrtowc(NULL, s, (size_t)(end - s), &state);
		if (n == 0 || n > (size_t)(end - s))
			break;
		s += n;
		count++;
	}
	return count;
}

/* Replaces the word; whole: it is complete, so its quote is closed, and a
 * blank follows where a word may. */
static int
replace(struct menu *menu, EditLine *el, const char *value, bool whole)
{
	const struct completions *found = &menu->found;
	enum lex_quote open =
	    found->open == LEX_ESCAPE ? LEX_PLAIN : found->open;
	char *quoted = lex_quote(value, open, whole && !found->nospace);
	struct text text = { .s = NULL };
	size_t len = strlen(value);
	bool blank = whole && !found->nospace &&
	    !(found->files && len > 0 && value[len - 1] == '/');
	int result = -1;

	if (!quoted)
		return -1;
	if (open != LEX_PLAIN)
		text_add(&text, open == LEX_SINGLE ? "'" : "\"");
	text_add(&text, quoted);
	if (blank)
		text_add(&text, " ");
	free(quoted);
	if (text_string(&text) && !text.failed) {
		if (menu->typed > 0)
			edit()->el_deletestr(el, (int)menu->typed);
		result = edit()->el_insertstr(el, text.s);
		menu->typed = count_characters(text.s, text.len);
	}
	text_free(&text);
	return result;
}

/* --- going through it ---------------------------------------------------- */

void
menu_close(struct menu *menu)
{
	completions_free(&menu->found);
	free(menu->line);
	menu->line = NULL;
	menu->open = false;
}

static void
remember(struct menu *menu, EditLine *el)
{
	const LineInfoW *line = edit()->el_wline(el);
	size_t n = (size_t)(line->lastchar - line->buffer);

	free(menu->line);
	menu->line = calloc(n + 1, sizeof(*menu->line));
	menu->line_n = n;
	menu->cursor = (size_t)(line->cursor - line->buffer);
	if (menu->line)
		wmemcpy(menu->line, line->buffer, n);
}

static bool
is_where_it_was(const struct menu *menu, EditLine *el)
{
	const LineInfoW *line = edit()->el_wline(el);
	size_t n = (size_t)(line->lastchar - line->buffer);

	return menu->open && menu->line && n == menu->line_n &&
	    (size_t)(line->cursor - line->buffer) == menu->cursor &&
	    wmemcmp(menu->line, line->buffer, n) == 0;
}

static unsigned char
cycle(struct menu *menu, EditLine *el, int direction)
{
	size_t n = menu->found.n;

	if (direction > 0)
		menu->selected =
		    menu->selected + 1 < n ? menu->selected + 1 : 0;
	else
		menu->selected = menu->selected == 0 || menu->selected >= n
		    ? n - 1
		    : menu->selected - 1;
	/* Not whole: more Tabs may follow. A blank is typed by hand. */
	if (replace(menu, el, menu->found.items[menu->selected].value, false) <
	    0)
		return CC_ERROR;
	remember(menu, el);
	return CC_REFRESH;
}

static unsigned char
offer(struct menu *menu, EditLine *el)
{
	struct completions *found = &menu->found;
	size_t common = menu_common(found->items, found->n);
	char *part;

	if (found->n == 1) {
		replace(menu, el, found->items[0].value, true);
		menu_close(menu);
		return CC_REFRESH;
	}
	if (found->word && common > strlen(found->word)) {
		part = strndup(found->items[0].value, common);
		if (part)
			replace(menu, el, part, false);
		free(part);
	}
	menu->open = true;
	menu->selected = found->n;
	remember(menu, el);
	return CC_REFRESH;
}

unsigned char
menu_tab(struct menu *menu, struct screen *screen, struct app *app,
    int direction)
{
	EditLine *el = screen->el;
	size_t point;
	char *line;

	if (is_where_it_was(menu, el))
		return cycle(menu, el, direction);
	menu_close(menu);
	line = line_text(el, &point);
	if (!line)
		return CC_ERROR;
	complete_line(app, line, point, &menu->found);
	/* The loop ran meanwhile, and may have told something. */
	screen_show(screen);
	if (menu->found.files)
		completions_add_files(&menu->found);
	menu->typed = menu->found.begin < point
	    ? count_characters(line + menu->found.begin,
		  point - menu->found.begin)
	    : 0;
	free(line);
	if (menu->found.n == 0) {
		menu_close(menu);
		return CC_ERROR;
	}
	return offer(menu, el);
}

/* --- on the screen ------------------------------------------------------- */

/* The rows that there are room for, and the first candidate among them. */
struct window {
	size_t first;
	size_t n;
	bool more; /* one row says how many others there are */
};

static struct window
window_of(const struct menu *menu, size_t rows)
{
	struct window w = { 0, menu->found.n, false };

	if (w.n <= rows)
		return w;
	w.more = rows > 1;
	w.n = w.more ? rows - 1 : rows;
	if (menu->selected < menu->found.n && menu->selected >= w.n)
		w.first = menu->selected - w.n + 1;
	return w;
}

static unsigned
value_width(const struct menu *menu, unsigned columns)
{
	unsigned limit = columns / 2 < VALUE_CELLS ? columns / 2 : VALUE_CELLS;
	unsigned widest = 0, width;
	size_t i;

	for (i = 0; i < menu->found.n; i++) {
		width = width_of(menu->found.items[i].value);
		if (width > widest)
			widest = width;
	}
	return widest < limit ? widest : limit;
}

static void
add_row(struct text *text, const struct menu *menu, size_t i, unsigned width,
    unsigned columns)
{
	const struct completion *item = &menu->found.items[i];
	bool selected = i == menu->selected;
	unsigned room = columns > 4 ? columns - 3 : 1, used;

	text_add(text, "\r\n\033[K");
	if (menu->color)
		text_add(text, selected ? "\033[7m" : "\033[36m");
	text_add(text, selected && !menu->color ? "> " : "  ");
	used = add_clipped(text, item->value, item->description ? width : room);
	if (item->description && used < width)
		text_add_char(text, ' ', width - used);
	if (menu->color && !selected)
		text_add(text, "\033[0m");
	if (item->description && room > width + 2) {
		text_add(text, "  ");
		add_clipped(text, item->description, room - width - 2);
	}
	if (menu->color && selected)
		text_add(text, "\033[0m");
}

void
menu_draw(struct menu *menu, const struct screen *screen)
{
	unsigned columns = screen->columns, width, rows;
	struct text text = { .s = NULL };
	struct place cursor, end;
	struct window w;
	size_t i;

	screen_measure(screen, &cursor, &end);
	menu->drawn = false;
	if (!menu->open || end.row + 2 >= screen->rows)
		return;
	rows = screen->rows - end.row - 2;
	if (rows > MENU_ROWS)
		rows = MENU_ROWS;
	w = window_of(menu, rows);
	width = value_width(menu, columns);
	if (end.row > cursor.row)
		text_addf(&text, "\033[%uB", end.row - cursor.row);
	for (i = 0; i < w.n; i++)
		add_row(&text, menu, w.first + i, width, columns);
	if (w.more)
		text_addf(&text, "\r\n\033[K  ... %zu of %zu", w.n,
		    menu->found.n);
	text_addf(&text, "\033[%zuA\r",
	    w.n + (w.more ? 1 : 0) + (end.row - cursor.row));
	if (cursor.column > 0)
		text_addf(&text, "\033[%uC", cursor.column);
	fwrite(text.s, 1, text.len, stdout);
	fflush(stdout);
	text_free(&text);
	menu->drawn = true;
}

void
menu_erase(struct menu *menu, const struct screen *screen)
{
	struct place cursor, end;

	if (!menu->drawn)
		return;
	menu->drawn = false;
	screen_measure(screen, &cursor, &end);
	printf("\0337\033[%uB\r\033[J\0338", end.row - cursor.row + 1);
	fflush(stdout);
}
