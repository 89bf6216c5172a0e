/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor: the same bytes through bare sockets and bare GnuTLS in one epoll
 * loop, with nothing that a library would have to do.
 *
 *   floor serve PROTO PORT        says "ready", then serves until it is killed
 *   floor WORK PROTO PORT PID     one round against the server PID
 *   floor spawn COUNT COMMAND...  runs a whole process again and again
 *   floor whole COUNT PID,PID COMMAND...
 *                                 the same; what these processes spend counts
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/chan.h"

const uint8_t *
floor_answer(struct floor *floor, const struct request *request, size_t *len)
{
	static struct response memory;
	char text[32];

	if (request->path == 'b')
		return response_for(&floor->body, &floor->proto, request, len);
	if (request->path == 'g')
		return response_for(&floor->block, &floor->proto, request, len);
	if (request->path != 'm')
		return response_for(&floor->small, &floor->proto, request, len);
	snprintf(text, sizeof text, "%lu", heap_bytes());
	free(memory.bytes);
	response_init(&memory, text, strlen(text));
	return response_for(&memory, &floor->proto, request, len);
}

static void
serve(struct floor *floor)
{
	char *body = calloc(1, floor->set.body + 1);

	if (!body)
		die("out of memory");
	response_init(&floor->small, BENCH_PAYLOAD, sizeof BENCH_PAYLOAD - 1);
	response_init(&floor->body, body, floor->set.body);
	free(body);
	work_init(floor);
	if (floor->proto.stream)
		serve_streams(floor);
	else
		serve_datagrams(floor);
}

static void
floor_init(struct floor *floor, int argc, char **argv)
{
	settings_read(&floor->set);
	protocol_parse(&floor->proto, argv[2]);
	floor->server.sin_family = AF_INET;
	floor->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	floor->server.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	if (argc > 4)
		floor->server_pid = (pid_t)strtol(argv[4], NULL, 10);
	floor->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (floor->epfd < 0)
		die("epoll_create1");
	tls_prepare(floor, strcmp(argv[1], "serve") == 0);
	errno = 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct floor *floor);
	} works[] = {
		{ "serve", serve },
		{ "request", floor_request },
		{ "setup", floor_setup },
		{ "memory", floor_memory },
		{ "suite", floor_suite },
		{ "get-blocks", floor_get_blocks },
		{ "put-blocks", floor_put_blocks },
		{ "notify", floor_notify },
	};
	struct floor floor = { 0 };
	size_t i;

	if (argc < 4)
		die("usage: floor WORK PROTO PORT [PID]");
	if (strcmp(argv[1], "spawn") == 0)
		return floor_spawn(strtoul(argv[2], NULL, 10), argv + 3);
	if (strcmp(argv[1], "whole") == 0 && argc > 4)
		return floor_whole(strtoul(argv[2], NULL, 10), argv[3],
		    argv + 4);
	for (i = 0; i < sizeof works / sizeof works[0]; i++)
		if (strcmp(works[i].name, argv[1]) == 0)
			break;
	if (i == sizeof works / sizeof works[0])
		die("no such work");
	floor_init(&floor, argc, argv);
	works[i].run(&floor);
	return 0;
}
