/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of -o. */
#include "cli/output/output_file.h"

#include "cli/body/part.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE     0666
#define TEMP_ATTEMPTS 100
#define PART_END      ".part"
#define ETAG_END      ".part.etag"

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

/* --- bodies that come piece by piece -------------------------------------- */

static char *
path_with(const char *path, const char *end)
{
	char *s;

	if (asprintf(&s, "%s%s", path, end) >= 0)
		return s;
	errno = ENOMEM;
	return NULL;
}

static void
remove_with(const char *path, const char *end)
{
	int saved = errno;
	char *s = path_with(path, end);

	if (s)
		unlink(s);
	free(s);
	errno = saved;
}

/* FILE.part as it is, locked. A symbolic link there is nobody's part. */
static int
open_part(const char *part, int flags)
{
	int fd = open(part, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	int error;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	error = errno == EWOULDBLOCK ? EBUSY : ENOENT;
	close(fd);
	errno = error;
	return -1;
}

/* The file gets the name that stays, unless another one writes there. */
static int
claim(struct output_file *file)
{
	char *part = path_with(file->path, PART_END);
	int old;

	if (!part)
		return -1;
	old = open_part(part, O_RDONLY);
	if ((old < 0 && errno != ENOENT && errno != EACCES) ||
	    flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
		free(part);
		return 0;
	}
	remove_with(file->path, ETAG_END);
	if (rename(file->temp, part) == 0) {
		free(file->temp);
		file->temp = part;
		file->kept = true;
		part = NULL;
	}
	if (old >= 0)
		close(old);
	free(part);
	return 0;
}

static int
begin_anew(struct output_file *file)
{
	/* What went into a pipe does not come back. */
	if (!file->temp) {
		errno = file->written ? ESPIPE : 0;
		return file->written ? -1 : 0;
	}
	if (ftruncate(file->fd, 0) != 0 || lseek(file->fd, 0, SEEK_SET) < 0)
		return -1;
	if (file->kept)
		remove_with(file->path, ETAG_END);
	return file->kept ? 0 : claim(file);
}

/* FILE.part takes the place of the file that was made for the case that there
 * would be none. */
static int
go_on(struct output_file *file, uint64_t offset)
{
	char *part = path_with(file->path, PART_END);
	int fd = part ? open_part(part, O_WRONLY) : -1;

	if (fd < 0 || !file->temp || ftruncate(fd, (off_t)offset) != 0 ||
	    lseek(fd, 0, SEEK_END) != (off_t)offset) {
		if (fd >= 0)
			close(fd);
		free(part);
		return -1;
	}
	close(file->fd);
	unlink(file->temp);
	free(file->temp);
	file->fd = fd;
	file->temp = part;
	file->kept = true;
	return 0;
}

int
output_file_begin(struct output_file *file, uint64_t offset)
{
	int r = offset == 0 ? begin_anew(file)
	    : file->kept    ? -1
			    : go_on(file, offset);

	if (r != 0)
		return -1;
	file->partial = true;
	file->written = true;
	return 0;
}

int
output_file_describe(struct output_file *file, const char *text)
{
	char *etag;
	int fd, r;

	if (!file->kept)
		return 0;
	etag = path_with(file->path, ETAG_END);
	if (!etag)
		return -1;
	unlink(etag);
	fd = open(etag, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	r = fd < 0 ? -1 : write_all(fd, text, strlen(text));
	if (fd >= 0 && close(fd) != 0)
		r = -1;
	if (r != 0)
		unlink(etag);
	free(etag);
	return r;
}

void
output_file_whole(struct output_file *file)
{
	file->partial = false;
}

/* What describes it; NULL with errno, which is ENODATA. */
static char *
read_etag(const char *path)
{
	char *etag = path_with(path, ETAG_END);
	int fd = etag ? open(etag, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	char *text = fd < 0 ? NULL : calloc(1, PART_TEXT + 1);
	ssize_t n = text ? read(fd, text, PART_TEXT) : -1;

	if (fd >= 0)
		close(fd);
	free(etag);
	if (n > 0)
		return text;
	free(text);
	errno = ENODATA;
	return NULL;
}

int
output_file_find(const char *path, char **text, uint64_t *length)
{
	char *real = realpath(path, NULL);
	char *part = path_with(real ? real : path, PART_END);
	int fd = part ? open_part(part, O_RDONLY) : -1;
	struct stat st;
	int error = errno;

	*text = NULL;
	if (fd >= 0) {
		*text =
		    fstat(fd, &st) == 0 ? read_etag(real ? real : path) : NULL;
		error = errno;
		close(fd);
	}
	if (*text)
		*length = (uint64_t)st.st_size;
	free(part);
	free(real);
	errno = error;
	return *text ? 0 : -1;
}

int
output_file_open_part(const char *path)
{
	char *real = realpath(path, NULL);
	char *part = path_with(real ? real : path, PART_END);
	int fd = part ? open_part(part, O_RDONLY) : -1;

	free(part);
	free(real);
	return fd;
}

/* --- the end --------------------------------------------------------------- */

/* Whether what there is of a body is of use to somebody. */
static bool
can_stay(const struct output_file *file)
{
	char *text = NULL;
	struct stat st;
	bool stays = false;

	if (file->kept && fstat(file->fd, &st) == 0 && st.st_size > 0) {
		text = read_etag(file->path);
		stays = text != NULL;
	}
	free(text);
	return stays;
}

static int
put_in_place(struct output_file *file)
{
	int r = rename(file->temp, file->path);

	if (r == 0 && file->kept)
		remove_with(file->path, ETAG_END);
	return r;
}

static void
throw_away(struct output_file *file)
{
	int saved = errno;

	unlink(file->temp);
	if (file->kept)
		remove_with(file->path, ETAG_END);
	errno = saved;
}

int
output_file_close(struct output_file *file, bool keep)
{
	bool stays;
	int r = 0;

	if (!file->open)
		return 0;
	stays = file->partial && can_stay(file);
	if (close(file->fd) != 0 && errno != EINTR)
		r = -1;
	if (file->temp && !stays) {
		if (r == 0 && keep && file->written && !file->partial)
			r = put_in_place(file);
		else
			throw_away(file);
		if (r != 0)
			throw_away(file);
	}
	release(file);
	return r;
}
