/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations that outlive the server: it ends, and another one begins with
 * its files at its port (coap_persist_...()). */
#include "notify_peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <coap3/coap_subscribe.h>

#define CON COAP_MESSAGE_CON
#define ACK COAP_MESSAGE_ACK
#define GET COAP_REQUEST_CODE_GET

static struct opeer p;
static char folder[64];
static char name[3][96]; /* resources, observers, numbers */
static coap_address_t address;
static coap_resource_t *o;
static int value;
static unsigned makes; /* resources for clients */

/* --- the server ------------------------------------------------------------ */

static void
answer(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char text[16];
	int n = snprintf(text, sizeof text, "v%d", value);

	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, (size_t)n, (const uint8_t *)text);
}

static coap_resource_t *
add(const uint8_t *path, size_t len)
{
	coap_str_const_t text = { .length = len, .s = path };
	coap_resource_t *r = coap_resource_init(&text, 0);

	assert_non_null(r);
	coap_register_request_handler(r, COAP_REQUEST_GET, answer);
	coap_resource_set_get_observable(r, 1);
	coap_add_resource(w.server, r);
	return r;
}

/* A resource for whoever asks. */
static void
make(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_string_t *path = coap_get_uri_path(request);

	(void)resource;
	(void)query;
	assert_non_null(session);
	assert_non_null(path);
	makes++;
	add(path->s, path->length);
	coap_delete_string(path);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
}

static void
server_begins(void)
{
	coap_resource_t *unknown = coap_resource_unknown_init(make);

	coap_add_resource(w.server, unknown);
	o = add((const uint8_t *)"o", 1);
}

static bool
keep(void)
{
	return coap_persist_startup(w.server, name[0], name[1], name[2], 10);
}

/* A server without its sessions, at the same port. */
static void
server_again(void)
{
	uint64_t (*clock)(void *) = w.server->clock;

	coap_free_context(w.server);
	w.server = coap_new_context(NULL);
	assert_non_null(w.server);
	w.server->clock = clock;
	memset(w.endpoint, 0, sizeof w.endpoint);
	w.udp = coap_new_endpoint(w.server, &address, COAP_PROTO_UDP);
	assert_non_null(w.udp);
	w.endpoint[COAP_PROTO_UDP] = w.udp;
	server_begins();
}

static int
up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	world_up(state);
	snprintf(folder, sizeof folder, "%.40s/persistXXXXXX",
	    tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 3; i++)
		snprintf(name[i], sizeof name[i], "%s/file%d", folder, i);
	address = *world_address(COAP_PROTO_UDP);
	value = 0;
	makes = 0;
	server_begins();
	return 0;
}

static int
down(void **state)
{
	coap_persist_stop(w.server);
	for (int i = 0; i < 3; i++)
		unlink(name[i]);
	/* Nothing else was left there. */
	assert_int_equal(rmdir(folder), 0);
	return world_down(state);
}

static void
change(void)
{
	value++;
	coap_resource_notify_observers(o, NULL);
}

/* Observes /o; a round trip is known. */
static void
observing(void)
{
	opeer_open(&p, COAP_PROTO_UDP);
	opeer_observe(&p, 'a');
	opeer_expect(&p, "ACK 2.05 a+ v0");
	change();
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, ACK);
	world_advance(1);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* --- files ----------------------------------------------------------------- */

static void
a_restart_goes_on(void **state)
{
	uint32_t number;

	(void)state;
	assert_true(keep());
	observing();
	number = opeer_number(&p);
	server_again();
	assert_true(keep());
	assert_int_equal(w.server->observing.n, 1);
	/* It is told the state of now, by a higher number. */
	opeer_expect(&p, "CON 2.05 a+ v1");
	assert_true(opeer_number(&p) > number);
	number = opeer_number(&p);
	opeer_reply(&p, ACK);
	world_advance(1);
	change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	assert_true(opeer_number(&p) > number);
	/* A second time. */
	server_again();
	assert_true(keep());
	opeer_expect(&p, "CON 2.05 a+ v2");
	opeer_reply(&p, ACK);
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v2");
	assert_int_equal(w.server->observing.n, 0);
	server_again();
	assert_true(keep());
	assert_int_equal(w.server->observing.n, 0);
	opeer_close(&p);
}

/* Written a second after the change, once for many, and not at all when there
 * was none: a process that is killed has lost no more. */
static void
written_in_time(void **state)
{
	struct stat before, after;
	off_t empty;

	(void)state;
	assert_true(keep());
	empty = size_of(name[1]);
	assert_true(empty > 0);
	observing();
	assert_int_equal(size_of(name[1]), empty);
	world_advance(1100);
	assert_true(size_of(name[1]) > empty);
	assert_int_equal(stat(name[1], &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	change();
	opeer_expect(&p, "NON 2.05 a+ v2");
	world_advance(9000);
	assert_int_equal(stat(name[1], &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_expect(&p, "ACK 2.05 a- v2");
	world_advance(1100);
	assert_int_equal(size_of(name[1]), empty);
	opeer_close(&p);
}

static void
put_made(void)
{
	coap_pdu_t *pdu = pdu_new(CON, COAP_REQUEST_CODE_PUT, p.mid++, 100);

	coap_add_token(pdu, 1, (const uint8_t *)"p");
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"made");
	opeer_send_pdu(&p, pdu);
}

static void
what_clients_made_is_there(void **state)
{
	(void)state;
	assert_true(keep());
	opeer_open(&p, COAP_PROTO_UDP);
	put_made();
	opeer_expect(&p, "ACK 2.01 p- ");
	assert_int_equal(makes, 1);
	server_again();
	w.deleted = 0;
	assert_null(coap_get_resource_from_uri_path(w.server,
	    coap_make_str_const("made")));
	assert_true(keep());
	assert_non_null(coap_get_resource_from_uri_path(w.server,
	    coap_make_str_const("made")));
	/* Once more, and then it is deleted. */
	server_again();
	assert_true(keep());
	assert_int_equal(coap_delete_resource(w.server,
			     coap_get_resource_from_uri_path(w.server,
				 coap_make_str_const("made"))),
	    1);
	world_advance(1100);
	server_again();
	assert_true(keep());
	assert_null(coap_get_resource_from_uri_path(w.server,
	    coap_make_str_const("made")));
	/* Where the application has made it, nobody does so again. */
	put_made();
	opeer_expect(&p, "ACK 2.01 p- ");
	server_again();
	add((const uint8_t *)"made", 4);
	makes = 0;
	assert_true(keep());
	assert_int_equal(makes, 0);
	opeer_close(&p);
}

static void
put_byte(const char *path, off_t at, int flip)
{
	uint8_t byte;
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= (uint8_t)flip;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* Nothing is taken of a damaged file, whose place is taken by a good one; a
 * file that is another's stays as it is. */
static void
damaged_files(void **state)
{
	off_t size;

	(void)state;
	assert_true(keep());
	observing();
	world_advance(1100);
	size = size_of(name[1]);
	for (off_t at = 8; at < size; at += 13) {
		put_byte(name[1], at, 0x10);
		/* Not what the one that ends would write. */
		coap_persist_startup(w.server, NULL, NULL, NULL, 1);
		server_again();
		assert_true(keep());
		assert_int_equal(w.server->observing.n, 0);
		opeer_observe(&p, 'a');
		opeer_next(&p);
		world_advance(1100);
		assert_int_equal(size_of(name[1]), size);
	}
	put_byte(name[1], 3, 0x10);
	coap_persist_startup(w.server, NULL, NULL, NULL, 1);
	server_again();
	assert_false(keep());
	world_advance(5000);
	assert_int_equal(size_of(name[1]), size);
	/* No folder, and a folder. */
	assert_int_equal(coap_persist_startup(w.server, NULL, folder, NULL, 1),
	    0);
	assert_int_equal(coap_persist_startup(w.server, NULL, "/nonexistent/x",
			     NULL, 1),
	    0);
	assert_int_equal(coap_persist_startup(NULL, NULL, NULL, NULL, 1), 0);
	opeer_close(&p);
}

/* --- the application's ------------------------------------------------------ */

static struct {
	unsigned added, deleted, made, removed, values;
	uint32_t value;
	coap_subscription_t *key;
	coap_address_t listen;
	coap_addr_tuple_t tuple;
	uint8_t raw[200];
	coap_bin_const_t bin;
} seen;

static int
added(coap_session_t *session, coap_subscription_t *key, coap_proto_t proto,
    coap_address_t *listen, coap_addr_tuple_t *tuple, coap_bin_const_t *raw,
    coap_bin_const_t *oscore, void *user)
{
	assert_non_null(session);
	assert_ptr_equal(user, &seen);
	assert_null(oscore);
	assert_int_equal(proto, COAP_PROTO_UDP);
	assert_true(raw->length <= sizeof seen.raw);
	memcpy(seen.raw, raw->s, raw->length);
	seen.bin = (coap_bin_const_t){ raw->length, seen.raw };
	seen.listen = *listen;
	seen.tuple = *tuple;
	seen.key = key;
	seen.added++;
	return 1;
}

static int
deleted(coap_session_t *session, coap_subscription_t *key, void *user)
{
	assert_non_null(session);
	assert_ptr_equal(user, &seen);
	assert_ptr_equal(key, seen.key);
	seen.deleted++;
	return 1;
}

static int
counted(coap_context_t *context, coap_str_const_t *path, uint32_t number,
    void *user)
{
	assert_ptr_equal(context, w.server);
	assert_ptr_equal(user, &seen);
	assert_string_equal((const char *)path->s, "o");
	seen.value = number;
	seen.values++;
	return 1;
}

static int
made(coap_session_t *session, coap_str_const_t *path, coap_bin_const_t *raw,
    void *user)
{
	assert_non_null(session);
	assert_ptr_equal(user, &seen);
	assert_string_equal((const char *)path->s, "made");
	assert_int_equal(raw->s[1], COAP_REQUEST_CODE_PUT);
	seen.made++;
	return 1;
}

static int
removed(coap_context_t *context, coap_str_const_t *path, void *user)
{
	assert_ptr_equal(context, w.server);
	assert_ptr_equal(user, &seen);
	assert_string_equal((const char *)path->s, "made");
	seen.removed++;
	return 1;
}

static void
track(void)
{
	memset(&seen, 0, sizeof seen);
	coap_persist_track_funcs(w.server, added, deleted, counted, made,
	    removed, 3, &seen);
}

static void
tracked(void **state)
{
	(void)state;
	track();
	observing();
	assert_int_equal(seen.added, 1);
	assert_int_equal(seen.bin.s[1], GET);
	for (int i = 0; i < 8; i++) {
		world_advance(4000);
		change();
		opeer_next(&p);
		if (p.last->type == CON)
			opeer_reply(&p, ACK);
	}
	/* 3, 6 and 9 of 1 to 9. */
	assert_int_equal(seen.values, 3);
	assert_int_equal(seen.value, 9);
	opeer_send(&p, CON, GET, 'a', 1, NULL, NULL);
	opeer_next(&p);
	assert_int_equal(seen.deleted, 1);
	put_made();
	opeer_next(&p);
	assert_int_equal(seen.made, 1);
	coap_delete_resource(w.server,
	    coap_get_resource_from_uri_path(w.server,
		coap_make_str_const("made")));
	assert_int_equal(seen.removed, 1);
	/* Nothing is told of the end of all. */
	opeer_observe(&p, 'a');
	opeer_next(&p);
	server_again();
	assert_int_equal(seen.added, 2);
	assert_int_equal(seen.deleted, 1);
	opeer_close(&p);
}

static void
brought_back(void **state)
{
	static const coap_bin_const_t junk = { 3, (const uint8_t *)"abc" };
	coap_subscription_t *key;
	coap_address_t other;

	(void)state;
	track();
	observing();
	server_again();
	other = seen.listen;
	coap_address_set_port(&other, 1);
	assert_null(coap_persist_observe_add(NULL, COAP_PROTO_UDP, &seen.listen,
	    &seen.tuple, &seen.bin, NULL));
	assert_null(coap_persist_observe_add(w.server, COAP_PROTO_TCP,
	    &seen.listen, &seen.tuple, &seen.bin, NULL));
	assert_null(coap_persist_observe_add(w.server, COAP_PROTO_UDP, &other,
	    &seen.tuple, &seen.bin, NULL));
	assert_null(coap_persist_observe_add(w.server, COAP_PROTO_UDP,
	    &seen.listen, &seen.tuple, &junk, NULL));
	assert_null(coap_persist_observe_add(w.server, COAP_PROTO_UDP,
	    &seen.listen, &seen.tuple, &seen.bin, &junk));
	coap_resource_set_get_observable(o, 0);
	assert_null(coap_persist_observe_add(w.server, COAP_PROTO_UDP,
	    &seen.listen, &seen.tuple, &seen.bin, NULL));
	coap_resource_set_get_observable(o, 1);
	assert_int_equal(w.server->observing.n, 0);
	key = coap_persist_observe_add(w.server, COAP_PROTO_UDP, &seen.listen,
	    &seen.tuple, &seen.bin, NULL);
	assert_non_null(key);
	opeer_expect(&p, "CON 2.05 a+ v1");
	opeer_reply(&p, ACK);
	opeer_close(&p);
}

/* The n-th allocation fails, for each n: all goes on, with or without. */
static void
without_memory(void **state)
{
	unsigned kept = 0, refused = 0;
	bool ok;

	(void)state;
	assert_true(keep());
	observing();
	for (unsigned n = 1; n < 60; n++) {
		server_again();
		mem_fail_at(n, 0);
		ok = keep();
		mem_fail_at(0, 0);
		refused += !ok;
		kept += w.server->observing.n;
		assert_true(keep());
		while (opeer_take(&p))
			;
		if (w.server->observing.n > 0)
			continue;
		opeer_observe(&p, 'a');
		world_settle();
		while (opeer_take(&p))
			;
		assert_int_equal(w.server->observing.n, 1);
	}
	assert_true(kept > 0);
	assert_true(refused > 0);
	opeer_close(&p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restart_goes_on),
		TEST(written_in_time),
		TEST(what_clients_made_is_there),
		TEST(damaged_files),
		TEST(tracked),
		TEST(brought_back),
		TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
