/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of `set VAR=VALUE`. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/words/vars.h"

bool
var_is_name(const char *name, size_t len)
{
	size_t i;

	if (len == 0 || isdigit((unsigned char)name[0]))
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	return true;
}

static struct var *
find(const struct front *front, const char *name)
{
	struct var *var;

	DL_FOREACH(front->vars, var)
		if (strcmp(var->name, name) == 0)
			return var;
	return NULL;
}

static void
var_free(struct var *var)
{
	free(var->name);
	free(var->value);
	free(var);
}

static struct var *
var_new(const char *name)
{
	struct var *var = calloc(1, sizeof(*var));

	if (!var)
		return NULL;
	var->name = strdup(name);
	if (var->name)
		return var;
	free(var);
	return NULL;
}

int
vars_set(struct front *front, const char *name, const char *value)
{
	struct var *var = find(front, name);
	char *copy = strdup(value);

	if (!copy)
		return -1;
	if (!var) {
		var = var_new(name);
		if (!var) {
			free(copy);
			return -1;
		}
		DL_APPEND(front->vars, var);
	}
	free(var->value);
	var->value = copy;
	return 0;
}

const char *
vars_get(const struct front *front, const char *name)
{
	const struct var *var = find(front, name);

	return var ? var->value : getenv(name);
}

void
vars_free(struct front *front)
{
	struct var *var, *next;

	DL_FOREACH_SAFE(front->vars, var, next) {
		DL_DELETE(front->vars, var);
		var_free(var);
	}
}
