/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream layer under any bytes. The first byte chooses the framing and how
 * much an operation comes back; the second cuts the rest into pieces. The same
 * bytes in one piece must give the same messages.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "message/stream.h"
#include "wire/pdu.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

#define MAX_SIZE 2000

struct world {
	struct stream stream;
	unsigned told; /* a number that all that was told goes into */
	unsigned readies;
	unsigned ends;
	bool lively; /* operations come back */
};

static void
tell(struct world *w, unsigned what, const coap_pdu_t *pdu)
{
	w->told = w->told * 31 + what;
	if (!pdu)
		return;
	w->told = w->told * 31 + pdu->code;
	for (size_t i = 0; i < pdu->used; i++)
		w->told = w->told * 31 + pdu->token[i];
}

/* What is done depends only on what was told, so it is the same however the
 * bytes were cut. */
static void
come_back(struct world *w)
{
	coap_pdu_t *pdu;

	if (!w->lively)
		return;
	if (w->told % 7 == 0)
		(void)stream_ping(&w->stream, w->told & 1);
	if (w->told % 61 == 1)
		(void)stream_abort(&w->stream, "enough", w->told % 100);
	if (w->told % 31 == 2)
		(void)stream_release(&w->stream);
	pdu = pdu_new(COAP_MESSAGE_CON, w->told & 1 ? 1 : 69, 0, 64);
	CHECK(pdu);
	(void)stream_send(&w->stream, pdu);
	coap_delete_pdu(pdu);
}

static int
on_transmit(void *user, const uint8_t *data, size_t len)
{
	struct world *w = user;

	CHECK(len >= 2);
	w->told = w->told * 31 + data[len - 1];
	return w->told % 11 == 0 ? -COAP_E_AGAIN : 0;
}

static void
on_deliver(void *user, const coap_pdu_t *pdu)
{
	struct world *w = user;

	CHECK(!w->stream.ended && w->stream.ready);
	CHECK(pdu->code > 0 && pdu->code < 224);
	CHECK(pdu->used <= MAX_SIZE);
	tell(w, 1, pdu);
	come_back(w);
}

static void
on_ready(void *user, const coap_pdu_t *csm)
{
	struct world *w = user;

	w->readies++;
	tell(w, 2, csm);
	come_back(w);
}

static void
on_settings(void *user, const coap_pdu_t *csm)
{
	struct world *w = user;

	CHECK(w->readies == 1);
	tell(w, 3, csm);
	come_back(w);
}

static void
on_pinged(void *user, const coap_pdu_t *ping)
{
	tell(user, 4, ping);
	come_back(user);
}

static void
on_ponged(void *user, const coap_pdu_t *pong)
{
	tell(user, 5, pong);
	come_back(user);
}

static void
on_released(void *user, const coap_pdu_t *release)
{
	struct world *w = user;

	CHECK(w->stream.peer_released && !w->stream.ended);
	tell(w, 6, release);
	come_back(w);
}

static void
on_ended(void *user, int err, const coap_pdu_t *pdu)
{
	struct world *w = user;

	CHECK(err < 0 && w->stream.ended);
	w->ends++;
	tell(w, (unsigned)-err, pdu);
	come_back(w);
}

static const struct stream_ops ops = {
	.transmit = on_transmit,
	.deliver = on_deliver,
	.ready = on_ready,
	.settings = on_settings,
	.pinged = on_pinged,
	.ponged = on_ponged,
	.released = on_released,
	.ended = on_ended,
};

static unsigned
run(const uint8_t *data, size_t len, unsigned mode, size_t piece)
{
	struct world w = { .lively = mode & 2 };
	size_t before = mem_outstanding(), n;

	stream_init(&w.stream, mode & 1 ? FRAMING_WS : FRAMING_STREAM, MAX_SIZE,
	    mode & 4 ? 300 : 8, &ops, &w);
	/* Without a CSM there is less to see. */
	w.stream.ready = mode & 8;
	w.readies = mode & 8 ? 1 : 0;
	(void)stream_start(&w.stream, 0, 0);
	while (len > 0) {
		n = len < piece ? len : piece;
		stream_input(&w.stream, data, n, 0);
		data += n;
		len -= n;
		CHECK(!w.stream.in || w.stream.in->used < MAX_SIZE);
		CHECK(!w.stream.ended || !w.stream.in);
	}
	CHECK(w.readies <= 1 && w.ends <= 1);
	stream_free(&w.stream);
	CHECK(mem_outstanding() == before);
	return w.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned whole, cut;

	if (size < 2)
		return 0;
	cut = run(data + 2, size - 2, data[0], 1 + (size_t)data[1]);
	if (data[0] & 1)
		return 0;
	whole = run(data + 2, size - 2, data[0], SIZE_MAX);
	CHECK(whole == cut);
	CHECK(whole == run(data + 2, size - 2, data[0], 1));
	return 0;
}
