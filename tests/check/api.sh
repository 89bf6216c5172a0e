#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# lib/include/api.tsv lists each public function once, in the header that
# declares it. The compiler says what the headers declare.
source "$(dirname "$0")/tap.bash"

table=lib/include/api.tsv
tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

rows() {
	grep -v -e '^#' -e '^$' "${table}"
}

# NAME HEADER of each function that a public header declares; inline ones are
# no part of the library.
declared() {
	local header
	for header in lib/include/coap3/*.h; do
		printf '#include <coap3/%s>\n' "${header##*/}"
	done >"${tmp}/all.c"
	"${CC:-cc}" -std=c11 -I lib/include -fsyntax-only \
		-aux-info "${tmp}/aux" "${tmp}/all.c" || return 1
	sed -nE 's,^/\* lib/include/coap3/([^:]*):.*\*/ (.*),\1 \2,p' \
		"${tmp}/aux" | awk '
		$2 != "static" {
			header = $1
			while (match($0, /coapx?_[a-z0-9_]+ \(/)) {
				name = substr($0, RSTART, RLENGTH - 2)
				$0 = substr($0, RSTART + RLENGTH)
				if (name !~ /_t$/) {
					print name, header
					next
				}
			}
		}
	' | sort -u
}

columns() {
	rows | awk -F '\t' '
		NF < 3 || NF > 4 { print $1 ": has " NF " columns" }
		$3 !~ /^(done|unsupported)$/ { print $1 ": status " $3 }
		$1 !~ /^coapx?_[a-z0-9_]+$/ { print $1 ": no function name" }
	'
}

order() {
	rows | cut -f 1 | LC_ALL=C sort -c
}

once() {
	rows | cut -f 1 | sort | uniq -d
}

same() {
	declared >"${tmp}/declared" || return 1
	[[ -s ${tmp}/declared ]] || echo 'no declaration was found'
	rows | awk -F '\t' '{ print $1, $2 }' >"${tmp}/listed"
	differences "${tmp}/declared" "${tmp}/listed" \
		'not in api.tsv' 'not declared there'
}

check 'api.tsv is well-formed' columns
check 'api.tsv is sorted' order
check 'api.tsv has each name once' once
check 'the headers declare what api.tsv lists' same
plan
