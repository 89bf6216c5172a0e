/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a text, or of a file that may have to be waited for. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include <coap3/coapx.h>

/* A line longer than this is none. */
#define LINE_MAX_BYTES ((size_t)64 << 20)

enum lines_next {
	LINES_LINE,
	LINES_WAIT, /* ready() is called when there is more */
	LINES_END,
	LINES_FAILED, /* errno, or 0: it is too long */
};

/* All but the fields of its callback is its own. */
struct lines {
	coap_context_t *context;
	void (*ready)(void *arg);
	void *arg;
	int fd;
	bool whole; /* of a text, which is all there */
	/* Bytes that were read, or are in memory anyway, and not yet taken. */
	char *data;
	size_t len;
	size_t room;
	size_t pos;
	bool ended;
	coapx_watch_t *watch; /* while input is waited for */
};

/* Of a copy of a text; false: out of memory. */
bool lines_of_text(struct lines *lines, const char *text);
/* Of a file, which stays the caller's. */
void lines_of_file(struct lines *lines, int fd);
/* Adds the next line, its end included, to what is in *line, which is
 * malloc()ed, or NULL. */
enum lines_next lines_take(struct lines *lines, char **line, size_t *line_len);
/* Whether ready() is still to come. */
bool lines_wait(const struct lines *lines);
/* Whether a text has no more; of a file that is not looked at. */
bool lines_are_over(const struct lines *lines);
/* Wipes what it had: keys may have been among it. */
void lines_free(struct lines *lines);

#endif
