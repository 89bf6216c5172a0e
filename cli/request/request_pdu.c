/* SPDX-License-Identifier: BSD-2-Clause */
/* The message of a request, from its plan. */
#include "cli/request/request.h"

/* Copies of a list, in its order, behind what chain holds. */
static bool
append_copies(coap_optlist_t **chain, const coap_optlist_t *list)
{
	coap_optlist_t *o;

	for (; list; list = list->next) {
		o = coap_new_optlist(list->number, list->length, list->data);
		if (!o)
			return false;
		coap_insert_optlist(chain, o);
	}
	return true;
}

bool
plan_chain(const struct request_plan *plan, const struct target *target,
    coap_optlist_t **chain)
{
	return append_copies(chain, target->options) &&
	    append_copies(chain, plan->options);
}

static bool
fill(coap_pdu_t *pdu, const struct request_plan *plan,
    const struct target *target)
{
	coap_optlist_t *chain = NULL;
	bool ok = (plan->token_len == 0 ||
		      coap_add_token(pdu, plan->token_len, plan->token)) &&
	    plan_chain(plan, target, &chain) &&
	    (!chain || coap_add_optlist_pdu(pdu, &chain)) &&
	    (plan->payload_len == 0 ||
		coap_add_data_large_request(target->session, pdu,
		    plan->payload_len, plan->payload, NULL, NULL));

	coap_delete_optlist(chain);
	return ok;
}

/* Bytes of the options at least, without what numbers and lengths take. */
static size_t
options_size(const coap_optlist_t *list)
{
	size_t size = 0;

	for (; list; list = list->next)
		size += 1 + list->length;
	return size;
}

static int
pdu_problem(struct job *job, const struct request_plan *plan,
    const struct target *target)
{
	size_t max = coap_session_max_pdu_size(target->session);
	size_t size = plan->token_len + options_size(target->options) +
	    options_size(plan->options) + plan->payload_len;

	/* Some bytes are not counted in size. */
	if (size + size / 8 + 16 < max)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	return job_fail(job, STATUS_USAGE,
	    "not sent: options and %zu bytes of payload do not fit into one "
	    "message, which is %zu bytes at most here",
	    plan->payload_len, max);
}

coap_pdu_t *
plan_pdu(struct job *job, const struct request_plan *plan,
    const struct target *target, int *status)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(plan->non ? COAP_MESSAGE_NON : COAP_MESSAGE_CON,
		(coap_pdu_code_t)plan->code, target->session);

	if (pdu && fill(pdu, plan, target))
		return pdu;
	coap_delete_pdu(pdu);
	*status = pdu_problem(job, plan, target);
	return NULL;
}
