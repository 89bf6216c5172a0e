/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of messages, cut as a reader cuts it. */
#include "tests/fuzz/pdu_fuzz.h"

/* The size that the first bytes told must not change when more are there. */
static void
check_size(const uint8_t *data, size_t size, int r, size_t total)
{
	size_t early;
	int r2;

	for (size_t n = 0; n < size && n < (size_t)2 * PDU_HEADROOM; n++) {
		r2 = frame_stream_size(data, n, &early);
		MUST(r2 == 0 || r2 == r);
		MUST(r2 != 1 || early == total);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t total;
	int r;

	fuzz_pdu(FRAMING_STREAM, data, size);
	for (;;) {
		total = 0;
		r = frame_stream_size(data, size, &total);
		check_size(data, size, r, total);
		if (r != 1 || total > size)
			return 0;
		MUST(total >= 2);
		fuzz_pdu(FRAMING_STREAM, data, total);
		data += total;
		size -= total;
	}
}
