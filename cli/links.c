/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format as views: copies, since the payload goes with its message. */
#include "cli/links.h"

#include <stdlib.h>
#include <string.h>

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
