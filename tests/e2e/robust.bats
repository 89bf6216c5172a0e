#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What goes wrong around the program: streams that are closed or full, peers
# that do not keep the rules, words that make no sense.

setup_file() {
	load helper
	${CC:-cc} -Wall -Werror -o "${BATS_FILE_TMPDIR}/hostile" \
		"${BATS_TEST_DIRNAME}/hostile.c"
	start_serve
	export device=coap://127.0.0.1:${port}
}

teardown_file() {
	load helper
	stop_peers
}

setup() {
	load helper
}

teardown() {
	term_stop
	stop_peers
}

# A peer that answers each request with the bytes $1. Sets peer.
start_hostile() {
	start_peer hostile "${BATS_FILE_TMPDIR}/hostile" "$1"
	wait_line "${peer_log}" '^port'
	peer=coap+tcp://127.0.0.1:$(sed -n 's/^port //p' "${peer_log}")
}

# Exit status $1, nothing on stdout, and the line $2 on stderr.
assert_told() {
	assert_equal "${status}" "$1"
	assert_equal "${output}" ''
	assert_equal "${stderr}" "coap-shell: $2"
}

# ---- streams ----------------------------------------------------------------

@test 'a full disk is told' {
	local path
	run_apart bash -c '"${COAP_SHELL}" get "${device}/hello" >/dev/full'
	assert_told 23 'cannot write the output: No space left on device'
	run_apart bash -c '"${COAP_SHELL}" get "${device}/hello" -j >/dev/full'
	assert_told 23 'cannot write the output: No space left on device'
	run_apart cs get "${device}/hello" -o /dev/full
	assert_told 23 "cannot write '/dev/full': No space left on device"
	for path in /hello /large?size=9000; do
		run_apart cs get "${device}${path}" -o /dev/full -j
		assert_equal "${status}" 23
		assert_equal "${stderr}" ''
		assert_equal "$(jq -r 'select(.type == "error").error' \
			<<<"${output}")" \
			"cannot write '/dev/full': No space left on device"
	done
}

@test 'a pipe that is closed is not worth a word' {
	run_apart bash -c '"${COAP_SHELL}" -c "sleep 100ms ; echo a" | :
		exit "${PIPESTATUS[0]}"'
	assert_equal "${status}" 23
	assert_equal "${stderr}" ''
}

@test 'a closed stream stays closed: no socket takes its place' {
	run_apart bash -c '"${COAP_SHELL}" get "${device}/hello" >&-'
	assert_told 23 'cannot write the output: Bad file descriptor'
	run_apart bash -c '"${COAP_SHELL}" <&-'
	assert_told 3 'stdin: Bad file descriptor'
	run_apart bash -c '"${COAP_SHELL}" put "${device}/store/a" -d @- <&-'
	assert_told 3 'stdin: Bad file descriptor'
	run_apart bash -c '"${COAP_SHELL}" get "${device}/nope" 2>&-'
	assert_equal "${status}" 4
	assert_equal "${output}" ''
	run_apart bash -c \
		'"${COAP_SHELL}" get "${device}/hello" <&- 2>&-'
	assert_equal "${status}" 0
	assert_equal "${output}" 'Hello, world!'
}

# ---- words ------------------------------------------------------------------

@test 'a file without a name is a usage error, and nothing is sent' {
	run_apart cs put "${device}/store/unsent" -d x -o ''
	assert_told 2 "--output does not take '' (write the payload to a file)"
	run_apart cs get "${device}/store/unsent"
	assert_equal "${status}" 4
}

@test 'a URI without its scheme is told how it would be one' {
	run_apart cs get localhost:5683/time
	assert_told 9 "no session is open; if 'localhost:5683/time' is a \
device, try coap://localhost:5683/time"
	run_apart cs delete 192.0.2.1
	assert_told 9 "no session is open; if '192.0.2.1' is a device, try \
coap://192.0.2.1"
}

@test 'an interface that is not there is a name that does not resolve' {
	run_apart cs get 'coap://[fe80::1%nope]/'
	assert_told 6 "coap://[fe80::1%25nope]: this host has no network \
interface of the name behind the %"
}

@test 'what a shell would do with | and > is not promised for elsewhere' {
	run_apart cs -c 'echo a | b'
	assert_equal "${status}" 2
	assert_equal "${stderr}" \
		"coap-shell: '|' is not known here; quote it if it is a word"
	run_apart cs -c 'echo a > b'
	assert_equal "${status}" 2
	assert_equal "${stderr}" \
		"coap-shell: '>' is not known here; -o FILE takes the payload"
}

@test 'a very long word does not flood the terminal' {
	local word
	printf -v word '%050000d' 0
	run_apart cs "${word}"
	assert_equal "${status}" 2
	((${#stderr} < 2200))
	[[ ${stderr} == *0... ]]
}

# ---- peers ------------------------------------------------------------------

@test 'a response that is too large is no usage error' {
	start_hostile f0ffffffff45
	run_apart cs get "${peer}/x"
	assert_told 8 "${peer#*//} over tcp: the peer sent a message larger \
than we take"
}

@test 'the reason of an Abort is shown on one line, without its escapes' {
	start_hostile 70e5ff1b5b326a0a58
	run_apart cs get "${peer}/x" -vv
	assert_equal "${status}" 8
	[[ ${stderr} == *$'\n< 7.05 Abort 6 bytes "\\x1b[2j\\nX"\n'* ]]
	[[ ${stderr} == *'the peer sent Abort: ?[2j?X; '* ]]
}

# ---- the prompt -------------------------------------------------------------

@test 'Ctrl-Z where nobody could go on with it does not stop the prompt' {
	term_start "${COAP_SHELL}" --color never --quiet
	term_wait '^coap-shell> '
	term_keys C-z
	term_line 'echo on'
	term_wait '^on$'
}
