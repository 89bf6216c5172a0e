/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that serves its sessions, and clients of it, all on one loop. */
#ifndef CONTROL_OWNER_H
#define CONTROL_OWNER_H

#include "cli/app.h"
#include "cli/output/text.h"
#include "control_peer.h"

#define CONTROL_OWNER_CLIENTS 300

struct control_owner {
	struct app app;
	char folder[64];
	char path[96]; /* of its socket */
	char udp[64];  /* the device in it, and a session "lamp" to it */
	char tcp[64];
	struct text out; /* of the request that was followed last */
	struct text err;
	struct control_peer clients[CONTROL_OWNER_CLIENTS];
};

void control_owner_open(struct control_owner *o);
void control_owner_close(struct control_owner *o);
/* A command of its own, which must go well. */
void control_owner_run(struct control_owner *o, const char *line);
/* Connects, without a word. */
struct control_peer *control_owner_connect(struct control_owner *o, size_t i);
/* The same, and both have said HELLO. */
struct control_peer *control_owner_attach(struct control_owner *o, size_t i);
/* Follows a request to its end, with credit: the exit status. The output is in
 * out and err; that of -o is out, too. */
int control_owner_follow(struct control_owner *o, struct control_peer *p,
    uint32_t request);
/* Starts and follows. */
int control_owner_do(struct control_owner *o, struct control_peer *p,
    const char *line);
/* Nobody is there any more, and no command. */
void control_owner_is_idle(struct control_owner *o);

#endif
