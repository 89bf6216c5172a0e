/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop in libcoap's other forms, for programs with a loop of their own. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/select.h>

#include "base/err.h"
#include "session/context.h"

/* Milliseconds until the next timer; 0: there is none. */
static unsigned
until_next(const coap_context_t *context, coap_tick_t now)
{
	coap_tick_t next = timers_next(&context->timers);

	if (next == TIMER_NEVER)
		return 0;
	if (next <= now)
		return 1;
	return next - now > UINT_MAX ? UINT_MAX : (unsigned)(next - now);
}

unsigned int
coap_io_prepare_epoll(coap_context_t *context, coap_tick_t now)
{
	return context ? until_next(context, now) : 0;
}

void
coap_io_do_epoll(coap_context_t *context, struct epoll_event *events,
    size_t nevents)
{
	/* Level-triggered: what was reported is reported once more. */
	(void)events;
	(void)nevents;
	coap_io_process(context, COAP_IO_NO_WAIT);
}

void
coap_io_do_io(coap_context_t *context, coap_tick_t now)
{
	(void)now;
	coap_io_process(context, COAP_IO_NO_WAIT);
}

unsigned int
coap_io_prepare_io(coap_context_t *context, coap_socket_t *sockets[],
    unsigned int max_sockets, unsigned int *num_sockets, coap_tick_t now)
{
	(void)sockets;
	(void)max_sockets;
	if (num_sockets)
		*num_sockets = 0;
	return context ? until_next(context, now) : 0;
}

int
coap_io_process_with_fds(coap_context_t *context, uint32_t timeout_ms, int nfds,
    fd_set *readfds, fd_set *writefds, fd_set *exceptfds)
{
	struct timeval tv;
	struct timeval *wait = NULL;
	fd_set own;
	uint64_t (*clock)(void *arg);
	void *clock_arg;
	uint64_t before;
	int fd = coap_context_get_coap_fd(context);
	int ready;

	if (fd < 0 || fd >= FD_SETSIZE)
		return -1;
	if (!readfds) {
		FD_ZERO(&own);
		readfds = &own;
	}
	FD_SET(fd, readfds);
	if (timeout_ms != COAP_IO_WAIT) {
		if (timeout_ms == COAP_IO_NO_WAIT)
			timeout_ms = 0;
		tv.tv_sec = timeout_ms / 1000;
		tv.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000;
		wait = &tv;
	}
	/* A handler may free the context. */
	clock = context->clock;
	clock_arg = context->clock_arg;
	before = clock(clock_arg);
	ready = select(nfds > fd ? nfds : fd + 1, readfds, writefds, exceptfds,
	    wait);
	if (ready < 0 && errno != EINTR)
		return -1;
	FD_CLR(fd, readfds);
	if (coap_io_process(context, COAP_IO_NO_WAIT) < 0)
		return -1;
	return (int)((clock(clock_arg) - before) / 1000);
}

const char *
coap_socket_strerror(void)
{
	return strerror(errno);
}
