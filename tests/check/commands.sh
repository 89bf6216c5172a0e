#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The command table, its help and the manual page name the same commands.
source "$(dirname "$0")/tap.bash"

page=man/coap-shell.1
tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

listed() {
	"${O}/coap-shell" help --list >"${tmp}/list" || return 1
	[[ -s ${tmp}/list ]] || echo 'help --list is empty'
	sort "${tmp}/list" | uniq -d
	grep -vnE '^[a-z_]+( [a-z-]+)*$' "${tmp}/list"
	return 0
}

# The items of the page's section COMMANDS, without their arguments.
described() {
	awk '
		/^\.Sh / { inside = $2 == "COMMANDS" }
		inside && /^\.It Ic / {
			sub(/^\.It Ic /, "")
			sub(/ [A-Z][a-z]( .*)?$/, "")
			while (sub(/ [A-Z][a-z] .*$/, ""))
				;
			print
		}
	' "${page}"
}

same() {
	described >"${tmp}/page" || return 1
	differences "${tmp}/list" "${tmp}/page" \
		"not in ${page}" 'no such command'
}

helped() {
	local name words
	while read -r name; do
		read -ra words <<<"${name}"
		"${O}/coap-shell" help "${words[@]}" 2>&1 | grep -F -- "${name}" >/dev/null \
			|| printf 'help %s does not tell about it\n' "${name}"
	done <"${tmp}/list"
}

overview() {
	local name
	"${O}/coap-shell" help >"${tmp}/help" || return 1
	while read -r name; do
		grep -qwF -- "${name}" "${tmp}/help" \
			|| printf 'help does not name %s\n' "${name}"
	done <"${tmp}/list"
}

check 'help --list prints the commands' listed
check 'the manual page has each command, and no other' same
check 'help has a page on each command' helped
check 'help names each command' overview
plan
