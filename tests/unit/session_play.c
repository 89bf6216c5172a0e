/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenes, and what their handlers do: see session_play.h. */
#include "session_play.h"

#include "session_keys.h"
#include "session_ledger.h"
#include "skip.h"

#include <sys/socket.h>
#include <unistd.h>

/* --- what handlers do ----------------------------------------------------- */

static unsigned
references(const coap_session_t *s)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(s, &info), 0);
	return info.references;
}

static void
act_release(coap_session_t *s)
{
	while (references(s) > 0)
		coap_session_release(s);
	coap_session_release(s); /* more than there are: refused */
	assert_int_equal(references(s), 0);
}

static void
act_disconnect(coap_session_t *s)
{
	coap_session_disconnected(s, COAP_NACK_RST);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	assert_null(coap_session_get_tls(s, NULL));
}

static void
act_shutdown(coap_session_t *s)
{
	coapx_session_shutdown(s);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
}

static void
act_free_endpoint(coap_session_t *s)
{
	coap_endpoint_t *ep = coapx_session_get_endpoint(s);

	if (ep)
		coap_free_endpoint(ep);
	else if (w.server)
		while (w.server->endpoints)
			coap_free_endpoint(w.server->endpoints);
}

static void
act_free_context(coap_session_t *s)
{
	coap_context_t *c = coap_session_get_context(s);

	coap_free_context(c);
	coap_free_context(c);
	assert_null(
	    coap_new_client_session(c, NULL, &w.udp_address, COAP_PROTO_UDP));
	if (c == w.client)
		w.client = NULL;
	if (c == w.server)
		w.server = NULL;
}

/* The peer's, which is in no pass. */
static void
act_free_other(coap_session_t *s)
{
	coap_context_t **other =
	    coap_session_get_context(s) == w.client ? &w.server : &w.client;

	coap_free_context(*other);
	*other = NULL;
}

/* "or any other": all that the context has but this one. */
static void
act_end_the_others(coap_session_t *s)
{
	coap_context_t *c = coap_session_get_context(s);
	coap_session_t *other[64];
	coap_endpoint_t *ep;
	struct session_peer *p;
	coap_session_t *t;
	size_t n = 0;

	for (t = c->clients; t; t = t->next)
		other[n++] = t;
	for (ep = c->endpoints; ep; ep = ep->next)
		for (p = ep->peers; p; p = p->hh.next)
			other[n++] = p->session;
	while (n-- > 0) {
		if (other[n] == s)
			continue;
		coap_session_disconnected(other[n], COAP_NACK_RST);
		if (other[n]->references > 0)
			coap_session_release(other[n]);
	}
}

static void
act_all_at_once(coap_session_t *s)
{
	act_release(s);
	act_disconnect(s);
	coap_session_reference(s); /* counts for nothing any more */
	act_shutdown(s);
	act_free_endpoint(s);
	act_free_context(s);
}

static void
act_send(coap_session_t *s)
{
	ledger_send(s, 'x');
	ledger_request(s, 'y');
	ledger_request(s, '0');
	coap_session_send_ping(s);
}

static void
act_send_and_disconnect(coap_session_t *s)
{
	act_send(s);
	act_disconnect(s);
	act_send(s);
}

static void
act_set_type_client(coap_session_t *s)
{
	unsigned before = references(s);
	bool can =
	    coap_session_get_type(s) == COAP_SESSION_TYPE_SERVER && !s->ending;

	assert_int_equal(coap_session_set_type_client(s), can);
	assert_int_equal(references(s), before + can);
	assert_int_equal(coap_session_set_type_client(s), 0);
	/* Its one reference, and so its end. */
	if (can)
		coap_session_release(s);
}

static void
act_reference(coap_session_t *s)
{
	coap_session_release(coap_session_reference(s));
}

/* The last request and ping of a client, until their result() has returned. */
static struct handle {
	char token;
	const coap_session_t *session;
	coapx_request_t *request;
	bool ended; /* its result() is at work */
} handles[2];

static void
ask_with_handles(coap_session_t *s)
{
	handles[0] = (struct handle){ 'b', s, ledger_request(s, 'b'), false };
	handles[1] = (struct handle){ '0', s, ledger_request(s, '0'), false };
}

static void
watch_handles(const coap_session_t *s, const char *line, bool after)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		if (strncmp(line, "result ", 7) != 0 ||
		    line[7] != handles[i].token || s != handles[i].session)
			continue;
		handles[i].ended = true;
		if (after)
			handles[i].request = NULL;
	}
}

static void
act_cancel(coap_session_t *s)
{
	size_t i;

	(void)s;
	for (i = 0; i < 2; i++) {
		if (handles[i].request && !handles[i].ended)
			ledger_cancelled(handles[i].token);
		coapx_request_cancel(handles[i].request);
		handles[i].request = NULL;
	}
}

/* Both sides try; who came in cannot. */
static void
act_reconnect(coap_session_t *s)
{
	bool can = coap_session_get_type(s) == COAP_SESSION_TYPE_CLIENT &&
	    !coapx_session_get_endpoint(s) && !s->ending;

	assert_int_equal(coapx_session_reconnect(s), can ? 0 : -COAP_E_STATE);
	coapx_session_set_reconnect(s, 1, 2);
}

/* Credentials change while somebody uses the old ones; and one more session
 * begins. */
static void
act_renew(coap_session_t *s)
{
	coap_context_t *c = coap_session_get_context(s);
	coap_session_t *t;

	if (session_keys_secure(coap_session_get_proto(s)))
		assert_int_equal(coap_context_set_psk(c, "new",
				     (const uint8_t *)"1234567890", 10),
		    1);
	t = coap_new_client_session(c, NULL, &w.udp_address, COAP_PROTO_UDP);
	assert_int_equal(t != NULL, !c->freeing && !c->doomed);
	coap_session_release(t);
}

static const struct action {
	const char *name;
	void (*act)(coap_session_t *);
	bool goes_on; /* the scene can */
} actions[] = {
	{ "release", act_release, false },
	{ "disconnect", act_disconnect, false },
	{ "shutdown", act_shutdown, false },
	{ "free the endpoint", act_free_endpoint, false },
	{ "free the context", act_free_context, false },
	{ "free the other context", act_free_other, false },
	{ "end the others", act_end_the_others, false },
	{ "all at once", act_all_at_once, false },
	{ "send", act_send, true },
	{ "send and disconnect", act_send_and_disconnect, false },
	{ "set_type_client", act_set_type_client, false },
	{ "reference", act_reference, true },
	{ "cancel", act_cancel, true },
	{ "reconnect", act_reconnect, true },
	{ "renew", act_renew, true },
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

/* --- one handler ---------------------------------------------------------- */

static struct {
	const char *point; /* the line it is done at; NULL: nowhere */
	const struct action *action;
	unsigned done;
	bool stop; /* the scene is to go no further */
} play;

/* "Inside a pass every session stays valid memory." */
static void
ask_all(coap_session_t *s)
{
	coapx_session_info_t info = { .size = sizeof info };
	coapx_tls_info_t tls = { .size = sizeof tls };
	coapx_cert_t cert = { .size = sizeof cert };
	coap_tls_library_t lib;
	const uint8_t *der;
	char text[128];
	size_t len;

	assert_non_null(coap_session_str(s));
	assert_non_null(coap_session_get_addr_remote(s));
	assert_non_null(coap_session_get_addr_local(s));
	assert_non_null(coap_session_get_context(s));
	assert_true(coap_session_get_proto(s) != COAP_PROTO_NONE);
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	coapx_session_error(s, text, sizeof text);
	coap_session_get_tls(s, &lib);
	coap_session_get_psk_hint(s);
	coap_session_get_psk_identity(s);
	coap_session_get_psk_key(s);
	coapx_session_get_tls_info(s, &tls);
	coapx_session_get_peer_cert(s, 0, &cert);
	coapx_session_get_peer_der(s, 0, &der, &len);
	coap_session_get_app_data(s);
	coap_session_max_pdu_size(s);
}

static void
on_free(void *data)
{
	coap_session_t *s = data;

	world_write(s, "free");
}

/* The server's session, as long as there is one. So that the end of its memory
 * has a handler, too, it has data. */
static coap_session_t *visitor;

static void
watch_visitor(coap_session_t *s, const char *line)
{
	if (strcmp(line, "SERVER_SESSION_NEW") == 0) {
		visitor = s;
		coapx_session_set_app_data(s, s, on_free);
	}
	if (strcmp(line, "SERVER_SESSION_DEL") == 0 && visitor == s)
		visitor = NULL;
}

/* Only the client asks 'a' and 'b': what the server loses is an answer. */
static bool
is_lost_answer(const coap_session_t *session, const char *line)
{
	return coapx_session_get_endpoint(session) != NULL &&
	    strncmp(line, "nack ", 5) == 0 &&
	    strchr("ab", line[strlen(line) - 1]) != NULL;
}

static void
hook(coap_session_t *session, const char *line)
{
	if (!is_lost_answer(session, line))
		ledger_line(session, line);
	watch_visitor(session, line);
	watch_handles(session, line, false);
	ask_all(session);
	if (play.point && !play.done && strcmp(play.point + 2, line) == 0 &&
	    (*play.point == 'C') == (session->context == w.client)) {
		play.done++;
		play.stop = !play.action->goes_on;
		play.action->act(session);
		ask_all(session);
	}
	watch_handles(session, line, true);
}

/* --- scenes --------------------------------------------------------------- */

static coap_proto_t proto;

/* Still there: in its context's list. */
static bool
lives(const coap_session_t *s)
{
	const coap_session_t *c = w.client ? w.client->clients : NULL;

	while (c && c != s)
		c = c->next;
	return c != NULL;
}

static void
let_go(coap_session_t *s)
{
	if (lives(s) && s->references > 0)
		coap_session_release(s);
}

/* Time for all that waits for something. */
static void
come_to_an_end(coap_session_t *s)
{
	world_advance(300000);
	let_go(s);
	world_advance(300000);
}

static coap_session_t *
begin_to(const coap_address_t *address)
{
	coap_session_t *s = session_keys_session_to(proto, address);

	assert_non_null(s);
	coapx_session_set_app_data(s, s, on_free);
	ledger_send(s, 'a');
	ask_with_handles(s);
	return s;
}

static coap_session_t *
begin(void)
{
	return begin_to(world_address(proto));
}

/* The visitor is there, and what was asked is answered: on a busy machine that
 * takes longer than a few passes. False when an action has stopped the scene. */
static bool
all_is_answered(void)
{
	world_advance(100);
	WORLD_UNTIL(play.stop || (visitor && (play.done || w.requests > 1)));
	world_advance(100);
	return !play.stop;
}

/* The second call of a handler is a place of its own. */
static void
serve_later(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);

	/* What the acts send is answered at once, see is_lost_answer(). */
	if (!coap_find_async(session, token) && strchr("ab", token.s[0]) &&
	    coap_register_async(session, request, 500))
		return;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	world_write(session, "answer %c", token.s[0]);
}

static void
scene_answers_later(void)
{
	coap_session_t *s;

	w.serve = serve_later;
	s = begin();
	if (all_is_answered())
		world_advance(1000);
	come_to_an_end(s);
}

/* Several that are under way at once. */
static void
scene_crowd(void)
{
	coap_session_t *s = begin();
	coap_session_t *t = begin();
	coap_session_t *u = begin();

	world_advance(100);
	if (!play.stop)
		coapx_session_shutdown(t);
	world_advance(100);
	let_go(t);
	let_go(u);
	come_to_an_end(s);
}

/* From the first byte to the last, with all that can be exchanged. */
static void
scene_whole(void)
{
	coap_session_t *s = begin();

	if (all_is_answered()) {
		coap_session_send_ping(s);
		ledger_request(visitor, 'q');
		ledger_request(visitor, '0');
		coap_session_send_ping(visitor);
		world_advance(100);
	}
	come_to_an_end(s);
}

static void
scene_server_ends(void)
{
	coap_session_t *s = begin();

	if (all_is_answered()) {
		ledger_send(visitor, 'q');
		coap_session_disconnected(visitor, COAP_NACK_RST);
	}
	come_to_an_end(s);
}

static void
scene_server_shuts(void)
{
	coap_session_t *s = begin();

	if (all_is_answered()) {
		ledger_send(s, 'd');
		coapx_session_shutdown(visitor);
	}
	come_to_an_end(s);
}

static void
scene_server_vanishes(void)
{
	coap_session_t *s = begin();

	if (all_is_answered()) {
		ledger_send(s, 'd');
		coap_free_context(w.server);
		w.server = NULL;
	}
	come_to_an_end(s);
}

/* The client comes again, and all it had not got an answer to with it. */
static void
scene_reconnect(void)
{
	coap_session_t *s;

	coap_context_set_session_reconnect_time2(w.client, 1, 3);
	s = begin();
	if (all_is_answered()) {
		ledger_request(s, 'd');
		coapx_session_shutdown(visitor);
		ledger_send(s, 'e');
		world_advance(10000);
	}
	if (!play.stop)
		coap_free_endpoint(w.endpoint[proto]);
	come_to_an_end(s);
}

static void
scene_client_context_goes(void)
{
	begin();
	if (all_is_answered()) {
		coap_free_context(w.client);
		w.client = NULL;
	}
	world_advance(100000);
}

/* The fault is one of the keys. */
static void
scene_handshake(void)
{
	come_to_an_end(begin());
}

static void
scene_refused(void)
{
	coap_address_t nobody =
	    net_refusing(COAP_PROTO_RELIABLE(proto) ? SOCK_STREAM : SOCK_DGRAM);

	come_to_an_end(begin_to(&nobody));
}

/* A peer that says nothing at all. */
static void
scene_silent(void)
{
	coap_address_t address;
	int fd =
	    world_raw(COAP_PROTO_RELIABLE(proto) ? SOCK_STREAM : SOCK_DGRAM,
		&address);
	coap_session_t *s = begin_to(&address);

	come_to_an_end(s);
	close(fd);
}

/* One that takes the connection, and ends it with bytes that mean nothing. */
static void
scene_garbage(void)
{
	static const uint8_t garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	coap_address_t address;
	coap_session_t *s;
	int fd, peer;

	if (!COAP_PROTO_RELIABLE(proto))
		return;
	fd = world_raw(SOCK_STREAM, &address);
	s = begin_to(&address);
	peer = world_raw_accept(fd);
	world_raw_send(peer, NULL, garbage, sizeof garbage - 1);
	world_advance(100);
	close(peer);
	come_to_an_end(s);
	close(fd);
}

/* One that comes to the server and says nothing, or leaves at once. */
static void
scene_visitors(void)
{
	struct linger now = { 1, 0 };
	int fd[3];
	int i;

	if (!COAP_PROTO_RELIABLE(proto))
		return;
	for (i = 0; i < 3; i++)
		fd[i] = world_raw_connect(world_address(proto));
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd[1]);
	close(fd[2]);
	world_advance(100000);
	close(fd[0]);
	world_advance(400000);
}

struct scene {
	const char *name;
	void (*run)(void);
	enum session_keys_fault fault;
};

static const struct scene scenes[] = {
	{ "whole", scene_whole, KEYS_GOOD },
	{ "answers later", scene_answers_later, KEYS_GOOD },
	{ "crowd", scene_crowd, KEYS_GOOD },
	{ "server ends", scene_server_ends, KEYS_GOOD },
	{ "server shuts", scene_server_shuts, KEYS_GOOD },
	{ "server vanishes", scene_server_vanishes, KEYS_GOOD },
	{ "reconnect", scene_reconnect, KEYS_GOOD },
	{ "client's context goes", scene_client_context_goes, KEYS_GOOD },
	{ "wrong key", scene_handshake, KEYS_WRONG_KEY },
	{ "unknown identity", scene_handshake, KEYS_UNKNOWN_IDENTITY },
	{ "no key", scene_handshake, KEYS_NO_KEY },
	{ "unknown name", scene_handshake, KEYS_UNKNOWN_NAME },
	{ "not trusted", scene_handshake, KEYS_NOT_TRUSTED },
	{ "refused", scene_refused, KEYS_GOOD },
	{ "silent", scene_silent, KEYS_GOOD },
	{ "garbage", scene_garbage, KEYS_GOOD },
	{ "visitors", scene_visitors, KEYS_GOOD },
};
#define N_SCENES (sizeof scenes / sizeof scenes[0])

/* --- all of it ------------------------------------------------------------ */

static void
play_once(void **state, const struct scene *scene, bool pki, const char *point,
    const struct action *action)
{
	char what[128];

	snprintf(what, sizeof what, "%s, %s, at %s: %s", scene->name,
	    coapx_proto_name(proto), point ? point : "no place",
	    action ? action->name : "nothing");
	world_down(state);
	world_up(state);
	session_keys_up(pki, scene->fault);
	ledger_begin();
	play.point = point;
	play.action = action;
	play.done = 0;
	play.stop = false;
	visitor = NULL;
	memset(handles, 0, sizeof handles);
	w.hook = hook;
	scene->run();
	coap_free_context(w.client);
	w.client = NULL;
	coap_free_context(w.server);
	w.server = NULL;
	w.hook = NULL;
	if (point && play.done != 1)
		print_error("%s: did not come there\n", what);
	assert_int_equal(play.done, point != NULL);
	ledger_check(what);
}

/* What was written down up to a line, as one number. */
static uint64_t
digest(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 1099511628211u;
	return h;
}

/* What was played with this protocol: all that had happened until then. */
static struct {
	uint64_t before[1024];
	size_t n;
} played;

static bool
was_played(uint64_t before)
{
	size_t i;

	for (i = 0; i < played.n; i++)
		if (played.before[i] == before)
			return true;
	assert_true(played.n < 1024);
	played.before[played.n++] = before;
	return false;
}

struct point {
	char line[48];
	bool again; /* an earlier scene came to the same place the same way */
};

/* The lines of the first play, each once. */
static size_t
points_of(const char *text, struct point *points, size_t max)
{
	const char *line = text;
	size_t n = 0;
	size_t i;

	for (; *line; line = strchr(line, '\n') + 1) {
		assert_true(n < max);
		assert_int_equal(sscanf(line, "%47[^\n]", points[n].line), 1);
		points[n].again =
		    was_played(digest(text, (size_t)(line - text)));
		for (i = 0; strcmp(points[i].line, points[n].line) != 0; i++)
			;
		n += i == n;
	}
	return n;
}

static unsigned
play_scene(void **state, const struct scene *scene, bool pki)
{
	struct point points[64];
	unsigned plays = 0;
	size_t n, i, a;

	play_once(state, scene, pki, NULL, NULL);
	n = points_of(w.log, points, 64);
	for (i = 0; i < n; i++)
		for (a = 0; a < N_ACTIONS; a++) {
			/* How it would have gone on makes no difference. */
			if (points[i].again && !actions[a].goes_on)
				continue;
			play_once(state, scene, pki, points[i].line,
			    &actions[a]);
			plays++;
		}
	return plays;
}

void
play_all(void **state, coap_proto_t p, bool pki, unsigned least)
{
	unsigned plays = 0;
	size_t i;

	proto = p;
	played.n = 0;
	world_all_protocols();
	if (!w.endpoint[p])
		skip_because("not in this build: %s", coapx_proto_name(p));
	for (i = 0; i < N_SCENES; i++) {
		/* Only what differs with these credentials. */
		if (scenes[i].fault != KEYS_GOOD && !session_keys_secure(p))
			continue;
		if (pki && scenes[i].run != scene_whole &&
		    scenes[i].run != scene_handshake)
			continue;
		plays += play_scene(state, &scenes[i], pki);
	}
	print_message("%s: %u plays\n", coapx_proto_name(p), plays);
	assert_true(plays >= least);
}
