/* SPDX-License-Identifier: BSD-2-Clause */
/* The template of -w. */
#ifndef CLI_WRITE_OUT_H
#define CLI_WRITE_OUT_H

#include "cli/job.h"
#include "cli/output/text.h"

/* Adds the template filled in. What the template asks for and v does not have
 * is empty; an unknown %{name} stays as it is. Values are on one line. */
void write_out(struct text *out, const char *format,
    const struct view_response *v);

/* Whether all that the template of a job asks for exists: STATUS_OK or an exit
 * status, the job having been told. */
int write_out_check(struct job *job);

#endif
