/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer on TCP that answers every request with the bytes it was given in hex,
 * whatever they are. Prints its port and takes one connection after the other.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t
from_hex(const char *hex, unsigned char *out, size_t size)
{
	size_t n = 0;
	unsigned byte;

	while (n < size && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		out[n++] = (unsigned char)byte;
	return n;
}

/* The length of the message at p; none of those that come is long. */
static size_t
message_size(const unsigned char *p)
{
	return 2 + (size_t)(p[0] >> 4) + (size_t)(p[0] & 15);
}

static void
serve(int fd, const unsigned char *answer, size_t len)
{
	static const unsigned char csm[] = { 0x00, 0xe1 };
	unsigned char in[512];
	size_t used = 0;
	ssize_t n;

	if (write(fd, csm, sizeof(csm)) < 0)
		return;
	for (;;) {
		n = read(fd, in + used, sizeof(in) - used);
		if (n <= 0)
			return;
		used += (size_t)n;
		while (used > 0 && used >= message_size(in)) {
			/* 0.01 to 0.31 */
			if (in[1] > 0 && in[1] < 32 &&
			    write(fd, answer, len) < 0)
				return;
			used -= message_size(in);
			memmove(in, in + message_size(in), used);
		}
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t size = sizeof(addr);
	unsigned char answer[256];
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	size_t len = from_hex(argc > 1 ? argv[1] : "", answer, sizeof(answer));

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&addr, size) != 0 ||
	    listen(listener, 5) != 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &size) != 0)
		return 1;
	printf("port %d\n", ntohs(addr.sin_port));
	fflush(stdout);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			return 1;
		serve(fd, answer, len);
		close(fd);
	}
}
