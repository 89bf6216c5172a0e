/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's state, owned by one process: context, named sessions,
 * listeners and jobs. Front ends (front.h) give jobs to it.
 */
#ifndef CLI_APP_H
#define CLI_APP_H

#include <coap3/coapx.h>

#include "cli/control/control.h"
#include "cli/front.h"
#include "cli/job.h"
#include "cli/output/output.h"
#include "cli/output/terminal.h"
#include "cli/secrets/keyring.h"

struct datum {
	struct datum *prev;
	struct datum *next;
	char *key;
	char *value;
};

/*
 * A session under a name. Valid until the next return to the loop: any session
 * can be closed meanwhile. A job keeps a reference to the session, not this.
 */
struct named {
	struct named *prev;
	struct named *next;
	char *name;
	coap_session_t *session;
	bool owned; /* one reference is the program's; not so for a session that
	               came in, which the library keeps while it is used */
	struct datum *data; /* application data, on the session itself */
	char *path;         /* current path of the process's own front end */
	char *home;         /* that of guests at first: the path of the URI */
	char *uri;          /* scheme and authority it was opened by; NULL
	                            for one that came in */
	char *bind;
	struct keyring_id credentials; /* those it was opened with */
	struct listener *from;         /* the listener it came in by, or NULL */
	unsigned references;           /* the user's own: session reference */
	unsigned keepalive;            /* seconds, as it was set */
	unsigned reconnect;            /* likewise */
	bool shared;                   /* found again by equal URI, bind and
	                          credentials */
	bool met;                      /* 'session wait' has found it */
	struct known *known;           /* what its device lists; or NULL */
	coapx_timer_t *persist;        /* closes one that nobody uses ... */
	uint64_t persist_ms;           /* after so long; 0: never */
};

struct listener {
	struct listener *prev;
	struct listener *next;
	char *name;
	char *uri; /* with the real port */
	coap_endpoint_t *endpoint;
	struct keyring *keyring; /* NULL: none; it asks it for keys */
	bool device;             /* serve: with the demo device's resources */
	bool proxy;              /* serve: its requests may be passed on */
	bool to_client;          /* --type client: call-home */
	unsigned accepted;
};

/* Somebody who wants to know of events: jobs that wait, the prompt. The
 * session has its name still, also when it is about to go. Any handler may
 * observe, unobserve, open and close. */
struct observer {
	struct observer *prev;
	struct observer *next;
	void (*event)(struct observer *o, coap_session_t *session,
	    coap_event_t event);
	void *user;
};

struct app {
	coap_context_t *context;
	struct front own;         /* the process's own front end */
	struct terminal terminal; /* that its sink writes to */
	struct front *fronts;
	struct named *sessions;
	struct listener *listeners;
	struct job *jobs;
	struct observer *observers;
	struct telling *telling; /* events being told, the innermost first */
	bool
	    keep; /* more commands follow in this process: sessions stay open */
	char *demo_file; /* the key of demo, deleted at the end */
	struct observed *observed;
	unsigned next_number; /* for names that nobody chose: s1, s2 ... */
	void *device;         /* the demo device, once there is one */
	struct relay *relay;  /* serve as a proxy; NULL: it is none */
	struct control control;
};

int app_open(struct app *app);   /* 0 or an exit status */
void app_close(struct app *app); /* sessions in good order first */
/* One pass of the loop, at most ms (-1: until something happens). */
void app_step(struct app *app, int ms);

/* Switches the library's trace on while anybody wants it: after a job with -v
 * began or ended. */
void app_trace(struct app *app);

/* --- sessions ------------------------------------------------------------ */

struct named *app_find(struct app *app, const char *name);
struct named *app_find_session(struct app *app, const coap_session_t *session);
/* Whether a new session may have that name: a letter, then letters, digits,
 * '.', '_', '-'; never a URI scheme; not taken. False: *problem is a sentence
 * (malloc()ed), or NULL when out of memory. */
bool app_name_is_free(struct app *app, const char *name, char **problem);
/* name NULL: s1, s2 ... Takes over the caller's reference when owned. NULL:
 * out of memory (*problem is NULL), or the name will not do. */
struct named *app_add(struct app *app, const char *name,
    coap_session_t *session, bool owned, char **problem);
/* The session is going by itself: forgets its name, releases what was held. */
void named_forget(struct app *app, struct named *named);
/* Somebody uses it: --persist begins anew. */
void named_touch(struct named *named);
/* The same by the session, which may be gone, or NULL. */
void app_touch(struct app *app, const coap_session_t *session);
/* Orderly end, releases, forgets. */
void named_close(struct app *app, struct named *named);
void app_observe(struct app *app, struct observer *o);
void app_unobserve(struct app *app, struct observer *o);

/*
 * The session a command works on: NAME, else -S, else the current one. NULL:
 * the job has been told why (status in *status).
 */
struct named *app_session_for(struct job *job, const char *name, int *status);
/* The session that -S names for a list, which then is about that one alone; NULL:
 * it is about all. What the environment names is no such thing. */
const char *app_asked_session(const struct job *job);
/* Whether it is one of this process, if there is such a name: STATUS_OK, or
 * STATUS_STATE, the job having been told. */
int app_check_asked(struct job *job);

/* --- targets ------------------------------------------------------------- */

/* URI | PATH | NAME:PATH, taken apart and resolved against app. */
struct target {
	struct named *named;     /* NULL: a session of this job alone */
	coap_session_t *session; /* with a reference of the target's */
	char *uri;               /* full, for people and JSON */
	char *proxy; /* origin of the proxy that is asked for it, or NULL */
	coap_optlist_t *options; /* Uri-Host, Uri-Port, Uri-Path, Uri-Query */
	bool opened;             /* by this call, not found */
	bool group;              /* the address in the URI is a group's */
};

/*
 * NULL operand: the current path of the current session. An absolute URI finds
 * a session of this process with equal scheme, authority, credentials and bind
 * address, or opens one, to the proxy where the job or COAP_PROXY names one: for
 * this job alone in one-shot form, named and shared where more
 * commands follow (app->keep). 0, or an exit status, the job having been told.
 */
int target_open(struct job *job, const char *operand, struct target *target);
/* The same, but nothing is opened: no session where the operand is a URI. */
int target_name(struct job *job, const char *operand, struct target *target);
/* The origin of the proxy that an operand would be asked through, malloc()ed,
 * or NULL: none. STATUS_OK, or what is wrong with it, the job having been told. */
int target_proxy(struct job *job, const char *operand, char **origin);
/* The URI whose host the job's session for an operand leads to: the proxy's, or
 * the operand itself. Borrowed. */
const char *target_next_hop(const struct job *job, const char *operand);
/* What tells it from others of its session: its path, or the URI where the
 * session is a proxy's; malloc()ed. */
char *target_shown(const struct target *target);
/* Which of its operands is a target; COMMAND_OPERANDS: none is. */
size_t target_operand(const struct command *command);
/* Whether the job's target is a session that is there, so that none is opened
 * for it. */
bool target_is_open(const struct job *job);
/* Lets go of the session; one of this job alone is closed in good order. */
void target_close(struct app *app, struct target *target);

#endif
