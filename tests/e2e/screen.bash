#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a prompt in a terminal of 80 by 24 cells shows: `load screen` after
# `load helper`.

# ---- what the screen shows --------------------------------------------------

# The rows that are visible, wrapped ones joined, trailing blanks dropped.
visible() {
	term capture-pane -p -J | sed -e 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

last_row() {
	visible | tail -n 1
}

# Is the last row exactly $1?
row_is() {
	[[ $(last_row) == "$1" ]]
}

# Is there a prompt with nothing typed?
at_prompt() {
	[[ $(last_row) =~ ^(coap-shell|[a-z0-9]+!?(\(server\))?:/.*)\>$ ]]
}

# Wait until one of the visible rows is exactly $1.
shows_line() {
	visible | grep -qxF -- "$1"
}

await_line() {
	wait_until shows_line "$1" && return 0
	printf 'no such row: %s\n' "$1" >&2
	visible >&2
	return 1
}

ends_with() {
	[[ $(last_row) == *"$1" ]]
}

# Wait until the last row is exactly $1.
await_row() {
	wait_until row_is "$1" && return 0
	printf 'not the last row: %s\n' "$1" >&2
	visible >&2
	return 1
}

# Wait until the visible rows are exactly $1.
screen_is() {
	[[ $(visible) == "$1" ]]
}

await_screen() {
	wait_until screen_is "$1" && return 0
	printf 'expected:\n%s\nthe screen shows:\n' "$1" >&2
	visible >&2
	return 1
}

cursor() {
	term display-message -p '#{cursor_x},#{cursor_y}'
}

cursor_is() {
	[[ $(cursor) == "$1" ]]
}

prompt_start() {
	term_start "${COAP_SHELL}" --color never --quiet
	wait_until at_prompt
}

type_text() {
	term send-keys -l -- "$1"
}

# Type the command $1 at the prompt, run it, and wait for the next prompt.
command_line() {
	type_text "$1"
	wait_until ends_with "$1"
	term_keys Enter
	wait_until at_prompt && return 0
	visible >&2
	return 1
}
