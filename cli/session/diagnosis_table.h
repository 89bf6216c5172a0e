/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows behind diagnosis.h. {words} are replaced: {peer} {alert} {identity}
 * {name} {names} {until} {from} {plain} {detail} {why}. */
#ifndef CLI_DIAGNOSIS_TABLE_H
#define CLI_DIAGNOSIS_TABLE_H

#include "cli/session/diagnosis.h"

enum when {
	WHEN_ALWAYS,
	WHEN_CONNECTING, /* the transport is not there yet */
	WHEN_HANDSHAKE,  /* it has begun, and is not done */
	WHEN_DATAGRAMS,  /* ... over DTLS */
	WHEN_SUSPECT,    /* ... and stands where a wrong key would leave it */
	WHEN_ANSWERED,   /* ... and the peer took part in it */
	WHEN_SERVER,     /* we are the server */
	WHEN_WEBSOCKET,
	WHEN_SECURED, /* the handshake is done */
	WHEN_TALKED,  /* the peer's CSM came, so it speaks CoAP */
};

struct diagnosis_row {
	int error;
	enum when when;
	const char *word; /* is in the library's sentence; NULL: any */
	int status;       /* 0: what status_of_error() says */
	const char *cause;
	const char *advice;
};

/* The first that fits counts; ended by error 0. */
extern const struct diagnosis_row diagnosis_rows[];

/* What can be wrong with a certificate, the most important first; ended by
 * bit 0. */
struct cert_row {
	unsigned bit;
	const char *cause;
	const char *advice;
};

extern const struct cert_row cert_rows[];
/* Ended by a row without a name. */
extern const struct alert_info alert_rows[];

#endif
