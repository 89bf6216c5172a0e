#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The shape of the tree: what stands at its top, how long a file may be, and
# that no test is forgotten.
source "$(dirname "$0")/tap.bash"

top='.ci .clang-format .clang-tidy .codespellrc .editorconfig .gitignore
	.shellcheckrc ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md LICENSE
	Makefile README.md cli completions lib man packaging shell tests'

# Files that may be longer than others: FILE REASON, one a line.
long_files=''

# What git has or would take; without git, what lies there.
files() {
	git -c safe.directory='*' ls-files -co --exclude-standard 2>/dev/null \
		|| find . -path './build*' -prune -o -type f -printf '%P\n'
}

sources() {
	files | grep -E '^(lib|cli|shell|tests)/.*\.[ch]$'
}

top_names() {
	files | cut -d / -f 1 | sort -u \
		| grep -vxF -f <(tr -s ' \t' '\n' <<<"${top}")
}

too_long() {
	local file lines limit
	while read -r file; do
		[[ -e ${file} ]] || continue
		grep -q "^${file} " <<<"${long_files}" && continue
		lines=$(wc -l <"${file}")
		# A test program is a list of small functions, read one by one.
		limit=600
		[[ ${file} == tests/* ]] && limit=1200
		((lines <= limit)) || printf '%s has %d lines\n' "${file}" "${lines}"
	done < <(sources)
}

# The makefile takes a unit test by the room that its name begins with.
homeless_tests() {
	find tests/unit -name '*_test.c' -printf '%f\n' | grep -vE \
		'^(base|wire|tls|net|message|exchange|session|cli|shell)_.*_test\.c$'
}

no_corpus() {
	local target
	for target in $(compgen -G 'tests/fuzz/*_fuzz.c'); do
		target=${target##*/}
		compgen -G "tests/fuzz/corpus/${target%_fuzz.c}/*" >/dev/null \
			|| printf '%s has no corpus\n' "${target}"
	done
}

check 'only known names stand at the top' nothing top_names
check 'no source has more than 600 lines, no test more than 1200' too_long
check 'each unit test is named after its room' nothing homeless_tests
check 'each fuzz target has a corpus' no_corpus
plan
