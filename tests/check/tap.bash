#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# TAP for the checks of the tree, which load this file first. They run at the
# top of the tree; O is the build's folder.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
: "${O:=${PWD}/build}"

tests=0

# check WHAT COMMAND...: passes if the command prints nothing and succeeds.
check() {
	local what=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	((tests++))
	if [[ -z ${output} ]] && ((status == 0)); then
		printf 'ok %d - %s\n' "${tests}" "${what}"
	else
		printf 'not ok %d - %s\n' "${tests}" "${what}"
		printf '%s\n' "${output:-exit status ${status}}" | sed 's/^/# /'
	fi
}

# skip WHAT WHY
skip() {
	((tests++))
	printf 'ok %d - %s # SKIP %s\n' "${tests}" "$1" "$2"
}

# Print where the lists in the files $1 and $2 differ; $3 and $4 say what it
# means that a line is in the first or the second only.
differences() {
	comm -23 <(sort -u "$1") <(sort -u "$2") | sed "s|\$|: $3|"
	comm -13 <(sort -u "$1") <(sort -u "$2") | sed "s|\$|: $4|"
}

# Is the output empty? For commands like grep, whose status says something
# else.
nothing() {
	"$@"
	return 0
}

plan() {
	printf '1..%d\n' "${tests}"
}
