/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over WebSocket frames. The first byte says whether the peer is a
 * client and how long a message may be; the second cuts the rest into pieces.
 * In one piece it must come to the same end.
 */

#include <stdint.h>
#include <stdlib.h>

#include "wire/ws_frame.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

static size_t
run(struct ws_walk *w, const uint8_t *data, size_t len, unsigned mode,
    size_t piece)
{
	size_t done = 0;
	size_t n, used;

	ws_walk_init(w, mode & 1, mode >> 1);
	while (done < len) {
		n = len - done < piece ? len - done : piece;
		used = ws_walk(w, data + done, n);
		CHECK(used <= n);
		CHECK((used < n) <= (w->fault > 0 || w->closed));
		CHECK(w->message <= w->max);
		done += used;
		if (w->fault > 0 || w->closed)
			break;
	}
	CHECK(!w->why == (w->fault == 0));
	CHECK(!(w->closed && w->fault > 0));
	CHECK(ws_walk(w, data, len) <= len);
	return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_walk whole, cut;
	size_t n;

	if (size < 2)
		return 0;
	n = run(&whole, data + 2, size - 2, data[0], SIZE_MAX);
	CHECK(n == run(&cut, data + 2, size - 2, data[0], 1 + (size_t)data[1]));
	CHECK(whole.fault == cut.fault && whole.closed == cut.closed);
	CHECK(whole.close_code == cut.close_code);
	CHECK(whole.control == cut.control && whole.left == cut.left);
	/* What comes after the end changes nothing. */
	if (whole.fault > 0 || whole.closed)
		CHECK(ws_walk(&whole, data, size) == 0);
	return 0;
}
