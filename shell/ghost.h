/* SPDX-License-Identifier: BSD-2-Clause */
/* The rest of the newest line of history that begins like this one, in grey
 * behind the cursor; Right or End takes it. */
#ifndef SHELL_GHOST_H
#define SHELL_GHOST_H

#include <stdbool.h>

#include "shell/history.h"
#include "shell/screen.h"

struct ghost {
	char *rest; /* shown, or NULL */
};

void ghost_show(struct ghost *ghost, const struct screen *screen,
    struct past *past);
/* Erases it; what was shown can still be taken. */
void ghost_hide(struct ghost *ghost);
/* Types it. False: there is none. */
bool ghost_take(struct ghost *ghost, EditLine *el);
void ghost_free(struct ghost *ghost);

#endif
