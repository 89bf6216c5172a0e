/* SPDX-License-Identifier: BSD-2-Clause */
/* --print-command: the same request as a command line of another tool. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/output/payload.h"
#include "cli/request/dry_run.h"

struct line {
	struct text words;
	struct text comments;
};

/* --- words of sh --------------------------------------------------------- */

static bool
is_plain(const char *s)
{
	static const char marks[] = "%+,-./:=@_";

	if (*s == '\0')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(marks, *s))
			return false;
	return true;
}

/* Within single quotes nothing is special but the quote itself. */
static void
add_word(struct line *line, const char *s)
{
	if (line->words.len > 0)
		text_add_char(&line->words, ' ', 1);
	if (is_plain(s)) {
		text_add(&line->words, s);
		return;
	}
	text_add_char(&line->words, '\'', 1);
	for (; *s; s++) {
		if (*s == '\'')
			text_add(&line->words, "'\\''");
		else
			text_add_char(&line->words, *s, 1);
	}
	text_add_char(&line->words, '\'', 1);
}

static void
add_pair(struct line *line, const char *option, const char *value)
{
	add_word(line, option);
	add_word(line, value);
}

static void
add_comment(struct line *line, const char *what, const char *why)
{
	text_addf(&line->comments, "# %s: %s\n", what, why);
}

/* --- the message --------------------------------------------------------- */

/* One that coap-client knows, which is every registered one. */
static void
add_method(struct line *line, unsigned code)
{
	const coapx_code_info_t *info = coapx_code_by_number(code);
	char name[16];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && info->name[i]; i++)
		name[i] = (char)tolower((unsigned char)info->name[i]);
	name[i] = '\0';
	add_pair(line, "-m", name);
}

/* Text that coap-client takes as it is: 0x would be hexadecimal. */
static bool
goes_as_text(const coap_optlist_t *o)
{
	const coapx_option_info_t *info = coapx_option_by_number(o->number);

	return info && info->format == COAPX_OPTION_STRING && o->length > 0 &&
	    !memchr(o->data, '\0', o->length) &&
	    payload_is_utf8(o->data, o->length) &&
	    strncasecmp((const char *)o->data, "0x", 2) != 0;
}

static void
add_option(struct line *line, const coap_optlist_t *o)
{
	struct text value = { .s = NULL };

	text_addf(&value, "%u,", o->number);
	if (goes_as_text(o)) {
		text_add_bytes(&value, o->data, o->length);
	} else if (o->length > 0) {
		text_add(&value, "0x");
		payload_hex(&value, o->data, o->length);
	}
	if (text_string(&value))
		add_pair(line, "-O", value.s);
	line->words.failed |= value.failed;
	text_free(&value);
}

/* Its queries of -O come in front of those of the URI: with both, all of them
 * are given by -O. Whether that is so. */
static bool
add_queries(struct line *line, const struct request_plan *plan,
    const struct target *target)
{
	const coap_optlist_t *o;
	bool both = false;

	for (o = plan->options; o; o = o->next)
		both = both || o->number == COAP_OPTION_URI_QUERY;
	for (o = target->options; both && o; o = o->next)
		if (o->number == COAP_OPTION_URI_QUERY)
			add_option(line, o);
	return both;
}

/* -t and -A take numbers, too. */
static void
add_options(struct line *line, const coap_optlist_t *o)
{
	char number[16];
	unsigned value;

	for (; o; o = o->next) {
		value = o->length <= 2
		    ? coap_decode_var_bytes(o->data, o->length)
		    : 0;
		snprintf(number, sizeof(number), "%u", value);
		if (o->number == COAP_OPTION_CONTENT_FORMAT && o->length <= 2)
			add_pair(line, "-t", number);
		else if (o->number == COAP_OPTION_ACCEPT && o->length <= 2)
			add_pair(line, "-A", number);
		else
			add_option(line, o);
	}
}

/* Its -e undoes percent-encoding. */
static void
add_payload(struct line *line, const struct request_plan *plan)
{
	struct text text = { .s = NULL };

	if (plan->payload_file)
		add_pair(line, "-f", plan->payload_file);
	if (plan->payload_len == 0)
		return;
	for (size_t i = 0; i < plan->payload_len; i++) {
		if (plan->payload[i] > ' ' && plan->payload[i] < 0x7f &&
		    plan->payload[i] != '%')
			text_add_char(&text, (char)plan->payload[i], 1);
		else
			text_addf(&text, "%%%02x", plan->payload[i]);
	}
	if (text_string(&text))
		add_pair(line, "-e", text.s);
	line->words.failed |= text.failed;
	text_free(&text);
}

/* --- the rest of the words ------------------------------------------------ */

static const struct {
	const char *name;
	const char *option; /* of coap-client; NULL: there is none ... */
	const char *why;    /* ... and this is to be said */
	bool bare;          /* without a value */
} others[] = {
	{ "block-size", "-b", NULL, false },
	{ "output", "-o", NULL, false },
	{ "count", "-G", NULL, false },
	{ "psk-identity", "-u", NULL, false },
	{ "cert", "-c", NULL, false },
	{ "key", "-j", NULL, false },
	{ "ca", "-C", NULL, false },
	{ "rpk", "-M", NULL, false },
	{ "insecure", "-n", NULL, true },
	{ "psk-file", NULL, "-k takes the key itself", false },
	{ "psk-hex-file", NULL, "-k takes the key itself", false },
	{ "psk-cmd", NULL, "-k takes the key itself", false },
	{ "psk", NULL, "-k takes the key, which is not shown here", false },
	{ "peer-rpk", NULL, "coap-client trusts any raw key", false },
	{ "pin-file", NULL, "-J takes the PIN itself", false },
	{ "pin-cmd", NULL, "-J takes the PIN itself", false },
	{ "system-ca", NULL, "-R takes a file", false },
	{ "sni", NULL, "coap-client takes the name from the URI", false },
	{ "token", NULL, "coap-client takes -T and counts it up", false },
	{ "q-block", NULL, "-L 7 where coap-client is built with it", false },
	{ "interval", NULL, "-G waits a second", false },
	{ "expect", NULL, "coap-client expects nothing", false },
	{ "expect-ct", NULL, "coap-client expects nothing", false },
	{ "expect-text", NULL, "coap-client expects nothing", false },
	{ "expect-json", NULL, "coap-client expects nothing", false },
};

static void
add_others(struct line *line, const struct args *args)
{
	const char *value;
	char name[32];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!args_has(args, others[i].name))
			continue;
		value = args_get(args, others[i].name);
		snprintf(name, sizeof(name), "--%s", others[i].name);
		if (!others[i].option)
			add_comment(line, name, others[i].why);
		else if (others[i].bare)
			add_word(line, others[i].option);
		else
			add_pair(line, others[i].option, value);
	}
}

/* Whole seconds, and at least one. */
static void
add_timeout(struct line *line, const struct job *job)
{
	char seconds[32];

	if (job->timeout_ms == 0)
		return;
	snprintf(seconds, sizeof(seconds), "%llu",
	    (unsigned long long)(job->timeout_ms + 999) / 1000);
	add_pair(line, "-B", seconds);
}

/* ADDR, ADDR:PORT, [V6]:PORT or :PORT. */
static void
add_bind(struct line *line, const char *bind)
{
	const char *colon = bind ? strrchr(bind, ':') : NULL;
	char *addr;

	if (!bind)
		return;
	/* An IPv6 address has colons of its own. */
	if (*bind != '[' && colon && strchr(bind, ':') != colon)
		colon = NULL;
	if (*bind == '[' && colon && colon[-1] != ']')
		colon = NULL;
	addr = colon ? strndup(bind, (size_t)(colon - bind)) : strdup(bind);
	if (!addr) {
		line->words.failed = true;
		return;
	}
	if (*addr == '[') {
		addr[strcspn(addr, "]")] = '\0';
		add_pair(line, "-a", addr + 1);
	} else if (*addr) {
		add_pair(line, "-a", addr);
	}
	if (colon)
		add_pair(line, "-p", colon + 1);
	free(addr);
}

/* coap-client sends Uri-Port where nobody needs it, unless told not to. */
static void
add_bare_host(struct line *line, const struct target *target)
{
	const coap_optlist_t *o = target->options;

	if (target->proxy)
		add_pair(line, "-P", target->proxy);
	else if (!o || o->number > COAP_OPTION_URI_PORT)
		add_word(line, "-U");
}

static void
add_scheme(struct line *line, const char *uri)
{
	size_t len = strcspn(uri, ":");

	if (len > 3 && strncmp(uri + len - 3, "+ws", 3) == 0)
		add_comment(line, "WebSocket",
		    "coap-client has it from version 4.3.5 on");
}

/* --- all of it ------------------------------------------------------------ */

int
print_command_check(struct job *job)
{
	const char *tool = args_get(&job->args, "print-command");

	if (!tool || strcmp(tool, "coap-client") == 0)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--print-command knows coap-client, not '%s'", tool);
}

static int
show(struct job *job, struct line *line)
{
	char *all = NULL;
	int status = STATUS_OK;

	text_add_char(&line->comments, '\0', 1);
	if (!text_string(&line->words) || line->comments.failed ||
	    asprintf(&all, "%s%s", line->comments.s, line->words.s) < 0)
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
	else
		output_text(job->out, "command", all);
	free(all);
	return status;
}

int
print_command(struct job *job, const struct request_plan *plan,
    const char *operand)
{
	struct line line = { .words = { .s = NULL } };
	struct target target;
	bool no_query;
	int status;

	if (!coapx_code_by_number(plan->code))
		return job_fail(job, STATUS_USAGE,
		    "coap-client sends registered methods alone, so there is "
		    "no command of it for %u.%02u; --dry-run shows the bytes",
		    plan->code >> 5, plan->code & 31);
	status = target_name(job, operand, &target);
	if (status != STATUS_OK)
		return status;
	add_word(&line, "coap-client");
	add_method(&line, plan->code);
	if (plan->non || target.group)
		add_word(&line, "-N");
	no_query = add_queries(&line, plan, &target);
	add_options(&line, plan->options);
	add_payload(&line, plan);
	add_bind(&line, args_get(&job->args, "bind"));
	add_timeout(&line, job);
	add_others(&line, &job->args);
	add_scheme(&line, target.uri);
	add_bare_host(&line, &target);
	if (no_query)
		target.uri[strcspn(target.uri, "?")] = '\0';
	add_word(&line, target.uri);
	status = show(job, &line);
	text_free(&line.words);
	text_free(&line.comments);
	target_close(job->app, &target);
	return status;
}
