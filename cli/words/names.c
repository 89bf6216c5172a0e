/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that users give to sessions and listeners. */
#include "cli/words/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <coap3/coapx.h>

static bool
is_scheme(const char *name)
{
	coap_proto_t p;

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++)
		if (strcasecmp(name, coapx_proto_scheme(p)) == 0)
			return true;
	return strcasecmp(name, "http") == 0 || strcasecmp(name, "https") == 0;
}

static bool
is_word(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

/* NULL: it is good. */
static const char *
wrong_with(const char *name)
{
	if (!is_word(name) || strlen(name) >= NAME_SIZE)
		return "a name is a letter, then letters, digits, '.', '_' or "
		       "'-', 32 at most";
	if (is_scheme(name))
		return "that is a URI scheme, so NAME:PATH could not be told "
		       "from a URI";
	return NULL;
}

bool
name_check(const char *name, char **problem)
{
	const char *why = wrong_with(name);

	if (!why)
		return true;
	if (asprintf(problem, "'%s' is no name for a session: %s", name, why) <
	    0)
		*problem = NULL;
	return false;
}

const char *
name_of_target(const char *target, char name[NAME_SIZE])
{
	size_t len = strcspn(target, ":");

	*name = '\0';
	if (target[len] != ':' || len >= NAME_SIZE)
		return NULL;
	memcpy(name, target, len);
	name[len] = '\0';
	if (!wrong_with(name))
		return target + len + 1;
	*name = '\0';
	return NULL;
}
