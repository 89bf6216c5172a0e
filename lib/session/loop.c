/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop: one epoll descriptor, one timer heap, one reading of the clock a
 * pass. Inside coap_io_process() the wait itself is the timer; a timerfd is
 * kept only for a foreign loop that took the descriptor.
 */
#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <utlist.h>

#include "base/err.h"
#include "session/connect/linger.h"
#include "session/context.h"

static void
drain(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);

	(void)n;
}

static void
wake_ready(struct watch *w, uint32_t events)
{
	(void)events;
	drain(w->fd);
}

static void
timer_ready(struct watch *w, uint32_t events)
{
	coap_context_t *context = (coap_context_t *)((char *)w -
	    offsetof(coap_context_t, timer_watch));

	(void)events;
	drain(w->fd);
	context->armed = TIMER_NEVER;
}

int
loop_open(coap_context_t *context)
{
	int err = poller_open(&context->poller);
	int fd;

	context->wake_watch.fd = -1;
	context->wake_watch.ready = wake_ready;
	context->timer_watch.fd = -1;
	context->timer_watch.ready = timer_ready;
	if (err < 0)
		return err;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0) {
		err = err_from_errno(errno);
		poller_close(&context->poller);
		return err;
	}
	err = poller_add(&context->poller, &context->wake_watch, fd, EPOLLIN);
	if (err < 0) {
		close(fd);
		poller_close(&context->poller);
	}
	return err;
}

static void
watch_close(coap_context_t *context, struct watch *w)
{
	int fd = w->fd;

	if (fd < 0)
		return;
	poller_remove(&context->poller, w);
	close(fd);
}

void
loop_close(coap_context_t *context)
{
	watch_close(context, &context->timer_watch);
	watch_close(context, &context->wake_watch);
	poller_close(&context->poller);
}

void
coapx_wake(coap_context_t *context)
{
	uint64_t one = 1;
	int saved = errno;
	ssize_t n;

	if (!context)
		return;
	n = write(context->wake_watch.fd, &one, sizeof one);
	(void)n; /* fails only when it is awake already */
	errno = saved;
}

/* How long the wait may be: the caller's limit or the next timer. */
static int
wait_ms(coap_context_t *context, uint32_t timeout_ms)
{
	coap_tick_t now = context->now_us / 1000;
	coap_tick_t next = timers_next(&context->timers);
	coap_tick_t wait = INT_MAX;

	if (timeout_ms == COAP_IO_NO_WAIT)
		return 0;
	if (timeout_ms != COAP_IO_WAIT)
		wait = timeout_ms;
	if (next != TIMER_NEVER) {
		coap_tick_t until = next > now ? next - now : 0;

		if (until < wait)
			wait = until;
	} else if (timeout_ms == COAP_IO_WAIT) {
		return -1;
	}
	return wait > INT_MAX ? INT_MAX : (int)wait;
}

int
coap_io_process(coap_context_t *context, uint32_t timeout_ms)
{
	uint64_t before;
	uint64_t after;
	int n;

	if (!context)
		return -1;
	context_enter(context);
	before = context->now_us;
	/* What is due was due before what has come in; and when it fired, this
	 * call has done something and does not wait. */
	if (timers_next(&context->timers) <= before / 1000) {
		timers_run(&context->timers, before / 1000);
		timeout_ms = COAP_IO_NO_WAIT;
	}
	/* A timer may have freed the context. */
	if (context->doomed) {
		context_leave(context);
		return 0;
	}
	n = poller_collect(&context->poller, wait_ms(context, timeout_ms));
	context->now_us = context->clock(context->clock_arg);
	after = context->now_us;
	poller_dispatch(&context->poller);
	if (!context->doomed)
		timers_run(&context->timers, after / 1000);
	context_leave(context);
	return n < 0 ? -1 : (int)((after - before) / 1000);
}

/* Arms the timerfd for the next timer; only when that changed. */
void
loop_arm(coap_context_t *context)
{
	struct itimerspec spec = { 0 };
	coap_tick_t next = timers_next(&context->timers);
	coap_tick_t now;
	coap_tick_t wait;

	if (next == context->armed || context->timer_watch.fd < 0)
		return;
	context->armed = next;
	if (next != TIMER_NEVER) {
		now = context_now(context);
		wait = next > now ? next - now : 0;
		spec.it_value.tv_sec = (time_t)(wait / 1000);
		spec.it_value.tv_nsec = (long)(wait % 1000) * 1000000;
		if (wait == 0)
			spec.it_value.tv_nsec = 1;
	}
	timerfd_settime(context->timer_watch.fd, 0, &spec, NULL);
}

int
coap_context_get_coap_fd(const coap_context_t *context)
{
	/* The interface is const; taking the descriptor is what arms it. */
	coap_context_t *c = (coap_context_t *)(uintptr_t)context;
	int fd;

	if (!c)
		return -1;
	if (c->fd_given)
		return c->poller.epfd;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (poller_add(&c->poller, &c->timer_watch, fd, EPOLLIN) < 0) {
		close(fd);
		return -1;
	}
	c->fd_given = true;
	loop_arm(c);
	return c->poller.epfd;
}

/* Whether the session has something that is not finished. */
static bool
is_pending(const coap_session_t *session)
{
	if (session->requests.count > 0 || session->pending_last ||
	    session_pings(session))
		return true;
	if (!session_reliable(session))
		return dgram_busy(&session->msg.dgram);
	return session->layer && layer_backlog(session->layer) > 0;
}

int
coap_io_pending(coap_context_t *context)
{
	coap_session_t *s;

	if (!context)
		return 0;
	DL_FOREACH(context->clients, s)
		if (is_pending(s))
			return 1;
	return linger_is_pending(context);
}

int
coap_can_exit(coap_context_t *context)
{
	return !coap_io_pending(context);
}
