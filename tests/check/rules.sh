#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Each rule of tests/rules.tsv has a test, and that test is there. Columns, a
# tab between them: RFC, section, level (MUST, MUST NOT, SHOULD, SHOULD NOT,
# MAY; - is none), the rule in short, FILE:TEST, the file below tests/. A line
# with # is a comment.
source "$(dirname "$0")/tap.bash"

list=tests/rules.tsv

rows() {
	grep -v '^#' "${list}" || echo 'no rules'
}

shape() {
	rows | awk -F '\t' '
		NF != 5 { print "not 5 columns: " $0; next }
		$1 !~ /^[0-9]+$/ { print "not an RFC: " $0 }
		$2 !~ /^[0-9A-Z]+(\.[0-9]+)*$/ { print "not a section: " $0 }
		$3 !~ /^(MUST|SHOULD)( NOT)?$|^(MAY|-)$/ { print "not a level: " $0 }
		$4 == "" { print "no rule: " $0 }
		$5 !~ /^[a-z0-9\/_]+\.(c|bats):./ { print "no test: " $0 }
		seen[$1, $2, $4]++ { print "twice: " $0 }
	'
}

ordered() {
	rows | cut -f 1,2 | LC_ALL=C sort -C -s -t $'\t' -k 1,1n -k 2,2V \
		|| echo 'sort it by RFC and section'
}

# A test in C is a function that takes the state, and is in a list of tests; in
# bats its title stands behind @test.
tests_there() {
	local test file name
	while IFS= read -r test; do
		file=tests/${test%%:*} name=${test#*:}
		if [[ ! -f ${file} ]]; then
			printf '%s: no such file\n' "${file}"
		elif [[ ${file} == *.bats ]]; then
			grep -qxF -- "@test '${name}' {" "${file}" \
				|| printf '%s: no test %s\n' "${file}" "${name}"
		elif ! grep -qE "^${name}\(void \*\*[a-z]+\)" "${file}" \
			|| (($(grep -cw -- "${name}" "${file}") < 2)); then
			printf '%s: no test %s\n' "${file}" "${name}"
		fi
	done < <(rows | cut -f 5 | sort -u)
}

check 'each rule has its columns, once' shape
check 'the rules are in order' ordered
check 'the test of each rule is there' tests_there
plan
