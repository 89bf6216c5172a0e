/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies in blocks, from the library to a file, and what is told of them. */
#include "cli/body/download.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/output/payload.h"

/* The block that is asked for unless -b says another. */
#define BLOCK_SIZE 1024

/* Something that has to be known, and is no failure. */
static void __attribute__((format(printf, 2, 3)))
tell(const struct download *d, const char *format, ...)
{
	struct sink *sink = &d->job->front->sink;
	va_list ap;
	char *text, *line;

	if (output_quiet(d->job->out))
		return;
	va_start(ap, format);
	text = text_vformat(format, ap);
	va_end(ap);
	line = text ? text_format("coap-shell: %s\n", text) : NULL;
	if (line)
		sink->err(sink->user, line, strlen(line));
	free(text);
	free(line);
}

/* --- the words ------------------------------------------------------------ */

static int
check_resume(struct job *job, const struct request_plan *plan)
{
	coap_optlist_t *o;

	if (plan->code != COAP_REQUEST_CODE_GET)
		return job_fail(job, STATUS_USAGE,
		    "--resume is for get: blocks of an upload have to come in "
		    "one go (RFC 7959), so it begins anew without it");
	if (!output_file_name(job->out))
		return job_fail(job, STATUS_USAGE,
		    "--resume wants the file that broke: -o FILE");
	for (o = plan->options; o; o = o->next)
		if (o->number == COAP_OPTION_BLOCK2)
			return job_fail(job, STATUS_USAGE,
			    "--resume chooses blocks itself, so there can be "
			    "no option Block2");
	return STATUS_OK;
}

int
download_make(struct job *job, const struct request_plan *plan, bool keeps,
    const char *target, struct download *d)
{
	bool repeats = args_has(&job->args, "count");

	memset(d, 0, sizeof(*d));
	d->job = job;
	d->target = target;
	d->reads = plan->code == COAP_REQUEST_CODE_GET;
	d->resume = args_has(&job->args, "resume");
	/* Q-Block does not wait for who reads. */
	d->streams =
	    output_to_file(job->out) && !repeats && !keeps && !plan->q_block;
	d->copies = output_form(job->out) == FORM_JSON;
	if (!d->resume)
		return STATUS_OK;
	if (plan->q_block)
		return job_fail(job, STATUS_USAGE,
		    "--resume asks for block after block, so it does not go "
		    "with --q-block");
	if (!d->streams && output_to_file(job->out))
		return job_fail(job, STATUS_USAGE,
		    "--resume goes with neither --count nor --expect-text nor "
		    "--expect-json");
	return check_resume(job, plan);
}

void
download_free(struct download *d)
{
	progress_free(d->progress);
	part_hash_free(d->part_hash);
	coapx_watch_free(d->pipe);
	text_free(&d->copy);
	memset(d, 0, sizeof(*d));
}

/* --- where it begins ------------------------------------------------------ */

/* The URI with the queries of the options: a body is of all of it. */
static bool
name_body(struct download *d, const struct request_plan *plan, const char *uri)
{
	struct text text = { .s = NULL };
	const coap_optlist_t *o;
	bool fits;

	text_add(&text, uri);
	for (o = plan->options; o; o = o->next) {
		if (o->number != COAP_OPTION_URI_QUERY)
			continue;
		text_add(&text, "&");
		payload_escape(&text, o->data, o->length, ESCAPE_CELL, true);
	}
	fits = text_string(&text) && text.len < sizeof(d->part.uri);
	if (fits)
		memcpy(d->part.uri, text.s, text.len + 1);
	text_free(&text);
	return fits;
}

/* The byte behind the last whole block; of a body of which all is there, the
 * last block comes again, to say so. */
static uint64_t
resume_at(const struct part *part, unsigned block_size)
{
	uint64_t size = block_size ? block_size : BLOCK_SIZE;
	uint64_t length = part->length;

	if (part->total > 0 && length >= part->total)
		length = part->total - 1;
	return length / size * size;
}

/* STATUS_OK, with d->offset and the ETag where there is a part. */
static int
find_part(struct download *d, const struct request_plan *plan)
{
	const char *file = output_file_name(d->job->out);
	struct part found;

	if (output_body_find(d->job->out, &found) != 0) {
		if (errno == EBUSY)
			return job_fail(d->job, STATUS_LOCAL,
			    "%s.part is being written by another download",
			    file);
		if (errno == ENODATA)
			tell(d,
			    "%s.part is there, and no %s.part.etag that says "
			    "of what: all of it is asked for",
			    file, file);
		else
			tell(d,
			    "there is no part of '%s': all of it is asked for",
			    file);
		return STATUS_OK;
	}
	if (strcmp(found.uri, d->part.uri) != 0) {
		tell(d, "%s.part is of %s: all of this one is asked for", file,
		    found.uri);
		return STATUS_OK;
	}
	d->offset = resume_at(&found, plan->block_size);
	memcpy(d->part.etag, found.etag, found.etag_len);
	d->part.etag_len = found.etag_len;
	d->part.total = found.total;
	return STATUS_OK;
}

static void
on_hashed(void *arg, bool good)
{
	struct download *d = arg;
	struct job *job = d->job;
	int status;

	part_hash_free(d->part_hash);
	d->part_hash = NULL;
	d->hashes = good;
	status = d->again(job);
	if (status != JOB_RUNNING)
		job_end(job, status);
}

/* A program is told what came, also when it is not shown: for that what is there
 * is read. Whether it is. */
static bool
hash_part(struct download *d)
{
	if (output_form(d->job->out) != FORM_JSON)
		return false;
	d->part_hash =
	    part_hash_start(d->job, d->offset, &d->sha, on_hashed, d);
	return d->part_hash != NULL;
}

int
download_begin(struct download *d, const struct request_plan *plan,
    const struct target *target, coapx_request_params_t *params)
{
	bool named = name_body(d, plan, target->uri);
	bool looked = d->looked;
	int status = STATUS_OK;

	if (d->resume && !looked && named)
		status = find_part(d, plan);
	d->looked = true;
	if (d->offset == 0)
		return status;
	if (!looked && hash_part(d))
		return JOB_RUNNING;
	params->body_offset = d->offset;
	params->body_etag = d->part.etag;
	params->body_etag_length = d->part.etag_len;
	/* Another size would have other places. */
	params->block_size = plan->block_size ? plan->block_size : BLOCK_SIZE;
	return status;
}

/* --- as it comes ---------------------------------------------------------- */

static void
keep_copy(struct download *d, const uint8_t *data, size_t len)
{
	if (d->copy.len + len > PAYLOAD_SHOWN_MAX)
		d->copies = false;
	if (!d->copies || d->offset > 0) {
		text_free(&d->copy);
		d->copies = false;
		return;
	}
	text_add_bytes(&d->copy, data, len);
}

static void
hash(struct download *d, uint64_t offset, const uint8_t *data, size_t len)
{
	if (offset == 0) {
		d->hashes = output_form(d->job->out) == FORM_JSON;
		sha256_begin(&d->sha);
	}
	if (d->hashes)
		sha256_add(&d->sha, data, len);
}

static void
begin_anew(struct download *d)
{
	if (d->offset > 0)
		tell(d,
		    "the server has another body now (its ETag has changed): "
		    "it comes from the beginning");
	d->offset = 0;
	d->described = false;
	d->part.total = 0;
	text_free(&d->copy);
}

static void
on_pipe(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct download *d = arg;

	(void)watch, (void)fd, (void)what;
	coapx_watch_free(d->pipe);
	d->pipe = NULL;
	if (d->job->ready)
		d->job->ready(d->job);
}

/* Whether the next block is to be asked for later. A pipe that cannot be watched
 * is waited for as it is written to. */
static bool
has_to_wait(struct download *d)
{
	int fd;

	if (!output_body_waits(d->job->out, &fd))
		return false;
	if (fd < 0 || d->pipe)
		return true;
	d->pipe = coapx_watch_new(d->job->app->context, fd, COAPX_WRITE,
	    on_pipe, d, NULL);
	return d->pipe != NULL;
}

int
download_write(struct download *d, uint64_t offset, const uint8_t *data,
    size_t len)
{
	struct output *out = d->job->out;

	if (offset == 0)
		begin_anew(d);
	if (offset == 0 || !d->begun)
		output_body_begin(out, offset);
	d->begun = true;
	keep_copy(d, data, len);
	hash(d, offset, data, len);
	output_body_piece(out, data, len);
	if (output_failed(out))
		return -COAP_E_CANCELLED;
	return has_to_wait(d) ? COAPX_BODY_WAIT : 0;
}

static void
describe(struct download *d, const coapx_transfer_t *transfer)
{
	if (!d->begun || d->described || transfer->etag_length == 0 ||
	    transfer->etag_length > sizeof(d->part.etag) ||
	    d->part.uri[0] == '\0')
		return;
	d->described = true;
	d->part.etag_len = transfer->etag_length;
	memcpy(d->part.etag, transfer->etag, transfer->etag_length);
	d->part.total = d->at.received_total;
	output_body_is(d->job->out, &d->part);
}

void
download_moved(struct download *d, const coapx_transfer_t *transfer)
{
	bool down = transfer->received > d->offset;

	d->at = *transfer;
	d->at.etag = NULL;
	/* As long as it goes on with the same body, it is as long. */
	if (d->at.received_total == 0)
		d->at.received_total = d->part.total;
	describe(d, transfer);
	if (!d->progress) {
		d->progress =
		    progress_new(d->job, args_has(&d->job->args, "progress"));
		/* It says what is waited for. */
		job_is_quiet(d->job, d->progress != NULL);
	}
	if (down)
		progress_at(d->progress, transfer->received,
		    d->at.received_total, d->offset);
	else if (transfer->sent > 0)
		progress_at(d->progress, transfer->sent, transfer->sent_total,
		    0);
}

/* --- the end -------------------------------------------------------------- */

void
download_hide(struct download *d)
{
	progress_free(d->progress);
	d->progress = NULL;
}

static bool
is_good(const coap_pdu_t *response)
{
	return COAP_RESPONSE_CLASS(coap_pdu_get_code(response)) == 2;
}

void
download_answered(struct download *d, const coap_pdu_t *response,
    struct view_response *view)
{
	download_hide(d);
	if (!is_good(response))
		return;
	/* What was there is not of this body, which is in the response. */
	if (d->offset > 0 && !d->begun) {
		begin_anew(d);
		output_body_begin(d->job->out, 0);
		output_body_whole(d->job->out);
	}
	if (d->begun)
		output_body_whole(d->job->out);
	view->streamed = d->begun;
	if (d->begun && d->hashes)
		view->sha256 = sha256_end(&d->sha, d->digest);
	d->hashes = false;
	if (d->begun && d->copies && !d->copy.failed && text_string(&d->copy)) {
		view->copy = (const uint8_t *)d->copy.s;
		view->copy_len = d->copy.len;
	}
}

int
download_check(struct download *d, bool uploaded, const coap_pdu_t *response)
{
	bool broke = d->begun || d->at.received > 0 ||
	    (uploaded &&
		coap_pdu_get_code(response) == COAP_RESPONSE_CODE_INCOMPLETE);
	char *left;

	if (is_good(response) || !broke)
		return STATUS_OK;
	left = download_left(d);
	job_fail(d->job, STATUS_INCOMPLETE, "%s",
	    left ? left : "the server has not got all of the body");
	free(left);
	return STATUS_INCOMPLETE;
}

static void
add_count(struct text *text, uint64_t n, uint64_t total, const char *what)
{
	text_addf(text, "%" PRIu64, n);
	if (total >= n && total > 0)
		text_addf(text, " of %" PRIu64, total);
	text_addf(text, " bytes %s", what);
}

static void
add_way_on(struct text *text, const struct download *d)
{
	const char *file = output_file_name(d->job->out);

	if (!d->reads)
		return;
	if (d->described)
		text_addf(text, "; 'get %s --resume -o %s' goes on there",
		    d->target ? d->target : ".", file);
	else if (d->begun)
		text_add(text,
		    "; the server gave no ETag, so it has to begin anew");
	else if (!d->streams)
		text_add(text,
		    "; with -o FILE they stay, and --resume goes on there");
}

char *
download_left(const struct download *d)
{
	const coapx_transfer_t *at = &d->at;
	struct text text = { .s = NULL };
	char *s;

	if (at->received > 0) {
		add_count(&text, at->received, at->received_total, "had come");
		add_way_on(&text, d);
	} else if (at->sent > 0) {
		add_count(&text, at->sent, at->sent_total,
		    "were sent; an upload has to begin anew");
	} else {
		return NULL;
	}
	s = text_string(&text) ? strdup(text.s) : NULL;
	text_free(&text);
	return s;
}
