/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is observed: observations with a number, owned by the process as its
 * sessions and listeners are. Whoever shows one, or waits for it, follows it.
 */
#ifndef CLI_OBSERVED_H
#define CLI_OBSERVED_H

#include "cli/app.h"
#include "cli/observe/showing.h"
#include "cli/output/sha256.h"
#include "cli/request/request.h"
#include "cli/words/names.h"

/* In one process. */
#define OBSERVED_MAX 256

/* What one has been through, for what is said of it. */
struct observe_course {
	bool lost;  /* there is no connection */
	bool stale; /* Max-Age is over */
	uint32_t max_age;
	uint64_t again; /* times that it was asked for again */
};

struct observed;

/* All three may stop following, and may end the observation. */
struct follower {
	struct follower *prev;
	struct follower *next;
	struct observed *of; /* NULL: of none */
	void (*notify)(struct follower *follower,
	    const struct view_notification *v);
	/* Also of its state; may be NULL. */
	void (*state)(struct follower *follower, coapx_observe_state_t state);
	/* It follows nobody any more. */
	void (*end)(struct follower *follower, const struct observed *o,
	    const coapx_result_t *result);
	void *user;
};

struct follow_telling;

struct observed {
	struct observed *prev;
	struct observed *next;
	struct app *app;
	unsigned id;
	struct target target;
	char session_name[NAME_SIZE];
	char *path;
	char key[SHA256_TEXT_SIZE]; /* same_key() of its request */
	coapx_observation_t *observation;
	struct kept last;
	struct kept before;
	int64_t began_ms;
	struct observe_course course;
	bool stopping; /* observed_stop() was called */
	bool silent;   /* nobody is to be told of its end */
	struct follower *followers;
	struct follow_telling *telling; /* the innermost first */
	bool gone;
};

/* Sends the request, and takes the target over in any case. What is observed
 * already is not observed a second time (RFC 7641 section 3.1). NULL: *status,
 * the job having been told. */
struct observed *observed_start(struct job *job, struct target *target,
    const struct request_plan *plan, struct follower *follower, int *status);
struct observed *observed_find(struct app *app, unsigned id);
void observed_follow(struct observed *o, struct follower *follower);
void observed_unfollow(struct follower *follower);
/* Asks the server to stop; its followers are told of the end, perhaps before
 * this returns. */
void observed_stop(struct observed *o);
/* Without asking: it ends at once, its followers are told, and it is gone. */
void observed_forget(struct observed *o);
/* Its end at once, or later; nobody is told. */
void observed_discard(struct observed *o);
/* For a follower: how the job ends that showed it, see showing_ended(). */
int observed_ended(const struct observed *o, struct showing *showing,
    const coapx_result_t *result);
/* As its view has it. */
void observed_view(const struct observed *o, struct view_notification *v);
/* Nobody is to be told of what ends from now on: the process does. */
void observed_hush(struct app *app);
void observed_free_all(struct app *app);
/* Whether something of that session is observed. */
bool observed_has(const struct app *app, const coap_session_t *session);

/* Takes a new state into a follower's course, and says what it means where that
 * matters to the user; out NULL: says nothing. */
void observe_tell(struct output *out, const struct follower *follower,
    struct observe_course *course, coapx_observe_state_t state,
    const char *uri);

#endif
