/* SPDX-License-Identifier: BSD-2-Clause */
/* Signalling messages, RFC 8323 section 5, RFC 8974 section 2.2.1. */

#include <coap3/coap_encode.h>
#include <coap3/coap_option.h>

#include "base/err.h"
#include "message/stream_internal.h"
#include "wire/pdu.h"

/* Options and a diagnostic payload of ours take no more. */
#define SIGNAL_MAX ((size_t)STREAM_DIAG_MAX + 64)

/* Out */

static bool
add_uint(coap_pdu_t *pdu, uint16_t number, uint32_t value)
{
	uint8_t bytes[4];
	unsigned len;

	len = coap_encode_var_safe(bytes, sizeof(bytes), value);
	return coap_add_option(pdu, number, len, bytes) > 0;
}

/* Sends a message that was put together, and ends it. */
static int
signal_send(struct stream *s, coap_pdu_t *pdu, bool complete)
{
	int r;

	r = complete ? message_send(s, pdu) : -COAP_E_NOMEM;
	coap_delete_pdu(pdu);
	return r;
}

int
csm_send(struct stream *s)
{
	coap_pdu_t *pdu;
	bool ok;

	pdu = pdu_new(COAP_MESSAGE_CON, COAP_SIGNALING_CODE_CSM, 0, SIGNAL_MAX);
	if (!pdu)
		return -COAP_E_NOMEM;
	ok = add_uint(pdu, COAP_SIGNALING_OPTION_MAX_MESSAGE_SIZE, s->max_size);
	if (s->max_token > COAP_TOKEN_DEFAULT_MAX)
		ok = ok &&
		    add_uint(pdu, COAP_SIGNALING_OPTION_EXTENDED_TOKEN_LENGTH,
			s->max_token);
	if (s->block_wise)
		ok = ok &&
		    coap_add_option(pdu,
			COAP_SIGNALING_OPTION_BLOCK_WISE_TRANSFER, 0, NULL) > 0;
	return signal_send(s, pdu, ok);
}

/* Ping, and Pong with the token of the Ping. */
static int
ping_send(struct stream *s, unsigned code, coap_bin_const_t token, bool custody)
{
	coap_pdu_t *pdu;
	bool ok;

	pdu = pdu_new(COAP_MESSAGE_CON, code, 0, SIGNAL_MAX + token.length);
	if (!pdu)
		return -COAP_E_NOMEM;
	ok = coap_add_token(pdu, token.length, token.s);
	if (custody)
		ok = ok &&
		    coap_add_option(pdu, COAP_SIGNALING_OPTION_CUSTODY, 0,
			NULL) > 0;
	return signal_send(s, pdu, ok);
}

static int
check_open(const struct stream *s)
{
	if (s->ended)
		return -COAP_E_CLOSED;
	return s->started ? 0 : -COAP_E_STATE;
}

int
stream_ping(struct stream *s, bool custody)
{
	coap_bin_const_t none = { 0, NULL };
	int r;

	r = check_open(s);
	if (r < 0)
		return r;
	if (s->pings == UINT16_MAX)
		return -COAP_E_LIMIT;
	r = ping_send(s, COAP_SIGNALING_CODE_PING, none, custody);
	if (r == 0)
		s->pings++;
	return r;
}

int
stream_release(struct stream *s)
{
	coap_pdu_t *pdu;
	int r;

	r = check_open(s);
	if (r < 0 || s->release_sent || s->peer_released)
		return r;
	pdu = pdu_new(COAP_MESSAGE_CON, COAP_SIGNALING_CODE_RELEASE, 0, 0);
	if (!pdu)
		return -COAP_E_NOMEM;
	r = signal_send(s, pdu, true);
	s->release_sent = r == 0;
	return r;
}

/* The length of the longest beginning that cuts no UTF-8 character. */
static size_t
diagnostic_len(const char *text)
{
	size_t len = strlen(text);

	if (len <= STREAM_DIAG_MAX)
		return len;
	len = STREAM_DIAG_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	return len;
}

static int
abort_send(struct stream *s, const char *diagnostic, unsigned bad_option)
{
	coap_pdu_t *pdu;
	bool ok = true;

	pdu =
	    pdu_new(COAP_MESSAGE_CON, COAP_SIGNALING_CODE_ABORT, 0, SIGNAL_MAX);
	if (!pdu)
		return -COAP_E_NOMEM;
	if (bad_option != 0)
		ok = add_uint(pdu, COAP_SIGNALING_OPTION_BAD_CSM_OPTION,
		    bad_option);
	if (diagnostic)
		ok = ok &&
		    coap_add_data(pdu, diagnostic_len(diagnostic),
			(const uint8_t *)diagnostic);
	return signal_send(s, pdu, ok);
}

int
stream_abort(struct stream *s, const char *diagnostic, unsigned bad_option)
{
	int r;

	r = check_open(s);
	/* First, so that nothing that transmit() does gets in between. */
	stream_stop(s);
	return r < 0 ? r : abort_send(s, diagnostic, bad_option);
}

/* In */

/* The number of the first critical option, or 0: none of those that signalling
 * messages can have is known here (RFC 8323 section 5.2). */
static unsigned
critical_option(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;

	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	while (coap_option_next(&oi)) {
		if (oi.number & 1)
			return oi.number;
	}
	return 0;
}

static void
set_max_size(struct stream *s, uint32_t value)
{
	s->peer_max_size = value;
}

static void
set_block_wise(struct stream *s, uint32_t value)
{
	(void)value;
	s->peer_block_wise = true;
}

static void
set_max_token(struct stream *s, uint32_t value)
{
	if (value >= COAP_TOKEN_DEFAULT_MAX)
		s->peer_max_token =
		    value < COAP_TOKEN_EXT_MAX ? value : COAP_TOKEN_EXT_MAX;
}

struct setting {
	uint16_t number;
	uint16_t max_len;
	void (*set)(struct stream *s, uint32_t value);
};

static const struct setting settings[] = {
	{ COAP_SIGNALING_OPTION_MAX_MESSAGE_SIZE, 4, set_max_size },
	{ COAP_SIGNALING_OPTION_BLOCK_WISE_TRANSFER, 0, set_block_wise },
	{ COAP_SIGNALING_OPTION_EXTENDED_TOKEN_LENGTH, 3, set_max_token },
};

static const struct setting *
find_setting(unsigned number)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (settings[i].number == number)
			return &settings[i];
	}
	return NULL;
}

/* A second occurrence and a wrong length make an option an unknown one, which
 * is ignored when it is elective (RFC 7252 section 5.4). */
static void
apply_settings(struct stream *s, const coap_pdu_t *pdu)
{
	const struct setting *setting;
	coap_opt_iterator_t oi;
	unsigned last = 0;
	coap_opt_t *opt;

	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		setting = find_setting(oi.number);
		if (setting && oi.number != last &&
		    coap_opt_length(opt) <= setting->max_len)
			setting->set(s,
			    coap_decode_var_bytes(coap_opt_value(opt),
				coap_opt_length(opt)));
		last = oi.number;
	}
}

static void
input_csm(struct stream *s, const coap_pdu_t *pdu)
{
	uint32_t size = s->peer_max_size, token = s->peer_max_token;
	bool block_wise = s->peer_block_wise;

	apply_settings(s, pdu);
	if (!s->ready) {
		s->ready = true;
		s->ops->ready(s->user, pdu);
	} else if (size != s->peer_max_size || token != s->peer_max_token ||
	    block_wise != s->peer_block_wise) {
		s->ops->settings(s->user, pdu);
	}
}

static void
input_ping(struct stream *s, const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	bool custody;

	custody = coap_check_option(pdu, COAP_SIGNALING_OPTION_CUSTODY, &oi);
	/* A peer that does not read its Pongs gets none. */
	(void)ping_send(s, COAP_SIGNALING_CODE_PONG, coap_pdu_get_token(pdu),
	    custody);
	s->ops->pinged(s->user, pdu);
}

static void
input_pong(struct stream *s, const coap_pdu_t *pdu)
{
	if (s->pings == 0)
		return;
	s->pings--;
	s->ops->ponged(s->user, pdu);
}

static void
input_release(struct stream *s, const coap_pdu_t *pdu)
{
	if (s->peer_released)
		return;
	s->peer_released = true;
	s->ops->released(s->user, pdu);
}

static void
input_abort(struct stream *s, const coap_pdu_t *pdu)
{
	stream_end(s, -COAP_E_PEER_ABORT, pdu);
}

static const struct {
	uint8_t code;
	void (*input)(struct stream *s, const coap_pdu_t *pdu);
} signals[] = {
	{ COAP_SIGNALING_CODE_CSM, input_csm },
	{ COAP_SIGNALING_CODE_PING, input_ping },
	{ COAP_SIGNALING_CODE_PONG, input_pong },
	{ COAP_SIGNALING_CODE_RELEASE, input_release },
	{ COAP_SIGNALING_CODE_ABORT, input_abort },
};

static void
refuse_option(struct stream *s, const coap_pdu_t *pdu, unsigned number)
{
	bool csm = pdu->code == COAP_SIGNALING_CODE_CSM;

	if (s->ended)
		return;
	stream_abort(s, "Unknown critical option", csm ? number : 0);
	s->ops->ended(s->user, csm ? -COAP_E_BAD_CSM : -COAP_E_FORMAT, pdu);
}

void
signal_input(struct stream *s, const coap_pdu_t *pdu)
{
	unsigned critical = critical_option(pdu);

	/* An Abort is the end in any case. */
	if (critical != 0 && pdu->code != COAP_SIGNALING_CODE_ABORT) {
		refuse_option(s, pdu, critical);
		return;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i].code == pdu->code)
			signals[i].input(s, pdu);
	}
}
