/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock. */
#ifndef COAP_TIME_H
#define COAP_TIME_H

#include <coap3/coap_forward_decls.h>

/* A moment: milliseconds of a clock that no one can set. */
typedef uint64_t coap_tick_t;
/* The distance of two moments in milliseconds. */
typedef int64_t coap_tick_diff_t;
/* Seconds since 1970 (UTC). */
typedef uint32_t coap_time_t;

#define COAP_TICKS_PER_SECOND ((coap_tick_t)1000)
#define COAP_MAX_DELAY_TICKS  ((coap_tick_t)-1)

/* Does nothing: the clock runs from the start. */
COAP_API void coap_clock_init(void);

/* Stores the present moment (CLOCK_MONOTONIC) in *t. */
COAP_API void coap_ticks(coap_tick_t *t);

/*
 * The wall-clock time of a moment, in seconds. Like the two below it goes by
 * what the system's wall clock says now, also about the past and the future: if
 * that clock is set between two calls, so are the results.
 */
COAP_API coap_time_t coap_ticks_to_rt(coap_tick_t t);

/* The wall-clock time of a moment, in microseconds since 1970 (UTC). */
COAP_API uint64_t coap_ticks_to_rt_us(coap_tick_t t);

/*
 * The moment of a wall-clock time in microseconds since 1970 (UTC), to the
 * nearest tick; 0 for a time before the clock's start.
 */
COAP_API coap_tick_t coap_ticks_from_rt_us(uint64_t t);

/*
 * Whether a is before b. The two may be up to half of the clock's range apart,
 * so this holds over the end of the range too.
 */
static inline int
coap_time_lt(coap_tick_t a, coap_tick_t b)
{
	return (coap_tick_diff_t)(a - b) < 0;
}

/* Whether a is before b or the same moment. */
static inline int
coap_time_le(coap_tick_t a, coap_tick_t b)
{
	return a == b || coap_time_lt(a, b);
}

#endif
