/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks all other processes at once, and does not wait for those that are slow. */
#include "cli/control/peek.h"

#include <stdlib.h>
#include <string.h>

#include "cli/control/conn.h"
#include "cli/control/route.h"

/* The only request of a connection. */
#define REQUEST 1
/* More cells of a row are not looked at. */
#define CELLS 16

struct look;

/* One process. */
struct glance {
	struct look *look;
	struct conn *conn;
	struct bytes text;
};

struct look {
	struct glance glances[ROUTE_MAX];
	size_t n;
	size_t waiting; /* for so many */
	bool late;
	bool failed;
};

/* --- one process --------------------------------------------------------- */

static void
glance_over(struct glance *glance)
{
	conn_free(glance->conn);
	glance->conn = NULL;
	glance->look->waiting--;
}

/* Without credit it sends a window's worth at most. */
static void
on_message(void *user, struct message *m)
{
	struct glance *glance = user;

	if (m->type == MESSAGE_OUTPUT && m->output.stream == STREAM_OUT)
		bytes_add(&glance->text, m->output.data.data,
		    m->output.data.len);
	else if (m->type == MESSAGE_EXIT || m->type == MESSAGE_ERROR ||
	    (m->type == MESSAGE_HELLO && m->hello.version != CONTROL_VERSION))
		glance_over(glance);
}

static void
on_unknown(void *user, unsigned type, uint32_t request)
{
	(void)user;
	(void)type;
	(void)request;
}

static void
on_ended(void *user, enum conn_end why)
{
	(void)why;
	glance_over(user);
}

static const struct conn_ops ops = { on_message, on_unknown, on_ended };

/* Takes fd over. */
static void
glance_at(struct look *look, coap_context_t *context, int fd,
    struct start *start)
{
	struct glance *glance = &look->glances[look->n];
	struct message m = { .type = MESSAGE_START, .request = REQUEST };

	glance->look = look;
	glance->conn = conn_new(context, fd, &ops, glance);
	if (!glance->conn) {
		look->failed = true;
		return;
	}
	look->n++;
	look->waiting++;
	m.start = start;
	conn_hello(glance->conn);
	if (conn_send(glance->conn, &m))
		return;
	look->failed = true;
	glance_over(glance);
}

/* --- all of them --------------------------------------------------------- */

static void
glance_at_folder(struct look *look, const struct control *control,
    coap_context_t *context, struct start *start)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	char **names;
	size_t i;
	int fd;

	folder_open(false, &folder, &problem);
	free(problem);
	names = folder ? folder_owners(folder) : NULL;
	for (i = 0; names && names[i] && look->n < ROUTE_MAX; i++) {
		if (control->name && strcmp(control->name, names[i]) == 0)
			continue;
		fd = folder_connect(folder, names[i]);
		if (fd >= 0)
			glance_at(look, context, fd, start);
	}
	folder_names_free(names);
	folder_close(folder);
}

static void
on_late(coapx_timer_t *timer, void *arg)
{
	struct look *look = arg;

	(void)timer;
	look->late = true;
}

static void
await(struct look *look, coap_context_t *context, unsigned limit_ms)
{
	coapx_timer_t *timer = coapx_timer_new(context, on_late, look);
	size_t i;

	if (timer)
		coapx_timer_set(timer, limit_ms);
	else
		look->failed = true;
	while (timer && look->waiting > 0 && !look->late)
		coap_io_process(context, COAP_IO_WAIT);
	coapx_timer_free(timer);
	for (i = 0; i < look->n; i++)
		conn_free(look->glances[i].conn);
}

/* --- rows ---------------------------------------------------------------- */

/* Changes the line. */
static void
tell_row(char *line, peek_row *row, void *arg)
{
	char *cells[CELLS];
	size_t n = 0;

	while (line && n < CELLS)
		cells[n++] = strsep(&line, "\t");
	row(arg, cells, n);
}

/* Whole lines: the last one may be cut. */
static void
tell_rows(struct glance *glance, peek_row *row, void *arg)
{
	const char *text = (const char *)bytes_front(&glance->text);
	char *copy =
	    glance->text.len > 0 ? strndup(text, glance->text.len) : NULL;
	char *rest = copy;
	char *line;

	while (rest && strchr(rest, '\n')) {
		line = strsep(&rest, "\n");
		tell_row(line, row, arg);
	}
	glance->look->failed = glance->look->failed || glance->text.failed ||
	    (glance->text.len > 0 && !copy);
	free(copy);
	bytes_free(&glance->text);
}

static size_t
count_words(char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

bool
peek(const struct control *control, coap_context_t *context, char **words,
    unsigned limit_ms, peek_row *row, void *arg)
{
	struct look look = { .n = 0 };
	struct start start = { .words = words };
	size_t i;
	int fd;

	start.n_words = count_words(words);
	start.options.form = FORM_RAW;
	start.options.color = -1;
	start.no_input = true;
	if (!control->path) {
		glance_at_folder(&look, control, context, &start);
	} else if (!control->server) {
		fd = control_connect(control->path);
		if (fd >= 0)
			glance_at(&look, context, fd, &start);
	}
	await(&look, context, limit_ms);
	for (i = 0; i < look.n; i++)
		tell_rows(&look.glances[i], row, arg);
	return !look.failed;
}
