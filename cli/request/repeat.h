/* SPDX-License-Identifier: BSD-2-Clause */
/* -n and --interval: the same thing again, and a summary. */
#ifndef CLI_REPEAT_H
#define CLI_REPEAT_H

#include "cli/app.h"

extern const struct option repeat_options[];

struct repeat {
	uint64_t count;
	uint64_t interval_ms;
	uint64_t hold_ms; /* the next one waits so long at least */
	struct view_ping_summary summary;
	uint64_t rtt_sum;
	struct job *job;
	coap_session_t *session; /* between two */
	coapx_timer_t *timer;    /* until the next one */
	struct observer observer;
	int (*again)(struct job *job); /* JOB_RUNNING, or how the job ends */
};

/* Reads the options: STATUS_OK, or an exit status, the job having been told.
 * again() sends the next one. */
int repeat_make(struct job *job, struct repeat *repeat,
    int (*again)(struct job *job));
void repeat_free(struct repeat *repeat);
/* Calls again() after the interval. When the session goes meanwhile the job
 * ends, and its reference with it. */
void repeat_wait(struct repeat *repeat, coap_session_t *session);
/* One that was sent is answered. */
void repeat_answered(struct repeat *repeat, uint64_t rtt_us);
/* The peer wants to be left alone for some seconds before the next one. */
void repeat_hold(struct repeat *repeat, unsigned seconds);
/* Whether all have been sent, or nobody can see what comes of them. */
bool repeat_is_over(const struct repeat *repeat);
/* The summary, where there were to be several and one was sent. */
void repeat_sum_up(struct repeat *repeat, const coap_session_t *session);

#endif
