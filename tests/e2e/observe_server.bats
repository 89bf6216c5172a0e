#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Debian's client observes resources of a server on the library (RFC 7641).

setup_file() {
	load helper
	cd "${BATS_TEST_DIRNAME}/../.." || return 1
	export server=${BATS_FILE_TMPDIR}/server
	# shellcheck disable=SC2086 # several words, or none
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=${SAN}} -I lib/include \
		-o "${server}" tests/e2e/observe_server.c \
		"${O}/lib/libcoap-session.a" -pthread \
		${STATIC_LIBS--lgnutls -lwebsockets}
}

setup() {
	load helper
	start_server server "${server}" PORT
	at=127.0.0.1:${port}
}

teardown() {
	stop_peers
}

# Observe the URI $1; further options before it. The log is in ${log}.
observe() {
	start_peer "client-${RANDOM}" \
		stdbuf -o0 coap-client-notls -s 600 -w "$@"
	log=${peer_log}
	client=${peer_pid}
}

put() {
	coap-client-notls -m put -e "$1" "coap://${at}/value"
}

# Every change, one by one, to the client at $1.
changes_come() {
	local i
	observe "$@"
	wait_line "${log}" '^first$'
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
		put "change ${i}"
		wait_line "${log}" "^change ${i}\$"
	done
}

@test 'changes come over UDP, by CON and NON' {
	changes_come "coap://${at}/value"
	put last
	wait_line "${log}" '^last$'
	observe -N "coap://${at}/value"
	wait_line "${log}" '^last$'
	put more
	wait_line "${log}" '^more$'
}

@test 'changes come over TCP' {
	changes_come "coap+tcp://${at}/value"
}

@test 'a FETCH is asked again with its body' {
	observe -m fetch -e ' and more' "coap://${at}/value"
	wait_line "${log}" '^first and more$'
	put second
	wait_line "${log}" '^second and more$'
}

@test 'large bodies come whole' {
	local scheme
	for scheme in coap coap+tcp; do
		put first
		observe "${scheme}://${at}/large"
		wait_line "${log}" '^(first){1000}$'
		put other
		wait_line "${log}" '^(other){1000}$'
		put third
		wait_line "${log}" '^(third){1000}$'
	done
}

@test 'a deleted resource is told' {
	observe "coap://${at}/value"
	wait_line "${log}" '^first$'
	coap-client-notls -m delete "coap://${at}/value"
	wait_line "${log}" '^4\.04'
}

@test 'a client that ends is not told any more' {
	observe "coap://${at}/value"
	wait_line "${log}" '^first$'
	kill -TERM "${client}"
	wait_until not alive "${client}"
	put second
	put third
	run coap-client-notls "coap://${at}/value"
	assert_output third
}

@test 'resources say that they can be observed' {
	run coap-client-notls "coap://${at}/.well-known/core"
	assert_output --partial '</value>;obs'
}
