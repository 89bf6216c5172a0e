/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands before the line. */
#include "shell/prompt_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"

/* A path in the prompt is cut to this from the left. */
#define PATH_CELLS 30

/* The end of a long path. */
static const char *
shown_path(const char *path, bool *cut)
{
	size_t len = strlen(path);

	*cut = len > PATH_CELLS;
	if (!*cut)
		return path;
	path += len - PATH_CELLS;
	while (((unsigned char)*path & 0xc0) == 0x80)
		path++;
	return path;
}

/* Whether nobody knows who the peer is. */
static bool
is_insecure(const struct named *named)
{
	const char *word = security_word(named->session);

	return word && strcmp(word, "insecure") == 0;
}

static void
session_text(const struct named *named, bool color,
    char buf[static PROMPT_TEXT_SIZE])
{
	bool lost =
	    coap_session_get_state(named->session) == COAP_SESSION_STATE_NONE ||
	    session_reconnects(named->session);
	coap_session_type_t type = coap_session_get_type(named->session);
	bool other = type != COAP_SESSION_TYPE_CLIENT;
	bool cut;
	const char *path = shown_path(named->path, &cut);

	snprintf(buf, PROMPT_TEXT_SIZE, "%s%s%s%s%s%s%s:%s%s%s%s> ",
	    !color     ? ""
		: lost ? "\1\033[1;31m\1"
		       : "\1\033[1;36m\1",
	    named->name, lost ? "!" : "", other ? "(" : "",
	    other ? coapx_type_name(type) : "", other ? ")" : "",
	    is_insecure(named) ? "(insecure)" : "",
	    color ? "\1\033[0;34m\1" : "", cut ? "..." : "", path,
	    color ? "\1\033[0m\1" : "");
}

/* The same for a session of another process, whose state is not known here. */
static void
away_text(const struct front *front, bool color,
    char buf[static PROMPT_TEXT_SIZE])
{
	const char *path = front_place(front, front->away);
	bool cut;

	path = shown_path(path ? path : "/", &cut);
	snprintf(buf, PROMPT_TEXT_SIZE, "%s%s:%s%s%s%s> ",
	    color ? "\1\033[1;36m\1" : "", front->away,
	    color ? "\1\033[0;34m\1" : "", cut ? "..." : "", path,
	    color ? "\1\033[0m\1" : "");
}

const char *
prompt_text(const struct front *front, bool color,
    char buf[static PROMPT_TEXT_SIZE])
{
	if (front->current)
		session_text(front->current, color, buf);
	else if (front->away)
		away_text(front, color, buf);
	else
		return color ? "\1\033[1m\1coap-shell\1\033[0m\1> "
			     : "coap-shell> ";
	return buf;
}
