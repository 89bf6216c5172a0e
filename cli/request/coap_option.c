/* SPDX-License-Identifier: BSD-2-Clause */
/* Options as people type them. */
#include "cli/request/coap_option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/words/args.h"

#define BLOCK_NUM_MAX  ((UINT64_C(1) << 20) - 1)
#define BLOCK_SZX_BERT 7

struct option_value {
	uint8_t *bytes;
	size_t len;
};

static bool
value_uint(const char *text, struct option_value *v)
{
	uint64_t n;

	v->bytes = malloc(8);
	if (!v->bytes || !parse_number(text, UINT64_MAX, &n))
		return false;
	v->len = coap_encode_var_safe8(v->bytes, 8, n);
	return true;
}

/* What a number of an option means to people, in the words that are printed. */

static bool
read_format(const char *text, uint64_t *n)
{
	int format = coapx_format_by_name(text);

	*n = (uint64_t)format;
	return format >= 0;
}

/* NUM/M/SIZE. */
static bool
read_block(const char *text, uint64_t *n)
{
	char num[24];
	char size[8];
	uint64_t number;
	uint64_t bytes;
	char more;
	unsigned szx = 0;
	int end = 0;

	if (sscanf(text, "%23[0-9]/%c/%7s%n", num, &more, size, &end) != 3 ||
	    text[end] != '\0' || !strchr("01", more) ||
	    !parse_number(num, BLOCK_NUM_MAX, &number))
		return false;
	if (strcmp(size, "BERT") == 0) {
		szx = BLOCK_SZX_BERT;
	} else {
		if (!parse_number(size, 1024, &bytes))
			return false;
		while (szx < BLOCK_SZX_BERT && bytes != (UINT64_C(16) << szx))
			szx++;
		if (szx == BLOCK_SZX_BERT)
			return false;
	}
	*n = number << 4 | (more == '1' ? 8 : 0) | szx;
	return true;
}

static const struct meaning {
	unsigned number;
	bool (*read)(const char *text, uint64_t *n);
	const char *wants;
} meanings[] = {
	{ COAP_OPTION_CONTENT_FORMAT, read_format, "a format or its number" },
	{ COAP_OPTION_ACCEPT, read_format, "a format or its number" },
	{ COAP_OPTION_BLOCK1, read_block, "NUM/M/SIZE or a number" },
	{ COAP_OPTION_BLOCK2, read_block, "NUM/M/SIZE or a number" },
	{ COAP_OPTION_Q_BLOCK1, read_block, "NUM/M/SIZE or a number" },
	{ COAP_OPTION_Q_BLOCK2, read_block, "NUM/M/SIZE or a number" },
};

static const struct meaning *
find_meaning(const coapx_option_info_t *info)
{
	for (size_t i = 0; info && i < sizeof(meanings) / sizeof(*meanings);
	     i++)
		if (meanings[i].number == info->number)
			return &meanings[i];
	return NULL;
}

static bool
value_meaning(const struct meaning *m, const char *text, struct option_value *v)
{
	uint64_t n;

	if (!m || !m->read(text, &n))
		return false;
	free(v->bytes);
	v->bytes = malloc(8);
	if (!v->bytes)
		return false;
	v->len = coap_encode_var_safe8(v->bytes, 8, n);
	return true;
}

static bool
value_text(const char *text, struct option_value *v)
{
	v->bytes = (uint8_t *)strdup(text);
	v->len = strlen(text);
	return v->bytes != NULL;
}

static bool
value_hex(const char *text, struct option_value *v)
{
	return parse_hex(text, &v->bytes, &v->len);
}

static bool
value_empty(const char *text, struct option_value *v)
{
	v->len = 0;
	return *text == '\0';
}

/* How a value is written, by its prefix or by the option's own type. */
static const struct kind {
	const char *prefix;
	coapx_option_format_t format;
	bool (*read)(const char *text, struct option_value *v);
	const char *wants;
} kinds[] = {
	{ "uint:", COAPX_OPTION_UINT, value_uint, "a number" },
	{ "str:", COAPX_OPTION_STRING, value_text, "text" },
	{ "hex:", COAPX_OPTION_OPAQUE, value_hex, "pairs of hex digits" },
	{ "empty", COAPX_OPTION_EMPTY, value_empty, NULL },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool
is_text(const coapx_option_info_t *info)
{
	return info && info->format == COAPX_OPTION_STRING;
}

/* NULL: there is no prefix; else *text is behind it. */
static const struct kind *
kind_by_prefix(const coapx_option_info_t *info, const char **text)
{
	const struct kind *kind;
	size_t n;

	for (kind = kinds; kind < kinds + N_KINDS; kind++) {
		n = strlen(kind->prefix);
		if (strncmp(*text, kind->prefix, n) != 0)
			continue;
		/* "empty" is a word, and may be a text. */
		if (kind->format == COAPX_OPTION_EMPTY &&
		    ((*text)[n] != '\0' || is_text(info)))
			continue;
		*text += n;
		return kind;
	}
	return NULL;
}

static const struct kind *
kind_by_format(coapx_option_format_t format)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].format == format)
			return &kinds[i];
	return NULL;
}

/* *number is over 65535 when there is no such option. */
static const coapx_option_info_t *
find_option(const char *name, uint64_t *number)
{
	const coapx_option_info_t *info;

	if (parse_number(name, UINT16_MAX, number))
		return coapx_option_by_number((unsigned)*number);
	info = coapx_option_by_name(name);
	*number = info ? info->number : UINT64_MAX;
	return info;
}

/* The length is not one that the option may have. */
static char *
length_problem(const coapx_option_info_t *info, const struct kind *kind,
    size_t len)
{
	if (kind->format == COAPX_OPTION_UINT &&
	    info->format == COAPX_OPTION_UINT && info->max_length < 8)
		return text_format("%s takes numbers up to %" PRIu64,
		    info->name, (UINT64_C(1) << 8 * info->max_length) - 1);
	if (info->min_length == info->max_length)
		return text_format("%s is %u bytes long, this is %zu",
		    info->name, info->max_length, len);
	return text_format("%s is %u to %u bytes long, this is %zu", info->name,
	    info->min_length, info->max_length, len);
}

static char *
value_problem(const coapx_option_info_t *info, const struct kind *kind,
    const struct meaning *m, const char *text)
{
	const char *who = info ? info->name : kind->prefix;

	if (kind->format == COAPX_OPTION_EMPTY)
		return text_format("%s takes no value", who);
	return text_format("'%s' is not %s, which %s wants", text,
	    m ? m->wants : kind->wants, who);
}

static coap_optlist_t *
encode(const coapx_option_info_t *info, unsigned number, const char *text,
    char **problem)
{
	struct option_value v = { NULL, 0 };
	const struct kind *kind = kind_by_prefix(info, &text);
	/* Who gives bytes may want them to be wrong. */
	bool any = kind && kind->format == COAPX_OPTION_OPAQUE;
	const struct meaning *m = kind ? NULL : find_meaning(info);
	coap_optlist_t *o = NULL;

	if (!kind && info)
		kind = kind_by_format(info->format);
	if (!kind)
		*problem =
		    text_format("option %u is not registered, so say how its "
				"value is "
				"meant: %u=uint:5, =str:a, =hex:0a or =empty",
			number, number);
	else if (!kind->read(text, &v) && !value_meaning(m, text, &v))
		*problem = value_problem(info, kind, m, text);
	else if (info && !any &&
	    (v.len < info->min_length || v.len > info->max_length))
		*problem = length_problem(info, kind, v.len);
	else
		o = coap_new_optlist((uint16_t)number, v.len, v.bytes);
	free(v.bytes);
	return o;
}

coap_optlist_t *
option_parse(const char *text, char **problem)
{
	size_t n = strcspn(text, "=");
	char *name = strndup(text, n);
	const coapx_option_info_t *info;
	coap_optlist_t *o = NULL;
	uint64_t number;

	*problem = NULL;
	if (!name)
		return NULL;
	info = find_option(name, &number);
	if (number > UINT16_MAX)
		*problem = text_format("no option is named '%s'; a number "
				       "0..65535 is taken too",
		    name);
	else
		o = encode(info, (unsigned)number,
		    text[n] == '=' ? text + n + 1 : "", problem);
	free(name);
	return o;
}
