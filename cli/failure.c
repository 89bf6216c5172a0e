/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of a request: one sentence. */
#include "cli/failure.h"

#include <stdio.h>

#include "cli/diagnosis.h"
#include "cli/opening.h"

const char *
failure_peer(const coap_session_t *session, char buf[PEER_SIZE])
{
	char addr[ADDR_SIZE];

	addr_text(coap_session_get_addr_remote(session), addr);
	snprintf(buf, PEER_SIZE, "%s%s%s", addr, *addr ? " over " : "",
	    coapx_proto_name(coap_session_get_proto(session)));
	return buf;
}

int
failure_report(struct job *job, const coap_session_t *session, const char *uri,
    const coapx_result_t *result, const char *left)
{
	char repeated[64] = "";
	char peer[PEER_SIZE];
	struct diagnosis d;

	failure_peer(session, peer);
	diagnose_session(session, result->error, &d);
	if (result->retransmits > 0)
		snprintf(repeated, sizeof(repeated),
		    " after %u retransmission%s", result->retransmits,
		    result->retransmits == 1 ? "" : "s");
	/* A name that does not resolve has no address. */
	return job_fail(job, left ? STATUS_INCOMPLETE : d.status,
	    "%s: %s%s%s%s", result->error == -COAP_E_RESOLVE ? uri : peer,
	    d.cause, repeated, left || *d.advice ? "; " : "",
	    left ? left : d.advice);
}
