/* SPDX-License-Identifier: BSD-2-Clause */
/* All pieces of a file, put together. */
#include "cli/body/input.h"

#include <stdlib.h>
#include <string.h>

#include "cli/body/pieces.h"

#define CHUNK 65536

struct input {
	struct job *job;
	const char *name;
	struct pieces *pieces;
	uint8_t *data;
	size_t len;
	size_t room;
	size_t max;
	input_done *done;
	void *arg;
};

void
input_free(struct input *input)
{
	if (!input)
		return;
	pieces_free(input->pieces);
	free(input->data);
	free(input);
}

static void
finish(struct input *input, int status)
{
	input_done *done = input->done;
	void *arg = input->arg;
	uint8_t *data = NULL;
	size_t len = 0;

	if (status == STATUS_OK) {
		data = input->data;
		len = input->len;
		input->data = NULL;
	}
	input_free(input);
	done(arg, status, data, len);
}

static bool
make_room(struct input *input, size_t len)
{
	size_t room = input->room ? input->room * 2 : CHUNK;
	uint8_t *bigger;

	if (input->room - input->len >= len)
		return true;
	bigger = realloc(input->data, room);
	if (!bigger)
		return false;
	input->data = bigger;
	input->room = room;
	return true;
}

static int
add(struct input *input, const uint8_t *data, size_t len)
{
	if (!make_room(input, len))
		return job_fail(input->job, STATUS_LOCAL, "%s: out of memory",
		    pieces_shown(input->name));
	memcpy(input->data + input->len, data, len);
	input->len += len;
	if (input->len > input->max)
		return job_fail(input->job, STATUS_LOCAL,
		    "%s: more than %zu bytes", pieces_shown(input->name),
		    input->max);
	return pieces_want(input->pieces, CHUNK / 2);
}

static void
on_piece(void *arg, const uint8_t *data, size_t len)
{
	struct input *input = arg;
	int status = add(input, data, len);

	if (status != STATUS_OK)
		finish(input, status);
}

static void
on_end(void *arg, int status)
{
	finish(arg, status);
}

static const struct pieces_ops ops = { on_piece, on_end };

int
input_start(struct job *job, const char *name, size_t max, input_done *done,
    void *arg, struct input **out)
{
	struct input *input = calloc(1, sizeof(*input));
	int status;

	*out = NULL;
	if (!input)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	input->job = job;
	input->name = name;
	input->max = max;
	input->done = done;
	input->arg = arg;
	status = pieces_open(job, name, &ops, input, &input->pieces);
	if (status == STATUS_OK)
		status = pieces_want(input->pieces, CHUNK / 2);
	if (status != STATUS_OK) {
		input_free(input);
		return status;
	}
	*out = input;
	return STATUS_OK;
}
