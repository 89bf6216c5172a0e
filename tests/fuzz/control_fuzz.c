/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream of messages of the control socket, as a peer may send it, in pieces
 * whose length the first byte gives. What can be decoded is encoded as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/control/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* A string of START is a C string of its own. */
static void
check_start(const struct start *start)
{
	MUST(start->n_words > 0 && start->n_words <= MESSAGE_WORDS);
	for (size_t i = 0; i < start->n_words; i++)
		MUST(strlen(start->words[i]) <= MESSAGE_MAX);
	MUST(!start->words[start->n_words]);
	MUST(start->options.form <= FORM_DIAG);
	MUST(start->options.color >= -1 && start->options.color <= 1);
	MUST(start->options.write_out == start->write_out);
	MUST(start->options.file == start->file);
}

static void
check_encoding(const struct message *m, const uint8_t *wire, size_t len)
{
	struct bytes again = { .data = NULL };

	MUST(message_encode(&again, m) == 0);
	MUST(again.len == len);
	MUST(memcmp(bytes_front(&again), wire, len) == 0);
	bytes_free(&again);
}

/* One message, in memory of its own that ends where it ends. */
static int
check_message(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);
	struct message m;
	int status;

	MUST(copy);
	memcpy(copy, data, len);
	/* One byte less is never one. */
	MUST(message_decode(copy, len - 1, &m) == -1);
	status = message_decode(copy, len, &m);
	MUST(status != -2);
	if (status == 0) {
		if (m.type == MESSAGE_START)
			check_start(m.start);
		check_encoding(&m, copy, len);
		message_free(&m);
	}
	free(copy);
	return status;
}

/* All messages that are there; false: the stream is no good. */
static bool
take_messages(struct bytes *in)
{
	int64_t len;

	for (;;) {
		len = message_length(bytes_front(in), in->len);
		if (len < 0)
			return false;
		if (len == 0 || (uint64_t)len > in->len)
			return true;
		if (check_message(bytes_front(in), (size_t)len) < 0)
			return false;
		bytes_take(in, (size_t)len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { .data = NULL };
	size_t piece, n;

	if (size == 0)
		return 0;
	piece = 1 + (size_t)data[0];
	data++;
	size--;
	while (size > 0) {
		n = size < piece ? size : piece;
		bytes_add(&in, data, n);
		MUST(!in.failed);
		data += n;
		size -= n;
		if (!take_messages(&in))
			break;
	}
	bytes_free(&in);
	return 0;
}
