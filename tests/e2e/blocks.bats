#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Bodies in blocks (RFC 7959) with libcoap, both ways, over UDP and TCP: what
# was put is what one gets.

setup_file() {
	load helper
	cd "${BATS_TEST_DIRNAME}/../.." || return 1
	export blocks=${BATS_FILE_TMPDIR}/blocks
	# shellcheck disable=SC2086 # several words, or none
	${CC:-cc} -Wall -Werror ${SAN:+-fsanitize=${SAN}} -I lib/include \
		-o "${blocks}" tests/e2e/blocks.c \
		"${O}/lib/libcoap-session.a" -pthread \
		${STATIC_LIBS--lgnutls -lwebsockets}
	# What is put to a new path is kept, up to 20 of them.
	start_coap_server -d 20
	export theirs=${port}
	start_on 'udp:PORT' ours "${blocks}" serve 127.0.0.1 PORT
	export ours=${port}
	start_on 'tcp:PORT' ours-tcp "${blocks}" serve 127.0.0.1 tcp:PORT
	export ours_tcp=${port}
}

teardown_file() {
	load helper
	stop_peers
}

setup() {
	load helper
	body=${BATS_TEST_TMPDIR}/body
	got=${BATS_TEST_TMPDIR}/got
}

# A body of $1 bytes.
make_body() {
	head -c "$1" /dev/urandom >"${body}"
}

# Put the body to Debian's server at port $1, and get it, with blocks of up to
# $2 bytes, which may be empty.
with_their_server() {
	local path="x$1$2"
	path=${path//:/-}
	# shellcheck disable=SC2086 # none, where it is empty
	run timeout 60 "${blocks}" put 127.0.0.1 "$1" "${path}" $2 <"${body}"
	assert_output --regexp '^2\.0[14] '
	rm -f "${got}"
	# shellcheck disable=SC2086
	timeout 60 "${blocks}" get 127.0.0.1 "$1" "${path}" $2 >"${got}"
	cmp "${body}" "${got}"
}

# The same with Debian's client and our server, whose URI is $1.
with_their_client() {
	# shellcheck disable=SC2086
	coap-client-notls -B 30 ${2:+-b $2} -m put -f "${body}" "$1"
	rm -f "${got}"
	# shellcheck disable=SC2086
	coap-client-notls -B 30 ${2:+-b $2} -o "${got}" "$1"
	cmp "${body}" "${got}"
}

@test 'our client and their server over UDP' {
	for length in 3 1024 5000 100000; do
		make_body "${length}"
		for size in '' 64 1024; do
			with_their_server "${theirs}" "${size}"
		done
	done
}

@test 'our client and their server over TCP' {
	for length in 3 1024 5000 100000; do
		make_body "${length}"
		for size in '' 64 1024; do
			with_their_server "tcp:${theirs}" "${size}"
		done
	done
}

@test 'their client and our server over UDP' {
	for length in 3 1024 5000 100000; do
		make_body "${length}"
		for size in '' 64 1024; do
			with_their_client "coap://127.0.0.1:${ours}/store" \
				"${size}"
		done
	done
}

@test 'their client and our server over TCP' {
	for length in 3 1024 5000 100000; do
		make_body "${length}"
		for size in '' 64 1024; do
			with_their_client \
				"coap+tcp://127.0.0.1:${ours_tcp}/store" \
				"${size}"
		done
	done
}

@test 'the program gets a body from their server, block by block' {
	make_body 3000
	with_their_server "${theirs}" ''
	cs get "coap://127.0.0.1:${theirs}/x${theirs}" >"${got}"
	cmp "${body}" "${got}"
}
