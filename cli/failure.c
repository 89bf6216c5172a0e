/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened, why, and what to try: one table for all failures. */
#include "cli/failure.h"

#include <stdio.h>

#include "cli/opening.h"

static const struct advice {
	int error; /* of <coap3/coapx_errors.h> */
	const char *what;
	const char *hint;
} advices[] = {
	{ COAP_E_REFUSED, "nothing listens there",
	    "check the port and whether the device is up" },
	{ COAP_E_UNREACH, "the network has no way there",
	    "check the address and your routes" },
	{ COAP_E_RETRIES, "no acknowledgement came",
	    "a wrong port, a firewall or a device that sleeps look the same "
	    "from here" },
	{ COAP_E_TIMEOUT, "no answer came in time",
	    "-T gives it longer, -vv shows what was sent" },
	{ COAP_E_RST, "the peer answered with Reset",
	    "it does not want this message, or has forgotten it" },
	{ COAP_E_PEER_ABORT, "the peer sent Abort",
	    "-vv shows its reason, if it gave one" },
	{ COAP_E_PEER_RELEASE, "the peer sent Release",
	    "it wants no more requests on this connection" },
	{ COAP_E_PEER_CLOSED, "the peer closed the connection",
	    "it may want TLS, or another protocol" },
	{ COAP_E_RESET, "the peer reset the connection",
	    "it may want TLS, or another protocol" },
	{ COAP_E_NO_CSM, "connected, but no CSM came",
	    "is it CoAP that listens on this port?" },
	{ COAP_E_BAD_CSM, "the peer's CSM is not valid",
	    "is it CoAP that listens on this port?" },
	{ COAP_E_FORMAT, "the peer sent what is no CoAP message",
	    "is it CoAP that listens on this port?" },
	{ COAP_E_TOOBIG, "the message is larger than the peer takes",
	    "'session get csm.peer-max-message-size' shows its limit" },
	{ COAP_E_RESOLVE, "the name does not resolve",
	    "check the name, or give an address" },
	{ COAP_E_CLOSED, "the session is closed",
	    "open it again, or name another with -S" },
};

const char *
failure_peer(const coap_session_t *session, char buf[PEER_SIZE])
{
	char addr[ADDR_SIZE];

	addr_text(coap_session_get_addr_remote(session), addr);
	snprintf(buf, PEER_SIZE, "%s%s%s", addr, *addr ? " over " : "",
	    coapx_proto_name(coap_session_get_proto(session)));
	return buf;
}

static const struct advice *
find_advice(int err)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (advices[i].error == -err)
			return &advices[i];
	return NULL;
}

int
failure_report(struct job *job, const coap_session_t *session, const char *uri,
    const coapx_result_t *result)
{
	const struct advice *advice = find_advice(result->error);
	int status = status_of_error(result->error);
	char repeated[64] = "";
	char peer[PEER_SIZE];

	failure_peer(session, peer);
	if (result->retransmits > 0)
		snprintf(repeated, sizeof(repeated),
		    " after %u retransmission%s", result->retransmits,
		    result->retransmits == 1 ? "" : "s");
	/* A name that does not resolve has no address. */
	if (result->error == -COAP_E_RESOLVE)
		return job_fail(job, status, "%s: %s; %s", uri, advice->what,
		    advice->hint);
	if (!advice)
		return job_fail(job, status, "%s: %s%s", peer,
		    coapx_strerror(result->error), repeated);
	return job_fail(job, status, "%s: %s%s; %s", peer, advice->what,
	    repeated, advice->hint);
}
