/* SPDX-License-Identifier: BSD-2-Clause */
/* A mirror of where libedit draws, and printing above it. */
#include "shell/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "cli/output/terminal.h"
#include "shell/edit_library.h"

#define DEFAULT_ROWS    24
#define DEFAULT_COLUMNS 80

/* --- where things are ---------------------------------------------------- */

/* Cells of a character; newlines and tabs are not asked for. */
static unsigned
cells_of(wchar_t c)
{
	int width;

	if (c < 256 && iswcntrl((wint_t)c))
		return 2; /* ^X */
	if (!iswprint((wint_t)c))
		return c > 0xffff ? 8 : 7; /* \U+12345 */
	width = wcwidth(c);
	return width > 0 ? (unsigned)width : 0;
}

struct place
place_of(const wchar_t *text, size_t n, bool behind, unsigned column,
    unsigned columns)
{
	struct place place = { column / columns, column % columns };
	unsigned cells;
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] == L'\n') {
			place.row++;
			place.column = 0;
			continue;
		}
		if (text[i] == L'\t') {
			place.column = (place.column | 7) + 1;
		} else {
			cells = cells_of(text[i]);
			/* Only wide characters move to the next row whole. */
			if (wcwidth(text[i]) > 1 &&
			    place.column + cells > columns) {
				place.row++;
				place.column = 0;
			}
			place.column += cells;
		}
		if (place.column >= columns) {
			place.row++;
			place.column -= columns;
		}
	}
	if (behind && wcwidth(text[n]) > 1 && place.column + 2 > columns) {
		place.row++;
		place.column = 0;
	}
	return place;
}

void
screen_measure(const struct screen *screen, struct place *cursor,
    struct place *end)
{
	const LineInfoW *line = edit()->el_wline(screen->el);
	size_t at = (size_t)(line->cursor - line->buffer);
	size_t n = (size_t)(line->lastchar - line->buffer);

	*cursor = place_of(line->buffer, at, at < n, screen->prompt_width,
	    screen->columns);
	*end = place_of(line->buffer, n, false, screen->prompt_width,
	    screen->columns);
	if (cursor->row >= screen->rows)
		cursor->row = screen->rows - 1;
}

void
screen_set_prompt(struct screen *screen, const char *prompt)
{
	mbstate_t state = { 0 };
	bool literal = false;
	unsigned width = 0;
	wchar_t c;
	size_t n;

	while (*prompt != '\0') {
		n = mbrtowc(&c, prompt, MB_CUR_MAX, &state);
		if (n == (size_t)-1 || n == (size_t)-2)
			break;
		prompt += n;
		if (c == L'\1')
			literal = !literal;
		else if (!literal)
			width += cells_of(c);
	}
	screen->prompt_width = width;
}

/* --- printing ------------------------------------------------------------ */

/* From so many rows above the cursor to the end of the screen. Not by one
 * \033[J in the upper left corner: tmux keeps in its history what that
 * erases. */
static void
erase(unsigned up)
{
	if (up > 0)
		printf("\033[%uA", up);
	fputs("\r\033[K\0337\033[B\r\033[J\0338", stdout);
	fflush(stdout);
}

void
screen_hide(struct screen *screen)
{
	struct place cursor, end;

	if (!screen->editing || screen->hidden)
		return;
	screen_measure(screen, &cursor, &end);
	erase(cursor.row);
	screen->hidden = true;
	screen->midline = false;
}

bool
screen_show(struct screen *screen)
{
	if (!screen->hidden)
		return false;
	screen_fresh_line(screen);
	screen->hidden = false;
	edit()->el_set(screen->el, EL_REFRESH);
	fflush(stdout);
	return true;
}

void
screen_leave_line(struct screen *screen, const char *text)
{
	struct place cursor, end;

	screen_measure(screen, &cursor, &end);
	if (end.row > cursor.row)
		printf("\033[%uB", end.row - cursor.row);
	printf("\r");
	if (end.column > 0)
		printf("\033[%uC", end.column);
	printf("%s\n", text);
	fflush(stdout);
}

void
screen_fresh_line(struct screen *screen)
{
	fflush(stdout);
	if (screen->midline)
		screen->under.out(screen->under.user, "\n", 1);
	screen->midline = false;
}

static void
before_output(struct screen *screen, const void *data, size_t len)
{
	screen_hide(screen);
	fflush(stdout);
	if (len > 0)
		screen->midline = ends_midline(data, len);
}

static int
put_out(void *user, const void *data, size_t len)
{
	struct screen *screen = user;

	if (screen->under.out_is_terminal)
		before_output(screen, data, len);
	return screen->under.out(screen->under.user, data, len);
}

static int
put_err(void *user, const void *data, size_t len)
{
	struct screen *screen = user;

	if (screen->under.err_is_terminal)
		before_output(screen, data, len);
	return screen->under.err(screen->under.user, data, len);
}

/* Above a line that is being typed there is no place for it. */
static bool
put_line(void *user, const char *line, size_t len)
{
	struct screen *screen = user;

	if (screen->editing)
		return false;
	if (len > 0)
		screen_fresh_line(screen);
	return screen->under.line(screen->under.user, line, len);
}

/* --- the terminal -------------------------------------------------------- */

static void
read_size(struct screen *screen)
{
	struct winsize size = { .ws_col = 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size.ws_col = 0;
	screen->rows = size.ws_row > 0 ? size.ws_row : DEFAULT_ROWS;
	screen->columns = size.ws_col > 1 ? size.ws_col : DEFAULT_COLUMNS;
}

/* Whether the terminal wraps its rows anew when its width changes, as nearly
 * all do, or leaves them where they are. */
static bool
wraps_anew(void)
{
	const char *term = getenv("TERM");

	if (getenv("XTERM_VERSION") || !term || strcmp(term, "linux") == 0)
		return false;
	return strncmp(term, "screen", 6) != 0 || getenv("TMUX");
}

void
screen_resize(struct screen *screen, struct sink *sink)
{
	struct place before, after, end;

	screen_show(screen);
	if (screen->editing)
		screen_measure(screen, &before, &end);
	read_size(screen);
	sink->width = screen->columns;
	if (!screen->editing)
		return; /* el_resize() before the next line */
	screen_measure(screen, &after, &end);
	erase(wraps_anew() ? after.row : before.row);
	edit()->el_resize(screen->el);
	edit()->el_set(screen->el, EL_REFRESH);
	fflush(stdout);
}

void
screen_open(struct screen *screen, EditLine *el, struct sink *sink)
{
	memset(screen, 0, sizeof(*screen));
	screen->el = el;
	screen->under = *sink;
	read_size(screen);
	sink->user = screen;
	sink->out = put_out;
	sink->err = put_err;
	sink->line = put_line;
	sink->width = screen->columns;
}

void
screen_close(struct screen *screen, struct sink *sink)
{
	screen_fresh_line(screen);
	*sink = screen->under;
	sink->width = screen->columns;
}
