/* SPDX-License-Identifier: BSD-2-Clause */
/* History without duplicates, appended to its file under a lock. */
#include "shell/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/secrets/secret.h"
#include "shell/edit_library.h"

/* The file is written anew when it has that many lines too many. */
#define SLACK 500

/* --- entries ------------------------------------------------------------- */

/* Drops an entry that says the same. */
static void
forget(struct past *past, const char *line)
{
	HistEvent event, gone;
	int more;

	for (more = edit()->history(past->list, &event, H_FIRST); more == 0;
	     more = edit()->history(past->list, &event, H_NEXT)) {
		if (strcmp(event.str, line) != 0)
			continue;
		if (edit()->history(past->list, &gone, H_DEL, event.num) == 0)
			free((void *)(uintptr_t)gone.str);
		return;
	}
}

static void
enter(struct past *past, const char *line)
{
	HistEvent event;

	forget(past, line);
	edit()->history(past->list, &event, H_ENTER, line);
}

const char *
history_match(struct past *past, const char *text)
{
	size_t len = strlen(text);
	HistEvent event;
	int more;

	for (more = edit()->history(past->list, &event, H_FIRST); more == 0;
	     more = edit()->history(past->list, &event, H_NEXT))
		if (strncmp(event.str, text, len) == 0 &&
		    event.str[len] != '\0')
			return event.str;
	return NULL;
}

bool
history_wants(const char *line)
{
	return line[0] != ' ' && line[strspn(line, " \t\n")] != '\0' &&
	    !secret_in_line(line);
}

/* --- lines of the file --------------------------------------------------- */

/* In place. */
static void
decode(char *line)
{
	char *to = line;

	for (; *line != '\0' && *line != '\n'; line++) {
		if (line[0] == '\\' && (line[1] == 'n' || line[1] == '\\'))
			*to++ = *++line == 'n' ? '\n' : '\\';
		else
			*to++ = *line;
	}
	*to = '\0';
}

static void
encode(FILE *file, const char *line)
{
	for (; *line != '\0'; line++) {
		if (*line == '\n')
			fputs("\\n", file);
		else if (*line == '\\')
			fputs("\\\\", file);
		else
			fputc(*line, file);
	}
	fputc('\n', file);
}

/* --- the file ------------------------------------------------------------ */

char *
history_path(void)
{
	const char *own = getenv("COAP_SHELL_HISTORY");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (own)
		return *own != '\0' ? strdup(own) : NULL;
	if (state && *state == '/')
		return text_format("%s/coap-shell/history", state);
	if (home && *home == '/')
		return text_format("%s/.local/state/coap-shell/history", home);
	return NULL;
}

/* The folders above it, for the user alone. */
static void
make_folders(const char *path)
{
	char *copy = strdup(path);
	char *slash = copy ? strchr(copy + 1, '/') : NULL;

	for (; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
	free(copy);
}

/* Whether the name still leads to the open file. */
static bool
is_current(const char *path, int fd)
{
	struct stat named, opened;

	return stat(path, &named) == 0 && fstat(fd, &opened) == 0 &&
	    named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* The file, locked; -1 and errno. */
static int
open_locked(const char *path)
{
	int fd, tries;

	for (tries = 0; tries < 8; tries++) {
		fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX) < 0) {
			close(fd);
			return -1;
		}
		/* Another shell may have put a new one in its place. */
		if (is_current(path, fd))
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

static int
append(const char *path, const char *line)
{
	int fd = open_locked(path), err = 0;
	FILE *file;

	if (fd < 0)
		return errno;
	file = fdopen(fd, "a");
	if (!file) {
		err = errno;
		close(fd);
		return err;
	}
	encode(file, line);
	if (ferror(file))
		err = EIO;
	return fclose(file) == 0 ? err : errno;
}

/* All entries, the oldest first. */
static bool
write_all_entries(struct past *past, FILE *file)
{
	HistEvent event;
	int more;

	for (more = edit()->history(past->list, &event, H_LAST); more == 0;
	     more = edit()->history(past->list, &event, H_PREV))
		encode(file, event.str);
	return !ferror(file);
}

/* Puts a file without what is not needed in its place; locked by the caller. */
static void
compact(struct past *past)
{
	char *temporary = text_format("%s.XXXXXX", past->path);
	FILE *file = NULL;
	bool good = false;
	int fd = -1;

	if (temporary)
		fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file) {
		good = write_all_entries(past, file);
		good = fclose(file) == 0 && good;
	} else if (fd >= 0) {
		close(fd);
	}
	if (good)
		good = rename(temporary, past->path) == 0;
	if (!good && fd >= 0)
		unlink(temporary);
	free(temporary);
}

static void
load(struct past *past)
{
	int fd = open_locked(past->path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	unsigned n = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (getline(&line, &size, file) >= 0) {
		decode(line);
		if (*line != '\0')
			enter(past, line);
		n++;
	}
	free(line);
	if (n > HISTORY_MAX + SLACK)
		compact(past);
	fclose(file);
}

/* --- the whole ----------------------------------------------------------- */

int
history_open(struct past *past, char *path)
{
	HistEvent event;

	past->path = path;
	past->list = edit()->history_init();
	if (!past->list) {
		free(path);
		past->path = NULL;
		return -1;
	}
	edit()->history(past->list, &event, H_SETSIZE, HISTORY_MAX);
	if (!path)
		return 0;
	make_folders(path);
	load(past);
	return 0;
}

void
history_close(struct past *past)
{
	if (past->list)
		edit()->history_end(past->list);
	free(past->path);
	past->list = NULL;
	past->path = NULL;
}

int
history_keep(struct past *past, const char *line)
{
	if (!history_wants(line))
		return 0;
	enter(past, line);
	return past->path ? append(past->path, line) : 0;
}
