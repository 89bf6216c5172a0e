/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heap of a test program: allocations that fail when they are told to, and
 * a look at what is freed. To be included in one file of a program.
 */
#ifndef TEST_HEAP_WATCH_H
#define TEST_HEAP_WATCH_H

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The C library is to find them as well. */
#define HEAP_EXPORT __attribute__((visibility("default")))

HEAP_EXPORT void *heap_malloc(size_t size) __asm__("malloc");
HEAP_EXPORT void *heap_calloc(size_t n, size_t size) __asm__("calloc");
HEAP_EXPORT void heap_free(void *p) __asm__("free");

/* Volatile, because compilers know that malloc() and free() use no variables of
 * a program. */
static volatile struct {
	size_t fail_at;     /* the n-th from now fails; 0: none does */
	long held;          /* pieces taken and not freed since it was 0 */
	const char *secret; /* looked for in what is freed; NULL: nothing */
	unsigned found;     /* how often it was there */
} heap;

/* The ones behind ours. dlsym() may free something of its own, which is kept
 * meanwhile. */
static struct {
	bool looking;
	void *kept;
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void (*free)(void *);
} behind;

static void
heap_look(void)
{
	behind.looking = true;
	*(void **)&behind.malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&behind.calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&behind.free = dlsym(RTLD_NEXT, "free");
	behind.looking = false;
}

static bool
heap_fails(void)
{
	if (!behind.malloc)
		heap_look();
	if (heap.fail_at == 0 || --heap.fail_at > 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
heap_malloc(size_t size)
{
	if (heap_fails())
		return NULL;
	heap.held++;
	return behind.malloc(size);
}

void *
heap_calloc(size_t n, size_t size)
{
	if (heap_fails())
		return NULL;
	heap.held++;
	return behind.calloc(n, size);
}

void
heap_free(void *p)
{
	if (!p)
		return;
	if (behind.looking) {
		behind.kept = p;
		return;
	}
	if (!behind.free)
		heap_look();
	if (heap.secret &&
	    memmem(p, malloc_usable_size(p), heap.secret, strlen(heap.secret)))
		heap.found++;
	heap.held--;
	behind.free(p);
}

/* Whether the above are called at all. (Under ASan strdup() is not.) */
static bool
heap_watched(const char *secret)
{
	size_t size = strlen(secret) + 1;
	char *copy = malloc(size);
	bool works;

	heap.secret = secret;
	heap.found = 0;
	if (copy)
		memcpy(copy, secret, size);
	/* Or the copy would never be made. */
	__asm__ volatile("" : : "r"(copy) : "memory");
	free(copy);
	heap.fail_at = 1;
	copy = malloc(size);
	works = heap.found == 1 && !copy && heap.fail_at == 0;
	free(copy);
	heap.found = 0;
	heap.secret = NULL;
	heap.fail_at = 0;
	return works;
}

#endif
