/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of -o. */
#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE     0666
#define TEMP_ATTEMPTS 100

int
write_all(int fd, const void *data, size_t len)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

/* A new file beside path; its name is in file->temp. */
static int
open_temp(struct output_file *file)
{
	for (int i = 0; i < TEMP_ATTEMPTS; i++) {
		if (asprintf(&file->temp, "%s.%ld-%d.part", file->path,
			(long)getpid(), i) < 0) {
			file->temp = NULL;
			errno = ENOMEM;
			return -1;
		}
		file->fd = open(file->temp,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		if (file->fd >= 0)
			return 0;
		free(file->temp);
		file->temp = NULL;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

static int
open_at_path(struct output_file *file)
{
	struct stat st;

	if (stat(file->path, &st) != 0)
		return errno == ENOENT ? open_temp(file) : -1;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return file->fd < 0 ? -1 : 0;
	}
	if (access(file->path, W_OK) != 0 || open_temp(file) != 0)
		return -1;
	/* Others may read the new one as they could the old one. */
	if (fchmod(file->fd, st.st_mode & 0777) == 0)
		return 0;
	return -1;
}

static void
release(struct output_file *file)
{
	int saved = errno;

	free(file->path);
	free(file->temp);
	memset(file, 0, sizeof(*file));
	errno = saved;
}

int
output_file_open(struct output_file *file, const char *path)
{
	memset(file, 0, sizeof(*file));
	file->fd = -1;
	file->path = realpath(path, NULL);
	if (!file->path && errno == ENOENT)
		file->path = strdup(path);
	if (!file->path)
		return -1;
	if (open_at_path(file) == 0) {
		file->open = true;
		return 0;
	}
	if (file->fd >= 0)
		close(file->fd);
	if (file->temp)
		unlink(file->temp);
	release(file);
	return -1;
}

int
output_file_write(struct output_file *file, const void *data, size_t len)
{
	file->written = true;
	return write_all(file->fd, data, len);
}

int
output_file_close(struct output_file *file, bool keep)
{
	int r = 0;

	if (!file->open)
		return 0;
	if (close(file->fd) != 0 && errno != EINTR)
		r = -1;
	if (file->temp) {
		if (r == 0 && keep && file->written)
			r = rename(file->temp, file->path);
		else
			unlink(file->temp);
		if (r != 0)
			unlink(file->temp);
	}
	release(file);
	return r;
}
