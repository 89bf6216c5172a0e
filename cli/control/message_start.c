/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of START:
 *
 *     flags, form, color + 1, verbose, width; timeout (8)
 *     a string for each of strings[] whose flag is set, in that order
 *     how many words, and the words
 */
#include "cli/control/message_start.h"

#include <stdlib.h>
#include <string.h>

#include "cli/secrets/secret.h"

/* Bytes before the strings, and the number of words. */
#define FIXED_SIZE (5 * 4 + 8 + 4)

/* These numbers travel. */
_Static_assert(FORM_AUTO == 0 && FORM_HUMAN == 1 && FORM_RAW == 2 &&
	FORM_JSON == 3 && FORM_HEX == 4 && FORM_NONE == 5 && FORM_DIAG == 6,
    "a form that is new or moved needs a new CONTROL_VERSION");

struct part {
	uint32_t flag;
	size_t offset; /* in struct start */
};

static const struct part bools[] = {
	{ 1U << 0, offsetof(struct start, options.include) },
	{ 1U << 1, offsetof(struct start, options.quiet) },
	{ 1U << 2, offsetof(struct start, no_input) },
	{ 1U << 3, offsetof(struct start, background) },
	{ 1U << 4, offsetof(struct start, out_is_terminal) },
	{ 1U << 5, offsetof(struct start, err_is_terminal) },
	{ 1U << 6, offsetof(struct start, out_color) },
	{ 1U << 7, offsetof(struct start, err_color) },
	{ 1U << 8, offsetof(struct start, utf8) },
};

static const struct part strings[] = {
	{ 1U << 16, offsetof(struct start, write_out) },
	{ 1U << 17, offsetof(struct start, file) },
	{ 1U << 18, offsetof(struct start, session) },
	{ 1U << 19, offsetof(struct start, place_session) },
	{ 1U << 20, offsetof(struct start, place_path) },
	{ 1U << 21, offsetof(struct start, found) },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static bool *
bool_of(struct start *start, const struct part *part)
{
	return (void *)((char *)start + part->offset);
}

static char **
string_of(struct start *start, const struct part *part)
{
	return (void *)((char *)start + part->offset);
}

static bool
get_bool(const struct start *start, const struct part *part)
{
	return *(const bool *)((const char *)start + part->offset);
}

static const char *
get_string(const struct start *start, const struct part *part)
{
	const void *at = (const char *)start + part->offset;

	return *(char *const *)at;
}

void
start_free(struct start *start)
{
	if (!start)
		return;
	for (size_t i = 0; i < COUNT(strings); i++)
		secret_free_text(*string_of(start, &strings[i]));
	for (size_t i = 0; start->words && i < start->n_words; i++)
		secret_free_text(start->words[i]);
	free(start->words);
	free(start);
}

/* --- decoding ------------------------------------------------------------ */

/* 0, -1 or -2, as start_decode(). */
static int
read_string(struct bytes_reader *r, char **out)
{
	size_t len;
	const uint8_t *data = bytes_string(r, MESSAGE_MAX, &len);

	if (!data || memchr(data, '\0', len))
		return -1;
	*out = malloc(len + 1);
	if (!*out)
		return -2;
	memcpy(*out, data, len);
	(*out)[len] = '\0';
	return 0;
}

/* All before the words. */
static int
read_head(struct bytes_reader *r, struct start *start)
{
	uint32_t flags = bytes_u32(r), form = bytes_u32(r), color;
	int status = 0;

	color = bytes_u32(r);
	start->options.verbose = bytes_u32(r);
	start->width = bytes_u32(r);
	start->timeout_ms = bytes_u64(r);
	if (r->failed || form > FORM_DIAG || color > 2)
		return -1;
	start->options.form = (enum form)form;
	start->options.color = (int)color - 1;
	for (size_t i = 0; i < COUNT(bools); i++) {
		*bool_of(start, &bools[i]) = (flags & bools[i].flag) != 0;
		flags &= ~bools[i].flag;
	}
	for (size_t i = 0; i < COUNT(strings) && status == 0; i++) {
		if (flags & strings[i].flag)
			status = read_string(r, string_of(start, &strings[i]));
		flags &= ~strings[i].flag;
	}
	start->options.write_out = start->write_out;
	start->options.file = start->file;
	return status == 0 && flags != 0 ? -1 : status;
}

static int
read_words(struct bytes_reader *r, struct start *start)
{
	uint32_t n = bytes_u32(r);
	int status = 0;

	/* A word has 4 bytes at least, so nothing is allocated for those that
	 * are not there. */
	if (n == 0 || n > MESSAGE_WORDS || n > r->len / 4)
		return -1;
	start->words = calloc((size_t)n + 1, sizeof *start->words);
	if (!start->words)
		return -2;
	start->n_words = n;
	for (uint32_t i = 0; i < n && status == 0; i++)
		status = read_string(r, &start->words[i]);
	return status;
}

int
start_decode(struct bytes_reader *r, struct start **out)
{
	struct start *start = calloc(1, sizeof *start);
	int status;

	*out = NULL;
	if (!start)
		return -2;
	status = read_head(r, start);
	if (status == 0)
		status = read_words(r, start);
	if (status != 0) {
		start_free(start);
		return status;
	}
	*out = start;
	return 0;
}

/* --- encoding ------------------------------------------------------------ */

/* Whether all is within its limits, and how long it is. */
static bool
measure(const struct start *start, size_t *size)
{
	const char *s;

	if ((unsigned)start->options.form > FORM_DIAG ||
	    start->options.color < -1 || start->options.color > 1 ||
	    start->n_words == 0 || start->n_words > MESSAGE_WORDS)
		return false;
	*size = FIXED_SIZE;
	for (size_t i = 0; i < COUNT(strings); i++) {
		s = get_string(start, &strings[i]);
		*size += s ? 4 + strlen(s) : 0;
	}
	for (size_t i = 0; i < start->n_words; i++)
		*size += 4 + strlen(start->words[i]);
	return true;
}

static uint32_t
flags_of(const struct start *start)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < COUNT(bools); i++)
		if (get_bool(start, &bools[i]))
			flags |= bools[i].flag;
	for (size_t i = 0; i < COUNT(strings); i++)
		if (get_string(start, &strings[i]))
			flags |= strings[i].flag;
	return flags;
}

bool
start_encode(struct bytes *b, const struct start *start, size_t max)
{
	const char *s;
	size_t size;

	if (!measure(start, &size) || size > max || !bytes_reserve(b, size))
		return false;
	bytes_add_u32(b, flags_of(start));
	bytes_add_u32(b, start->options.form);
	bytes_add_u32(b, (uint32_t)(start->options.color + 1));
	bytes_add_u32(b, start->options.verbose);
	bytes_add_u32(b, start->width);
	bytes_add_u64(b, start->timeout_ms);
	for (size_t i = 0; i < COUNT(strings); i++) {
		s = get_string(start, &strings[i]);
		if (s)
			bytes_add_string(b, s, strlen(s));
	}
	bytes_add_u32(b, (uint32_t)start->n_words);
	for (size_t i = 0; i < start->n_words; i++)
		bytes_add_string(b, start->words[i], strlen(start->words[i]));
	return true;
}
