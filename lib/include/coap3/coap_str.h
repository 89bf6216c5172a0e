/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and binary data with a length: coap_string(3). */
#ifndef COAP_STR_H
#define COAP_STR_H

#include <coap3/coap_forward_decls.h>

/*
 * Each of these owns nothing by itself: s may point into a message. What the
 * coap_new_...() functions return is one block of memory, struct and bytes
 * together, with a NUL after the last byte that length does not count.
 */
struct coap_string_t {
	size_t length;
	uint8_t *s;
};

struct coap_str_const_t {
	size_t length;
	const uint8_t *s;
};

struct coap_binary_t {
	size_t length;
	uint8_t *s;
};

struct coap_bin_const_t {
	size_t length;
	const uint8_t *s;
};

/*
 * Whether the bytes of two of the structs above are the same (any two kinds,
 * by pointer). An argument is evaluated more than once.
 */
#define coap_string_equal(a, b)        \
	((a)->length == (b)->length && \
	    ((a)->length == 0 ||       \
		((a)->s && (b)->s &&   \
		    memcmp((a)->s, (b)->s, (a)->length) == 0)))
#define coap_binary_equal(a, b) coap_string_equal(a, b)

/* Points *st to l bytes at v, which are not copied. */
#define COAP_SET_STR(st, l, v) ((st)->length = (l), (st)->s = (v))

/*
 * A string of size zero bytes to be filled by the caller, who owns it. NULL
 * when there is no memory.
 */
COAP_API coap_string_t *coap_new_string(size_t size);

/* Releases what coap_new_string() gave; NULL is allowed. */
COAP_API void coap_delete_string(coap_string_t *string);

/*
 * A copy of size bytes at data, owned by the caller. NULL when there is no
 * memory, or when data is NULL and size is not 0.
 */
COAP_API coap_str_const_t *coap_new_str_const(const uint8_t *data, size_t size);

/* Releases what coap_new_str_const() gave; NULL is allowed. */
COAP_API void coap_delete_str_const(coap_str_const_t *string);

/* As coap_new_string(), for binary data. */
COAP_API coap_binary_t *coap_new_binary(size_t size);

/* Releases what coap_new_binary() or coap_resize_binary() gave, or NULL. */
COAP_API void coap_delete_binary(coap_binary_t *binary);

/*
 * Changes the length of what coap_new_binary() gave. Bytes that are added are
 * zero. The object may move: use the result from then on. A binary of NULL
 * makes a new one. On failure the result is NULL, and binary is as before and
 * still the caller's.
 */
COAP_API coap_binary_t *coap_resize_binary(coap_binary_t *binary,
    size_t new_size);

/* As coap_new_str_const(), for binary data. */
COAP_API coap_bin_const_t *coap_new_bin_const(const uint8_t *data, size_t size);

/* Releases what coap_new_bin_const() gave; NULL is allowed. */
COAP_API void coap_delete_bin_const(coap_bin_const_t *binary);

/*
 * Wraps a C string, for use as an argument: coap_f(coap_make_str_const("a")).
 * The text is not copied and has to outlive the use; NULL counts as "". The
 * struct belongs to the calling thread and is used again by the fourth call
 * after this one; do not release it.
 */
COAP_API coap_str_const_t *coap_make_str_const(const char *string);

#endif
