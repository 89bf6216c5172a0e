/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes from a terminal as keys. libedit gets one code point for each key:
 * cursor keys and the like are codes of the C1 block, which nobody types, so
 * that ESC alone needs no binding (it would break vi mode). Sequences that are
 * not known are dropped, not typed.
 */
#ifndef SHELL_KEYS_H
#define SHELL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include <histedit.h>

#include "cli/output/text.h"

/* Those that no binding of the emacs map uses: not 0x88, 0x8c and 0x9f. */
enum key {
	KEY_RIGHT = 0x80,
	KEY_BACKTAB = 0x81,
	KEY_LEFT = 0x82,
	KEY_UP = 0x83,
	KEY_DOWN = 0x84,
	KEY_HOME = 0x85,
	KEY_END = 0x86,
	KEY_DELETE = 0x87,
	KEY_WORD_LEFT = 0x89,
	KEY_WORD_RIGHT = 0x8a,
	KEY_PASTE = 0x8b,   /* what is in keys->paste */
	KEY_LITERAL = 0x8d, /* the character keys->literal */
	KEY_DELETE_WORD = 0x8e,
	KEY_INTERRUPT = 0x8f,
};

/* How long a byte may follow ESC and still belong to it. */
#define KEYS_ESCAPE_MS 30
/* More than this is not taken from a paste. */
#define KEYS_PASTE_MAX ((size_t)1 << 20)

struct keys {
	enum {
		KEYS_GROUND,
		KEYS_ESCAPE, /* ESC came */
		KEYS_CSI,    /* ESC [ */
		KEYS_SS3,    /* ESC O */
		KEYS_PASTING,
	} state;
	char sequence[16]; /* parameters of the sequence */
	size_t len;
	mbstate_t multibyte;
	wchar_t ready[4]; /* keys that are complete, the oldest first */
	size_t n_ready;
	wchar_t literal;
	struct text paste; /* of the last KEY_PASTE */
	char mark[8];      /* what may be the beginning of the end of it */
	size_t mark_len;
};

/* One byte more. */
void keys_feed(struct keys *keys, unsigned char byte);
/* Whether a timeout of KEYS_ESCAPE_MS decides what came so far. */
bool keys_waiting(const struct keys *keys);
void keys_timeout(struct keys *keys);
/* The next key; false when there is none yet. */
bool keys_next(struct keys *keys, wchar_t *key);
void keys_free(struct keys *keys);

/* Gives the keys that need no function of ours theirs, in both maps. */
void keys_bind(EditLine *el);
/* Binds one to a function of libedit or one added by EL_ADDFN. */
void keys_bind_one(EditLine *el, enum key key, const wchar_t *function);

#endif
