/* SPDX-License-Identifier: BSD-2-Clause */
/* Sensor measurements (SenML, RFC 8428): packs to resolved records. */
#ifndef CLI_DECODE_SENML_H
#define CLI_DECODE_SENML_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/output/text.h"

/* Seconds; a time below it is meant from now on (RFC 8428 section 4.5.3). */
#define SENML_RELATIVE_MAX 268435456.0

/* The labels of SenML in CBOR, which became decimal keys of JSON, by name. NULL:
 * out of memory; else it is a new pack. */
json_t *senml_named(const json_t *pack);

/*
 * Resolved records (RFC 8428 section 4.6): no base fields, full names, and, where
 * a time is given, the absolute one; in the order of time. now_ms: since 1970.
 * NULL, and what is wrong in why: not valid, "" out of memory.
 */
json_t *senml_resolve(const json_t *pack, int64_t now_ms, struct text *why);

/* A line a record: time, name, value with its unit. */
void senml_table(struct text *out, const json_t *records, int64_t now_ms,
    bool ascii, bool color);

#endif
