/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands of one call, parsed against the command's table. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"

struct arg_option {
	const struct option *option;
	char *value; /* NULL: none given */
};

struct args {
	struct arg_option *options;
	size_t n_options;
	char **operands;
	size_t n_operands;
};

/* 0, or -1 and *problem (malloc()ed): options may follow operands, `--` ends
 * them, -abc joins letters, --name=VALUE and --name VALUE; an unknown one
 * suggests the nearest. The number of operands is checked against the table.
 * words are copied. */
int args_parse(struct args *args, const struct command *command,
    char *const *words, size_t n, char **problem);
/* The options before the command word, also those of leading_options. *used
 * is how many words they are. 0, or -1 and *problem. */
int args_parse_leading(struct args *args, char *const *words, size_t n,
    size_t *used, char **problem);
void args_free(struct args *args);

/*
 * The option that a word such as --name, --name=VALUE or -ab ends in; NULL:
 * there is none. *wants says whether the next word is its value. command NULL:
 * the options before a command.
 */
const struct option *args_option(const struct command *command,
    const char *word, bool *wants);

/*
 * Where the words that may name a command are: up to max of them, options of
 * every command before and between them left out. The number of indexes.
 */
size_t args_command_words(char *const *words, size_t n, size_t *at, size_t max);

bool args_has(const struct args *args, const char *name);
/* The last value given, or NULL. */
const char *args_get(const struct args *args, const char *name);
/* Value i of a repeatable option, or NULL. */
const char *args_nth(const struct args *args, const char *name, size_t i);
/* How often it was given. */
size_t args_count(const struct args *args, const char *name);
/* Operand i, or NULL. */
const char *args_operand(const struct args *args, size_t i);

/* "500ms", "5s", "2m", "1h", "1.5" (seconds): milliseconds, or -1. */
int64_t parse_duration(const char *s);
/* A whole decimal number in range; false otherwise. */
bool parse_number(const char *s, uint64_t max, uint64_t *out);
/* What a hex digit stands for, or -1. */
int hex_digit(char c);
/* Hex digits, an even number, white space and colons between bytes allowed. The
 * bytes are malloc()ed; false when it is none. */
bool parse_hex(const char *s, uint8_t **bytes, size_t *len);
/* Base64 with its padding (RFC 4648 section 4), white space allowed; as
 * parse_hex(). */
bool parse_base64(const char *s, uint8_t **bytes, size_t *len);

#endif
