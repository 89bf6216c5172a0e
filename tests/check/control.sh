#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The messages of the control socket, their numbers and those of errors are the
# same in the code and in the manual page.
source "$(dirname "$0")/tap.bash"

page=man/coap-shell-control.7
header=cli/control/message.h
tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

# The constants of the enum $1, whose names begin with $2: NAME NUMBER.
constants() {
	awk -v start="enum $1 {" -v prefix="$2" '
		$0 == start { inside = 1 }
		inside && /^}/ { exit }
		inside && $1 ~ "^" prefix {
			name = $1
			sub("^" prefix, "", name)
			sub(/,$/, "", name)
			n = $2 == "=" ? $3 + 0 : n + 1
			print name, n
		}
	' "${header}"
}

same_numbers() {
	[[ -s ${tmp}/code ]] || echo "no constants in ${header}"
	differences "${tmp}/code" "${tmp}/page" "not in ${page}" 'not in the code'
}

types() {
	constants message_type MESSAGE_ >"${tmp}/code"
	sed -nE 's/^\.It ([A-Z_]+), ([0-9]+)$/\1 \2/p' "${page}" >"${tmp}/page"
	same_numbers
}

errors() {
	constants message_error ERROR_ >"${tmp}/code"
	sed -nE 's/^\.It ([0-9]+), ([A-Z_]+)$/\2 \1/p' "${page}" >"${tmp}/page"
	same_numbers
}

version() {
	local n
	n=$(awk '$2 == "CONTROL_VERSION" { print $3 }' "${header}")
	grep -q "^This page is version ${n:-missing} of them\.$" "${page}" \
		|| echo "${page} is not of version ${n:-missing}"
}

check 'the manual page has each message and its number, and no other' types
check 'the manual page has each error and its number, and no other' errors
check 'the manual page is of this version' nothing version
plan
