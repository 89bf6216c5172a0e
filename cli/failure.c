/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of a request: one sentence. */
#include "cli/failure.h"

#include <stdio.h>

#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"

const char *
failure_peer(const coap_session_t *session, char buf[PEER_SIZE])
{
	char addr[ADDR_SIZE];

	addr_text(coap_session_get_addr_remote(session), addr);
	snprintf(buf, PEER_SIZE, "%s%s%s", addr, *addr ? " over " : "",
	    coapx_proto_name(coap_session_get_proto(session)));
	return buf;
}

/* who: in front of the peer. */
static int
report(struct job *job, const char *who, const coap_session_t *session,
    const char *uri, const coapx_result_t *result, const char *left)
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
	    "%s%s: %s%s%s%s", who,
	    result->error == -COAP_E_RESOLVE ? uri : peer, d.cause, repeated,
	    left || *d.advice ? "; " : "", left ? left : d.advice);
}

int
failure_report(struct job *job, const coap_session_t *session, const char *uri,
    const coapx_result_t *result, const char *left)
{
	return report(job, "", session, uri, result, left);
}

int
failure_target(struct job *job, const struct target *target,
    const coapx_result_t *result, const char *left)
{
	if (target->proxy)
		return report(job, "the proxy ", target->session, target->proxy,
		    result, left);
	return report(job, "", target->session, target->uri, result, left);
}

void
failure_proxy(struct job *job, const struct target *target, unsigned code)
{
	if (target->proxy &&
	    (code == COAP_RESPONSE_CODE_BAD_GATEWAY ||
		code == COAP_RESPONSE_CODE_GATEWAY_TIMEOUT ||
		code == COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED ||
		code == COAP_RESPONSE_CODE_HOP_LIMIT_REACHED))
		output_note(job->out,
		    "the proxy at %s answered %u.%02u, or one behind it",
		    target->proxy, code >> 5, code & 31);
}
