/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths on a device, segment by segment, from what it lists. */
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/control/peek.h"
#include "cli/output/links.h"
#include "cli/output/output_form.h"
#include "cli/session/known.h"
#include "cli/words/complete_values.h"
#include "cli/words/names.h"

/* Where the word is. */
struct place {
	struct candidates c; /* what was typed is behind "NAME:" */
	const char *below;   /* a path: what is typed is relative to it */
};

/* Nothing else goes into the line. */
static bool
is_plain(const char *target)
{
	const char *p;

	for (p = target; *p > ' ' && *p < 0x7f; p++)
		;
	return *p == '\0' && target[0] == '/';
}

/* What the target is in the word's place; NULL: it is elsewhere. */
static const char *
as_typed(const struct place *place, const char *target)
{
	size_t len = place->below ? strlen(place->below) : 0;

	if (!place->below)
		return target;
	while (len > 0 && place->below[len - 1] == '/')
		len--;
	return strncmp(target, place->below, len) == 0 && target[len] == '/'
	    ? target + len + 1
	    : NULL;
}

/* The next segment: with a slash where more is behind it. */
static void
add_path(struct place *place, const char *target, const char *description)
{
	struct candidates *c = &place->c;
	const char *word, *slash;
	size_t typed = strlen(c->typed);
	char *text;

	word = is_plain(target) ? as_typed(place, target) : NULL;
	if (!word || strncmp(word, c->typed, typed) != 0)
		return;
	slash = strchr(word + (typed > 0 ? typed : 1), '/');
	if (!slash || slash[1] == '\0') {
		candidate(c, word, description);
		return;
	}
	text = strndup(word, (size_t)(slash + 1 - word));
	if (text)
		candidate(c, text, NULL);
	else
		c->out->failed = true;
	free(text);
}

static void
add_link(struct place *place, const struct view_link *link)
{
	struct text text = { .s = NULL };
	bool observable = false;

	for (size_t i = 0; i < link->n_attrs; i++)
		observable =
		    observable || strcmp(link->attrs[i].name, "obs") == 0;
	if (place->c.observes && !observable)
		return;
	add_link_attrs(&text, link, true);
	add_path(place, link->target, text_string(&text));
	text_free(&text);
}

static void
add_known(struct place *place, const struct named *named)
{
	struct link_list list = { .n = 0 };
	struct link_trouble trouble;
	const char *text;
	size_t len;

	text = known_text(named, &len);
	if (text && links_read(&list, text, len, NULL, NULL, &trouble) == 0)
		for (size_t i = 0; i < list.n; i++)
			add_link(place, &list.links[i]);
	links_free(&list);
}

static void
on_late(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	*(bool *)arg = true;
}

/* Runs the loop until its answer is here, or it is late. The session may be
 * gone: NULL. */
static struct named *
await(const struct completer *completer, struct named *named)
{
	struct app *app = completer->app;
	coap_session_t *session = named->session;
	coapx_timer_t *timer;
	bool late = false;

	timer = coapx_timer_new(app->context, on_late, &late);
	if (!timer)
		return named;
	coap_session_reference(session);
	coapx_timer_set(timer, completer->limit_ms);
	while (named && known_is_asked(named) && !late) {
		coap_io_process(app->context, COAP_IO_WAIT);
		named = app_find_session(app, session);
	}
	coapx_timer_free(timer);
	coap_session_release(session);
	return named;
}

/* A row of discover in raw form: target, attributes ... */
static void
on_row(void *arg, char *const *cells, size_t n)
{
	struct place *place = arg;
	struct text text = { .s = NULL };
	bool observable = false;

	for (size_t i = 1; i < n; i++) {
		observable = observable || strcmp(cells[i], "obs") == 0;
		text_addf(&text, "%s%s", i > 1 ? "  " : "", cells[i]);
	}
	if (n > 0 && (observable || !place->c.observes))
		add_path(place, cells[0], text_string(&text));
	text_free(&text);
}

static void
ask_owner(struct place *place, const char *name)
{
	char discover[] = "discover", known[] = "--known";
	char *target = text_format("%s:", name);
	char *words[] = { discover, known, target, NULL };

	if (target)
		candidates_ask(&place->c, words, on_row, place);
	else
		place->c.out->failed = true;
	free(target);
}

static void
list_paths(struct place *place, const char *name)
{
	struct app *app = place->c.app;
	struct named *named = app ? app_find(app, name) : NULL;
	/* Beside names of sessions, for which others are asked, nothing is
	 * waited for. */
	bool waits = place->c.typed[0] != '\0' || place->c.prefix_len > 0;

	if (!named) {
		if (waits)
			ask_owner(place, name);
		return;
	}
	if (known_ask(named) && waits && place->c.completer)
		named = await(place->c.completer, named);
	if (named)
		add_known(place, named);
}

bool
candidates_paths(struct candidates *c)
{
	const struct front *front = c->app ? &c->app->own : NULL;
	const char *current = c->session;
	struct place place = { .c = *c };
	char name[NAME_SIZE];
	const char *path = name_of_target(c->typed, name);

	if (path && name[0] != '\0') {
		place.c.prefix = c->typed;
		place.c.prefix_len = (size_t)(path - c->typed);
		place.c.typed = path;
		list_paths(&place, name);
		return true;
	}
	if (!current && front && front->current) {
		current = front->current->name;
		if (c->typed[0] != '/' && c->typed[0] != '\0')
			place.below = front_path(front, front->current);
	} else if (!current && front) {
		current = front->away;
	}
	if (current &&
	    (c->typed[0] == '/' || c->typed[0] == '\0' || place.below))
		list_paths(&place, current);
	return false;
}
