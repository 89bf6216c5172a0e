/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format as views: copies, since the payload goes with its message. */
#include "cli/output/links.h"

#include <stdlib.h>
#include <string.h>

#include "cli/words/args.h"

/* The attributes of one link; the memory serves for the next. */
struct attrs {
	coapx_link_attr_t *a;
	size_t n;
	size_t room;
};

/* Room for one more than n items in a list, which may be another list then;
 * NULL: out of memory, and the list is as it was. */
static void *
room_for_one(void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room > 0 ? 2 * *room : 8;
	void *bigger;

	if (n < *room)
		return list;
	bigger = malloc(more * size);
	if (!bigger)
		return NULL;
	if (list && n > 0)
		memcpy(bigger, list, n * size);
	free(list);
	*room = more;
	return bigger;
}

/* 0 or -COAP_E_NOMEM. */
static int
add_attr(struct attrs *attrs, coapx_link_attr_t attr)
{
	coapx_link_attr_t *bigger =
	    room_for_one(attrs->a, attrs->n, &attrs->room, sizeof(*bigger));

	if (!bigger)
		return -COAP_E_NOMEM;
	attrs->a = bigger;
	attrs->a[attrs->n++] = attr;
	return 0;
}

/* 0, or an error; at the end of the link's attributes. */
static int
read_attrs(coapx_link_reader_t *reader, struct attrs *attrs)
{
	coapx_link_attr_t attr;
	int more;

	attrs->n = 0;
	for (more = coapx_link_next_attr(reader, &attr); more == 1;
	     more = coapx_link_next_attr(reader, &attr))
		if (add_attr(attrs, attr) < 0)
			return -COAP_E_NOMEM;
	return more;
}

/* NULL: out of memory. */
static char *
copy_text(const char *s, size_t len)
{
	char *out = malloc(len + 1);

	if (!out)
		return NULL;
	if (len > 0)
		memcpy(out, s, len);
	out[len] = '\0';
	return out;
}

/* Without quotes and escapes. */
static char *
plain_value(const coapx_link_attr_t *attr)
{
	size_t size = coapx_link_attr_value(attr, NULL, 0) + 1;
	char *out = malloc(size);

	if (out)
		coapx_link_attr_value(attr, out, size);
	return out;
}

/* links_free() releases what was copied before an error. */
static int
copy_link(struct view_link *link, const coapx_link_text_t *target,
    const struct attrs *attrs)
{
	struct view_link_attr *v;

	link->target = copy_text(target->s, target->len);
	link->attrs = calloc(attrs->n ? attrs->n : 1, sizeof(*link->attrs));
	if (!link->target || !link->attrs)
		return -COAP_E_NOMEM;
	for (size_t i = 0; i < attrs->n; i++) {
		v = &link->attrs[link->n_attrs++];
		v->name = copy_text(attrs->a[i].name.s, attrs->a[i].name.len);
		if (attrs->a[i].value.s)
			v->value = plain_value(&attrs->a[i]);
		if (!v->name || (attrs->a[i].value.s && !v->value))
			return -COAP_E_NOMEM;
	}
	return 0;
}

static int
append(struct link_list *list, const coapx_link_text_t *target,
    const struct attrs *attrs)
{
	struct view_link *bigger =
	    room_for_one(list->links, list->n, &list->room, sizeof(*bigger));

	if (!bigger)
		return -COAP_E_NOMEM;
	list->links = bigger;
	memset(&bigger[list->n], 0, sizeof(*bigger));
	return copy_link(&bigger[list->n++], target, attrs);
}

int
links_parse(struct link_list *list, const char *text, size_t len,
    link_filter *wanted, void *arg, size_t *at)
{
	struct attrs attrs = { NULL, 0, 0 };
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	int more;

	coapx_link_reader_init(&reader, text, len);
	for (more = coapx_link_next(&reader, &target); more == 1;
	     more = coapx_link_next(&reader, &target)) {
		more = read_attrs(&reader, &attrs);
		if (more == 0 &&
		    (!wanted || wanted(arg, &target, attrs.a, attrs.n)))
			more = append(list, &target, &attrs);
		if (more < 0)
			break;
	}
	free(attrs.a);
	*at = reader.error_at;
	return more;
}

/* --- lists that are not as they should be -------------------------------- */

/* A list on its way. */
struct reading {
	const char *s;
	size_t len;
	size_t pos;
	struct link_list *list;
	link_filter *wanted;
	void *arg;
	struct link_trouble *trouble;
	struct attrs attrs;
	bool kept; /* the link before is the last of list */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
note_trouble(struct reading *r, size_t at)
{
	if (!r->trouble->any)
		r->trouble->at = at;
	r->trouble->any = true;
}

/* Whether a comma ends a link: a list goes on behind it with another one, or
 * with none. */
static bool
ends_link(const struct reading *r, size_t comma)
{
	size_t i = comma + 1;

	while (i < r->len && is_space(r->s[i]))
		i++;
	return i == r->len || r->s[i] == '<' || r->s[i] == ',';
}

/* Behind the target of the link at pos, where a comma is nothing special. */
static size_t
behind_target(const struct reading *r)
{
	size_t i = r->pos + 1;

	if (r->s[r->pos] != '<')
		return r->pos;
	while (i < r->len && !is_space(r->s[i]) && !strchr("<>\"", r->s[i]))
		i++;
	return i < r->len && r->s[i] == '>' ? i + 1 : r->pos;
}

/* The end of the link at pos; with quotes, no comma in them ends it. False: a
 * quote is open at the end. */
static bool
find_end(const struct reading *r, bool quotes, size_t *end)
{
	bool quoted = false;
	size_t i;

	for (i = behind_target(r); i < r->len; i++) {
		if (quoted && r->s[i] == '\\' && i + 1 < r->len)
			i++;
		else if (quotes && r->s[i] == '"')
			quoted = !quoted;
		else if (!quoted && r->s[i] == ',' && ends_link(r, i))
			break;
	}
	*end = i;
	return !quoted;
}

/* Commas and white space in front of a link: one comma is between two. */
static void
skip_commas(struct reading *r)
{
	bool first = r->pos == 0;
	size_t last = r->pos;
	size_t commas = 0;

	for (; r->pos < r->len; r->pos++) {
		if (r->s[r->pos] == ',') {
			last = r->pos;
			commas++;
		} else if (!is_space(r->s[r->pos])) {
			break;
		}
	}
	if (commas == 0 || (commas == 1 && !first && r->pos < r->len))
		return;
	note_trouble(r, last);
	if (r->kept)
		r->list->links[r->list->n - 1].malformed = true;
}

static int
keep_link(struct reading *r, const coapx_link_text_t *target, bool malformed)
{
	int err;

	if (r->wanted && !r->wanted(r->arg, target, r->attrs.a, r->attrs.n))
		return 0;
	err = append(r->list, target, &r->attrs);
	r->kept = err == 0;
	if (r->kept)
		r->list->links[r->list->n - 1].malformed = malformed;
	return err;
}

/* The next piece of an attribute list, up to a semicolon that is in no quotes;
 * without the white space around it. */
static coapx_link_text_t
next_piece(const char **s, const char *end)
{
	coapx_link_text_t piece = { *s, 0 };
	bool quoted = false;
	const char *p;

	for (p = *s; p < end && (quoted || *p != ';'); p++)
		if (*p == '"')
			quoted = !quoted;
	piece.len = (size_t)(p - *s);
	*s = p < end ? p + 1 : end;
	while (piece.len > 0 && is_space(piece.s[0])) {
		piece.s++;
		piece.len--;
	}
	while (piece.len > 0 && is_space(piece.s[piece.len - 1]))
		piece.len--;
	return piece;
}

/* NAME, NAME=VALUE or NAME="VALUE", whatever they are made of. */
static coapx_link_attr_t
take_attr(coapx_link_text_t piece)
{
	const char *equals = memchr(piece.s, '=', piece.len);
	coapx_link_attr_t attr = { .name = piece };
	coapx_link_text_t rest;

	if (!equals)
		return attr;
	rest.s = equals + 1;
	rest.len = (size_t)(piece.s + piece.len - rest.s);
	attr.name.len = (size_t)(equals - piece.s);
	attr.value = next_piece(&rest.s, rest.s + rest.len);
	if (attr.value.len < 2 || attr.value.s[0] != '"' ||
	    attr.value.s[attr.value.len - 1] != '"')
		return attr;
	attr.quoted = 1;
	attr.value.s++;
	attr.value.len -= 2;
	return attr;
}

/* A link that is not as it should be, up to end; one without a target is left
 * out. */
static int
read_loosely(struct reading *r, const char *s, const char *end)
{
	const char *open = memchr(s, '<', (size_t)(end - s));
	const char *close =
	    open ? memchr(open, '>', (size_t)(end - open)) : NULL;
	coapx_link_text_t target, piece;
	int err;

	if (!close) {
		r->trouble->skipped++;
		return 0;
	}
	target.s = open + 1;
	target.len = (size_t)(close - target.s);
	r->attrs.n = 0;
	s = close + 1;
	next_piece(&s, end);
	while (s < end) {
		piece = next_piece(&s, end);
		if (piece.len == 0 || piece.s[0] == '=')
			continue;
		err = add_attr(&r->attrs, take_attr(piece));
		if (err < 0)
			return err;
	}
	return keep_link(r, &target, true);
}

/* The link at pos, up to end. */
static int
read_one(struct reading *r, size_t end)
{
	const char *s = r->s + r->pos;
	coapx_link_reader_t reader;
	coapx_link_text_t target, more;
	int err;

	coapx_link_reader_init(&reader, s, end - r->pos);
	err = coapx_link_next(&reader, &target);
	if (err == 1)
		err = read_attrs(&reader, &r->attrs);
	if (err == 0)
		err = coapx_link_next(&reader, &more);
	if (err == 0)
		return keep_link(r, &target, false);
	if (err == -COAP_E_NOMEM)
		return err;
	note_trouble(r, r->pos + reader.error_at);
	return read_loosely(r, s, r->s + end);
}

int
links_read(struct link_list *list, const char *text, size_t len,
    link_filter *wanted, void *arg, struct link_trouble *trouble)
{
	struct reading r = {
		.s = text,
		.len = len,
		.list = list,
		.wanted = wanted,
		.arg = arg,
		.trouble = trouble,
	};
	size_t end;
	int err = 0;

	*trouble = (struct link_trouble){ .any = false };
	for (skip_commas(&r); err == 0 && r.pos < len; skip_commas(&r)) {
		if (!find_end(&r, true, &end))
			find_end(&r, false, &end);
		r.kept = false;
		err = read_one(&r, end);
		r.pos = end;
	}
	free(r.attrs.a);
	return err;
}

/* --- what there is -------------------------------------------------------- */

/* The view shows them as const; they are this list's own. */
static void
free_text(const char *s)
{
	free((void *)(uintptr_t)s);
}

/* --- what is below a path ------------------------------------------------ */

/* The character that text begins with, percent-encoding undone, and how many
 * bytes that is. */
static unsigned char
decoded(const char *text, size_t *len)
{
	int high = text[0] == '%' ? hex_digit(text[1]) : -1;
	int low = high >= 0 ? hex_digit(text[2]) : -1;

	*len = low >= 0 ? 3 : 1;
	return low >= 0 ? (unsigned char)(high << 4 | low)
			: (unsigned char)text[0];
}

/* Where a target goes on behind a path: at a slash, or at its end. NULL: it is
 * not there. */
static const char *
behind(const char *target, const char *path)
{
	size_t len;

	if (strcmp(path, "/") == 0)
		path = "";
	for (; *path; path++) {
		if (*target == '\0' ||
		    decoded(target, &len) != (unsigned char)*path)
			return NULL;
		target += len;
	}
	return *target == '/' || *target == '\0' ? target : NULL;
}

static int
copy_attrs(struct view_link *to, const struct view_link *from)
{
	struct view_link_attr *attr;

	to->attrs =
	    calloc(from->n_attrs ? from->n_attrs : 1, sizeof(*to->attrs));
	if (!to->attrs)
		return -COAP_E_NOMEM;
	for (size_t i = 0; i < from->n_attrs; i++) {
		attr = &to->attrs[to->n_attrs++];
		attr->name =
		    copy_text(from->attrs[i].name, strlen(from->attrs[i].name));
		if (from->attrs[i].value)
			attr->value = copy_text(from->attrs[i].value,
			    strlen(from->attrs[i].value));
		if (!attr->name || (from->attrs[i].value && !attr->value))
			return -COAP_E_NOMEM;
	}
	return 0;
}

/* A child whose target is the len bytes at text; NULL: out of memory. */
static struct view_link *
new_child(struct link_list *list, const char *text, size_t len)
{
	struct view_link *bigger =
	    room_for_one(list->links, list->n, &list->room, sizeof(*bigger));

	if (!bigger)
		return NULL;
	list->links = bigger;
	bigger = &bigger[list->n++];
	memset(bigger, 0, sizeof(*bigger));
	bigger->target = copy_text(text, len);
	return bigger->target ? bigger : NULL;
}

static bool
ends_in_slash(const struct view_link *child)
{
	size_t len = strlen(child->target);

	return len > 0 && child->target[len - 1] == '/';
}

static int
mark_parent(struct view_link *child)
{
	size_t len = strlen(child->target);
	char *longer;

	if (ends_in_slash(child))
		return 0;
	longer = malloc(len + 2);
	if (!longer)
		return -COAP_E_NOMEM;
	memcpy(longer, child->target, len);
	memcpy(longer + len, "/", 2);
	free_text(child->target);
	child->target = longer;
	return 0;
}

/* The child that a link is or is below of; rest begins with a slash. The list
 * is sorted, so it is the last one or new. */
static int
add_child(struct link_list *below, const struct view_link *link,
    const char *rest, bool names)
{
	const char *name = rest + 1;
	size_t len = strcspn(name, "/");
	const char *text = names ? name : link->target;
	size_t text_len = (size_t)(name + len - text);
	struct view_link *child =
	    below->n > 0 ? &below->links[below->n - 1] : NULL;
	bool deeper = name[len] != '\0';

	if (!child || strncmp(child->target, text, text_len) != 0 ||
	    (child->target[text_len] != '\0' &&
		(!names || strcmp(child->target + text_len, "/") != 0)))
		child = new_child(below, text, text_len);
	if (!child)
		return -COAP_E_NOMEM;
	if (deeper)
		return names ? mark_parent(child) : 0;
	return child->attrs ? 0 : copy_attrs(child, link);
}

int
links_below(struct link_list *list, const char *path, bool names,
    struct link_list *below)
{
	const struct view_link *self = NULL;
	struct view_link *child;
	const char *rest;
	int err = 0;

	output_sort_links(list->links, list->n);
	for (size_t i = 0; i < list->n && err == 0; i++) {
		rest = behind(list->links[i].target, path);
		if (!rest)
			continue;
		if (rest[0] != '\0' && rest[1] != '\0')
			err = add_child(below, &list->links[i], rest, names);
		else if (strcmp(path, "/") != 0 && !self)
			self = &list->links[i];
	}
	if (err < 0 || below->n > 0 || !self)
		return err;
	child = new_child(below, self->target, strlen(self->target));
	return child ? copy_attrs(child, self) : -COAP_E_NOMEM;
}

void
links_free(struct link_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct view_link *link = &list->links[i];

		for (size_t k = 0; k < link->n_attrs; k++) {
			free_text(link->attrs[k].name);
			free_text(link->attrs[k].value);
		}
		free(link->attrs);
		free_text(link->target);
	}
	free(list->links);
	memset(list, 0, sizeof(*list));
}
