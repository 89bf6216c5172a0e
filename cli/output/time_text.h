/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as text. */
#ifndef CLI_TIME_TEXT_H
#define CLI_TIME_TEXT_H

#include <stdint.h>

#define DURATION_TEXT_SIZE  32
#define TIMESTAMP_TEXT_SIZE 80

/* For people, two units at most: "<0.1 ms", "0.4 ms", "23 ms", "1.2 s",
 * "5 min 3 s", "2 h 5 min", "3 d 4 h". The result is buf. */
const char *duration_text(uint64_t us, char buf[static DURATION_TEXT_SIZE]);

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define TIMESTAMP_MIN (-INT64_C(62167219200000))
#define TIMESTAMP_MAX INT64_C(253402300799999)

/* RFC 3339 in UTC: "2026-08-14T09:12:03.418Z", of milliseconds since 1970;
 * years 0000 to 9999, others become the nearest end. The result is buf. */
const char *timestamp_text(int64_t ms, char buf[static TIMESTAMP_TEXT_SIZE]);

/* "2026-01-31T00:00:00Z", of seconds since 1970; buf, empty when it has no such
 * form. */
#define DATE_SIZE 32
const char *date_text(int64_t seconds, char buf[static DATE_SIZE]);

/* Milliseconds since 1970, now. */
int64_t time_now_ms(void);

#endif
