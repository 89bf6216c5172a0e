/* SPDX-License-Identifier: BSD-2-Clause */
/* One message as a WebSocket frame. */
#include "tests/fuzz/pdu_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_pdu(FRAMING_WS, data, size);
	return 0;
}
