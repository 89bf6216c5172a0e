/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format, RFC 6690 section 2. */
#include "wire/link.h"

#include <string.h>
#include <strings.h>

#include "base/err.h"

/* What may stand in a token beside letters and digits: RFC 6690 section 2 for
 * a value, RFC 8288 section 3 for a name. */
#define PTOKEN "!#$%&'()*+-./:<=>?@[]^_`{|}~"
#define TOKEN  "!#$%&'*+-.^_`|~"
#define SPACE  " \t\r\n"

enum {
	STATE_START,
	STATE_ATTRS, /* behind a target or an attribute */
	STATE_DONE,  /* behind the last attribute of a link */
	STATE_ERROR,
};

static bool
is_one_of(char c, const char *others)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	if (c >= '0' && c <= '9')
		return true;
	return c != '\0' && strchr(others, c) != NULL;
}

/* Text in quotes: everything but control characters other than white space. */
static bool
is_text(char c)
{
	return (unsigned char)c >= ' ' ? c != '\x7f'
				       : c != '\0' && strchr(SPACE, c) != NULL;
}

/* A character of a URI reference, or of one that is not in ASCII. */
static bool
is_target(char c)
{
	return (unsigned char)c > ' ' && c != '\x7f' && c != '<' && c != '>' &&
	    c != '"';
}

void
coapx_link_reader_init(coapx_link_reader_t *reader, const char *s, size_t len)
{
	*reader = (coapx_link_reader_t){ .s = s, .len = len };
}

static int
fail(coapx_link_reader_t *r, size_t at)
{
	r->state = STATE_ERROR;
	r->error_at = at;
	return -COAP_E_FORMAT;
}

static void
skip_space(coapx_link_reader_t *r)
{
	while (r->pos < r->len && r->s[r->pos] != '\0' &&
	    strchr(SPACE, r->s[r->pos]))
		r->pos++;
}

static bool
skip(coapx_link_reader_t *r, char c)
{
	if (r->pos >= r->len || r->s[r->pos] != c)
		return false;
	r->pos++;
	return true;
}

static coapx_link_text_t
take_token(coapx_link_reader_t *r, const char *others)
{
	coapx_link_text_t token = { r->s + r->pos, 0 };

	while (r->pos < r->len && is_one_of(r->s[r->pos], others))
		r->pos++;
	token.len = (size_t)(r->s + r->pos - token.s);
	return token;
}

static int
read_target(coapx_link_reader_t *r, coapx_link_text_t *target)
{
	size_t start;

	skip_space(r);
	if (!skip(r, '<'))
		return fail(r, r->pos);
	start = r->pos;
	while (r->pos < r->len && is_target(r->s[r->pos]))
		r->pos++;
	*target = (coapx_link_text_t){ r->s + start, r->pos - start };
	if (!skip(r, '>'))
		return fail(r, r->pos);
	r->state = STATE_ATTRS;
	return 1;
}

int
coapx_link_next(coapx_link_reader_t *reader, coapx_link_text_t *target)
{
	coapx_link_attr_t attr;
	int r = 1;

	if (reader->state == STATE_START) {
		skip_space(reader);
		if (reader->pos == reader->len)
			return 0;
		return read_target(reader, target);
	}
	while (r > 0)
		r = coapx_link_next_attr(reader, &attr);
	if (r < 0)
		return r;
	skip_space(reader);
	if (reader->pos == reader->len)
		return 0;
	if (!skip(reader, ','))
		return fail(reader, reader->pos);
	return read_target(reader, target);
}

/* Behind the opening quote; takes the closing one. */
static int
read_quoted(coapx_link_reader_t *r, coapx_link_attr_t *attr)
{
	size_t start = r->pos;

	attr->quoted = 1;
	while (r->pos < r->len && r->s[r->pos] != '"') {
		if (r->s[r->pos] == '\\')
			r->pos++;
		if (r->pos == r->len || !is_text(r->s[r->pos]))
			return fail(r, r->pos);
		r->pos++;
	}
	attr->value = (coapx_link_text_t){ r->s + start, r->pos - start };
	return skip(r, '"') ? 1 : fail(r, r->pos);
}

static int
read_value(coapx_link_reader_t *r, coapx_link_attr_t *attr)
{
	skip_space(r);
	if (skip(r, '"'))
		return read_quoted(r, attr);
	attr->value = take_token(r, PTOKEN);
	return attr->value.len > 0 ? 1 : fail(r, r->pos);
}

int
coapx_link_next_attr(coapx_link_reader_t *reader, coapx_link_attr_t *attr)
{
	size_t behind;

	if (reader->state == STATE_ERROR)
		return -COAP_E_FORMAT;
	if (reader->state != STATE_ATTRS)
		return 0;
	skip_space(reader);
	if (!skip(reader, ';')) {
		reader->state = STATE_DONE;
		return 0;
	}
	skip_space(reader);
	*attr = (coapx_link_attr_t){ .name = take_token(reader, TOKEN) };
	if (attr->name.len == 0)
		return fail(reader, reader->pos);
	behind = reader->pos;
	skip_space(reader);
	if (skip(reader, '='))
		return read_value(reader, attr);
	reader->pos = behind;
	return 1;
}

/* The next character of a value, escapes taken off; false behind the last. */
static bool
next_char(const coapx_link_attr_t *attr, size_t *i, char *c)
{
	if (*i >= attr->value.len)
		return false;
	if (attr->quoted && attr->value.s[*i] == '\\' &&
	    *i + 1 < attr->value.len)
		++*i;
	*c = attr->value.s[(*i)++];
	return true;
}

size_t
coapx_link_attr_value(const coapx_link_attr_t *attr, char *out, size_t size)
{
	size_t i = 0, n = 0;
	char c;

	while (next_char(attr, &i, &c)) {
		if (n + 1 < size)
			out[n] = c;
		n++;
	}
	if (size > 0)
		out[n < size ? n : size - 1] = '\0';
	return n;
}

/* What a query wants: all of it, or with a star a beginning. */
struct wish {
	coapx_link_text_t text;
	bool prefix;
};

static bool
matches_text(const coapx_link_text_t *text, const struct wish *wish)
{
	if (text->len < wish->text.len ||
	    (text->len > wish->text.len && !wish->prefix))
		return false;
	return memcmp(text->s, wish->text.s, wish->text.len) == 0;
}

/*
 * Compares from *i on up to the end or, for a word, up to a space; leaves *i
 * behind that.
 */
static bool
matches_here(const coapx_link_attr_t *attr, size_t *i, bool word,
    const struct wish *wish)
{
	bool same = true;
	size_t n = 0;
	char c;

	while (next_char(attr, i, &c)) {
		if (word && c == ' ')
			break;
		if (n < wish->text.len)
			same = same && c == wish->text.s[n];
		else
			same = same && wish->prefix;
		n++;
	}
	return same && n >= wish->text.len;
}

static bool
matches_value(const coapx_link_attr_t *attr, const struct wish *wish)
{
	size_t i = 0;

	if (matches_here(attr, &i, false, wish))
		return true;
	i = 0;
	while (i < attr->value.len) {
		if (matches_here(attr, &i, true, wish))
			return true;
	}
	return false;
}

static bool
is_name(const coapx_link_text_t *name, const char *s, size_t len)
{
	return name->len == len && strncasecmp(name->s, s, len) == 0;
}

int
coapx_link_matches(const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n_attrs, const char *query,
    size_t query_len)
{
	const char *equals = query_len ? memchr(query, '=', query_len) : NULL;
	size_t i, name_len = equals ? (size_t)(equals - query) : query_len;
	struct wish wish = { { NULL, 0 }, false };

	if (query_len == 0)
		return 1;
	if (equals) {
		wish.text.s = equals + 1;
		wish.text.len = query_len - name_len - 1;
		wish.prefix =
		    wish.text.len > 0 && wish.text.s[wish.text.len - 1] == '*';
		wish.text.len -= wish.prefix;
	}
	if (name_len == 4 && strncasecmp(query, "href", 4) == 0)
		return !equals || matches_text(target, &wish);
	for (i = 0; i < n_attrs; i++) {
		if (!is_name(&attrs[i].name, query, name_len))
			continue;
		if (!equals || matches_value(&attrs[i], &wish))
			return 1;
	}
	return 0;
}

int
link_put_target(struct buf *out, bool first, const char *path, size_t len)
{
	size_t i, before = out->len;
	int r;

	r = buf_append(out, ",", first ? 0 : 1);
	if (r == 0)
		r = buf_append_u8(out, '<');
	for (i = 0; r == 0 && i < len; i++) {
		if (is_target(path[i]))
			r = buf_append_u8(out, (uint8_t)path[i]);
		else
			r = buf_printf(out, "%%%02X", (unsigned char)path[i]);
	}
	if (r == 0)
		r = buf_append_u8(out, '>');
	if (r < 0)
		out->len = before;
	return r;
}

static bool
is_token(const char *s, size_t len, const char *others)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_one_of(s[i], others))
			return false;
	}
	return len > 0;
}

static int
put_quoted(struct buf *out, const char *value, size_t len)
{
	size_t i;
	int r;

	r = buf_append_u8(out, '"');
	for (i = 0; r == 0 && i < len; i++) {
		if (!is_text(value[i]))
			return -COAP_E_INVAL;
		if (value[i] == '"' || value[i] == '\\')
			r = buf_append_u8(out, '\\');
		if (r == 0)
			r = buf_append_u8(out, (uint8_t)value[i]);
	}
	return r == 0 ? buf_append_u8(out, '"') : r;
}

/* Attributes whose value is always a quoted string, RFC 6690 section 2. */
static bool
wants_quotes(const char *name, size_t len)
{
	const coapx_link_text_t text = { name, len };

	return is_name(&text, "anchor", 6) || is_name(&text, "title", 5);
}

int
link_put_attr(struct buf *out, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	size_t before = out->len;
	int r;

	if (!is_token(name, name_len, TOKEN))
		return -COAP_E_INVAL;
	r = buf_append_u8(out, ';');
	if (r == 0)
		r = buf_append(out, name, name_len);
	if (r == 0 && value)
		r = buf_append_u8(out, '=');
	if (r == 0 && value) {
		if (is_token(value, value_len, PTOKEN) &&
		    !wants_quotes(name, name_len))
			r = buf_append(out, value, value_len);
		else
			r = put_quoted(out, value, value_len);
	}
	if (r < 0)
		out->len = before;
	return r;
}
