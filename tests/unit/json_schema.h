/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of JSON Schema as the schema of the program's output needs. */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <stdbool.h>

#include <jansson.h>

/* Whether value is as schema says; root is where "#/$defs/..." begins. A
 * keyword that is not known here makes everything invalid. */
bool json_schema_allows(json_t *root, json_t *schema, json_t *value);

#endif
