/* SPDX-License-Identifier: BSD-2-Clause */
/* libedit is opened by the first prompt. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "shell/edit_library.h"

/* The version that <histedit.h> belongs to, and Debian's package of it. */
#define LIBRARY "libedit.so.2"
#define PACKAGE "libedit2"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define EDIT_MEMBER(name) { #name, offsetof(struct edit_library, name) },
static const struct {
	const char *name;
	size_t at;
} functions[] = { EDIT_FUNCTIONS(EDIT_MEMBER) };

static struct edit_library library;

int
edit_open(char *why, size_t size)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	void *symbol;
	size_t i;

	for (i = 0; handle && i < COUNT(functions); i++) {
		symbol = dlsym(handle, functions[i].name);
		if (!symbol)
			break;
		/* ISO C knows no conversion to a pointer to a function. */
		memcpy((char *)&library + functions[i].at, &symbol,
		    sizeof(symbol));
	}
	if (i == COUNT(functions))
		return 0;
	snprintf(why, size,
	    "a prompt needs libedit: %s; install the package " PACKAGE
	    ", or give commands with -c or -f",
	    dlerror());
	if (handle)
		dlclose(handle);
	return -1;
}

const struct edit_library *
edit(void)
{
	return &library;
}
