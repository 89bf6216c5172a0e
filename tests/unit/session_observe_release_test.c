/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Every callback may end the observation, release the session, free the
 * context": one story of an observation is told again and again, and each time
 * something else happens in another of its callbacks. And: "every allocation
 * may fail".
 */
#include "observe_peer.h"

#include <coap3/coap_subscribe.h>

#include "session_outage.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

enum act {
	ACT_DROP,
	ACT_FORGET,
	ACT_DEREGISTER,
	ACT_CANCEL, /* coap_cancel_observe() */
	ACT_ANOTHER,
	ACT_RELEASE,
	ACT_SHUTDOWN,
	ACT_DISCONNECT,
	ACT_FREE,
	ACT_LAST,
};

static struct {
	coap_session_t *session; /* NULL: gone */
	enum act act;
	unsigned at; /* in this callback */
	unsigned calls;
	bool done;
	bool dropped;
	bool plain;
} story;

static void
cancel_by_token(void)
{
	uint8_t token = 'a';
	coap_binary_t t = { 1, &token };

	coap_cancel_observe(story.session, &t, CON);
}

static void
release(void)
{
	coap_session_t *s = story.session;

	story.session = NULL;
	coap_session_release(s);
}

static void
free_all(void)
{
	coap_context_t *c = w.client;

	story.session = NULL;
	w.client = NULL;
	coap_free_context(c);
}

static void
act_on_handle(void)
{
	if (story.act == ACT_DROP && peer.handle) {
		story.dropped = peer.ends == 0;
		coapx_observe_drop(peer.handle);
	} else if (story.act == ACT_FORGET) {
		coapx_observe_stop(peer.handle, COAPX_OBSERVE_FORGET);
	} else if (story.act == ACT_DEREGISTER) {
		coapx_observe_stop(peer.handle, COAPX_OBSERVE_DEREGISTER);
	}
}

static void
act(void)
{
	switch (story.act) {
	case ACT_CANCEL:
		cancel_by_token();
		break;
	case ACT_ANOTHER:
		coap_send(story.session,
		    observe_peer_request(story.session, COAP_REQUEST_CODE_GET,
			NON, 'z', 0));
		break;
	case ACT_RELEASE:
		release();
		break;
	case ACT_SHUTDOWN:
		coapx_session_shutdown(story.session);
		break;
	case ACT_DISCONNECT:
		coap_session_disconnected(story.session,
		    COAP_NACK_NOT_DELIVERABLE);
		break;
	case ACT_FREE:
		free_all();
		break;
	default:
		act_on_handle();
	}
}

static void
hook(coap_session_t *session, const char *line)
{
	if (session == peer.session && strcmp(line, "SERVER_SESSION_DEL") == 0)
		peer.session = NULL;
	if (session != story.session || story.done || story.calls++ < story.at)
		return;
	story.done = true;
	act();
}

/* --- the story ------------------------------------------------------------ */

static void
begin(coap_proto_t p)
{
	coap_pdu_t *pdu;

	story.session = world_session(p);
	coapx_session_set_reconnect(story.session, 5, 2);
	world_settle();
	if (!story.session)
		return;
	if (!story.plain) {
		if (observe_peer_begin(story.session, 'a') < 0)
			peer.ends++;
	} else {
		pdu = observe_peer_request(story.session, COAP_REQUEST_CODE_GET,
		    CON, 'a', 0);
		coap_send(story.session, pdu);
	}
	world_settle();
}

static void
server_notifies(int number, size_t body)
{
	peer.body = body;
	if (peer.session && w.client)
		observe_peer_try(number & 1 ? NON : CON, number, "new");
	peer.body = 0;
}

static void
lose_and_return(coap_proto_t p)
{
	peer.session = NULL;
	server_stop(p);
	if (p == UDP && story.session)
		coap_session_disconnected(story.session,
		    COAP_NACK_TOO_MANY_RETRIES);
	world_settle();
	server_start(p);
	world_advance(6000);
	world_settle();
}

static void
tell(coap_proto_t p)
{
	begin(p);
	server_notifies(6, 0);
	server_notifies(7, 200);
	world_advance(80000);
	lose_and_return(p);
	server_notifies(8, 200);
	peer.code = COAP_RESPONSE_CODE_NOT_FOUND;
	server_notifies(10, 0);
}

static int
up(void **state)
{
	int r = outage_up(state);

	return r == 0 ? observe_peer_again() : r;
}

/* Whether the callback was reached. */
static bool
tell_once(coap_proto_t p, bool plain, enum act what, unsigned at)
{
	memset(&story, 0, sizeof story);
	story.act = what;
	story.at = at;
	story.plain = plain;
	up(NULL);
	w.hook = hook;
	tell(p);
	if (story.session)
		release();
	world_settle();
	if (!plain && !story.dropped && peer.token)
		assert_int_equal(peer.ends, 1);
	if (story.dropped)
		assert_int_equal(peer.ends, 0);
	world_down(NULL);
	return story.done;
}

static void
in_each_callback(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	unsigned told = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int what = 0; what < ACT_LAST; what++) {
			unsigned at = 0;

			while (
			    tell_once(protos[i & 1], i & 2, (enum act)what, at))
				at++;
			/* Events, answers, states, the end. */
			assert_true(at > 8);
			told += at;
		}
	assert_true(told > 300);
}

/* --- memory --------------------------------------------------------------- */

static bool
failed(size_t n)
{
	bool failed = false;
	void *p;

	/* If it was not reached, it is now. */
	while (n-- > 0 && !failed) {
		p = coap_malloc_type(COAP_STRING, 1);
		failed = !p;
		coap_free_type(COAP_STRING, p);
	}
	return !failed;
}

static bool
tell_without_memory(coap_proto_t p, bool plain, size_t n)
{
	bool reached;

	memset(&story, 0, sizeof story);
	story.plain = plain;
	story.done = true;
	observe_peer_up(NULL);
	w.hook = hook;
	story.session = world_connected(p);
	mem_fail_at(n, 0);
	if (plain) {
		coap_pdu_t *pdu = observe_peer_request(story.session,
		    COAP_REQUEST_CODE_GET, CON, 'a', 0);

		if (pdu)
			coap_send(story.session, pdu);
	} else if (observe_peer_begin(story.session, 'a') < 0) {
		peer.ends++;
	}
	world_settle();
	server_notifies(6, 0);
	server_notifies(7, 200);
	world_advance(80000);
	server_notifies(9, 200);
	if (plain)
		cancel_by_token();
	else if (peer.handle)
		coapx_observe_stop(peer.handle, COAPX_OBSERVE_DEREGISTER);
	world_settle();
	reached = failed(n);
	mem_fail_at(0, 0);
	/* Whatever is left of it can be ended, and ends once. */
	world_advance(300000);
	if (story.session)
		release();
	world_settle();
	if (!plain)
		assert_int_equal(peer.ends, 1);
	world_down(NULL);
	return reached;
}

static void
without_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		size_t n = 1;

		while (tell_without_memory(i & 1 ? TCP : UDP, i & 2, n))
			n++;
		assert_true(n > 50);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_each_callback),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests_name("session_observe_release", tests,
	    NULL, NULL);
}
