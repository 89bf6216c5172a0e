/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that keeps keys for long keeps them to itself. */
#include "cli/control/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

void
agent_harden(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "coap-shell", 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	umask(0077);
}

void
agent_soften(void)
{
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
