#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/run counts right, and takes nothing that went wrong for a success.
source "$(dirname "$0")/tap.bash"

tmp=$(mktemp -d)
trap 'rm -rf "${tmp}"' EXIT

program() {
	printf '#!/bin/sh\n%s\n' "$2" >"${tmp}/$1"
	chmod +x "${tmp}/$1"
}

# sums WANTED-LINE WANTED-STATUS PROGRAM...: what tests/run says in the end.
sums() {
	local wanted=$1 status=$2 output got
	shift 2
	output=$(O=${tmp}/out TEST_TIMEOUT=1 tests/run "${@/#/${tmp}/}")
	got=$?
	[[ ${got} == "${status}" ]] || printf 'exit status %s\n' "${got}"
	[[ ${output##*$'\n'} == "${wanted}" ]] || printf '%s\n' "${output}"
}

says() {
	local output
	output=$(O=${tmp}/out tests/run "${tmp}/$2")
	[[ ${output} == *"$1"* ]] || printf 'does not say: %s\n' "$1"
}

program good 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
program fine 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
program bad 'echo 1..2; echo ok 1 - a; echo not ok 2 - b; echo "# why"; exit 1'
program skip 'echo 1..2; echo ok 1 - a; echo "ok 2 - b # SKIP no network"'
program none 'echo "1..0 # SKIP no terminal"'
program early 'echo 1..2; echo ok 1 - a'
program silent 'exit 0'
program crash 'echo 1..1; echo ok 1 - a; kill -SEGV $$'
program leak 'echo 1..1; echo ok 1 - a; exit 23'
program hang 'echo 1..1; echo ok 1 - a; sleep 60'

check 'successes are counted' sums '4 passed, 0 failed, 0 skipped' 0 good fine
check 'a failure fails' sums '3 passed, 1 failed, 0 skipped' 1 good bad
check 'a failure is shown in full' says '# why' bad
check 'a skip is counted' sums '1 passed, 0 failed, 1 skipped' 0 skip
check 'the reason of a skip is shown' says 'no network' skip
check 'a skipped program is counted' \
	sums '2 passed, 0 failed, 1 skipped' 0 good none
check 'a program that ends early fails' \
	sums '1 passed, 1 failed, 0 skipped' 1 early
check 'a program that says nothing fails' \
	sums '0 passed, 1 failed, 0 skipped' 1 silent
check 'a crash fails' sums '1 passed, 1 failed, 0 skipped' 1 crash
check 'a status without a failed test fails' \
	sums '1 passed, 1 failed, 0 skipped' 1 leak
check 'a program that hangs is killed and fails' \
	sums '1 passed, 1 failed, 0 skipped' 1 hang
check 'a missing program fails' sums '0 passed, 1 failed, 0 skipped' 1 nowhere
check 'no test at all fails' sums '0 passed, 0 failed, 0 skipped' 1
plan
