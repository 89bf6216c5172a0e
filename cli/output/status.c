/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit statuses: what they mean, and those of codes and errors. */
#include "cli/output/status.h"
#include "cli/job.h"

static const struct status_info statuses[] = {
	{ STATUS_OK, "2.xx, or the code that was expected" },
	{ STATUS_INTERNAL, "internal, or this build lacks the feature" },
	{ STATUS_USAGE, "usage; nothing was sent" },
	{ STATUS_LOCAL, "configuration, credential or local file" },
	{ STATUS_CLIENT_ERROR, "the response was 4.xx" },
	{ STATUS_SERVER_ERROR, "the response was 5.xx" },
	{ STATUS_RESOLVE, "the name did not resolve" },
	{ STATUS_UNREACHABLE,
	    "refused, unreachable, or closed before an answer" },
	{ STATUS_RESET, "Reset, Abort, or an answer that cannot be decoded" },
	{ STATUS_STATE, "no such session, or in the wrong state" },
	{ STATUS_EXPECTATION, "an expectation failed" },
	{ STATUS_INCOMPLETE, "a block-wise transfer is incomplete" },
	{ STATUS_OUTPUT, "the output could not be written" },
	{ STATUS_TIMEOUT, "timeout" },
	{ STATUS_HANDSHAKE, "the (D)TLS handshake failed" },
	{ STATUS_UNTRUSTED, "the peer is not trusted" },
	{ STATUS_INTERRUPTED, "ended by SIGINT (Ctrl-C)" },
	{ STATUS_TERMINATED, "ended by SIGTERM" },
};

#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))

const struct status_info *
status_find(int status)
{
	size_t i;

	for (i = 0; i < N_STATUSES; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return NULL;
}

static const unsigned char of_error[] = {
	[COAP_E_OK] = STATUS_OK,
	[COAP_E_NOMEM] = STATUS_INTERNAL,
	[COAP_E_INVAL] = STATUS_USAGE,
	[COAP_E_NOTSUP] = STATUS_INTERNAL,
	[COAP_E_FORMAT] = STATUS_RESET,
	[COAP_E_TOOBIG] = STATUS_USAGE,
	[COAP_E_AGAIN] = STATUS_INTERNAL,
	[COAP_E_STATE] = STATUS_STATE,
	[COAP_E_CLOSED] = STATUS_UNREACHABLE,
	[COAP_E_REFUSED] = STATUS_UNREACHABLE,
	[COAP_E_UNREACH] = STATUS_UNREACHABLE,
	[COAP_E_TIMEOUT] = STATUS_TIMEOUT,
	[COAP_E_RESOLVE] = STATUS_RESOLVE,
	[COAP_E_RESET] = STATUS_UNREACHABLE,
	[COAP_E_PEER_CLOSED] = STATUS_UNREACHABLE,
	[COAP_E_PEER_ABORT] = STATUS_RESET,
	[COAP_E_PEER_RELEASE] = STATUS_UNREACHABLE,
	[COAP_E_RST] = STATUS_RESET,
	[COAP_E_RETRIES] = STATUS_TIMEOUT,
	[COAP_E_NO_CSM] = STATUS_TIMEOUT,
	[COAP_E_BAD_CSM] = STATUS_RESET,
	[COAP_E_ADDRINUSE] = STATUS_LOCAL,
	[COAP_E_PERM] = STATUS_LOCAL,
	[COAP_E_SYS] = STATUS_INTERNAL,
	[COAP_E_CANCELLED] = STATUS_UNREACHABLE,
	[COAP_E_NOTFOUND] = STATUS_STATE,
	[COAP_E_EXISTS] = STATUS_STATE,
	[COAP_E_BAD_RESPONSE] = STATUS_RESET,
	[COAP_E_URI] = STATUS_USAGE,
	[COAP_E_LIMIT] = STATUS_INTERNAL,
	[COAP_E_PEER_TOOBIG] = STATUS_RESET,
	[COAP_E_TLS] = STATUS_HANDSHAKE,
	[COAP_E_TLS_ALERT] = STATUS_HANDSHAKE,
	[COAP_E_TLS_VERSION] = STATUS_HANDSHAKE,
	[COAP_E_TLS_CIPHER] = STATUS_HANDSHAKE,
	[COAP_E_TLS_ALPN] = STATUS_HANDSHAKE,
	[COAP_E_TLS_NO_ALPN] = STATUS_HANDSHAKE,
	[COAP_E_PSK_IDENTITY] = STATUS_HANDSHAKE,
	[COAP_E_PSK_KEY] = STATUS_HANDSHAKE,
	[COAP_E_NOT_TRUSTED] = STATUS_UNTRUSTED,
	[COAP_E_NO_PEER_CERT] = STATUS_UNTRUSTED,
	[COAP_E_CERT_REQUIRED] = STATUS_HANDSHAKE,
	[COAP_E_CREDENTIALS] = STATUS_LOCAL,
	[COAP_E_WS_UPGRADE] = STATUS_UNREACHABLE,
	[COAP_E_WS_PROTOCOL] = STATUS_RESET,
	[COAP_E_WS_FRAME] = STATUS_RESET,
	[COAP_E_NO_MODULE] = STATUS_INTERNAL,
	[COAP_E_NAME_UNKNOWN] = STATUS_HANDSHAKE,
	[COAP_E_MCAST] = STATUS_USAGE,
};

int
status_of_error(int err)
{
	/* Without wrapping: err may be any number. */
	unsigned number = err < 0 ? 0U - (unsigned)err : (unsigned)err;

	if (number >= sizeof(of_error) / sizeof(of_error[0]))
		return STATUS_INTERNAL;
	return of_error[number];
}

int
status_of_code(unsigned code)
{
	switch (code >> 5) {
	case 2:
		return STATUS_OK;
	case 4:
		return STATUS_CLIENT_ERROR;
	case 5:
		return STATUS_SERVER_ERROR;
	default:
		return STATUS_RESET;
	}
}
