/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding and opening modules. */
#include "base/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

/* The makefile says where; this is its default. */
#ifndef MODULE_DIR
#define MODULE_DIR "/usr/local/lib/coap-session"
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Folders of modules, seen from that of the program or library. */
static const char *const beside[] = {
	"/coap-session",
	"/lib/coap-session",
	"/../lib/coap-session",
};

/*
 * The folder of the file that this code is in, without links. dladdr() knows
 * no more of the program itself than what it was called as.
 */
static int
own_folder(char dir[PATH_MAX])
{
	struct link_map *map = NULL;
	const char *file = "/proc/self/exe";
	Dl_info info;
	char *slash;

	if (dladdr1((const void *)(uintptr_t)&own_folder, &info, (void **)&map,
		RTLD_DL_LINKMAP) == 0)
		return -COAP_E_NOTFOUND;
	if (map && map->l_name[0] != '\0')
		file = map->l_name;
	if (!realpath(file, dir))
		return -COAP_E_NOTFOUND;
	slash = strrchr(dir, '/');
	if (!slash)
		return -COAP_E_NOTFOUND;
	*slash = '\0';
	return 0;
}

/* The name of a module that is there: 0, or -COAP_E_NOTFOUND. */
static int
find(const char *name, char path[PATH_MAX])
{
	char dir[PATH_MAX];
	size_t i;
	int n;

	for (i = 0; own_folder(dir) == 0 && i < COUNT(beside); i++) {
		n = snprintf(path, PATH_MAX, "%s%s/%s.so", dir, beside[i],
		    name);
		if (n > 0 && n < PATH_MAX && access(path, F_OK) == 0)
			return 0;
	}
	n = snprintf(path, PATH_MAX, "%s/%s.so", MODULE_DIR, name);
	if (n > 0 && n < PATH_MAX && access(path, F_OK) == 0)
		return 0;
	return -COAP_E_NOTFOUND;
}

int
module_open_file(const char *path, const char *abi, const void **table,
    char *why, size_t size)
{
	const struct module *module;
	void *handle;

	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(why, size, "cannot open the module: %s", dlerror());
		return -COAP_E_NO_MODULE;
	}
	module = dlsym(handle, "coapx_module");
	if (!module || strcmp(module->abi, abi) != 0) {
		snprintf(why, size, "%s is %s%s, not %s", path,
		    module ? "a module of " : "no module",
		    module ? module->abi : "", abi);
		dlclose(handle);
		return -COAP_E_NO_MODULE;
	}
	*table = module->table;
	return 0;
}

int
module_open(const char *name, const char *abi, const void **table, char *why,
    size_t size)
{
	char path[PATH_MAX];

	if (find(name, path) != 0) {
		snprintf(why, size,
		    "the module %s.so is neither installed in %s nor beside "
		    "the program",
		    name, MODULE_DIR);
		return -COAP_E_NO_MODULE;
	}
	return module_open_file(path, abi, table, why, size);
}
