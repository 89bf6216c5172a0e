/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences of the table, with what is known put in for {words}. */
#include "cli/session/diagnosis_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/output/time_text.h"

static void
add_alert(struct text *t, const struct facts *f)
{
	const char *name = f ? f->tls.alert_name : "name";

	text_addf(t, "alert %d (%s)", f ? f->tls.alert : 0,
	    *name ? name : "not registered");
}

static void
add_date(struct text *t, const struct facts *f, bool end)
{
	char date[DATE_SIZE];

	if (!f || f->cert.size == 0)
		text_add(t, "DATE");
	else
		text_add(t,
		    date_text(end ? f->cert.not_after : f->cert.not_before,
			date));
}

/* What a certificate is for: its names, else its subject. */
static void
add_names(struct text *t, const struct facts *f)
{
	if (!f || f->cert.size == 0)
		text_add(t, f ? "another name" : "NAMES");
	else if (*f->cert.san)
		text_add(t, f->cert.san);
	else
		text_add(t, *f->cert.subject ? f->cert.subject : "no name");
}

/* The scheme without security: "coaps+tcp" is "coap+tcp". */
static void
add_plain(struct text *t, const struct facts *f)
{
	if (!f || !f->scheme || strncmp(f->scheme, "coaps", 5) != 0)
		text_add(t, "coap");
	else
		text_addf(t, "coap%s", f->scheme + 5);
}

static void
add_or(struct text *t, const char *value, const char *otherwise)
{
	text_add(t, value && *value ? value : otherwise);
}

static void
add_peer(struct text *t, const struct facts *f)
{
	text_add(t, !f ? "peer" : f->server ? "client" : "server");
}

static void
add_identity(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->identity : NULL, "ID");
}

static void
add_name(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->tls.name : NULL, "NAME");
}

static void
add_until(struct text *t, const struct facts *f)
{
	add_date(t, f, true);
}

static void
add_from(struct text *t, const struct facts *f)
{
	add_date(t, f, false);
}

static void
add_why(struct text *t, const struct facts *f)
{
	add_or(t, f ? f->why : NULL, f ? coapx_strerror(f->error) : "REASON");
}

/* What a peer gave for a reason, which the library puts behind its own words. */
static void
add_said(struct text *t, const struct facts *f)
{
	const char *own = f ? coapx_strerror(f->error) : "";
	size_t len = strlen(own);

	if (!f)
		text_add(t, ": REASON");
	else if (f->why && strncmp(f->why, own, len) == 0)
		text_add(t, f->why + len);
}

/* The library's words, without the full stop that some end with. */
static void
add_detail(struct text *t, const struct facts *f)
{
	const char *s = f ? f->tls.detail : "DETAIL";
	size_t len;

	if (f && *s == '\0')
		s = coapx_strerror(f->error);
	len = strlen(s);
	text_add_bytes(t, s, len > 0 && s[len - 1] == '.' ? len - 1 : len);
}

/* What is put in for a word in braces; facts NULL: for explain. */
static const struct {
	const char *name;
	void (*add)(struct text *t, const struct facts *f);
} places[] = {
	{ "peer", add_peer },
	{ "alert", add_alert },
	{ "identity", add_identity },
	{ "name", add_name },
	{ "names", add_names },
	{ "until", add_until },
	{ "from", add_from },
	{ "plain", add_plain },
	{ "detail", add_detail },
	{ "why", add_why },
	{ "said", add_said },
};

static void
add_place(struct text *t, const char *name, size_t len, const struct facts *f)
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strlen(places[i].name) == len &&
		    memcmp(places[i].name, name, len) == 0)
			places[i].add(t, f);
}

void
diagnosis_expand(struct text *t, const char *s, const struct facts *f)
{
	size_t len;

	while (s && *s) {
		len = strcspn(s, "{");
		text_add_bytes(t, s, len);
		s += len;
		if (*s == '\0')
			break;
		len = strcspn(++s, "}");
		add_place(t, s, len, f);
		s += len + 1;
	}
}

void
diagnosis_give(struct text *t, char *buf, size_t size)
{
	const char *s = text_string(t);

	snprintf(buf, size, "%s", s ? s : "");
	text_free(t);
}
