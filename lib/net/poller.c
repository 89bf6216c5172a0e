/* SPDX-License-Identifier: BSD-2-Clause */
/* One epoll descriptor and the events of the pass that is under way. */
#include "net/poller.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "net/udp_batch.h"

#define ALWAYS ((uint32_t)(EPOLLERR | EPOLLHUP)) /* told without being asked */

int
poller_open(struct poller *p)
{
	*p = (struct poller){ .epfd = -1 };
	p->epfd = epoll_create1(EPOLL_CLOEXEC);
	return p->epfd < 0 ? err_from_errno(errno) : 0;
}

void
poller_close(struct poller *p)
{
	if (p->epfd >= 0)
		close(p->epfd);
	p->epfd = -1;
	p->batch_len = 0;
	udp_batch_free(p->udp_batch);
	p->udp_batch = NULL;
}

static int
control(struct poller *p, int op, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(p->epfd, op, w->fd, &ev) < 0)
		return err_from_errno(errno);
	return 0;
}

int
poller_add(struct poller *p, struct watch *w, int fd, uint32_t events)
{
	int r;

	w->fd = fd;
	w->events = events;
	if (events == 0)
		return 0;
	r = control(p, EPOLL_CTL_ADD, w, events);
	if (r < 0) {
		w->fd = -1;
		w->events = 0;
	}
	return r;
}

/* With events 0 the descriptor is out of the epoll set. */
int
poller_change(struct poller *p, struct watch *w, uint32_t events)
{
	int op = EPOLL_CTL_MOD;
	int r;

	if (events == w->events)
		return 0;
	if (events == 0)
		op = EPOLL_CTL_DEL;
	else if (w->events == 0)
		op = EPOLL_CTL_ADD;
	r = control(p, op, w, events);
	if (r == 0)
		w->events = events;
	return r;
}

void
poller_remove(struct poller *p, struct watch *w)
{
	int i;

	if (w->fd >= 0 && w->events != 0)
		control(p, EPOLL_CTL_DEL, w, 0);
	w->fd = -1;
	w->events = 0;
	for (i = p->batch_pos; i < p->batch_len; i++)
		if (p->batch[i].data.ptr == w)
			p->batch[i].data.ptr = NULL;
}

int
poller_collect(struct poller *p, int timeout_ms)
{
	int n;

	if (p->batch_len > 0)
		return -COAP_E_STATE;
	n = epoll_wait(p->epfd, p->batch, POLLER_BATCH, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : err_from_errno(errno);
	p->batch_len = n;
	p->batch_pos = 0;
	return n;
}

int
poller_dispatch(struct poller *p)
{
	struct watch *w;
	uint32_t events;
	int called = 0;

	if (p->dispatching)
		return 0;
	p->dispatching = true;
	for (; p->batch_pos < p->batch_len; p->batch_pos++) {
		w = p->batch[p->batch_pos].data.ptr;
		/* What another ready() asked for in this pass counts. */
		if (!w || w->events == 0)
			continue;
		events = p->batch[p->batch_pos].events & (w->events | ALWAYS);
		if (events == 0)
			continue;
		called++;
		w->ready(w, events);
	}
	p->batch_len = 0;
	p->batch_pos = 0;
	p->dispatching = false;
	return called;
}

void
poller_drop(struct poller *p)
{
	p->batch_len = 0;
}

int
poller_wait(struct poller *p, int timeout_ms)
{
	int r = poller_collect(p, timeout_ms);

	return r < 0 ? r : poller_dispatch(p);
}
