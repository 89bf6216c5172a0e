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

/* 0, or an error; at the end of the link's attributes. */
static int
read_attrs(coapx_link_reader_t *reader, struct attrs *attrs)
{
	coapx_link_attr_t attr;
	coapx_link_attr_t *bigger;
	int more;

	attrs->n = 0;
	for (more = coapx_link_next_attr(reader, &attr); more == 1;
	     more = coapx_link_next_attr(reader, &attr)) {
		if (attrs->n == attrs->room) {
			attrs->room = attrs->room ? 2 * attrs->room : 8;
			bigger =
			    realloc(attrs->a, attrs->room * sizeof(*bigger));
			if (!bigger)
				return -COAP_E_NOMEM;
			attrs->a = bigger;
		}
		attrs->a[attrs->n++] = attr;
	}
	return more;
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

	link->target = strndup(target->s, target->len);
	link->attrs = calloc(attrs->n ? attrs->n : 1, sizeof(*link->attrs));
	if (!link->target || !link->attrs)
		return -COAP_E_NOMEM;
	for (size_t i = 0; i < attrs->n; i++) {
		v = &link->attrs[link->n_attrs++];
		v->name = strndup(attrs->a[i].name.s, attrs->a[i].name.len);
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
	    realloc(list->links, (list->n + 1) * sizeof(*bigger));

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
		attr->name = strdup(from->attrs[i].name);
		if (from->attrs[i].value)
			attr->value = strdup(from->attrs[i].value);
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
	    realloc(list->links, (list->n + 1) * sizeof(*bigger));

	if (!bigger)
		return NULL;
	list->links = bigger;
	bigger = &bigger[list->n++];
	memset(bigger, 0, sizeof(*bigger));
	bigger->target = strndup(text, len);
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
