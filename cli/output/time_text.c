/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as text. */
#include "cli/output/time_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A whole number of a unit and one of the next smaller, if that is not 0. */
struct scale {
	uint64_t seconds; /* of the unit */
	const char *unit;
	uint64_t small;
	const char *small_unit;
};

static void
two_units(uint64_t s, char buf[static DURATION_TEXT_SIZE])
{
	static const struct scale scales[] = {
		{ 86400, "d", 3600, "h" },
		{ 3600, "h", 60, "min" },
		{ 60, "min", 1, "s" },
	};
	const struct scale *scale = scales;
	uint64_t rest;
	int n;

	while (scale->seconds > 60 && s < scale->seconds)
		scale++;
	rest = s % scale->seconds / scale->small;
	n = snprintf(buf, DURATION_TEXT_SIZE, "%" PRIu64 " %s",
	    s / scale->seconds, scale->unit);
	if (rest > 0 && n > 0 && n < DURATION_TEXT_SIZE)
		snprintf(buf + n, DURATION_TEXT_SIZE - (size_t)n,
		    " %" PRIu64 " %s", rest, scale->small_unit);
}

/* us in units of unit, to the nearest. */
static uint64_t
rounded(uint64_t us, uint64_t unit)
{
	return us / unit + (us % unit >= unit / 2 ? 1 : 0);
}

const char *
duration_text(uint64_t us, char buf[static DURATION_TEXT_SIZE])
{
	uint64_t n;

	n = rounded(us, 100);
	if (us > 0 && us < 100)
		snprintf(buf, DURATION_TEXT_SIZE, "<0.1 ms");
	else if (us == 0)
		snprintf(buf, DURATION_TEXT_SIZE, "0 ms");
	else if (n < 100)
		snprintf(buf, DURATION_TEXT_SIZE, "%u.%u ms", (unsigned)n / 10,
		    (unsigned)n % 10);
	else if (rounded(us, 1000) < 1000)
		snprintf(buf, DURATION_TEXT_SIZE, "%u ms",
		    (unsigned)rounded(us, 1000));
	else if (rounded(us, 100000) < 600)
		snprintf(buf, DURATION_TEXT_SIZE, "%u.%u s",
		    (unsigned)rounded(us, 100000) / 10,
		    (unsigned)rounded(us, 100000) % 10);
	else
		two_units(rounded(us, 1000000), buf);
	return buf;
}

const char *
timestamp_text(int64_t ms, char buf[static TIMESTAMP_TEXT_SIZE])
{
	struct tm tm;
	time_t s;
	int rest;

	if (ms < TIMESTAMP_MIN)
		ms = TIMESTAMP_MIN;
	if (ms > TIMESTAMP_MAX)
		ms = TIMESTAMP_MAX;
	rest = (int)(ms % 1000);
	s = (time_t)(ms / 1000);
	if (rest < 0) {
		rest += 1000;
		s--;
	}
	memset(&tm, 0, sizeof(tm));
	gmtime_r(&s, &tm);
	snprintf(buf, TIMESTAMP_TEXT_SIZE,
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
	return buf;
}

const char *
date_text(int64_t seconds, char buf[static DATE_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	buf[0] = '\0';
	if (gmtime_r(&t, &tm))
		strftime(buf, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

int64_t
time_now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
