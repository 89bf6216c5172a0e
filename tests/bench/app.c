/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver on libcoap's interface:
 *
 *   app can PROTO                 does the library have it?
 *   app serve PROTO PORT          says "ready", then serves until it is killed
 *   app WORK PROTO PORT PID       one round against the server PID
 */
#include "tests/bench/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Debian's libcoap numbers the protocols alike, but lacks the last two. */
static coap_proto_t
number_of(const struct protocol *p)
{
	int number = 1 + 2 * p->stream + 2 * p->ws + p->secure;

	return (coap_proto_t)number;
}

/* Sessions by the thousand need as many descriptors. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void
app_init(struct app *app, const char *port)
{
	struct sockaddr_in *sin = &app->server.addr.sin;

	raise_limits();
	settings_read(&app->set);
	app->number = number_of(&app->proto);
	coap_address_init(&app->server);
	app->server.size = sizeof *sin;
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin->sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	coap_startup();
	coap_set_log_level((coap_log_t)3); /* errors */
	app->context = coap_new_context(NULL);
	if (!app->context)
		die("no context");
	coap_context_set_csm_max_message_size(app->context, 4 << 20);
	if (app->set.blocks > 0)
		coap_context_set_block_mode(app->context,
		    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	errno = 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct app *app);
	} works[] = {
		{ "serve", app_serve },
		{ "request", app_request },
		{ "setup", app_setup },
		{ "burst", app_burst },
		{ "memory", app_memory },
		{ "suite", app_suite },
		{ "get-blocks", app_get_blocks },
		{ "put-blocks", app_put_blocks },
		{ "notify", app_notify },
	};
	struct app app = { 0 };
	size_t i;

	if (argc < 3)
		die("usage: app WORK PROTO [PORT [PID]]");
	protocol_parse(&app.proto, argv[2]);
	if (strcmp(argv[1], "can") == 0)
		return !library_can(&app.proto);
	for (i = 0; i < sizeof works / sizeof works[0]; i++)
		if (strcmp(works[i].name, argv[1]) == 0)
			break;
	if (i == sizeof works / sizeof works[0] || argc < 4)
		die("no such work");
	if (argc > 4)
		app.server_pid = (pid_t)strtol(argv[4], NULL, 10);
	app_init(&app, argv[3]);
	works[i].run(&app);
	coap_free_context(app.context);
	coap_cleanup();
	return 0;
}
