/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format as views. */
#ifndef CLI_LINKS_H
#define CLI_LINKS_H

#include <stdbool.h>

#include "cli/output/output.h"

struct link_list {
	struct view_link *links;
	size_t n;
	size_t room;
};

/* Whether a link is to be kept. */
typedef bool link_filter(void *arg, const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n);

/*
 * Reads a whole text into an empty list, of copies. wanted NULL: all links. 0,
 * -COAP_E_FORMAT (*at: at which byte) or -COAP_E_NOMEM; links_free() in any
 * case.
 */
int links_parse(struct link_list *list, const char *text, size_t len,
    link_filter *wanted, void *arg, size_t *at);

/* What was wrong with a text. */
struct link_trouble {
	bool any;
	size_t at;      /* the first byte of it */
	size_t skipped; /* links that could not be read */
};

/*
 * As links_parse(), of a device that does not keep to the syntax: what can be
 * read is read, and marked as malformed. 0 or -COAP_E_NOMEM.
 */
int links_read(struct link_list *list, const char *text, size_t len,
    link_filter *wanted, void *arg, struct link_trouble *trouble);
void links_free(struct link_list *list);
/*
 * What is directly below a path ("/" or "/a/b", not percent-encoded): of each
 * child its own link, without attributes where there is none. With names the
 * target of it is the name alone, and a slash when it has children too; else
 * the whole path. A path that is listed and has nothing below it is itself what
 * is found. list is sorted; below is to be empty. 0 or -COAP_E_NOMEM;
 * links_free() in any case.
 */
int links_below(struct link_list *list, const char *path, bool names,
    struct link_list *below);

#endif
