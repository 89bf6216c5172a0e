/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers and descriptors of an application on the context's own loop. */
#include <errno.h>

#include <utlist.h>

#include "base/alloc.h"
#include "session/context.h"

/* Longer than any clock runs, and no sum with it overflows. */
#define MAX_DELAY_MS (UINT64_MAX / 4)

struct coapx_timer_t {
	struct timer timer; /* first */
	coapx_timer_t *prev;
	coapx_timer_t *next;
	coap_context_t *context;
	void (*fire)(coapx_timer_t *timer, void *arg);
	void *arg;
};

struct coapx_watch_t {
	struct watch watch; /* first */
	coapx_watch_t *prev;
	coapx_watch_t *next;
	coap_context_t *context;
	void (*ready)(coapx_watch_t *watch, int fd, unsigned what, void *arg);
	void *arg;
};

static void
app_timer_fire(struct timer *t, coap_tick_t now)
{
	coapx_timer_t *timer = (coapx_timer_t *)t;

	(void)now;
	if (!timer->context->doomed)
		timer->fire(timer, timer->arg);
}

coapx_timer_t *
coapx_timer_new(coap_context_t *context, void (*fire)(coapx_timer_t *, void *),
    void *arg)
{
	coapx_timer_t *timer;

	if (!context || !fire)
		return NULL;
	timer = mem_new(COAP_NODE, 1, sizeof *timer);
	if (!timer)
		return NULL;
	timer->timer.fire = app_timer_fire;
	timer->context = context;
	timer->fire = fire;
	timer->arg = arg;
	DL_APPEND(context->app_timers, timer);
	return timer;
}

void
coapx_timer_set(coapx_timer_t *timer, uint64_t delay_ms)
{
	coap_context_t *context;

	if (!timer)
		return;
	context = timer->context;
	context_enter(context);
	if (delay_ms > MAX_DELAY_MS)
		delay_ms = MAX_DELAY_MS;
	timers_set(&context->timers, &timer->timer,
	    context_now(context) + delay_ms);
	context_leave(context);
}

void
coapx_timer_stop(coapx_timer_t *timer)
{
	if (timer)
		timers_cancel(&timer->context->timers, &timer->timer);
}

void
coapx_timer_free(coapx_timer_t *timer)
{
	if (!timer)
		return;
	coapx_timer_stop(timer);
	DL_DELETE(timer->context->app_timers, timer);
	coap_free_type(COAP_NODE, timer);
}

static uint32_t
to_epoll(unsigned what)
{
	return (what & COAPX_READ ? EPOLLIN : 0) |
	    (what & COAPX_WRITE ? EPOLLOUT : 0);
}

/* A hang-up or an error is told as readable: read() then says which. */
static void
app_watch_ready(struct watch *w, uint32_t events)
{
	coapx_watch_t *watch = (coapx_watch_t *)w;
	unsigned what = 0;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		what |= COAPX_READ;
	if (events & EPOLLOUT)
		what |= COAPX_WRITE;
	watch->ready(watch, w->fd, what, watch->arg);
}

coapx_watch_t *
coapx_watch_new(coap_context_t *context, int fd, unsigned what,
    void (*ready)(coapx_watch_t *, int, unsigned, void *), void *arg, int *err)
{
	coapx_watch_t *watch;
	int e = -COAP_E_INVAL;

	if (!context || !ready || fd < 0)
		goto fail;
	e = -COAP_E_NOMEM;
	watch = mem_new(COAP_NODE, 1, sizeof *watch);
	if (!watch)
		goto fail;
	watch->watch.ready = app_watch_ready;
	watch->context = context;
	watch->ready = ready;
	watch->arg = arg;
	e = poller_add(&context->poller, &watch->watch, fd, to_epoll(what));
	if (e < 0) {
		coap_free_type(COAP_NODE, watch);
		goto fail;
	}
	DL_APPEND(context->app_watches, watch);
	return watch;
fail:
	if (err)
		*err = e;
	return NULL;
}

int
coapx_watch_set(coapx_watch_t *watch, unsigned what)
{
	if (!watch)
		return -COAP_E_INVAL;
	return poller_change(&watch->context->poller, &watch->watch,
	    to_epoll(what));
}

void
coapx_watch_free(coapx_watch_t *watch)
{
	if (!watch)
		return;
	poller_remove(&watch->context->poller, &watch->watch);
	DL_DELETE(watch->context->app_watches, watch);
	coap_free_type(COAP_NODE, watch);
}

void
app_free_all(coap_context_t *context)
{
	while (context->app_timers)
		coapx_timer_free(context->app_timers);
	while (context->app_watches)
		coapx_watch_free(context->app_watches);
}
