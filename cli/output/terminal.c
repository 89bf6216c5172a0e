/* SPDX-License-Identifier: BSD-2-Clause */
/* stdout, stderr, and the line on a terminal that is not finished. */
#include "cli/output/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/output/charset.h"
#include "cli/output/output.h"
#include "cli/output/output_file.h"

#define COLUMNS 80 /* where it is not known */

static unsigned
columns_of(int fd)
{
	struct winsize size = { .ws_col = 0 };

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* --- the line that is not finished --------------------------------------- */

/* Without escape sequences, which not all terminals know. */
static void
erase(struct terminal *t)
{
	char blanks[TERMINAL_LINE + TERMINAL_MARGIN + 2];
	unsigned columns = columns_of(STDERR_FILENO);
	size_t n = t->drawn + TERMINAL_MARGIN - 1;

	if (t->drawn == 0)
		return;
	/* It may have become narrower. */
	if (columns > 1 && n > columns - 1)
		n = columns - 1;
	memset(blanks, ' ', sizeof(blanks));
	blanks[0] = blanks[n + 1] = '\r';
	write_all(STDERR_FILENO, blanks, n + 2);
	t->drawn = 0;
}

static void
draw(struct terminal *t)
{
	char row[TERMINAL_LINE + 1];
	size_t end = t->len > t->drawn ? t->len : t->drawn;

	if (t->len == 0)
		return;
	memset(row, ' ', sizeof(row));
	row[0] = '\r';
	memcpy(row + 1, t->line, t->len);
	write_all(STDERR_FILENO, row, end + 1);
	t->drawn = end;
}

/* Plain signs only, each a column, and no more than there is room for. */
static void
keep(struct terminal *t, const char *line, size_t len)
{
	unsigned columns = columns_of(STDERR_FILENO);
	size_t room =
	    (columns > TERMINAL_MARGIN ? columns : COLUMNS) - TERMINAL_MARGIN;

	t->len = len < room ? len : room;
	if (t->len > sizeof(t->line))
		t->len = sizeof(t->line);
	for (size_t i = 0; i < t->len; i++)
		t->line[i] = line[i] >= ' ' && line[i] <= '~' ? line[i] : '?';
}

static bool
stdio_line(void *user, const char *line, size_t len)
{
	struct terminal *t = user;
	bool was = t->drawn > 0;

	if (!t->err)
		return false;
	if (len == 0) {
		erase(t);
		t->len = 0;
		return was;
	}
	if (t->midline)
		write_all(STDERR_FILENO, "\n", 1);
	t->midline = false;
	keep(t, line, len);
	draw(t);
	return was;
}

/* --- what is above it ---------------------------------------------------- */

bool
ends_midline(const char *text, size_t len)
{
	size_t i;

	while (len > 0 && text[len - 1] == 'm') {
		for (i = len - 1; i > 0 && strchr("0123456789;[", text[i - 1]);)
			i--;
		if (i == 0 || text[i - 1] != '\033')
			break;
		len = i - 1;
	}
	return len == 0 || text[len - 1] != '\n';
}

static int
put(struct terminal *t, int fd, const void *data, size_t len)
{
	int r;

	erase(t);
	r = write_all(fd, data, len);
	if (len > 0)
		t->midline = ends_midline(data, len);
	/* Behind half a line it comes with its next change. */
	if (!t->midline)
		draw(t);
	return r;
}

static int
stdio_out(void *user, const void *data, size_t len)
{
	struct terminal *t = user;

	return t->out ? put(t, STDOUT_FILENO, data, len)
		      : write_all(STDOUT_FILENO, data, len);
}

static int
stdio_err(void *user, const void *data, size_t len)
{
	struct terminal *t = user;

	return t->err ? put(t, STDERR_FILENO, data, len)
		      : write_all(STDERR_FILENO, data, len);
}

void
sink_stdio(struct sink *sink, struct terminal *terminal)
{
	memset(sink, 0, sizeof(*sink));
	memset(terminal, 0, sizeof(*terminal));
	sink->user = terminal;
	sink->out = stdio_out;
	sink->err = stdio_err;
	sink->line = stdio_line;
	sink->out_is_terminal = terminal->out = isatty(STDOUT_FILENO) == 1;
	sink->err_is_terminal = terminal->err = isatty(STDERR_FILENO) == 1;
	sink_colors(sink);
	sink->width = terminal->out ? columns_of(STDOUT_FILENO) : 0;
	sink->err_width = terminal->err ? columns_of(STDERR_FILENO) : 0;
	sink->utf8 = charset_is_utf8();
}
