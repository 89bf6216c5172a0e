/* SPDX-License-Identifier: BSD-2-Clause */
/* How functions that this version does not do yet say so. */
#include <coap3/coap_debug.h>

#include "session/planned.h"

void
planned_warn(const char *function, atomic_flag *said)
{
	if (atomic_flag_test_and_set(said))
		return;
	coap_log_warn("%s: not available in this version", function);
}
