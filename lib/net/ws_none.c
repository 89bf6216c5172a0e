/* SPDX-License-Identifier: BSD-2-Clause */
/* No WebSocket. */
#include <stdio.h>

#include "net/ws_engine.h"

const struct ws_engine *
ws_engine(char *why, size_t size)
{
	if (why)
		snprintf(why, size, "this build has no WebSocket");
	return NULL;
}

const char *
ws_engine_name(void)
{
	return NULL;
}
