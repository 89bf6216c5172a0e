/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations, and resources that clients made, which outlive the process:
 * what is told to the application (persist.c), and what is kept in files
 * (persist_file.c). Over UDP alone: other sessions end with their connections.
 */
#ifndef SESSION_PERSIST_H
#define SESSION_PERSIST_H

#include <coap3/coap_subscribe.h>

#include "session/observe/observe_server.h"

/* Resources made by clients that are kept, and bytes of their requests. */
#define PERSIST_RESOURCES_MAX ((unsigned)4096)
#define PERSIST_BYTES_MAX     ((size_t)16 << 20)
/* Bytes of a file. */
#define PERSIST_FILE_MAX ((size_t)48 << 20)
/* From a change until it is written: many cost one. */
#define PERSIST_WAIT COAP_TICKS_PER_SECOND
/* Numbers that may be used while the last one waits to be written. */
#define PERSIST_AHEAD ((uint32_t)2 * OBSERVE_A_TICK * COAP_TICKS_PER_SECOND)

enum persist_file {
	PERSIST_RESOURCES,
	PERSIST_OBSERVERS,
	PERSIST_NUMBERS,
	PERSIST_FILES,
};

/* A resource that a client made. */
struct persist_made {
	struct persist_made *prev;
	struct persist_made *next;
	coap_str_const_t *path;
	coap_pdu_t *request;
	size_t bytes;
};

struct persist_funcs {
	coap_observe_added_t observe_added;
	coap_observe_deleted_t observe_deleted;
	coap_track_observe_value_t value;
	coap_dyn_resource_added_t resource_added;
	coap_resource_deleted_t resource_deleted;
	void *user;
};

/* A context has one from coap_persist_track_funcs() or _startup() on. */
struct persist {
	coap_context_t *context;
	struct persist_funcs on;
	uint32_t on_freq;
	/* Files. */
	char *names[PERSIST_FILES]; /* NULL: not kept */
	uint32_t file_freq;
	struct timer timer;
	unsigned dirty; /* a bit for each file */
	bool warned;
	struct persist_made *made;
	unsigned n_made;
	size_t made_bytes;
};

/* The context's, made if need be; NULL: out of memory. */
struct persist *persist_of(coap_context_t *context);
/* A handler made this resource when a client asked for it. */
void persist_made(coap_session_t *session, const coap_pdu_t *request);
/* The resource's Observe number has changed. */
void persist_counted(coap_resource_t *resource);
/* The resource has left its table. */
void persist_removed(coap_resource_t *resource);
/* Writes what is to be written, and forgets all of it. */
void persist_end(coap_context_t *context);

/* The resource that a request is for, the unknown one aside; NULL: none. */
coap_resource_t *persist_resource(const coap_context_t *context,
    const coap_pdu_t *request);
/* Whether an entry is kept. */
bool persist_keeps(const struct observer *o);

/* persist_file.c */

void persist_touch(struct persist *p, enum persist_file file);
/* Keeps the request that made a resource. */
void persist_keep_made(struct persist *p, const coap_str_const_t *path,
    const coap_pdu_t *request);
void persist_drop_made(struct persist *p, const coap_str_const_t *path);
/* Writes what has changed. */
int persist_save(struct persist *p);
void persist_free_files(struct persist *p);

#endif
