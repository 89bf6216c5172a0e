/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of exit statuses, for people. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

struct status_info {
	int status;
	const char *meaning;
};

/* NULL when this program does not use it. */
const struct status_info *status_find(int status);

#endif
