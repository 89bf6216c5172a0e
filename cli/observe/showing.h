/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications on their way to the user: which are shown, as what, and for
 * how long. */
#ifndef CLI_SHOWING_H
#define CLI_SHOWING_H

#include <jansson.h>

#include "cli/app.h"

/* A longer payload is shown, and not kept to be compared. */
#define KEPT_MAX ((size_t)1024 * 1024)

/* A notification with a copy of its payload. */
struct kept {
	bool there;
	bool whole; /* not longer than KEPT_MAX */
	/* No pointers but data, which is NULL unless whole. */
	struct view_notification view;
};

void kept_set(struct kept *kept, const struct view_notification *v);
void kept_free(struct kept *kept);
/* Fills *v with all but who told it; n is NULL for an answer that registers
 * nothing. Pointers are the response's. */
void notification_view(const coap_pdu_t *response,
    const coapx_notification_t *n, struct view_notification *v);
/* From one to the next; NULL: one of them was not kept, or out of memory. */
json_t *notification_diff(const struct view_notification *before,
    const struct view_notification *now);

/* -n, -D, --diff, --changes-only, --late. */
extern const struct option showing_options[];

struct showing {
	struct job *job;
	bool diff;
	bool changes_only;
	bool late;
	bool several;   /* the label is in front of each line, in every form */
	char *label;    /* what is in front for people; or NULL */
	uint64_t limit; /* 0: none */
	uint64_t shown;
	struct kept before;
	struct view_observe_summary summary;
	int64_t began_ms;
	coapx_timer_t *timer; /* -D */
	/* The time is over. */
	void (*over)(struct showing *showing);
};

/* Reads the options, also -w, and refuses -o: STATUS_OK or an exit status, the job
 * having been told. */
int showing_make(struct job *job, struct showing *showing,
    void (*over)(struct showing *showing));
/* One of several, with its own count and label: empty, with the options of
 * all. */
void showing_join(struct showing *one, const struct showing *all);
/* From now on -D counts. */
void showing_begin(struct showing *showing);
void showing_free(struct showing *showing);
/* Shows it, unless it is not wanted; counts it. */
void showing_show(struct showing *showing, const struct view_notification *v);
/* Whether -n were shown, or nothing more can be written. */
bool showing_is_over(const struct showing *showing);
/* uri lives as long as the call. */
void showing_sum_up(struct showing *showing, const char *uri);
/* For the end of an observation: what it ended with. STATUS_OK when that is
 * what was wanted, else an exit status, the job having been told. last: a
 * response that is shown, as its view says. */
int showing_ended(struct showing *showing, const struct target *target,
    const coapx_result_t *result, const struct view_response *view);
/* -o has no meaning where several payloads come. */
int refuse_file(struct job *job);

#endif
