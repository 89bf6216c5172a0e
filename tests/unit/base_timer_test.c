/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer heap, also against a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/timer.h"

#define N_MODEL 200
#define N_STEPS 100000
#define N_MANY  200000

static struct timers heap;

/* What a test timer does when it fires. */
struct probe {
	struct timer timer;
	int fired;
	struct probe *other;
	coap_tick_t again;
	int cancel;
};

static int order;

static void
on_fire(struct timer *t, coap_tick_t now)
{
	struct probe *p = (struct probe *)t;

	(void)now;
	assert_false(t->queued);
	p->fired = ++order;
	if (p->other && p->cancel)
		timers_cancel(&heap, &p->other->timer);
	else if (p->other)
		timers_set(&heap, &p->other->timer, p->again);
}

static int
setup(void **state)
{
	(void)state;
	memset(&heap, 0, sizeof(heap));
	order = 0;
	return 0;
}

static struct probe
probe(void)
{
	return (struct probe){ .timer.fire = on_fire };
}

static void
test_empty(void **state)
{
	struct probe a = probe();

	(void)state;
	assert_true(timers_next(&heap) == TIMER_NEVER);
	timers_run(&heap, 1000);
	timers_cancel(&heap, &a.timer);
	timers_set(&heap, &a.timer, TIMER_NEVER);
	assert_false(a.timer.queued);
	assert_true(timers_next(&heap) == TIMER_NEVER);
}

static void
test_order(void **state)
{
	struct probe a = probe(), b = probe(), c = probe();

	(void)state;
	timers_set(&heap, &a.timer, 30);
	timers_set(&heap, &b.timer, 10);
	timers_set(&heap, &c.timer, 20);
	assert_int_equal(timers_next(&heap), 10);
	timers_run(&heap, 9);
	assert_int_equal(order, 0);
	timers_run(&heap, 20);
	assert_int_equal(b.fired, 1);
	assert_int_equal(c.fired, 2);
	assert_int_equal(a.fired, 0);
	assert_int_equal(timers_next(&heap), 30);
	timers_run(&heap, 1000);
	assert_int_equal(a.fired, 3);
	timers_run(&heap, 2000);
	assert_int_equal(order, 3);
}

static void
test_move(void **state)
{
	struct probe a = probe(), b = probe(), c = probe();

	(void)state;
	timers_set(&heap, &a.timer, 10);
	timers_set(&heap, &b.timer, 20);
	timers_set(&heap, &c.timer, 30);
	timers_set(&heap, &a.timer, 40); /* the root, later */
	assert_int_equal(timers_next(&heap), 20);
	timers_set(&heap, &c.timer, 5); /* below, sooner */
	assert_int_equal(timers_next(&heap), 5);
	timers_set(&heap, &c.timer, 4); /* the root, sooner */
	assert_int_equal(timers_next(&heap), 4);
	timers_set(&heap, &b.timer, 20); /* the same */
	timers_set(&heap, &c.timer, TIMER_NEVER);
	assert_false(c.timer.queued);
	assert_int_equal(timers_next(&heap), 20);
	timers_cancel(&heap, &b.timer);
	assert_int_equal(timers_next(&heap), 40);
	timers_set(&heap, &a.timer, TIMER_NEVER - 1);
	timers_run(&heap, TIMER_NEVER - 1);
	assert_int_equal(a.fired, 1);
	assert_int_equal(order, 1);
}

/* A timer that sets itself to the past fires once in each pass. */
static void
test_set_self(void **state)
{
	struct probe a = probe();

	(void)state;
	a.other = &a;
	a.again = 3;
	timers_set(&heap, &a.timer, 5);
	timers_run(&heap, 10);
	assert_int_equal(a.fired, 1);
	assert_int_equal(timers_next(&heap), 3);
	timers_run(&heap, 10);
	assert_int_equal(a.fired, 2);
	a.again = 11;
	timers_run(&heap, 10);
	assert_int_equal(a.fired, 3);
	timers_run(&heap, 10);
	assert_int_equal(a.fired, 3);
}

/* A callback moves or cancels one that is due in the same pass. */
static void
test_touch_due(void **state)
{
	struct probe a = probe(), b = probe(), c = probe();

	(void)state;
	a.other = &b;
	a.cancel = 1;
	timers_set(&heap, &a.timer, 1);
	timers_set(&heap, &b.timer, 2);
	timers_set(&heap, &c.timer, 3);
	timers_run(&heap, 10);
	assert_int_equal(b.fired, 0);
	assert_int_equal(c.fired, 2);

	a.cancel = 0;
	a.again = 1; /* sooner, but for the next pass all the same */
	timers_set(&heap, &a.timer, 1);
	timers_set(&heap, &b.timer, 2);
	timers_set(&heap, &c.timer, 3);
	timers_run(&heap, 10);
	assert_int_equal(b.fired, 0);
	assert_int_equal(c.fired, 4);
	assert_int_equal(timers_next(&heap), 1);
	timers_run(&heap, 10);
	assert_int_equal(b.fired, 5);

	a.other = &c;
	a.again = 50; /* later */
	timers_set(&heap, &a.timer, 1);
	timers_set(&heap, &c.timer, 3);
	timers_run(&heap, 10);
	assert_int_equal(c.fired, 4);
	assert_int_equal(timers_next(&heap), 50);
}

static coap_tick_t seen_next;

static void
look(struct timer *t, coap_tick_t now)
{
	(void)t;
	(void)now;
	seen_next = timers_next(&heap);
}

static void
run_inside(struct timer *t, coap_tick_t now)
{
	(void)t;
	timers_run(&heap, now);
}

/* What waits in the same pass still counts for timers_next(). */
static void
test_next_inside(void **state)
{
	struct probe b = probe(), c = probe();
	struct timer a = { .fire = look };

	(void)state;
	timers_set(&heap, &a, 1);
	timers_set(&heap, &b.timer, 7);
	timers_set(&heap, &c.timer, 20);
	timers_run(&heap, 10);
	assert_int_equal(seen_next, 7);
	timers_set(&heap, &a, 10);
	timers_run(&heap, 10);
	assert_int_equal(seen_next, 20);
}

static void
test_run_inside(void **state)
{
	struct probe b = probe(), c = probe();
	struct timer a = { .fire = run_inside };

	(void)state;
	timers_set(&heap, &a, 1);
	timers_set(&heap, &b.timer, 2);
	timers_set(&heap, &c.timer, 3);
	b.other = &b;
	b.again = 2;
	timers_run(&heap, 10);
	assert_int_equal(b.fired, 1);
	assert_int_equal(c.fired, 2);
	assert_true(b.timer.queued);
	timers_run(&heap, 10);
	assert_int_equal(b.fired, 3);
}

/* A list of many siblings, which a recursive merge would not survive. */
static void
test_many(void **state)
{
	struct probe *p = calloc(N_MANY, sizeof(*p));
	size_t i;

	(void)state;
	assert_non_null(p);
	for (i = 0; i < N_MANY; i++) {
		p[i] = probe();
		timers_set(&heap, &p[i].timer, i + 1);
	}
	for (i = 0; i < N_MANY; i += 2)
		timers_cancel(&heap, &p[i].timer);
	timers_run(&heap, N_MANY);
	assert_int_equal(order, N_MANY / 2);
	for (i = 0; i < N_MANY; i++)
		assert_int_equal(p[i].fired, i % 2 ? (int)(i / 2) + 1 : 0);
	free(p);
}

/* Against the model: an array of times, TIMER_NEVER for what is not set. */

static struct {
	struct timer timer;
	coap_tick_t at;
} model[N_MODEL];

static uint32_t seed;
static coap_tick_t last_at;
static size_t n_fired;

static uint32_t
next_random(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void
model_fire(struct timer *t, coap_tick_t now)
{
	size_t i, j = next_random(N_MODEL);

	for (i = 0; t != &model[i].timer; i++)
		;
	assert_true(model[i].at <= now);
	assert_true(model[i].at >= last_at);
	last_at = model[i].at;
	model[i].at = TIMER_NEVER;
	n_fired++;
	if (next_random(4))
		return;
	/* Only into the future, so that the order stays checkable. */
	model[j].at = now + 1 + next_random(500);
	timers_set(&heap, &model[j].timer, model[j].at);
}

static coap_tick_t
model_next(void)
{
	coap_tick_t next = TIMER_NEVER;
	size_t i;

	for (i = 0; i < N_MODEL; i++) {
		assert_int_equal(model[i].timer.queued,
		    model[i].at != TIMER_NEVER);
		if (model[i].at < next)
			next = model[i].at;
	}
	return next;
}

static void
test_model(void **state)
{
	coap_tick_t now = 1000;
	size_t i, step;

	(void)state;
	seed = 20240607;
	n_fired = 0;
	for (i = 0; i < N_MODEL; i++) {
		model[i].at = TIMER_NEVER;
		model[i].timer = (struct timer){ .fire = model_fire };
	}
	for (step = 0; step < N_STEPS; step++) {
		i = next_random(N_MODEL);
		switch (next_random(8)) {
		case 0:
			model[i].at = TIMER_NEVER;
			timers_cancel(&heap, &model[i].timer);
			break;
		case 1:
			now += next_random(60);
			last_at = 0;
			timers_run(&heap, now);
			assert_true(model_next() > now);
			break;
		default:
			model[i].at = now - 500 + next_random(3000);
			timers_set(&heap, &model[i].timer, model[i].at);
		}
		assert_true(timers_next(&heap) == model_next());
	}
	assert_true(n_fired > N_STEPS / 20);
	last_at = 0;
	while (timers_next(&heap) != TIMER_NEVER) {
		now = timers_next(&heap);
		timers_run(&heap, now);
	}
	assert_true(model_next() == TIMER_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_move, setup),
		cmocka_unit_test_setup(test_set_self, setup),
		cmocka_unit_test_setup(test_touch_due, setup),
		cmocka_unit_test_setup(test_next_inside, setup),
		cmocka_unit_test_setup(test_run_inside, setup),
		cmocka_unit_test_setup(test_many, setup),
		cmocka_unit_test_setup(test_model, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
