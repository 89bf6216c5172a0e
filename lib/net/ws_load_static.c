/* SPDX-License-Identifier: BSD-2-Clause */
/* The WebSocket engine is linked in. */
#include "net/ws_engine.h"

const struct ws_engine *
ws_engine(char *why, size_t size)
{
	if (why && size > 0)
		why[0] = '\0';
	return &ws_engine_table;
}

const char *
ws_engine_name(void)
{
	return ws_engine_table.name;
}
