/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public functions that cannot do their work in this version, so that a
 * program written for libcoap links: they say so once and fail as their
 * headers document.
 */
#ifndef SESSION_PLANNED_H
#define SESSION_PLANNED_H

#include <stdatomic.h>

/* Logs that the function is not available, at most once for each flag. */
void planned_warn(const char *function, atomic_flag *said);

/* To be called first in such a function; its name goes into the warning. */
#define PLANNED_WARN()                                      \
	do {                                                \
		static atomic_flag said = ATOMIC_FLAG_INIT; \
		planned_warn(__func__, &said);              \
	} while (0)

#endif
