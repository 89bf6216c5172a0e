/* SPDX-License-Identifier: BSD-2-Clause */
/* The WebSocket engine is a module, which is opened at its first use. */
#include <pthread.h>
#include <stdio.h>

#include "base/module.h"
#include "net/ws_engine.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const void *table;
static char problem[512];

static void
load(void)
{
	(void)module_open("coapx-ws-lws", MODULE_ABI("ws"), &table, problem,
	    sizeof problem);
}

const struct ws_engine *
ws_engine(char *why, size_t size)
{
	pthread_once(&once, load);
	if (!table && why)
		snprintf(why, size, "%s", problem);
	return table;
}

const char *
ws_engine_name(void)
{
	return "libwebsockets";
}
