/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a session failed, in words: from the library's error, and what is known
 * of the handshake, to the likely cause, what to try, and the exit status. One
 * table; `explain` shows it.
 */
#ifndef CLI_DIAGNOSIS_H
#define CLI_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coap3/coapx.h>

struct diagnosis {
	int status;
	bool handshake; /* it is one of a handshake or an upgrade */
	char cause[512];
	char advice[256]; /* "": nothing can be advised */
};

/* What a cause is told from; all may be missing. */
struct facts {
	int error;       /* of <coap3/coapx_errors.h>, positive */
	bool server;     /* we are the server */
	bool connecting; /* the transport is not there yet */
	bool begun;      /* tls holds what is known of a handshake */
	bool datagrams;
	bool websocket;
	bool talked; /* the peer's CSM came, so it speaks CoAP */
	coapx_tls_info_t tls;
	coapx_cert_t cert;    /* the peer's; size 0: none */
	const char *scheme;   /* "coaps+tcp" */
	const char *identity; /* of the key */
	const char *why;      /* the library's sentence */
};

void diagnose(const struct facts *f, struct diagnosis *d);
/* Of the error that a session ended with; negative, as the library gives it. */
void diagnose_session(const coap_session_t *session, int err,
    struct diagnosis *d);
/* Of a session that was waited for; false: it is connected, its handshake is
 * done, or there is none, and nothing is held back. */
bool diagnose_wait(const coap_session_t *session, struct diagnosis *d);

/* --- in words ------------------------------------------------------------ */

#define PROBLEMS_SIZE 320
/* How far the peer is trusted, and why: "trusted", "not checked (--insecure)",
 * "not trusted: ...", "pre-shared key" ...; NULL: not known yet. */
const char *trust_text(const coapx_tls_info_t *info, char buf[PROBLEMS_SIZE]);
/* A word for it: psk, pki, rpk, anonymous or insecure; NULL when the session is
 * not secured, or not yet. */
const char *security_word(const coap_session_t *session);
/* Secured, and nobody checked who the peer is. */
bool session_is_insecure(const coap_session_t *session);

/* --- for explain --------------------------------------------------------- */

/* An alert: its name, and what it means when a peer sends it. */
struct alert_info {
	int number;
	const char *name;
	const char *cause;
	const char *advice;
};

/* A cause and what to try, as the tables have them; "NAME" and the like stand
 * for what is only known then. NULL or false behind the last. */
const struct alert_info *alert_at(size_t i, struct diagnosis *d);
bool diagnosis_at(size_t i, struct diagnosis *d);

#endif
