/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that nobody else is to see. */
#include "cli/secrets/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/words/args.h"
#include "cli/words/lexer.h"

/* A pipe that gives nothing for so long is given up. */
#define PIPE_MS 10000
#define CHUNK   4096

/* --- bytes --------------------------------------------------------------- */

void
secret_free(struct secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->len);
	free(s->data);
	s->data = NULL;
	s->len = 0;
}

/* Never realloc(), which would leave a copy behind. */
bool
secret_append(struct secret *s, const void *data, size_t len)
{
	uint8_t *grown = malloc(s->len + len + 1);
	size_t old = s->len;

	if (!grown) {
		secret_free(s);
		return false;
	}
	if (old > 0)
		memcpy(grown, s->data, old);
	if (len > 0)
		memcpy(grown + old, data, len);
	grown[old + len] = '\0';
	secret_free(s);
	s->data = grown;
	s->len = old + len;
	return true;
}

bool
secret_set(struct secret *s, const void *data, size_t len)
{
	secret_free(s);
	return secret_append(s, data, len);
}

void
secret_chomp(struct secret *s)
{
	if (s->len > 0 && s->data[s->len - 1] == '\n')
		s->data[--s->len] = '\0';
	else
		return;
	if (s->len > 0 && s->data[s->len - 1] == '\r')
		s->data[--s->len] = '\0';
}

bool
secret_from_hex(struct secret *s)
{
	const char *text = (const char *)s->data;
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (memchr(text, '\0', s->len) ||
	    !parse_hex(text + strspn(text, " \t\r\n"), &bytes, &len))
		return false;
	secret_free(s);
	s->data = bytes;
	s->len = len;
	return true;
}

/* --- files --------------------------------------------------------------- */

/* Bytes or 0 at the end; -1 and errno, also when a pipe gives nothing. */
static ssize_t
read_some(int fd, void *data, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int ready;

	do
		ready = poll(&pfd, 1, PIPE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	do
		n = read(fd, data, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static int
read_all(struct secret *s, int fd, const char *path, size_t max, char **problem)
{
	uint8_t chunk[CHUNK];
	ssize_t n;
	bool good = true;

	while (good) {
		n = read_some(fd, chunk, sizeof chunk);
		if (n <= 0)
			break;
		good = secret_append(s, chunk, (size_t)n) && s->len <= max;
	}
	if (good && n < 0)
		*problem = text_format("%s: %s", path, strerror(errno));
	else if (!good && s->data)
		*problem =
		    text_format("%s: has more than %zu bytes", path, max);
	explicit_bzero(chunk, sizeof chunk);
	if (good && n == 0)
		return STATUS_OK;
	secret_free(s);
	return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
}

/* What keeps an open file from being used; NULL: nothing. */
static char *
file_problem(int fd, const char *path, bool own)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return text_format("%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return text_format("%s: is a folder, not a file", path);
	if (own && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 077) != 0)
		return text_format("%s: others may read this key (mode %04o), "
				   "so it is not used; 'chmod 600 %s' keeps "
				   "it to you",
		    path, (unsigned)(st.st_mode & 07777), path);
	return NULL;
}

int
secret_read(struct secret *s, const char *path, size_t max, bool own,
    char **problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int status = STATUS_LOCAL;

	secret_free(s);
	*problem = NULL;
	if (fd < 0) {
		*problem = text_format("%s: %s", path, strerror(errno));
		return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
	}
	*problem = file_problem(fd, path, own);
	if (!*problem)
		status = read_all(s, fd, path, max, problem);
	close(fd);
	if (status == STATUS_OK && !s->data && !secret_set(s, "", 0))
		status = STATUS_INTERNAL;
	return status;
}

/* --- words --------------------------------------------------------------- */

size_t
secret_begin(const char *before, const char *word)
{
	static const char pin[] = "pin-value=";
	const char *found;

	if (before && strcmp(before, "--psk") == 0)
		return strcmp(word, "-") == 0 ? SIZE_MAX : 0;
	if (strncmp(word, "--psk=", 6) == 0)
		return strcmp(word + 6, "-") == 0 ? SIZE_MAX : 6;
	if (!strstr(word, "pkcs11:"))
		return SIZE_MAX;
	found = strstr(word, pin);
	return found ? (size_t)(found - word) + strlen(pin) : SIZE_MAX;
}

bool
secret_in_line(const char *line)
{
	char *before = NULL, *word = NULL, *problem = NULL;
	bool found = false;
	struct lex lex;

	if (lex_text(&lex, line, strlen(line)) < 0)
		return true;
	for (size_t i = 0; i < lex.n && !found; i++) {
		secret_free_text(before);
		before = word;
		word = lex.tokens[i].kind == LEX_WORD
		    ? lex_word(line, &lex.tokens[i], NULL, NULL, &problem)
		    : NULL;
		free(problem);
		problem = NULL;
		found = word && secret_begin(before, word) != SIZE_MAX;
	}
	secret_free_text(before);
	secret_free_text(word);
	lex_free(&lex);
	return found;
}

void
secret_free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Whether the word may be a list of commands: that of -c, which may stand
 * behind other letters and before its list. */
static bool
is_list(const char *before, const char *word)
{
	return strncmp(word, "--command=", 10) == 0 ||
	    (before[0] == '-' && before[1] != '-' &&
		before[strlen(before) - 1] == 'c') ||
	    strcmp(before, "--command") == 0 ||
	    (word[0] == '-' && word[1] != '-' && strchr(word, 'c'));
}

char **
secret_take_args(int argc, char **argv)
{
	char **args = calloc((size_t)argc + 1, sizeof *args);
	size_t at;

	for (int i = 0; args && i < argc; i++) {
		args[i] = strdup(argv[i]);
		if (!args[i]) {
			secret_free_args(argc, args);
			return NULL;
		}
	}
	for (int i = 1; args && i < argc; i++) {
		at = is_list(args[i - 1], args[i]) && secret_in_line(args[i])
		    ? 0
		    : secret_begin(args[i - 1], args[i]);
		if (at != SIZE_MAX)
			explicit_bzero(argv[i] + at, strlen(argv[i] + at));
	}
	return args;
}

void
secret_free_args(int argc, char **args)
{
	for (int i = 0; args && i < argc; i++)
		secret_free_text(args[i]);
	free(args);
}
