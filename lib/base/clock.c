/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock: ticks are milliseconds of CLOCK_MONOTONIC. */
#include <coap3/coap_time.h>

#include <time.h>

#define US_PER_S    1000000
#define US_PER_TICK 1000
#define NS_PER_US   1000

/* Two readings this close have nothing in between worth a second look. */
#define CLOSE_US 20
#define TRIES    3

static int64_t
now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / NS_PER_US;
}

/* How far the wall clock is ahead of the ticks. */
static int64_t
wall_offset_us(void)
{
	int64_t before, wall, after, offset = 0, best = INT64_MAX;
	int i;

	for (i = 0; i < TRIES && best > CLOSE_US; i++) {
		before = now_us(CLOCK_MONOTONIC);
		wall = now_us(CLOCK_REALTIME);
		after = now_us(CLOCK_MONOTONIC);
		if (after - before < best) {
			best = after - before;
			offset = wall - before - best / 2;
		}
	}
	return offset;
}

void
coap_clock_init(void)
{
}

void
coap_ticks(coap_tick_t *t)
{
	*t = (coap_tick_t)(now_us(CLOCK_MONOTONIC) / US_PER_TICK);
}

coap_time_t
coap_ticks_to_rt(coap_tick_t t)
{
	return (coap_time_t)(coap_ticks_to_rt_us(t) / US_PER_S);
}

uint64_t
coap_ticks_to_rt_us(coap_tick_t t)
{
	return t * US_PER_TICK + (uint64_t)wall_offset_us();
}

coap_tick_t
coap_ticks_from_rt_us(uint64_t t)
{
	int64_t since = (int64_t)(t - (uint64_t)wall_offset_us());

	if (since < 0)
		return 0;
	return ((coap_tick_t)since + US_PER_TICK / 2) / US_PER_TICK;
}
