/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request does with bodies in blocks: the answer's goes to the file of
 * -o as it comes, --resume goes on with one that broke, and who waits sees how
 * far it is.
 */
#ifndef CLI_DOWNLOAD_H
#define CLI_DOWNLOAD_H

#include "cli/app.h"
#include "cli/body/part.h"
#include "cli/body/part_hash.h"
#include "cli/body/progress.h"
#include "cli/output/sha256.h"
#include "cli/request/request.h"

struct download {
	struct job *job;
	const char *target; /* as typed; NULL: not */
	bool reads;         /* a GET: the next one may go on with it */
	bool resume;        /* asked for */
	bool streams;       /* the body goes to the file as it comes */
	bool copies;        /* and is shown, too, if it is not too long */
	bool begun;
	bool described;
	bool looked;      /* for a part */
	struct part part; /* of which body it is */
	uint64_t offset;  /* where it goes on; 0: from the beginning */
	struct text copy;
	bool hashes; /* the body, from its first byte on */
	struct sha256 sha;
	char digest[SHA256_TEXT_SIZE];
	struct part_hash *part_hash; /* of what was there */
	int (*again)(struct job *job);
	coapx_transfer_t at; /* without its ETag */
	struct progress *progress;
	coapx_watch_t *pipe; /* that is full; or NULL */
};

/* Checks the words. keeps: something else wants the body, too; target: as it
 * was typed, NULL: not. STATUS_OK or an exit status, the job having been
 * told. */
int download_make(struct job *job, const struct request_plan *plan, bool keeps,
    const char *target, struct download *d);
void download_free(struct download *d);
/* The request to the target is about to be sent: where it begins. STATUS_OK; an
 * exit status; JOB_RUNNING: d->again(), which the caller has set, follows and is
 * to call this once more. */
int download_begin(struct download *d, const struct request_plan *plan,
    const struct target *target, coapx_request_params_t *params);
/* As write_body and transfer of the library. Where it waits, job->ready() is to
 * call coapx_request_resume(). */
int download_write(struct download *d, uint64_t offset, const uint8_t *data,
    size_t len);
void download_moved(struct download *d, const coapx_transfer_t *transfer);
/* The end is about to be told. */
void download_hide(struct download *d);
/* The response is here; before it is shown. */
void download_answered(struct download *d, const coap_pdu_t *response,
    struct view_response *view);
/* How it ends that the answer is good or bad, as far as bodies are concerned:
 * STATUS_OK, or the job has been told. uploaded: the request had a body. */
int download_check(struct download *d, bool uploaded,
    const coap_pdu_t *response);
/* "3072 of 10000 bytes had come; ..."; malloc()ed, NULL: nothing had. */
char *download_left(const struct download *d);

#endif
