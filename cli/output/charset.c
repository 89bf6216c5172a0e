/* SPDX-License-Identifier: BSD-2-Clause */
/* The character set of the user's locale. */
#include "cli/output/charset.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *
locale_name(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;
	size_t i;

	for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		value = getenv(variables[i]);
		if (value && *value != '\0')
			return value;
	}
	return "C";
}

/* As in de_DE.UTF-8 or de_DE.utf8@euro. */
static bool
is_called_utf8(const char *name)
{
	const char *set = strchr(name, '.');
	size_t len = set ? strcspn(++set, "@") : 0;

	return (len == 5 && strncasecmp(set, "UTF-8", len) == 0) ||
	    (len == 4 && strncasecmp(set, "UTF8", len) == 0);
}

bool
charset_is_utf8(void)
{
	if (is_called_utf8(locale_name()))
		return true;
	charset_take();
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
charset_take(void)
{
	/* Each program begins with "C". */
	if (strcmp(setlocale(LC_CTYPE, NULL), "C") == 0)
		setlocale(LC_CTYPE, "");
}
