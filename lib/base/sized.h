/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structs of our public headers begin with their size, so that a program
 * and a library of different age understand each other: what the older one of
 * the two does not know is zero.
 */
#ifndef BASE_SIZED_H
#define BASE_SIZED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes an application's struct into one of ours of size bytes; to->size is
 * ours then. False for NULL, for one too short to have a size, and when one
 * that is longer than ours asks for something: it has bytes that are not zero.
 */
bool sized_take(void *to, size_t size, const void *from);
/* Gives ours, of size bytes, to an application: as much as fits into what it
 * has; its size stays. False for NULL, and when it is too short for a size. */
bool sized_give(void *to, const void *from, size_t size);

#endif
