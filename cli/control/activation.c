/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket that systemd listens on. */
#include "cli/control/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3
/* More are not closed; the unit has one. */
#define FDS_MAX 64

/* A number that is all of the variable, or -1. */
static long
number_of(const char *variable)
{
	const char *value = getenv(variable);
	char *end;
	long n;

	if (!value || *value < '0' || *value > '9')
		return -1;
	errno = 0;
	n = strtol(value, &end, 10);
	return errno == 0 && *end == '\0' ? n : -1;
}

static bool
has_option(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t len = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 &&
	    value == wanted;
}

static bool
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

int
activation_socket(void)
{
	static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS",
		"LISTEN_FDNAMES", "LISTEN_PIDFDID" };
	long pid = number_of("LISTEN_PID");
	long n = number_of("LISTEN_FDS");
	size_t i;
	int fd;

	for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
	if (pid != (long)getpid() || n < 1)
		return -1;
	for (fd = FIRST_FD + 1; fd < FIRST_FD + n && fd < FDS_MAX; fd++)
		close(fd);
	if (has_option(FIRST_FD, SO_DOMAIN, AF_UNIX) &&
	    has_option(FIRST_FD, SO_TYPE, SOCK_STREAM) &&
	    has_option(FIRST_FD, SO_ACCEPTCONN, 1) && prepare(FIRST_FD))
		return FIRST_FD;
	return -1;
}
