/* SPDX-License-Identifier: BSD-2-Clause */
/* INT, TERM and HUP as events of the loop. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/job.h"
#include "cli/signals.h"

struct signals {
	int fd;
	sigset_t before;
	coapx_watch_t *watch;
	void (*handler)(int signo, void *arg);
	void *arg;
};

static void
ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct signals *signals = arg;
	struct signalfd_siginfo info;

	(void)watch;
	(void)what;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signals->handler((int)info.ssi_signo, signals->arg);
}

/* Those that nobody told us to ignore (nohup does). */
static void
choose(sigset_t *set)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sigaction(all[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(set, all[i]);
}

struct signals *
signals_open(coap_context_t *context, void (*handler)(int signo, void *arg),
    void *arg)
{
	struct signals *signals = calloc(1, sizeof(*signals));
	sigset_t set;

	if (!signals)
		return NULL;
	signals->handler = handler;
	signals->arg = arg;
	choose(&set);
	pthread_sigmask(SIG_BLOCK, &set, &signals->before);
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd >= 0)
		signals->watch = coapx_watch_new(context, signals->fd,
		    COAPX_READ, ready, signals, NULL);
	if (signals->watch)
		return signals;
	signals_close(signals);
	return NULL;
}

void
signals_close(struct signals *signals)
{
	if (!signals)
		return;
	coapx_watch_free(signals->watch);
	if (signals->fd >= 0)
		close(signals->fd);
	pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
	free(signals);
}

int
signals_status(int signo)
{
	return signo == SIGINT ? STATUS_INTERRUPTED : STATUS_TERMINATED;
}
