/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed from one payload to the next one of a resource. */
#include "cli/observe/observe_diff.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output/json_line.h"
#include "cli/output/option_text.h"
#include "cli/output/payload.h"

/* Bytes of what is not text that are shown. */
#define BYTES_SHOWN 32
/* Pairs of lines that are compared; texts that have more are told as a whole. */
#define PAIRS_MAX ((size_t)1024 * 1024)

struct diff {
	json_t *changes;
	struct text path;
	bool failed; /* out of memory */
};

/* --- values --------------------------------------------------------------- */

/* old or new may be NULL. */
static void
add_value(struct diff *diff, json_t *old, json_t *new)
{
	const char *path = text_string(&diff->path);
	json_t *change = json_object();

	if (!change || !path ||
	    json_object_set_new(change, "path", json_text(path)) < 0 ||
	    (old && json_object_set(change, "old", old) < 0) ||
	    (new &&json_object_set(change, "new", new) < 0)) {
		diff->failed = true;
		json_decref(change);
		return;
	}
	if (json_array_append_new(diff->changes, change) < 0)
		diff->failed = true;
}

/* A step of a JSON pointer (RFC 6901 section 3). */
static void
add_step(struct text *path, const char *step)
{
	text_add_char(path, '/', 1);
	for (; *step; step++) {
		if (*step == '~')
			text_add(path, "~0");
		else if (*step == '/')
			text_add(path, "~1");
		else
			text_add_char(path, *step, 1);
	}
}

/* NOLINTBEGIN(misc-no-recursion): decoders limit how deep it is. */

static void compare(struct diff *diff, json_t *old, json_t *new);

/* One of them may be NULL. */
static void
compare_at(struct diff *diff, const char *step, json_t *old, json_t *new)
{
	size_t len = diff->path.len;

	add_step(&diff->path, step);
	if (old && new)
		compare(diff, old, new);
	else
		add_value(diff, old, new);
	if (diff->path.len > len)
		diff->path.len = len;
}

static void
compare_objects(struct diff *diff, json_t *old, json_t *new)
{
	const char *key;
	void *at;

	for (at = json_object_iter(old); at;
	     at = json_object_iter_next(old, at)) {
		key = json_object_iter_key(at);
		compare_at(diff, key, json_object_iter_value(at),
		    json_object_get(new, key));
	}
	for (at = json_object_iter(new); at;
	     at = json_object_iter_next(new, at)) {
		key = json_object_iter_key(at);
		if (!json_object_get(old, key))
			compare_at(diff, key, NULL, json_object_iter_value(at));
	}
}

static void
compare_by_index(struct diff *diff, json_t *old, json_t *new)
{
	size_t n_old = json_array_size(old), n_new = json_array_size(new);
	char step[24];

	for (size_t i = 0; i < n_old || i < n_new; i++) {
		snprintf(step, sizeof(step), "%zu", i);
		compare_at(diff, step,
		    i < n_old ? json_array_get(old, i) : NULL,
		    i < n_new ? json_array_get(new, i) : NULL);
	}
}

/* An object of the records of SenML by their names; NULL: it is not that, or a
 * name is there twice, or out of memory. */
static json_t *
by_name(json_t *array)
{
	json_t *object = json_object();
	json_t *record;
	json_t *name;
	size_t i;

	json_array_foreach(array, i, record)
	{
		name = json_object_get(record, "n");
		if (json_is_string(name) &&
		    !json_object_get(object, json_string_value(name)) &&
		    json_object_set(object, json_string_value(name), record) ==
			0)
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

static void
compare_arrays(struct diff *diff, json_t *old, json_t *new)
{
	json_t *old_names = by_name(old);
	json_t *new_names = by_name(new);

	if (old_names && new_names)
		compare_objects(diff, old_names, new_names);
	else
		compare_by_index(diff, old, new);
	json_decref(old_names);
	json_decref(new_names);
}

static void
compare(struct diff *diff, json_t *old, json_t *new)
{
	if (json_is_object(old) && json_is_object(new))
		compare_objects(diff, old, new);
	else if (json_is_array(old) && json_is_array(new))
		compare_arrays(diff, old, new);
	else if (!json_equal(old, new))
		add_value(diff, old, new);
}

/* NOLINTEND(misc-no-recursion) */

/* --- lines ---------------------------------------------------------------- */

struct line {
	const char *s;
	size_t len;
};

/* The lines of a text, without their ends. NULL: out of memory. */
static struct line *
split(const struct decode_in *in, size_t *n)
{
	const char *s = (const char *)in->data, *end = s + in->len;
	struct line *lines;
	const char *stop;
	size_t room = 1;

	*n = 0;
	for (size_t i = 0; i < in->len; i++)
		room += s[i] == '\n';
	lines = calloc(room, sizeof(*lines));
	if (!lines)
		return NULL;
	while (s < end) {
		stop = memchr(s, '\n', (size_t)(end - s));
		if (!stop)
			stop = end;
		lines[(*n)++] = (struct line){ s, (size_t)(stop - s) };
		s = stop + 1;
	}
	return lines;
}

static bool
same_line(const struct line *a, const struct line *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->s, b->s, a->len) == 0);
}

/* One of the lines may be NULL. */
static void
add_line_change(struct diff *diff, size_t number, const struct line *old,
    const struct line *new)
{
	json_t *change = json_object();

	if (!change ||
	    json_object_set_new(change, "line",
		json_integer((json_int_t)number)) < 0 ||
	    (old &&
		json_object_set_new(change, "old",
		    json_bytes(old->s, old->len)) < 0) ||
	    (new &&json_object_set_new(change, "new",
		 json_bytes(new->s, new->len)) < 0)) {
		diff->failed = true;
		json_decref(change);
		return;
	}
	if (json_array_append_new(diff->changes, change) < 0)
		diff->failed = true;
}

/* The lines between what both begin and end with. */
struct middle {
	const struct line *old, *new;
	size_t from; /* lines before them */
	size_t n_old, n_new;
};

/* How long the longest common subsequence of what is behind each pair is: a
 * table of (n_old + 1) * (n_new + 1); NULL: too many, or out of memory. */
static uint32_t *
common_lengths(const struct middle *m)
{
	size_t width = m->n_new + 1, i, j;
	uint32_t *table, down, right;

	if (m->n_old > 0 && m->n_new > PAIRS_MAX / m->n_old)
		return NULL;
	table = calloc((m->n_old + 1) * width, sizeof(*table));
	if (!table)
		return NULL;
	for (i = m->n_old; i-- > 0;) {
		for (j = m->n_new; j-- > 0;) {
			down = table[(i + 1) * width + j];
			right = table[i * width + j + 1];
			table[i * width + j] = same_line(&m->old[i], &m->new[j])
			    ? table[(i + 1) * width + j + 1] + 1
			    : (down > right ? down : right);
		}
	}
	return table;
}

static void
compare_middle(struct diff *diff, const struct middle *m)
{
	uint32_t *table = common_lengths(m);
	size_t width = m->n_new + 1, i = 0, j = 0;

	while (i < m->n_old || j < m->n_new) {
		if (table && i < m->n_old && j < m->n_new &&
		    same_line(&m->old[i], &m->new[j])) {
			i++;
			j++;
		} else if (i < m->n_old &&
		    (j == m->n_new || !table ||
			table[(i + 1) * width + j] >=
			    table[i * width + j + 1])) {
			add_line_change(diff, m->from + i + 1, &m->old[i],
			    NULL);
			i++;
		} else {
			add_line_change(diff, m->from + j + 1, NULL,
			    &m->new[j]);
			j++;
		}
	}
	free(table);
}

static void
compare_lines(struct diff *diff, const struct decode_in *before,
    const struct decode_in *now)
{
	struct middle m = { .from = 0 };
	struct line *old = split(before, &m.n_old);
	struct line *new = split(now, &m.n_new);

	if (!old || !new) {
		diff->failed = true;
	} else if (m.n_old == 1 && m.n_new == 1) {
		if (!same_line(old, new))
			add_line_change(diff, 1, old, new);
	} else {
		while (m.from < m.n_old && m.from < m.n_new &&
		    same_line(&old[m.from], &new[m.from]))
			m.from++;
		while (m.n_old > m.from && m.n_new > m.from &&
		    same_line(&old[m.n_old - 1], &new[m.n_new - 1])) {
			m.n_old--;
			m.n_new--;
		}
		m.old = old + m.from;
		m.new = new + m.from;
		m.n_old -= m.from;
		m.n_new -= m.from;
		compare_middle(diff, &m);
	}
	free(old);
	free(new);
}

/* --- bytes ---------------------------------------------------------------- */

static void
compare_bytes(struct diff *diff, const struct decode_in *before,
    const struct decode_in *now)
{
	const uint8_t *old = before->data, *new = now->data;
	size_t n_old = before->len, n_new = now->len, from = 0;
	json_t *change;

	while (from < n_old && from < n_new && old[from] == new[from])
		from++;
	while (
	    n_old > from && n_new > from && old[n_old - 1] == new[n_new - 1]) {
		n_old--;
		n_new--;
	}
	if (n_old == from && n_new == from)
		return;
	change = json_object();
	if (!change ||
	    json_object_set_new(change, "offset",
		json_integer((json_int_t)from)) < 0 ||
	    json_object_set_new(change, "old",
		json_hex(old + from, n_old - from, BYTES_SHOWN)) < 0 ||
	    json_object_set_new(change, "new",
		json_hex(new + from, n_new - from, BYTES_SHOWN)) < 0) {
		diff->failed = true;
		json_decref(change);
		return;
	}
	if (json_array_append_new(diff->changes, change) < 0)
		diff->failed = true;
}

/* --- both ----------------------------------------------------------------- */

/* NULL: it is no JSON, or out of memory, which is told as bytes. */
static json_t *
value_of(const struct decode_in *in)
{
	struct text why = { .s = NULL };
	json_t *value = NULL;

	if (in->len == 0 || decode_json(in, &value, &why) != DECODED)
		value = NULL;
	text_free(&why);
	return value;
}

static bool
is_text(const struct decode_in *in)
{
	return (in->format < 0 ||
		   content_format_is_text((unsigned)in->format)) &&
	    payload_is_text(in->data, in->len) &&
	    payload_is_utf8(in->data, in->len);
}

json_t *
observe_diff(const struct decode_in *before, const struct decode_in *now)
{
	struct diff diff = { .changes = json_array() };
	json_t *old = value_of(before);
	json_t *new = value_of(now);

	if (!diff.changes)
		diff.failed = true;
	else if (old && new)
		compare(&diff, old, new);
	else if (is_text(before) && is_text(now))
		compare_lines(&diff, before, now);
	else
		compare_bytes(&diff, before, now);
	json_decref(old);
	json_decref(new);
	text_free(&diff.path);
	if (!diff.failed)
		return diff.changes;
	json_decref(diff.changes);
	return NULL;
}

/* --- lines for people ----------------------------------------------------- */

static void
add_json(struct text *text, const json_t *value, bool ascii)
{
	char *dump = json_dumps(value,
	    JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (dump)
		payload_escape(text, dump, strlen(dump), ESCAPE_LINE, ascii);
	else
		text->failed = true;
	free(dump);
}

static void
add_text(struct text *text, const json_t *value, bool ascii)
{
	payload_escape(text, json_string_value(value),
	    json_string_length(value), ESCAPE_LINE, ascii);
}

/* "/t: 21.4 -> 21.5", "+ /t: 21.5", "- /t: 21.4" */
static void
add_path_line(struct text *text, const json_t *change, const char *arrow,
    bool ascii)
{
	const json_t *old = json_object_get(change, "old");
	const json_t *new = json_object_get(change, "new");
	const json_t *path = json_object_get(change, "path");

	if (!old || !new)
		text_add(text, old ? "- " : "+ ");
	add_text(text, path, ascii);
	text_add(text, json_string_length(path) > 0 ? ": " : "");
	if (old)
		add_json(text, old, ascii);
	if (old && new)
		text_addf(text, " %s ", arrow);
	if (new)
		add_json(text, new, ascii);
}

static void
add_change(struct text *text, const json_t *change, const char *arrow,
    bool ascii)
{
	const json_t *old = json_object_get(change, "old");
	const json_t *new = json_object_get(change, "new");
	const json_t *offset = json_object_get(change, "offset");

	if (json_object_get(change, "path")) {
		add_path_line(text, change, arrow, ascii);
	} else if (offset) {
		text_addf(text, "byte %" JSON_INTEGER_FORMAT ": ",
		    json_integer_value(offset));
		add_text(text, old, ascii);
		text_addf(text, "%s%s ", json_string_length(old) > 0 ? " " : "",
		    arrow);
		add_text(text, new, ascii);
	} else if (old && new) {
		add_text(text, old, ascii);
		text_addf(text, " %s ", arrow);
		add_text(text, new, ascii);
	} else {
		text_add_char(text, old ? '-' : '+', 1);
		add_text(text, old ? old : new, ascii);
	}
	text_add_char(text, '\n', 1);
}

void
observe_diff_lines(struct text *text, const json_t *changes, const char *arrow,
    bool ascii)
{
	size_t n = json_array_size(changes);

	for (size_t i = 0; i < n; i++)
		add_change(text, json_array_get(changes, i), arrow, ascii);
}
