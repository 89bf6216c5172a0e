/* SPDX-License-Identifier: BSD-2-Clause */
/* cert: the peer's certificates as PEM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/output/payload.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"

/* Longer chains are cut. */
#define CHAIN_MAX 10
#define PEM_WIDTH 64

#define COLUMNS 10

static const char *const columns[COLUMNS + 1] = { "index", "kind", "subject",
	"issuer", "san", "sha256", "key", "not_before", "not_after", "pem",
	NULL };

struct link {
	coapx_cert_t cert;
	char index[8];
	char from[DATE_SIZE];
	char until[DATE_SIZE];
	struct text pem;
};

/* --- PEM ----------------------------------------------------------------- */

static void
add_pem(struct text *pem, const char *label, const uint8_t *der, size_t len)
{
	struct text base64 = { .s = NULL };
	size_t n;

	payload_base64(&base64, der, len);
	text_addf(pem, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < base64.len; at += n) {
		n = base64.len - at < PEM_WIDTH ? base64.len - at : PEM_WIDTH;
		text_add_bytes(pem, base64.s + at, n);
		text_add_char(pem, '\n', 1);
	}
	text_addf(pem, "-----END %s-----\n", label);
	pem->failed = pem->failed || base64.failed;
	text_free(&base64);
}

/* 0, or -1: there is none at that place. */
static int
read_link(const coap_session_t *session, unsigned i, struct link *link)
{
	const uint8_t *der;
	size_t len;

	link->cert = (coapx_cert_t){ .size = sizeof link->cert };
	if (coapx_session_get_peer_cert(session, i, &link->cert) < 0 ||
	    coapx_session_get_peer_der(session, i, &der, &len) < 0)
		return -1;
	snprintf(link->index, sizeof link->index, "%u", i);
	date_text(link->cert.not_before, link->from);
	date_text(link->cert.not_after, link->until);
	add_pem(&link->pem, link->cert.is_rpk ? "PUBLIC KEY" : "CERTIFICATE",
	    der, len);
	return 0;
}

/* --- showing ------------------------------------------------------------- */

static void
show_json(struct job *job, struct link *links, size_t n)
{
	const char *cells[CHAIN_MAX * COLUMNS];
	struct view_table table = {
		.type = "certificate",
		.columns = columns,
		.cells = cells,
		.rows = n,
	};

	for (size_t i = 0; i < n; i++) {
		const coapx_cert_t *c = &links[i].cert;
		const char **row = cells + i * COLUMNS;

		row[0] = links[i].index;
		row[1] = c->is_rpk ? "raw public key" : "certificate";
		row[2] = *c->subject ? c->subject : NULL;
		row[3] = *c->issuer ? c->issuer : NULL;
		row[4] = *c->san ? c->san : NULL;
		row[5] = c->sha256;
		row[6] = *c->key ? c->key : NULL;
		row[7] = c->is_rpk ? NULL : links[i].from;
		row[8] = c->is_rpk ? NULL : links[i].until;
		row[9] = text_string(&links[i].pem);
	}
	output_table(job->out, &table);
}

/* Readers of PEM skip what stands between. */
static void
add_heading(struct text *text, const struct link *link)
{
	const coapx_cert_t *c = &link->cert;

	if (c->is_rpk)
		text_addf(text, "# %s: raw public key, %s\n", link->index,
		    c->key);
	else
		text_addf(text, "# %s: %s\n#    issued by %s\n", link->index,
		    c->subject, c->issuer);
	if (*c->san)
		text_addf(text, "#    for %s\n", c->san);
	if (!c->is_rpk)
		text_addf(text, "#    valid from %s until %s, %s\n", link->from,
		    link->until, c->key);
	text_addf(text, "#    SHA-256 %s\n", c->sha256);
}

static int
show_text(struct job *job, const struct link *links, size_t n)
{
	struct text text = { .s = NULL };
	const char *s;

	for (size_t i = 0; i < n; i++) {
		if (output_form(job->out) == FORM_HUMAN)
			add_heading(&text, &links[i]);
		text_add_bytes(&text, links[i].pem.s, links[i].pem.len);
		text.failed = text.failed || links[i].pem.failed;
	}
	s = text_string(&text);
	if (s)
		output_text(job->out, "certificate", s);
	text_free(&text);
	return s ? STATUS_OK : job_fail(job, STATUS_INTERNAL, "out of memory");
}

/* --- the command --------------------------------------------------------- */

static int
none(struct job *job, const struct named *named)
{
	coap_proto_t proto = coap_session_get_proto(named->session);
	coapx_tls_info_t info = { .size = sizeof info };

	if (!proto_is_secure(proto))
		return job_fail(job, STATUS_STATE,
		    "%s has no certificates: %s is not secured", named->name,
		    coapx_proto_scheme(proto));
	if (coapx_session_get_tls_info(named->session, &info) == 0 &&
	    info.auth == COAPX_AUTH_PSK)
		return job_fail(job, STATUS_STATE,
		    "%s has no certificates: it uses a pre-shared key",
		    named->name);
	return job_fail(job, STATUS_STATE, "%s: the peer has sent none",
	    named->name);
}

static int
start(struct job *job)
{
	int status = STATUS_OK;
	const struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);
	struct link *links;
	size_t n = 0;

	if (!named)
		return status;
	links = calloc(CHAIN_MAX, sizeof *links);
	if (!links)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	while (n < CHAIN_MAX &&
	    read_link(named->session, (unsigned)n, &links[n]) == 0)
		n++;
	if (n == 0)
		status = none(job, named);
	else if (output_form(job->out) == FORM_JSON)
		show_json(job, links, n);
	else
		status = show_text(job, links, n);
	for (size_t i = 0; i < CHAIN_MAX; i++)
		text_free(&links[i].pem);
	free(links);
	return status;
}

static const char *const examples[] = {
	"cert",
	"cert plant -o plant.pem",
	NULL,
};

const struct command cmd_cert = {
	.name = "cert",
	.group = "For the hard days",
	.summary = "show the certificates of the peer",
	.details =
	    "The peer's certificate and those above it, as it sent them, in "
	    "PEM; in JSON with what they say. A raw public key is shown as "
	    "one. 'session get tls.verify' tells whether it is trusted.",
	.examples = examples,
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start,
	.reach = REACH_SESSION,
};
