/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON merge patch (RFC 7396) and JSON patch (RFC 6902). */
#include "cli/device/json_patch.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output/json_pointer.h"

/* --- limits -------------------------------------------------------------- */

static bool
/* NOLINTNEXTLINE(misc-no-recursion): its depth is limited */
is_shallow(json_t *value, unsigned levels)
{
	const char *key;
	json_t *child;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value))
		return true;
	if (levels == 0)
		return false;
	json_object_foreach(value, key, child)
	{
		if (!is_shallow(child, levels - 1))
			return false;
	}
	json_array_foreach(value, i, child)
	{
		if (!is_shallow(child, levels - 1))
			return false;
	}
	return true;
}

/* Its depth first: what writes it down calls itself. */
bool
json_patch_fits(json_t *document)
{
	return is_shallow(document, JSON_PATCH_MAX_DEPTH) &&
	    json_dumpb(document, NULL, 0, JSON_ENCODE_ANY | JSON_COMPACT) <=
	    JSON_PATCH_MAX_SIZE;
}

static enum patched
say(enum patched what, const char **why, const char *text)
{
	*why = text;
	return what;
}

static enum patched
no_memory(const char **why)
{
	return say(PATCH_NO_MEMORY, why, "out of memory");
}

static enum patched
too_large(const char **why)
{
	return say(PATCH_TOO_LARGE, why,
	    "the document may have 64 KiB and 32 levels, a patch 100 "
	    "operations");
}

/* --- RFC 7396 ------------------------------------------------------------ */

/* A new reference; NULL: out of memory. What is shared is never changed. */
static json_t *
/* NOLINTNEXTLINE(misc-no-recursion): its depth is limited */
merge(json_t *target, json_t *patch)
{
	json_t *result;
	json_t *value;
	const char *key;
	int err = 0;

	if (!json_is_object(patch))
		return json_incref(patch);
	result = json_is_object(target) ? json_copy(target) : json_object();
	json_object_foreach(patch, key, value)
	{
		if (json_is_null(value))
			json_object_del(result, key);
		else
			err |= json_object_set_new(result, key,
			    merge(json_object_get(result, key), value));
	}
	if (!err)
		return result;
	json_decref(result);
	return NULL;
}

enum patched
json_patch_merge(json_t *document, json_t *patch, json_t **result,
    const char **why)
{
	*result = NULL;
	if (!is_shallow(patch, JSON_PATCH_MAX_DEPTH))
		return too_large(why);
	*result = merge(document, patch);
	if (!*result)
		return no_memory(why);
	if (json_patch_fits(*result))
		return PATCHED;
	json_decref(*result);
	*result = NULL;
	return too_large(why);
}

/* --- RFC 6902 ------------------------------------------------------------ */

struct op {
	json_t *root;  /* of the document, a reference */
	char *path;    /* copies: pointers are cut to pieces */
	char *from;    /* NULL: none */
	json_t *value; /* NULL: none */
	const char *why;
};

static enum patched
conflict(struct op *op, const char *why)
{
	return say(PATCH_CONFLICTS, &op->why, why);
}

static enum patched
replace_root(struct op *op, json_t *value)
{
	json_t *copy = json_deep_copy(value);

	if (!copy)
		return no_memory(&op->why);
	json_decref(op->root);
	op->root = copy;
	return PATCHED;
}

/* What is put in is a copy: a later operation may change it. */
static enum patched
put(struct op *op, json_t *value)
{
	char *last;
	json_t *parent;
	size_t i;
	bool end;
	int err;

	if (*op->path == '\0')
		return replace_root(op, value);
	parent = json_pointer_parent(op->root, op->path, &last);
	if (json_is_object(parent)) {
		err = json_object_set_new(parent, last, json_deep_copy(value));
		return err ? no_memory(&op->why) : PATCHED;
	}
	if (!json_is_array(parent))
		return conflict(op, "add: nothing can be put at this path");
	end = strcmp(last, "-") == 0;
	if (end)
		i = json_array_size(parent);
	else if (!json_pointer_index(last, &i) || i > json_array_size(parent))
		return conflict(op, "add: the array has no such index");
	err = json_array_insert_new(parent, i, json_deep_copy(value));
	return err ? no_memory(&op->why) : PATCHED;
}

/* The pointer is to lead to something. */
static enum patched
take_away(struct op *op, char *path)
{
	char *last;
	json_t *parent;
	size_t i;

	if (*path == '\0')
		return conflict(op, "remove: the document itself stays");
	parent = json_pointer_parent(op->root, path, &last);
	if (json_is_object(parent) && json_object_del(parent, last) == 0)
		return PATCHED;
	if (json_is_array(parent) && json_pointer_index(last, &i) &&
	    json_array_remove(parent, i) == 0)
		return PATCHED;
	return conflict(op, "remove: there is nothing at this path");
}

static enum patched
op_add(struct op *op)
{
	return put(op, op->value);
}

static enum patched
op_remove(struct op *op)
{
	return take_away(op, op->path);
}

static enum patched
op_replace(struct op *op)
{
	char *last;
	json_t *parent;
	size_t i;
	int err = 0;

	if (*op->path == '\0')
		return replace_root(op, op->value);
	parent = json_pointer_parent(op->root, op->path, &last);
	if (json_is_object(parent) && json_object_get(parent, last))
		err = json_object_set_new(parent, last,
		    json_deep_copy(op->value));
	else if (json_is_array(parent) && json_pointer_index(last, &i) &&
	    i < json_array_size(parent))
		err = json_array_set_new(parent, i, json_deep_copy(op->value));
	else
		return conflict(op, "replace: there is nothing at this path");
	return err ? no_memory(&op->why) : PATCHED;
}

/* 1 and 1.0 are equal (RFC 6902 section 4.6); inside of arrays and objects
 * jansson keeps them apart. */
static enum patched
op_test(struct op *op)
{
	json_t *got = json_pointer_get(op->root, op->path);

	if (got &&
	    (json_equal(got, op->value) ||
		(json_is_number(got) && json_is_number(op->value) &&
		    json_number_value(got) == json_number_value(op->value))))
		return PATCHED;
	return conflict(op, "test: the value is another one");
}

static enum patched
op_copy(struct op *op)
{
	json_t *value = json_pointer_get(op->root, op->from);

	return value ? put(op, value)
		     : conflict(op, "copy: there is nothing at 'from'");
}

static enum patched
op_move(struct op *op)
{
	size_t n = strlen(op->from);
	enum patched r;
	char *from;
	json_t *value;

	if (strncmp(op->path, op->from, n) == 0 && op->path[n] == '/')
		return conflict(op, "move: 'path' is inside of 'from'");
	from = strdup(op->from);
	if (!from)
		return no_memory(&op->why);
	value = json_incref(json_pointer_get(op->root, op->from));
	if (!value)
		r = conflict(op, "move: there is nothing at 'from'");
	else
		r = take_away(op, from);
	if (r == PATCHED)
		r = put(op, value);
	json_decref(value);
	free(from);
	return r;
}

static const struct {
	const char *name;
	bool has_value;
	bool has_from;
	enum patched (*run)(struct op *op);
} ops[] = {
	{ "add", true, false, op_add },
	{ "remove", false, false, op_remove },
	{ "replace", true, false, op_replace },
	{ "move", false, true, op_move },
	{ "copy", false, true, op_copy },
	{ "test", true, false, op_test },
};

#define N_OPS (sizeof ops / sizeof ops[0])

/* Of N_OPS, which is none. */
static size_t
op_of(const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "op"));
	size_t i = 0;

	while (i < N_OPS && (!name || strcmp(ops[i].name, name) != 0))
		i++;
	return i;
}

static bool
is_pointer(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && json_pointer_is_valid(text);
}

static enum patched
check(const json_t *row, const char **why)
{
	size_t i = op_of(row);

	if (i == N_OPS)
		return say(PATCH_IS_NONE, why,
		    "'op' is to be add, remove, replace, move, copy or test");
	if (!is_pointer(json_object_get(row, "path")) ||
	    (ops[i].has_from && !is_pointer(json_object_get(row, "from"))))
		return say(PATCH_IS_NONE, why,
		    "'path' and 'from' are to be JSON pointers, such as /a/0");
	if (ops[i].has_value && !json_object_get(row, "value"))
		return say(PATCH_IS_NONE, why, "'value' is missing");
	return PATCHED;
}

static enum patched
run(json_t **root, const json_t *row, const char **why)
{
	const char *from = json_string_value(json_object_get(row, "from"));
	struct op op = {
		.root = *root,
		.path = strdup(json_string_value(json_object_get(row, "path"))),
		.from = from ? strdup(from) : NULL,
		.value = json_object_get(row, "value"),
	};
	enum patched r;

	if (op.path && (op.from || !from))
		r = ops[op_of(row)].run(&op);
	else
		r = no_memory(&op.why);
	if (r == PATCHED && !json_patch_fits(op.root))
		r = too_large(&op.why);
	if (r != PATCHED)
		*why = op.why;
	*root = op.root;
	free(op.path);
	free(op.from);
	return r;
}

enum patched
json_patch_apply(json_t *document, json_t *patch, json_t **result,
    const char **why)
{
	enum patched r = PATCHED;
	json_t *root;
	size_t i;

	*result = NULL;
	if (!json_is_array(patch))
		return say(PATCH_IS_NONE, why,
		    "a JSON patch is an array of operations");
	if (json_array_size(patch) > JSON_PATCH_MAX_OPS ||
	    !is_shallow(patch, JSON_PATCH_MAX_DEPTH))
		return too_large(why);
	for (i = 0; i < json_array_size(patch) && r == PATCHED; i++)
		r = check(json_array_get(patch, i), why);
	if (r != PATCHED)
		return r;
	root = json_deep_copy(document);
	if (!root)
		return no_memory(why);
	for (i = 0; i < json_array_size(patch) && r == PATCHED; i++)
		r = run(&root, json_array_get(patch, i), why);
	if (r == PATCHED)
		*result = root;
	else
		json_decref(root);
	return r;
}
