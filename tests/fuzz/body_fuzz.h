/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets for bodies in blocks have in common. */
#ifndef FUZZ_BODY_H
#define FUZZ_BODY_H

#include <stdlib.h>

#include "exchange/body.h"
#include "wire/pdu.h"

#define MESSAGE_MAX 1148
#define BODY_MAX    4000

static uint8_t body[BODY_MAX];
static unsigned held; /* answers that were not given back yet */

static inline void
require(bool ok)
{
	if (!ok)
		abort();
}

static inline void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	(void)app;
	held--;
}

static inline struct body_out *
answer(size_t length)
{
	struct body_out *out =
	    body_out_new(body, length, on_release, NULL, NULL);

	require(out != NULL);
	held++;
	return out;
}

static inline void
check_encodes(coap_pdu_t *pdu, enum framing framing)
{
	const uint8_t *out;
	size_t len;

	require(pdu_encode(pdu, framing, &out, &len) == 0);
}

#endif
