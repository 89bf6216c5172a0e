/* SPDX-License-Identifier: BSD-2-Clause */
/* A server in groups: joining them, and answering when others do not. */
#include "session/group/mcast.h"

#include <net/if.h>

#include <coap3/coap_net.h>
#include <coap3/coap_prng.h>
#include <utlist.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "session/connect/endpoint.h"
#include "session/traffic/serve.h"

/* --- groups ---------------------------------------------------------------- */

/* What is sent to a group reaches a socket that has no address of its own, or
 * that of the group. */
static bool
can_hear(const coap_endpoint_t *ep, const coap_address_t *group)
{
	const coap_address_t *own = &ep->address;
	int family = own->addr.sa.sa_family;

	if (ep->proto->proto != COAP_PROTO_UDP)
		return false;
	if (coap_address_isany(own))
		return family == AF_INET6 || family == group->addr.sa.sa_family;
	return family == group->addr.sa.sa_family && coap_is_mcast(own);
}

/* The number of endpoints that are in it now, or an error. */
static int
join(coap_context_t *context, const coap_address_t *group, int ifindex)
{
	coap_endpoint_t *ep;
	int joined = 0;
	int err = -COAP_E_STATE;
	int r;

	DL_FOREACH(context->endpoints, ep) {
		if (!can_hear(ep, group))
			continue;
		r = udp_port_join(ep->udp, group, ifindex);
		/* In it already. */
		if (r == 0 || r == -COAP_E_ADDRINUSE)
			joined++;
		else
			err = r;
	}
	return joined > 0 ? joined : err;
}

static int
find_interface(const char *name, const coap_address_t *group, int *ifindex)
{
	*ifindex = group->addr.sa.sa_family == AF_INET6
	    ? (int)group->addr.sin6.sin6_scope_id
	    : 0;
	if (!name)
		return 0;
	*ifindex = (int)if_nametoindex(name);
	return *ifindex > 0 ? 0 : -COAP_E_NOTFOUND;
}

static int
join_one(coap_context_t *context, const coap_address_t *group,
    const char *ifname)
{
	int ifindex;
	int err = coap_is_mcast(group) ? find_interface(ifname, group, &ifindex)
				       : -COAP_E_INVAL;

	return err == 0 ? join(context, group, ifindex) : err;
}

/* Every group that the name stands for. */
static int
join_all(coap_context_t *context, const char *name, const char *ifname)
{
	coap_str_const_t host = { strlen(name), (const uint8_t *)name };
	const coap_addr_info_t *info;
	coap_addr_info_t *list;
	coap_address_t numeric;
	int err = -COAP_E_RESOLVE;
	bool joined = false;

	if (addr_parse(&numeric, name, 0) == 0) {
		err = join_one(context, &numeric, ifname);
		return err > 0 ? 0 : err;
	}
	list = coap_resolve_address_info(&host, 0, 0, 0, 0, 0,
	    1 << COAP_URI_SCHEME_COAP, COAP_RESOLVE_TYPE_REMOTE);
	for (info = list; info; info = info->next) {
		err = join_one(context, &info->addr, ifname);
		joined = joined || err > 0;
	}
	coap_free_address_info(list);
	return joined ? 0 : err;
}

static const char *
why_not(int err)
{
	if (err == -COAP_E_STATE)
		return "no UDP endpoint listens on all addresses";
	if (err == -COAP_E_INVAL)
		return "not a group";
	return err_text(err);
}

int
coap_join_mcast_group_intf(coap_context_t *ctx, const char *groupname,
    const char *ifname)
{
	int err;

	if (!ctx || !groupname)
		return -1;
	err = join_all(ctx, groupname, ifname);
	if (err == 0)
		return 0;
	context_fail(ctx, err, "group %.60s%s%.20s: %s", groupname,
	    ifname ? " on " : "", ifname ? ifname : "", why_not(err));
	coap_log_warn("group %s: %s\n", groupname, why_not(err));
	return -1;
}

void
coap_mcast_per_resource(coap_context_t *context)
{
	if (context)
		context->resources.mcast_per_resource = true;
}

/* --- what comes to a group ------------------------------------------------- */

bool
mcast_unfit(const struct udp_datagram *d, const coap_pdu_t *pdu, int err)
{
	/* RFC 7252 section 8.1: requests, and those as NON; and no Reset. */
	return coap_is_mcast(&d->local) &&
	    (err < 0 || pdu->type != COAP_MESSAGE_NON ||
		!COAP_PDU_IS_REQUEST(pdu));
}

/* --- answers --------------------------------------------------------------- */

/* RFC 7252 section 8.2: a random moment within the leisure. */
static coap_tick_t
some_time(const coap_session_t *session)
{
	uint32_t leisure = msg_fixed_ms(session->params->default_leisure);
	uint32_t random = 0;

	coap_prng(&random, sizeof random);
	return (
	    coap_tick_t)(((uint64_t)random * ((uint64_t)leisure + 1)) >> 32);
}

static int
by_due(const struct mcast_late *a, const struct mcast_late *b)
{
	return (a->due > b->due) - (a->due < b->due);
}

static void
late_free(coap_session_t *session, struct mcast_late *late)
{
	coap_context_t *context = session->context;

	DL_DELETE(session->extra->late, late);
	session->extra->n_late--;
	context->late.entries--;
	context->late.bytes -= late->bytes;
	coap_delete_pdu(late->request);
	coap_delete_pdu(late->response);
	coap_free_type(COAP_NODE, late);
}

/* Whoever asks that much gets no answer, which a group's client expects. */
static struct mcast_late *
late_new(coap_session_t *session, size_t bytes)
{
	coap_context_t *context = session->context;
	struct session_extra *extra = session_extra(session);

	if (!extra || extra->n_late >= MCAST_LATE_SESSION_MAX ||
	    context->late.entries >= MCAST_LATE_MAX ||
	    bytes > MCAST_LATE_BYTES - context->late.bytes)
		return NULL;
	return mem_new(COAP_NODE, 1, sizeof(struct mcast_late));
}

/* Of the request the token is all that an answer needs. */
static coap_pdu_t *
token_of(const coap_pdu_t *request)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_NON, request->code, request->mid,
	    request->token_len);

	if (pdu && coap_add_token(pdu, request->token_len, request->token))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

void
mcast_answer_late(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	size_t bytes = request->token_len + response->used;
	struct mcast_late *late = late_new(session, bytes);

	if (!late)
		return;
	late->request = token_of(request);
	if (!late->request) {
		coap_free_type(COAP_NODE, late);
		return;
	}
	late->response = pdu_ref(response);
	late->bytes = bytes;
	late->due = context_now(session->context) + some_time(session);
	DL_INSERT_INORDER(session->extra->late, late, by_due);
	session->extra->n_late++;
	session->context->late.entries++;
	session->context->late.bytes += bytes;
}

coap_tick_t
mcast_late_next(const coap_session_t *session)
{
	return session->extra && session->extra->late
	    ? session->extra->late->due
	    : TIMER_NEVER;
}

void
mcast_late_run(coap_session_t *session, coap_tick_t now)
{
	struct mcast_late *late;

	while (session->layer && session->extra) {
		late = session->extra->late;
		if (!late || late->due > now)
			return;
		session_respond(session, late->request, late->response);
		late_free(session, late);
	}
}

void
mcast_late_forget(coap_session_t *session)
{
	while (session->extra && session->extra->late)
		late_free(session, session->extra->late);
}
