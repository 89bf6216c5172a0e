/* SPDX-License-Identifier: BSD-2-Clause */
/* --dry-run: the message that would be sent, its bytes and what they say. */
#include "cli/request/dry_run.h"

#include <stdlib.h>

#include "cli/output/payload.h"

/* What a datagram carries behind its header, when nothing is known of the path
 * (RFC 7252 section 4.6). */
#define DATAGRAM_MAX (1152 - 4)
/* More than what a message may ever have. */
#define STREAM_MAX ((size_t)64 << 20)

/* These the library chooses as it sends; a token is as long as this one. */
#define SHOWN_MID 1
static const uint8_t shown_token[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* Block1 and Size1 take so many bytes at most. */
#define BLOCK_OPTIONS 10

#define SZX_MAX 6

struct draft {
	const struct request_plan *plan;
	coap_proto_t proto;
	coap_optlist_t *options;
	size_t payload_len; /* of this message */
	bool cut;           /* more of the payload follows */
	bool too_long;      /* even the smallest block */
};

static coap_proto_t
proto_of_uri(const char *text)
{
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)text, strlen(text), &uri) < 0)
		return COAP_PROTO_NONE;
	return coapx_scheme_proto(uri.scheme);
}

static bool
has_option(const coap_optlist_t *list, unsigned number)
{
	for (; list; list = list->next)
		if (list->number == number)
			return true;
	return false;
}

static bool
add_uint(coap_optlist_t **list, unsigned number, uint64_t value)
{
	uint8_t bytes[8];
	unsigned n = coap_encode_var_safe8(bytes, sizeof(bytes), value);
	coap_optlist_t *o = coap_new_optlist((uint16_t)number, n, bytes);

	return o && coap_insert_optlist(list, o);
}

/* The size exponent of RFC 7959 section 2.2, of the largest block. */
static unsigned
largest_szx(const struct request_plan *plan)
{
	unsigned szx = SZX_MAX;

	while (plan->block_size && 16U << szx > plan->block_size)
		szx--;
	return szx;
}

static coap_bin_const_t
token_of(const struct request_plan *plan)
{
	coap_bin_const_t token = { sizeof(shown_token), shown_token };

	if (plan->token_len > 0 || plan->empty_token)
		token = (coap_bin_const_t){ plan->token_len, plan->token };
	return token;
}

static size_t
options_size(const coap_optlist_t *list)
{
	size_t size = 0;
	unsigned before = 0;

	for (; list; list = list->next) {
		size += coap_opt_encode_size((uint16_t)(list->number - before),
		    list->length);
		before = list->number;
	}
	return size;
}

/* A payload that does not fit goes in blocks, of which this is the first. */
static bool
cut(struct draft *d)
{
	/* With the marker. */
	size_t others = options_size(d->options) + token_of(d->plan).length + 1;
	unsigned szx = largest_szx(d->plan);
	size_t max = DATAGRAM_MAX;

	if (!COAP_PROTO_NOT_RELIABLE(d->proto))
		max = STREAM_MAX;
	if (others + d->payload_len <= max &&
	    (!d->plan->block_size || d->payload_len <= 16U << szx))
		return true;
	while (szx > 0 && others + BLOCK_OPTIONS + (16U << szx) > max)
		szx--;
	d->too_long = others + BLOCK_OPTIONS + (16U << szx) > max;
	if (d->too_long)
		return true;
	d->cut = true;
	d->payload_len = 16U << szx;
	return add_uint(&d->options,
		   d->plan->q_block ? COAP_OPTION_Q_BLOCK1 : COAP_OPTION_BLOCK1,
		   8 | szx) &&
	    add_uint(&d->options, COAP_OPTION_SIZE1, d->plan->payload_len);
}

/* All blocks, or the first one by what asks for the peer's sake (NON). */
static bool
ask_for_q_block(struct draft *d)
{
	unsigned more = d->plan->non ? 0 : 8;

	if (d->cut ||
	    (d->plan->code != COAP_REQUEST_CODE_GET &&
		d->plan->code != COAP_REQUEST_CODE_FETCH))
		return true;
	return add_uint(&d->options, COAP_OPTION_Q_BLOCK2,
	    more | largest_szx(d->plan));
}

/* A GET says which blocks it wants, as the library has it. */
static bool
negotiate(struct draft *d)
{
	if (d->plan->q_block)
		return ask_for_q_block(d);
	if (!d->plan->block_size || d->plan->code != COAP_REQUEST_CODE_GET ||
	    d->payload_len > 0 || has_option(d->options, COAP_OPTION_BLOCK2))
		return true;
	return add_uint(&d->options, COAP_OPTION_BLOCK2, largest_szx(d->plan));
}

static coap_pdu_t *
draft_pdu(struct draft *d)
{
	const struct request_plan *plan = d->plan;
	coap_bin_const_t token = token_of(plan);
	coap_pdu_t *pdu;

	d->payload_len = plan->payload_len;
	if (!cut(d) || !negotiate(d))
		return NULL;
	/* Whether the peer has Q-Block is asked by a CON. */
	pdu = coap_pdu_init(plan->non && !plan->q_block ? COAP_MESSAGE_NON
							: COAP_MESSAGE_CON,
	    (coap_pdu_code_t)plan->code, SHOWN_MID, STREAM_MAX);
	if (pdu && coap_add_token(pdu, token.length, token.s) &&
	    (!d->options || coap_add_optlist_pdu(pdu, &d->options)) &&
	    (d->payload_len == 0 ||
		coap_add_data(pdu, d->payload_len, plan->payload)))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

/* --- showing ------------------------------------------------------------- */

static char *
bytes_text(coap_pdu_t *pdu, coap_proto_t proto)
{
	size_t len = coapx_pdu_encode(pdu, proto, NULL, 0);
	uint8_t *bytes = malloc(len + 1);
	struct text hex = { .s = NULL };

	if (bytes) {
		coapx_pdu_encode(pdu, proto, bytes, len);
		payload_hex(&hex, bytes, len);
		free(bytes);
	}
	if (!bytes || !text_string(&hex))
		text_free(&hex);
	return hex.s;
}

static char *
meaning_text(const coap_pdu_t *pdu, coap_proto_t proto)
{
	size_t n = coapx_pdu_print(pdu, proto, 1, NULL, 0);
	char *text = malloc(n + 1);

	if (text)
		coapx_pdu_print(pdu, proto, 1, text, n + 1);
	return text;
}

static void
show_json(struct job *job, const struct draft *d, const char *uri,
    const char *hex, const char *text)
{
	static const char *const columns[] = {
		"uri",
		"proto",
		"hex",
		"text",
		NULL,
	};
	const char *cells[] = { uri, coapx_proto_name(d->proto), hex, text };
	struct view_table view = {
		.type = "message",
		.columns = columns,
		.cells = cells,
		.rows = 1,
	};

	output_table(job->out, &view);
}

static int
show(struct job *job, const struct draft *d, const char *uri, coap_pdu_t *pdu)
{
	char *hex = bytes_text(pdu, d->proto);
	char *text = meaning_text(pdu, d->proto);
	char *both = NULL;
	int status = STATUS_OK;

	if (hex && text && output_form(job->out) == FORM_JSON)
		show_json(job, d, uri, hex, text);
	else if (hex && output_form(job->out) == FORM_HEX)
		output_text(job->out, "message", hex);
	else if (hex && text && asprintf(&both, "%s\n%s", hex, text) >= 0)
		output_text(job->out, "message", both);
	else
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
	free(both);
	free(hex);
	free(text);
	return status;
}

static void
tell_what_differs(struct job *job, const struct draft *d)
{
	output_note(job->out, "not sent; the message id%s chosen when it is",
	    d->plan->token_len > 0 || d->plan->empty_token
		? " is"
		: " and the token are");
	if (d->too_long)
		output_note(job->out,
		    "its options are too long for a datagram: it would be "
		    "refused");
	if (d->cut && d->plan->q_block)
		output_note(job->out,
		    "and so is its Request-Tag, the same in each block");
	if (d->cut)
		output_note(job->out,
		    "the first of %zu blocks; the others go as it is answered",
		    (d->plan->payload_len + d->payload_len - 1) /
			d->payload_len);
}

int
dry_run(struct job *job, const struct request_plan *plan, const char *operand)
{
	struct request_plan asked = *plan;
	struct draft d = { .plan = &asked };
	struct target target;
	coap_pdu_t *pdu = NULL;
	int status = target_name(job, operand, &target);

	if (status != STATUS_OK)
		return status;
	asked.non = asked.non || target.group;
	d.proto = proto_of_uri(target.proxy ? target.proxy : target.uri);
	status = plan_check_way(job, plan, d.proto, target.group);
	if (status == STATUS_OK && plan_chain(plan, &target, &d.options))
		pdu = draft_pdu(&d);
	if (pdu)
		status = show(job, &d, target.uri, pdu);
	else if (status == STATUS_OK)
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
	if (status == STATUS_OK)
		tell_what_differs(job, &d);
	coap_delete_pdu(pdu);
	coap_delete_optlist(d.options);
	target_close(job->app, &target);
	return status;
}
