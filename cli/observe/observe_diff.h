/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed from one payload to the next one of a resource. */
#ifndef CLI_OBSERVE_DIFF_H
#define CLI_OBSERVE_DIFF_H

#include <jansson.h>

#include "cli/decode/decoders.h"
#include "cli/output/text.h"

/*
 * An array of objects, empty when nothing changed; NULL: out of memory. What
 * both are as JSON is compared value by value, {"path","old","new"}, where a
 * path is a JSON pointer, records of SenML are found by their name, and old or
 * new is missing for what came or went. Text is compared line by line,
 * {"line","old"} or {"line","new"}, from 1, both where there is one line; other bytes as what is between the
 * beginning and the end that stayed, {"offset","old","new"}, in hexadecimal and
 * cut after some bytes.
 */
json_t *observe_diff(const struct decode_in *before,
    const struct decode_in *now);
/* A line for each of them; arrow stands between old and new. */
void observe_diff_lines(struct text *text, const json_t *changes,
    const char *arrow, bool ascii);

#endif
