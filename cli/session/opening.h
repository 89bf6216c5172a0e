/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions by URI: what open and targets share. */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include <stdbool.h>

#include "cli/app.h"

/* Whether a word begins as a URI does, with a scheme: also "coap:x", which is
 * none, to be told so. */
bool looks_like_uri(const char *word);
/* Why a word is no URI, or why this build does not speak a protocol: a
 * sentence, malloc()ed; NULL when out of memory. */
char *uri_problem(const char *text);
char *proto_problem(coap_proto_t proto);
/* Whether credentials count for a protocol. */
bool proto_is_secure(coap_proto_t proto);
/*
 * "scheme://authority" of a URI in its canonical form, malloc()ed. NULL: the
 * job has been told what is wrong (status in *status).
 */
char *origin_of_uri(struct job *job, const char *text, int *status);
/* The same where nobody is told: NULL also when it is no URI. */
char *origin_of_text(const char *text);
/* The path of a URI with a slash in front, without its query; malloc()ed.
 * NULL: out of memory. */
char *path_of_uri(const char *text);
/*
 * A session to an origin, one reference. NULL: the job has been told why. The
 * job's -T limits how long connecting may take.
 */
coap_session_t *origin_open(struct job *job, const char *origin,
    const char *bind, int *status);
/* Says that a listener or session has nothing to prove itself with. */
char *credentials_problem(const char *uri);
/* Says why a session could not be opened, or was lost. An exit status. */
int session_failed(struct job *job, const char *what,
    const coap_session_t *session);
/* It was lost, and waits for its next connection or makes it. */
bool session_reconnects(const coap_session_t *session);
/* It was lost, or never came to be, and nothing follows. */
bool session_is_dead(const coap_session_t *session);
/* "127.0.0.1:5683", or "" without an address; buf. */
#define ADDR_SIZE 80
const char *addr_text(const coap_address_t *addr, char buf[ADDR_SIZE]);
/* A session as a view; local and remote have ADDR_SIZE bytes each. */
void named_view(const struct front *front, const struct named *named,
    struct view_session *view, char *local, char *remote);
/* The session object in JSON, else nothing: stdout is for data. */
void output_named(struct job *job, const struct named *named);

#endif
