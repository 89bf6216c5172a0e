/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a payload, as blocks ask for them. */
#include "cli/body/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/body/pieces.h"

/* What is shorter is read before anything is opened, as everything else is. */
#define LONG ((off_t)1024 * 1024)
/* Of a piece: a block of the largest size asks for a few of them. */
#define PIECE ((size_t)32 * 1024)
/* More is asked for while less is there. */
#define LOW ((size_t)2 * PIECE)

/* Once, and the job is told. */
static int
fail(struct upload *upload, int status, const char *why)
{
	upload->status = job_fail(upload->job, status, "%s: %s",
	    pieces_shown(upload->name), why);
	return -COAP_E_CANCELLED;
}

/* --- a file of this process ----------------------------------------------- */

bool
upload_open(struct upload *upload, struct job *job, const char *name)
{
	struct stat st;
	int fd;

	/* A guest's files are its client's to read. */
	if (job->front->guest || strcmp(name, "-") == 0)
		return false;
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < LONG) {
		close(fd);
		return false;
	}
	*upload = (struct upload){ .open = true,
		.fd = fd,
		.length = (uint64_t)st.st_size,
		.name = name,
		.job = job };
	return true;
}

void
upload_close(struct upload *upload)
{
	if (upload->open && !upload->pieces)
		close(upload->fd);
	pieces_free(upload->pieces);
	if (upload->data)
		explicit_bzero(upload->data, upload->room);
	free(upload->data);
	memset(upload, 0, sizeof(*upload));
}

static int
read_file(struct upload *upload, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t n = 0;
	ssize_t r;

	while (n < len) {
		r = pread(upload->fd, buf + n, len - n, (off_t)(offset + n));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail(upload, STATUS_LOCAL, strerror(errno));
		/* No more is asked for than there was. */
		if (r == 0)
			return fail(upload, STATUS_LOCAL,
			    "it became shorter while it was sent");
		n += (size_t)r;
	}
	return (int)n;
}

/* --- pieces --------------------------------------------------------------- */

static size_t
there(const struct upload *upload)
{
	return upload->len - upload->at;
}

/* Room for a piece at the end: twice what is there is the most that moves. */
static bool
make_room(struct upload *upload, size_t len)
{
	size_t room = upload->room ? upload->room : 2 * PIECE;
	uint8_t *bigger;

	if (upload->room - upload->len >= len)
		return true;
	if (upload->at >= there(upload) && upload->at >= len) {
		memmove(upload->data, upload->data + upload->at, there(upload));
		upload->len -= upload->at;
		upload->at = 0;
		return true;
	}
	while (room - upload->len < len)
		room *= 2;
	bigger = realloc(upload->data, room);
	if (!bigger)
		return false;
	upload->data = bigger;
	upload->room = room;
	return true;
}

static void
ask(struct upload *upload)
{
	int status;

	if (upload->asked || upload->ended || upload->status != STATUS_OK)
		return;
	status = pieces_want(upload->pieces, PIECE);
	upload->asked = status == STATUS_OK;
	if (status != STATUS_OK)
		upload->status = status;
}

/* Enough to begin with, or all of it. The upload may be gone. */
static void
begin(struct upload *upload)
{
	upload_begun *begun = upload->begun;
	void *arg = upload->arg;
	uint8_t *data = NULL;
	size_t len = 0;
	int status = upload->status;

	upload->begun = NULL;
	if (status == STATUS_OK && !upload->ended) {
		upload->open = true;
		upload->length = pieces_length(upload->pieces);
	} else {
		data = upload->data;
		len = upload->len;
		upload->data = NULL;
		upload_close(upload);
	}
	if (status != STATUS_OK) {
		free(data);
		data = NULL;
		len = 0;
	}
	begun(arg, status, data, len);
}

/* Something has come. The upload may be gone. */
static void
go_on(struct upload *upload)
{
	struct job *job = upload->job;
	bool enough = upload->ended || upload->status != STATUS_OK;

	if (upload->begun) {
		enough = enough || there(upload) > UPLOAD_AHEAD;
		if (!enough)
			ask(upload);
		if (enough || upload->status != STATUS_OK)
			begin(upload);
		return;
	}
	if (!enough && there(upload) < (upload->waits ? upload->waits : LOW))
		ask(upload);
	if (upload->waits == 0 ||
	    (!enough && there(upload) < upload->waits &&
		upload->status == STATUS_OK))
		return;
	upload->waits = 0;
	if (job->ready)
		job->ready(job);
}

/* From the first byte on. */
static void
rewind_pieces(struct upload *upload)
{
	upload->rewinds = false;
	upload->at = upload->len = 0;
	upload->offset = 0;
	upload->ended = false;
	if (!pieces_rewind(upload->pieces))
		fail(upload, STATUS_LOCAL, "it cannot be read a second time");
	ask(upload);
}

static void
on_piece(void *arg, const uint8_t *data, size_t len)
{
	struct upload *upload = arg;

	upload->asked = false;
	if (upload->rewinds) {
		rewind_pieces(upload);
	} else if (upload->open &&
	    upload->length != pieces_length(upload->pieces)) {
		fail(upload, STATUS_LOCAL, "it changed while it was sent");
	} else if (!make_room(upload, len)) {
		fail(upload, STATUS_INTERNAL, "out of memory");
	} else {
		memcpy(upload->data + upload->len, data, len);
		upload->len += len;
	}
	go_on(upload);
}

static void
on_end(void *arg, int status)
{
	struct upload *upload = arg;

	upload->asked = false;
	upload->ended = true;
	upload->status = status;
	if (upload->rewinds && status == STATUS_OK)
		rewind_pieces(upload);
	go_on(upload);
}

static const struct pieces_ops ops = { on_piece, on_end };

int
upload_start(struct upload *upload, struct job *job, const char *name,
    upload_begun *begun, void *arg)
{
	int status;

	*upload = (struct upload){ .fd = -1,
		.name = name,
		.job = job,
		.begun = begun,
		.arg = arg };
	status = pieces_open(job, name, &ops, upload, &upload->pieces);
	if (status != STATUS_OK)
		return status;
	ask(upload);
	return upload->status;
}

/* Only the part under way may be asked for again, or else the first. */
static int
go_back(struct upload *upload)
{
	if (upload->length == COAPX_LENGTH_UNKNOWN)
		return fail(upload, STATUS_INCOMPLETE,
		    "the device wants the body from its beginning again, and "
		    "this cannot be read a second time; a file can: -d @FILE");
	if (upload->asked)
		upload->rewinds = true;
	else
		rewind_pieces(upload);
	return upload->status == STATUS_OK ? 0 : -COAP_E_CANCELLED;
}

static int
read_pieces(struct upload *upload, uint64_t offset, uint8_t *buf, size_t len)
{
	bool has = offset >= upload->offset &&
	    offset - upload->offset <= there(upload);
	size_t n = 0;

	if (!upload->rewinds && has)
		n = (size_t)(offset - upload->offset);
	else if (offset != 0)
		return fail(upload, STATUS_INTERNAL, "it is not in order");
	else if (!upload->rewinds && go_back(upload) < 0)
		return -COAP_E_CANCELLED;
	upload->at += n;
	upload->offset += n;
	if (upload->rewinds || (there(upload) < len && !upload->ended)) {
		upload->waits = len;
		ask(upload);
		return upload->status == STATUS_OK ? COAPX_BODY_WAIT
						   : -COAP_E_CANCELLED;
	}
	if (there(upload) < LOW + len)
		ask(upload);
	n = there(upload) < len ? there(upload) : len;
	if (n < len && upload->length != COAPX_LENGTH_UNKNOWN)
		return fail(upload, STATUS_LOCAL,
		    "it became shorter while it was sent");
	if (n > 0)
		memcpy(buf, upload->data + upload->at, n);
	return (int)n;
}

int
upload_read(struct upload *upload, uint64_t offset, uint8_t *buf, size_t len)
{
	if (upload->status != STATUS_OK)
		return -COAP_E_CANCELLED;
	return upload->pieces ? read_pieces(upload, offset, buf, len)
			      : read_file(upload, offset, buf, len);
}

/* RFC 7959 section 2.2: a block's number has 20 bits. */
int
upload_check(struct job *job, uint64_t length, unsigned block_size)
{
	unsigned size = block_size ? block_size : 1024;

	if (length == COAPX_LENGTH_UNKNOWN || length <= (uint64_t)size << 20)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "not sent: a body of %" PRIu64 " bytes does not fit into 1048576 "
	    "blocks of %u%s",
	    length, size, size < 1024 ? "; -b 1024 makes them larger" : "");
}
