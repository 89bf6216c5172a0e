/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules: parts of the library that bring a library of somebody else, and are
 * opened at their first use. Each exports one struct, and must be of the very
 * version of the library that opens it.
 */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include <stddef.h>

#include <coap3/coapx.h>

/* What a module of some kind ("tls", "ws") calls itself. */
#define MODULE_ABI(kind) "coap-session " COAPX_VERSION " " kind

/* What a module exports, under the name coapx_module. */
struct module {
	const char *abi;
	const void *table; /* of functions, by kind */
};

COAP_API extern const struct module coapx_module;

/*
 * Opens the module name (without ".so"), which stays for good, and gives its
 * table in *table: 0, or -COAP_E_NO_MODULE and a sentence in why. It is looked
 * for beside the program or library that this is linked into (coap-session/,
 * lib/coap-session/, ../lib/coap-session/), then where it was to be installed.
 */
int module_open(const char *name, const char *abi, const void **table,
    char *why, size_t size);
/* The same with a file. */
int module_open_file(const char *path, const char *abi, const void **table,
    char *why, size_t size);

#endif
