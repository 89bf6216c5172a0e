/* SPDX-License-Identifier: BSD-2-Clause */
/* Links as a tree, by the segments of their paths. */
#include <stdlib.h>
#include <string.h>

#include "cli/output/output_form.h"
#include "cli/output/payload.h"

/* What lies deeper is one segment, with its slashes. */
#define TREE_DEPTH 32
#define GAP        2

/* A segment of a path. */
struct node {
	const char *name; /* in a target, not ended by a NUL */
	size_t len;
	size_t depth;                 /* 0: the root, and what is no path */
	bool last;                    /* of those below one node */
	const struct view_link *link; /* NULL: only a part of others */
};

struct tree {
	struct node *nodes;
	size_t n;
	size_t room;
	const char *const *branches; /* see below */
};

enum branch {
	BRANCH_NONE, /* of an ancestor that was the last one */
	BRANCH_DOWN, /* of one that was not */
	BRANCH_NODE,
	BRANCH_LAST,
};

static const char *const drawn[] = {
	[BRANCH_NONE] = "   ",
	[BRANCH_DOWN] = "\xe2\x94\x82  ",
	[BRANCH_NODE] = "\xe2\x94\x9c\xe2\x94\x80 ",
	[BRANCH_LAST] = "\xe2\x94\x94\xe2\x94\x80 ",
};
static const char *const typed[] = {
	[BRANCH_NONE] = "   ",
	[BRANCH_DOWN] = "|  ",
	[BRANCH_NODE] = "|- ",
	[BRANCH_LAST] = "`- ",
};

/* --- order --------------------------------------------------------------- */

/* A slash is before all others, so that what is below a path follows it. */
static int
rank(char c)
{
	if (c == '\0')
		return 0;
	return c == '/' ? 1 : (unsigned char)c + 1;
}

static int
compare(const void *a, const void *b)
{
	const char *s = ((const struct view_link *)a)->target;
	const char *t = ((const struct view_link *)b)->target;

	while (*s && *s == *t) {
		s++;
		t++;
	}
	return rank(*s) - rank(*t);
}

void
output_sort_links(struct view_link *links, size_t n)
{
	if (n > 0)
		qsort(links, n, sizeof *links, compare);
}

/* --- nodes --------------------------------------------------------------- */

static bool
add(struct tree *tree, const struct node *node)
{
	struct node *bigger;

	if (tree->n == tree->room) {
		tree->room = tree->room ? 2 * tree->room : 32;
		bigger = realloc(tree->nodes, tree->room * sizeof *bigger);
		if (!bigger)
			return false;
		tree->nodes = bigger;
	}
	tree->nodes[tree->n++] = *node;
	return true;
}

/* The segment at depth of the path that was added last; NULL: none. */
static const struct node *
at_depth(const struct tree *tree, size_t depth)
{
	for (size_t i = tree->n; i > 0 && tree->nodes[i - 1].depth >= depth;
	     i--)
		if (tree->nodes[i - 1].depth == depth)
			return &tree->nodes[i - 1];
	return NULL;
}

static bool
is_same(const struct node *a, const struct node *b)
{
	return a && a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

/* The segments of a path that the one before had not. */
static bool
add_path(struct tree *tree, const struct view_link *link)
{
	struct node node = { .name = link->target + 1, .depth = 1 };
	bool shared = true;
	bool more = true;

	while (more) {
		node.len = node.depth < TREE_DEPTH ? strcspn(node.name, "/")
						   : strlen(node.name);
		more = node.name[node.len] != '\0';
		node.link = more ? NULL : link;
		shared = shared && more &&
		    is_same(at_depth(tree, node.depth), &node);
		if (!shared && !add(tree, &node))
			return false;
		node.name += node.len + 1;
		node.depth++;
	}
	return true;
}

static bool
add_link(struct tree *tree, const struct view_link *link)
{
	if (strcmp(link->target, "/") == 0 && tree->n == 1 &&
	    !tree->nodes[0].link) {
		tree->nodes[0].link = link;
		return true;
	}
	if (link->target[0] == '/')
		return add_path(tree, link);
	return add(tree,
	    &(struct node){
		.name = link->target,
		.len = strlen(link->target),
		.link = link,
	    });
}

/* From the end: a node is the last one when no other came at its depth. */
static void
find_last(struct tree *tree)
{
	bool seen[TREE_DEPTH + 1] = { false };

	for (size_t i = tree->n; i > 0; i--) {
		struct node *node = &tree->nodes[i - 1];

		node->last = !seen[node->depth];
		seen[node->depth] = true;
		for (size_t k = node->depth + 1; k <= TREE_DEPTH; k++)
			seen[k] = false;
	}
}

/* --- lines --------------------------------------------------------------- */

/* Keeps in open which ancestors go on; the columns that it takes. */
static size_t
add_branches(struct text *text, const struct tree *tree,
    const struct node *node, bool open[TREE_DEPTH + 1])
{
	for (size_t k = 1; k < node->depth; k++)
		text_add(text,
		    tree->branches[open[k] ? BRANCH_DOWN : BRANCH_NONE]);
	if (node->depth > 0)
		text_add(text,
		    tree->branches[node->last ? BRANCH_LAST : BRANCH_NODE]);
	open[node->depth] = !node->last;
	return 3 * node->depth;
}

/* Its columns; an empty segment is shown as the slash behind it. */
static size_t
add_name(struct text *text, const struct output *out, const struct node *node)
{
	struct text name = { .s = NULL };
	size_t width;

	payload_escape(&name, node->len > 0 ? node->name : "/",
	    node->len > 0 ? node->len : 1, ESCAPE_LINE, out->ascii);
	width = name.len > 0 ? payload_width(name.s, name.len) : 0;
	if (text && node->link)
		style_begin(text, out->color, STYLE_NAME);
	if (text)
		text_add_bytes(text, name.s, name.len);
	if (text && node->link)
		style_end(text, out->color);
	if (text && name.failed)
		text->failed = true;
	text_free(&name);
	return width;
}

static void
draw(struct output *out, const struct tree *tree)
{
	bool open[TREE_DEPTH + 1] = { false };
	struct text text = { .s = NULL };
	size_t widest = 0;
	size_t width;

	for (size_t i = 0; i < tree->n; i++) {
		width = 3 * tree->nodes[i].depth +
		    add_name(NULL, out, &tree->nodes[i]);
		if (width > widest)
			widest = width;
	}
	for (size_t i = 0; i < tree->n; i++) {
		const struct node *node = &tree->nodes[i];

		width = add_branches(&text, tree, node, open);
		width += add_name(&text, out, node);
		if (node->link && node->link->n_attrs > 0) {
			text_add_char(&text, ' ', widest - width + GAP);
			add_link_attrs(&text, node->link, out->ascii);
		}
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

void
output_link_tree(struct output *out, struct view_link *links, size_t n)
{
	struct tree tree = {
		.branches = out->sink.utf8 && !out->ascii ? drawn : typed,
	};
	bool ok;

	output_sort_links(links, n);
	if (n == 0 || out->form == FORM_JSON || out->form == FORM_NONE) {
		output_links(out, links, n);
		return;
	}
	ok = add(&tree, &(struct node){ .name = "/", .len = 1 });
	for (size_t i = 0; i < n && ok; i++)
		ok = add_link(&tree, &links[i]);
	find_last(&tree);
	if (ok)
		draw(out, &tree);
	else
		out->failed = true;
	free(tree.nodes);
}
