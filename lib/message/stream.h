/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The message layer over reliable transports, RFC 8323 section 5: CSM, Ping,
 * Pong, Release, Abort, Custody; and the cutting of a byte stream into
 * messages. No session, no socket, no clock, as in dgram.h, and the same rules
 * for what an operation may do: also stream_free() is deferred to the owner.
 */
#ifndef MESSAGE_STREAM_H
#define MESSAGE_STREAM_H

#include <stdbool.h>

#include <coap3/coap_pdu.h>
#include <coap3/coap_time.h>

#include "base/buf.h"
#include "base/timer.h"
#include "wire/pdu.h"

#define STREAM_DEFAULT_MAX_SIZE ((uint32_t)8388864) /* ours, sent in CSM */
#define STREAM_PEER_MAX_SIZE    1152 /* until its CSM says otherwise */
#define STREAM_CSM_TIMEOUT_MS   1000
#define STREAM_PARKED_MAX       ((size_t)256 * 1024)
#define STREAM_DIAG_MAX         128

struct stream_ops {
	/* 0, or -COAP_E_AGAIN when the transport's backlog is full. */
	int (*transmit)(void *user, const uint8_t *data, size_t len);
	/* A request or response; borrowed. */
	void (*deliver)(void *user, const coap_pdu_t *pdu);
	/* The peer's first CSM came, or its time is over (`csm` NULL): other
	 * messages may be sent. Once. */
	void (*ready)(void *user, const coap_pdu_t *csm);
	/* A later CSM changed something. */
	void (*settings)(void *user, const coap_pdu_t *csm);
	/* Ping came, the Pong is sent already (with Custody as asked: what came
	 * before has been delivered). */
	void (*pinged)(void *user, const coap_pdu_t *ping);
	/* The answer to a stream_ping(); others are ignored. */
	void (*ponged)(void *user, const coap_pdu_t *pong);
	/*
	 * The peer wants us to close (RFC 8323 section 5.5), when what came
	 * before has been answered: that has been delivered. From now on it is
	 * sent no requests, and those that it sends are ignored. Once.
	 */
	void (*released)(void *user, const coap_pdu_t *release);
	/*
	 * The stream cannot go on: -COAP_E_PEER_ABORT (pdu is what the peer
	 * sent), -COAP_E_FORMAT, -COAP_E_PEER_TOOBIG, -COAP_E_BAD_CSM,
	 * -COAP_E_NO_CSM (something else came first), -COAP_E_NOMEM (we sent an
	 * Abort with the reason, and pdu is the message at fault or NULL).
	 * Once; input is ignored from then on. Not called for stream_abort().
	 */
	void (*ended)(void *user, int err, const coap_pdu_t *pdu);
};

struct stream {
	const struct stream_ops *ops;
	void *user;
	enum framing framing;
	/* The message that has not come whole: its header, and once that is
	 * there what follows. */
	uint8_t head[PDU_HEADROOM];
	uint8_t head_len;
	coap_pdu_t *in;
	struct buf parked; /* what came while input is held */
	coap_tick_t csm_deadline;
	uint32_t max_size; /* what we take */
	uint32_t max_token;
	uint32_t peer_max_size;
	uint32_t peer_max_token; /* 8 unless the peer's CSM says more */
	uint16_t pings;          /* sent and not answered */
	bool peer_block_wise;
	bool block_wise; /* we say so, too (RFC 8323 section 5.3.2) */
	bool started;    /* our CSM is out */
	bool ready;
	bool ended;
	bool held; /* see stream_hold() */
	bool release_sent;
	bool peer_released; /* it takes no requests, see released() */
};

/* Allocates nothing. max_size: longest message taken (whole PDU, header
 * included). max_token: 8, or more to offer RFC 8974. */
void stream_init(struct stream *s, enum framing framing, uint32_t max_size,
    uint32_t max_token, const struct stream_ops *ops, void *user);
void stream_free(struct stream *s);

/*
 * The transport stands: sends our CSM; csm_timeout 0 waits for ever. Called
 * again (after a change of max_size or max_token) it sends another CSM. 0;
 * -COAP_E_NOMEM; -COAP_E_CLOSED; transmit()'s error: it can be called again.
 *
 * The CSM names Max-Message-Size, and Extended-Token-Length when max_token is
 * over 8. It does not name Block-Wise-Transfer.
 */
int stream_start(struct stream *s, coap_tick_t now, coap_tick_t csm_timeout);
/*
 * Bytes as they come (FRAMING_STREAM: cut anywhere; FRAMING_WS: one whole
 * message a call). Consumes all. Not from within an operation.
 *
 * RFC 8323 section 5.3 wants a CSM first. While we wait for it, any other
 * message but an empty one or an Abort ends the stream; once its time is over
 * (ready() with NULL) the peer may go without.
 */
void stream_input(struct stream *s, const uint8_t *data, size_t len,
    coap_tick_t now);
/*
 * Delivers nothing more until stream_resume(): what is left of the bytes at
 * hand is kept, and the owner stops reading (over STREAM_PARKED_MAX the stream
 * ends). For a peer that asks faster than it takes answers.
 */
void stream_hold(struct stream *s);
void stream_resume(struct stream *s, coap_tick_t now);

/*
 * A request, a response or an empty message. 0; -COAP_E_TOOBIG over the peer's
 * Max-Message-Size, or a request with a longer token than the peer takes;
 * -COAP_E_STATE before stream_start(); -COAP_E_INVAL for signalling messages;
 * -COAP_E_AGAIN; -COAP_E_CLOSED after ended, and for requests after released.
 * Keeps no reference. May be called before ready(), with the defaults for what
 * the peer can take.
 */
int stream_send(struct stream *s, coap_pdu_t *pdu);
/* Errors of these three: as stream_send(), -COAP_E_NOMEM, and for the ping
 * -COAP_E_LIMIT. */
/* custody: asks the peer to answer only when what was sent before is done. */
int stream_ping(struct stream *s, bool custody);
/* Says that we want to end; the peer closes when it has answered. Only the
 * first call sends, and not to a peer that has said so itself. */
int stream_release(struct stream *s);
/* The stream has ended after this, whatever it returns. diagnostic: a sentence
 * of which at most STREAM_DIAG_MAX bytes are sent, or NULL; bad_option: number
 * of the CSM option that was not understood, or 0. */
int stream_abort(struct stream *s, const char *diagnostic, unsigned bad_option);

/* The owner has lost the transport: input is ignored from now on, nothing is
 * called. Also inside an operation. */
void stream_stop(struct stream *s);

/* When stream_timer() wants to be called: TIMER_NEVER when not at all. */
coap_tick_t stream_next(const struct stream *s);
void stream_timer(struct stream *s, coap_tick_t now);

#endif
