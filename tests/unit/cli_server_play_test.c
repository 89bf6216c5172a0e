/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many clients of an owner do what comes to their minds, allowed or not. Who
 * keeps to coap-shell-control(7) gets an end of each command, and no more
 * output than it gave credit for; who does not is closed. TEST_SEED repeats a
 * play.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/control/server.h"
#include "control_owner.h"

#define STEPS   6000
#define PLAYERS 10
#define IDS     6

enum id_state {
	ID_FREE,
	ID_RUNS,
	ID_DISOWNED, /* an ERROR was said about it */
};

struct id {
	enum id_state state;
	uint32_t may_input; /* READ that was not answered */
	bool may_keys;
	size_t due; /* output without credit */
};

struct player {
	struct control_peer *peer;
	bool greeted; /* it said HELLO */
	bool bad;     /* it did what is not allowed */
	bool deaf;
	struct id ids[IDS + 1];
};

struct play {
	struct control_owner owner;
	char secure[96]; /* "open coaps://..." */
	uint64_t seed;
	struct player players[PLAYERS];
	/* What happened, so that it is not nothing. */
	unsigned exits;
	unsigned bytes;
	unsigned reads;
	unsigned keys;
	unsigned closed;
};

static unsigned
dice(struct play *play, unsigned n)
{
	play->seed = play->seed * 6364136223846793005ULL + 1442695040888963407;
	return (unsigned)(play->seed >> 33) % n;
}

/* --- what is said -------------------------------------------------------- */

static const char *const lines[] = {
	"pwd -S lamp",
	"get lamp:/hello",
	"get lamp:/hello -v",
	"get lamp:/hello -n 5 --interval 1ms",
	"get lamp:/separate?ms=5",
	"get lamp:/separate?ms=60000",
	"get lamp:/separate?ms=60000 -T 20ms",
	"post lamp:/echo -d @-",
	"put lamp:/store/x -d @file",
	"session data get lamp k",
	"session data set lamp k short",
	"info lamp",
	"session list --json",
	"listeners",
	"session reference lamp",
	"session release lamp",
	"session rename lamp lamp2",
	"session rename lamp2 lamp",
	"use lamp",
	"cd lamp:/store",
	"ping -S lamp -n 2 --interval 1ms",
	"close lamp",
	"close --all",
	"session wait lamp --state established",
	"session wait door --state established -T 30ms",
	"discover -S lamp",
	"gte",
	"get --nonsense",
	"help",
	"agent stop",
	"OPEN", /* the device, by UDP, as lamp */
	"LARGE",
	"SECURE",
};

#define LINES (sizeof lines / sizeof lines[0])

static void
start(struct play *play, struct player *player, uint32_t id)
{
	static char lamp[] = "lamp";
	struct start more = { .options.color = -1 };
	const char *line = lines[dice(play, LINES)];
	char text[192];

	if (dice(play, 2) == 0)
		more.session = lamp;
	if (dice(play, 4) == 0)
		more.options.form = (enum form)dice(play, FORM_DIAG + 1);
	snprintf(text, sizeof text, "%s", line);
	if (strcmp(line, "OPEN") == 0)
		snprintf(text, sizeof text, "open %s --name lamp",
		    play->owner.udp);
	else if (strcmp(line, "LARGE") == 0)
		snprintf(text, sizeof text, "get %s/large?size=400000 -n 3",
		    play->owner.tcp);
	else if (strcmp(line, "SECURE") == 0)
		snprintf(text, sizeof text,
		    "%s --psk-identity me --psk-file k -T 2s", play->secure);
	control_peer_start(player->peer, id, text, &more);
	player->bad = player->bad || player->ids[id].state != ID_FREE;
	player->ids[id] = (struct id){ .state = ID_RUNS };
}

static void
say_input(struct play *play, struct player *player, uint32_t id)
{
	static const uint8_t data[MESSAGE_DATA];
	uint32_t most = player->ids[id].may_input;

	if (most == 0)
		return;
	player->ids[id].may_input = 0;
	if (dice(play, 2) == 0)
		control_peer_number(player->peer, MESSAGE_INPUT_END, id,
		    dice(play, 2) * 3);
	else
		control_peer_input(player->peer, id, data,
		    1 + dice(play, dice(play, 8) == 0 ? most : 100));
}

static void
say_keys(struct play *play, struct player *player, uint32_t id)
{
	static const char keys[] = "\1\0\0\0\2me\3\0\0\0\6secret";
	struct message m = { .type = MESSAGE_KEYS, .request = id };

	if (!player->ids[id].may_keys)
		return;
	player->ids[id].may_keys = false;
	m.keys = (struct slice){ (const uint8_t *)keys, sizeof keys - 1 };
	if (dice(play, 3) == 0)
		control_peer_number(player->peer, MESSAGE_KEYS_FAILED, id, 3);
	else
		control_peer_send(player->peer, &m);
}

static void
say_credit(struct play *play, struct player *player, uint32_t id)
{
	size_t n = player->ids[id].due;

	if (n == 0)
		return;
	if (dice(play, 3) == 0)
		n = 1 + dice(play, (unsigned)n);
	player->ids[id].due -= n;
	control_peer_number(player->peer, MESSAGE_CREDIT, id, (uint32_t)n);
}

/* What ends the connection. */
static void
say_nonsense(struct play *play, struct player *player)
{
	static const struct {
		const char *wire;
		size_t len;
	} all[] = {
#define WIRE(s) s, sizeof(s) - 1
		{ WIRE("\0\0\0\0\0") },
		{ WIRE("\0\0\0\x0d\2\0\0\0\0\0\0\0\1\0\0\0\0") },
		{ WIRE("\0\0\0\x0d\1\0\0\0\0\0\0\0\1\0\0\0\0") },
		{ WIRE("\0\0\0\x05\x82\0\0\0\1") },
		{ WIRE("\0\0\0\x09\x12\0\0\0\1\0\4\0\1") },
		{ WIRE("\0\0\0\x09\x11\0\0\0\1\0\0\0\0") },
	};
	size_t i = dice(play, sizeof all / sizeof all[0]);

	control_peer_raw(player->peer, all[i].wire, all[i].len);
	player->bad = true;
}

/* --- what comes ---------------------------------------------------------- */

static void
take_message(struct play *play, struct player *player)
{
	const struct message *m = &player->peer->m;
	struct id *id;

	if (m->type == MESSAGE_HELLO)
		return;
	if (m->type == MESSAGE_ERROR) {
		assert_true(player->bad || m->error.code == ERROR_UNKNOWN);
		return;
	}
	assert_in_range(m->request, 1, IDS);
	id = &player->ids[m->request];
	if (id->state == ID_DISOWNED || player->bad)
		return;
	assert_int_equal(id->state, ID_RUNS);
	switch (m->type) {
	case MESSAGE_OUTPUT:
		id->due += m->output.data.len;
		assert_true(id->due <= MESSAGE_WINDOW);
		play->bytes += (unsigned)m->output.data.len;
		break;
	case MESSAGE_READ:
		assert_int_equal(id->may_input, 0);
		id->may_input = m->read.max;
		play->reads++;
		break;
	case MESSAGE_WANT_KEYS:
		assert_false(id->may_keys);
		id->may_keys = true;
		play->keys++;
		break;
	default:
		assert_int_equal(m->type, MESSAGE_EXIT);
		*id = (struct id){ .state = ID_FREE };
		play->exits++;
		break;
	}
}

/* All that has come. */
static void
hear(struct play *play, struct player *player)
{
	while (control_peer_has(player->peer)) {
		assert_true(control_peer_next(player->peer));
		take_message(play, player);
	}
	if (!player->peer->ended)
		return;
	/* Only who deserves it is left. */
	assert_true(player->bad || player->peer->stuck);
	control_peer_close(player->peer);
	play->closed++;
}

/* --- steps --------------------------------------------------------------- */

static void
begin(struct play *play, struct player *player)
{
	size_t i = (size_t)(player - play->players);

	*player = (struct player){ .peer = &play->owner.clients[i] };
	control_owner_connect(&play->owner, i);
}

static void
disown(struct player *player, uint32_t id)
{
	struct message m = { .type = MESSAGE_ERROR, .request = id };

	m.error.code = ERROR_MEMORY;
	control_peer_send(player->peer, &m);
	if (player->ids[id].state == ID_RUNS)
		player->ids[id].state = ID_DISOWNED;
}

static void
act(struct play *play, struct player *player)
{
	uint32_t id = 1 + dice(play, IDS);
	unsigned what = dice(play, 100);

	if (!player->greeted) {
		if (what < 80)
			control_peer_hello(player->peer);
		else
			player->bad = true;
		player->greeted = true;
		return;
	}
	/* Sometimes with a number that is in use. */
	if ((what < 25 && player->ids[id].state == ID_FREE) || what == 73) {
		start(play, player, id);
	} else if (what < 50) {
		say_input(play, player, id);
		say_keys(play, player, id);
		say_credit(play, player, id);
	} else if (what < 60) {
		control_peer_number(player->peer, MESSAGE_CANCEL, id,
		    dice(play, 2) ? 130 : 143);
	} else if (what < 64) {
		control_peer_number(player->peer, MESSAGE_BROKEN, id,
		    1 + dice(play, 3));
	} else if (what < 68) {
		player->deaf = !player->deaf;
		control_peer_deafen(player->peer, player->deaf);
	} else if (what < 70) {
		control_peer_raw(player->peer, "\0\0\0\x06\x44\0\0\0\1?", 10);
	} else if (what < 71) {
		disown(player, id);
	} else if (what < 73) {
		say_nonsense(play, player);
	} else if (what < 76) {
		control_peer_close(player->peer);
		return;
	}
	if (!player->deaf)
		hear(play, player);
}

static void
step(struct play *play)
{
	struct player *player = &play->players[dice(play, PLAYERS)];

	if (!player->peer || player->peer->fd < 0)
		begin(play, player);
	else if (player->bad || player->peer->stuck)
		hear(play, player);
	else
		act(play, player);
	/* The bad are heard out, or hang up. */
	if (player->peer->fd >= 0 && (player->bad || player->peer->stuck)) {
		control_peer_deafen(player->peer, false);
		if (dice(play, 4) == 0)
			control_peer_close(player->peer);
	}
	if (dice(play, 3) == 0)
		coap_io_process(play->owner.app.context, COAP_IO_NO_WAIT);
}

/* Whoever is left gives up, and is answered. */
static void
give_up(struct play *play, struct player *player)
{
	uint32_t id;

	if (!player->peer || player->peer->fd < 0)
		return;
	control_peer_deafen(player->peer, false);
	control_peer_settle(play->owner.app.context);
	hear(play, player);
	for (id = 1; id <= IDS && player->peer->fd >= 0; id++) {
		if (player->ids[id].state != ID_RUNS || player->bad ||
		    player->peer->stuck)
			continue;
		control_peer_number(player->peer, MESSAGE_BROKEN, id,
		    STREAM_OUT);
		control_peer_number(player->peer, MESSAGE_BROKEN, id,
		    STREAM_ERR);
		control_peer_number(player->peer, MESSAGE_CANCEL, id, 130);
		while (player->ids[id].state == ID_RUNS) {
			assert_true(control_peer_next(player->peer));
			take_message(play, player);
		}
	}
	control_peer_close(player->peer);
}

static void
test_play(void **state)
{
	struct play *play = calloc(1, sizeof *play);
	struct control_owner *o = &play->owner;
	const char *seed = getenv("TEST_SEED");
	size_t i;

	(void)state;
	play->seed = seed ? strtoull(seed, NULL, 0)
			  : (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	printf("# TEST_SEED=0x%llx\n", (unsigned long long)play->seed);
	fflush(stdout);
	control_owner_open(o);
	o->app.own.told_psk = true;
	o->app.own.defaults.form = FORM_NONE;
	o->app.own.sink.err = o->app.own.sink.out;
	control_owner_run(o,
	    "serve coaps://127.0.0.1:0 --psk-identity me --psk secret");
	snprintf(play->secure, sizeof play->secure, "open %s",
	    o->app.listeners->prev->uri);
	for (i = 0; i < STEPS; i++)
		step(play);
	for (i = 0; i < PLAYERS; i++)
		give_up(play, &play->players[i]);
	control_owner_is_idle(o);
	printf("# %u exits, %u bytes, %u reads, %u keys, %u closed\n",
	    play->exits, play->bytes, play->reads, play->keys, play->closed);
	assert_true(play->exits > STEPS / 50);
	assert_true(play->bytes > 0 && play->closed > 0);
	control_owner_close(o);
	free(play);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_play),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
