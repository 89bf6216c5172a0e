/* SPDX-License-Identifier: BSD-2-Clause */
/* --expect and its kin: what a response must be. */
#ifndef CLI_EXPECT_H
#define CLI_EXPECT_H

#include <regex.h>

#include "cli/job.h"

/* --expect and its kin: a set for struct command. */
extern const struct option expect_options[];

struct expect {
	unsigned codes[16];
	size_t n_codes;
	int format; /* -1: any */
	regex_t text;
	bool have_text;
	bool any; /* something is expected */
};

/* Checked before anything is sent: 0 or an exit status. */
int expect_make(struct job *job, struct expect *expect);
void expect_free(struct expect *expect);
/* The exit status that a response gives; the job is told what failed. */
int expect_response(struct job *job, const struct expect *expect,
    const coap_pdu_t *response);
/* Whether the payload is looked at. */
bool expect_reads(const struct job *job);
/* Whether the code is one that counts as success. */
bool expect_code_ok(const struct expect *expect, unsigned code);

#endif
