/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka's skip() with the reason in front of it, which tests/run prints. */
#ifndef TEST_SKIP_H
#define TEST_SKIP_H

#include <stdio.h>

#define skip_because(...)                 \
	do {                              \
		printf("# " __VA_ARGS__); \
		printf("\n");             \
		fflush(stdout);           \
		skip();                   \
	} while (0)

#endif
