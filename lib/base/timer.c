/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers of a context: a pairing heap. `prev` is the left sibling or, for
 * a first child, the parent; the root and the first that is due have none.
 */
#include "base/timer.h"

#include <stddef.h>

/* Joins two roots, either of which may be missing. */
static struct timer *
merge(struct timer *a, struct timer *b)
{
	struct timer *first, *second;

	if (!a || !b)
		return a ? a : b;
	first = b->at < a->at ? b : a;
	second = first == a ? b : a;

	second->prev = first;
	second->sibling = first->child;
	if (first->child)
		first->child->prev = second;
	first->child = second;
	return first;
}

/* Joins a list of siblings to one root, without recursion. */
static struct timer *
merge_siblings(struct timer *list)
{
	struct timer *pairs = NULL, *root = NULL;
	struct timer *a, *b;

	while (list) {
		a = list;
		b = a->sibling;
		list = b ? b->sibling : NULL;
		a->sibling = a->prev = NULL;
		if (b)
			b->sibling = b->prev = NULL;
		a = merge(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		a = pairs;
		pairs = a->sibling;
		a->sibling = NULL;
		root = merge(a, root);
	}
	return root;
}

/* Takes t and what is below it away from its parent and siblings. */
static void
cut(struct timer *t)
{
	if (t->prev->child == t)
		t->prev->child = t->sibling;
	else
		t->prev->sibling = t->sibling;
	if (t->sibling)
		t->sibling->prev = t->prev;
	t->prev = t->sibling = NULL;
}

void
timers_cancel(struct timers *h, struct timer *t)
{
	struct timer *below;

	if (!t->queued)
		return;
	below = merge_siblings(t->child);
	t->child = NULL;
	t->queued = false;
	if (h->root == t) {
		h->root = below;
		return;
	}
	if (h->due == t) {
		h->due = t->sibling;
		if (t->sibling)
			t->sibling->prev = NULL;
		t->sibling = NULL;
		return; /* what is due has nothing below it */
	}
	cut(t);
	h->root = merge(h->root, below);
}

void
timers_set(struct timers *h, struct timer *t, coap_tick_t at)
{
	if (at == TIMER_NEVER || (t->queued && (at > t->at || h->due == t)))
		timers_cancel(h, t);
	if (at == TIMER_NEVER)
		return;

	if (t->queued && h->root == t) {
		t->at = at;
		return;
	}
	if (t->queued)
		cut(t);
	else
		t->child = t->sibling = t->prev = NULL;
	t->at = at;
	t->queued = true;
	h->root = merge(h->root, t);
}

coap_tick_t
timers_next(const struct timers *h)
{
	const struct timer *due = h->due;

	if (!h->root)
		return due ? due->at : TIMER_NEVER;
	return due && due->at < h->root->at ? due->at : h->root->at;
}

/* Moves what is due at now from the heap to the end of h->due. */
static void
collect(struct timers *h, coap_tick_t now)
{
	struct timer *last = h->due;
	struct timer *t;

	while (last && last->sibling)
		last = last->sibling;

	while (h->root && h->root->at <= now) {
		t = h->root;
		h->root = merge_siblings(t->child);
		t->child = NULL;
		t->prev = last;
		if (last)
			last->sibling = t;
		else
			h->due = t;
		last = t;
	}
}

void
timers_run(struct timers *h, coap_tick_t now)
{
	struct timer *t;

	collect(h, now);
	for (t = h->due; t; t = h->due) {
		timers_cancel(h, t);
		t->fire(t, now);
	}
}
