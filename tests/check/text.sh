#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What is written in the files: licence lines, clean ends of lines, and no
# path of anybody's machine.
source "$(dirname "$0")/tap.bash"

files() {
	git -c safe.directory='*' ls-files -co --exclude-standard 2>/dev/null \
		|| find . -path './build*' -prune -o -type f -printf '%P\n'
}

# Files of text below the tree, corpora and pictures left out.
texts() {
	files | grep -vE '^(tests/fuzz/corpus|man/images)/' | while read -r file; do
		[[ -f ${file} ]] && printf '%s\0' "${file}"
	done
}

no_licence() {
	files | grep -E '\.([ch]|sh|bash|bats)$|^(Makefile|tests/run|tests/lint|packaging/install-deps)$' \
		| while read -r file; do
			[[ -f ${file} ]] || continue
			grep -qm 1 'SPDX-License-Identifier: BSD-2-Clause' <(head -n 2 "${file}") \
				|| printf '%s\n' "${file}"
		done
}

# In a table the last column may be empty.
trailing_space() {
	texts | grep -zv '\.tsv$' | xargs -0 grep -nIE '[[:blank:]]+$'
}

last_newline() {
	texts | xargs -0 -n 1 sh -c '
		[ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || echo "$1"
	' sh
}

machine_paths() {
	texts | xargs -0 grep -nIE '(^|[^A-Za-z0-9_.$}])/(work|root|home/[a-z]{2,})/'
}

check 'each source names its licence' nothing no_licence
check 'no line ends in blanks' nothing trailing_space
check 'each file ends in a newline' nothing last_newline
check "no text has a path of somebody's machine" nothing machine_paths
plan
