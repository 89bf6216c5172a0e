/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that each kind of word may have. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/observe/observed.h"
#include "cli/session/session_fields.h"
#include "cli/session/session_tunables.h"
#include "cli/words/complete_values.h"
#include "cli/words/globals.h"

static bool
has_item(const struct completions *out, const char *value, size_t skip)
{
	size_t i;

	for (i = 0; i < out->n; i++)
		if (strcmp(out->items[i].value + skip, value) == 0)
			return true;
	return false;
}

void
candidate(struct candidates *c, const char *value, const char *description)
{
	struct completions *out = c->out;
	struct completion *grown, item = { NULL, NULL };

	if (strncmp(value, c->typed, strlen(c->typed)) != 0 ||
	    has_item(out, value, c->prefix_len))
		return;
	grown = realloc(out->items, (out->n + 1) * sizeof(*grown));
	if (grown)
		out->items = grown;
	item.value =
	    text_format("%.*s%s", (int)c->prefix_len, c->prefix, value);
	if (description)
		item.description = strdup(description);
	if (grown && item.value && (item.description || !description)) {
		out->items[out->n++] = item;
		return;
	}
	out->failed = true;
	free(item.value);
	free(item.description);
}

/* --- commands ------------------------------------------------------------ */

/* What is left of a name behind the words; NULL when it does not begin so. */
static const char *
behind(const char *name, char *const *words, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = strlen(words[i]);
		if (strncmp(name, words[i], len) != 0 || name[len] != ' ')
			return NULL;
		name += len + 1;
	}
	return name;
}

static void
candidate_name(struct candidates *c, const struct command *command,
    const char *name, char *const *words, size_t n)
{
	const char *rest = behind(name, words, n);
	size_t len;
	char *word;

	if (!rest)
		return;
	len = strcspn(rest, " ");
	word = strndup(rest, len);
	if (word)
		candidate(c, word,
		    rest[len] == '\0' ? command->summary : command->group);
	else
		c->out->failed = true;
	free(word);
}

void
candidates_commands(struct candidates *c, char *const *words, size_t n)
{
	const struct command *const *command;
	const char *const *alias;

	for (command = command_table; *command; command++) {
		if ((*command)->prompt_only && !c->app)
			continue;
		candidate_name(c, *command, (*command)->name, words, n);
		for (alias = (*command)->aliases; alias && *alias; alias++)
			candidate_name(c, *command, *alias, words, n);
	}
}

/* --- what is known by itself --------------------------------------------- */

static void
list_words(struct candidates *c, const char *const *words)
{
	for (; words && *words; words++)
		candidate(c, *words, NULL);
}

static void
list_forms(struct candidates *c)
{
	list_words(c, form_names);
}

static void
list_formats(struct candidates *c)
{
	const coapx_format_info_t *info;
	const char *alias;
	char text[64];
	unsigned number;
	size_t i;

	for (i = 0;; i++) {
		alias = coapx_format_alias_at(i, &number);
		if (!alias)
			break;
		info = coapx_format_by_number(number);
		snprintf(text, sizeof(text), "%u %s", number,
		    info ? info->media_type : "");
		candidate(c, alias, text);
	}
	for (i = 0;; i++) {
		info = coapx_format_at(i);
		if (!info)
			break;
		snprintf(text, sizeof(text), "%u, %s", info->number,
		    info->reference);
		if (!info->coding)
			candidate(c, info->media_type, text);
	}
}

static void
list_options(struct candidates *c)
{
	const coapx_option_info_t *info;
	char text[64];
	size_t i;

	for (i = 0;; i++) {
		info = coapx_option_at(i);
		if (!info)
			return;
		snprintf(text, sizeof(text), "%u, %s", info->number,
		    info->reference);
		candidate(c, info->name, text);
	}
}

static void
list_codes(struct candidates *c)
{
	const coapx_code_info_t *info;
	char number[8];
	size_t i;

	for (i = 0;; i++) {
		info = coapx_code_at(i);
		if (!info)
			return;
		snprintf(number, sizeof(number), "%d.%02d", info->code >> 5,
		    info->code & 0x1f);
		candidate(c, number, info->name);
	}
}

static void
list_fields(struct candidates *c)
{
	const struct session_field *field;

	for (field = session_fields; field->name; field++)
		candidate(c, field->name, field->help);
}

static void
list_tunables(struct candidates *c)
{
	const struct tunable *tunable;
	char key[40];

	for (tunable = tunables; tunable->key; tunable++) {
		snprintf(key, sizeof(key), "%s=", tunable->key);
		candidate(c, key, tunable->help);
	}
}

static void
list_states(struct candidates *c)
{
	unsigned state;

	for (state = COAP_SESSION_STATE_NONE;
	     state <= COAP_SESSION_STATE_ESTABLISHED; state++)
		candidate(c, coapx_state_name((coap_session_state_t)state),
		    NULL);
}

static void
list_types(struct candidates *c)
{
	unsigned type;

	for (type = COAP_SESSION_TYPE_CLIENT; type <= COAP_SESSION_TYPE_HELLO;
	     type++)
		candidate(c, coapx_type_name((coap_session_type_t)type), NULL);
}

static void
list_reasons(struct candidates *c)
{
	unsigned reason;

	for (reason = COAP_NACK_TOO_MANY_RETRIES; reason <= COAP_NACK_WS_FAILED;
	     reason++)
		candidate(c, coapx_nack_name((coap_nack_reason_t)reason), NULL);
}

/* --- sessions and places ------------------------------------------------- */

/* Whether what was typed may become a name: a path or a URI does not. */
static bool
may_be_name(const char *typed)
{
	for (; *typed != '\0'; typed++)
		if (!isalnum((unsigned char)*typed) && !strchr("._-", *typed))
			return false;
	return true;
}

void
candidates_ask(struct candidates *c, char **words, peek_row *row, void *arg)
{
	const struct completer *completer = c->completer;
	struct control control;

	if (!completer || !completer->context)
		return;
	control = *completer->control;
	if (c->control_path) {
		control.path = c->control_path;
		control.server = NULL;
	}
	if (control.off || c->no_agent)
		return;
	if (!peek(&control, completer->context, words, completer->limit_ms, row,
		arg))
		c->out->failed = true;
}

static void
ask_others(struct candidates *c, char **words, peek_row *row)
{
	if (may_be_name(c->typed))
		candidates_ask(c, words, row, c);
}

static void
add_session(struct candidates *c, const char *name, const char *description,
    const char *end)
{
	char *text = text_format("%s%s", name, end);

	if (text)
		candidate(c, text, description);
	else
		c->out->failed = true;
	free(text);
}

/* A row of session list in raw form: name, whether it is current, type,
 * protocol, state, two addresses ... */
static void
add_row(struct candidates *c, char *const *cells, size_t n, const char *end)
{
	char *text;

	if (n < 7)
		return;
	text = text_format("%s, %s, %s", cells[3], cells[4], cells[6]);
	add_session(c, cells[0], text, end);
	free(text);
}

static void
on_session(void *arg, char *const *cells, size_t n)
{
	add_row(arg, cells, n, "");
}

static void
on_session_target(void *arg, char *const *cells, size_t n)
{
	add_row(arg, cells, n, ":");
}

static void
list_sessions_with(struct candidates *c, const char *end, peek_row *row)
{
	char session[] = "session";
	char list[] = "list";
	char *words[] = { session, list, NULL };
	const struct named *named;

	if (c->app)
		DL_FOREACH(c->app->sessions, named)
			add_session(c, named->name, named->uri, end);
	ask_others(c, words, row);
}

static void
list_sessions(struct candidates *c)
{
	list_sessions_with(c, "", on_session);
}

/* A row of listen list: name, URI ... */
static void
on_listener(void *arg, char *const *cells, size_t n)
{
	if (n >= 2)
		candidate(arg, cells[0], cells[1]);
}

static void
list_listeners(struct candidates *c)
{
	char listen[] = "listen";
	char list[] = "list";
	char *words[] = { listen, list, NULL };
	const struct listener *listener;

	if (c->app)
		DL_FOREACH(c->app->listeners, listener)
			candidate(c, listener->name, listener->uri);
	ask_others(c, words, on_listener);
}

/* A row of observe list: number, session, path ... */
static void
on_observed(void *arg, char *const *cells, size_t n)
{
	if (n >= 3)
		candidate(arg, cells[0], cells[2]);
}

static void
list_observed(struct candidates *c)
{
	char observe[] = "observe";
	char list[] = "list";
	char *words[] = { observe, list, NULL };
	const struct observed *o;
	char id[16];

	if (c->app)
		DL_FOREACH(c->app->observed, o) {
			snprintf(id, sizeof(id), "%u", o->id);
			candidate(c, id, o->path);
		}
	ask_others(c, words, on_observed);
}

void
candidates_schemes(struct candidates *c)
{
	static const coap_proto_t protos[] = {
		COAP_PROTO_UDP,
		COAP_PROTO_TCP,
		COAP_PROTO_DTLS,
		COAP_PROTO_TLS,
		COAP_PROTO_WS,
		COAP_PROTO_WSS,
	};
	char text[32];
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (!coapx_proto_is_supported(protos[i]))
			continue;
		snprintf(text, sizeof(text), "%s://",
		    coapx_proto_scheme(protos[i]));
		candidate(c, text, NULL);
	}
}

static void
list_targets(struct candidates *c)
{
	if (candidates_paths(c))
		return;
	list_sessions_with(c, ":", on_session_target);
	candidates_schemes(c);
}

static void
list_commands(struct candidates *c)
{
	candidates_commands(c, NULL, 0);
}

/* --- files --------------------------------------------------------------- */

static void
list_files(struct candidates *c)
{
	c->out->files = true;
	c->out->file_prefix = c->prefix_len;
}

static void
list_at_files(struct candidates *c)
{
	if (c->typed[0] != '@')
		return;
	c->out->files = true;
	c->out->file_prefix = c->prefix_len + 1;
}

static void (*const lists[])(struct candidates *c) = {
	[COMPLETE_FILE] = list_files,
	[COMPLETE_AT_FILE] = list_at_files,
	[COMPLETE_SESSION] = list_sessions,
	[COMPLETE_LISTENER] = list_listeners,
	[COMPLETE_OBSERVED] = list_observed,
	[COMPLETE_TARGET] = list_targets,
	[COMPLETE_URI] = candidates_schemes,
	[COMPLETE_FORMAT] = list_formats,
	[COMPLETE_OPTION] = list_options,
	[COMPLETE_CODE] = list_codes,
	[COMPLETE_FIELD] = list_fields,
	[COMPLETE_TUNABLE] = list_tunables,
	[COMPLETE_COMMAND] = list_commands,
	[COMPLETE_OUTPUT] = list_forms,
	[COMPLETE_STATE] = list_states,
	[COMPLETE_TYPE] = list_types,
	[COMPLETE_REASON] = list_reasons,
	[COMPLETE_WORDS] = NULL,
};

void
candidates_values(struct candidates *c, enum complete kind,
    const char *const *words)
{
	list_words(c, words);
	if ((size_t)kind < sizeof(lists) / sizeof(lists[0]) && lists[kind])
		lists[kind](c);
}
