#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Looking at the messages of our client: `load plugtest` after `load helper`.

# Our client: the payload in ${output}, the messages in ${stderr}.
ask() {
	run_apart cs -vv "$@"
	assert_success
}

# The same for what is to be refused with the code $1.
ask_refused() {
	local code=$1
	shift
	run_apart cs -vv "$@"
	assert_equal "${status}" 4
	traced "^< [A-Z]* ?${code} "
}

# A line of ${stderr} has to match $1; its groups are in BASH_REMATCH.
traced() {
	local line
	while read -r line; do
		[[ ! ${line} =~ $1 ]] || return 0
	done <<<"${stderr}"
	fail "no line matches '$1' in: ${stderr}"
}

# How many lines of ${stderr} match $1.
count_traced() {
	grep -cE -- "$1" <<<"${stderr}"
}

# The request was a CON, and the response $1 came with its acknowledgement; sets
# BASH_REMATCH[1] to its options.
is_piggybacked() {
	traced '^> CON [^[]* mid=([0-9]+) token=([0-9a-f]+) '
	traced "^< ACK $1 .*mid=${BASH_REMATCH[1]} token=${BASH_REMATCH[2]} ?(.*)"
}

# Both were NON, with message IDs of their own.
is_non() {
	local mid
	traced '^> NON .* mid=([0-9]+) token=([0-9a-f]+) '
	mid=${BASH_REMATCH[1]}
	traced "^< NON $1 .*mid=([0-9]+) token=${BASH_REMATCH[2]}"
	[[ ${BASH_REMATCH[1]} != "${mid}" ]]
}

# Both were NON, of a peer that may take the request's message ID again.
is_any_non() {
	traced '^> NON [^[]* token=([0-9a-f]+)'
	traced "^< NON $1 .* token=${BASH_REMATCH[1]}"
}

# An empty ACK, then the response $1 as a CON. (The command ends with it, so its
# ACK is not shown; that of Debian's client is.)
is_separate() {
	local token
	traced '^> CON .* mid=([0-9]+) token=([0-9a-f]+) '
	token=${BASH_REMATCH[2]}
	traced "^< ACK 0.00 Empty mid=${BASH_REMATCH[1]}$"
	traced "^< CON $1 .*mid=([0-9]+) token=${token} "
}
