/* SPDX-License-Identifier: BSD-2-Clause */
/* A way to one peer: a bare socket, or GnuTLS on one. */
#ifndef BENCH_CHAN_H
#define BENCH_CHAN_H

#include <gnutls/gnutls.h>
#include <netinet/in.h>

#include "tests/bench/frame.h"

/* What both ends of the floor know. */
struct floor {
	struct settings set;
	struct protocol proto;
	struct sockaddr_in server;
	pid_t server_pid;
	int epfd;
	gnutls_priority_t priority;
	gnutls_psk_client_credentials_t psk_client;
	gnutls_psk_server_credentials_t psk_server;
	gnutls_certificate_credentials_t cert;
	struct response small;
	struct response body;
	struct response block;
	/* A server's observers. */
	struct observer *observers;
	unsigned n_observers;
	int observing; /* a client's descriptors of them, by epoll */
};

struct observer {
	struct sockaddr_in peer;
	uint8_t token[4];
};

enum chan_state {
	CHAN_HANDSHAKE,
	CHAN_UPGRADE, /* HTTP of a WebSocket */
	CHAN_CSM,
	CHAN_OPEN,
};

struct chan {
	struct floor *floor;
	enum chan_state state;
	int fd;
	gnutls_session_t tls;
	/* Bytes of a stream that are not yet a message. */
	uint8_t *in;
	size_t in_len;
	size_t in_size;
	/* Of a server's datagrams: who it is, and the one at hand. */
	struct sockaddr_in peer;
	const uint8_t *rx;
	size_t rx_len;
};

#define CHAN_AGAIN (-1)

struct chan *chan_new(struct floor *floor, int fd, size_t in_size);
void chan_free(struct chan *c);
/* Bytes or a datagram, 0 at the end, CHAN_AGAIN. */
ssize_t chan_read(struct chan *c, void *data, size_t size);
/* Writes all, and waits for it where the socket is full. */
void chan_write(struct chan *c, const void *data, size_t len);
/* Waits until the descriptor of c is ready for these events of epoll. */
void chan_wait(const struct chan *c, uint32_t events);

/*
 * Reads what there is of a stream, and hands out each whole message. False at
 * the end of the stream.
 */
bool chan_messages(struct chan *c,
    void (*message)(struct chan *c, uint8_t *data, size_t len, void *user),
    void *user);

/* A session with the floor's credentials, not yet on a transport. */
gnutls_session_t tls_new(struct floor *floor, bool server);
void tls_prepare(struct floor *floor, bool server);
/* True when it is done. */
bool tls_handshake(gnutls_session_t tls);

/* A client's connection, established. */
struct chan *client_connect(struct floor *floor);
/* Says goodbye and frees it. */
void client_close(struct chan *c);

/* --- kinds of work -------------------------------------------------------- */

void serve_datagrams(struct floor *floor);
void serve_streams(struct floor *floor);
/* The answer of a server to a request: as response_for(). */
const uint8_t *floor_answer(struct floor *floor, const struct request *request,
    size_t *len);

/* What a server has for these: before it serves, for a request that observes,
 * and when what is observed has changed. */
void work_init(struct floor *floor);
void work_observe(struct floor *floor, const struct sockaddr_in *from,
    const struct request *request);
void work_changed(struct floor *floor, int fd);

void floor_request(struct floor *floor);
void floor_setup(struct floor *floor);
void floor_memory(struct floor *floor);
void floor_suite(struct floor *floor);
void floor_get_blocks(struct floor *floor);
void floor_put_blocks(struct floor *floor);
void floor_notify(struct floor *floor);
/*
 * Runs a command count times, and prints as meter_print(): what its processes
 * spend; and what they, this process and the processes pids, "1,2", spend,
 * with the time in which none of them ran: as long as somebody waits for it who
 * has the core for himself.
 */
int floor_spawn(unsigned long count, char **argv);
int floor_whole(unsigned long count, const char *pids, char **argv);

#endif
