/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that a program at a terminal gets, as events of the loop. */
#include "shell/tty_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct tty_signals {
	int fd;
	sigset_t before;
	coapx_watch_t *watch;
	void (*handler)(int signo, void *arg);
	void *arg;
};

static const int signal_numbers[] = {
	SIGINT,
	SIGQUIT,
	SIGTERM,
	SIGHUP,
	SIGTSTP,
	SIGWINCH,
};

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct tty_signals *signals = arg;
	struct signalfd_siginfo info;

	(void)watch;
	(void)what;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signals->handler((int)info.ssi_signo, signals->arg);
}

struct tty_signals *
tty_signals_open(coap_context_t *context, void (*handler)(int signo, void *arg),
    void *arg)
{
	struct tty_signals *signals = calloc(1, sizeof(*signals));
	sigset_t set;
	size_t i;

	if (!signals)
		return NULL;
	signals->handler = handler;
	signals->arg = arg;
	sigemptyset(&set);
	for (i = 0; i < sizeof(signal_numbers) / sizeof(signal_numbers[0]); i++)
		sigaddset(&set, signal_numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, &signals->before);
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd >= 0)
		signals->watch = coapx_watch_new(context, signals->fd,
		    COAPX_READ, on_ready, signals, NULL);
	if (signals->watch)
		return signals;
	tty_signals_close(signals);
	return NULL;
}

void
tty_signals_close(struct tty_signals *signals)
{
	if (!signals)
		return;
	coapx_watch_free(signals->watch);
	if (signals->fd >= 0)
		close(signals->fd);
	pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
	free(signals);
}
