/* SPDX-License-Identifier: BSD-2-Clause */
/* CSI and SS3 sequences, bracketed paste, UTF-8. */
#include "shell/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/edit_library.h"

#define ESC 0x1b

static const char paste_end[] = "\033[201~";

static const struct {
	const char *sequence; /* behind CSI or SS3 */
	enum key key;
} sequences[] = {
	{ "A", KEY_UP },
	{ "B", KEY_DOWN },
	{ "C", KEY_RIGHT },
	{ "D", KEY_LEFT },
	{ "F", KEY_END },
	{ "H", KEY_HOME },
	{ "Z", KEY_BACKTAB },
	{ "1~", KEY_HOME },
	{ "3~", KEY_DELETE },
	{ "4~", KEY_END },
	{ "7~", KEY_HOME },
	{ "8~", KEY_END },
	{ "1;3C", KEY_WORD_RIGHT },
	{ "1;3D", KEY_WORD_LEFT },
	{ "1;5C", KEY_WORD_RIGHT },
	{ "1;5D", KEY_WORD_LEFT },
	{ "3;5~", KEY_DELETE_WORD },
};

/* --- the decoder --------------------------------------------------------- */

static void
give(struct keys *keys, wchar_t key)
{
	if (keys->n_ready < sizeof(keys->ready) / sizeof(keys->ready[0]))
		keys->ready[keys->n_ready++] = key;
}

/* Part of a character, or a whole one. */
static void
feed_text(struct keys *keys, unsigned char byte)
{
	char c = (char)byte;
	wchar_t wide;
	size_t n = mbrtowc(&wide, &c, 1, &keys->multibyte);

	if (n == (size_t)-2)
		return;
	if (n == (size_t)-1) {
		memset(&keys->multibyte, 0, sizeof(keys->multibyte));
		return;
	}
	if (wide >= 0x80 && wide < 0xa0)
		return; /* would be taken for one of ours */
	if (wide >= 0xa0 && wide < 0x100) {
		/* To libedit these codes are keys with Meta. */
		keys->literal = wide;
		wide = KEY_LITERAL;
	}
	give(keys, wide);
}

static void
end_sequence(struct keys *keys)
{
	size_t i;

	keys->state = KEYS_GROUND;
	keys->sequence[keys->len] = '\0';
	if (strcmp(keys->sequence, "200~") == 0) {
		text_free(&keys->paste);
		keys->mark_len = 0;
		keys->state = KEYS_PASTING;
		return;
	}
	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (strcmp(keys->sequence, sequences[i].sequence) == 0)
			give(keys, sequences[i].key);
}

/* A byte of a control sequence; a final byte is 0x40 to 0x7e. */
static void
feed_sequence(struct keys *keys, unsigned char byte)
{
	if (byte < 0x20 || byte > 0x7e) {
		keys->state = KEYS_GROUND;
		return;
	}
	/* One that is too long is read to its end and is none that we know. */
	if (keys->len < sizeof(keys->sequence) - 1)
		keys->sequence[keys->len++] = (char)byte;
	if (byte >= 0x40)
		end_sequence(keys);
}

static void
feed_escape(struct keys *keys, unsigned char byte)
{
	keys->state = KEYS_GROUND;
	keys->len = 0;
	if (byte == '[') {
		keys->state = KEYS_CSI;
	} else if (byte == 'O') {
		keys->state = KEYS_SS3;
	} else if (byte == ESC) {
		give(keys, ESC);
		keys->state = KEYS_ESCAPE;
	} else {
		give(keys, ESC);
		feed_text(keys, byte);
	}
}

/* Text is kept as it is, but for what could do harm on the screen. */
static void
paste_byte(struct keys *keys, char c)
{
	if (keys->paste.len >= KEYS_PASTE_MAX)
		return;
	if (c == '\r')
		c = '\n';
	if ((unsigned char)c >= 0x20 ? c != 0x7f : c == '\n' || c == '\t')
		text_add_bytes(&keys->paste, &c, 1);
}

static void
end_paste(struct keys *keys)
{
	struct text *paste = &keys->paste;

	/* Enter runs it: a line end behind it would be one more. */
	while (paste->len > 0 && paste->s[paste->len - 1] == '\n')
		paste->len--;
	keys->state = KEYS_GROUND;
	give(keys, KEY_PASTE);
}

static void
feed_paste(struct keys *keys, unsigned char byte)
{
	size_t i;

	keys->mark[keys->mark_len++] = (char)byte;
	if (memcmp(keys->mark, paste_end, keys->mark_len) == 0) {
		if (keys->mark_len == sizeof(paste_end) - 1)
			end_paste(keys);
		return;
	}
	/* Not the end: all of it is text, up to another ESC. */
	for (i = 0; i + 1 < keys->mark_len; i++)
		paste_byte(keys, keys->mark[i]);
	keys->mark_len = 0;
	if (byte == ESC)
		keys->mark[keys->mark_len++] = ESC;
	else
		paste_byte(keys, (char)byte);
}

void
keys_feed(struct keys *keys, unsigned char byte)
{
	switch (keys->state) {
	case KEYS_PASTING:
		feed_paste(keys, byte);
		break;
	case KEYS_CSI:
	case KEYS_SS3:
		feed_sequence(keys, byte);
		break;
	case KEYS_ESCAPE:
		feed_escape(keys, byte);
		break;
	case KEYS_GROUND:
		if (byte == ESC)
			keys->state = KEYS_ESCAPE;
		else
			feed_text(keys, byte);
		break;
	}
}

bool
keys_waiting(const struct keys *keys)
{
	return keys->state != KEYS_GROUND && keys->state != KEYS_PASTING;
}

void
keys_timeout(struct keys *keys)
{
	/* ESC [ that nothing follows was Meta and a bracket, which is
	 * nothing. */
	if (keys->state == KEYS_ESCAPE)
		give(keys, ESC);
	if (keys_waiting(keys))
		keys->state = KEYS_GROUND;
}

bool
keys_next(struct keys *keys, wchar_t *key)
{
	size_t i;

	if (keys->n_ready == 0)
		return false;
	*key = keys->ready[0];
	keys->n_ready--;
	for (i = 0; i < keys->n_ready; i++)
		keys->ready[i] = keys->ready[i + 1];
	return true;
}

void
keys_free(struct keys *keys)
{
	text_free(&keys->paste);
}

/* --- bindings ------------------------------------------------------------ */

void
keys_bind_one(EditLine *el, enum key key, const wchar_t *function)
{
	wchar_t code[8];

	swprintf(code, sizeof(code) / sizeof(code[0]), L"\\%03o",
	    (unsigned)key);
	edit()->el_wset(el, EL_BIND, code, function, NULL);
	/* And the other map: the command mode of vi. */
	edit()->el_wset(el, EL_BIND, L"-a", code, function, NULL);
}

void
keys_bind(EditLine *el)
{
	static const struct {
		enum key key;
		const wchar_t *function;
	} bindings[] = {
		{ KEY_LEFT, L"ed-prev-char" },
		{ KEY_UP, L"ed-prev-history" },
		{ KEY_DOWN, L"ed-next-history" },
		{ KEY_HOME, L"ed-move-to-beg" },
		{ KEY_DELETE, L"ed-delete-next-char" },
		{ KEY_WORD_LEFT, L"ed-prev-word" },
		{ KEY_WORD_RIGHT, L"em-next-word" },
		{ KEY_DELETE_WORD, L"em-delete-next-word" },
	};
	size_t i;

	for (i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++)
		keys_bind_one(el, bindings[i].key, bindings[i].function);
}
