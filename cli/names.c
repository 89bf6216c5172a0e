/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that users give to sessions and listeners. */
#include "cli/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <coap3/coapx.h>

#define NAME_MAX_LENGTH 32

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

bool
name_check(const char *name, char **problem)
{
	const char *why = NULL;

	if (!is_word(name) || strlen(name) > NAME_MAX_LENGTH)
		why = "a name is a letter, then letters, digits, '.', '_' or "
		      "'-', 32 at most";
	else if (is_scheme(name))
		why = "that is a URI scheme, so NAME:PATH could not be told "
		      "from a URI";
	if (!why)
		return true;
	if (asprintf(problem, "'%s' is no name for a session: %s", name, why) <
	    0)
		*problem = NULL;
	return false;
}

char *
name_of_target(const char *target)
{
	const char *colon = strchr(target, ':');
	char *problem = NULL;
	char *name;

	if (!colon)
		return NULL;
	name = strndup(target, (size_t)(colon - target));
	if (name && !name_check(name, &problem)) {
		free(problem);
		free(name);
		return NULL;
	}
	return name;
}
