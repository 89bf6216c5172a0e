/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a text, or of a file that may have to be waited for. */
#include "cli/words/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096

bool
lines_of_text(struct lines *lines, const char *text)
{
	lines->whole = true;
	lines->ended = true;
	lines->data = strdup(text);
	lines->len = lines->data ? strlen(text) : 0;
	lines->room = lines->len;
	return lines->data != NULL;
}

void
lines_of_file(struct lines *lines, int fd)
{
	lines->fd = fd;
}

void
lines_free(struct lines *lines)
{
	coapx_watch_free(lines->watch);
	lines->watch = NULL;
	if (lines->data)
		explicit_bzero(lines->data, lines->room);
	free(lines->data);
	lines->data = NULL;
}

bool
lines_wait(const struct lines *lines)
{
	return lines->watch != NULL;
}

bool
lines_are_over(const struct lines *lines)
{
	return lines->whole && lines->pos >= lines->len;
}

/* --- bytes ---------------------------------------------------------------- */

static void
on_input(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct lines *lines = arg;

	(void)fd;
	(void)what;
	coapx_watch_free(watch);
	lines->watch = NULL;
	lines->ready(lines->arg);
}

/* Whether a read would wait; then on_input() follows. */
static bool
must_wait(struct lines *lines)
{
	struct pollfd pfd = { .fd = lines->fd, .events = POLLIN };

	if (poll(&pfd, 1, 0) != 0)
		return false;
	lines->watch = coapx_watch_new(lines->context, lines->fd, COAPX_READ,
	    on_input, lines, NULL);
	return lines->watch != NULL;
}

/* More bytes of the file. LINES_LINE: there are some. */
static enum lines_next
fill(struct lines *lines)
{
	ssize_t n;
	char *grown;

	if (lines->room - lines->len < CHUNK) {
		if (lines->room > LINE_MAX_BYTES)
			return LINES_FAILED;
		grown = realloc(lines->data, 2 * lines->room + CHUNK);
		if (!grown)
			return LINES_FAILED;
		lines->data = grown;
		lines->room = 2 * lines->room + CHUNK;
	}
	if (must_wait(lines))
		return LINES_WAIT;
	do
		n = read(lines->fd, lines->data + lines->len,
		    lines->room - lines->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return LINES_FAILED;
	lines->ended = n == 0;
	lines->len += (size_t)n;
	return LINES_LINE;
}

/* --- lines ---------------------------------------------------------------- */

enum lines_next
lines_take(struct lines *lines, char **line, size_t *line_len)
{
	const char *begin, *newline;
	enum lines_next next;
	size_t len;
	char *grown;

	for (;;) {
		begin = lines->len > 0 ? lines->data + lines->pos : "";
		len = lines->len - lines->pos;
		newline = len > 0 ? memchr(begin, '\n', len) : NULL;
		if (newline || lines->ended)
			break;
		next = fill(lines);
		if (next != LINES_LINE)
			return next;
	}
	if (newline)
		len = (size_t)(newline - begin) + 1;
	if (len == 0)
		return LINES_END;
	grown = realloc(*line, *line_len + len + 1);
	if (!grown)
		return LINES_FAILED;
	memcpy(grown + *line_len, begin, len);
	*line = grown;
	*line_len += len;
	lines->pos += len;
	if (lines->pos == lines->len && !lines->whole)
		lines->pos = lines->len = 0;
	return LINES_LINE;
}
