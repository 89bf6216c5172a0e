/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of `set VAR=VALUE`. */
#ifndef CLI_VARS_H
#define CLI_VARS_H

#include <stdbool.h>
#include <stddef.h>

struct front;

struct var {
	struct var *prev;
	struct var *next;
	char *name;
	char *value;
};

/* A letter or '_', then letters, digits, '_'. */
bool var_is_name(const char *name, size_t len);
/* 0, or -1 when out of memory. */
int vars_set(struct front *front, const char *name, const char *value);
/* Ours, else the environment's, else NULL. */
const char *vars_get(const struct front *front, const char *name);
void vars_free(struct front *front);

#endif
