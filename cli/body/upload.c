/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a file, as blocks ask for them. */
#include "cli/body/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is shorter is read before anything is opened, as everything else is. */
#define LONG ((off_t)1024 * 1024)

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
	if (upload->open)
		close(upload->fd);
	upload->open = false;
}

static int
fail(struct upload *upload, const char *why)
{
	upload->failed = true;
	job_fail(upload->job, STATUS_LOCAL, "%s: %s", upload->name, why);
	return -COAP_E_CANCELLED;
}

int
upload_read(struct upload *upload, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t n = 0;
	ssize_t r;

	while (n < len) {
		r = pread(upload->fd, buf + n, len - n, (off_t)(offset + n));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail(upload, strerror(errno));
		/* No more is asked for than there was. */
		if (r == 0)
			return fail(upload,
			    "it became shorter while it was sent");
		n += (size_t)r;
	}
	return (int)n;
}

/* RFC 7959 section 2.2: a block's number has 20 bits. */
int
upload_check(struct job *job, uint64_t length, unsigned block_size)
{
	unsigned size = block_size ? block_size : 1024;

	if (length <= (uint64_t)size << 20)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "not sent: a body of %" PRIu64 " bytes does not fit into 1048576 "
	    "blocks of %u%s",
	    length, size, size < 1024 ? "; -b 1024 makes them larger" : "");
}
