/* SPDX-License-Identifier: BSD-2-Clause */
/* Multicast groups: asking all who are in one, and being in one. */
#ifndef CLI_GROUP_H
#define CLI_GROUP_H

#include "cli/output/text.h"
#include "cli/request/request.h"
#include "cli/session/opening.h"

/* Members whose long answers are fetched at a time; of others the first part is
 * shown. */
#define GROUP_FETCHES 16

/* Rows for people, at most. */
#define GROUP_ROWS 10000

/* What one member answered; all of it lives until the callback returns. */
struct group_answer {
	const char *from; /* "192.0.2.7:5683" */
	const coap_session_t *session;
	const coap_pdu_t *request;
	const coap_pdu_t *response;
	uint64_t after_us; /* from the request */
	bool part;         /* there is more of it, which did not come */
};

struct group_params {
	struct job *job;
	struct request_plan *plan;
	const struct target *target;
	void (*answer)(void *arg, const struct group_answer *answer);
	/* The time is over, and all is there; error as coapx_result_t has it:
	 * -COAP_E_TIMEOUT when nobody answered. */
	void (*end)(void *arg, const coapx_result_t *result);
	void *arg;
};

struct group;

/* Whether a target is a group. */
bool target_is_group(const struct target *target);
/*
 * Asks it by a NON, and shows nothing. The rest of a long answer is asked for by
 * a session to the member (what a FETCH gets from its beginning), as is what
 * wants an Echo. -T is how long answers are waited for, in the place of the
 * library's default. NULL: the job has been told why (status in *status). Freed
 * by the caller, also in a callback.
 */
struct group *group_ask(const struct group_params *params, int *status);
void group_free(struct group *group);
/* Says that nobody answered, and what to look at; the exit status. */
int group_silent(struct job *job, const struct target *target);

/* An answer as a row of a table, for every form but JSON. */
struct group_rows {
	struct text cells; /* each with a NUL behind it */
	size_t n;
};
/* In human form it is kept until rows_end(), else shown at once. */
void group_row(struct group_rows *rows, struct output *out,
    const struct group_answer *answer);
void group_rows_end(struct group_rows *rows, struct output *out);

/* --- being in one --------------------------------------------------------- */

/* --group: a set for struct command. */
extern const struct option group_options[];
/* Checks the words; then joins the groups, with the UDP listeners that there
 * are. STATUS_OK or an exit status, the job having been told. */
int group_check(struct job *job);
int group_join(struct job *job);

#endif
