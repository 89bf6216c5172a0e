/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences of the table, with what is known put in for {words}. */
#ifndef CLI_DIAGNOSIS_TEXT_H
#define CLI_DIAGNOSIS_TEXT_H

#include "cli/output/text.h"
#include "cli/session/diagnosis.h"

/* Adds a sentence, NULL is none; facts NULL: the words stand for themselves, as
 * `explain` has them. */
void diagnosis_expand(struct text *t, const char *s, const struct facts *f);
/* Gives it out, cut if it is longer, and releases it. */
void diagnosis_give(struct text *t, char *buf, size_t size);

#endif
