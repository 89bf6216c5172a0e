/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libedit, which only a prompt needs: a command alone does not load it. Which
 * file has the functions, and whether they are linked in or found at run time,
 * the makefile decides, as it does for modules.
 */
#ifndef SHELL_EDIT_LIBRARY_H
#define SHELL_EDIT_LIBRARY_H

#include <stddef.h>

#include <histedit.h>

/* The functions of libedit that are called. A new one is added here. */
#define EDIT_FUNCTIONS(FUNCTION) \
	FUNCTION(el_cursor)      \
	FUNCTION(el_deletestr)   \
	FUNCTION(el_deletestr1)  \
	FUNCTION(el_end)         \
	FUNCTION(el_get)         \
	FUNCTION(el_gets)        \
	FUNCTION(el_init)        \
	FUNCTION(el_insertstr)   \
	FUNCTION(el_line)        \
	FUNCTION(el_resize)      \
	FUNCTION(el_set)         \
	FUNCTION(el_source)      \
	FUNCTION(el_winsertstr)  \
	FUNCTION(el_wline)       \
	FUNCTION(el_wset)        \
	FUNCTION(history)        \
	FUNCTION(history_end)    \
	FUNCTION(history_init)

/* Each under its own name, and as <histedit.h> declares it. */
#define EDIT_MEMBER(name) __typeof__(name) *(name);
struct edit_library {
	EDIT_FUNCTIONS(EDIT_MEMBER)
};
#undef EDIT_MEMBER

/* Before the first use: 0, or -1 and a sentence in why. It stays open. */
int edit_open(char *why, size_t size);
/* The functions. None may be called before edit_open() has returned 0. */
const struct edit_library *edit(void);

#endif
