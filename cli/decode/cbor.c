/* SPDX-License-Identifier: BSD-2-Clause */
/* CBOR as bytes: reading heads, and the check that comes before all else. */
#include "cli/decode/cbor.h"

#include <math.h>
#include <string.h>

#include "cli/output/payload.h"

bool
cbor_read_head(struct cbor_reader *r, struct cbor_head *head)
{
	size_t n;

	if (r->pos == r->len)
		return false;
	head->major = (enum cbor_major)(r->data[r->pos] >> 5);
	head->info = r->data[r->pos] & 31;
	head->value = head->info;
	if (head->info < CBOR_INFO_1 || head->info == CBOR_INFO_INDEFINITE) {
		r->pos++;
		return true;
	}
	n = (size_t)1 << (head->info - CBOR_INFO_1);
	if (head->info > CBOR_INFO_8 || r->len - r->pos <= n)
		return false;
	head->value = 0;
	for (size_t i = 1; i <= n; i++)
		head->value = head->value << 8 | r->data[r->pos + i];
	r->pos += n + 1;
	return true;
}

bool
cbor_at_break(const struct cbor_reader *r)
{
	return r->pos < r->len && r->data[r->pos] == 0xff;
}

bool
cbor_is_float(const struct cbor_head *head)
{
	return head->major == CBOR_SIMPLE && head->info >= CBOR_INFO_2 &&
	    head->info <= CBOR_INFO_8;
}

static double
half_float(uint16_t bits)
{
	int exponent = bits >> 10 & 31;
	double mantissa = bits & 1023;
	double value;

	if (exponent == 0)
		value = ldexp(mantissa, -24);
	else if (exponent < 31)
		value = ldexp(mantissa + 1024, exponent - 25);
	else
		value = mantissa == 0 ? INFINITY : NAN;
	return bits & 0x8000 ? -value : value;
}

double
cbor_float(const struct cbor_head *head)
{
	uint32_t bits = (uint32_t)head->value;
	float single;
	double value;

	if (head->info == CBOR_INFO_2)
		return half_float((uint16_t)head->value);
	if (head->info == CBOR_INFO_4) {
		memcpy(&single, &bits, sizeof(single));
		return (double)single;
	}
	memcpy(&value, &head->value, sizeof(value));
	return value;
}

/* --- the check ----------------------------------------------------------- */

/* What has items in it. */
struct frame {
	enum cbor_major major;
	bool indefinite;
	bool odd;      /* a key without its value */
	uint64_t left; /* items to come, of a definite length */
};

struct check {
	struct cbor_reader r;
	struct frame frames[CBOR_DEPTH_MAX];
	unsigned depth;
	unsigned max;
	unsigned items;
	struct cbor_error *error;
};

static bool
wrong(struct check *c, size_t at, const char *why)
{
	c->error->at = at;
	c->error->why = why;
	return false;
}

/* An item is complete, and perhaps what it is in. */
static void
complete(struct check *c)
{
	struct frame *top;

	while (c->depth > 0) {
		top = &c->frames[c->depth - 1];
		if (top->indefinite) {
			top->odd = !top->odd;
			return;
		}
		if (--top->left > 0)
			return;
		c->depth--;
	}
}

static bool
push(struct check *c, size_t at, const struct cbor_head *head, uint64_t items)
{
	bool indefinite = head->info == CBOR_INFO_INDEFINITE;

	if (c->depth == c->max)
		return wrong(c, at, "it is nested too deeply");
	if (items == 0 && !indefinite) {
		complete(c);
		return true;
	}
	c->frames[c->depth++] = (struct frame){
		.major = head->major,
		.indefinite = indefinite,
		.left = items,
	};
	return true;
}

static bool
check_break(struct check *c, size_t at)
{
	const struct frame *top = &c->frames[c->depth ? c->depth - 1 : 0];

	if (c->depth == 0 || !top->indefinite)
		return wrong(c, at, "a break where none may be");
	if (top->major == CBOR_MAP && top->odd)
		return wrong(c, at, "a key without a value");
	c->depth--;
	complete(c);
	return true;
}

static bool
check_string(struct check *c, size_t at, const struct cbor_head *head)
{
	const uint8_t *s = c->r.data + c->r.pos;

	if (head->info == CBOR_INFO_INDEFINITE)
		return push(c, at, head, 0);
	if (head->value > c->r.len - c->r.pos)
		return wrong(c, at, "a string that ends after the data");
	if (head->major == CBOR_TEXT &&
	    !payload_is_utf8(s, (size_t)head->value))
		return wrong(c, at, "a text that is not UTF-8");
	c->r.pos += (size_t)head->value;
	complete(c);
	return true;
}

/* Each item takes a byte at least, so a count is known to be wrong at once. */
static bool
check_container(struct check *c, size_t at, const struct cbor_head *head)
{
	uint64_t each = head->major == CBOR_MAP ? 2 : 1;

	if (head->info == CBOR_INFO_INDEFINITE)
		return push(c, at, head, 0);
	if (head->value > (c->r.len - c->r.pos) / each)
		return wrong(c, at, "more items are announced than follow");
	return push(c, at, head, head->value * each);
}

/* In a string of indefinite length there are strings of that kind alone. */
static bool
is_chunk(const struct check *c, const struct cbor_head *head)
{
	const struct frame *top = &c->frames[c->depth ? c->depth - 1 : 0];

	if (c->depth == 0 ||
	    (top->major != CBOR_BYTES && top->major != CBOR_TEXT))
		return true;
	return head->major == top->major && head->info != CBOR_INFO_INDEFINITE;
}

static bool
check_next(struct check *c)
{
	size_t at = c->r.pos;
	struct cbor_head head;

	if (++c->items > CBOR_ITEMS_MAX)
		return wrong(c, at, "it has too many items");
	if (!cbor_read_head(&c->r, &head))
		return wrong(c, at,
		    c->r.pos < c->r.len && (c->r.data[at] & 31) >= 28
			? "a length that is reserved"
			: "the data ends too early");
	if (head.major == CBOR_SIMPLE && head.info == CBOR_INFO_INDEFINITE)
		return check_break(c, at);
	if (!is_chunk(c, &head))
		return wrong(c, at, "no part of the string that it is in");
	switch (head.major) {
	case CBOR_BYTES:
	case CBOR_TEXT:
		return check_string(c, at, &head);
	case CBOR_ARRAY:
	case CBOR_MAP:
		return check_container(c, at, &head);
	default:
		break;
	}
	if (head.info == CBOR_INFO_INDEFINITE)
		return wrong(c, at, "a length that is reserved");
	if (head.major == CBOR_TAG)
		return push(c, at, &head, 1);
	if (head.major == CBOR_SIMPLE && head.info == CBOR_INFO_1 &&
	    head.value < 32)
		return wrong(c, at, "a simple value that is too long");
	complete(c);
	return true;
}

bool
cbor_check(const uint8_t *data, size_t len, bool sequence, unsigned depth,
    struct cbor_error *error)
{
	struct check c = {
		.r = { data, len, 0 },
		.max = depth < CBOR_DEPTH_MAX ? depth : CBOR_DEPTH_MAX,
		.error = error,
	};

	if (sequence && len == 0)
		return true;
	do {
		if (!check_next(&c))
			return false;
	} while (c.depth > 0 || (sequence && c.r.pos < len));
	if (c.r.pos < len)
		return wrong(&c, c.r.pos, "more bytes behind the end");
	return true;
}

void
cbor_skip(struct cbor_reader *r)
{
	struct cbor_error error;
	struct check c = {
		.r = *r,
		.max = CBOR_DEPTH_MAX,
		.error = &error,
	};
	bool good;

	do
		good = check_next(&c);
	while (good && c.depth > 0);
	r->pos = good ? c.r.pos : r->len;
}
