/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of what can be asked of a session: info, get and completion
 * read it. */
#ifndef CLI_SESSION_FIELDS_H
#define CLI_SESSION_FIELDS_H

#include <stdbool.h>

#include "cli/app.h"
#include "cli/output.h"

/* A field as it was read; view.text points into text, or to what lives as long
 * as the session's name does. */
struct field_value {
	struct view_field view;
	char text[200];
};

struct session_field {
	const char *name;
	const char *help; /* one line */
	/* v->view is FIELD_NULL and has its name already. */
	void (*read)(const struct named *named, struct field_value *v);
};

/* In the order of info; ended by a row without a name. data.KEY, which each
 * session has others of, is not in it. */
extern const struct session_field session_fields[];

/* Also data.KEY. False: there is no such field. A field that does not apply
 * to the session is FIELD_NULL. */
bool field_read(const struct named *named, const char *name,
    struct field_value *v);
/* The field that a wrong name was meant to be, or NULL. */
const char *field_nearest(const char *name);
/* All fields, each data.KEY included; free() them. NULL: out of memory. */
struct field_value *fields_read_all(const struct named *named, size_t *n);

#endif
