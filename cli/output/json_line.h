/* SPDX-License-Identifier: BSD-2-Clause */
/* Making one object, one line, of JSON. A failure sticks. */
#ifndef CLI_JSON_LINE_H
#define CLI_JSON_LINE_H

#include <jansson.h>

#include "cli/output/text.h"

struct json_line {
	json_t *object;
	bool failed; /* out of memory */
};

/* {"v":1,"type":TYPE} */
void json_line_begin(struct json_line *line, const char *type);
/* Both take over value, which is a failure when it is NULL. */
void json_line_add(struct json_line *line, json_t *object, const char *key,
    json_t *value);
void json_line_append(struct json_line *line, json_t *array, json_t *value);
/* A new object in object, which stays its owner. */
json_t *json_line_object(struct json_line *line, json_t *object,
    const char *key);
/* Adds it to text with a newline, and frees it. Strange characters are \uXXXX,
 * with ascii all that are not ASCII. After a failure only text->failed. */
void json_line_end(struct json_line *line, struct text *text, bool ascii);

/* A string, or null for NULL; what is not UTF-8 is escaped as \xHH. */
json_t *json_text(const char *s);
/* A string of bytes that are UTF-8; data may be NULL when there are none. */
json_t *json_bytes(const void *data, size_t len);
/* Hex digits of the first max bytes; "..." stands for the others. */
json_t *json_hex(const void *data, size_t len, size_t max);
/* An integer when it is one. */
json_t *json_number_of(double number);
/* A link's attribute: a string, true without a value, an array when there are
 * several of that name. 0 or -1. */
int json_attribute(json_t *attributes, const char *name, const char *value);
/* Link-format: an array of {"target":...,"attributes":{...}}; NULL when it is
 * not valid. */
json_t *json_links(const char *data, size_t len);

#endif
