/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of the control socket: a table of them, each a row of fields,
 * and a table of what a field may be. To add a message: a number, a member of
 * the union, a row, and its place in coap-shell-control(7).
 */
#include "cli/control/message.h"

#include <string.h>

#include "cli/control/message_start.h"

#define FIELDS_MAX   3
#define LENGTH_SIZE  4
#define HEAD_SIZE    5 /* type and request */
#define SOFTWARE_MAX 256
#define STATUS_MAX   255
#define WORDS_MAX    (MESSAGE_MAX - HEAD_SIZE)
#define KEYS_MAX     (MESSAGE_MAX - HEAD_SIZE - 4)

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- fields -------------------------------------------------------------- */

struct field {
	const struct kind *kind; /* NULL: there are no more */
	size_t offset;           /* in struct message */
	/* Of a number; of a string, the bytes of it. */
	uint32_t min;
	uint32_t max;
};

struct kind {
	/* As message_decode(); at is the member. */
	int (*decode)(struct bytes_reader *r, const struct field *field,
	    void *at);
	/* False: as message_encode(), but something may have been
	 * appended. */
	bool (*encode)(struct bytes *b, const struct field *field,
	    const void *at);
	size_t head; /* bytes of it that are always there */
	bool grows;  /* field->max bytes more may be there */
};

static bool
number_fits(const struct field *field, uint32_t v)
{
	return v >= field->min && v <= field->max;
}

static int
number_decode(struct bytes_reader *r, const struct field *field, void *at)
{
	uint32_t v = bytes_u32(r);

	if (r->failed || !number_fits(field, v))
		return -1;
	*(uint32_t *)at = v;
	return 0;
}

static bool
number_encode(struct bytes *b, const struct field *field, const void *at)
{
	uint32_t v = *(const uint32_t *)at;

	bytes_add_u32(b, v);
	return number_fits(field, v);
}

static int
long_decode(struct bytes_reader *r, const struct field *field, void *at)
{
	uint64_t v = bytes_u64(r);

	(void)field;
	*(uint64_t *)at = v;
	return r->failed || v == 0 || v > INT64_MAX ? -1 : 0;
}

static bool
long_encode(struct bytes *b, const struct field *field, const void *at)
{
	uint64_t v = *(const uint64_t *)at;

	(void)field;
	bytes_add_u64(b, v);
	return v > 0 && v <= INT64_MAX;
}

static int
data_decode(struct bytes_reader *r, const struct field *field, void *at)
{
	struct slice *slice = at;

	slice->data = bytes_string(r, field->max, &slice->len);
	return !slice->data || slice->len < field->min ? -1 : 0;
}

static bool
data_encode(struct bytes *b, const struct field *field, const void *at)
{
	const struct slice *slice = at;

	if (slice->len < field->min || slice->len > field->max)
		return false;
	bytes_add_string(b, slice->data, slice->len);
	return true;
}

static bool
has_nul(const struct slice *slice)
{
	return slice->len > 0 && memchr(slice->data, '\0', slice->len);
}

static int
text_decode(struct bytes_reader *r, const struct field *field, void *at)
{
	int status = data_decode(r, field, at);

	return status == 0 && has_nul(at) ? -1 : status;
}

static bool
text_encode(struct bytes *b, const struct field *field, const void *at)
{
	return !has_nul(at) && data_encode(b, field, at);
}

static int
words_decode(struct bytes_reader *r, const struct field *field, void *at)
{
	(void)field;
	return start_decode(r, at);
}

static bool
words_encode(struct bytes *b, const struct field *field, const void *at)
{
	return start_encode(b, *(struct start *const *)at, field->max);
}

static const struct kind kind_number = { number_decode, number_encode, 4,
	false };
static const struct kind kind_long = { long_decode, long_encode, 8, false };
static const struct kind kind_data = { data_decode, data_encode, 4, true };
static const struct kind kind_text = { text_decode, text_encode, 4, true };
static const struct kind kind_words = { words_decode, words_encode, 0, true };

/* --- messages ------------------------------------------------------------ */

enum about {
	ABOUT_CONNECTION, /* request 0 */
	ABOUT_REQUEST,    /* any other */
	ABOUT_ANY,
};

struct row {
	uint8_t type;
	enum about about;
	struct field fields[FIELDS_MAX];
};

#define FIELD(kind, member, min, max)                                    \
	{                                                                \
		&kind_##kind, offsetof(struct message, member), min, max \
	}

static const struct row rows[] = {
	{ MESSAGE_HELLO, ABOUT_CONNECTION,
	    { FIELD(number, hello.version, 0, UINT32_MAX),
		FIELD(text, hello.software, 0, SOFTWARE_MAX) } },
	{ MESSAGE_ERROR, ABOUT_ANY,
	    { FIELD(number, error.code, 0, UINT32_MAX),
		FIELD(text, error.text, 0, MESSAGE_TEXT) } },
	{ MESSAGE_START, ABOUT_REQUEST, { FIELD(words, start, 0, WORDS_MAX) } },
	{ MESSAGE_CANCEL, ABOUT_REQUEST,
	    { FIELD(number, status, 1, STATUS_MAX) } },
	{ MESSAGE_CREDIT, ABOUT_REQUEST,
	    { FIELD(number, credit, 1, MESSAGE_WINDOW) } },
	{ MESSAGE_INPUT, ABOUT_REQUEST,
	    { FIELD(data, input, 1, MESSAGE_DATA) } },
	{ MESSAGE_INPUT_END, ABOUT_REQUEST,
	    { FIELD(number, input_end.status, 0, STATUS_MAX) } },
	{ MESSAGE_KEYS, ABOUT_REQUEST, { FIELD(data, keys, 0, KEYS_MAX) } },
	{ MESSAGE_KEYS_FAILED, ABOUT_REQUEST,
	    { FIELD(number, status, 1, STATUS_MAX) } },
	{ MESSAGE_BROKEN, ABOUT_REQUEST,
	    { FIELD(number, stream, STREAM_OUT, STREAM_LINE) } },
	{ MESSAGE_INPUT_LENGTH, ABOUT_REQUEST, { FIELD(long, length, 0, 0) } },
	{ MESSAGE_OUTPUT, ABOUT_REQUEST,
	    { FIELD(number, output.stream, STREAM_OUT, STREAM_LINE),
		FIELD(data, output.data, 0, MESSAGE_DATA) } },
	{ MESSAGE_READ, ABOUT_REQUEST,
	    { FIELD(text, read.name, 1, MESSAGE_TEXT),
		FIELD(number, read.max, 1, MESSAGE_DATA) } },
	{ MESSAGE_WANT_KEYS, ABOUT_REQUEST, { { .kind = NULL } } },
	{ MESSAGE_EXIT, ABOUT_REQUEST,
	    { FIELD(number, exit.status, 0, STATUS_MAX),
		FIELD(text, exit.session, 0, MESSAGE_TEXT),
		FIELD(text, exit.path, 0, MESSAGE_TEXT) } },
	{ MESSAGE_REWIND, ABOUT_REQUEST,
	    { FIELD(text, rewind, 1, MESSAGE_TEXT) } },
};

static const struct row *
find_row(unsigned type)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static bool
is_field(const struct row *row, size_t i)
{
	return i < FIELDS_MAX && row->fields[i].kind;
}

static bool
request_fits(const struct row *row, uint32_t request)
{
	return row->about == ABOUT_ANY ||
	    (row->about == ABOUT_CONNECTION) == (request == 0);
}

/* The longest body. */
static size_t
row_max(const struct row *row)
{
	size_t max = 0;

	for (size_t i = 0; is_field(row, i); i++) {
		max += row->fields[i].kind->head;
		max += row->fields[i].kind->grows ? row->fields[i].max : 0;
	}
	return max;
}

/* --- decoding ------------------------------------------------------------ */

int64_t
message_length(const uint8_t *data, size_t len)
{
	struct bytes_reader r = { .data = data, .len = len };
	uint32_t length = bytes_u32(&r);
	const struct row *row;
	unsigned type;

	if (!r.failed && (length < HEAD_SIZE || length > MESSAGE_MAX))
		return -1;
	type = bytes_u8(&r);
	if (r.failed)
		return 0;
	row = find_row(type);
	if (row && length - HEAD_SIZE > row_max(row))
		return -1;
	return (int64_t)length + LENGTH_SIZE;
}

int
message_decode(const uint8_t *data, size_t len, struct message *m)
{
	struct bytes_reader r = { .data = data, .len = len };
	int64_t length = message_length(data, len);
	const struct field *field;
	const struct row *row;
	int status = 0;

	*m = (struct message){ .request = 0 };
	if (length <= 0 || (uint64_t)length != len)
		return -1;
	bytes_u32(&r);
	m->type = bytes_u8(&r);
	m->request = bytes_u32(&r);
	row = find_row(m->type);
	if (!row)
		return 1;
	if (!request_fits(row, m->request))
		return -1;
	for (size_t i = 0; is_field(row, i) && status == 0; i++) {
		field = &row->fields[i];
		status =
		    field->kind->decode(&r, field, (char *)m + field->offset);
	}
	if (status == 0 && r.len > 0) {
		message_free(m);
		return -1;
	}
	return status;
}

void
message_free(struct message *m)
{
	if (m->type != MESSAGE_START)
		return;
	start_free(m->start);
	m->start = NULL;
}

/* --- encoding ------------------------------------------------------------ */

static bool
encode(struct bytes *out, const struct row *row, const struct message *m)
{
	const struct field *field;

	bytes_add_u32(out, 0); /* the length, once it is known */
	bytes_add_u8(out, row->type);
	bytes_add_u32(out, m->request);
	for (size_t i = 0; is_field(row, i); i++) {
		field = &row->fields[i];
		if (!field->kind->encode(out, field,
			(const char *)m + field->offset))
			return false;
	}
	return !out->failed;
}

int
message_encode(struct bytes *out, const struct message *m)
{
	const struct row *row = find_row(m->type);
	size_t before = out->len;
	bool no_memory;
	uint32_t length;
	uint8_t *at;

	if (out->failed)
		return -2;
	if (!row || !request_fits(row, m->request))
		return -1;
	if (!encode(out, row, m)) {
		no_memory = out->failed;
		bytes_cut(out, before);
		out->failed = false;
		return no_memory ? -2 : -1;
	}
	at = out->data + out->begin + before;
	length = (uint32_t)(out->len - before - LENGTH_SIZE);
	for (size_t i = LENGTH_SIZE; i > 0; i--) {
		at[i - 1] = (uint8_t)length;
		length >>= 8;
	}
	return 0;
}
