/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of the family observe share. */
#ifndef CLI_COMMANDS_OBSERVE_H
#define CLI_COMMANDS_OBSERVE_H

#include "cli/observe/observed.h"

/* A server has so long to confirm that it stops. */
#define OBSERVE_STOP_MS 5000

/* Options of observing alone; with message_options and payload_options. */
extern const struct option observe_options[];

/* From the words to a request, with its payload. */
struct observe_words {
	struct job *job;
	struct request_plan plan;
	struct input *input; /* while the payload is read */
	int (*begin)(struct job *job);
};

/* Checks the words, reads the payload, calls begin_request(): what that returns,
 * now or as the end of the job. */
int observe_words(struct job *job, struct observe_words *words,
    int (*begin_request)(struct job *job));
void observe_words_free(struct observe_words *words);

/* The one that operand i names, or without it the only one. NULL: *status, the
 * job having been told. */
struct observed *observed_of_words(struct job *job, size_t i, int *status);
/* Whether a command about all of them is about it: with -S of that session. */
bool observed_is_asked(const struct job *job, const struct observed *o);
/* Says that there is none: STATUS_STATE. */
int observed_none(struct job *job);

#define OBSERVED_OPERAND                                                       \
	{                                                                      \
		.name = "ID", .optional = true, .complete = COMPLETE_OBSERVED, \
	}

#endif
