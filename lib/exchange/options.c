/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of messages: RFC 7252 section 5.4, RFC 7959 section 2. */
#include <stdio.h>

#include <coap3/coapx_registry.h>

#include "exchange/dispatch.h"
#include "exchange/proxy.h"
#include "wire/block.h"
#include "wire/pdu.h"

/* A critical option is odd (RFC 7252 section 5.4.6). */
#define IS_CRITICAL(number) (((number)&1) != 0)

/*
 * The critical options that requests may have here. OSCORE and the like are
 * registered but not supported, so to us they are unknown; Q-Block1 and
 * Q-Block2 are known where they are used.
 */
static const uint16_t supported[] = {
	COAP_OPTION_IF_MATCH,
	COAP_OPTION_URI_HOST,
	COAP_OPTION_IF_NONE_MATCH,
	COAP_OPTION_URI_PORT,
	COAP_OPTION_URI_PATH,
	COAP_OPTION_URI_QUERY,
	COAP_OPTION_ACCEPT,
	COAP_OPTION_BLOCK2,
	COAP_OPTION_BLOCK1,
	COAP_OPTION_PROXY_URI,
	COAP_OPTION_PROXY_SCHEME,
};

static bool
is_qblock(unsigned number)
{
	return number == COAP_OPTION_Q_BLOCK1 || number == COAP_OPTION_Q_BLOCK2;
}

static bool
is_supported(const struct resources *r, const coap_pdu_t *pdu, unsigned number)
{
	size_t i;

	if (is_qblock(number))
		return r->q_block && pdu->framing == FRAMING_DATAGRAM;
	/* RFC 7252 section 5.4: the others are defined for no response. */
	if (!COAP_PDU_IS_REQUEST(pdu))
		return number == COAP_OPTION_BLOCK1 ||
		    number == COAP_OPTION_BLOCK2;

	for (i = 0; i < sizeof(supported) / sizeof(supported[0]); i++) {
		if (supported[i] == number)
			return true;
	}
	return false;
}

/* Returns false, as options_check() does then. */
static bool
refuse(struct refusal *why, unsigned code, const char *text)
{
	why->code = (uint8_t)code;
	snprintf(why->text, sizeof(why->text), "%s", text);
	return false;
}

static bool
refuse_option(struct refusal *why, unsigned number, const char *what)
{
	const coapx_option_info_t *info = coapx_option_by_number(number);

	why->code = COAP_RESPONSE_CODE_BAD_OPTION;
	why->bad_option = true;
	if (info != NULL)
		snprintf(why->text, sizeof(why->text), "Option %u (%s) %s",
		    number, info->name, what);
	else
		snprintf(why->text, sizeof(why->text), "Option %u %s", number,
		    what);
	return false;
}

/* One critical option; `again`: the one before it has the same number. */
static bool
check_option(const struct resources *r, const coap_pdu_t *pdu, unsigned number,
    size_t len, bool again, struct refusal *why)
{
	const coapx_option_info_t *info = coapx_option_by_number(number);

	if (resources_knows_option(r, (uint16_t)number))
		return true;
	if (!is_supported(r, pdu, number) || info == NULL)
		return refuse_option(why, number, "is not known");
	if (len < info->min_length || len > info->max_length)
		return refuse_option(why, number, "has a wrong length");
	if (again && !info->repeatable)
		return refuse_option(why, number, "occurs more than once");
	return true;
}

/* RFC 7252 section 5.7.1: a proxy asks whether it may pass an option on, and
 * says no to a NON, too. */
static bool
check_forwarded(const struct resources *r, const coap_pdu_t *request,
    unsigned number, size_t len, bool again, struct refusal *why)
{
	bool ok = true;

	if (proxy_request_option(r, number) == PROXY_REFUSE)
		ok = refuse_option(why, number, "is not known to this proxy");
	else if (IS_CRITICAL(number) && is_supported(r, request, number))
		ok = check_option(r, request, number, len, again, why);
	why->bad_option = false;
	return ok;
}

static bool
check_each(const struct resources *r, const coap_pdu_t *request, bool forward,
    struct refusal *why)
{
	coap_opt_iterator_t oi;
	unsigned before = 0;
	coap_opt_t *opt;

	coap_option_iterator_init(request, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (forward &&
		    !check_forwarded(r, request, oi.number,
			coap_opt_length(opt), oi.number == before, why))
			return false;
		if (!forward && IS_CRITICAL(oi.number) &&
		    !check_option(r, request, oi.number, coap_opt_length(opt),
			oi.number == before, why))
			return false;
		before = oi.number;
	}
	return true;
}

bool
options_accept_response(const struct resources *r, const coap_pdu_t *response)
{
	struct refusal unused;

	return check_each(r, response, false, &unused);
}

static bool
has_option(const coap_pdu_t *request, coap_option_num_t number)
{
	coap_option_t option;

	return pdu_find_option(request, number, &option);
}

/*
 * The block option into *block, zeroed when there is none or when it is the
 * handlers' own. False for a reserved size.
 */
static bool
read_block(const struct resources *r, const coap_pdu_t *request,
    coap_option_num_t number, coap_block_b_t *block)
{
	bool bert = request->framing != FRAMING_DATAGRAM;

	memset(block, 0, sizeof(*block));
	if (pdu_lacks(request, number) || resources_knows_option(r, number))
		return true;
	return block_read(request, number, bert, block) != 0 ||
	    !has_option(request, number);
}

/* A GET or FETCH for a later part can be tried: it changes nothing. */
static bool
can_be_repeated(const coap_pdu_t *request)
{
	coap_pdu_code_t code = coap_pdu_get_code(request);

	return code == COAP_REQUEST_CODE_GET || code == COAP_REQUEST_CODE_FETCH;
}

/* RFC 9177 section 4.1: not the one and the other in one message. */
static bool
is_mixed(const struct resources *r, const coap_pdu_t *request)
{
	bool q = has_option(request, COAP_OPTION_Q_BLOCK1) ||
	    has_option(request, COAP_OPTION_Q_BLOCK2);

	return r->q_block && q &&
	    (has_option(request, COAP_OPTION_BLOCK1) ||
		has_option(request, COAP_OPTION_BLOCK2));
}

static bool
check_blocks(const struct resources *r, const coap_pdu_t *request,
    struct refusal *why)
{
	coap_block_b_t block;

	if (is_mixed(r, request))
		return refuse(why, COAP_RESPONSE_CODE_BAD_OPTION,
		    "Q-Block and Block stand in one message");

	if (read_block(r, request, COAP_OPTION_BLOCK1, &block) &&
	    read_block(r, request, COAP_OPTION_BLOCK2, &block))
		return true;
	return refuse(why, COAP_RESPONSE_CODE_BAD_REQUEST,
	    "Block size 7 is reserved");
}

bool
options_check_whole(const struct resources *r, const coap_pdu_t *request,
    struct refusal *why)
{
	coap_block_b_t block1, block2;

	read_block(r, request, COAP_OPTION_BLOCK1, &block1);
	read_block(r, request, COAP_OPTION_BLOCK2, &block2);
	if (r->q_block && has_option(request, COAP_OPTION_Q_BLOCK1))
		return refuse_option(why, COAP_OPTION_Q_BLOCK1, "is not known");
	if (r->q_block && has_option(request, COAP_OPTION_Q_BLOCK2))
		return refuse_option(why, COAP_OPTION_Q_BLOCK2, "is not known");
	if (block1.num > 0 || block1.m)
		return refuse_option(why, COAP_OPTION_BLOCK1,
		    "names a part: send the body in one message");
	if (block2.num > 0 && !can_be_repeated(request))
		return refuse_option(why, COAP_OPTION_BLOCK2,
		    "asks for a later part");
	return true;
}

/* RFC 8768 section 3: one byte, 1 to 255. */
static bool
check_hop_limit(const struct resources *r, const coap_pdu_t *request,
    struct refusal *why)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt =
	    coap_check_option(request, COAP_OPTION_HOP_LIMIT, &oi);

	if (opt == NULL || resources_knows_option(r, COAP_OPTION_HOP_LIMIT) ||
	    (coap_opt_length(opt) == 1 && coap_opt_value(opt)[0] != 0))
		return true;
	return refuse(why, COAP_RESPONSE_CODE_BAD_REQUEST,
	    "Option 16 (Hop-Limit) is not 1 to 255");
}

bool
options_check(const struct resources *r, const coap_pdu_t *request,
    bool forward, struct refusal *why)
{
	if (!check_each(r, request, forward, why) ||
	    !check_hop_limit(r, request, why))
		return false;
	if (!forward &&
	    (has_option(request, COAP_OPTION_PROXY_URI) ||
		has_option(request, COAP_OPTION_PROXY_SCHEME)))
		return refuse(why, COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED,
		    "This server is no proxy");
	return check_blocks(r, request, why);
}

unsigned
options_block2_num(const struct resources *r, const coap_pdu_t *request)
{
	coap_block_b_t block;

	read_block(r, request, COAP_OPTION_BLOCK2, &block);
	return block.num;
}
